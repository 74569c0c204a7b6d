"""The weight of a call is read off its message, and means what the core says of the problem."""

from __future__ import annotations

import pytest

from lodestock.v1 import forecast_pb2, sourcing_pb2
from lodestock_optimizers.size import most_columns
from lodestock_server import weights
from lodestock_server.converters.sourcing import problem_from_proto
from tests.toy_problem import toy_problem


def with_scenarios() -> sourcing_pb2.SourcingProblem:
    """A problem in which demand shows one scenario before its onset."""
    problem = toy_problem()
    problem.periods.extend([sourcing_pb2.Period(label=str(i), length_years=1) for i in range(4)])
    problem.scenarios.add(scenario_id="late", probability=0.1, onset_period=3)
    early = problem.scenarios.add(scenario_id="early", probability=0.1, onset_period=3)
    early.demand_factors.add(factor=2.0, periods=[1, 2])
    problem.rules.add(rule_id="none", embargo=sourcing_pb2.Embargo())
    return problem


@pytest.mark.parametrize("problem", [toy_problem(), with_scenarios()], ids=["toy", "scenarios"])
def test_problem_weighs_its_columns(problem: sourcing_pb2.SourcingProblem) -> None:
    """Counted on the message, as the core counts on the value that it becomes."""
    columns = most_columns(problem_from_proto(problem))
    assert weights.of_problem(problem) == weights.SMALL + columns
    assert columns > 10


def test_broken_problem_has_a_weight() -> None:
    """Calls are weighed however wrong they are."""
    assert weights.of_problem(sourcing_pb2.SourcingProblem()) == weights.SMALL
    broken = sourcing_pb2.SourcingProblem(scenarios=[sourcing_pb2.Scenario(onset_period=-7)])
    assert weights.of_problem(broken) >= weights.SMALL


def test_scenarios_weigh_by_futures_and_draws() -> None:
    """Every future is held against those that may stand for it; every source strikes or not in every period."""
    few = sourcing_pb2.GenerateScenariosRequest(problem=toy_problem(), futures=100)
    many = sourcing_pb2.GenerateScenariosRequest(problem=toy_problem(), futures=20_000)
    default = sourcing_pb2.GenerateScenariosRequest(problem=toy_problem())
    assert weights.of_scenarios(few) < weights.of_scenarios(default) < weights.of_scenarios(many)
    assert weights.of_scenarios(sourcing_pb2.GenerateScenariosRequest()) > weights.SMALL


def test_given_scenarios_weigh_as_sampled_futures() -> None:
    """Each is held against those that may stand for it."""
    given = sourcing_pb2.ReduceScenariosRequest(problem=with_scenarios())
    none = sourcing_pb2.ReduceScenariosRequest(problem=toy_problem())
    assert weights.of_reduction(none) == weights.SMALL
    futures = len(given.problem.scenarios)
    assert weights.of_reduction(given) == weights.SMALL + weights.COLUMNS_A_FUTURE * futures > weights.SMALL


def test_forecasts_weigh_by_series_steps_and_paths() -> None:
    series = forecast_pb2.DemandSeriesSet(series=[forecast_pb2.DemandSeries() for _ in range(3)])
    one_step = weights.of_forecast(forecast_pb2.ForecastDemandRequest(inline=series, horizon=1))
    paths = weights.of_forecast(forecast_pb2.ForecastDemandRequest(inline=series, horizon=10, sample_paths=99))
    assert paths - one_step == 3 * (10 * 100 - 1)
    stored = forecast_pb2.StoredDemand(buyer="USA", material_ids=["cobalt"])
    assert weights.of_forecast(forecast_pb2.ForecastDemandRequest(stored=stored, horizon=1)) < one_step
    everything = forecast_pb2.StoredDemand(buyer="USA")
    assert weights.of_forecast(forecast_pb2.ForecastDemandRequest(stored=everything, horizon=1)) > one_step


def test_backtests_weigh_by_models_and_origins() -> None:
    stored = forecast_pb2.StoredDemand(buyer="USA", material_ids=["cobalt"])
    few = forecast_pb2.BacktestModelsRequest(stored=stored, models=["naive"], most_origins=2)
    many = forecast_pb2.BacktestModelsRequest(stored=stored, models=["naive", "ets"], most_origins=20)
    assert weights.of_backtest(many) - weights.SMALL == 20 * (weights.of_backtest(few) - weights.SMALL)
    unsaid = forecast_pb2.BacktestModelsRequest(stored=stored)
    assert weights.of_backtest(unsaid) > weights.of_backtest(many)


def test_projections_weigh_by_years_uses_and_the_size_of_the_table() -> None:
    """A table of inputs by the square of its sectors; a broken request has a weight, too."""
    request = forecast_pb2.ProjectDemandRequest
    assert weights.of_projection(request()) == weights.SMALL
    table = forecast_pb2.InputOutputDemand(sectors=[forecast_pb2.EconomySector()] * 30)
    solved = weights.of_projection(request(first_year=2030, last_year=2039, input_output=table))
    assert solved == weights.SMALL + weights.COLUMNS_A_VALUE * (10 * 30 + 30**2)
    uses = forecast_pb2.SectorDemand(uses=[forecast_pb2.MaterialUse()] * 7)
    assert weights.of_projection(request(first_year=2030, last_year=2039, sectors=uses)) == weights.SMALL + 70
