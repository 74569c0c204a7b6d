"""Expansions as numbers: when capacity that is decided stands, how much there can be, and what it costs a year."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lodestock_optimizers.problem import Expansion, SourcingProblem
from lodestock_optimizers.scenario_tree import Bools, Floats

ROUNDING = 1e-9
"""Years by which the sum of periods may exceed a life: they are as long as it but for rounding."""


class Span(NamedTuple):
    """The first and the last period in which capacity stands."""

    ready: int
    last: int


class Expansions:
    """The expansions of one problem.

    Args:
        problem: A problem without violations.
    """

    def __init__(self, problem: SourcingProblem) -> None:
        self._problem = problem
        self._end = np.cumsum([period.length_years for period in problem.periods])

    @cached_property
    def spans(self) -> dict[tuple[int, int], Span]:
        """When the capacity stands that is decided at source l in period s, by (l, s); no entry where none does."""
        found = {}
        for l, source in enumerate(self._problem.sources):
            if source.expansion is not None and source.expansion.max_tonnes_per_year > 0:
                spans = [(s, self._span(source.expansion, s)) for s in range(len(self._end))]
                found.update({(l, s): span for s, span in spans if span is not None})
        return found

    @cached_property
    def sources(self) -> list[int]:
        """The sources at which capacity can be built."""
        return list(dict.fromkeys(l for l, _ in self.spans))

    @cached_property
    def decided(self) -> dict[tuple[int, int], list[int]]:
        """The periods in which the capacity was decided that stands at source l in period t, by (l, t)."""
        found: dict[tuple[int, int], list[int]] = {}
        for (l, s), span in self.spans.items():
            for t in range(span.ready, span.last + 1):
                found.setdefault((l, t), []).append(s)
        return found

    @cached_property
    def can_stand(self) -> Bools:
        """(T, L) whether any of what can be built can stand."""
        found = np.zeros((len(self._end), len(self._problem.sources)), dtype=np.bool_)
        for l, t in self.decided:
            found[t, l] = True
        return found

    @cached_property
    def most(self) -> Floats:
        """(L,) H, the most that can stand at a time, tonnes a year."""
        return self._each(lambda e: e.max_tonnes_per_year)

    @cached_property
    def yearly_capital(self) -> Floats:
        """(L,) the annuity that pays back the capital of a tonne a year within its life, USD a year."""
        rate = self._problem.discount_rate
        return self._each(lambda e: e.capital_usd_per_tonne_year * annuity(rate, e.life_years))

    @cached_property
    def yearly_cost(self) -> Floats:
        """(L,) i, what a tonne a year costs for each year in which it stands, USD."""
        return self.yearly_capital + self._each(lambda e: e.fixed_usd_per_tonne_year)

    def _each(self, read: Callable[[Expansion], float]) -> Floats:
        """(L,) a figure of each expansion, 0 where there is none."""
        return np.array([0.0 if s.expansion is None else read(s.expansion) for s in self._problem.sources])

    def _span(self, expansion: Expansion, decided: int) -> Span | None:
        ready = decided + expansion.lead_periods
        if ready >= len(self._end):
            return None
        begun = self._end[ready - 1] if ready else 0.0
        last = int(np.searchsorted(self._end, begun + expansion.life_years + ROUNDING, side="right")) - 1
        return Span(ready, last) if last >= ready else None


def annuity(rate: float, years: float) -> float:
    """What pays back one dollar with interest within some years, paid at the end of each: r / (1 − (1+r)^−years).

    The capital recovery factor (Brealey, Myers & Allen, Principles of Corporate Finance, "equivalent annual cost").
    """
    if rate == 0:
        return 1.0 / years
    with np.errstate(over="ignore"):
        return float(rate / -np.expm1(-years * np.log1p(rate)))
