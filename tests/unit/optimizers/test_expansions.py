"""Capacity that can be built: optima worked by hand, what is refused, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lodestock_optimizers.expansions import annuity
from lodestock_optimizers.plan import Plan
from lodestock_optimizers.problem import (
    Budget,
    DemandFactor,
    Disruption,
    Embargo,
    Expansion,
    Period,
    Scenario,
    Source,
    SourceKind,
    TradeRule,
)
from lodestock_optimizers.validation import validate
from tests.unit.optimizers.problems import problem, source, stop
from tests.unit.optimizers.solved import objective, solve

THIRTY = Expansion(60.0, 100.0, 1, 5.0, 4.0)
"""100 over 4 years without interest, and 5: 30 USD a year for a tonne a year, one period after it is decided."""


def mine(price: float = 20.0, expansion: Expansion = THIRTY, **changes: Any) -> Source:
    """A mine at home that is not there yet."""
    made = source("DEU", price, 0.0, kind=SourceKind.DOMESTIC, expansion=expansion)
    return replace(made, **changes)


def built(plan: Plan) -> dict[int, float]:
    """What is built at each node, t a year, where anything is."""
    return {one.node_id: round(one.tonnes_per_year, 6) for one in plan.expansions if one.tonnes_per_year}


def test_a_mine_pays_from_the_period_in_which_it_stands() -> None:
    plan = solve(problem((source("AUS", 100.0), mine()), 4))
    # 100 t × 100 in the first year; then 60 × (20 + 30) + 40 × 100
    assert objective(plan) == pytest.approx(10_000 + 3 * 7_000)
    assert built(plan) == {0: 60.0}
    assert plan.costs is not None
    assert plan.costs.investment_usd == pytest.approx(3 * 60 * 30)
    assert plan.materials[0].costs.investment_usd == pytest.approx(3 * 60 * 30)
    first = plan.expansions[0]
    assert (first.period, first.ready_period, first.last_period, first.yearly_cost_usd_per_tonne_year) == (
        0,
        1,
        3,
        30.0,
    )
    assert [one.period for one in plan.expansions] == [0, 1, 2]


def test_a_tonne_more_that_might_be_built_is_worth_what_it_saves_in_all_years() -> None:
    plan = solve(problem((source("AUS", 100.0), mine()), 4))
    values = [one.capacity_value_usd_per_tonne for one in plan.contracts if one.source_id == "DEU" and one.period > 0]
    assert values == pytest.approx([80.0] * 3)
    limits = [rule for rule in plan.binding_rules if rule.family == "expansion"]
    assert sum(rule.value_per_unit_usd for rule in limits) == pytest.approx(3 * (100 - 20 - 30))
    assert {(rule.field_path, rule.unit, rule.limit) for rule in limits} == {
        ("sources[1].expansion.max_tonnes_per_year", "t/year", 60.0)
    }


def test_what_does_not_pay_is_not_built_and_says_by_how_much() -> None:
    plan = solve(problem((source("AUS", 45.0), mine()), 4))
    assert built(plan) == {}
    # 30 a year for what saves 25: three years, two or one of it
    costs = {one.period: one.reduced_cost_usd_per_tonne_year for one in plan.expansions}
    assert costs == pytest.approx({0: 15.0, 1: 10.0, 2: 5.0})


def test_the_annuity_pays_the_capital_back_within_the_life() -> None:
    for rate in (0.08, -0.02, 1e-9):
        payments = [annuity(rate, 12.0) / (1 + rate) ** year for year in range(1, 13)]
        assert sum(payments) == pytest.approx(1.0)
    assert annuity(0.0, 12.0) == pytest.approx(1 / 12)


def test_capacity_is_paid_for_as_long_as_it_stands_and_built_again_after_its_life() -> None:
    short_lived = Expansion(60.0, 10.0, 0, 0.0, 1.0)
    plan = solve(problem((source("AUS", 100.0), mine(expansion=short_lived)), 3))
    assert built(plan) == {0: 60.0, 1: 60.0, 2: 60.0}
    assert objective(plan) == pytest.approx(3 * (60 * (20 + 10) + 40 * 100))


def test_a_life_ends_within_whole_periods() -> None:
    years = tuple(Period(str(t), length) for t, length in enumerate((1.0, 1.0, 2.0)))
    stated = problem((source("AUS", 100.0), mine(expansion=Expansion(60.0, 10.0, 0, 0.0, 3.0))), 3)
    plan = solve(replace(stated, periods=years))
    # Of three years from the start, two have passed before the last period, which is longer than what is left.
    assert {one.period: one.last_period for one in plan.expansions} == {0: 1, 1: 2, 2: 2}


def test_short_periods_have_their_part_of_capacity_and_cost() -> None:
    stated = problem((source("AUS", 100.0), mine(expansion=replace(THIRTY, lead_periods=0))), 1)
    plan = solve(replace(stated, periods=(Period("winter", 0.25),)))
    # A quarter of 60 t a year, for a quarter of a year's cost
    assert objective(plan) == pytest.approx(15 * 20 + 60 * 30 / 4 + 85 * 100)


def test_who_can_build_at_once_builds_when_the_crisis_is_there() -> None:
    at_once = mine(expansion=Expansion(100.0, 100.0, 0, 5.0, 4.0))
    plan = solve(problem((source("COD"), at_once), 2, scenarios=(stop("stop", 0.25, 1),)))
    (crisis,) = [node.node_id for node in plan.nodes if node.scenario_ids == ("stop",) and node.period == 1]
    assert built(plan) == {crisis: 100.0}
    assert objective(plan) == pytest.approx(1_000 + 0.75 * 1_000 + 0.25 * 100 * 50)


def test_who_cannot_builds_before_anyone_knows() -> None:
    late = mine(expansion=Expansion(100.0, 100.0, 1, 5.0, 4.0))
    plan = solve(problem((source("COD"), late), 2, scenarios=(stop("stop", 0.25, 1),)))
    assert built(plan) == {0: 100.0}
    assert objective(plan) == pytest.approx(1_000 + 3_000 + 0.75 * 1_000 + 0.25 * 2_000)


def test_a_contract_signed_before_the_capacity_is_decided_must_find_it_at_all_its_nodes() -> None:
    surge = Scenario("surge", 0.5, 1, demand_factors=(DemandFactor(2.0),))
    at_once = mine(expansion=Expansion(300.0, 100.0, 0, 5.0, 4.0), lead_periods=1)
    plan = solve(problem((at_once,), 2, scenarios=(surge,)))
    # 100 t for the first year, 200 for the second, whether the surge comes or not, and capacity for them.
    assert objective(plan) == pytest.approx(100 * 50 + 200 * 50)
    assert built(plan) == {0: 100.0, 1: 100.0, 2: 100.0}


def test_no_budget_counts_what_is_built() -> None:
    at_once = mine(expansion=Expansion(100.0, 100.0, 0, 5.0, 4.0))
    plan = solve(problem((at_once,), budget=Budget((2_000.0,))))
    assert objective(plan) == pytest.approx(2_000 + 3_000)
    assert plan.nodes[0].spend_usd == pytest.approx(2_000)


def test_what_is_built_is_hit_and_forbidden_like_what_was_there() -> None:
    at_once = mine(expansion=Expansion(100.0, 100.0, 0, 5.0, 4.0))
    half = stop("half", 1.0, 0, disruptions=(Disruption(countries=("DEU",), availability=0.5),))
    plan = solve(problem((source("AUS", 200.0), at_once), scenarios=(half,)))
    # 100 t a year that is paid for leaves 50 t.
    assert objective(plan) == pytest.approx(50 * 20 + 100 * 30 + 50 * 200)
    plan = solve(problem((source("AUS", 200.0), at_once), rules=(TradeRule("ban", Embargo(), countries=("DEU",)),)))
    assert objective(plan) == pytest.approx(100 * 200)
    assert built(plan) == {}


def test_contract_and_spot_share_what_is_built() -> None:
    spot = mine(expansion=Expansion(60.0, 100.0, 0, 5.0, 4.0), spot_capacity_tonnes=(40.0,), lead_periods=1)
    plan = solve(problem((source("AUS", 200.0), spot), 1))
    (delivery,) = [d for d in plan.deliveries if d.source_id == "DEU"]
    assert delivery.contract_tonnes + delivery.spot_tonnes == pytest.approx(60.0)


def test_a_yes_or_no_is_taken_up_to_what_can_be_built() -> None:
    ordered = mine(expansion=Expansion(60.0, 100.0, 0, 5.0, 4.0), min_order_tonnes=50.0, fixed_cost_usd=500.0)
    plan = solve(problem((source("AUS", 100.0), ordered)))
    assert objective(plan) == pytest.approx(500 + 60 * 50 + 40 * 100)


def test_a_figure_that_cannot_be_is_refused_by_its_field() -> None:
    wrong = Expansion(-1.0, -2.0, -3, -4.0, 0.5)
    found = [violation.field_path for violation in validate(problem((mine(expansion=wrong),), 2))]
    where = "sources[0].expansion"
    assert found == [
        f"{where}.max_tonnes_per_year",
        f"{where}.capital_usd_per_tonne_year",
        f"{where}.fixed_usd_per_tonne_year",
        f"{where}.lead_periods",
        f"{where}.life_years",
    ]


def test_figures_that_make_too_large_ones_are_refused_by_their_field() -> None:
    dear = problem((mine(expansion=Expansion(1.0, 1e12, 0, life_years=1.0)),), discount_rate=9.0)
    assert [found.field_path for found in validate(dear)] == ["sources[0].expansion.capital_usd_per_tonne_year"]
    large = problem((mine(expansion=Expansion(1e12, 1.0, 0)),), discount_rate=0.03)
    assert validate(large) == []
    longer = replace(large, periods=(Period("long", 2.0),))
    assert [found.field_path for found in validate(longer)] == ["sources[0].expansion.max_tonnes_per_year"]


def test_what_would_stand_after_the_horizon_cannot_be_decided() -> None:
    plan = solve(problem((source("AUS", 100.0), mine(expansion=replace(THIRTY, lead_periods=2))), 2))
    assert plan.expansions == ()
