"""What can be wrong with substitutions, footprints and the book of signed contracts.

Part of `lodestock_optimizers.validation`, which asks for all of it at once.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence

from lodestock_optimizers.instance import LEAD_YEARS
from lodestock_optimizers.problem import (
    Embargo,
    FootprintPolicy,
    SignedContract,
    Source,
    SourcingProblem,
    TradeRule,
    booked_tonnes,
    by_period,
)
from lodestock_optimizers.scenario_tree import years_to_periods
from lodestock_optimizers.violations import (
    LEAST_PERIOD_YEARS,
    MOST,
    MOST_FACTOR,
    MOST_USD,
    Violation,
    by_state,
    number,
    series,
    unique,
)

MOST_PER_TONNE = 1e6
"""Largest footprint of a tonne, and one over the least: whoever needs others takes another unit."""
MOST_KINDS = 50
"""Most kinds of footprint of all sources together: each is told at every node."""
ROUNDING = 1e-9
"""By how much sums and products of what the caller gives may miss their limit, relative to it."""


def substitution_violations(problem: SourcingProblem) -> Iterator[Violation]:
    """Substitutions one by one, and loops of them that would make material of nothing."""
    yield from unique("substitutions", "substitution_id", (j.substitution_id for j in problem.substitutions))
    tiers = {m.material_id: {d.tier for d in m.demand} for m in problem.materials}
    for i, j in enumerate(problem.substitutions):
        path = f"substitutions[{i}]"
        for field, name in (("material_id", j.material_id), ("substitute_material_id", j.substitute_material_id)):
            if name not in tiers:
                yield Violation(f"{path}.{field}", f"'{name}' is no material of the problem")
        if j.material_id == j.substitute_material_id:
            yield Violation(f"{path}.substitute_material_id", f"is '{j.material_id}' itself, must be another material")
        if j.tier not in tiers.get(j.material_id, {j.tier}):
            yield Violation(f"{path}.tier", f"is {j.tier.value}, of which '{j.material_id}' has no demand")
        yield from number(f"{path}.tonnes_per_tonne", j.tonnes_per_tonne, 1 / MOST_FACTOR, MOST_FACTOR)
        yield from number(f"{path}.cost_usd_per_tonne", j.cost_usd_per_tonne)
        yield from number(f"{path}.max_share", j.max_share, 0.0, 1.0)
    yield from _loops(problem)


def _loops(problem: SourcingProblem) -> Iterator[Violation]:
    """Loops whose tonnes multiply to less than 1: log ψ as lengths makes them loops of negative length."""
    sound = [j for j in problem.substitutions if 0 < j.tonnes_per_tonne < math.inf]
    if not sound:
        return
    # The server, which checks every request, starts without SciPy.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import NegativeCycleError, bellman_ford, connected_components

    names = sorted({name for j in sound for name in (j.material_id, j.substitute_material_id)})
    number_of = {name: i for i, name in enumerate(names)}
    shortest: dict[tuple[int, int], float] = {}
    for j in sound:
        step = number_of[j.material_id], number_of[j.substitute_material_id]
        # So little longer that a loop whose product is 1 but for rounding is none.
        shortest[step] = min(shortest.get(step, math.inf), math.log(j.tonnes_per_tonne) + ROUNDING)
    lengths = csr_array((list(shortest.values()), tuple(zip(*shortest, strict=True))), shape=(len(names), len(names)))
    _, group_of = connected_components(lengths, directed=True, connection="strong")
    for group in dict.fromkeys(group_of.tolist()):
        members = [i for i, other in enumerate(group_of.tolist()) if other == group]
        try:
            # Within a group every material leads to every other, so that one to begin with is as good as all.
            bellman_ford(lengths[members][:, members], indices=0)
        except NegativeCycleError:
            among = ", ".join(names[i] for i in members)
            text = f"make a loop among {among} whose tonnes_per_tonne multiply to less than 1, must make 1 or more"
            yield Violation("substitutions", text)


def footprint_violations(problem: SourcingProblem) -> Iterator[Violation]:
    """Footprints of sources, their prices and their limits."""
    price = {policy.kind: policy.price_usd_per_unit for policy in problem.footprint_policies}
    kinds = len({footprint.kind for source in problem.sources for footprint in source.footprints})
    if kinds > MOST_KINDS:
        yield Violation("sources", f"have footprints of {kinds} kinds, must have {MOST_KINDS} or fewer")
    for i, source in enumerate(problem.sources):
        path = f"sources[{i}].footprints"
        yield from unique(path, "kind", (footprint.kind for footprint in source.footprints))
        for k, footprint in enumerate(source.footprints):
            least = 1 / MOST_PER_TONNE
            if footprint.per_tonne != 0 and not least <= footprint.per_tonne <= MOST_PER_TONNE:
                text = f"is {footprint.per_tonne:g}, must be 0, or a number from {least:g} to {MOST_PER_TONNE:g}"
                yield Violation(f"{path}[{k}].per_tonne", text)
        cost = sum(price.get(footprint.kind, 0.0) * footprint.per_tonne for footprint in source.footprints)
        if MOST < cost < math.inf:
            yield Violation(path, f"cost {cost:g} USD/t at their prices, must stay at {MOST:g} or less")
    yield from unique("footprint_policies", "kind", (policy.kind for policy in problem.footprint_policies))
    for i, policy in enumerate(problem.footprint_policies):
        yield from _footprint_policy(f"footprint_policies[{i}]", policy, len(problem.periods))


def _footprint_policy(path: str, policy: FootprintPolicy, count: int) -> Iterator[Violation]:
    yield from number(f"{path}.price_usd_per_unit", policy.price_usd_per_unit)
    yield from series(f"{path}.max_units", policy.max_units, count, required=False, most=MOST_USD)
    yield from by_state(f"{path}.max_units_by_state", policy.max_units_by_state, most=MOST_USD)
    if policy.states and not policy.max_units:
        yield Violation(f"{path}.states", "say where max_units binds, which is not given; must be empty")


def book_violations(problem: SourcingProblem) -> Iterator[Violation]:
    """Contracts that are signed already, one by one, and what those of a source and period make together."""
    sources = {s.source_id: s for s in problem.sources}
    for i, signed in enumerate(problem.book):
        path = f"book[{i}]"
        yield from number(f"{path}.tonnes", signed.tonnes)
        source = sources.get(signed.source_id)
        if source is None:
            yield Violation(f"{path}.source_id", f"'{signed.source_id}' is no source of the problem")
        elif not 0 <= signed.period < len(problem.periods):
            yield Violation(f"{path}.period", f"is {signed.period}, must be from 0 to {len(problem.periods) - 1}")
        else:
            yield from _lead(path, problem, source, signed)
    yield from _together(problem, sources)


def _lead(path: str, problem: SourcingProblem, source: Source, signed: SignedContract) -> Iterator[Violation]:
    lead = source.lead_periods
    if lead is None:
        if not all(LEAST_PERIOD_YEARS <= period.length_years < math.inf for period in problem.periods):
            return
        lead = years_to_periods(LEAD_YEARS, problem)
    if signed.period >= lead:
        text = f"is {signed.period}, for which '{source.source_id}' can still be decided: its lead is {lead} periods"
        yield Violation(f"{path}.period", text)


def _together(problem: SourcingProblem, sources: dict[str, Source]) -> Iterator[Violation]:
    """What all entries of a source and period make, said at the last of them."""
    embargoes = _Embargoes(problem)
    last = {(signed.source_id, signed.period): i for i, signed in enumerate(problem.book)}
    for (source_id, period), tonnes in booked_tonnes(problem).items():
        source, path = sources.get(source_id), f"book[{last[source_id, period]}].tonnes"
        if source is None or not 0 <= period < len(problem.periods) or not 0 < tonnes < math.inf:
            continue
        what = f"makes {tonnes:g} t of '{source_id}' in period {period}"
        embargo = embargoes.on(source, period)
        if embargo is not None:
            text = f"{what}, where the embargo '{embargo.rule_id}' lets nothing be delivered: leave it out of the book"
            yield Violation(path, text)
        if len(source.capacity_tonnes) in (1, len(problem.periods)):
            capacity = by_period(source.capacity_tonnes, len(problem.periods))[period]
            if tonnes > capacity * (1 + ROUNDING):
                yield Violation(path, f"{what}, its capacity is {capacity:g} t")
        if tonnes < source.min_order_tonnes * (1 - ROUNDING):
            yield Violation(path, f"{what}, its least order is {source.min_order_tonnes:g} t")


class _Embargoes:
    """Finds an embargo on a source in a period among thousands, for thousands of entries of the book.

    Each name has a number whose bits say which embargoes name it. One that names none of a kind is about all of them.
    """

    def __init__(self, problem: SourcingProblem) -> None:
        self._rules = [rule for rule in problem.rules if isinstance(rule.rule, Embargo)]
        self._materials = _bits([rule.material_ids for rule in self._rules])
        self._countries = _bits([rule.countries for rule in self._rules])
        self._periods = _bits([rule.periods for rule in self._rules])

    def on(self, source: Source, period: int) -> TradeRule | None:
        """The first embargo on a source in a period."""
        about = -1
        for bits, name in (
            (self._materials, source.material_id),
            (self._countries, source.country),
            (self._periods, period),
        ):
            about &= bits[None] | bits.get(name, 0)
        return self._rules[(about & -about).bit_length() - 1] if about else None


def _bits(named: Sequence[Sequence[Hashable]]) -> dict[Hashable, int]:
    """By name the bits of those lists that hold it; by None the bits of those that are empty, and stand for all."""
    bits: dict[Hashable, int] = {None: 0}
    for i, names in enumerate(named):
        for name in names or (None,):
            bits[name] = bits.get(name, 0) | 1 << i
    return bits
