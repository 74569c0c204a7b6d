"""Numbers at the limits of validation reach the solver; those beyond are refused, and none makes the checks fail."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    Budget,
    DemandFactor,
    DemandTier,
    Disruption,
    Footprint,
    FootprintPolicy,
    MaterialState,
    Period,
    Scenario,
    SignedContract,
    SourcingProblem,
    StateValue,
    StockPolicy,
    Substitution,
    TierDemand,
)
from lodestock_optimizers.validation import validate
from lodestock_optimizers.validation_footprints import MOST_PER_TONNE
from lodestock_optimizers.violations import (
    LEAST_PERIOD_YEARS,
    MOST,
    MOST_DISCOUNT_WEIGHT,
    MOST_FACTOR,
    MOST_FLOOR_DAYS,
    MOST_PRICE_OF_RISK,
    MOST_TAIL_WEIGHT,
    MOST_USD,
)
from tests.unit.optimizers.problems import material, problem, source

EXTREME = MaterialState.EXTREME
BROKEN = (math.nan, math.inf, -math.inf, 1.7e308, -1.7e308, -1.0, 0.0, 5e-324, 1.5)


def greatest() -> SourcingProblem:
    """Every number at its limit: tonnes, costs, budget, and what risk and time weigh."""
    policy = StockPolicy(
        opening_tonnes=MOST,
        closing_tonnes=MOST,
        floor_days=MOST_FLOOR_DAYS,
        holding_usd_per_tonne_year=MOST,
        disposal_usd_per_tonne=MOST,
    )
    tier = TierDemand(DemandTier.ESSENTIAL, (MOST,), MOST)
    surge = Scenario("s", 0.5, 0, demand_factors=(DemandFactor(MOST_FACTOR),))
    return problem(
        (source("COD", price=MOST, capacity=MOST, risk=1.0, spot_capacity_tonnes=(MOST,)), source("AUS")),
        materials=(replace(material(stock=policy), demand=(tier,)),),
        periods=4,
        scenarios=(surge,),
        budget=Budget((MOST_USD,)),
        price_of_risk=MOST_PRICE_OF_RISK,
        discount_rate=MOST_DISCOUNT_WEIGHT ** (-1 / 3) - 1 + 1e-9,
    )


def briefest() -> SourcingProblem:
    """The same with periods as short as may be, over which what is reckoned by the year is spread."""
    stated = greatest()
    return replace(stated, periods=tuple(replace(p, length_years=LEAST_PERIOD_YEARS) for p in stated.periods))


def with_a_tail(stated: SourcingProblem) -> SourcingProblem:
    """The same with as much weight on as small a tail as may be."""
    return replace(stated, tail_weight=MOST_TAIL_WEIGHT, tail_level=1 - 1e-12)


def as_a_whole(stated: SourcingProblem) -> SourcingProblem:
    """The same where contracts bring the greatest fixed cost, and are of all or nothing."""
    sources = (replace(s, fixed_cost_usd=MOST, min_order_tonnes=s.capacity_tonnes[0]) for s in stated.sources)
    return replace(stated, sources=tuple(sources), budget=None)


def burdened(stated: SourcingProblem, ratio: float) -> SourcingProblem:
    """The same with the greatest footprints, prices, caps and entries of the book, and a substitute of any ratio."""
    leaving = (Footprint("co2e_tonnes", MOST_PER_TONNE), Footprint("water_m3", 1 / MOST_PER_TONNE))
    cod = replace(stated.sources[0], footprints=leaving, lead_periods=1)
    nickel = replace(stated.materials[0], material_id="nickel")
    return replace(
        stated,
        materials=(*stated.materials, nickel),
        sources=(cod, *stated.sources[1:]),
        substitutions=(Substitution("j", "nickel", "cobalt", DemandTier.ESSENTIAL, ratio, MOST),),
        footprint_policies=(
            FootprintPolicy("co2e_tonnes", MOST / MOST_PER_TONNE / 2, (MOST_USD,)),
            FootprintPolicy("water_m3", MOST / 2, (MOST_USD,)),
        ),
        book=(SignedContract("COD", 0, 1.0),),
        budget=None,
    )


@pytest.mark.parametrize(
    "stated",
    [
        greatest(),
        briefest(),
        burdened(greatest(), MOST_FACTOR),
        burdened(briefest(), 1 / MOST_FACTOR),
        with_a_tail(greatest()),
        with_a_tail(briefest()),
        as_a_whole(greatest()),
        as_a_whole(briefest()),
    ],
)
def test_the_solver_takes_numbers_at_their_limits(stated: SourcingProblem) -> None:
    """It ends in one of the ways that a plan can end; how good the answer is, the plan's own check says."""
    assert validate(stated) == []
    assert optimize(stated, time_limit_s=5.0).status


@pytest.mark.parametrize("budget_usd", [1.0, MOST, MOST_USD])
def test_why_there_is_no_plan_is_told_at_the_limits_too(budget_usd: float) -> None:
    """A book that costs 1e24 USD against a budget, and stocks that must be: numbers that only other units reconcile."""
    stated = replace(greatest(), budget=Budget((budget_usd,)), book=(SignedContract("COD", 0, MOST),))
    policy = replace(
        stated.materials[0].stock or StockPolicy(), opening_tonnes=0.0, floor_is_hard=True, closing_is_hard=True
    )
    stated = replace(
        stated,
        materials=(replace(stated.materials[0], stock=policy),),
        sources=tuple(replace(s, lead_periods=1) for s in stated.sources),
    )
    plan = optimize(stated, time_limit_s=5.0)
    assert plan.status is PlanStatus.INFEASIBLE
    assert plan.relaxations
    assert plan.conflict


def test_factors_may_make_no_more_together_than_one_alone() -> None:
    """Two disruptions of the same source multiply; so does a tariff with a price."""
    twice = (Disruption(price_factor=MOST_FACTOR**0.6),) * 2
    stated = problem((source("COD"),), scenarios=(Scenario("s", 0.1, 0, disruptions=twice),))
    assert [v.field_path for v in validate(stated)] == ["scenarios[0].disruptions"]
    once = replace(stated, scenarios=(replace(stated.scenarios[0], disruptions=twice[:1]),))
    assert validate(once) == []
    dear = problem((source("COD", price=MOST / 10, tariff_rate=(10.0,)),))
    assert [v.field_path for v in validate(dear)] == ["sources[0].unit_price_usd_per_tonne"]


def test_demand_factors_multiply_where_they_meet() -> None:
    """At one material and period, not over the whole scenario."""
    big = MOST_FACTOR**0.6
    a, b = DemandFactor(big, ("cobalt",), (0,)), DemandFactor(big, ("cobalt",), (1,))
    everywhere, always, then = DemandFactor(big), DemandFactor(big, ("cobalt",)), DemandFactor(big, (), (1,))
    for factors, sound in (
        ((a, b), True),
        ((a, a), False),
        ((a, everywhere), False),
        ((a, always), False),
        ((a, then), True),
        ((b, then), False),
        ((always, then), False),
        ((DemandFactor(1 / big), everywhere), True),
    ):
        stated = problem((source("COD"),), periods=2, scenarios=(Scenario("s", 0.1, 0, demand_factors=factors),))
        assert [v.field_path for v in validate(stated)] == ([] if sound else ["scenarios[0].demand_factors"]), factors


def test_a_discount_rate_may_be_negative_but_not_run_away() -> None:
    """The shorter the horizon, the lower it may be."""
    for periods, rate, sound in ((2, -0.9, True), (10, -0.9, False), (10, -0.5, True), (600, -0.01, True)):
        stated = problem((source("COD"),), periods=periods, discount_rate=rate)
        assert ([v.field_path for v in validate(stated)] == []) is sound, (periods, rate)


@pytest.mark.parametrize("number", BROKEN)
@pytest.mark.parametrize("other", BROKEN)
def test_no_pair_of_broken_numbers_makes_the_checks_fail(number: float, other: float) -> None:
    """Sums, powers and products of what is broken are never reckoned to an exception."""
    policy = StockPolicy(number, capacity_tonnes=other, max_out_tonnes=number, loss_rate_per_year=other)
    hit = Disruption(availability=number, price_factor=other)
    more = DemandFactor(number)
    stated = SourcingProblem(
        periods=(Period("a", number), Period("b", other), Period("c")),
        materials=(material(demand=(number, other), stock=policy),),
        sources=(
            source(
                "COD",
                price=number,
                capacity=other,
                tariff_rate=(other,),
                spot_premium=number,
                footprints=(Footprint("co2e_tonnes", other), Footprint("co2e_tonnes", number)),
            ),
            source("AUS", capacity=number, fixed_cost_usd=other, min_order_tonnes=other),
        ),
        scenarios=tuple(Scenario(name, number, 0, disruptions=(hit, hit), demand_factors=(more,)) for name in "ab"),
        price_of_risk=number,
        discount_rate=other,
        tail_weight=number,
        tail_level=other,
        substitutions=(
            Substitution("j", "cobalt", "nickel", DemandTier.ESSENTIAL, number, other, number),
            Substitution("k", "nickel", "cobalt", DemandTier.ESSENTIAL, other, number, other),
        ),
        book=(SignedContract("COD", 0, number), SignedContract("COD", 0, other), SignedContract("AUS", 9, number)),
        footprint_policies=(
            FootprintPolicy("co2e_tonnes", number, (other,), max_units_by_state=(StateValue(EXTREME, number),)),
        ),
    )
    assert validate(stated)
