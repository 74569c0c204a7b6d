"""Problems at the edge of what can be asked: the right answer, or a refusal that says why, and never a wrong answer."""

from __future__ import annotations

import dataclasses
import math
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    Budget,
    DemandFactor,
    DemandTier,
    Disruption,
    Expansion,
    Feed,
    Footprint,
    FootprintPolicy,
    Period,
    Scenario,
    ShareCap,
    SourcingProblem,
    Substitution,
    TierDemand,
    TradeRule,
)
from lodestock_optimizers.scenarios.given_scenarios import reduce_scenarios
from lodestock_optimizers.validation import validate
from tests.oracle.agreement import disagreement
from tests.oracle.model import solve
from tests.unit.optimizers.problems import material, problem, source, stock, stop, worked_toy

ROOT = Path(__file__).resolve().parents[3]
MONTH = 1 / 12


def costs_of(plan: Plan) -> Any:
    """The costs of a plan that is of least cost and confirmed."""
    assert plan.status is PlanStatus.OPTIMAL, plan.solver.solver_status
    assert plan.check is not None
    assert plan.check.passed
    return plan.costs


# Coefficients from 1e-6 to 1e12


def wide(seed: int, share_of_spending: float | None) -> SourcingProblem:
    """Four materials from three sources each, with prices, capacities, demands and shortage costs of any size."""
    generator = np.random.default_rng(seed)

    def size() -> float:
        return float(10 ** generator.uniform(-6, 12))

    materials = tuple(
        replace(material(f"{m}"), demand=(TierDemand(DemandTier.ESSENTIAL, (size(),), size()),)) for m in range(4)
    )
    sources = tuple(
        source(f"{m}/{s}", size(), size(), material_id=f"{m}", country="COD") for m in range(4) for s in range(3)
    )
    stated = problem(sources, 1, materials)
    if share_of_spending is None:
        return stated
    _, spending = exact_cost(stated)
    return replace(stated, budget=Budget((min(1e15, share_of_spending * float(spending)),)))


def exact_cost(stated: SourcingProblem) -> tuple[Fraction, Fraction]:
    """Least cost and its spending in exact fractions: what saves most for a dollar first, as far as the budget goes."""
    missing, worth = {}, {}
    for each in stated.materials:
        (tier,) = each.demand
        missing[each.material_id] = Fraction(tier.demand_tonnes[0])
        worth[each.material_id] = Fraction(tier.shortage_cost_usd_per_tonne or 0)
    cost = sum((missing[name] * worth[name] for name in missing), Fraction())
    spending, budget = Fraction(), None if stated.budget is None else Fraction(stated.budget.budget_usd[0])
    for offer in sorted(stated.sources, key=lambda s: -worth[s.material_id] / Fraction(s.unit_price_usd_per_tonne[0])):
        name, price = offer.material_id, Fraction(offer.unit_price_usd_per_tonne[0])
        if price < worth[name]:
            tonnes = min(missing[name], Fraction(offer.capacity_tonnes[0]))
            if budget is not None:
                tonnes = min(tonnes, (budget - spending) / price)
            missing[name] -= tonnes
            spending += price * tonnes
            cost -= (worth[name] - price) * tonnes
    return cost, spending


@pytest.mark.parametrize("seed", range(25))
def test_coefficients_of_any_size_are_reckoned_right(seed: int) -> None:
    """Each material apart, against fractions, to a millionth of the whole."""
    stated = wide(seed, None)
    assert validate(stated) == []
    assert costs_of(optimize(stated)).objective_usd == pytest.approx(float(exact_cost(stated)[0]), rel=1e-6)


@pytest.mark.parametrize("seed", range(25))
def test_coefficients_of_any_size_in_one_row_are_reckoned_right_or_not_at_all(seed: int) -> None:
    """A budget puts costs from 1e-6 to 1e12 into one row, which is beyond what a solver can always tell apart."""
    stated = wide(seed, 0.6)
    plan = optimize(stated, time_limit_s=20.0)
    if plan.status is PlanStatus.NO_PLAN_FOUND:
        assert plan.solver.solver_status
    else:
        assert costs_of(plan).objective_usd == pytest.approx(float(exact_cost(stated)[0]), rel=1e-6)


@pytest.mark.parametrize("seed", range(25))
def test_two_stages_and_what_is_built_are_reckoned_right_at_any_size(seed: int) -> None:
    """Metal of ore, in the plant that there is and in what is built of it at once, against fractions."""
    generator = np.random.default_rng(seed)

    def size(least: float, most: float) -> float:
        return float(10 ** generator.uniform(least, most))

    feed, demand, shortage = size(-4, 4), size(-6, 12), size(-2, 12)
    expansion = Expansion(size(-6, 12), size(-4, 10), 0, size(-4, 10), life_years=10.0)
    plant = source("USA", size(-4, 10), size(-6, 12), feed=Feed("ore", feed), expansion=expansion)
    mine = source("COD", size(-4, 8), size(3, 12), material_id="ore")
    metal = replace(material(), demand=(TierDemand(DemandTier.ESSENTIAL, (demand,), shortage),))
    plan = optimize(problem((plant, mine), 1, (metal, replace(material("ore"), demand=()))))

    tonne = Fraction(plant.unit_price_usd_per_tonne[0]) + Fraction(feed) * Fraction(mine.unit_price_usd_per_tonne[0])
    built = Fraction(expansion.capital_usd_per_tonne_year) / 10 + Fraction(expansion.fixed_usd_per_tonne_year)
    cost, left, ore = Fraction(), Fraction(demand), Fraction(mine.capacity_tonnes[0]) / Fraction(feed)
    for price, capacity in ((tonne, plant.capacity_tonnes[0]), (tonne + built, expansion.max_tonnes_per_year)):
        made = min(left, ore, Fraction(capacity)) if price < Fraction(shortage) else Fraction()
        cost, left, ore = cost + price * made, left - made, ore - made
    assert costs_of(plan).objective_usd == pytest.approx(float(cost + Fraction(shortage) * left), rel=1e-6)


# Nothing to have, nothing to want


def test_a_source_without_capacity_changes_nothing() -> None:
    """Nor do others like it, with all that a source can have."""
    stated = problem((source("COD", capacity=60.0), source("AUS", 20.0, 60.0)), 3, (material(stock=stock(10.0)),))
    barren = source(
        "CHL",
        price=1.0,
        capacity=0.0,
        spot_capacity_tonnes=(5.0,),
        take_or_pay=0.5,
        reservation_fee_usd_per_tonne=1.0,
        expansion=Expansion(0.0, 1.0, 0),
    )
    assert costs_of(optimize(replace(stated, sources=(*stated.sources, barren)))) == costs_of(optimize(stated))


@pytest.mark.parametrize("sources", [(), (source("COD", capacity=0.0),)], ids=["no source", "no capacity"])
def test_where_nothing_can_be_had_all_is_short(sources: tuple[Any, ...]) -> None:
    plan = optimize(problem(sources, 2))
    assert costs_of(plan).shortage_usd == pytest.approx(2 * 100 * 1_000)
    assert all(balance.days_of_cover == 0 for balance in plan.balances)


def test_where_nothing_is_wanted_nothing_is_bought() -> None:
    """No demand anywhere, with stock, rules, scenarios and a plant: every figure of the plan is a number."""
    mute = (material(demand=(0.0,), stock=stock(0.0, floor_days=30.0)), material("ore", demand=(0.0,)))
    stated = problem(
        (source("COD"), source("AUS", feed=Feed("ore", 2.0)), source("ore", material_id="ore", country="ZMB")),
        4,
        mute,
        rules=(TradeRule("cap", ShareCap(0.5), countries=("COD",)),),
        scenarios=(stop("stop", 0.3, 1, 2), Scenario("boom", 0.2, 1, demand_factors=(DemandFactor(3.0),))),
        budget=Budget((1.0,)),
    )
    plan = optimize(stated)
    assert costs_of(plan).objective_usd == 0
    assert not any(delivery.contract_tonnes or delivery.spot_tonnes for delivery in plan.deliveries)
    assert not plan.breaches
    for balance in plan.balances:
        assert all(math.isfinite(value) for value in dataclasses.astuple(balance) if isinstance(value, float)), balance
    for summary in plan.materials:
        assert (summary.supply_hhi, summary.supply_risk) == (0.0, 0.0)


# Probabilities of 0 and 1


def test_what_cannot_happen_changes_nothing_and_what_is_sure_is_all_there_is() -> None:
    """A certain scenario leaves no trunk; its plan costs what its data cost as the problem's own."""
    calm = worked_toy()
    never, surely = stop("never", 0.0, 1, 3), stop("sure", 1.0, 2, 3)
    assert costs_of(optimize(worked_toy(never))) == costs_of(optimize(calm))
    both = optimize(worked_toy(never, surely))
    assert [node.probability for node in both.nodes] == [1.0] * 5
    (cod,) = (s for s in calm.sources if s.country == "COD")
    without = replace(cod, capacity_tonnes=(200.0, 200.0, 0.0, 0.0, 200.0))
    known = replace(calm, sources=tuple(without if s is cod else s for s in calm.sources))
    assert costs_of(both).expected_cost_usd == pytest.approx(costs_of(optimize(known)).expected_cost_usd)


@pytest.mark.parametrize("probability", [1e-12, 1e-9, 1 - 1e-9, 1 - 1e-12])
def test_probabilities_next_to_0_and_1_are_reckoned_as_these(probability: float) -> None:
    """To a millionth; neither the trunk nor the scenario is lost but for what weighs nothing."""
    near = costs_of(optimize(worked_toy(stop("s", probability, 2, 3)))).objective_usd
    sharp = costs_of(optimize(worked_toy(stop("s", float(round(probability)), 2, 3)))).objective_usd
    assert near == pytest.approx(sharp, rel=1e-6)


# Many scenarios, one period, many periods


def test_ten_thousand_scenarios_reduced_are_planned_as_all_would_be() -> None:
    """Of one supplier a tenth to all is lost in one of five years, so that fifty say what ten thousand do."""
    ten_thousand = tuple(
        Scenario(f"{k}", 5e-5, k % 5, k % 5, (Disruption(("COD",), availability=(k // 5 % 10) / 10),))
        for k in range(10_000)
    )
    stated = worked_toy()
    reduced = reduce_scenarios(replace(stated, scenarios=ten_thousand), 50)
    assert (len(reduced.scenarios), reduced.given) == (50, 10_000)
    assert reduced.error_days == pytest.approx(0.0, abs=1e-3)
    fifty = tuple(replace(scenario, probability=0.01) for scenario in ten_thousand[:50])
    found, wanted = (optimize(replace(stated, scenarios=each)) for each in (reduced.scenarios, fifty))
    assert costs_of(found).objective_usd == pytest.approx(costs_of(wanted).objective_usd, rel=1e-9)


def test_one_period_with_everything_that_may_happen_in_it() -> None:
    """Signed before, so that a stop leaves what is in stock: 100 wanted, 30 there, 70 of them delivered or not."""
    stated = problem(
        (source("COD", lead_periods=1),), 1, (material(stock=stock(30.0)),), scenarios=(stop("stop", 0.25, 0, 0),)
    )
    plan = optimize(stated)
    assert costs_of(plan).expected_cost_usd == pytest.approx(0.75 * 70 * 10 + 0.25 * 70 * 1_000)
    assert len(plan.nodes) == 2


def monthly(scenarios: tuple[Scenario, ...]) -> SourcingProblem:
    """Twenty years in months: two suppliers, a stock with a floor, contracts signed a year ahead."""
    policy = stock(20.0, floor_days=60.0, floor_shortfall_usd_per_tonne_year=200.0, holding_usd_per_tonne_year=2.0)
    stated = problem(
        (source("COD", 10.0, 8.0, lead_periods=None), source("AUS", 14.0, 4.0, spot_capacity_tonnes=(2.0,))),
        materials=(material(demand=(9.0,), stock=policy),),
        periods=240,
        scenarios=scenarios,
        discount_rate=0.04,
    )
    return replace(stated, periods=tuple(Period(f"{t}", MONTH) for t in range(240)))


def test_240_months_with_scenarios_are_planned_as_the_oracle_says() -> None:
    stated = monthly((stop("early", 0.1, 30, 41), stop("late", 0.2, 150, 173), stop("AUS", 0.05, 200, country="AUS")))
    plan = optimize(stated)
    costs_of(plan)
    assert disagreement(plan, solve(stated)) == ""


def test_240_months_cost_what_they_cost_one_by_one() -> None:
    """Nothing to store and nothing signed ahead: every month is the same but for what it weighs."""
    stated = monthly(())
    bare = replace(
        stated,
        materials=(replace(stated.materials[0], stock=None),),
        sources=tuple(replace(s, lead_periods=0) for s in stated.sources),
    )
    months = math.fsum((8 * 10 + 1 * 14) * 1.04 ** (-t / 12) for t in range(240))
    assert costs_of(optimize(bare)).expected_cost_usd == pytest.approx(months)


# Ties everywhere


def tied() -> SourcingProblem:
    """Six suppliers alike, two materials alike, two crises alike: every mixture costs the same."""
    names = ("COD", "AUS", "CHL", "FIN", "ZMB", "CAN")
    return problem(
        tuple(
            source(f"{m}/{c}", capacity=40.0, material_id=m, country=c, spot_capacity_tonnes=(40.0,))
            for m in ("cobalt", "nickel")
            for c in names
        ),
        5,
        (material(stock=stock(10.0)), material("nickel", stock=stock(10.0))),
        scenarios=(stop("a", 0.1, 1, 2, country="COD"), stop("b", 0.1, 1, 2, country="AUS")),
        substitutions=(Substitution("j", "nickel", "cobalt", DemandTier.ESSENTIAL, 1.0),),
    )


def test_ties_are_broken_the_same_way_each_time() -> None:
    """The same answer to the last digit; in whatever order the sources come, the same cost."""
    plans = [replace(plan, solver=None) for plan in (optimize(tied()) for _ in range(3))]  # type: ignore[arg-type]
    assert plans[0] == plans[1] == plans[2]
    turned = optimize(replace(tied(), sources=tied().sources[::-1], scenarios=tied().scenarios[::-1]))
    assert costs_of(turned).objective_usd == pytest.approx(2 * 10.0 * (5 * 100 - 10))
    assert plans[0].costs is not None
    assert plans[0].costs.objective_usd == pytest.approx(costs_of(turned).objective_usd)


def test_ties_are_broken_the_same_way_in_every_process() -> None:
    """Whatever Python's hashes of names are there."""
    here, elsewhere = (
        optimize(tied()),
        "from tests.unit.optimizers.test_extremes import *; print(amounts(optimize(tied())))",
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    line = [sys.executable, "-c", elsewhere]
    told = subprocess.run(line, env=environment, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.strip() == str(amounts(here))


def amounts(plan: Plan) -> list[tuple[str, int, float, float]]:
    """What is delivered by whom."""
    return [(d.source_id, d.node_id, d.contract_tonnes, d.spot_tonnes) for d in plan.deliveries]


# What would have no least cost


def negative_fields() -> dict[str, SourcingProblem]:
    """A problem for each field that a number below 0 would make a plan earn with: by the path of the field."""
    sound = problem((source("COD", lead_periods=1),), 2, (material(stock=stock(10.0)), material("nickel")))
    (offer,), cobalt = sound.sources, sound.materials[0]
    assert cobalt.stock is not None

    def of_source(**changes: Any) -> SourcingProblem:
        return replace(sound, sources=(replace(offer, **changes),))

    def of_stock(**changes: Any) -> SourcingProblem:
        held = replace(cobalt, stock=replace(stock(10.0), **changes))
        return replace(sound, materials=(held, sound.materials[1]))

    swap = Substitution("j", "cobalt", "nickel", DemandTier.ESSENTIAL, 1.0, -1.0)
    short = replace(cobalt, demand=(replace(cobalt.demand[0], shortage_cost_usd_per_tonne=-1.0),))
    demanded = replace(cobalt, demand=(replace(cobalt.demand[0], demand_tonnes=(-1.0,)),))
    return {
        "sources[0].unit_price_usd_per_tonne[0]": of_source(unit_price_usd_per_tonne=(-1.0,)),
        "sources[0].freight_usd_per_tonne": of_source(freight_usd_per_tonne=-1.0),
        "sources[0].tariff_rate[0]": of_source(tariff_rate=(-2.0,)),
        "sources[0].spot_premium": of_source(spot_premium=-2.0, spot_capacity_tonnes=(1.0,)),
        "sources[0].reservation_fee_usd_per_tonne": of_source(reservation_fee_usd_per_tonne=-1.0),
        "sources[0].fixed_cost_usd": of_source(fixed_cost_usd=-1.0),
        "sources[0].risk": of_source(risk=-1.0),
        "sources[0].capacity_tonnes[0]": of_source(capacity_tonnes=(-1.0,)),
        "sources[0].footprints[0].per_tonne": of_source(footprints=(Footprint("co2e_tonnes", -1.0),)),
        "sources[0].feed.tonnes_per_tonne": of_source(feed=Feed("nickel", -1.0)),
        "sources[0].expansion.capital_usd_per_tonne_year": of_source(expansion=Expansion(1.0, -1.0, 0)),
        "sources[0].expansion.fixed_usd_per_tonne_year": of_source(expansion=Expansion(1.0, 1.0, 0, -2.0)),
        "sources[0].expansion.max_tonnes_per_year": of_source(expansion=Expansion(-1.0, 1.0, 0)),
        "sources[0].expansion.life_years": of_source(expansion=Expansion(1.0, 1.0, 0, 0.0, 0.0)),
        "materials[0].demand[0].shortage_cost_usd_per_tonne": replace(sound, materials=(short, sound.materials[1])),
        "materials[0].demand[0].demand_tonnes[0]": replace(sound, materials=(demanded, sound.materials[1])),
        "materials[0].stock.holding_usd_per_tonne_year": of_stock(holding_usd_per_tonne_year=-1.0),
        "materials[0].stock.disposal_usd_per_tonne": of_stock(disposal_usd_per_tonne=-1.0),
        "materials[0].stock.closing_shortfall_usd_per_tonne": of_stock(closing_shortfall_usd_per_tonne=-1.0),
        "materials[0].stock.floor_shortfall_usd_per_tonne_year": of_stock(floor_shortfall_usd_per_tonne_year=-1.0),
        "materials[0].stock.loss_rate_per_year": of_stock(loss_rate_per_year=-1.0),
        "substitutions[0].cost_usd_per_tonne": replace(sound, substitutions=(swap,)),
        "footprint_policies[0].price_usd_per_unit": replace(sound, footprint_policies=(FootprintPolicy("x", -1.0),)),
        "price_of_risk": replace(sound, price_of_risk=-1.0),
        "tail_weight": replace(sound, tail_weight=1.0),
    }


@pytest.mark.parametrize(("path", "stated"), negative_fields().items(), ids=negative_fields())
def test_what_would_have_no_least_cost_is_refused_by_its_field(path: str, stated: SourcingProblem) -> None:
    assert path in [violation.field_path for violation in validate(stated)]
