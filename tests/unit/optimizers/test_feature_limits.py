"""What limits of substitutions, footprints and the book are worth, against what re-solving says, on a scenario tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lodestock_optimizers.plan import Plan
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    DemandTier,
    Footprint,
    FootprintPolicy,
    SignedContract,
    SourcingProblem,
    Substitution,
)
from tests.oracle.planted import base
from tests.unit.optimizers.test_prices import assert_between_derivatives

Change = Callable[[SourcingProblem, float], SourcingProblem]
CO2 = "co2e_tonnes"


def stated() -> SourcingProblem:
    """Two metals, a crisis and a boom; nickel may stand in, CO₂ is short, and AUS has sold too much."""
    problem = base()
    units = {"cobalt/COD": 5.0, "cobalt/AUS": 1.0, "nickel/IDN": 3.0}
    sources = tuple(replace(s, footprints=(Footprint(CO2, units.get(s.source_id, 0.5)),)) for s in problem.sources)
    dear_aus = {s.source_id: s for s in sources}["cobalt/AUS"]
    return replace(
        problem,
        sources=tuple(replace(s, unit_price_usd_per_tonne=(900.0,)) if s is dear_aus else s for s in sources),
        substitutions=(Substitution("Ni for Co", "cobalt", "nickel", DemandTier.GENERAL, 1.5, 40.0, 0.1),),
        book=(SignedContract("cobalt/AUS", 1, 3.0),),
        footprint_policies=(FootprintPolicy(CO2, 2.0, (110.0,)),),
    )


def weight(plan: Plan, node: int) -> float:
    problem, here = stated(), plan.nodes[node]
    years = sum(period.length_years for period in problem.periods[: here.period])
    return here.probability * float((1 + problem.discount_rate) ** -years)


def cap(problem: SourcingProblem, step: float) -> SourcingProblem:
    return replace(problem, footprint_policies=(FootprintPolicy(CO2, 2.0, (110.0 + step,)),))


def share(problem: SourcingProblem, step: float) -> SourcingProblem:
    return replace(problem, substitutions=(replace(problem.substitutions[0], max_share=0.1 + step),))


def booked(problem: SourcingProblem, step: float) -> SourcingProblem:
    return replace(problem, book=(SignedContract("cobalt/AUS", 1, 3.0 + step),))


def worth(plan: Plan, family: str) -> float:
    """What a unit more of the field that the limits of a family come from adds to the least cost."""
    total = 0.0
    for rule in (rule for rule in plan.binding_rules if rule.family == family):
        if family == "book":
            (contract,) = (c for c in plan.contracts if c.from_book)
            total += rule.value_per_unit_usd * sum(weight(plan, n) for n in contract.node_ids)
        else:
            tonnes_per_share = rule.limit / 0.1 if family == "substitution" else 1.0
            total -= rule.value_per_unit_usd * tonnes_per_share * weight(plan, rule.node_id)
    return total


@pytest.mark.parametrize(("family", "change"), [("footprint_cap", cap), ("substitution", share), ("book", booked)])
def test_the_worth_of_a_limit_is_what_a_unit_more_changes(family: str, change: Change) -> None:
    plan = optimize(stated())
    claimed = worth(plan, family)
    assert abs(claimed) > 1.0
    assert_between_derivatives(stated(), change, claimed, step=1e-5)


def test_a_unit_costs_the_same_whoever_pays_for_it() -> None:
    """A price of footprints is what it would be to raise the unit price of each source by what a tonne leaves."""
    cobalt, nickel = stated().materials
    assert cobalt.stock is not None
    # By default it depends on the dearest landed cost.
    stock = replace(cobalt.stock, closing_shortfall_usd_per_tonne=300.0)
    plain = replace(stated(), footprint_policies=(), price_of_risk=0.0, book=(), substitutions=())
    plain = replace(plain, materials=(replace(cobalt, stock=stock), nickel))
    priced = replace(plain, footprint_policies=(FootprintPolicy(CO2, 7.0),))
    bare = [replace(s, tariff_rate=(0.0,), fixed_price=True, spot_capacity_tonnes=()) for s in plain.sources]
    dearer = [
        replace(
            s, unit_price_usd_per_tonne=tuple(p + 7.0 * s.footprints[0].per_tonne for p in s.unit_price_usd_per_tonne)
        )
        for s in bare
    ]
    costs = [
        optimize(problem).costs
        for problem in (replace(priced, sources=tuple(bare)), replace(plain, sources=tuple(dearer)))
    ]
    assert costs[0] is not None
    assert costs[1] is not None
    assert costs[0].objective_usd == pytest.approx(costs[1].objective_usd, rel=1e-9)
    assert costs[0].footprint_usd == pytest.approx(costs[1].contract_usd - costs[0].contract_usd, rel=1e-6)
