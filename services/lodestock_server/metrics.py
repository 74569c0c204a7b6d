"""What is counted, and the port where Prometheus reads it. Each process, server or worker, has its own, and shows what
it counts: a worker no calls and no health, a server no ends of jobs.

Labels take few values: methods of the contract, tasks, codes, states. Callers are none of them, since their number has
no bound; the log has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, start_http_server
from prometheus_client.metrics import MetricWrapperBase

from lodestock_server.log import get_log

SHORT_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
LONG_BUCKETS_S = (*SHORT_BUCKETS_S, 300.0, 900.0, 3600.0, 14_400.0)

CALLS = Counter("lodestock_calls", "Calls that have ended, by gRPC code.", ("method", "code"))
CALL_SECONDS = Histogram(
    "lodestock_call_seconds", "From a call's arrival to its end.", ("method",), buckets=LONG_BUCKETS_S
)
REQUEST_BYTES = Counter("lodestock_request_bytes", "Bytes of requests, before compression.", ("method",))
ANSWER_BYTES = Counter("lodestock_answer_bytes", "Bytes of answers, before compression.", ("method",))
QUEUE_SECONDS = Histogram(
    "lodestock_queue_seconds", "From arrival to the begin of computing.", ("task",), buckets=LONG_BUCKETS_S
)
COMPUTE_SECONDS = Histogram("lodestock_compute_seconds", "Computing alone.", ("task",), buckets=LONG_BUCKETS_S)
CALLS_WAITING = Gauge("lodestock_calls_waiting", "Calls that wait for a process.")
CALLS_RUNNING = Gauge("lodestock_calls_running", "Calls that compute.")
WEIGHT_IN_FLIGHT = Gauge("lodestock_weight_in_flight", "Columns and forecast values of the calls that wait or compute.")
REFUSED = Counter("lodestock_refused", "Calls and jobs that were refused for want of room.", ("reason",))
PROCESS_RESTARTS = Counter("lodestock_process_restarts", "Compute processes that were replaced.", ("reason",))
WORKER_RESTARTS = Counter("lodestock_worker_restarts", "Job workers of this server that were started again.")
DATABASE_FAULTS = Counter("lodestock_database_faults", "Uses of the database that failed.")
JOBS = Gauge("lodestock_jobs", "Unfinished jobs in the database, by state.", ("state",))
JOB_ATTEMPTS = Counter("lodestock_job_attempts", "Attempts at jobs that this worker began.", ("kind",))
JOBS_ENDED = Counter("lodestock_jobs_ended", "Jobs that this worker ended.", ("kind", "state"))
JOB_QUEUE_SECONDS = Histogram(
    "lodestock_job_queue_seconds",
    "From a job's acceptance to the begin of its last attempt.",
    ("kind",),
    buckets=LONG_BUCKETS_S,
)
JOB_COMPUTE_SECONDS = Histogram(
    "lodestock_job_compute_seconds", "Computing of a job's last attempt.", ("kind",), buckets=LONG_BUCKETS_S
)
HEALTHY = Gauge("lodestock_healthy", "1 while health says SERVING, else 0.")

OF_SERVERS = (
    *(CALLS, CALL_SECONDS, REQUEST_BYTES, ANSWER_BYTES, QUEUE_SECONDS, COMPUTE_SECONDS),
    *(CALLS_WAITING, CALLS_RUNNING, WEIGHT_IN_FLIGHT, REFUSED, WORKER_RESTARTS, JOBS, HEALTHY),
)
"""What a worker never counts; its zeros would look like a server's."""
OF_WORKERS = (JOB_ATTEMPTS, JOBS_ENDED, JOB_QUEUE_SECONDS, JOB_COMPUTE_SECONDS)
"""What a server never counts."""


def set_jobs(counts: Mapping[str, int]) -> None:
    """Say how many jobs are in each state; give every state, also those that no job is in."""
    for state, count in counts.items():
        JOBS.labels(state=state).set(count)


def serve_metrics(host: str, port: int) -> int:
    """Serve a server's metrics from a thread, under /metrics; return the port.

    Args:
        host: Address to listen on.
        port: Port; 0 takes a free one.

    Raises:
        OSError: The address cannot be bound.
    """
    return _serve(host, port, without=OF_WORKERS)


def serve_worker_metrics(host: str, port: int) -> int | None:
    """Serve a worker's metrics likewise; None where the address cannot be bound, which the log says.

    A second worker of a machine reads the same file of settings, and jobs matter more than their count.
    """
    try:
        bound = _serve(host, port, without=OF_SERVERS)
    except OSError as error:
        why = error.strerror or str(error)
        get_log().error("no metrics", setting="worker_metrics_port", host=host, port=port, why=why)
        return None
    get_log().info("metrics", host=host, port=bound)
    return bound


def _serve(host: str, port: int, without: Iterable[MetricWrapperBase]) -> int:
    server, _thread = start_http_server(port, host)
    for metric in without:
        REGISTRY.unregister(metric)
    return int(server.server_port)
