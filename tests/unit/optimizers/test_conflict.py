"""Why there is no plan: conflicts and relaxations worked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    Budget,
    Embargo,
    Material,
    Quota,
    ShareCap,
    ShareFloor,
    SignedContract,
    SourceKind,
    SourcingProblem,
    TradeRule,
)
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
