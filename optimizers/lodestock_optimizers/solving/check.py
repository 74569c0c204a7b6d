"""The answer checked before it leaves: optimality conditions recomputed in numpy from the model's own arrays.

Owns the four Karush–Kuhn–Tucker figures of a linear programme (Boyd & Vandenberghe, Convex Optimization, 5.5). Shares
no code with the solver, whose word it does not take.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lodestock_optimizers.plan import AnswerCheck
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.highs import Solution

TOLERANCE = 1e-6


def check_answer(arrays: LinearArrays, solution: Solution) -> AnswerCheck:
    """Checks primal and dual feasibility, complementary slackness and the duality gap.

    With whole numbers in the model, the last three are those of the linear programme in which these are held as found.

    Args:
        arrays: The model that was solved.
        solution: What the solver found, with its duals.

    Returns:
        The greatest violation of each kind, relative to the size of the row, the costs or the objective.
    """
    x, dual = solution.column_value, solution.row_dual
    violation = primal_violation(arrays, x)
    arrays = _with_whole_numbers_held(arrays, x)
    reduced = arrays.cost - arrays.matrix.T @ dual
    objective = float(arrays.cost @ x) + arrays.offset
    size = 1.0 + abs(objective)
    row_slack = _slack(dual, arrays.matrix @ x, arrays.row_lower, arrays.row_upper)
    column_slack = _slack(reduced, x, arrays.lower, arrays.upper)
    bound, dual_violation = lower_bound(arrays, dual)
    return AnswerCheck(
        tolerance=TOLERANCE,
        primal_violation=violation,
        dual_violation=dual_violation,
        complementarity_violation=_greatest(row_slack / size, column_slack / size),
        duality_gap=abs(objective - bound) / size,
    )


def primal_violation(arrays: LinearArrays, values: Floats) -> float:
    """By how much (columns,) levels break a row or a bound at most, relative to its size, or miss a whole number."""
    outside = _outside(arrays.matrix @ values, arrays.row_lower, arrays.row_upper)
    row_scale = 1.0 + abs(arrays.matrix) @ np.abs(values)
    outside_bounds = _outside(values, arrays.lower, arrays.upper) / (1.0 + np.abs(values))
    whole = values[arrays.integer]
    return _greatest(outside / row_scale, outside_bounds, np.abs(whole - np.round(whole)))


def _with_whole_numbers_held(arrays: LinearArrays, values: Floats) -> LinearArrays:
    """The model with its whole numbers held at those of (columns,) levels."""
    if not len(arrays.integer):
        return arrays
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[arrays.integer] = upper[arrays.integer] = np.round(values[arrays.integer])
    return replace(arrays, lower=lower, upper=upper)


def lower_bound(arrays: LinearArrays, row_dual: Floats) -> tuple[float, float]:
    """The bound on every plan's objective that (rows,) duals prove by weak duality, and by how much they fail to.

    Returns:
        The bound, and the greatest dual of the wrong sign on an open side, relative to its row or column.
    """
    reduced = arrays.cost - arrays.matrix.T @ row_dual
    cost_scale = 1.0 + np.abs(arrays.cost) + abs(arrays.matrix).T @ np.abs(row_dual)
    row_wrong, row_value = _worth(row_dual, arrays.row_lower, arrays.row_upper)
    column_wrong, column_value = _worth(reduced, arrays.lower, arrays.upper)
    bound = float(row_value.sum() + column_value.sum()) + arrays.offset
    return bound, _greatest(row_wrong / (1.0 + np.abs(row_dual)), column_wrong / cost_scale)


def _outside(value: Floats, lower: Floats, upper: Floats) -> Floats:
    return np.maximum(0.0, np.maximum(lower - value, value - upper))


def _worth(dual: Floats, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """(wrong sign, worth) of the dual of each row or column: a positive one belongs to the lower limit."""
    side = np.where(dual > 0, lower, upper)
    is_open = ~np.isfinite(side)
    return np.where(is_open, np.abs(dual), 0.0), dual * np.where(is_open, 0.0, side)


def _slack(dual: Floats, value: Floats, lower: Floats, upper: Floats) -> Floats:
    """Complementarity of each row or column: its dual times its distance from the limit that the dual belongs to."""
    side = np.where(dual > 0, lower, upper)
    return np.where(np.isfinite(side), np.abs(dual * (value - np.where(np.isfinite(side), side, 0.0))), 0.0)


def _greatest(*figures: Floats) -> float:
    return max((float(f.max()) for f in figures if f.size), default=0.0)
