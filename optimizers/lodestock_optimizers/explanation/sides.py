"""What a step of a limit is worth to each side, in the part of a problem that the limit stands in.

Owns the way from the limits of a whole to those of its parts, each with the basis that its part was solved with, and
the solve beside the value where that basis holds on one side alone. Parts have nothing to do with each other, so that
what several are worth adds up, and what is true of all ends where it first ends in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lodestock_optimizers.no_plan.named_limits import NamedLimits
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.highs import Solution
from lodestock_optimizers.watch import Timekeeper

from .apart import Apart, Parts
from .moving import Basis, Move, moved
from .shares import with_share

LEAST_RANGE = 1e-7
"""A range that ends nearer than this, relative to the value, ends at it."""
STEP = 1e-4
"""Of a field's value: the step to the side on which its worth is sought; smaller where the price changes within it."""
SMALLER, TRIES = 0.03, 4
LEAST_MOVE = 1e-6
"""Of a limit, in its own unit: a step that moves it by less may have a plan only because it is nothing to HiGHS."""


@dataclass(frozen=True)
class Side:
    """What a unit of a field is worth to one side of its value.

    Attributes:
        worth: Per unit, USD.
        end: The step at which that ends; None where it is not known.
        saving: (K,) what a unit of relief of each limit saves on this side, weighed as the objective weighs it, USD.
    """

    worth: float
    end: float | None
    saving: Floats


def savings(limits: NamedLimits, solution: Solution) -> Floats:
    """(K,) what a unit of relief of each limit saves, weighed as the objective weighs it, USD; 0 for rounding."""
    dual = np.zeros(len(limits))
    dual[limits.on_rows] = solution.row_dual[limits.position[limits.on_rows]]
    dual[~limits.on_rows] = solution.column_dual[limits.position[~limits.on_rows]]
    return np.maximum(0.0, np.where(limits.is_most, -dual, dual))


def is_near(step: float, value: float) -> bool:
    """Whether a step from a field's value is none."""
    return abs(step) <= LEAST_RANGE * max(1.0, abs(value))


class PartLimits:
    """The limits of one solved part.

    Args:
        part: The part.
        limits: Its limits.
    """

    def __init__(self, part: Apart, limits: NamedLimits) -> None:
        self.limits = limits
        self._model, self._solution = part.model, part.answer.solution
        self._start = part.model.basis

    @cached_property
    def basis(self) -> Basis:
        """The basis of the optimum; to be asked for before the model is solved again."""
        return Basis(self.limits, self._model, self._solution)

    @cached_property
    def _saving(self) -> Floats:
        return savings(self.limits, self._solution)

    def beside(self, move: Move, side: float, value: float, reach: float, keeper: Timekeeper) -> Side | None:
        """The worth of a unit of a field to one side of its value; None where there is no plan there.

        Args:
            move: How the limits move for one unit of the field.
            side: 1 for more, −1 for less.
            value: The field's value.
            reach: The step to that side for which the optimum's basis holds.
            keeper: Whom to ask, and the time that is left.
        """
        if not is_near(reach, value):
            return Side(float(move.rate @ self._saving[move.members]), reach, self._saving)
        found, is_refused = None, False
        for length in _lengths(move, value):
            step = side * length
            solution = self._solved(moved(self.limits, self._model, move, step).of(self._model.arrays), keeper)
            if solution.status is not PlanStatus.OPTIMAL:
                is_refused = True
                continue
            least, most = Basis(self.limits, self._model, solution).range_of(move)
            back, on = (-least, most) if side > 0 else (most, -least)
            if is_refused and on <= LEAST_RANGE * length:
                # Nothing is left where it stands: a plan of the solver's tolerance, where there is none.
                continue
            saving = savings(self.limits, solution)
            worth = float(move.rate @ saving[move.members])
            if back >= length * (1.0 - LEAST_RANGE):
                return Side(worth, side * (length + on), saving)
            found, is_refused = Side(worth, None, saving), False
        return found

    def saved(self, move: Move, step: float, keeper: Timekeeper) -> float | None:
        """What the plan saves where limits have moved by a step, USD; None where there is no plan."""
        return self._saved_as(moved(self.limits, self._model, move, step).of(self._model.arrays), keeper)

    def saved_by_share(self, members: Ints, step: float, keeper: Timekeeper) -> float | None:
        """What the plan saves where a share of deliveries is larger by a step, USD; None where there is no plan."""
        return self._saved_as(with_share(self.limits, members, step), keeper)

    def _saved_as(self, arrays: LinearArrays, keeper: Timekeeper) -> float | None:
        solution = self._solved(arrays, keeper)
        is_plan = solution.status is PlanStatus.OPTIMAL
        return self._solution.objective - solution.objective if is_plan else None

    def _solved(self, arrays: LinearArrays, keeper: Timekeeper) -> Solution:
        self._model.return_to(self._start)
        return self._model.solve_as(arrays, keeper)


def _lengths(move: Move, value: float) -> list[float]:
    """Steps from a field's value that are tried in turn, each but the first a small part of the one before."""
    least = LEAST_MOVE / float(np.abs(move.rate).max())
    first = max(least, STEP * (abs(value) or 1.0))
    return [length for length in first * SMALLER ** np.arange(TRIES) if length >= least]


class LimitsApart:
    """Where the limits of a whole stand in its parts.

    Args:
        limits: The limits of the whole.
        parts: The whole, solved.
    """

    def __init__(self, limits: NamedLimits, parts: Parts) -> None:
        self._limits = limits
        if len(parts.each) == 1:
            own = [limits]
        else:
            answers = [part.answer for part in parts.each]
            own = [NamedLimits(answer.instance, answer.rows, answer.arrays) for answer in answers]
        self.each = [PartLimits(part, its) for part, its in zip(parts.each, own, strict=True)]
        count = len(limits)
        self._part, self._number, self._ratio = np.zeros(count, dtype=np.int64), np.arange(count), np.ones(count)
        if len(parts.each) > 1:
            self._place(parts.each, own)

    def _place(self, parts: Sequence[Apart], own: Sequence[NamedLimits]) -> None:
        limits = self._limits
        for on_rows in (True, False):
            images = [part.rows if on_rows else part.columns for part in parts]
            ends = np.cumsum([len(image.position) for image in images])
            for is_most in (True, False):
                here = np.flatnonzero((limits.on_rows == on_rows) & (limits.is_most == is_most))
                self._part[here] = np.searchsorted(ends, limits.position[here], side="right")
                for p, (image, its) in enumerate(zip(images, own, strict=True)):
                    in_part = here[self._part[here] == p]
                    at = limits.position[in_part] - (ends[p] - len(image.position))
                    alike = np.flatnonzero((its.on_rows == on_rows) & (its.is_most == is_most))
                    number = np.zeros(int(its.position.max(initial=-1)) + 1, dtype=np.int64)
                    number[its.position[alike]] = alike
                    self._number[in_part] = number[image.position[at]]
                    self._ratio[in_part] = image.ratio[at]

    def joint(self, move: Move) -> JointMove:
        """A move of limits of the whole, in each of the parts that it is about."""
        found = []
        for p in np.unique(self._part[move.members]).tolist():
            here = self._part[move.members] == p
            # Limits of the whole that are one in the part move alike.
            own, first = np.unique(self._number[move.members[here]], return_index=True)
            found.append((p, Move(own, move.rate[here][first])))
        return JointMove(self, found)

    def spread(self, p: int, saving: Floats, into: Floats) -> None:
        """Puts what limits of a part save in the place of those of the whole."""
        here = np.flatnonzero(self._part == p)
        into[here] = saving[self._number[here]] * self._ratio[here]


class JointMove:
    """Limits of a whole that move together, part by part.

    Args:
        apart: The limits.
        moves: Number of each part that is moved, and how.
    """

    def __init__(self, apart: LimitsApart, moves: list[tuple[int, Move]]) -> None:
        self._apart, self._moves = apart, moves
        self._ranges: list[tuple[float, float]] = []

    def range(self) -> tuple[float, float]:
        """(least, most) step for which the bases of all parts stay optimal, before any is solved again."""
        self._ranges = [self._apart.each[p].basis.range_of(own) for p, own in self._moves]
        return max(least for least, _ in self._ranges), min(most for _, most in self._ranges)

    def beside(self, side: float, value: float, saving: Floats, keeper: Timekeeper) -> Side | None:
        """The worth of a unit of a field to one side of its value, once its range was asked for; `PartLimits.beside`.

        Args:
            side: 1 for more, −1 for less.
            value: The field's value.
            saving: (K,) what a unit of relief of each limit of the whole saves at the optimum.
            keeper: Whom to ask, and the time that is left.
        """
        worth, ends, saving = 0.0, [], saving.copy()
        for (p, own), (least, most) in zip(self._moves, self._ranges, strict=True):
            found = self._apart.each[p].beside(own, side, value, most if side > 0 else least, keeper)
            if found is None:
                return None
            worth += found.worth
            ends.append(found.end)
            self._apart.spread(p, found.saving, saving)
        known = [end for end in ends if end is not None]
        return Side(worth, min(known, key=abs) if len(known) == len(ends) else None, saving)

    def saved(self, step: float, keeper: Timekeeper) -> float | None:
        """What the plan saves where the limits have moved by a step, USD; None where there is no plan."""
        return _sum(self._apart.each[p].saved(own, step, keeper) for p, own in self._moves)

    def saved_by_share(self, step: float, keeper: Timekeeper) -> float | None:
        """What the plan saves where a share of deliveries is larger by a step, USD; None where there is no plan."""
        return _sum(self._apart.each[p].saved_by_share(own.members, step, keeper) for p, own in self._moves)


def _sum(figures: Iterable[float | None]) -> float | None:
    """The sum; None where one is missing."""
    total = 0.0
    for figure in figures:
        if figure is None:
            return None
        total += figure
    return total
