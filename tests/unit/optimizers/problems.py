"""Small problems whose optimum can be worked by hand: one-year periods, no discounting unless a test says otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lodestock_optimizers.problem import (
    DemandTier,
    Disruption,
    Material,
    Period,
    Scenario,
    Source,
    SourceKind,
    SourcingProblem,
    StockPolicy,
    TierDemand,
)


def material(name: str = "cobalt", demand: tuple[float, ...] = (100.0,), stock: Any = None, **changes: Any) -> Material:
    """A material with one ESSENTIAL tier, 1,000 USD/t short."""
    tier = TierDemand(DemandTier.ESSENTIAL, demand, 1_000.0)
    return replace(Material(name, (tier,), stock), **changes)


def source(name: str, price: float = 10.0, capacity: float = 1_000.0, **changes: Any) -> Source:
    """An import source of cobalt in the country `name`, contract only, signed in the period of delivery."""
    made = Source(name, "cobalt", name, SourceKind.IMPORT, (price,), (capacity,), lead_periods=0)
    return replace(made, **changes)


def problem(
    sources: tuple[Source, ...],
    periods: int = 1,
    materials: tuple[Material, ...] | None = None,
    **changes: Any,
) -> SourcingProblem:
    """A problem without discounting and without a price of risk."""
    made = SourcingProblem(
        periods=tuple(Period(str(2026 + t)) for t in range(periods)),
        materials=materials if materials is not None else (material(),),
        sources=sources,
        price_of_risk=0.0,
        discount_rate=0.0,
    )
    return replace(made, **changes)


def stop(
    name: str, probability: float, onset: int, end: int | None = None, country: str = "COD", **changes: Any
) -> Scenario:
    """A scenario in which a country delivers nothing."""
    made = Scenario(name, probability, onset, end, (Disruption(countries=(country,), availability=0.0),))
    return replace(made, **changes)


def stock(opening: float = 0.0, **changes: Any) -> StockPolicy:
    """A stock with ample storage and no closing target."""
    return replace(StockPolicy(opening_tonnes=opening, capacity_tonnes=10_000.0, closing_tonnes=0.0), **changes)


def worked_toy(*scenarios: Scenario) -> SourcingProblem:
    """The worked toy of the issue: five years, 3 %, COD and AUS."""
    tier = TierDemand(DemandTier.ESSENTIAL, (100.0,), 300_000.0)
    policy = StockPolicy(
        opening_tonnes=10.0, capacity_tonnes=500.0, closing_tonnes=0.0, holding_usd_per_tonne_year=500.0
    )

    def offer(country: str, price: float, capacity: float) -> Source:
        return Source(
            country,
            "cobalt",
            country,
            SourceKind.IMPORT,
            (price,),
            (capacity,),
            freight_usd_per_tonne=200.0,
            lead_periods=1,
        )

    return SourcingProblem(
        periods=tuple(Period(str(2026 + t)) for t in range(5)),
        materials=(Material("cobalt", (tier,), policy),),
        sources=(offer("COD", 30_000.0, 200.0), offer("AUS", 36_000.0, 30.0)),
        scenarios=scenarios,
        price_of_risk=0.0,
        discount_rate=0.03,
    )
