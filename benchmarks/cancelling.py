"""How long it takes, from the call that cancels long work, until nothing works on it any more.

make bench-cancel

A real server with a worker of its own. Each trial begins work that would take minutes, lets it run for a random time,
so that some are met while the model is built and some while it is solved, cancels it, and watches the processes below
the worker: the work is gone once they use no processor any more, or have ended.
"""

from __future__ import annotations

import contextlib
import random
import sys
import time
import uuid
from collections.abc import Iterator, Sequence

import grpc
import psutil
from google.longrunning import operations_pb2, operations_pb2_grpc

from benchmarks.report import OPERATIONS_PAGE, Measurement, report
from lodestock.v1 import common_pb2, forecast_pb2, sourcing_pb2
from lodestock.v1 import operations_pb2 as ours_pb2
from tests.faults.caller import Caller
from tests.faults.work import Work, series_set
from tests.server_process import ServerProcess, running_server
from tests.toy_problem import supplier, toy_problem

SOLVES, BACKTESTS = 10, 4
LONGEST_RUN_S = 40.0
LIMIT_S = 2.0
LOOK_EVERY_S = 0.05
IDLE_SHARE = 0.1
"""A process that uses less than so much of a core does no work; it may still tell that it lives."""
QUIET_LOOKS = 6
"""Looks in a row without work, after which the work counts as gone since the first of them."""
GIVE_UP_S = 60.0
PACKAGES = ("lodestock-server", "dbos", "highspy", "pyomo", "statsforecast")


def main() -> int:
    """Measure and tell; the exit code is 1 where a bar is not met."""
    numbers = random.Random(1)
    environment = {"LODESTOCK_JOB_WORKERS": "1", "LODESTOCK_LOG_LEVEL": "warning"}
    with running_server(environment=environment) as server, grpc.insecure_channel(server.address) as channel:
        trials = Trials(server, channel)
        solves = [trials.run(long_solve(), numbers.uniform(0.5, LONGEST_RUN_S)) for _ in range(SOLVES)]
        backtests = [trials.run(long_backtest(), numbers.uniform(0.5, LONGEST_RUN_S)) for _ in range(BACKTESTS)]
    return report(
        "cancelling",
        [
            Measurement("solve cancelled until its work is gone, median", "s", tuple(solves), LIMIT_S),
            Measurement("solve cancelled until its work is gone, worst", "s", (max(solves),), LIMIT_S),
            Measurement("backtest cancelled until its work is gone, median", "s", tuple(backtests), LIMIT_S),
            Measurement("backtest cancelled until its work is gone, worst", "s", (max(backtests),), LIMIT_S),
        ],
        PACKAGES,
        page=OPERATIONS_PAGE,
    )


class Trials:
    """Begins long work and cancels it, again and again."""

    def __init__(self, server: ServerProcess, channel: grpc.Channel) -> None:
        self._server = psutil.Process(server.process.pid)
        self._caller = Caller(channel, GIVE_UP_S)
        self._operations = operations_pb2_grpc.OperationsStub(channel)

    def run(self, work: Work, run_s: float) -> float:
        """Begin work, let it run, cancel it, and return the seconds until it was gone."""
        name = self._caller.submit(work)
        stage = self._running(name, run_s)
        computing = list(self._computing())
        if not computing:
            raise SystemExit(f"{name} runs, but nothing computes below the worker")
        began = time.perf_counter()
        self._operations.CancelOperation(operations_pb2.CancelOperationRequest(name=name), timeout=GIVE_UP_S)
        gone_s = gone_at(computing) - began
        if (state := self._state_of(name)) != ours_pb2.OPERATION_STATE_CANCELLED:
            raise SystemExit(f"{name} was cancelled and is {ours_pb2.OperationState.Name(state)}")
        print(f"  {work.method}: cancelled after {run_s:.1f} s while {stage}, gone after {gone_s:.2f} s")
        return max(0.0, gone_s)

    def _running(self, name: str, run_s: float) -> str:
        """Wait until an operation has reported, and then for some time; return the stage that it has reached.

        Before, its process may still be loading libraries, which is no work of the operation's.
        """
        since: float | None = None
        until = time.perf_counter() + GIVE_UP_S
        while time.perf_counter() < until:
            operation, metadata = self._look(name)
            if operation.done:
                raise SystemExit(f"{name} ended before it could be cancelled: {operation.error}")
            if metadata.progress.stage and since is None:
                since = time.perf_counter()
            if since is not None and time.perf_counter() - since >= run_s:
                return metadata.progress.stage
            time.sleep(0.1)
        raise SystemExit(f"{name} did not begin")

    def _look(self, name: str) -> tuple[operations_pb2.Operation, ours_pb2.OperationMetadata]:
        operation = self._operations.GetOperation(operations_pb2.GetOperationRequest(name=name), timeout=GIVE_UP_S)
        metadata = ours_pb2.OperationMetadata()
        operation.metadata.Unpack(metadata)
        return operation, metadata

    def _state_of(self, name: str) -> ours_pb2.OperationState.ValueType:
        return self._look(name)[1].state

    def _computing(self) -> Iterator[psutil.Process]:
        """The processes that compute below the workers of jobs."""
        for worker in self._server.children():
            with contextlib.suppress(psutil.Error):
                if "worker" in worker.cmdline():
                    below = worker.children(recursive=True)
                    yield from (process for process in below if "spawn_main" in " ".join(process.cmdline()))


def gone_at(computing: Sequence[psutil.Process]) -> float:
    """When processes stopped working. One that takes the place of one that was killed is not among them."""
    until = time.perf_counter() + GIVE_UP_S
    quiet: list[float] = []
    used = processor_s(computing)
    while time.perf_counter() < until and len(quiet) < QUIET_LOOKS:
        looked = time.perf_counter()
        time.sleep(LOOK_EVERY_S)
        before, used = used, processor_s(computing)
        worked = sum(seconds - before[pid] for pid, seconds in used.items())
        quiet = [] if worked > IDLE_SHARE * LOOK_EVERY_S else [*quiet, looked]
    return quiet[0] if len(quiet) == QUIET_LOOKS else until


def processor_s(processes: Sequence[psutil.Process]) -> dict[int, float]:
    """Seconds of processor that processes have used, by their numbers; those that have ended are left out."""
    used: dict[int, float] = {}
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            used[process.pid] = times.user + times.system
    return used


def long_solve() -> Work:
    """A plan that would take minutes: fifty materials from six countries over sixty years, with thirty disruptions."""
    request = sourcing_pb2.RunOptimizationRequest(problem=large_problem(), request_id=str(uuid.uuid4()))
    return Work("RunOptimization", request, "", request)


def large_problem(materials: int = 50, years: int = 60, scenarios: int = 30) -> sourcing_pb2.SourcingProblem:
    """The toy, much larger."""
    numbers, countries = random.Random(2), ("COD", "AUS", "CHL", "CHN", "ZAF", "CAN")
    problem = toy_problem()
    del problem.periods[:], problem.sources[:]
    problem.periods.extend(sourcing_pb2.Period(label=str(2027 + i), length_years=1) for i in range(years))
    first = problem.materials.pop()
    for i in range(materials):
        material = problem.materials.add()
        material.CopyFrom(first)
        material.material_id = f"material-{i}"
        material.demand[0].demand_tonnes[:] = [numbers.uniform(60, 140) for _ in range(years)]
        for country in countries:
            source = supplier(country, numbers.uniform(20_000, 60_000), numbers.uniform(15, 60))
            source.source_id, source.material_id = f"material-{i}/{country}", material.material_id
            problem.sources.append(source)
    for i in range(scenarios):
        problem.scenarios.append(
            sourcing_pb2.Scenario(
                scenario_id=f"s{i}",
                probability=0.5 / scenarios,
                onset_period=i,
                end_period=i + 3,
                disruptions=[sourcing_pb2.Disruption(countries=[countries[i % 6]], availability=0.1)],
                state=common_pb2.MATERIAL_STATE_EMERGENCY,
                rebuilding_periods=2,
            )
        )
    return problem


def long_backtest() -> Work:
    """A backtest that would take minutes: many series, the dear models, many origins."""
    tested = forecast_pb2.BacktestModelsRequest(
        inline=series_set(random.Random(3), 200), horizon=1, models=["auto_arima", "auto_ets"], most_origins=10
    )
    request = forecast_pb2.RunBacktestRequest(backtest=tested, request_id=str(uuid.uuid4()))
    return Work("RunBacktest", request, "", request)


if __name__ == "__main__":
    sys.exit(main())
