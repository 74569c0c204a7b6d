"""What rules cost, on problems whose optimum can be worked by hand."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import Budget, ShareCap, ShareFloor, SourceKind, SourcingProblem, TradeRule
from lodestock_optimizers.questions.rule_groups import RuleFamily, RulePrices
from lodestock_optimizers.questions.rule_prices import price_rules, without
from lodestock_optimizers.watch import Timekeeper, Unwatched
from tests.unit.optimizers.problems import material, problem, source, stock


def priced(asked: SourcingProblem, limit_s: float | None = None) -> RulePrices:
    watcher = Unwatched()
    return price_rules(asked, Timekeeper(time.perf_counter, limit_s, watcher), watcher)


def cap(name: str, country: str, share: float) -> TradeRule:
    return TradeRule(name, ShareCap(share), ("cobalt",), (country,))


CHEAP_AND_DEAR = (source("COD", price=10.0), source("AUS", price=15.0))


def test_a_policy_costs_what_it_makes_dearer() -> None:
    """Forty tonnes of a hundred move to a supplier that costs 5 more; the second rule of the policy binds nothing."""
    rules = (cap("policy/cobalt", "COD", 0.6), cap("policy/other", "AUS", 0.9), cap("own", "COD", 0.8))
    found = priced(problem(CHEAP_AND_DEAR, rules=rules))
    assert found.costs is not None
    assert found.costs.objective_usd == pytest.approx(60 * 10 + 40 * 15)
    policy, own = found.prices
    assert (policy.group.family, policy.group.name) == (RuleFamily.TRADE_RULE, "policy")
    assert policy.group.rule_ids == ("policy/cobalt", "policy/other")
    # Without the policy the rule of 80 % is left, which moves twenty tonnes.
    assert policy.cost_usd == pytest.approx(20 * 5)
    assert own.cost_usd == pytest.approx(0.0)


def test_a_soft_floor_is_priced_and_what_is_not_kept_of_it_is_told() -> None:
    """A floor of half a year asks for 50 t; a tonne below it costs 4 a year, holding one 1."""
    policy = stock(floor_days=182.5, floor_shortfall_usd_per_tonne_year=4.0, holding_usd_per_tonne_year=1.0)
    policy = replace(policy, closing_tonnes=0.0)
    asked = problem((source("COD"),), periods=2, materials=(material(stock=policy),))
    found = priced(asked)
    (floor,) = found.prices
    assert floor.group.family is RuleFamily.STOCK_FLOOR
    assert floor.group.material_ids == ("cobalt",)
    # Held at the end of the first year for 1 and used up in the second, at the end of which it is missing for 4.
    assert floor.cost_usd == pytest.approx(50 * (1 + 4))
    assert floor.below_floor_tonnes == pytest.approx(25.0)


def test_the_default_closing_stock_stays_when_the_floor_goes() -> None:
    asked = problem((source("COD"),), materials=(material(stock=stock(floor_days=36.5, closing_tonnes=None)),))
    group = priced(asked).prices[0].group
    left = without(asked, group).materials[0].stock
    assert left is not None
    assert left.floor_days == 0
    assert left.closing_tonnes == pytest.approx(10.0)


def test_where_rules_leave_no_plan_it_is_said_without_which_there_is_one() -> None:
    rules = (TradeRule("home", ShareFloor(SourceKind.DOMESTIC, 0.5)), cap("cap", "COD", 0.9))
    found = priced(problem(CHEAP_AND_DEAR, rules=rules))
    assert (found.status, found.costs) == (PlanStatus.INFEASIBLE, None)
    assert [(price.group.name, price.status) for price in found.prices] == [
        ("home", PlanStatus.OPTIMAL),
        ("cap", PlanStatus.INFEASIBLE),
    ]
    assert all(price.cost_usd is None for price in found.prices)


def test_a_budget_costs_the_shortage_that_it_makes() -> None:
    """Half the money buys half the tonnes; each of the others is missed at 1,000 and would have cost 10."""
    found = priced(problem((source("COD"),), budget=Budget((500.0,))))
    (budget,) = found.prices
    assert budget.group.family is RuleFamily.BUDGET
    assert budget.cost_usd == pytest.approx(50 * (1_000 - 10))


def test_no_rules_and_no_time() -> None:
    assert priced(problem(CHEAP_AND_DEAR)).prices == ()
    late = priced(problem(CHEAP_AND_DEAR, rules=(cap("cap", "COD", 0.6),)), limit_s=0.0)
    assert all(price.cost_usd is None for price in late.prices)
