"""How far an optimal basis stays optimal where limits move, and how the plan moves with them.

Owns the ratio test over all rows and columns (Chvátal, Linear Programming, 1983, ch. 10): with the non-basic variables
at their limits, the basic ones follow from them, so that the plan is a straight line in the limits for as long as no
other limit is met. HiGHS' own ranging answers for one row or bound at a time, and for all of them; this is for several
that move together, and for those that matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodestock_optimizers.no_plan.named_limits import NamedLimits
from lodestock_optimizers.scenario_tree import Bools, Floats, Ints
from lodestock_optimizers.solving.highs import Solution
from lodestock_optimizers.solving.resolving import ArrayChange, WarmModel

STILL = 1e-9
"""A basic variable that moves by less, relative to the limits that move, stands still."""
AT_LIMIT = 1e-9
"""A distance from a limit below this, relative to the limit, is none."""


@dataclass(frozen=True, slots=True)
class Move:
    """Limits that move together: their numbers, and by how much each moves for a step of 1."""

    members: Ints
    rate: Floats


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Both limits of all columns or rows, their value and dual, and how the limits move."""

    value: Floats
    dual: Floats
    lower: Floats
    upper: Floats
    lower_rate: Floats
    upper_rate: Floats

    def follows(self, is_basic: Bools) -> Floats:
        """By how much the non-basic ones move with the limit that they are at."""
        near = AT_LIMIT * (1.0 + np.abs(self.value))
        at_upper, at_lower = self.value >= self.upper - near, self.value <= self.lower + near
        follows_upper = at_upper & ~(at_lower & (self.dual >= 0))
        return np.where(is_basic, 0.0, np.where(follows_upper, self.upper_rate, self.lower_rate))

    def steps(self, change: Floats, still: float) -> tuple[float, float]:
        """(least, most) step until one of them, that moves by `change` a step, meets a limit."""
        least, most = -np.inf, np.inf
        for room, pace in (
            (self.upper - self.value, change - self.upper_rate),
            (self.value - self.lower, self.lower_rate - change),
        ):
            moving = np.flatnonzero((np.abs(pace) > still) & np.isfinite(room))
            left, speed = np.maximum(0.0, room[moving]), pace[moving]
            left[left <= AT_LIMIT * (1.0 + np.abs(self.value[moving]))] = 0.0
            most = min(most, float((left[speed > 0] / speed[speed > 0]).min(initial=np.inf)))
            least = max(least, float((left[speed < 0] / speed[speed < 0]).max(initial=-np.inf)))
        return least, most


class Basis:
    """The basis of the last solve of a model; to be asked before the model is solved again.

    Args:
        limits: The limits of the model.
        model: The model.
        solution: What its last solve came to.
    """

    def __init__(self, limits: NamedLimits, model: WarmModel, solution: Solution) -> None:
        self._limits, self._model, self._solution = limits, model, solution
        self._arrays = model.solved
        columns = self._arrays.shape[1]
        self._basic = model.basic
        is_basic = np.zeros(sum(self._arrays.shape), dtype=np.bool_)
        is_basic[np.where(self._basic >= 0, self._basic, columns - 1 - self._basic)] = True
        self._column_is_basic, self._row_is_basic = is_basic[:columns], is_basic[columns:]
        self._activity: Floats = self._arrays.matrix @ solution.column_value

    def range_of(self, move: Move) -> tuple[float, float]:
        """(least, most) step, at most and at least 0, for which the basis stays optimal; infinite where any step."""
        columns, rows = self._bounds(move)
        change = columns.follows(self._column_is_basic)
        right = rows.follows(self._row_is_basic) - self._arrays.matrix @ change
        moved = self._model.basis_solve(right)
        is_column = self._basic >= 0
        change[self._basic[is_column]] = moved[is_column]
        still = STILL * max(1.0, float(np.abs(move.rate).max(initial=0.0)))
        of_columns, of_rows = columns.steps(change, still), rows.steps(self._arrays.matrix @ change, still)
        return max(of_columns[0], of_rows[0]), min(of_columns[1], of_rows[1])

    def _bounds(self, move: Move) -> tuple[_Bounds, _Bounds]:
        arrays, solution = self._arrays, self._solution
        row_count, column_count = arrays.shape
        row_rates = _rates(self._limits, move, row_count, on_rows=True, lower=arrays.row_lower, upper=arrays.row_upper)
        column_rates = _rates(self._limits, move, column_count, on_rows=False, lower=arrays.lower, upper=arrays.upper)
        return (
            _Bounds(solution.column_value, solution.column_dual, arrays.lower, arrays.upper, *column_rates),
            _Bounds(self._activity, solution.row_dual, arrays.row_lower, arrays.row_upper, *row_rates),
        )


def _rates(
    limits: NamedLimits, move: Move, count: int, *, on_rows: bool, lower: Floats, upper: Floats
) -> tuple[Floats, Floats]:
    """How the lower and the upper limits of rows, or of columns, move; what is fixed moves as one."""
    here = move.members[limits.on_rows[move.members] == on_rows]
    rate = move.rate[limits.on_rows[move.members] == on_rows]
    at, is_most = limits.position[here], limits.is_most[here]
    is_fixed = (lower[at] == upper[at]) & limits.booked[here]
    lower_rate, upper_rate = np.zeros(count), np.zeros(count)
    lower_rate[at[~is_most | is_fixed]] = rate[~is_most | is_fixed]
    upper_rate[at[is_most | is_fixed]] = rate[is_most | is_fixed]
    return lower_rate, upper_rate


def moved(limits: NamedLimits, model: WarmModel, move: Move, step: float) -> ArrayChange:
    """The change of the model in which limits have moved by a step."""
    arrays = model.arrays
    row_count, column_count = arrays.shape
    row_rates = _rates(limits, move, row_count, on_rows=True, lower=arrays.row_lower, upper=arrays.row_upper)
    column_rates = _rates(limits, move, column_count, on_rows=False, lower=arrays.lower, upper=arrays.upper)
    return ArrayChange(
        lower=arrays.lower + step * column_rates[0],
        upper=arrays.upper + step * column_rates[1],
        row_lower=arrays.row_lower + step * row_rates[0],
        row_upper=arrays.row_upper + step * row_rates[1],
    )
