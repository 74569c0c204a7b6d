"""Why there is no plan: conflicts and relaxations worked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    Budget,
    Disruption,
    Embargo,
    Material,
    MaterialState,
    Quota,
    Scenario,
    ShareCap,
    ShareFloor,
    SignedContract,
    SourceKind,
    SourcingProblem,
    StateValue,
    TradeRule,
)
from tests.oracle.contradictions import relaxed
from tests.unit.optimizers.problems import material, problem, source, stock, stop


def refused(stated: SourcingProblem) -> Plan:
    plan = optimize(stated)
    assert plan.status is PlanStatus.INFEASIBLE
    return plan


def conflict_of(plan: Plan) -> set[str]:
    return {rule.field_path for rule in plan.conflict}


def closing(tonnes: float) -> tuple[Material, ...]:
    return (material(stock=replace(stock(), closing_tonnes=tonnes, closing_is_hard=True)),)


def test_a_quota_and_a_closing_stock_contradict_and_the_stock_gives_way() -> None:
    """A closing stock is taken to be cheaper to give than deliveries; what else is in the problem is not named."""
    rules = (
        TradeRule("few", Quota(30.0)),
        TradeRule("mild", ShareCap(0.9), countries=("COD",)),
    )
    plan = refused(problem((source("COD"), source("AUS")), materials=closing(40.0), rules=rules))
    assert conflict_of(plan) == {"rules[0].quota.max_tonnes", "materials[0].stock.closing_tonnes"}
    (relaxation,) = plan.relaxations
    assert (relaxation.field_path, relaxation.unit) == ("materials[0].stock.closing_tonnes", "t")
    assert (relaxation.required, relaxation.reachable) == pytest.approx((40.0, 30.0))
    assert relaxation.field_value == pytest.approx(30.0)


def test_an_embargo_is_one_rule_for_all_that_it_stops_and_leaves_what_there_is_where_it_is_lifted() -> None:
    rules = (
        TradeRule("ban", Embargo(), countries=("COD", "AUS")),
        TradeRule("home", ShareFloor(SourceKind.IMPORT, 0.5)),
    )
    plan = refused(problem((source("COD", capacity=30.0), source("AUS", capacity=40.0)), rules=rules))
    (ban, home) = sorted(plan.conflict, key=lambda rule: rule.field_path)
    assert (ban.family, ban.subject_id, ban.material_id, ban.country) == ("embargo", "ban", "cobalt", "")
    assert home.field_path == "rules[1].share_floor.min_share"
    (relaxation,) = plan.relaxations
    assert (relaxation.field_value, relaxation.field_unit) == (0.0, "share")


def test_a_budget_must_rise_to_what_a_signed_contract_costs() -> None:
    book = (SignedContract("COD", 0, 60.0),)
    stated = problem((replace(source("COD"), lead_periods=1),), book=book, budget=Budget((500.0,)))
    plan = refused(stated)
    assert conflict_of(plan) == {"book[0].tonnes", "budget.budget_usd[0]"}
    assert optimize(replace(stated, budget=Budget((600.0,)))).status is PlanStatus.OPTIMAL
    (relaxation,) = plan.relaxations
    # A dollar is taken to cost one, a tonne of the contract 1,000.
    assert relaxation.field_path == "budget.budget_usd[0]"
    assert relaxation.field_value == pytest.approx(600.0)


def test_a_floor_that_one_scenario_breaks_names_the_node_and_not_the_calm() -> None:
    """The only source stops in the second year; the store must hold 50 t at its end, and nothing can be put in."""
    policy = stock(floor_days=182.5, floor_is_hard=True, floor_states=())
    policy = replace(policy, floor_days_by_state=(), max_in_tonnes=0.0, opening_tonnes=50.0, loss_rate_per_year=0.1)
    stated = problem(
        (source("COD"),), periods=2, materials=(material(stock=policy),), scenarios=(stop("s", 0.5, 1, 1),)
    )
    plan = refused(stated)
    families = {rule.family for rule in plan.conflict}
    assert families == {"stock_floor", "stock_in"}
    assert all(rule.node_ids == (0,) for rule in plan.conflict)


def test_a_least_order_contradicts_where_the_linear_model_sees_nothing() -> None:
    """100 USD buy 10 t, half of the least order; 5 t must be there at the end."""
    stated = problem((source("COD", min_order_tonnes=20.0),), materials=closing(5.0), budget=Budget((100.0,)))
    plan = refused(stated)
    assert conflict_of(plan) == {
        "sources[0].min_order_tonnes",
        "materials[0].stock.closing_tonnes",
        "budget.budget_usd[0]",
    }
    (relaxation,) = plan.relaxations
    assert relaxation.field_path == "budget.budget_usd[0]"
    assert relaxation.field_value == pytest.approx(200.0)


def test_a_quota_over_materials_names_the_limit_of_the_worst_of_them_with_or_without_a_source() -> None:
    """Nickel has no source in Australia; its state alone makes the limit of all Australian deliveries 2 t."""
    quota = TradeRule(
        "few", Quota(40.0), countries=("AUS",), limit_by_state=(StateValue(MaterialState.EMERGENCY, 2.0),)
    )
    crisis = Scenario("crisis", 1.0, 0, state_material_ids=("nickel",))
    stored = closing(10.0)[0]
    assert stored.stock is not None
    dear = replace(stored, stock=replace(stored.stock, closing_shortfall_usd_per_tonne=9_000.0))
    sources = (source("AUS"), source("CHN", material_id="nickel"))
    stated = problem(sources, materials=(dear, material("nickel")), rules=(quota,), scenarios=(crisis,))
    plan = refused(stated)
    assert conflict_of(plan) == {"rules[0].limit_by_state[0].value", "materials[0].stock.closing_tonnes"}
    (relaxation,) = plan.relaxations
    assert (relaxation.field_path, relaxation.field_value) == ("rules[0].limit_by_state[0].value", 10.0)
    assert optimize(relaxed(stated, plan.relaxations)).status is PlanStatus.OPTIMAL


@pytest.mark.parametrize(("demand", "missing"), [(1e2, 1e-5), (1e6, 0.05), (1e9, 50.0)])
def test_a_refusal_for_a_hair_says_what_would_help(demand: float, missing: float) -> None:
    """What is missing is less than a ten-millionth of the limit, and more than the solver forgives."""
    mine = source("AUS", capacity=demand - missing, kind=SourceKind.DOMESTIC)
    rule = TradeRule("home", ShareFloor(SourceKind.DOMESTIC, 1.0))
    stated = problem((mine,), materials=(material(demand=(demand,)),), rules=(rule,))
    plan = refused(stated)
    assert conflict_of(plan) == {"rules[0].share_floor.min_share", "sources[0].capacity_tonnes[0]"}
    assert [one.field_path for one in plan.relaxations] == ["rules[0].share_floor.min_share"]
    assert optimize(relaxed(stated, plan.relaxations)).status is PlanStatus.OPTIMAL


def test_a_hair_beside_a_great_gap_is_named_as_well() -> None:
    """Nickel misses 50 t of its closing stock, cobalt 0.05 t of a million: without both giving way there is no plan."""
    home = TradeRule("home", ShareFloor(SourceKind.DOMESTIC, 1.0), material_ids=("cobalt",))
    few = TradeRule("few", Quota(50.0), material_ids=("nickel",))
    mine = source("AUS", capacity=1e6 - 0.05, kind=SourceKind.DOMESTIC)
    nickel = replace(closing(100.0)[0], material_id="nickel")
    materials = (material(demand=(1e6,)), nickel)
    stated = problem((mine, source("CHN", material_id="nickel")), materials=materials, rules=(home, few))
    plan = refused(stated)
    assert {one.material_id for one in plan.relaxations} == {"cobalt", "nickel"}
    assert optimize(relaxed(stated, plan.relaxations)).status is PlanStatus.OPTIMAL


@pytest.mark.parametrize("tonnes", [123_456.0004, 100_000.0001, 30.0])
def test_the_value_of_a_field_is_rounded_to_the_side_that_makes_a_plan_possible(tonnes: float) -> None:
    """0.0004 t are far below the sixth digit, and more than the solver forgives."""
    stored = closing(tonnes)[0]
    assert stored.stock is not None
    policy = replace(stored.stock, capacity_tonnes=2e5, closing_shortfall_usd_per_tonne=9_000.0)
    rules = (TradeRule("few", Quota(10.0)),)
    sources = (source("COD", capacity=3e5),)
    stated = problem(sources, materials=(replace(stored, stock=policy),), rules=rules)
    plan = refused(stated)
    (relaxation,) = plan.relaxations
    assert relaxation.field_path == "rules[0].quota.max_tonnes"
    assert relaxation.field_value is not None
    assert tonnes <= relaxation.field_value <= tonnes * (1 + 1e-5)
    assert optimize(relaxed(stated, plan.relaxations)).status is PlanStatus.OPTIMAL


def test_a_capacity_that_a_disruption_leaves_little_of_takes_part_in_a_conflict_of_whole_contracts() -> None:
    """A hundredth of 5 t arrives: the closing stock needs a capacity of 1,000 t, many times all that is used."""
    squeezed = Scenario("squeeze", 1.0, 0, 0, (Disruption(availability=0.01),))
    policy = stock(capacity_tonnes=20.0, closing_tonnes=10.0, closing_is_hard=True)
    materials = (material(demand=(10.0,), stock=policy),)
    stated = problem((source("COD", capacity=5.0, min_order_tonnes=1.0),), materials=materials, scenarios=(squeezed,))
    plan = refused(stated)
    assert conflict_of(plan) == {"materials[0].stock.closing_tonnes", "sources[0].capacity_tonnes[0]"}
    enough = replace(stated, sources=(source("COD", capacity=5_000.0, min_order_tonnes=1.0),))
    assert optimize(enough).status is PlanStatus.OPTIMAL


def test_an_embargo_on_a_whole_contract_takes_part_in_a_conflict() -> None:
    """Where nothing may be ordered, the row that ties the quantity to the yes has no entry for it."""
    rules = (TradeRule("ban", Embargo(), countries=("COD",)),)
    stated = problem((source("COD", min_order_tonnes=1.0),), materials=closing(10.0), rules=rules)
    plan = refused(stated)
    assert conflict_of(plan) == {"rules[0].embargo", "materials[0].stock.closing_tonnes"}
