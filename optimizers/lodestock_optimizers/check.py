"""The answer checked before it leaves: optimality conditions recomputed in numpy from the model's own arrays.

Owns the four Karush–Kuhn–Tucker figures of a linear programme (Boyd & Vandenberghe, Convex Optimization, 5.5). Shares
no code with the solver, whose word it does not take.
"""

from __future__ import annotations

import numpy as np

from .arrays import LinearArrays
from .highs import Solution
from .plan import AnswerCheck
from .scenario_tree import Floats

TOLERANCE = 1e-6


def check_answer(arrays: LinearArrays, solution: Solution) -> AnswerCheck:
    """Checks primal and dual feasibility, complementary slackness and the duality gap.

    Args:
        arrays: The model that was solved.
        solution: What the solver found, with its duals.

    Returns:
        The greatest violation of each kind, relative to the size of the row, the costs or the objective.
    """
    x, dual = solution.column_value, solution.row_dual
    activity = arrays.matrix @ x
    reduced = arrays.cost - arrays.matrix.T @ dual
    row_scale = 1.0 + abs(arrays.matrix) @ np.abs(x)
    cost_scale = 1.0 + np.abs(arrays.cost) + abs(arrays.matrix).T @ np.abs(dual)
    objective = float(arrays.cost @ x) + arrays.offset
    size = 1.0 + abs(objective)

    outside_rows = _outside(activity, arrays.row_lower, arrays.row_upper) / row_scale
    outside_bounds = _outside(x, arrays.lower, arrays.upper) / (1.0 + np.abs(x))
    row_wrong, row_value, row_slack = _price(dual, activity, arrays.row_lower, arrays.row_upper)
    column_wrong, column_value, column_slack = _price(reduced, x, arrays.lower, arrays.upper)
    dual_scale = 1.0 + np.abs(dual)
    bound = float(row_value.sum() + column_value.sum()) + arrays.offset
    return AnswerCheck(
        tolerance=TOLERANCE,
        primal_violation=_greatest(outside_rows, outside_bounds),
        dual_violation=_greatest(row_wrong / dual_scale, column_wrong / cost_scale),
        complementarity_violation=_greatest(row_slack / size, column_slack / size),
        duality_gap=abs(objective - bound) / size,
    )


def _outside(value: Floats, lower: Floats, upper: Floats) -> Floats:
    return np.maximum(0.0, np.maximum(lower - value, value - upper))


def _price(dual: Floats, value: Floats, lower: Floats, upper: Floats) -> tuple[Floats, Floats, Floats]:
    """(wrong sign, dual value, complementarity) of each row or column: a positive dual belongs to the lower limit."""
    side = np.where(dual > 0, lower, upper)
    open_side = ~np.isfinite(side)
    finite = np.where(open_side, 0.0, side)
    wrong = np.where(open_side, np.abs(dual), 0.0)
    return wrong, np.where(open_side, 0.0, dual * finite), np.where(open_side, 0.0, np.abs(dual * (value - finite)))


def _greatest(*figures: Floats) -> float:
    return max((float(f.max()) for f in figures if f.size), default=0.0)
