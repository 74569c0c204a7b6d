"""Random valid problems that use every feature of the sourcing and stockpile model.

Figures are small, round and of like size, so that an optimum is determined to far better than 1e-6.
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from lodestock_optimizers.problem import (
    Budget,
    DemandFactor,
    DemandTier,
    Deposit,
    Disruption,
    Embargo,
    Expansion,
    Feed,
    Footprint,
    FootprintPolicy,
    Material,
    MaterialState,
    Period,
    PerPeriod,
    Quota,
    Scenario,
    ShareCap,
    ShareDenominator,
    ShareFloor,
    SignedContract,
    Source,
    SourceKind,
    SourcingProblem,
    StateValue,
    StockPolicy,
    Substitution,
    TierDemand,
    TradeRule,
    booked_tonnes,
)

COUNTRIES = ("AUS", "CHN", "COD")
KINDS = ("co2e_tonnes", "water_m3")
LENGTHS = (1.0, 0.5, 0.25, 2.0, 1 / 3)
T = TypeVar("T")
PART = 0.2
"""Of the random problems of a test that `make test` takes."""


def unshrunk(max_examples: int) -> settings:
    """How a test runs over random problems; `make test` takes a part of them, `make test-slow` all.

    Shrinking a problem of hundreds of figures takes minutes and tells little: the oracle names the disagreement.
    """
    return settings(
        max_examples=max(1, round(max_examples * float(os.environ.get("LODESTOCK_TEST_EXAMPLES", PART)))),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        phases=[Phase.explicit, Phase.generate],
    )


STATES = tuple(MaterialState)


def _maybe(values: st.SearchStrategy[float]) -> st.SearchStrategy[float | None]:
    return st.none() | values


def _numbers(least: int, most: int, unit: float = 1.0) -> st.SearchStrategy[float]:
    return st.integers(least, most).map(lambda k: k * unit)


def _series(values: st.SearchStrategy[float], count: int) -> st.SearchStrategy[PerPeriod]:
    return st.tuples(values) | st.tuples(*[values] * count)


def _some(values: tuple[T, ...], least: int = 0) -> st.SearchStrategy[tuple[T, ...]]:
    if not values:
        return st.just(())
    return st.lists(st.sampled_from(values), min_size=least, max_size=len(values), unique=True).map(tuple)


def _often_none(values: tuple[T, ...]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.just(()) | _some(values)


def _by_state(values: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[StateValue, ...]]:
    pairs = st.lists(st.builds(StateValue, st.sampled_from(STATES), values), max_size=2, unique_by=lambda v: v.state)
    return st.just(()) | pairs.map(tuple)


@st.composite
def periods(draw: st.DrawFn) -> tuple[Period, ...]:
    """One to six periods, of one length or of several."""
    count = draw(st.sampled_from((4, 3, 5, 2, 6, 1)))
    even = draw(st.sampled_from(LENGTHS))
    lengths = draw(st.just([even] * count) | st.lists(st.sampled_from(LENGTHS), min_size=count, max_size=count))
    return tuple(Period(f"P{t}", length) for t, length in enumerate(lengths))


@st.composite
def materials(draw: st.DrawFn, name: str, count: int) -> Material:
    """A material with one to three tiers, in any order, most often with a stock."""
    tiers = draw(st.lists(st.sampled_from(tuple(DemandTier)), min_size=1, max_size=3, unique=True))
    costs = draw(st.tuples(*[_maybe(_numbers(2, 40, 50.0))] * len(tiers)))
    if all(cost is None for cost in costs):
        costs = (500.0, *costs[1:])
    demand = tuple(
        TierDemand(tier, draw(_series(_numbers(0, 30), count)), cost) for tier, cost in zip(tiers, costs, strict=True)
    )
    return Material(name, demand, draw(st.none() | stocks() | stocks()))


@st.composite
def stocks(draw: st.DrawFn) -> StockPolicy:
    """A stock policy; capacity and way out are wide enough for the opening stock where both are given."""
    opening = draw(_numbers(0, 60))
    capacity = draw(_maybe(_numbers(0, 120)))
    way_out = draw(_maybe(_numbers(0, 30)))
    if capacity is not None and way_out is not None:
        capacity = max(capacity, opening)
    return StockPolicy(
        opening_tonnes=opening,
        capacity_tonnes=capacity,
        closing_tonnes=draw(_maybe(_numbers(0, 40))),
        closing_is_hard=draw(st.sampled_from((False,) * 5 + (True,))),
        closing_shortfall_usd_per_tonne=draw(_maybe(_numbers(0, 40, 10.0))),
        floor_days=draw(st.sampled_from((90.0, 30.0, 200.0, 0.0))),
        floor_is_hard=draw(st.sampled_from((False,) * 7 + (True,))),
        floor_shortfall_usd_per_tonne_year=draw(_maybe(_numbers(0, 30, 10.0))),
        floor_states=draw(_often_none(STATES)),
        floor_days_by_state=draw(_by_state(_numbers(0, 12, 15.0))),
        holding_usd_per_tonne_year=draw(_numbers(0, 5)),
        loss_rate_per_year=draw(st.sampled_from((0.0, 0.05, 0.3, 1.0))),
        disposal_usd_per_tonne=draw(_numbers(0, 3, 5.0)),
        max_in_tonnes=draw(_maybe(_numbers(0, 30))),
        max_out_tonnes=way_out,
    )


@st.composite
def sources(draw: st.DrawFn, name: str, material: str, count: int) -> Source:
    """A source with a contract, some with spot and some with an option in place of take or pay."""
    take_or_pay = draw(st.sampled_from((1.0, 1.0, 0.8, 0.3, 0.0)))
    return Source(
        source_id=name,
        material_id=material,
        country=draw(st.sampled_from(COUNTRIES)),
        kind=draw(st.sampled_from((SourceKind.IMPORT, SourceKind.IMPORT, SourceKind.DOMESTIC, SourceKind.RECYCLED))),
        unit_price_usd_per_tonne=draw(_series(_numbers(1, 30, 10.0), count)),
        capacity_tonnes=draw(_series(_numbers(0, 40), count)),
        fixed_price=draw(st.booleans()),
        tariff_rate=draw(st.just((0.0,)) | st.just(()) | _series(_numbers(0, 10, 0.05), count)),
        freight_usd_per_tonne=draw(_numbers(0, 6, 5.0)),
        spot_capacity_tonnes=draw(st.just(()) | _series(_numbers(0, 30), count)),
        spot_premium=draw(_numbers(0, 5, 0.1)),
        risk=draw(_numbers(0, 10, 0.1)),
        take_or_pay=take_or_pay,
        reservation_fee_usd_per_tonne=draw(_numbers(0 if take_or_pay == 1 else 1, 5, 4.0)),
        lead_periods=draw(st.none() | st.integers(0, 3)),
        footprints=draw(footprints()),
    )


@st.composite
def expansions(draw: st.DrawFn, horizon: tuple[Period, ...]) -> Expansion:
    """Capacity that can be built: some of it pays, some stands late or never, some does not outlive the horizon."""
    longest = max(p.length_years for p in horizon)
    return Expansion(
        max_tonnes_per_year=draw(_numbers(0, 40)),
        capital_usd_per_tonne_year=draw(_numbers(0, 12, 25.0)),
        lead_periods=draw(st.sampled_from((1, 0, 2, 3))),
        fixed_usd_per_tonne_year=draw(_numbers(0, 4, 5.0)),
        life_years=longest * draw(st.sampled_from((20.0, 1.0, 2.0, 1.4))),
    )


@st.composite
def staged(
    draw: st.DrawFn, named: tuple[Material, ...], offered: tuple[Source, ...]
) -> tuple[tuple[Material, ...], tuple[Source, ...]]:
    """The materials and sources with some sources as plants; each takes a later material, which may have no demand."""
    order = {m.material_id: i for i, m in enumerate(named)}
    chosen = draw(_some(tuple(l.source_id for l in offered if order[l.material_id] < len(named) - 1)))
    plants = {}
    for l in offered:
        if l.source_id in chosen:
            feed = named[draw(st.integers(order[l.material_id] + 1, len(named) - 1))].material_id
            plants[l.source_id] = Feed(feed, draw(st.sampled_from((1.0, 0.5, 2.0, 1.25))))
    fed = {feed.material_id for feed in plants.values()}
    own = {m.material_id for m in named} - {name for name in fed if draw(st.booleans())}
    materials = tuple(m if m.material_id in own else replace(m, demand=()) for m in named)
    return materials, tuple(replace(l, feed=plants.get(l.source_id)) for l in offered)


@st.composite
def footprints(draw: st.DrawFn) -> tuple[Footprint, ...]:
    """What a tonne leaves behind, most often something of every kind."""
    kinds = draw(st.just(KINDS) | _some(KINDS))
    return tuple(Footprint(kind, draw(_numbers(0, 8, 0.5))) for kind in kinds)


@st.composite
def footprint_policies(draw: st.DrawFn, count: int) -> tuple[FootprintPolicy, ...]:
    """Prices and limits of some kinds, of those too that nothing has."""
    found = []
    for kind in draw(_some(KINDS)):
        most = draw(st.just(()) | _series(_numbers(1, 15, 10.0), count))
        found.append(
            FootprintPolicy(
                kind=kind,
                price_usd_per_unit=draw(_numbers(0, 6, 5.0)),
                max_units=most,
                states=draw(_often_none(STATES)) if most else (),
                max_units_by_state=draw(_by_state(_numbers(0, 20, 10.0))),
            )
        )
    return tuple(found)


@st.composite
def substitutions(draw: st.DrawFn, named: tuple[Material, ...]) -> tuple[Substitution, ...]:
    """Some materials in the place of others, some of them round a loop that makes nothing of nothing, or less.

    Each material is worth something, and a substitute at least as much: round a loop the worths cancel out.
    """
    demanded = tuple(m for m in named if m.demand)
    if len(named) == 1 or not demanded:
        return ()
    worth = {m.material_id: draw(st.sampled_from((1.0, 2.0, 4.0))) for m in named}
    found = []
    for k in range(draw(st.sampled_from((1, 2, 3)))):
        replaced = draw(st.sampled_from(demanded))
        substitute = draw(st.sampled_from([m for m in named if m is not replaced]))
        ratio = worth[replaced.material_id] / worth[substitute.material_id]
        found.append(
            Substitution(
                substitution_id=f"J{k}",
                material_id=replaced.material_id,
                substitute_material_id=substitute.material_id,
                tier=draw(st.sampled_from([d.tier for d in replaced.demand])),
                tonnes_per_tonne=ratio * draw(st.sampled_from((1.0, 1.25, 2.0))),
                cost_usd_per_tonne=draw(_numbers(0, 6, 20.0)),
                max_share=draw(_numbers(0, 10, 0.1)),
            )
        )
    return tuple(found)


@st.composite
def books(
    draw: st.DrawFn, horizon: tuple[Period, ...], offered: tuple[Source, ...], rules: tuple[TradeRule, ...]
) -> tuple[SignedContract, ...]:
    """What some sources have signed for periods within their lead, no more than they can deliver."""
    found = []
    a_year = math.ceil(1.0 / min(p.length_years for p in horizon) - 1e-9)
    for source in draw(_some(offered))[:2]:
        lead = a_year if source.lead_periods is None else source.lead_periods
        for t in draw(_some(tuple(range(min(lead, len(horizon)))))):
            banned = any(
                isinstance(rule.rule, Embargo)
                and (not rule.material_ids or source.material_id in rule.material_ids)
                and (not rule.countries or source.country in rule.countries)
                and (not rule.periods or t in rule.periods)
                for rule in rules
            )
            capacity = source.capacity_tonnes[0] if len(source.capacity_tonnes) == 1 else source.capacity_tonnes[t]
            share = 0.0 if banned else draw(st.sampled_from((0.25, 0.1, 0.5, 0.0)))
            found += [SignedContract(source.source_id, t, share * capacity)] * draw(st.integers(1, 2))
    return tuple(found)


@st.composite
def rules(draw: st.DrawFn, name: str, material_ids: tuple[str, ...], count: int) -> TradeRule:
    """A trade rule of any type, for some or all materials, countries, periods and states."""
    kind = draw(st.sampled_from(("embargo", "quota", "cap", "cap", "floor", "floor")))
    denominator = draw(st.sampled_from(tuple(ShareDenominator)))
    named = kind == "cap"
    shares = _numbers(0, 10, 0.1)
    limits: st.SearchStrategy[tuple[StateValue, ...]] = _by_state(shares)
    rule: Embargo | Quota | ShareCap | ShareFloor
    if kind == "embargo":
        rule, limits = Embargo(), st.just(())
    elif kind == "quota":
        rule, limits = Quota(draw(_numbers(0, 60))), _by_state(_numbers(0, 60))
    elif kind == "cap":
        rule = ShareCap(draw(shares), denominator)
    else:
        imports = denominator is ShareDenominator.IMPORTS
        floor_kind = SourceKind.IMPORT if imports else draw(st.sampled_from(tuple(SourceKind)))
        # Modest, since a share of demand that nobody can deliver makes the problem infeasible.
        shares = _numbers(0, 4, 0.1) if denominator is ShareDenominator.DEMAND else _numbers(1, 8, 0.1)
        rule, limits = ShareFloor(floor_kind, draw(shares), denominator), _by_state(shares)
        # Imports are all of the imports, so that the rule says something only where it names countries.
        named = imports
    return TradeRule(
        rule_id=name,
        rule=rule,
        material_ids=draw(_often_none(material_ids)),
        countries=draw(_some(COUNTRIES, 1) if named else _often_none(COUNTRIES)),
        periods=draw(_often_none(tuple(range(count)))),
        states=draw(_often_none(STATES)),
        limit_by_state=draw(limits),
    )


@st.composite
def disruptions(draw: st.DrawFn, material_ids: tuple[str, ...], source_ids: tuple[str, ...]) -> Disruption:
    """A loss of availability, a rise of price, or both."""
    return Disruption(
        countries=draw(_often_none(COUNTRIES)),
        material_ids=draw(_often_none(material_ids)),
        kinds=draw(st.just(()) | _often_none(tuple(SourceKind))),
        source_ids=draw(st.just(()) | _often_none(source_ids)),
        availability=draw(st.sampled_from((1.0, 0.7, 0.3, 0.0))),
        price_factor=draw(st.sampled_from((1.0, 1.5, 3.0, 0.8))),
    )


@st.composite
def demand_factors(draw: st.DrawFn, material_ids: tuple[str, ...], count: int) -> DemandFactor:
    """A factor on demand while the scenario acts, or in some periods of the horizon, before and after it too."""
    return DemandFactor(
        factor=draw(st.sampled_from((1.2, 0.5, 1.7, 1.0, 0.0))),
        material_ids=draw(_often_none(material_ids)),
        periods=draw(_often_none(tuple(range(count)))),
    )


@st.composite
def scenarios(
    draw: st.DrawFn, count: int, material_ids: tuple[str, ...], source_ids: tuple[str, ...]
) -> tuple[Scenario, ...]:
    """Up to four scenarios; some differ only in their end, some leave nothing to "nothing happens"."""
    found: list[Scenario] = []
    weights = draw(st.lists(st.sampled_from((1.0, 2.0, 5.0, 0.0, 1e-12)), max_size=4))
    rest = draw(st.sampled_from((10, 3, 0)))
    total = max(1.0, sum(weights) + rest)
    for k, weight in enumerate(weights):
        name, probability = f"S{k}", weight / total
        if found and draw(st.integers(0, 3)) == 0:
            onset = found[-1].onset_period
            end = draw(st.integers(onset, count - 1))
            found.append(replace(found[-1], scenario_id=name, probability=probability, end_period=end))
            continue
        onset = draw(st.integers(0, min(2, count - 1)) | st.integers(0, count - 1))
        last = draw(st.integers(onset, count - 1) | st.just(onset) | st.none())
        hit = st.lists(disruptions(material_ids, source_ids), max_size=2).map(tuple)
        factor = demand_factors(material_ids, count)
        found.append(
            Scenario(
                scenario_id=name,
                probability=probability,
                onset_period=onset,
                end_period=last,
                disruptions=draw(hit),
                demand_factors=draw(st.just(()) | st.lists(factor, max_size=2).map(tuple)),
                state=draw(st.sampled_from((MaterialState.EMERGENCY, *STATES))),
                state_material_ids=draw(_often_none(material_ids)),
                rebuilding_periods=draw(st.none() | st.integers(0, 2)),
            )
        )
    return tuple(found)


@st.composite
def problems(draw: st.DrawFn) -> SourcingProblem:
    """A valid problem of any shape; some are infeasible, by hard stocks or share floors."""
    horizon = draw(periods())
    count = len(horizon)
    material_ids = tuple(f"m{i}" for i in range(draw(st.integers(1, 3))))
    offered = tuple(
        draw(sources(f"{name}/{k}", name, count))
        for name in material_ids
        for k in range(draw(st.sampled_from((1, 2, 3, 4, 5, 2, 3, 0))))
    )
    source_ids = tuple(l.source_id for l in offered)
    deposits = tuple(
        Deposit(f"D{k}", draw(_some(source_ids, 1)), draw(_numbers(0, 100)))
        for k in range(draw(st.sampled_from((0, 1, 0, 2))) if source_ids else 0)
    )
    named = tuple(draw(materials(name, count)) for name in material_ids)
    offered = tuple(replace(l, expansion=draw(st.none() | expansions(horizon))) for l in offered)
    named, offered = draw(st.just((named, offered)) | staged(named, offered))
    bounded = tuple(draw(rules(f"R{k}", material_ids, count)) for k in range(draw(st.sampled_from((2, 1, 3, 0, 4)))))
    book = draw(st.just(()) | books(horizon, offered, bounded))
    budget = st.builds(Budget, _series(_numbers(1, 60, 200.0), count), _by_state(_numbers(0, 40, 200.0)))
    return SourcingProblem(
        periods=horizon,
        materials=named,
        sources=offered,
        deposits=deposits,
        rules=bounded,
        budget=draw(st.none() | budget),
        scenarios=draw(scenarios(count, material_ids, source_ids)),
        price_of_risk=draw(st.sampled_from((1.0, 0.0, 0.5, 3.0))),
        discount_rate=draw(st.sampled_from((0.03, 0.0, 0.1, -0.05))),
        substitutions=draw(st.just(()) | substitutions(named)),
        book=book,
        footprint_policies=draw(footprint_policies(count)),
        tail_weight=draw(st.sampled_from((0.0, 0.0, 0.0, 0.3, 0.8))),
        tail_level=draw(st.sampled_from((0.95, 0.5, 0.8, 0.0))),
        buyer="DEU",
        price_year=2024,
    )


@st.composite
def yes_or_no_problems(draw: st.DrawFn) -> SourcingProblem:
    """A valid problem in which some contracts are signed or not as a whole."""
    drawn = draw(problems().filter(lambda p: len(p.sources) > 0))
    chosen = draw(st.sets(st.sampled_from([l.source_id for l in drawn.sources]), min_size=1, max_size=3))
    booked = booked_tonnes(drawn)
    offered = []
    for l in drawn.sources:
        # Neither more than any capacity, nor more than is signed already.
        most = min([max(l.capacity_tonnes), *(t for (name, _), t in booked.items() if name == l.source_id)])
        if l.source_id in chosen:
            fixed, share = draw(_numbers(0, 20, 50.0)), draw(st.sampled_from((0.0, 0.3, 0.9)))
            l = replace(l, fixed_cost_usd=fixed, min_order_tonnes=math.floor(most * share))
        offered.append(l)
    return replace(drawn, sources=tuple(offered))
