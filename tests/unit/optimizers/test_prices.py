"""Reported values against what re-solving says: a value lies between the left and the right derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lodestock_optimizers.plan import Plan
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    Budget,
    Deposit,
    Disruption,
    Embargo,
    PerPeriod,
    Quota,
    Scenario,
    ShareCap,
    ShareDenominator,
    ShareFloor,
    SignedContract,
    SourceKind,
    SourcingProblem,
    TradeRule,
    by_period,
)
from tests.unit.optimizers.problems import material, problem, source, stock, stop

STEP = 1e-4
PERIODS = 4

Change = Callable[[SourcingProblem, float], SourcingProblem]


def everything() -> SourcingProblem:
    """A problem in which every kind of limit binds somewhere, with states of the world and uneven prices."""
    return problem(
        (
            source("COD", spot_capacity_tonnes=(30.0,), spot_premium=0.3, lead_periods=1, capacity=90.0, risk=0.5),
            source("AUS", price=31.0, capacity=60.0, lead_periods=1, risk=0.1),
            source("CHL", price=47.0, capacity=55.0, take_or_pay=0.4, reservation_fee_usd_per_tonne=1.7),
        ),
        periods=PERIODS,
        materials=(
            material(
                stock=stock(
                    17.0,
                    floor_days=60.0,
                    holding_usd_per_tonne_year=2.0,
                    floor_shortfall_usd_per_tonne_year=300.0,
                    closing_tonnes=11.0,
                    closing_shortfall_usd_per_tonne=400.0,
                    capacity_tonnes=41.0,
                )
            ),
        ),
        deposits=(Deposit("mine", ("COD",), 210.0),),
        rules=(
            TradeRule("quota", Quota(101.0), countries=("COD", "AUS"), periods=(1,)),
            TradeRule("cap", ShareCap(0.55, ShareDenominator.SUPPLY), countries=("COD",), periods=(2,)),
        ),
        budget=Budget((3_300.0,)),
        scenarios=(stop("a", 0.2, 1, 1), stop("b", 0.1, 2)),
        price_of_risk=1.0,
        discount_rate=0.03,
    )


def nudged(values: PerPeriod, period: int, step: float) -> PerPeriod:
    spread = list(by_period(values, PERIODS))
    spread[period] += step
    return tuple(spread)


def weight(plan: Plan, node_id: int, stated: SourcingProblem) -> float:
    node = plan.nodes[node_id]
    return node.probability * (1 + stated.discount_rate) ** -node.period


def cost(stated: SourcingProblem) -> float:
    plan = optimize(stated)
    assert plan.costs is not None
    return plan.costs.objective_usd


def assert_between_derivatives(stated: SourcingProblem, change: Change, claimed: float, step: float = STEP) -> None:
    base = cost(stated)
    right = (cost(change(stated, step)) - base) / step
    left = (base - cost(change(stated, -step))) / step
    slack = 1e-4 * (1 + abs(claimed))
    assert min(left, right) - slack <= claimed <= max(left, right) + slack


def known(price: float | None) -> float:
    """A price of an optimum, which has them all."""
    assert price is not None
    return price


@pytest.mark.parametrize("l", [0, 1, 2])
@pytest.mark.parametrize("period", range(PERIODS))
def test_the_worth_of_capacity_is_what_a_tonne_more_saves(l: int, period: int) -> None:
    stated = everything()
    plan = optimize(stated)
    name = stated.sources[l].source_id
    worth = sum(
        known(c.capacity_value_usd_per_tonne) * sum(weight(plan, n, stated) for n in c.node_ids)
        for c in plan.contracts
        if (c.source_id, c.period) == (name, period)
    )

    def change(stated: SourcingProblem, step: float) -> SourcingProblem:
        sources = list(stated.sources)
        sources[l] = replace(sources[l], capacity_tonnes=nudged(sources[l].capacity_tonnes, period, step))
        return replace(stated, sources=tuple(sources))

    assert_between_derivatives(stated, change, -worth)


@pytest.mark.parametrize("period", range(PERIODS))
def test_the_marginal_value_is_what_a_tonne_more_of_demand_costs(period: int) -> None:
    # Without a floor, which demand would move too.
    bare = replace(everything(), materials=(material(stock=stock(17.0, capacity_tonnes=41.0)),))
    plan = optimize(bare)
    value = sum(
        known(b.marginal_value_usd_per_tonne) * weight(plan, b.node_id, bare)
        for b in plan.balances
        if plan.nodes[b.node_id].period == period
    )

    def change(stated: SourcingProblem, step: float) -> SourcingProblem:
        (tier,) = stated.materials[0].demand
        moved = replace(tier, demand_tonnes=nudged(tier.demand_tonnes, period, step))
        return replace(stated, materials=(replace(stated.materials[0], demand=(moved,)),))

    assert_between_derivatives(bare, change, value)


def test_the_worth_of_reserves_quota_closing_stock_and_storage() -> None:
    stated = everything()
    plan = optimize(stated)
    families = {rule.family for rule in plan.binding_rules}
    assert families >= {"reserves", "quota", "stock_floor", "budget", "closing_stock"}

    def total(family: str) -> float:
        rules = [rule for rule in plan.binding_rules if rule.family == family]
        if family == "reserves":
            return sum(rule.value_per_unit_usd * plan.nodes[rule.node_id].probability for rule in rules)
        return sum(rule.value_per_unit_usd * weight(plan, rule.node_id, stated) for rule in rules)

    def reserves(stated: SourcingProblem, step: float) -> SourcingProblem:
        (deposit,) = stated.deposits
        return replace(stated, deposits=(replace(deposit, reserves_tonnes=deposit.reserves_tonnes + step),))

    def quota(stated: SourcingProblem, step: float) -> SourcingProblem:
        return replace(stated, rules=(replace(stated.rules[0], rule=Quota(101.0 + step)), stated.rules[1]))

    def closing(stated: SourcingProblem, step: float) -> SourcingProblem:
        (only,) = stated.materials
        assert only.stock is not None
        return replace(stated, materials=(replace(only, stock=replace(only.stock, closing_tonnes=11.0 + step)),))

    def budget(stated: SourcingProblem, step: float) -> SourcingProblem:
        return replace(stated, budget=Budget((3_300.0 + step,)))

    assert_between_derivatives(stated, reserves, -total("reserves"))
    assert_between_derivatives(stated, quota, -total("quota"))
    assert_between_derivatives(stated, closing, total("closing_stock"))
    assert_between_derivatives(stated, budget, -total("budget"), step=1e-2)


def test_a_source_is_bought_just_below_its_break_even_price_and_not_above() -> None:
    stated = problem((source("COD", capacity=60.0), source("AUS", price=20.0), source("CHL", price=33.0, risk=0.2)))
    stated = replace(stated, price_of_risk=1.0)
    (unbought,) = [c for c in optimize(stated).contracts if c.source_id == "CHL"]
    assert unbought.break_even_price_usd_per_tonne == pytest.approx(20 / 1.2)
    for price, tonnes in ((20 / 1.2 - 0.01, 40.0), (20 / 1.2 + 0.01, 0.0)):
        sources = (*stated.sources[:2], replace(stated.sources[2], unit_price_usd_per_tonne=(price,)))
        (offered,) = [c for c in optimize(replace(stated, sources=sources)).contracts if c.source_id == "CHL"]
        assert offered.contracted_tonnes == pytest.approx(tonnes)


@pytest.mark.parametrize("rule", [Embargo(), Quota(0.0), ShareCap(0.0)])
def test_what_is_not_allowed_has_no_break_even_price(rule: Embargo | Quota | ShareCap) -> None:
    stated = problem(
        (source("COD", spot_capacity_tonnes=(50.0,)), source("AUS", price=20.0)),
        rules=(TradeRule("bar", rule, countries=("COD",)),),
    )
    plan = optimize(stated)
    (barred,) = [c for c in plan.contracts if c.source_id == "COD"]
    assert barred.break_even_price_usd_per_tonne is None
    assert not [r for r in plan.binding_rules if r.family == "spot_capacity"]


NOTHING_DELIVERED: dict[str, SourcingProblem] = {
    "capacity of the period": problem((source("COD", 50.0, capacity_tonnes=(0.0, 10.0)), source("AUS")), periods=2),
    "reserves": problem((source("COD", 50.0), source("AUS")), deposits=(Deposit("mine", ("COD",), 0.0),)),
    "reserves that the book uses up": problem(
        (source("COD", 50.0), source("AUS", lead_periods=1)),
        deposits=(Deposit("mine", ("COD", "AUS"), 60.0),),
        book=(SignedContract("AUS", 0, 60.0),),
    ),
    "budget": problem((source("COD", 50.0), source("AUS")), budget=Budget((0.0,))),
    "share floor that nobody serves": problem(
        (source("COD", 50.0), source("AUS", capacity=0.0, kind=SourceKind.DOMESTIC)),
        rules=(TradeRule("at home", ShareFloor(SourceKind.DOMESTIC, 0.1, ShareDenominator.SUPPLY)),),
    ),
}


@pytest.mark.parametrize("barrier", NOTHING_DELIVERED)
def test_what_no_price_would_bring_has_no_break_even_price(barrier: str) -> None:
    plan = optimize(NOTHING_DELIVERED[barrier])
    first = next(c for c in plan.contracts if (c.source_id, c.period) == ("COD", 0))
    assert first.contracted_tonnes == 0.0
    assert first.break_even_price_usd_per_tonne is None


def test_a_contract_that_only_some_nodes_bar_has_a_break_even_price() -> None:
    # A quota of 0 binds in calm times alone; where nothing must be taken, the contract serves the crisis of AUS.
    stated = problem(
        (source("COD", 2_000.0, take_or_pay=0.0, reservation_fee_usd_per_tonne=1.0, lead_periods=1), source("AUS")),
        rules=(TradeRule("calm", Quota(0.0), countries=("COD",)),),
        scenarios=(stop("crisis", 0.1, 0, country="AUS"),),
    )
    (cod,) = [c for c in optimize(stated).contracts if c.source_id == "COD"]
    # 100 t short at 1,000 USD/t in one case of ten, for a fee of 1 in all ten.
    assert cod.break_even_price_usd_per_tonne == pytest.approx(1_000 - 1 / 0.1)


def test_a_contract_is_told_however_large_the_capacity() -> None:
    plan = optimize(problem((source("COD", capacity=1e12),)))
    assert plan.contracts[0].contracted_tonnes == pytest.approx(100.0)
    assert plan.contracts[0].break_even_price_usd_per_tonne is None


def test_the_worth_of_spot_capacity_is_by_the_tonne_that_the_caller_states() -> None:
    # Half is available; spot prices have halved, the contract's are fixed: a tonne stated is half a tonne at 5.
    glut = Scenario("glut", 1.0, 0, disruptions=(Disruption(availability=0.5, price_factor=0.5),))
    offer = source("COD", capacity=400.0, spot_capacity_tonnes=(20.0,), fixed_price=True)
    plan = optimize(problem((offer,), scenarios=(glut,)))
    (spot,) = [rule for rule in plan.binding_rules if rule.family == "spot_capacity"]
    assert spot.value_per_unit_usd == pytest.approx(0.5 * (10 - 5))
    assert spot.limit == pytest.approx(10.0)
