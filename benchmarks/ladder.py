"""The ladder of problems that the optimiser is measured on.

Owns the generator. Every figure follows from the seed, so that a rung is the same problem on every machine.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from lodestock_optimizers.problem import (
    Budget,
    DemandTier,
    Disruption,
    Material,
    Period,
    Scenario,
    ShareCap,
    ShareDenominator,
    Source,
    SourceKind,
    SourcingProblem,
    StockPolicy,
    TierDemand,
    TradeRule,
)

MATERIALS, SCENARIOS = (20, 40, 80), (20, 50)
"""Rungs of the ladder."""
PERIODS = 10
COUNTRIES = tuple(f"{a}{b}A" for a in "BCDFG" for b in "EFGHIK")
"""Thirty suppliers; a material comes from five of them."""
SUPPLIERS, STEPS = 5, 4
"""Countries that a material comes from, and price steps that each offers it in: 20 sources."""
SPOT_SHARE = 0.3
"""Of a source's capacity, what can be had without a contract."""
STEP_UP = 0.12
"""By what share a price step is dearer than the one before it."""
LARGEST_SHARE = 0.65
CRISIS_PROBABILITY = 0.5
"""That any of the scenarios happens."""
SEED = 20261121


@dataclass(frozen=True, slots=True)
class Rung:
    """One size of the ladder."""

    materials: int
    scenarios: int
    coupled: bool

    @property
    def name(self) -> str:
        """The rung in words."""
        tied = "tied by a budget" if self.coupled else "not tied"
        return f"{self.materials} materials, {self.scenarios} scenarios, {tied}"


def rung_problem(rung: Rung) -> SourcingProblem:
    """The problem of a rung.

    Twenty sources a material, as price steps of five countries; a stock with a floor; no country may supply more than
    65 % of the demand. A scenario is a stop or a cut of all that one country delivers, for one to three years, in part
    with dearer prices everywhere else for what it delivers. The budget of a coupled rung is a share of what the calm
    demand costs at the cheapest prices, so that it binds in calm times and in many a crisis.
    """
    chance = random.Random(SEED)
    materials = tuple(_material(f"m{i}", chance) for i in range(rung.materials))
    offers = tuple(source for material in materials for source in _offers(material, chance))
    problem = SourcingProblem(
        periods=tuple(Period(str(2027 + t)) for t in range(PERIODS)),
        materials=materials,
        sources=offers,
        rules=(TradeRule("largest supplier", ShareCap(LARGEST_SHARE, ShareDenominator.DEMAND), countries=COUNTRIES),),
        scenarios=tuple(_crisis(k, rung.scenarios, chance) for k in range(rung.scenarios)),
        buyer="EU27",
        price_year=2024,
    )
    return replace(problem, budget=_budget(problem)) if rung.coupled else problem


def _material(name: str, chance: random.Random) -> Material:
    """Demand of two tiers that grows, and a stock of some weeks with a floor of 60 days."""
    demand = chance.uniform(1e3, 1e5)
    growth = chance.uniform(1.0, 1.06)
    price = 10.0 ** chance.uniform(3.0, 5.0)
    paths = {
        tier: tuple(round(share * demand * growth**t, 1) for t in range(PERIODS))
        for tier, share in ((DemandTier.ESSENTIAL, 0.3), (DemandTier.GENERAL, 0.7))
    }
    tiers = (
        TierDemand(DemandTier.ESSENTIAL, paths[DemandTier.ESSENTIAL], round(price * chance.uniform(15.0, 25.0))),
        TierDemand(DemandTier.GENERAL, paths[DemandTier.GENERAL], round(price * chance.uniform(4.0, 8.0))),
    )
    stock = StockPolicy(
        opening_tonnes=round(0.1 * demand),
        capacity_tonnes=round(1.5 * demand),
        floor_days=60.0,
        holding_usd_per_tonne_year=round(0.02 * price, 2),
        loss_rate_per_year=0.005,
        max_out_tonnes=round(demand),
    )
    return Material(name, tiers, stock)


def _offers(material: Material, chance: random.Random) -> list[Source]:
    """Price steps of some countries, which together could deliver 1.8 times the demand."""
    general = material.demand[1]
    assert general.shortage_cost_usd_per_tonne is not None
    price = general.shortage_cost_usd_per_tonne / 6.0
    demand = sum(tier.demand_tonnes[0] for tier in material.demand)
    weights = [chance.uniform(0.5, 2.0) for _ in range(SUPPLIERS)]
    sources = []
    for country, weight in zip(chance.sample(COUNTRIES, SUPPLIERS), weights, strict=True):
        base, risk = price * chance.uniform(0.8, 1.3), round(chance.uniform(0.0, 0.4), 3)
        lead = chance.choice((1, 1, 2))
        capacity = 1.8 * demand * weight / sum(weights) / STEPS
        for step in range(STEPS):
            optional = step % 2 == 1
            sources.append(
                Source(
                    f"{material.material_id}/{country}/{step}",
                    material.material_id,
                    country,
                    SourceKind.IMPORT,
                    (round(base * (1.0 + STEP_UP * step), 2),),
                    (round(capacity, 1),),
                    freight_usd_per_tonne=round(0.03 * price, 2),
                    spot_capacity_tonnes=(round(SPOT_SHARE * capacity, 1),),
                    spot_premium=0.25,
                    risk=risk,
                    take_or_pay=0.7 if optional else 1.0,
                    reservation_fee_usd_per_tonne=round(0.02 * price, 2) if optional else 0.0,
                    lead_periods=lead,
                )
            )
    return sources


def _crisis(k: int, count: int, chance: random.Random) -> Scenario:
    """One country stops, or delivers less, for one to three years."""
    country = COUNTRIES[k % len(COUNTRIES)]
    onset = chance.randrange(1, PERIODS - 1)
    left = chance.choice((0.0, 0.0, 0.3, 0.6))
    return Scenario(
        f"{country} {k}",
        probability=CRISIS_PROBABILITY / count,
        onset_period=onset,
        end_period=min(PERIODS - 1, onset + chance.randrange(0, 3)),
        disruptions=(
            Disruption(countries=(country,), availability=left, price_factor=1.0 + chance.choice((0.0, 0.5))),
        ),
    )


def _budget(problem: SourcingProblem) -> Budget:
    """Nine tenths of what the demand of each period costs at the cheapest prices."""
    needed = [0.0] * PERIODS
    for material in problem.materials:
        steps = sorted(
            (s.unit_price_usd_per_tonne[0] + s.freight_usd_per_tonne, s.capacity_tonnes[0])
            for s in problem.sources
            if s.material_id == material.material_id
        )
        for t in range(PERIODS):
            left = sum(tier.demand_tonnes[t] for tier in material.demand)
            for price, capacity in steps:
                bought = min(left, capacity)
                needed[t] += price * bought
                left -= bought
    return Budget(tuple(round(0.9 * usd, -3) for usd in needed))


def small_problem() -> SourcingProblem:
    """A plan of some 400 columns: one material, few price steps, two scenarios, four years."""
    problem = rung_problem(Rung(1, 2, coupled=False))
    years, sources = 4, problem.sources[: SUPPLIERS * STEPS : 2]
    (material,) = problem.materials
    demand = tuple(replace(tier, demand_tonnes=tier.demand_tonnes[:years]) for tier in material.demand)
    stops = tuple(
        Scenario(f"stop {k}", 0.1, k + 1, k + 1, (Disruption((sources[k].country,), availability=0.0),))
        for k in range(2)
    )
    return replace(
        problem,
        periods=problem.periods[:years],
        materials=(replace(material, demand=demand),),
        sources=sources,
        scenarios=stops,
    )
