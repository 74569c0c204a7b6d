"""The jobs of a run with faults: each different, each with the answer that it has undisturbed."""

from __future__ import annotations

import multiprocessing
import random
import uuid
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from google.protobuf.message import Message

from lodestock.v1 import common_pb2, forecast_pb2, sourcing_pb2
from tests.toy_problem import supplier, toy_problem

LIMIT_S = 600.0
UNITS = 20
"""Of so many jobs in a row this many are of each kind but optimisations: a batch of forecasts, a backtest."""
BATCHES, BACKTESTS = 4, 2
MATERIALS = ("cobalt", "lithium", "tin", "copper", "nickel", "tungsten", "gallium", "graphite")
COUNTRIES = ("COD", "AUS", "CHL", "CHN")


@dataclass(frozen=True)
class Work:
    """One job to be done.

    Attributes:
        method: Method that accepts it.
        request: What it is asked with.
        task: Function of `lodestock_server.tasks` that computes the same at once.
        computed: What that is asked with.
    """

    method: str
    request: Message
    task: str
    computed: Message

    @property
    def request_id(self) -> str:
        """The identifier with which it is accepted once, however often it is asked."""
        return str(self.request.request_id)  # type: ignore[attr-defined]


def works(count: int, seed: int, size: int) -> list[Work]:
    """Jobs of all kinds, mostly optimisations.

    Args:
        count: How many.
        seed: Where their numbers come from.
        size: How much there is to compute in each: years of a plan, series of a batch.
    """
    numbers = random.Random(seed)
    return [work(i, numbers, size) for i in range(count)]


def work(i: int, numbers: random.Random, size: int) -> Work:
    """The i-th job."""
    request_id = str(uuid.UUID(int=numbers.getrandbits(128), version=4))
    name = f"job {i}"
    lot = i % UNITS
    if lot < BATCHES:
        series = series_set(numbers, size)
        forecast = forecast_pb2.ForecastDemandRequest(inline=series, horizon=3, sample_paths=2, seed=i)
        batch = forecast_pb2.BatchForecastDemandRequest(forecast=forecast, request_id=request_id, display_name=name)
        return Work("BatchForecastDemand", batch, "forecast_demand", forecast)
    if lot < BATCHES + BACKTESTS:
        tested = forecast_pb2.BacktestModelsRequest(
            inline=series_set(numbers, 1 + size // 10),
            horizon=2,
            models=["naive", "drift", "auto_ets", "auto_arima"],
            most_origins=3,
        )
        run = forecast_pb2.RunBacktestRequest(backtest=tested, request_id=request_id, display_name=name)
        return Work("RunBacktest", run, "backtest_models", tested)
    problem = some_problem(numbers, size)
    planned = sourcing_pb2.RunOptimizationRequest(problem=problem, request_id=request_id, display_name=name)
    return Work("RunOptimization", planned, "optimize_sourcing", sourcing_pb2.OptimizeSourcingRequest(problem=problem))


def series_set(numbers: random.Random, count: int) -> forecast_pb2.DemandSeriesSet:
    """Yearly series that rise and fall by chance."""
    return forecast_pb2.DemandSeriesSet(
        series=[
            forecast_pb2.DemandSeries(
                series_id=f"series {i}",
                frequency=forecast_pb2.FREQUENCY_YEARLY,
                unit="t",
                observations=[
                    forecast_pb2.Observation(period=str(2000 + year), value=numbers.uniform(80, 120) + 3 * year)
                    for year in range(24)
                ],
            )
            for i in range(count)
        ]
    )


def some_problem(numbers: random.Random, years: int) -> sourcing_pb2.SourcingProblem:
    """The toy with several materials, more years and disruptions, its prices and demands drawn anew."""
    problem = toy_problem()
    del problem.periods[:], problem.sources[:]
    problem.periods.extend(sourcing_pb2.Period(label=str(2027 + i), length_years=1) for i in range(years))
    cobalt = problem.materials.pop()
    for name in MATERIALS:
        material = problem.materials.add()
        material.CopyFrom(cobalt)
        material.material_id = name
        material.demand[0].demand_tonnes[:] = [numbers.uniform(60, 140)]
        for country in COUNTRIES:
            source = supplier(country, numbers.uniform(20_000, 60_000), numbers.uniform(30, 90))
            source.source_id, source.material_id = f"{name}/{country}", name
            problem.sources.append(source)
    for i, country in enumerate(COUNTRIES):
        problem.scenarios.append(
            sourcing_pb2.Scenario(
                scenario_id=f"loss of {country}",
                probability=0.1,
                onset_period=1 + i,
                end_period=2 + i,
                disruptions=[sourcing_pb2.Disruption(countries=[country], availability=0.2)],
                state=common_pb2.MATERIAL_STATE_EMERGENCY,
                state_material_ids=[MATERIALS[i]],
                rebuilding_periods=1,
            )
        )
    return problem


def undisturbed(jobs: Sequence[Work]) -> list[bytes]:
    """The answer of each job as it is computed with no server and no fault, without what differs from run to run."""
    asked = [(job.task, job.computed.SerializeToString()) for job in jobs]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        return list(processes.map(computed, asked, chunksize=5))


def computed(asked: tuple[str, bytes]) -> bytes:
    """Compute one answer in this process."""
    from lodestock_server import tasks

    name, request = asked
    answer = ANSWERS[name].FromString(getattr(tasks, name)(request, LIMIT_S))
    return comparable(answer)


ANSWERS: dict[str, type[Message]] = {
    "forecast_demand": forecast_pb2.ForecastDemandResponse,
    "backtest_models": forecast_pb2.BacktestModelsResponse,
    "optimize_sourcing": sourcing_pb2.OptimizeSourcingResponse,
}


def comparable(answer: Message) -> bytes:
    """An answer without its run record and without the times that its solve took."""
    bare = type(answer)()
    bare.CopyFrom(answer)
    bare.ClearField("record")
    if isinstance(bare, sourcing_pb2.OptimizeSourcingResponse):
        for time in ("build_s", "compile_s", "solve_s", "convert_s"):
            bare.plan.solver.ClearField(time)
    return bare.SerializeToString(deterministic=True)
