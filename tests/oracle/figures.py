"""What the figures of a problem say in the oracle: defaults filled in, states read; written from docs/model.md."""

from __future__ import annotations

from lodestock_optimizers.problem import (
    DemandTier,
    Material,
    MaterialState,
    Source,
    SourcingProblem,
    StateValue,
    StockPolicy,
)
from tests.oracle.tree import periods_in

TIER_ORDER = (DemandTier.DEFENCE, DemandTier.ESSENTIAL, DemandTier.GENERAL)


def at(values: tuple[float, ...], t: int) -> float:
    """A value "by period" in period t; nothing given is 0."""
    if not values:
        return 0.0
    return values[0] if len(values) == 1 else values[t]


def lead(problem: SourcingProblem, l: Source) -> int:
    return periods_in(problem, 1.0) if l.lead_periods is None else l.lead_periods


def shortage_cost(m: Material, tier: DemandTier) -> float:
    """A tier's own cost, else that of the next tier that has one, else that of the last tier before that has one."""
    given = {d.tier: d.shortage_cost_usd_per_tonne for d in m.demand}
    place = TIER_ORDER.index(tier)
    for other in (*TIER_ORDER[place:], *reversed(TIER_ORDER[:place])):
        cost = given.get(other)
        if cost is not None:
            return cost
    raise ValueError(f"no tier of {m.material_id} has a shortage cost")


def base_demand_per_year(problem: SourcingProblem, m: Material, t: int) -> float:
    return sum(at(d.demand_tonnes, t) for d in m.demand) / problem.periods[t].length_years


def floor_days(stock: StockPolicy, state: MaterialState) -> float | None:
    """Days of demand to be held in a state; None where no floor binds."""
    for other in stock.floor_days_by_state:
        if other.state is state:
            return other.value
    return stock.floor_days if state in (stock.floor_states or (MaterialState.NORMAL,)) else None


def closing_tonnes(problem: SourcingProblem, m: Material, stock: StockPolicy) -> float:
    if stock.closing_tonnes is not None:
        return stock.closing_tonnes
    last = len(problem.periods) - 1
    return max(stock.opening_tonnes, stock.floor_days / 365 * base_demand_per_year(problem, m, last))


def capacity_tonnes(problem: SourcingProblem, m: Material, stock: StockPolicy) -> float:
    if stock.capacity_tonnes is not None:
        return stock.capacity_tonnes
    most = max(base_demand_per_year(problem, m, t) for t in range(len(problem.periods)))
    return max(stock.opening_tonnes, 2 * most)


def closing_cost(problem: SourcingProblem, m: Material, stock: StockPolicy) -> float:
    if stock.closing_shortfall_usd_per_tonne is not None:
        return stock.closing_shortfall_usd_per_tonne
    landed = [
        at(l.unit_price_usd_per_tonne, t) * (1 + at(l.tariff_rate, t)) + l.freight_usd_per_tonne
        for l in problem.sources
        if l.material_id == m.material_id
        for t in range(len(problem.periods))
    ]
    quarter = (shortage_cost(m, DemandTier.GENERAL) + shortage_cost(m, DemandTier.ESSENTIAL)) / 4
    return max(quarter, *landed) if landed else quarter


def floor_cost(problem: SourcingProblem, m: Material, stock: StockPolicy) -> float:
    if stock.floor_shortfall_usd_per_tonne_year is not None:
        return stock.floor_shortfall_usd_per_tonne_year
    return closing_cost(problem, m, stock) / sum(p.length_years for p in problem.periods)


def in_state(
    own: float, states: tuple[MaterialState, ...], others: tuple[StateValue, ...], state: MaterialState
) -> float | None:
    """A limit in a state; None where it does not bind in it."""
    for other in others:
        if other.state is state:
            return other.value
    return own if state in (states or (MaterialState.NORMAL,)) else None


def footprint(l: Source, kind: str) -> float:
    """Units of a kind per tonne delivered."""
    return sum(f.per_tonne for f in l.footprints if f.kind == kind)
