"""The composition root: settings in, a running server out. The one place that knows every concrete class."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

from lodestock.v1 import (
    audit_pb2,
    audit_pb2_grpc,
    catalog_pb2,
    catalog_pb2_grpc,
    forecast_pb2,
    forecast_pb2_grpc,
    risk_pb2,
    risk_pb2_grpc,
    sourcing_pb2,
    sourcing_pb2_grpc,
)
from lodestock_server import tasks
from lodestock_server.catalog import bundled_packages
from lodestock_server.checks import CrossFieldChecks
from lodestock_server.compute import ComputePool
from lodestock_server.contract import Contract
from lodestock_server.interceptors import CallInterceptor, TokenCheck
from lodestock_server.log import get_log
from lodestock_server.servicers.audit import AuditServicer
from lodestock_server.servicers.catalog import CatalogServicer
from lodestock_server.servicers.forecast import ForecastServicer
from lodestock_server.servicers.risk import RiskServicer
from lodestock_server.servicers.sourcing import SourcingServicer
from lodestock_server.settings import Settings
from lodestock_server.store.catalogs import CatalogSource
from lodestock_server.store.database import database_url, open_database
from lodestock_server.store.datasets import DatasetStore
from lodestock_server.validation import RequestReader

SERVICES = tuple(
    module.DESCRIPTOR.services_by_name[name].full_name
    for module, name in (
        (audit_pb2, "AuditService"),
        (catalog_pb2, "CatalogService"),
        (forecast_pb2, "ForecastService"),
        (risk_pb2, "RiskService"),
        (sourcing_pb2, "SourcingService"),
    )
)

REFLECTION_V1 = "grpc.reflection.v1.ServerReflection"

LAST_WORD_S = 1.0
"""Seconds that the last answers get to leave after their calls have ended."""


async def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, then drain.

    Args:
        settings: What to serve, and where.
        announce: Called with the bound address once calls are answered.
    """
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    log = get_log()
    url = database_url(settings.database_url, settings.data_dir)
    engine = await asyncio.to_thread(open_database, url)
    datasets = DatasetStore(engine)
    leave = threading.Event()
    loaded = asyncio.ensure_future(asyncio.to_thread(load_bundled, datasets, leave))
    # Without its data the server is of no use: better it ends, and says why.
    loaded.add_done_callback(lambda ended: stop.set() if ended.cancelled() or ended.exception() else None)
    compute = ComputePool(
        settings.compute_workers,
        settings.max_waiting_calls,
        settings.default_time_limit_s,
        tasks.PRELOAD,
        partial(tasks.use_database, url),
    )
    try:
        async with compute:
            catalogs = CatalogSource(engine, bundled_packages())
            server, healths, calls = build_server(settings, compute, catalogs, datasets, loaded)
            port = bind(server, settings)
            await server.start()
            await set_health(healths, health_pb2.HealthCheckResponse.SERVING)
            address = f"{settings.address.rpartition(':')[0]}:{port}"
            log.info("serving", address=address, tls=settings.has_tls)
            announce(address)
            await stop.wait()
            log.info("draining", seconds=settings.drain_s)
            await healths.enter_graceful_shutdown()
            compute.drain()
            await drain(server, calls, settings.drain_s)
    finally:
        leave.set()
    await loaded
    log.info("stopped")


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


def build_server(
    settings: Settings,
    compute: ComputePool,
    catalogs: CatalogSource,
    datasets: DatasetStore,
    loaded: asyncio.Future[None],
) -> tuple[grpc.aio.Server, health.aio.HealthServicer, CallInterceptor]:
    """Wire the services together.

    Args:
        settings: What to serve, and where.
        compute: Where what takes long is done.
        catalogs: The figures that requests are checked against.
        datasets: The stored data.
        loaded: Done once the data hold what ships with the server.
    """
    contract = Contract()
    checks = CrossFieldChecks(contract, catalogs.current)
    token = settings.token.get_secret_value() if settings.token else None
    calls = CallInterceptor(RequestReader(contract, checks.by_request()), TokenCheck(token))
    server = grpc.aio.server(interceptors=[calls], options=channel_options(settings))
    forecast_pb2_grpc.add_ForecastServiceServicer_to_server(ForecastServicer(compute), server)
    risk_pb2_grpc.add_RiskServiceServicer_to_server(RiskServicer(compute), server)
    sourcing_pb2_grpc.add_SourcingServiceServicer_to_server(SourcingServicer(compute, checks.problem), server)
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(CatalogServicer(datasets, compute, loaded), server)
    audit_pb2_grpc.add_AuditServiceServicer_to_server(AuditServicer(compute, loaded), server)
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


def channel_options(settings: Settings) -> list[tuple[str, int]]:
    """What gRPC itself is told."""
    return [
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        # Without this a second server could bind the same port and take half of the calls.
        ("grpc.so_reuseport", 0),
    ]


def bind(server: grpc.aio.Server, settings: Settings) -> int:
    """Bind the address and return the port.

    Raises:
        OSError: The address cannot be bound.
    """
    try:
        if settings.tls_certificate_file and settings.tls_key_file:
            return server.add_secure_port(settings.address, server_credentials(settings))
        return server.add_insecure_port(settings.address)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {settings.address}: {error}") from error


def server_credentials(settings: Settings) -> grpc.ServerCredentials:
    """Certificate and key, and the authority that clients' certificates must be signed by."""

    def content(path: Path | None) -> bytes | None:
        return path.read_bytes() if path else None

    key, certificate = content(settings.tls_key_file), content(settings.tls_certificate_file)
    authority = content(settings.tls_client_ca_file)
    if key is None or certificate is None:
        raise ValueError("TLS needs a certificate and a key")
    return grpc.ssl_server_credentials([(key, certificate)], authority, require_client_auth=authority is not None)


async def set_health(healths: health.aio.HealthServicer, status: int) -> None:
    """Set the health of the server and of each service."""
    for service in (health.OVERALL_HEALTH, *SERVICES):
        await healths.set(service, status)
