"""What can be wrong with the book of signed contracts; part of `lodestock_optimizers.validation`."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence

from lodestock_optimizers.instance import LEAD_YEARS
from lodestock_optimizers.problem import (
    Embargo,
    SignedContract,
    Source,
    SourcingProblem,
    TradeRule,
    booked_tonnes,
    by_period,
)
from lodestock_optimizers.scenario_tree import years_to_periods
from lodestock_optimizers.violations import LEAST_PERIOD_YEARS, ROUNDING, Violation, number


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
