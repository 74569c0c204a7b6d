"""Tracing through the client: one call from a number to its rows, of every kind of answer."""

from __future__ import annotations

import pytest

from lodestock import BuiltProblem, Client, InvalidRequest, NotFound
from lodestock.v1 import sourcing_pb2
from tests.toy_problem import toy_problem


def test_a_forecast_comes_down_to_the_figures_it_was_made_from(client: Client) -> None:
    forecasts = client.forecast_demand(buyer="USA", materials=["cobalt"], horizon=5)
    message = forecasts["cobalt/USA"].message
    last = message.steps[-1]
    number = client.trace(forecasts, f"forecasts[cobalt/USA].steps[{last.period}].median")[
        f"forecasts[cobalt/USA].steps[{last.period}].median"
    ]
    assert number.values == (last.median,)
    observed = {point.period: point.value for point in number.observations if point.measure == "tonnes"}
    assert observed == {observation.period: observation.value for observation in message.history}
    assert number.forecasts[0].statistic == "median"


def test_a_risk_comes_down_to_production_by_country(client: Client) -> None:
    assessment = client.assess_supply_risk("USA", ["cobalt"])
    path = "risks[cobalt,REFINING].scores[hhi,global].value"
    number = client.trace(assessment, path)[path]
    assert {point.keys["iso3"] for point in number.observations} >= {"CHN", "FIN"}
    assert {point.origin.dataset for point in number.observations} == {"world-supply"}
    assert all(point.origin.version and point.origin.row > 0 for point in number.observations)


def test_shares_and_concentration_can_be_made_again_from_their_rows(client: Client) -> None:
    """Share = row of the country ÷ all rows; HHI = Σ share², countries that are not named counting in the sum."""
    answer = client.assess_supply_risk("USA", ["cobalt"])
    refining = "risks[cobalt,REFINING]"
    share, hhi = client.trace(answer, f"{refining}.sources[CHN].global_share", f"{refining}.scores[hhi,global].value")
    for number in (share, hhi):
        tonnes = {point.keys["country"]: point.value for point in number.observations if point.measure == "tonnes"}
        whole = sum(tonnes.values())
        assert "Other countries" in tonnes
        if number is share:
            assert number.values[0] == pytest.approx(tonnes["China"] / whole)
    named = [value / whole for country, value in tonnes.items() if country != "Other countries"]
    assert hhi.values[0] == pytest.approx(sum(part**2 for part in named))


def test_a_cost_of_a_plan_comes_down_to_rows_defaults_and_the_caller(client: Client) -> None:
    built = client.build_problem("USA", ["cobalt", "gallium"], horizon_years=3, floor_days=90)
    plan = client.optimize_sourcing(built)
    stock, whole = client.trace(plan, "materials[cobalt].costs.holding_usd", "costs.holding_usd")
    assert stock.problem_fields[0] == "materials[cobalt].stock.holding_usd_per_tonne_year"
    assert "stock.holding_share_of_price" in {default.default_id for default in stock.defaults}
    assert all(default.reason for default in stock.defaults)
    assert "floor_days" in {given.field_path for given in stock.caller}
    price = [point for point in stock.observations if point.origin.dataset == "prices"]
    assert {point.keys["mineral"] for point in price} == {"cobalt"}
    assert {path for path in whole.problem_fields if "gallium" in path}
    assert not [path for path in stock.problem_fields if "gallium" in path]
    frame = client.trace(plan, "costs.objective_usd").to_frame()
    assert {"path", "kind", "what", "value", "dataset", "version", "table", "row", "source"} <= set(frame.columns)


def test_a_plan_remembers_the_problem_it_was_made_from(client: Client) -> None:
    """What is changed afterwards is not the plan's; what was changed before counts as the caller's."""
    built = client.build_problem("USA", ["cobalt"], horizon_years=2)
    built.problem.sources[0].risk = 0.987
    name = built.problem.sources[0].source_id
    plan = client.optimize_sourcing(built)
    built.problem.sources[0].risk = 0.1
    path = f"problem.sources[{name}].risk"
    (number,) = client.trace(plan, path)
    assert number.values == (0.987,)
    assert [given.field_path for given in number.caller] == ["sources[0].risk"]
    with pytest.raises(InvalidRequest) as caught:
        client.trace(plan, "costs.risk_charge_usd", problem=client.build_problem("USA", ["tin"], horizon_years=2))
    assert {found.field_path.partition("[")[0] for found in caught.value.violations} >= {"plan.plan.deliveries"}


def test_a_plan_of_a_problem_of_ones_own_rests_on_the_caller(client: Client) -> None:
    plan = client.optimize_sourcing(toy_problem())
    (number,) = client.trace(plan, "balances[cobalt,2].stock_tonnes")
    assert "sources[1].unit_price_usd_per_tonne" in {given.field_path for given in number.caller}
    assert number.observations == ()
    text = str(number)
    assert text.startswith("balances[cobalt,2].stock_tonnes = ")
    assert "given by the caller" in text


def test_wrong_paths_are_told_with_the_near_ones(client: Client) -> None:
    built = client.build_problem("USA", ["cobalt"], horizon_years=1)
    with pytest.raises(InvalidRequest) as caught:
        client.trace(built, "price_of_risk", "price_of_risks", "sources[cobalt/CHM].risk")
    by_field = {found.field_path: found.description for found in caught.value.violations}
    assert set(by_field) == {"field_paths[1]", "field_paths[2]"}
    assert "near to it: price_of_risk" in by_field["field_paths[1]"]
    assert "near to it: cobalt/CHN" in by_field["field_paths[2]"]
    with pytest.raises(ValueError, match="at least one path"):
        client.trace(built)
    with pytest.raises(TypeError, match="not Datasets"):
        client.trace(client.list_datasets(), "x")  # type: ignore[arg-type]


def test_an_origin_that_this_server_does_not_hold_has_no_rows(client: Client) -> None:
    """An answer of another server may name versions that are not here; what it rests on is told all the same."""
    built = client.build_problem("USA", ["cobalt"], horizon_years=1)
    other = sourcing_pb2.BuildProblemResponse()
    other.CopyFrom(built.message)
    for figure in other.figures:
        for origin in figure.origins:
            if origin.HasField("dataset"):
                origin.dataset.version = "0.0.0"
    name = other.problem.sources[0].source_id
    (here,) = client.trace(built, f"sources[{name}].capacity_tonnes")
    (there,) = client.trace(BuiltProblem(other), f"sources[{name}].capacity_tonnes")
    assert here.observations
    assert there.observations == ()
    assert len(there.message.figure.origins) == len(here.message.figure.origins)
    assert here.rows_not_held == ()
    assert {origin.version for origin in there.rows_not_held} == {"0.0.0"}
    assert "rows that this server does not hold" in str(there)
    assert "rows that this server does not hold" not in str(here)


def test_materials_and_versions_can_be_asked_for(client: Client) -> None:
    listed = {material.material_id: material for material in client.list_materials()}
    assert listed["cobalt"].symbol == "Co"
    assert {"cobalt", "lithium"} <= set(listed)
    version = next(dataset.version for dataset in client.list_datasets() if dataset.dataset == "prices")
    same = client.compare_versions("prices", version, version, ["cobalt"])
    assert len(same) == 0
    assert sum(row["unchanged"] for row in same.summary_rows()) > 0
    with pytest.raises(NotFound):
        client.compare_versions("prices", version, "0.0.0")


def test_models_are_scored_on_the_past(client: Client) -> None:
    series = {str(2000 + i): 100.0 + 5 * i for i in range(20)}
    backtest = client.backtest_models({"steady": series}, horizon=2, models=["naive", "drift"], most_origins=5)
    scores = {row["model"]: row["mase"] for row in backtest.rows()}
    assert scores["drift"] < 0.01 < scores["naive"]
    assert {row["model"] for row in backtest.overall_rows()} == {"naive", "drift"}
