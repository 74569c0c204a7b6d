"""How workers add up on PostgreSQL, what one operation costs the database, and where that becomes the limit.

make bench-scaling

Jobs of some seconds on 1, 2 and 4 workers tell the speed-up, which ends at the cores of this machine, on which database
and server run too. Jobs with next to nothing to compute tell what accepting, queueing, claiming and publishing cost.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import psutil

from benchmarks.database_cost import Cost, connections, cost_so_far, processor_s, tables
from benchmarks.report import OPERATIONS_PAGE, Measurement, report
from lodestock.v1 import forecast_pb2, sourcing_pb2
from lodestock_server.workers.guard import BUSY_FOR_S
from tests.faults.caller import Caller
from tests.faults.cluster import Cluster
from tests.faults.work import Work, series_set, some_problem
from tests.mortal_postgresql import mortal_postgresql

WORKERS = (1, 2, 4)
JOBS = 24
YEARS = 100
EMPTY_JOBS = 200
BATCH_SERIES = 200
IDLE_S = 10.0
SETTLING_S = BUSY_FOR_S + 5.0
"""After its last job a worker still asks as often as one that is busy."""
HANDING_IN = 8
PATIENCE_S = 600.0
SPEED_UP_LIMIT = 0.65
"""With two workers on two cores the same jobs may take at most so much of the time; database and server take theirs."""
SETTINGS = {"": {"LODESTOCK_LOG_LEVEL": "warning"}}
TABLES = {
    "dbos.workflow_status": "an operation",
    "dbos.workflow_input": "what it was asked",
    "dbos.workflow_output": "what it came to",
    "dbos.operation_outputs": "a step of it, two or more each",
    "dbos.streams": "an event of progress",
    "public.payload": "a request or an answer, compressed",
    "public.result": "a result",
    "public.worker": "a worker",
}
PACKAGES = ("lodestock-server", "dbos", "sqlalchemy", "psycopg", "highspy")


def main() -> int:
    """Measure and tell; the exit code is 1 where a bar is not met."""
    found: list[Measurement] = []
    took: dict[int, float] = {}
    for workers in WORKERS:
        with running(workers) as (cluster, caller, url):
            warm_up(caller, workers)
            took[workers] = seconds_for(caller, plans(JOBS, workers))
            found.append(Measurement(f"{JOBS} plans of some seconds, {told(workers)}", "s", (took[workers],)))
            found += empty_jobs(caller, url, workers)
            if workers == 1:
                found += resources(cluster, caller)
                found += sizes(url)
            found += idle(url, workers)
    two, four = (took[workers] / took[1] for workers in WORKERS[1:])
    cores = psutil.cpu_count() or 1
    found.append(Measurement("time with 2 workers / with 1", "×", (two,), SPEED_UP_LIMIT if cores > 1 else None))
    found.append(Measurement("time with 4 workers / with 1", "×", (four,), SPEED_UP_LIMIT if cores > 1 else None))
    return report("scaling", found, PACKAGES, page=OPERATIONS_PAGE)


def told(workers: int) -> str:
    """So many workers in words."""
    return f"{workers} worker{'s' if workers > 1 else ''}"


@contextmanager
def running(workers: int) -> Iterator[tuple[Cluster, Caller, str]]:
    """A PostgreSQL, a server, and so many workers, each with one computing process."""
    names = [f"worker-{i}" for i in range(workers)]
    with mortal_postgresql() as database, tempfile.TemporaryDirectory() as folder:
        url = database.new_database()
        with (
            Cluster({"LODESTOCK_DATABASE_URL": url}, names, Path(folder), SETTINGS) as cluster,
            grpc.insecure_channel(cluster.address) as channel,
        ):
            yield cluster, Caller(channel, PATIENCE_S), url


def warm_up(caller: Caller, workers: int) -> None:
    """Give every worker something to do, so that its process has loaded its libraries."""
    seconds_for(caller, plans(4 * workers, 1000) + empty(4 * workers))


def seconds_for(caller: Caller, jobs: Sequence[Work]) -> float:
    """Seconds from handing in the first of some jobs to the end of the last."""
    began = time.perf_counter()
    with ThreadPoolExecutor(HANDING_IN) as pool:
        accepted = list(pool.map(caller.submit, jobs))
        for ended in pool.map(lambda name: caller.outcome(name, began, 0.0), accepted):
            if ended.error:
                raise SystemExit(f"{ended.operation}: {ended.error}")
    return time.perf_counter() - began


def plans(count: int, seed: int) -> list[Work]:
    """Plans with some seconds to compute."""
    numbers = random.Random(seed)
    return [optimisation(some_problem(numbers, YEARS)) for _ in range(count)]


def optimisation(problem: sourcing_pb2.SourcingProblem) -> Work:
    """A job for a problem."""
    request = sourcing_pb2.RunOptimizationRequest(problem=problem, request_id=str(uuid.uuid4()))
    return Work("RunOptimization", request, "", request)


def empty(count: int) -> list[Work]:
    """Backtests with next to nothing to compute: one series, one model, one origin."""
    numbers = random.Random(0)
    tested = forecast_pb2.BacktestModelsRequest(
        inline=series_set(numbers, 1), horizon=1, models=["naive"], most_origins=1
    )
    requests = (forecast_pb2.RunBacktestRequest(backtest=tested, request_id=str(uuid.uuid4())) for _ in range(count))
    return [Work("RunBacktest", request, "", request) for request in requests]


def batch(count: int) -> Work:
    """A batch of forecasts by the default combination."""
    forecast = forecast_pb2.ForecastDemandRequest(inline=series_set(random.Random(1), count), horizon=5)
    request = forecast_pb2.BatchForecastDemandRequest(forecast=forecast, request_id=str(uuid.uuid4()))
    return Work("BatchForecastDemand", request, "", request)


def empty_jobs(caller: Caller, url: str, workers: int) -> list[Measurement]:
    """Operations a second, and what each costs the database."""
    before, began = cost_so_far(url), time.perf_counter()
    with ThreadPoolExecutor(HANDING_IN) as pool:
        accepted = list(pool.map(caller.submit, empty(EMPTY_JOBS)))
        accepted_s = time.perf_counter() - began
        list(pool.map(lambda name: caller.outcome(name, began, 0.0), accepted))
    took_s = time.perf_counter() - began
    time.sleep(1.0)
    cost = cost_so_far(url).since(before)
    name = f"empty jobs, {told(workers)}"
    return [
        Measurement(f"{name}: accepted", "/s", (EMPTY_JOBS / accepted_s,)),
        Measurement(f"{name}: from handing in to the end", "/s", (EMPTY_JOBS / took_s,)),
        *told_of_cost(name, cost),
    ]


def told_of_cost(name: str, cost: Cost) -> list[Measurement]:
    """The database's share of an operation, and how many of them a core of its would carry."""
    return [
        Measurement(f"{name}: transactions per operation", "", (cost.transactions / EMPTY_JOBS,)),
        Measurement(f"{name}: growth of the database per operation", "KiB", (cost.table_bytes / 1024 / EMPTY_JOBS,)),
        Measurement(f"{name}: log per operation", "KiB", (cost.log_bytes / 1024 / EMPTY_JOBS,)),
        Measurement(f"{name}: database's processor per operation", "ms", (1000 * cost.processor_s / EMPTY_JOBS,)),
        Measurement(f"{name}: operations that a core of the database carries", "/s", (EMPTY_JOBS / cost.processor_s,)),
    ]


def idle(url: str, workers: int) -> list[Measurement]:
    """What the database does, and how many connections there are, while nobody asks for anything."""
    time.sleep(SETTLING_S)
    before = cost_so_far(url)
    time.sleep(IDLE_S)
    cost = cost_so_far(url).since(before)
    return [
        Measurement(f"idle, server and {told(workers)}: transactions", "/s", (cost.transactions / IDLE_S,)),
        Measurement(f"idle, server and {told(workers)}: database's processor", "%", (100 * cost.processor_s / IDLE_S,)),
        Measurement(f"idle, server and {told(workers)}: connections", "", (connections(url),)),
    ]


def resources(cluster: Cluster, caller: Caller) -> list[Measurement]:
    """Processor and memory that a worker uses for a job of each kind."""
    worker = psutil.Process(cluster.pid(cluster.workers[0]))
    found: list[Measurement] = []
    for name, jobs, units, unit in (
        (f"plan of 8 materials, 32 sources, {YEARS} years, 5 scenarios", plans(8, 3), 8, "plan"),
        ("batch of forecasts by the default combination", [batch(BATCH_SERIES)], BATCH_SERIES, "series"),
        ("backtest with next to nothing to compute", empty(40), 40, "backtest"),
    ):
        before = processor_s(worker)
        seconds_for(caller, jobs)
        used = (processor_s(worker) - before) / units
        found.append(Measurement(f"{name}: worker's processor per {unit}", "s", (used,)))
    held = sum(one.memory_info().rss for one in [worker, *worker.children(recursive=True)])
    server = psutil.Process(cluster.pid("server"))
    served = sum(one.memory_info().rss for one in [server, *server.children(recursive=True)])
    found.append(Measurement("memory of a worker with its computing process", "MiB", (held / 2**20,)))
    found.append(Measurement("memory of a server with one computing process", "MiB", (served / 2**20,)))
    return found


def sizes(url: str) -> list[Measurement]:
    """Bytes of a row in each table of jobs and results."""
    found = [table for table in tables(url) if table.name in TABLES]
    return [Measurement(f"{TABLES[table.name]}: row of {table.name}", "bytes", (table.row_bytes,)) for table in found]


if __name__ == "__main__":
    sys.exit(main())
