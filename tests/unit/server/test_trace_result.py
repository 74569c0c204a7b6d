"""Tracing numbers of answers: what each kind of answer says about its numbers, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lodestock.testing import sample_assessment, sample_forecasts, sample_plan, sample_problem
from lodestock.v1 import audit_pb2, common_pb2, forecast_pb2, risk_pb2, sourcing_pb2
from lodestock_server.catalog import DatasetOrigin
from lodestock_server.converters.audit import tracer_from_proto
from lodestock_server.errors import InvalidRequest
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, ForecastOrigin, Origin
from lodestock_server.usecases.trace_result import TracedNumber, trace_numbers
from tests.toy_problem import toy_problem
from tests.unit.optimizers.test_feature_limits import stated as rich_problem

COUNTRIES = frozenset({"USA", "COD", "AUS"}) | {source.country for source in sample_problem().problem.sources}


def traced(request: audit_pb2.TraceResultRequest, *paths: str) -> list[TracedNumber]:
    return trace_numbers(tracer_from_proto(request, COUNTRIES), paths)


def of_forecast(*paths: str) -> list[TracedNumber]:
    return traced(audit_pb2.TraceResultRequest(forecast=sample_forecasts().message), *paths)


def of_risk(*paths: str) -> list[TracedNumber]:
    return traced(audit_pb2.TraceResultRequest(risk=sample_assessment().message), *paths)


def of_problem(built: sourcing_pb2.BuildProblemResponse, *paths: str) -> list[TracedNumber]:
    return traced(audit_pb2.TraceResultRequest(problem=built), *paths)


def of_plan(built: sourcing_pb2.BuildProblemResponse, plan: sourcing_pb2.Plan, *paths: str) -> list[TracedNumber]:
    return traced(audit_pb2.TraceResultRequest(plan=audit_pb2.PlannedProblem(built=built, plan=plan)), *paths)


def rows(origins: Sequence[Origin]) -> list[DatasetOrigin]:
    return [origin for origin in origins if isinstance(origin, DatasetOrigin)]


def refusals(request: audit_pb2.TraceResultRequest, *paths: str) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as caught:
        traced(request, *paths)
    return {found.field_path: found.description for found in caught.value.violations}


def test_a_forecast_rests_on_its_models_and_all_its_observations() -> None:
    message = sample_forecasts().message.forecasts[0]
    (number,) = of_forecast("forecasts[cobalt/USA].steps[1].median")
    assert number.figure.values == (message.steps[1].median,)
    first, *others = number.figure.origins
    assert isinstance(first, ForecastOrigin)
    assert "median of naive" in first.model
    assert len(others) == len(rows(others)) == len(message.history)
    assert number.figure.unit == "t"


def test_a_quantile_goes_by_its_level_or_its_number() -> None:
    message = sample_forecasts().message.forecasts[0]
    position = list(message.quantile_levels).index(0.9)
    by_level, by_number = of_forecast(
        "forecasts[0].steps[0].quantiles[0.9]", f"forecasts[0].steps[0].quantiles[{position}]"
    )
    assert by_level.figure.values == by_number.figure.values == (message.steps[0].quantiles[position],)
    assert by_level.figure.derivation.startswith("quantile 0.9")


def test_an_observation_rests_on_its_own_row() -> None:
    message = sample_forecasts().message.forecasts[0]
    (number,) = of_forecast("forecasts[0].history[0].value")
    at = message.history_origins[0].origins[0].dataset
    assert number.figure.origins == (DatasetOrigin(at.dataset, at.version, at.resource, at.row, at.source_id, at.flag),)


def test_a_forecast_of_a_series_that_was_given_rests_on_the_caller() -> None:
    message = sample_forecasts().message
    for forecast in message.forecasts:
        forecast.ClearField("history_origins")
    request = audit_pb2.TraceResultRequest(forecast=message)
    (number,) = traced(request, "forecasts[0].steps[0].mean")
    assert number.figure.origins[1:] == (CallerOrigin("inline.series[0].observations"),)


def test_a_score_rests_on_the_shares_and_indicators_of_its_countries() -> None:
    scores, contribution, share = of_risk(
        "risks[cobalt,REFINING].scores[governance_weighted_hhi,global].value",
        "risks[0].scores[governance_weighted_hhi,global].contributions[CHN].contribution",
        "risks[0].sources[CHN].global_share",
    )
    datasets = {origin.dataset for origin in rows(scores.figure.origins)}
    assert datasets == {"world-supply", "governance"}
    assert set(rows(contribution.figure.origins)) < set(rows(scores.figure.origins))
    assert set(share.figure.origins) < set(contribution.figure.origins)
    assert scores.figure.derivation


def test_a_score_of_one_scope_does_not_rest_on_the_shares_of_the_other() -> None:
    of_world, of_buyer = of_risk("risks[0].scores[hhi,global].value", "risks[0].scores[hhi,sourcing].value")
    assert {origin.dataset for origin in rows(of_world.figure.origins)} == {"world-supply"}
    assert {origin.dataset for origin in rows(of_buyer.figure.origins)} == {"us-minerals"}


def test_every_number_of_an_assessment_comes_down_to_something() -> None:
    message = sample_assessment().message
    paths = []
    for i, risk in enumerate(message.risks):
        for k, score in enumerate(risk.scores):
            at = f"risks[{i}].scores[{k}]"
            paths += [f"{at}.value", *(f"{at}.inputs[{name}]" for name in score.inputs)]
            paths += [f"{at}.contributions[{j}].contribution" for j in range(len(score.contributions))]
        paths += [f"risks[{i}].sources[{j}].risk" for j in range(len(risk.sources))]
    for number in of_risk(*paths):
        assert number.figure.origins, number.figure.field_path
        assert all(origin.reason for origin in number.figure.origins if isinstance(origin, DefaultOrigin))


def test_a_figure_of_a_problem_is_the_one_that_came_with_it() -> None:
    built = sample_problem().message
    figure = next(one for one in built.figures if one.field_path == "sources[cobalt/CHN].capacity_tonnes")
    whole, of_period, in_problem = of_problem(
        built,
        "sources[cobalt/CHN].capacity_tonnes",
        "sources[cobalt/CHN].capacity_tonnes[0]",
        "problem.sources[0].capacity_tonnes[0]",
    )
    assert whole.figure.derivation == figure.derivation
    assert len(whole.figure.origins) == len(figure.origins)
    assert of_period.figure.values == (figure.values[0],) == in_problem.figure.values
    assert of_period.figure.origins == whole.figure.origins


def test_a_figure_that_was_changed_is_the_callers_own() -> None:
    built = sample_problem().message
    (stated,) = of_problem(built, "sources[0].risk")
    assert stated.figure.derivation
    built.problem.sources[0].risk = 0.99
    (number,) = of_problem(built, "sources[0].risk")
    assert number.figure.values == (0.99,)
    assert number.figure.derivation == "", "how the figure followed that it takes the place of"
    (origin,) = number.figure.origins
    assert isinstance(origin, CallerOrigin)
    assert origin.field_path == "sources[0].risk"
    assert origin.reason.startswith("in place of 0.")


def test_horizon_and_price_year_of_a_built_problem_rest_on_the_request_and_on_the_prices() -> None:
    period, price_year = of_problem(sample_problem().message, "periods[0].length_years", "price_year")
    assert period.figure.origins == (CallerOrigin("horizon_years", "one period a year"),)
    assert {origin.dataset for origin in rows(price_year.figure.origins)} == {"prices"}


def test_a_factor_of_one_is_as_good_as_none() -> None:
    built = sample_problem().message
    crisis = built.problem.scenarios.add(scenario_id="s", probability=0.1, onset_period=1)
    crisis.disruptions.add(countries=["CHN"], availability=0.0, price_factor=1.0)
    given, neutral = of_problem(
        built, "scenarios[s].disruptions[0].availability", "scenarios[s].disruptions[0].price_factor"
    )
    assert given.figure.origins == (CallerOrigin("scenarios[0].disruptions[0].availability"),)
    assert isinstance(neutral.figure.origins[0], DefaultOrigin)


def test_a_default_has_its_reason_and_an_overridden_one_is_the_callers() -> None:
    built = sample_problem().message
    name = built.defaults[0].default_id
    (stated,) = of_problem(built, f"defaults[{name}].value")
    assert stated.figure.origins == (DefaultOrigin(name, built.defaults[0].reason, built.defaults[0].source),)
    built.defaults[0].overridden = True
    (own,) = of_problem(built, f"defaults[{name}].value")
    assert isinstance(own.figure.origins[0], CallerOrigin)


def test_what_a_problem_leaves_out_rests_on_the_models_own_rule() -> None:
    """The toy names no take-or-pay share: a contract is a commitment."""
    built = sourcing_pb2.BuildProblemResponse(problem=toy_problem())
    from lodestock_optimizers.planner import optimize
    from lodestock_server.converters.plan import plan_to_proto
    from lodestock_server.converters.sourcing import problem_from_proto

    plan = plan_to_proto(optimize(problem_from_proto(built.problem)))
    (number,) = of_plan(built, plan, "costs.contract_usd")
    reasons = {origin.reason for origin in number.figure.origins if isinstance(origin, DefaultOrigin)}
    assert "where it is not given, 1: a contract is a commitment" in reasons
    assert CallerOrigin("sources[0].unit_price_usd_per_tonne") in number.figure.origins
    assert not rows(number.figure.origins)


def test_what_is_replaced_left_behind_and_signed_before_rests_on_its_own_fields() -> None:
    from lodestock_optimizers.planner import optimize
    from lodestock_server.converters.plan import plan_to_proto
    from lodestock_server.converters.sourcing import problem_to_proto

    problem = rich_problem()
    built = sourcing_pb2.BuildProblemResponse(problem=problem_to_proto(problem))
    planned = audit_pb2.PlannedProblem(built=built, plan=plan_to_proto(optimize(problem)))
    paths = (
        "costs.substitution_usd",
        "footprints[co2e_tonnes,0].units",
        "footprints[co2e_tonnes,0].max_units",
        "contracts[cobalt/AUS,1].contracted_tonnes",
    )
    tracer = tracer_from_proto(audit_pb2.TraceResultRequest(plan=planned), COUNTRIES | {"DEU"})
    replaced, left, cap, signed = trace_numbers(tracer, paths)
    assert replaced.figure.origins[0] == CallerOrigin("substitutions[0].cost_usd_per_tonne")
    assert left.figure.unit == cap.figure.unit == "co2e_tonnes"
    assert left.figure.origins[0] == CallerOrigin("sources[0].footprints[0].per_tonne")
    assert cap.figure.origins[0] == CallerOrigin("footprint_policies[0].max_units")
    assert signed.figure.origins[0] == CallerOrigin("book[0].tonnes")


def test_a_number_of_a_plan_unites_what_its_fields_rest_on() -> None:
    built, plan = sample_problem().message, sample_plan().plan
    cost, stock, of_problem_alone = of_plan(
        built, plan, "costs.contract_usd", "balances[cobalt,1].stock_tonnes", "problem.price_of_risk"
    )
    assert cost.figure.values == (plan.costs.contract_usd,)
    assert cost.problem_fields[0] == f"sources[{built.problem.sources[0].source_id}].unit_price_usd_per_tonne"
    assert set(stock.problem_fields) == set(cost.problem_fields)
    assert len(set(cost.figure.origins)) == len(cost.figure.origins)
    assert {origin.dataset for origin in rows(cost.figure.origins)} >= {"prices", "us-minerals", "governance"}
    assert of_problem_alone.problem_fields == ()


def test_a_landed_cost_rests_on_price_duty_and_freight_of_its_source_alone() -> None:
    built, plan = sample_problem().message, sample_plan().plan
    delivery = plan.deliveries[0]
    (number,) = of_plan(built, plan, f"deliveries[{delivery.source_id},{delivery.node_id}].landed_cost_usd_per_tonne")
    fields = ("unit_price_usd_per_tonne", "tariff_rate", "freight_usd_per_tonne")
    assert number.problem_fields == tuple(f"sources[{delivery.source_id}].{field}" for field in fields)


def test_all_paths_that_name_nothing_are_told_at_once() -> None:
    planned = audit_pb2.PlannedProblem(built=sample_problem().message, plan=sample_plan().plan)
    found = refusals(
        audit_pb2.TraceResultRequest(plan=planned),
        "costs.contract_usd",
        "costs.contracts_usd",
        "balances[kobalt,1].stock_tonnes",
        "solver.solve_s",
        "problem.sources[cobalt/CHN].name",
    )
    assert set(found) == {"field_paths[1]", "field_paths[2]", "field_paths[3]", "field_paths[4]"}
    assert "near to it: contract_usd" in found["field_paths[1]"]
    assert "near to it: cobalt,1" in found["field_paths[2]"]
    assert "rests on the machine" in found["field_paths[3]"]


@pytest.mark.parametrize(
    ("request_of", "path"),
    [
        (lambda: audit_pb2.TraceResultRequest(forecast=sample_forecasts().message), "record.compute_s"),
        (lambda: audit_pb2.TraceResultRequest(forecast=sample_forecasts().message), "forecasts[0].unit"),
        (lambda: audit_pb2.TraceResultRequest(risk=sample_assessment().message), "risks[0].figures[0].values[0]"),
        (lambda: audit_pb2.TraceResultRequest(risk=sample_assessment().message), "risks[cobalt].scores[hhi].value"),
        (lambda: audit_pb2.TraceResultRequest(forecast=forecast_pb2.ForecastDemandResponse()), "forecasts[0].x"),
        (lambda: audit_pb2.TraceResultRequest(risk=risk_pb2.AssessSupplyRiskResponse()), "risks"),
        (lambda: audit_pb2.TraceResultRequest(problem=sourcing_pb2.BuildProblemResponse()), "price_of_risk"),
    ],
)
def test_what_is_no_number_of_the_answer_is_refused(request_of: object, path: str) -> None:
    assert callable(request_of)
    assert set(refusals(request_of(), path)) == {"field_paths[0]"}


def test_a_plan_of_another_problem_is_refused() -> None:
    built, plan = sample_problem().message, sample_plan().plan
    plan.deliveries[0].source_id = "cobalt/XXX"
    request = audit_pb2.TraceResultRequest(plan=audit_pb2.PlannedProblem(built=built, plan=plan))
    assert set(refusals(request, "costs.contract_usd")) == {"plan.plan.deliveries[0].source_id"}


def test_a_cost_that_the_plan_does_not_make_is_refused() -> None:
    built, plan = sample_problem().message, sample_plan().plan
    plan.costs.holding_usd *= 1.5
    request = audit_pb2.TraceResultRequest(plan=audit_pb2.PlannedProblem(built=built, plan=plan))
    found = refusals(request, "balances[0].marginal_value_usd_per_tonne")
    assert "they do not belong together" in found["plan.plan.costs.expected_cost_usd"]


@pytest.mark.parametrize(
    ("field", "value", "refused"),
    [("discount_rate", 0.1, "plan.plan.costs.expected_cost_usd"), ("price_of_risk", 3.0, "plan.plan.price_of_risk")],
)
def test_a_plan_of_a_like_problem_is_refused_whatever_is_asked(field: str, value: float, refused: str) -> None:
    """Names and nodes are the same; what was spent, or weighed, is not."""
    built, plan = sample_problem().message, sample_plan().plan
    setattr(built.problem, field, value)
    request = audit_pb2.TraceResultRequest(plan=audit_pb2.PlannedProblem(built=built, plan=plan))
    assert set(refusals(request, "balances[0].marginal_value_usd_per_tonne")) == {refused}


def test_what_nobody_gave_is_not_the_callers() -> None:
    """A built problem's zeros without a figure: no cost of disposal is in the data."""
    request = audit_pb2.TraceResultRequest(problem=sample_problem().message)
    (number,) = traced(request, "materials[0].stock.disposal_usd_per_tonne")
    (origin,) = number.figure.origins
    assert isinstance(origin, DefaultOrigin)
    assert "left at 0" in origin.reason


def test_a_broken_problem_is_refused_by_its_own_fields() -> None:
    built, plan = sample_problem().message, sample_plan().plan
    built.problem.sources[0].capacity_tonnes[:] = [1.0, 2.0]
    request = audit_pb2.TraceResultRequest(plan=audit_pb2.PlannedProblem(built=built, plan=plan))
    assert set(refusals(request, "costs.contract_usd")) == {"plan.built.problem.sources[0].capacity_tonnes"}


def test_more_origins_than_an_answer_holds_are_refused() -> None:
    origin = common_pb2.Origin(caller=common_pb2.CallerOrigin(field_path="x"))
    figure = common_pb2.Figure(field_path="price_of_risk", values=[1.0])
    figure.origins.extend(
        common_pb2.Origin(caller=common_pb2.CallerOrigin(field_path=f"x[{i}]")) for i in range(130_000)
    )
    figure.origins.append(origin)
    built = sourcing_pb2.BuildProblemResponse(problem=sourcing_pb2.SourcingProblem(price_of_risk=1.0), figures=[figure])
    request = audit_pb2.TraceResultRequest(problem=built)
    assert "give fewer paths" in refusals(request, "price_of_risk", "price_of_risk")["field_paths[1]"]
