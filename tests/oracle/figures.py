"""What the figures of a problem say in the oracle: defaults filled in, states read; written from docs/model.md."""

from __future__ import annotations

from lodestock_optimizers.problem import (
    DemandTier,
    Expansion,
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


def used_per_year(problem: SourcingProblem, name: str, t: int, *, with_all_built: bool) -> float:
    """U of a material in period t, tonnes a year: base demand and what plants take of it at the pace they may have."""
    years = problem.periods[t].length_years
    used = sum(at(d.demand_tonnes, t) / years for m in problem.materials if m.material_id == name for d in m.demand)
    for product in {l.material_id for l in problem.sources if l.feed and l.feed.material_id == name}:
        plants = [l for l in problem.sources if l.material_id == product and l.feed]
        whole = sum(plant_per_year(problem, l, t, with_all_built=with_all_built) for l in plants)
        if whole > 0:
            pace = min(1.0, used_per_year(problem, product, t, with_all_built=with_all_built) / whole)
            for l in plants:
                if l.feed and l.feed.material_id == name:
                    able = plant_per_year(problem, l, t, with_all_built=with_all_built)
                    used += pace * able * l.feed.tonnes_per_tonne
    return used


def plant_per_year(problem: SourcingProblem, l: Source, t: int, *, with_all_built: bool) -> float:
    able = at(l.capacity_tonnes, t) / problem.periods[t].length_years
    if with_all_built and l.expansion and any(stands(problem, l.expansion, s, t) for s in range(t + 1)):
        able += l.expansion.max_tonnes_per_year
    return able


def stands(problem: SourcingProblem, expansion: Expansion, decided: int, t: int) -> bool:
    """Whether capacity that is decided in a period stands in period t, all of which must lie within its life."""
    ready = decided + expansion.lead_periods
    return ready <= t and sum(p.length_years for p in problem.periods[ready : t + 1]) <= expansion.life_years + 1e-9


def yearly_cost(problem: SourcingProblem, expansion: Expansion) -> float:
    """Fixed cost of a tonne a year and the annuity: what, paid at the end of each year of the life, is the capital."""
    r, life = problem.discount_rate, expansion.life_years
    repaid = expansion.capital_usd_per_tonne_year * (r / (1 - (1 + r) ** -life) if r else 1 / life)
    return repaid + expansion.fixed_usd_per_tonne_year


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
    used = used_per_year(problem, m.material_id, last, with_all_built=False)
    return max(stock.opening_tonnes, stock.floor_days / 365 * used)


def capacity_tonnes(problem: SourcingProblem, m: Material, stock: StockPolicy) -> float:
    if stock.capacity_tonnes is not None:
        return stock.capacity_tonnes
    most = max(used_per_year(problem, m.material_id, t, with_all_built=True) for t in range(len(problem.periods)))
    return max(stock.opening_tonnes, 2 * most)


def closing_cost(problem: SourcingProblem, m: Material, stock: StockPolicy) -> float:
    if stock.closing_shortfall_usd_per_tonne is not None:
        return stock.closing_shortfall_usd_per_tonne
    missing = [missing_cost(problem, m.material_id, tier) for tier in (DemandTier.GENERAL, DemandTier.ESSENTIAL)]
    return max(sum(missing) / 4, dearest(problem, m.material_id))


def missing_cost(problem: SourcingProblem, name: str, tier: DemandTier) -> float:
    """What a missing tonne of a material costs in a tier: its own cost, or less where it goes into what costs less."""
    costs = [shortage_cost(m, tier) for m in problem.materials if m.material_id == name and m.demand]
    for l in problem.sources:
        if l.feed and l.feed.material_id == name:
            costs.append(missing_cost(problem, l.material_id, tier) / l.feed.tonnes_per_tonne)
    return min(costs)


def dearest(problem: SourcingProblem, name: str) -> float:
    """The dearest landed cost of a material with its feed, in no scenario; 0 without a source."""
    landed = [0.0]
    for l in problem.sources:
        if l.material_id == name:
            feed = l.feed.tonnes_per_tonne * dearest(problem, l.feed.material_id) if l.feed else 0.0
            for t in range(len(problem.periods)):
                price = at(l.unit_price_usd_per_tonne, t) * (1 + at(l.tariff_rate, t))
                landed.append(price + l.freight_usd_per_tonne + feed)
    return max(landed)


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
