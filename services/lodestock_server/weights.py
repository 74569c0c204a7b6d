"""How large the work of a call is, estimated from counts in its message, before any of it is done.

In columns of an optimisation model. What else computes is put on that scale: by the seconds it takes beside a model.
"""

from __future__ import annotations

from typing import cast

from lodestock.v1 import forecast_pb2, risk_pb2, sourcing_pb2
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.questions.rule_groups import rule_groups
from lodestock_optimizers.size import most_columns
from lodestock_server.usecases.explain_plan import RESOLVES
from lodestock_server.usecases.generate_scenarios import FUTURES
from lodestock_server.usecases.map_dependence import DEFAULT_MOST_COUNTRIES
from lodestock_server.usecases.plan_questions import DEFAULT_ALTERNATIVES, DEFAULT_POINTS
from lodestock_server.usecases.sample_supply_risk import DEFAULT_SAMPLES

SMALL = 1_000.0
"""Weight of a call of little work, such as a lookup in the data."""
COLUMNS_A_SERIES = 2_000.0
"""A forecast of one series fits models, which takes about as long as solving that many columns."""
COLUMNS_A_VALUE = 1.0
"""A value of a forecast: a step, or a step of a sample path."""
SERIES_OF_ALL = 60
"""Stored series that a call asks for which names no materials."""
MODELS_OF_ALL = 20
"""Models that a backtest tries which names none."""
EXPORT_SHARE = 2.0
"""Of the time to solve a problem, that to write its model out."""
RESOLVE_SHARE = 0.2
"""Of the time to solve a problem, that to solve its model again from the basis and to read the answer."""
RESOLVES_AN_ALTERNATIVE = 6
"""Models that are solved again, about, for each alternative that is asked for."""
COLUMNS_A_FUTURE = 2.0
"""A sampled future: its distances from those that may stand for it."""
DRAWS_A_COLUMN = 1_000.0
"""Random draws that take as long as a column."""
COLUMNS_AN_ASSESSMENT = 1.0
"""The scores of one supply, about as long as a column takes."""
COLUMNS_A_NODE = 0.01
"""A node of a dependence network, each time that it is solved."""
NODES_OF_STORED = 300
ORIGINS = 10
"""Points in time that a backtest forecasts from which does not say how many."""


def of_problem(problem: sourcing_pb2.SourcingProblem) -> float:
    """Of optimising or measuring a problem, however broken it is."""
    # The message has the lists and fields of the domain's value that the count looks at, under the same names.
    return SMALL + most_columns(cast(SourcingProblem, problem))


def of_export(request: sourcing_pb2.ExportModelRequest) -> float:
    """Of writing the model of a problem out, row by row."""
    return EXPORT_SHARE * of_problem(request.problem)


def of_frontier(request: sourcing_pb2.TraceFrontierRequest) -> float:
    """Of solving a problem, and its model again for each plan."""
    return _again(request.problem, request.points or DEFAULT_POINTS)


def of_alternatives(request: sourcing_pb2.FindAlternativesRequest) -> float:
    """Of solving a problem, and its model again a few times for each plan that differs."""
    return _again(request.problem, RESOLVES_AN_ALTERNATIVE * (request.count or DEFAULT_ALTERNATIVES))


def of_what_if(request: sourcing_pb2.AskWhatIfRequest) -> float:
    """Of solving a problem, and its model again for each question."""
    return _again(request.problem, len(request.questions))


def of_explanation(request: sourcing_pb2.ExplainPlanRequest) -> float:
    """Of solving a problem, and its model again for whatever is said of the plan."""
    return _again(request.problem, RESOLVES + 2 * request.firm_quantities + len(request.why_not))


def _again(problem: sourcing_pb2.SourcingProblem, count: int) -> float:
    """Of solving a problem and then its model `count` times more from the basis."""
    return of_problem(problem) * (1.0 + RESOLVE_SHARE * count)


def of_rules(request: sourcing_pb2.PriceRulesRequest) -> float:
    """Of solving a problem with all its rules and without each group of them."""
    # As the core groups them; the message has the lists and fields that it looks at, under the same names.
    groups = sum(1 for _ in rule_groups(cast(SourcingProblem, request.problem)))
    return of_problem(request.problem) * (1 + groups)


def of_stresses(request: sourcing_pb2.StressTestRequest) -> float:
    """Of solving a problem and those of candidates, and for each of them what is left of it once a stress."""
    sweep, pairs = request.sweep, request.sweep.pairs_of * (request.sweep.pairs_of - 1) // 2
    countries = len({source.country for source in request.problem.sources}) if sweep.each_country else 0
    calm = sourcing_pb2.SourcingProblem()
    calm.CopyFrom(request.problem)
    del calm.scenarios[:]
    stops = of_problem(calm) * RESOLVE_SHARE * (countries + pairs + len(sweep.routes))
    calm.scenarios.extend(request.scenarios)
    together = of_problem(calm) if request.scenarios else 0.0
    solved = sum(of_problem(candidate.problem) for candidate in request.candidates)
    return of_problem(request.problem) + solved + (1 + len(request.candidates)) * (stops + together)


def of_stockpiles(request: sourcing_pb2.SizeStockpileRequest) -> float:
    """Of solving a problem, and its model with the opening stock as a decision once for each probability."""
    return of_problem(request.problem) * (1 + (len(request.min_probabilities) or 1))


def of_scenarios(request: sourcing_pb2.GenerateScenariosRequest) -> float:
    """Of sampling futures and reducing them."""
    futures = request.futures or FUTURES
    draws = futures * len(request.problem.sources) * len(request.problem.periods)
    return SMALL + COLUMNS_A_FUTURE * futures + draws / DRAWS_A_COLUMN


def of_reduction(request: sourcing_pb2.ReduceScenariosRequest) -> float:
    """Of reducing scenarios that are given, each as a future that was sampled."""
    return SMALL + COLUMNS_A_FUTURE * len(request.problem.scenarios)


def of_assessment(request: risk_pb2.AssessSupplyRiskRequest) -> float:
    """Of measuring supplies, and of measuring them again for each sample of what is uncertain."""
    if not request.HasField("uncertainty"):
        return SMALL
    supplies = len(request.inline.supplies) or 2 * len(request.stored.material_ids) or 2 * SERIES_OF_ALL
    return SMALL + COLUMNS_AN_ASSESSMENT * supplies * (request.uncertainty.samples or DEFAULT_SAMPLES)


def of_dependence(request: risk_pb2.MapDependenceRequest) -> float:
    """Of solving a network once a stop: a row a node, a set of countries a stop."""
    nodes = len(request.inline.outputs) + len(request.inline.links) or NODES_OF_STORED
    sets = 10.0 ** (request.most_cut_countries or DEFAULT_MOST_COUNTRIES)  # each more country makes ten times as many
    return SMALL + COLUMNS_A_NODE * nodes * (len(request.stops) + sets)


def of_forecast(request: forecast_pb2.ForecastDemandRequest) -> float:
    """Of forecasting series."""
    series = _series(request)
    return SMALL + series * (COLUMNS_A_SERIES + COLUMNS_A_VALUE * request.horizon * (1 + request.sample_paths))


def of_backtest(request: forecast_pb2.BacktestModelsRequest) -> float:
    """Of forecasting series from many points in time with many models."""
    return SMALL + COLUMNS_A_SERIES * _series(request) * (len(request.models) or MODELS_OF_ALL) * (
        request.most_origins or ORIGINS
    )


def of_projection(request: forecast_pb2.ProjectDemandRequest) -> float:
    """Of solving a table of inputs, adding up uses or following a stock, year by year."""
    years = max(request.last_year - request.first_year + 1, 1)
    sectors, uses = len(request.input_output.sectors), len(request.sectors.uses)
    return SMALL + COLUMNS_A_VALUE * (years * (sectors + uses) + sectors**2) + len(request.input_output.coefficients)


def of_build(request: sourcing_pb2.BuildProblemRequest) -> float:
    """Of building a problem, most of which is forecasting the demand for each material."""
    return SMALL + COLUMNS_A_SERIES * (len(request.material_ids) or SERIES_OF_ALL)


def _series(request: forecast_pb2.ForecastDemandRequest | forecast_pb2.BacktestModelsRequest) -> int:
    if request.HasField("inline"):
        return len(request.inline.series)
    return len(request.stored.material_ids) or SERIES_OF_ALL
