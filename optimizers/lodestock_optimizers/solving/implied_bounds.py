"""Bounds of columns that the rows of a model imply: what no plan can exceed, whatever it costs.

Owns the propagation of bounds through rows (activity-based bound tightening; Savelsbergh 1994). Knows nothing of the
model's meaning, and solves nothing.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.arrays import LinearArrays

ROUNDS = 2
"""What is fixed elsewhere uses up a limit in the first, which closes it to others in the second."""
ROUNDING = 1e-12
"""Relative to what a row adds up; room below it is none."""


def greatest_levels(arrays: LinearArrays) -> Floats:
    """(columns,) what each column is at most in any plan, costs apart: an upper bound, exact where a limit is used up.

    Args:
        arrays: A model that has a plan.
    """
    matrix = sparse.coo_array(arrays.matrix)
    present = matrix.data != 0
    row, column = (place[present] for place in matrix.coords)
    coefficient = matrix.data[present]
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    for _ in range(ROUNDS):
        _tighten(row, column, coefficient, arrays.row_upper, lower, upper)
        _tighten(row, column, -coefficient, -arrays.row_lower, lower, upper)
    return upper


def _tighten(row: Ints, column: Ints, coefficient: Floats, limit: Floats, lower: Floats, upper: Floats) -> None:
    """Tightens bounds in place by Σ coefficient·x ≤ limit: what the others use at least leaves room for so much."""
    least = coefficient * np.where(coefficient > 0, lower[column], upper[column])
    used = np.bincount(row, least, len(limit))
    size = np.abs(limit) + np.bincount(row, np.abs(least), len(limit))
    limiting = np.isfinite(limit) & np.isfinite(used)
    room = np.where(limiting, limit - used, np.inf)
    room[limiting & (room <= ROUNDING * size)] = 0.0
    told = limiting[row]
    row, column, coefficient = row[told], column[told], coefficient[told]
    change = room[row] / coefficient
    rising = coefficient > 0
    most = lower[column[rising]] + change[rising]
    least = upper[column[~rising]] + change[~rising]
    np.minimum.at(upper, column[rising], most)
    np.maximum.at(lower, column[~rising], least)
