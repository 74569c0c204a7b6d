"""The composition root: settings in, a running server out. The one place that knows every concrete class."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from google.longrunning import operations_pb2 as longrunning
from google.longrunning import operations_pb2_grpc as longrunning_grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc
from sqlalchemy import Engine

from lodestock.v1 import (
    audit_pb2,
    audit_pb2_grpc,
    catalog_pb2,
    catalog_pb2_grpc,
    forecast_pb2,
    forecast_pb2_grpc,
    operations_pb2,
    operations_pb2_grpc,
    risk_pb2,
    risk_pb2_grpc,
    sourcing_pb2,
    sourcing_pb2_grpc,
)
from lodestock_server import tasks
from lodestock_server.admission import Admission, JobRoom, Limits
from lodestock_server.catalog import bundled_packages
from lodestock_server.certificates import CertificateFiles, server_credentials
from lodestock_server.checks import CrossFieldChecks
from lodestock_server.compute import ComputePool
from lodestock_server.contract import Contract
from lodestock_server.dispatch import ComputeCalls
from lodestock_server.errors import DatabaseUnavailable
from lodestock_server.health import DatabaseWatch, HealthWatch
from lodestock_server.identity import Callers
from lodestock_server.interceptors import CallInterceptor
from lodestock_server.jobs.client import Jobs
from lodestock_server.jobs.job import JobState
from lodestock_server.log import get_log
from lodestock_server.metrics import serve_metrics, set_jobs
from lodestock_server.servicers.audit import AuditServicer
from lodestock_server.servicers.catalog import CatalogServicer
from lodestock_server.servicers.forecast import ForecastServicer
from lodestock_server.servicers.operations import OperationsServicer
from lodestock_server.servicers.results import StoredResults
from lodestock_server.servicers.risk import RiskServicer
from lodestock_server.servicers.sourcing import SourcingServicer
from lodestock_server.settings import Settings
from lodestock_server.store.catalogs import CatalogSource
from lodestock_server.store.database import database_url, open_database
from lodestock_server.store.datasets import DatasetStore
from lodestock_server.store.payloads import PayloadStore
from lodestock_server.store.results import ResultStore
from lodestock_server.tracing import configure_traces, stop_traces
from lodestock_server.transport import Answers, channel_options
from lodestock_server.validation import RequestReader
from lodestock_server.workers.supervise import EmbeddedWorkers, name_at

SERVICES = tuple(
    module.DESCRIPTOR.services_by_name[name].full_name
    for module, name in (
        (audit_pb2, "AuditService"),
        (catalog_pb2, "CatalogService"),
        (forecast_pb2, "ForecastService"),
        (longrunning, "Operations"),
        (operations_pb2, "OperationService"),
        (risk_pb2, "RiskService"),
        (sourcing_pb2, "SourcingService"),
    )
)

REFLECTION_V1 = "grpc.reflection.v1.ServerReflection"

BLOCKING_CALLS = 64
"""Threads for what waits for the database or a file; what computes has processes."""

COUNT_JOBS_EVERY_S = 5.0
DATABASE_PATIENCE_S = 60.0
"""Seconds that a server which starts waits for a database that is on its way up."""

LAST_WORD_S = 1.0
"""Seconds that the last answers get to leave after their calls have ended."""


async def serve(settings: Settings, announce: Callable[[str], None], config_file: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then drain.

    Args:
        settings: What to serve, and where.
        announce: Called with the bound address once calls are answered.
        config_file: Where settings were read from; the workers of the server read them there, too.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(BLOCKING_CALLS, thread_name_prefix="blocking"))
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    log = get_log()
    configure_traces(settings.otlp_endpoint, "lodestock-server")
    if settings.metrics_port is not None:
        log.info(
            "metrics", host=settings.metrics_host, port=serve_metrics(settings.metrics_host, settings.metrics_port)
        )
    url = database_url(settings.database_url, settings.data_dir)
    engine = await asyncio.to_thread(open_database, url, DATABASE_PATIENCE_S)
    datasets = DatasetStore(engine)
    leave = threading.Event()
    loaded = asyncio.ensure_future(asyncio.to_thread(load_bundled, datasets, leave))
    needed(loaded, stop)
    pool = ComputePool(
        settings.compute_workers,
        # Calls wait in the admission before it; here only while a process is started again.
        settings.max_waiting_calls + settings.compute_workers,
        settings.default_time_limit_s,
        tasks.PRELOAD,
        partial(tasks.get_ready, url, settings.log_level, settings.log_format, settings.worker_nice),
    )
    room = JobRoom(settings.max_jobs_per_caller, settings.max_jobs)
    jobs = await asyncio.to_thread(Jobs.open, url, settings.job_time_limit_s, settings.jobs_version, room.check)
    draining = asyncio.Event()
    try:
        async with pool:
            server, healths, calls = build_server(settings, engine, pool, jobs, loaded, draining)
            port = bind(server, settings)
            await server.start()
            watch = HealthWatch(healths, SERVICES, lambda: pool.can_work, DatabaseWatch(engine))
            await watch.tell(watch.what_is_wrong())
            address = f"{settings.address.rpartition(':')[0]}:{port}"
            log.info("serving", address=address, tls=settings.has_tls)
            announce(address)
            workers = EmbeddedWorkers(settings.job_workers, name_at(port), settings.drain_s, config_file)
            workers.start()
            async with beside(watch.run(), count_jobs(jobs), stop=stop):
                await stop.wait()
                log.info("draining", seconds=settings.drain_s)
                await healths.enter_graceful_shutdown()
                draining.set()
                pool.drain()
                await asyncio.gather(drain(server, calls, settings.drain_s), workers.stop())
    finally:
        leave.set()
        jobs.close()
        await asyncio.to_thread(stop_traces)
    await loaded
    log.info("stopped")


def needed(work: asyncio.Future[None], stop: asyncio.Event) -> None:
    """Stop the server where `work` fails: without it the server is of no use, and better ends and says why."""
    work.add_done_callback(lambda ended: stop.set() if ended.cancelled() or ended.exception() else None)


@asynccontextmanager
async def beside(*works: Coroutine[Any, Any, None], stop: asyncio.Event) -> AsyncIterator[None]:
    """Let works go on for as long as the server runs.

    Raises:
        Exception: What one of them failed with, which stopped the server.
    """
    begun = [asyncio.create_task(work) for work in works]
    for work in begun:
        needed(work, stop)
    try:
        yield
    finally:
        for work in begun:
            work.cancel()
        ends = await asyncio.gather(*begun, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def drain(server: grpc.aio.Server, calls: CallInterceptor, seconds: float) -> None:
    """Refuse new calls, let running ones end, then end the streams, which would go on for ever."""
    stopping = asyncio.create_task(server.stop(seconds))
    finished = asyncio.create_task(calls.finished())
    await asyncio.wait((stopping, finished), return_when=asyncio.FIRST_COMPLETED)
    finished.cancel()
    await server.stop(min(seconds, LAST_WORD_S))
    await stopping


def load_bundled(datasets: DatasetStore, leave: threading.Event) -> None:
    """Take in what ships with the server where it is not there yet, the small ones first, until told to leave.

    On first start this takes seconds. Use cases do not wait for it: they read what is not yet there from the files.
    """
    packages = sorted(bundled_packages(), key=lambda package: sum(package.info.resources.values()))
    started = time.perf_counter()
    loaded = [package.name for package in packages if not leave.is_set() and datasets.load(package)]
    if loaded:
        get_log().info("datasets loaded", datasets=loaded, seconds=round(time.perf_counter() - started, 2))


async def count_jobs(jobs: Jobs) -> None:
    """Keep the metrics' count of jobs fresh, until cancelled."""
    while True:
        with suppress(DatabaseUnavailable):
            counts = await jobs.in_thread(jobs.counts)
            of_state = Counter({state.name: 0 for state in JobState if not state.is_end})
            for (_kind, state), count in counts.items():
                of_state[state.name] += count
            set_jobs(of_state)
        await asyncio.sleep(COUNT_JOBS_EVERY_S)


def build_server(
    settings: Settings,
    engine: Engine,
    pool: ComputePool,
    jobs: Jobs,
    loaded: asyncio.Future[None],
    draining: asyncio.Event,
) -> tuple[grpc.aio.Server, health.aio.HealthServicer, CallInterceptor]:
    """Wire the services together.

    Args:
        settings: What to serve, and where.
        engine: The database.
        pool: Where that is done for which callers wait.
        jobs: Where that is done which takes longer.
        loaded: Done once the data hold what ships with the server.
        draining: Set once the server is going down.
    """
    contract = Contract()
    checks = CrossFieldChecks(contract, CatalogSource(engine, bundled_packages()).current)
    callers = Callers(settings.secrets, by_certificate=settings.tls_client_ca_file is not None)
    reader = RequestReader(contract, checks.by_request())
    calls = CallInterceptor(callers, reader, Answers(settings.max_message_bytes))
    server = grpc.aio.server(
        interceptors=[calls],
        options=channel_options(settings.max_message_bytes, settings.max_connection_age_s, settings.compression),
        maximum_concurrent_rpcs=settings.max_concurrent_calls,
    )
    compute = ComputeCalls(Admission(limits_of(settings)), pool)
    results = StoredResults(ResultStore(engine), PayloadStore(engine), compute)
    forecast = ForecastServicer(compute, jobs, results)
    sourcing = SourcingServicer(compute, checks.problem, jobs, results)
    forecast_pb2_grpc.add_ForecastServiceServicer_to_server(forecast, server)
    risk_pb2_grpc.add_RiskServiceServicer_to_server(RiskServicer(compute), server)
    sourcing_pb2_grpc.add_SourcingServiceServicer_to_server(sourcing, server)
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(
        CatalogServicer(DatasetStore(engine), compute, loaded), server
    )
    audit_pb2_grpc.add_AuditServiceServicer_to_server(AuditServicer(compute, loaded), server)
    operations = OperationsServicer(jobs, draining)
    longrunning_grpc.add_OperationsServicer_to_server(operations, server)
    operations_pb2_grpc.add_OperationServiceServicer_to_server(operations, server)
    healths = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(healths, server)
    add_reflection(server)
    return server, healths, calls


def add_reflection(server: grpc.aio.Server) -> None:
    """Serve reflection under its name of old, which older tools ask for, and under v1, which newer ones ask for first.

    grpcio-reflection has v1alpha alone; the messages of both are the same on the wire. v1 is not listed among the
    services, as there is no description of it to answer with.
    """
    servicer = reflection.aio.ReflectionServicer((*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME))
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    handlers = {"ServerReflectionInfo": handler}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(REFLECTION_V1, handlers),))


def limits_of(settings: Settings) -> Limits:
    """How much may be held of what computes."""
    return Limits(
        computing=settings.compute_workers,
        waiting=settings.max_waiting_calls,
        of_caller=settings.max_calls_per_caller,
        weight=settings.max_weight_in_flight,
    )


def bind(server: grpc.aio.Server, settings: Settings) -> int:
    """Bind the address and return the port.

    Raises:
        OSError: The address cannot be bound.
    """
    try:
        if settings.tls_certificate_file and settings.tls_key_file:
            files = CertificateFiles(settings.tls_certificate_file, settings.tls_key_file, settings.tls_client_ca_file)
            return server.add_secure_port(settings.address, server_credentials(files))
        return server.add_insecure_port(settings.address)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {settings.address}: {error}") from error
