"""Put the figures of several results side by side, those that matter most first.

Owns what counts as different and in what order it is told. Which figures a result has, whoever reads it knows.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

SAME_WITHIN = 1e-9
"""Difference up to which two values are alike, relative to the larger one, and in units: what is left of solving."""

UNITS_FIRST = ("USD", "t")
"""Money first, then tonnes, then all else."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a result."""

    value: float
    unit: str


class Order(Enum):
    """What is told first.

    BY_AMOUNT: money, then tonnes, then the rest; within these the largest difference from the first result, where a
    figure that a result lacks counts as 0, as what is not bought does.
    BY_RATIO: the largest difference in relation to the first result; then what not all have.
    """

    BY_AMOUNT = "BY_AMOUNT"
    BY_RATIO = "BY_RATIO"


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """A figure of several results; its values stand in the order of these, NaN where one has no such figure."""

    path: str
    unit: str
    values: tuple[float, ...]

    @property
    def differs(self) -> bool:
        """Whether the results do not agree on it, to have it or not among it."""
        first, *others = self.values
        return not all(_same(first, other) for other in others)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between results.

    Attributes:
        figures: the first ones in the order asked for.
        differing: number of all that differ.
    """

    figures: tuple[ComparedFigure, ...]
    differing: int


def compare_results(results: Sequence[Mapping[str, Figure]], most: int, order: Order = Order.BY_AMOUNT) -> Comparison:
    """Compare results figure by figure.

    Args:
        results: the figures of each by path, the one to compare with first.
        most: most figures to list; all that differ are counted.
        order: which to list first; equals in the order of their paths.
    """
    units = {path: figure.unit for result in reversed(results) for path, figure in result.items()}
    figures = (
        ComparedFigure(path, unit, tuple(result[path].value if path in result else math.nan for result in results))
        for path, unit in units.items()
    )
    differing = [figure for figure in figures if figure.differs]
    return Comparison(tuple(heapq.nsmallest(most, differing, key=RANKS[order])), len(differing))


def _same(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=SAME_WITHIN, abs_tol=SAME_WITHIN)


def _by_amount(figure: ComparedFigure) -> tuple[bool, int, float, str]:
    """By unit and amount; last what one states as 0 and another does not state."""
    kind = UNITS_FIRST.index(figure.unit) if figure.unit in UNITS_FIRST else len(UNITS_FIRST)
    first, *others = (0.0 if math.isnan(value) else value for value in figure.values)
    amount = max(abs(other - first) for other in others)
    return amount == 0, kind, -amount, figure.path


def _by_ratio(figure: ComparedFigure) -> tuple[bool, float, str]:
    first, *others = figure.values
    if any(map(math.isnan, figure.values)):
        return True, 0.0, figure.path
    return False, -max(_ratio(abs(other - first), abs(first)) for other in others), figure.path


def _ratio(difference: float, base: float) -> float:
    if base == 0:
        return math.inf if difference else 0.0
    return difference / base


RANKS: Mapping[Order, Callable[[ComparedFigure], tuple[object, ...]]] = {
    Order.BY_AMOUNT: _by_amount,
    Order.BY_RATIO: _by_ratio,
}
