"""All that is wrong with a problem, at once, by the path of the field.

Owns the rules that a problem must satisfy before a tree or a model is built of it. Field paths are those of the message
`lodestock.v1.SourcingProblem`, since the names are the same there and here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

from lodestock_optimizers.problem import (
    PROBABILITY_SLACK,
    Embargo,
    Material,
    Period,
    Quota,
    Scenario,
    ShareCap,
    ShareDenominator,
    ShareFloor,
    Source,
    SourceKind,
    SourcingProblem,
    StockPolicy,
    TradeRule,
)
from lodestock_optimizers.validation_book import book_violations
from lodestock_optimizers.validation_expansion import expansion_violations, most_built
from lodestock_optimizers.validation_feed import feed_violations, stage_violations
from lodestock_optimizers.validation_footprints import footprint_violations
from lodestock_optimizers.validation_substitution import substitution_violations
from lodestock_optimizers.violations import (
    LEAST_PERIOD_YEARS,
    MOST,
    MOST_DISCOUNT_WEIGHT,
    MOST_FACTOR,
    MOST_FLOOR_DAYS,
    MOST_PRICE_OF_RISK,
    MOST_RATE,
    MOST_TAIL_WEIGHT,
    MOST_USD,
    Violation,
    by_state,
    known,
    number,
    optional,
    period_numbers,
    series,
    unique,
)

BLOCS = frozenset({"EU27"})
"""Buyers that are no country but several."""


def validate(problem: SourcingProblem, known_countries: frozenset[str] | None = None) -> list[Violation]:
    """Lists everything wrong with `problem`.

    Args:
        problem: The problem, however broken.
        known_countries: ISO 3166-1 alpha-3 codes that may be used. None: any code may.

    Returns:
        The violations in the order of the fields; an empty list for a problem that can be built.
    """
    found = [
        *_periods(problem),
        *_materials(problem),
        *_sources(problem),
        *_deposits(problem),
        *_rules(problem),
        *_budget(problem),
        *_scenarios(problem),
        *substitution_violations(problem),
        *footprint_violations(problem),
        *book_violations(problem),
        *number("price_of_risk", problem.price_of_risk, 0.0, MOST_PRICE_OF_RISK),
        *number("tail_weight", problem.tail_weight, 0.0, MOST_TAIL_WEIGHT),
        *_tail_level(problem),
        *_discount_rate(problem),
    ]
    if known_countries is not None:
        found += _countries(problem, known_countries)
    return found


def _tail_level(problem: SourcingProblem) -> Iterator[Violation]:
    if not 0 <= problem.tail_level < 1:
        yield Violation("tail_level", f"is {problem.tail_level:g}, must be 0 or more and below 1")


def _periods(problem: SourcingProblem) -> Iterator[Violation]:
    if not problem.periods:
        yield Violation("periods", "is empty, must hold at least one period")
    for i, period in enumerate(problem.periods):
        if not _is_sound(period):
            text = f"is {period.length_years:g}, must be a finite number of {LEAST_PERIOD_YEARS:g} or more"
            yield Violation(f"periods[{i}].length_years", text)


def _is_sound(period: Period) -> bool:
    return LEAST_PERIOD_YEARS <= period.length_years < math.inf


def _discount_rate(problem: SourcingProblem) -> Iterator[Violation]:
    rate, years = problem.discount_rate, sum(p.length_years for p in problem.periods[:-1] if _is_sound(p))
    if not (math.isfinite(rate) and rate > -1):
        yield Violation("discount_rate", f"is {rate:g}, must be a finite number above -1")
    elif -math.log1p(rate) * years > math.log(MOST_DISCOUNT_WEIGHT):
        text = f"is {rate:g}, makes the last period weigh over {MOST_DISCOUNT_WEIGHT:g} times as much as the first"
        yield Violation("discount_rate", text)


def _materials(problem: SourcingProblem) -> Iterator[Violation]:
    if not problem.materials:
        yield Violation("materials", "is empty, must hold at least one material")
    yield from unique("materials", "material_id", (m.material_id for m in problem.materials))
    feeding = {source.feed.material_id for source in problem.sources if source.feed is not None}
    for i, material in enumerate(problem.materials):
        path = f"materials[{i}]"
        if material.demand or material.material_id not in feeding:
            yield from _demand(path, material, len(problem.periods))
        if material.stock is not None:
            yield from _stock(f"{path}.stock", material.stock)
            yield from _room(f"{path}.stock", material.stock, problem)


def _demand(path: str, material: Material, count: int) -> Iterator[Violation]:
    if not material.demand:
        yield Violation(f"{path}.demand", "is empty, must hold at least one tier where the material feeds no source")
    elif all(d.shortage_cost_usd_per_tonne is None for d in material.demand):
        where = f"{path}.demand[0].shortage_cost_usd_per_tonne"
        yield Violation(where, "is not given for any tier, must be given for at least one")
    tiers = Counter(d.tier for d in material.demand)
    for i, demand in enumerate(material.demand):
        where = f"{path}.demand[{i}]"
        if tiers[demand.tier] > 1:
            yield Violation(f"{where}.tier", f"{demand.tier.value} is given more than once")
        yield from series(f"{where}.demand_tonnes", demand.demand_tonnes, count)
        yield from optional(f"{where}.shortage_cost_usd_per_tonne", demand.shortage_cost_usd_per_tonne)


def _stock(path: str, stock: StockPolicy) -> Iterator[Violation]:
    for name in (
        "opening_tonnes",
        "capacity_tonnes",
        "closing_tonnes",
        "closing_shortfall_usd_per_tonne",
        "floor_shortfall_usd_per_tonne_year",
        "holding_usd_per_tonne_year",
        "disposal_usd_per_tonne",
        "max_in_tonnes",
        "max_out_tonnes",
    ):
        yield from optional(f"{path}.{name}", getattr(stock, name))
    yield from number(f"{path}.loss_rate_per_year", stock.loss_rate_per_year, 0.0, 1.0)
    yield from number(f"{path}.floor_days", stock.floor_days, 0.0, MOST_FLOOR_DAYS)
    yield from by_state(f"{path}.floor_days_by_state", stock.floor_days_by_state, most=MOST_FLOOR_DAYS)


def _room(path: str, stock: StockPolicy, problem: SourcingProblem) -> Iterator[Violation]:
    """The opening stock must fit: what is over the capacity must be able to leave in the first period."""
    if stock.capacity_tonnes is None or stock.max_out_tonnes is None:
        return
    if not problem.periods or not _is_sound(problem.periods[0]) or not 0 <= stock.loss_rate_per_year <= 1:
        return
    kept = stock.opening_tonnes * (1.0 - stock.loss_rate_per_year) ** problem.periods[0].length_years
    if kept - stock.max_out_tonnes > stock.capacity_tonnes:
        text = f"is {stock.opening_tonnes:g}, more than capacity_tonnes and max_out_tonnes of the first period take"
        yield Violation(f"{path}.opening_tonnes", text)


def _sources(problem: SourcingProblem) -> Iterator[Violation]:
    yield from unique("sources", "source_id", (s.source_id for s in problem.sources))
    materials = {m.material_id for m in problem.materials}
    factor = max((_price_factor(s) for s in problem.scenarios), default=1.0)
    for i, source in enumerate(problem.sources):
        path = f"sources[{i}]"
        yield from _landed_cost(path, source, factor)
        if source.material_id not in materials:
            yield Violation(f"{path}.material_id", f"'{source.material_id}' is no material of the problem")
        yield from _source(path, source, problem)
        yield from feed_violations(f"{path}.feed", source, materials)
        yield from expansion_violations(f"{path}.expansion", source, problem)
    yield from stage_violations(problem)


def _source(path: str, source: Source, problem: SourcingProblem) -> Iterator[Violation]:
    count = len(problem.periods)
    yield from series(f"{path}.unit_price_usd_per_tonne", source.unit_price_usd_per_tonne, count)
    yield from series(f"{path}.tariff_rate", source.tariff_rate, count, required=False, most=MOST_RATE)
    yield from series(f"{path}.capacity_tonnes", source.capacity_tonnes, count)
    yield from series(f"{path}.spot_capacity_tonnes", source.spot_capacity_tonnes, count, required=False)
    for name in ("freight_usd_per_tonne", "reservation_fee_usd_per_tonne", "fixed_cost_usd", "min_order_tonnes"):
        yield from number(f"{path}.{name}", getattr(source, name))
    yield from number(f"{path}.spot_premium", source.spot_premium, 0.0, MOST_RATE)
    for name in ("risk", "take_or_pay"):
        yield from number(f"{path}.{name}", getattr(source, name), 0.0, 1.0)
    if source.take_or_pay < 1 and not source.reservation_fee_usd_per_tonne > 0:
        where = f"{path}.reservation_fee_usd_per_tonne"
        yield Violation(where, "must be above 0 where take_or_pay is below 1, or the contract is a free option")
    if source.lead_periods is not None and source.lead_periods < 0:
        yield Violation(f"{path}.lead_periods", f"is {source.lead_periods}, must be 0 or more")
    most = max(*source.capacity_tonnes, 0.0) if source.capacity_tonnes else math.inf
    most += most_built(source, problem)
    if most < source.min_order_tonnes <= MOST:
        text = f"is {source.min_order_tonnes:g}, more than the largest capacity, {most:g}: nothing could be signed"
        yield Violation(f"{path}.min_order_tonnes", text)


def _landed_cost(path: str, source: Source, factor: float) -> Iterator[Violation]:
    """The dearest tonne of a source whose figures are sound one by one, bought spot in the worst scenario."""
    price, tariff = (max(values, default=0.0) for values in (source.unit_price_usd_per_tonne, source.tariff_rate))
    cost = (price * (1 + tariff) * factor + source.freight_usd_per_tonne) * (1 + source.spot_premium)
    if price <= MOST < cost < math.inf and factor <= MOST_FACTOR:
        text = f"makes a landed cost of {cost:g} with duty, scenarios and premium, must stay at {MOST:g} or less"
        yield Violation(f"{path}.unit_price_usd_per_tonne", text)


def _deposits(problem: SourcingProblem) -> Iterator[Violation]:
    yield from unique("deposits", "deposit_id", (d.deposit_id for d in problem.deposits))
    sources = {s.source_id for s in problem.sources}
    for i, deposit in enumerate(problem.deposits):
        path = f"deposits[{i}]"
        if not deposit.source_ids:
            yield Violation(f"{path}.source_ids", "is empty, must name at least one source")
        yield from known(f"{path}.source_ids", deposit.source_ids, sources, "source")
        yield from number(f"{path}.reserves_tonnes", deposit.reserves_tonnes)


def _rules(problem: SourcingProblem) -> Iterator[Violation]:
    yield from unique("rules", "rule_id", (r.rule_id for r in problem.rules))
    materials = {m.material_id for m in problem.materials}
    for i, rule in enumerate(problem.rules):
        path = f"rules[{i}]"
        yield from known(f"{path}.material_ids", rule.material_ids, materials, "material")
        yield from period_numbers(f"{path}.periods", rule.periods, 0, len(problem.periods) - 1)
        yield from _limit(path, rule)


def _limit(path: str, rule: TradeRule) -> Iterator[Violation]:
    match rule.rule:
        case Embargo():
            if rule.limit_by_state:
                yield Violation(f"{path}.limit_by_state", "an embargo has no limit, must be empty")
        case Quota(max_tonnes):
            yield from number(f"{path}.quota.max_tonnes", max_tonnes)
            yield from by_state(f"{path}.limit_by_state", rule.limit_by_state)
        case ShareCap(max_share):
            yield from number(f"{path}.share_cap.max_share", max_share, 0.0, 1.0)
            yield from by_state(f"{path}.limit_by_state", rule.limit_by_state, most=1.0)
            if not rule.countries:
                yield Violation(f"{path}.countries", "is empty, a share cap must name its countries")
        case ShareFloor(kind, min_share, denominator):
            yield from number(f"{path}.share_floor.min_share", min_share, 0.0, 1.0)
            yield from by_state(f"{path}.limit_by_state", rule.limit_by_state, most=1.0)
            if denominator is ShareDenominator.IMPORTS and kind is not SourceKind.IMPORT:
                where = f"{path}.share_floor.denominator"
                yield Violation(where, f"is IMPORTS, of which {kind.value} is no part; must be DEMAND or SUPPLY")


def _budget(problem: SourcingProblem) -> Iterator[Violation]:
    if problem.budget is not None:
        yield from series("budget.budget_usd", problem.budget.budget_usd, len(problem.periods), most=MOST_USD)
        yield from by_state("budget.budget_usd_by_state", problem.budget.budget_usd_by_state, most=MOST_USD)


def _scenarios(problem: SourcingProblem) -> Iterator[Violation]:
    yield from unique("scenarios", "scenario_id", (s.scenario_id for s in problem.scenarios))
    materials = {m.material_id for m in problem.materials}
    sources = {s.source_id for s in problem.sources}
    for i, scenario in enumerate(problem.scenarios):
        yield from _scenario(f"scenarios[{i}]", scenario, len(problem.periods) - 1, materials, sources)
    # Not fsum, which fails where the sum of broken figures is beyond all numbers.
    total = sum(s.probability for s in problem.scenarios if math.isfinite(s.probability))
    if total > 1 + PROBABILITY_SLACK:
        yield Violation("scenarios", f"the probabilities add up to {total:g}, must add up to 1 or less")


def _scenario(path: str, scenario: Scenario, last: int, materials: set[str], sources: set[str]) -> Iterator[Violation]:
    """One scenario, of a problem whose last period and names are given."""
    onset, end = scenario.onset_period, scenario.end_period
    yield from number(f"{path}.probability", scenario.probability, 0.0, 1.0)
    if not 0 <= onset <= last:
        yield Violation(f"{path}.onset_period", f"is {onset}, must be a period of the horizon: 0 to {last}")
    if end is not None and not onset <= end <= last:
        yield Violation(f"{path}.end_period", f"is {end}, must be from the onset {onset} to {last}")
    if scenario.rebuilding_periods is not None and scenario.rebuilding_periods < 0:
        yield Violation(f"{path}.rebuilding_periods", f"is {scenario.rebuilding_periods}, must be 0 or more")
    yield from known(f"{path}.state_material_ids", scenario.state_material_ids, materials, "material")
    for j, disruption in enumerate(scenario.disruptions):
        where = f"{path}.disruptions[{j}]"
        yield from known(f"{where}.material_ids", disruption.material_ids, materials, "material")
        yield from known(f"{where}.source_ids", disruption.source_ids, sources, "source")
        yield from number(f"{where}.availability", disruption.availability, 0.0, 1.0)
        if not 0 < disruption.price_factor <= MOST_FACTOR:
            text = f"is {disruption.price_factor:g}, must be above 0, at most {MOST_FACTOR:g}"
            yield Violation(f"{where}.price_factor", text)
    yield from _together(f"{path}.disruptions", _price_factor(scenario), [d.price_factor for d in scenario.disruptions])
    each = [factor.factor for factor in scenario.demand_factors]
    yield from _together(f"{path}.demand_factors", _demand_factor(scenario), each)
    for j, factor in enumerate(scenario.demand_factors):
        where = f"{path}.demand_factors[{j}]"
        yield from known(f"{where}.material_ids", factor.material_ids, materials, "material")
        yield from number(f"{where}.factor", factor.factor, most=MOST_FACTOR)
        yield from period_numbers(f"{where}.periods", factor.periods, 0, last)


def _together(path: str, made: float, factors: Sequence[float]) -> Iterator[Violation]:
    """Factors that are sound one by one may hit the same thing, and multiply."""
    if made > MOST_FACTOR and all(factor <= MOST_FACTOR for factor in factors):
        yield Violation(path, f"have factors that make {made:g} together, must make {MOST_FACTOR:g} or less")


def _price_factor(scenario: Scenario) -> float:
    """The most that a scenario can multiply a price by."""
    return math.prod(max(1.0, disruption.price_factor) for disruption in scenario.disruptions)


def _demand_factor(scenario: Scenario) -> float:
    """The most that a scenario can multiply the demand of any material by, in any period.

    All materials, or the whole window, count as one name: writing each out could take far longer than reading the list.
    """
    products: dict[tuple[str | None, int | None], float] = {}
    for factor in scenario.demand_factors:
        for key in product(factor.material_ids or (None,), factor.periods or (None,)):
            products[key] = products.get(key, 1.0) * max(1.0, factor.factor)
    material_wide = {m: f for (m, t), f in products.items() if m is not None and t is None}
    period_wide = {t: f for (m, t), f in products.items() if m is None and t is not None}
    apart = max(material_wide.values(), default=1.0) * max(period_wide.values(), default=1.0)
    met = (
        f * material_wide.get(m, 1.0) * period_wide.get(t, 1.0)
        for (m, t), f in products.items()
        if m is not None and t is not None
    )
    return products.get((None, None), 1.0) * max(apart, *met, 1.0)


def _countries(problem: SourcingProblem, known: frozenset[str]) -> Iterator[Violation]:
    named = [("buyer", problem.buyer)] if problem.buyer and problem.buyer not in BLOCS else []
    named += [(f"sources[{i}].country", s.country) for i, s in enumerate(problem.sources)]
    named += [(f"rules[{i}].countries[{j}]", c) for i, r in enumerate(problem.rules) for j, c in enumerate(r.countries)]
    named += [
        (f"scenarios[{i}].disruptions[{j}].countries[{k}]", country)
        for i, scenario in enumerate(problem.scenarios)
        for j, disruption in enumerate(scenario.disruptions)
        for k, country in enumerate(disruption.countries)
    ]
    for path, country in named:
        if country not in known:
            yield Violation(path, f"'{country}' is no country code, must be ISO 3166-1 alpha-3, such as 'COD'")
