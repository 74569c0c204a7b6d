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
    matrix = sparse.csc_array(arrays.matrix)
    at_most, at_least = _limited(matrix, arrays.row_upper), _limited(-matrix, -arrays.row_lower)
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    for _ in range(ROUNDS):
        _tighten(*at_most, arrays.row_upper, lower, upper)
        _tighten(*at_least, -arrays.row_lower, lower, upper)
    return upper


def _limited(matrix: sparse.csc_array, limit: Floats) -> tuple[Ints, Ints, Floats]:
    """Row, column and value of the entries of rows that have a limit; those of a column follow one another."""
    kept = np.flatnonzero((matrix.data != 0) & np.isfinite(limit)[matrix.indices])
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    # numpy looks up by 64 bits, and would turn shorter numbers into these each time.
    return matrix.indices[kept].astype(np.int64), column[kept], matrix.data[kept]


def _tighten(row: Ints, column: Ints, coefficient: Floats, limit: Floats, lower: Floats, upper: Floats) -> None:
    """Tightens bounds in place by Σ coefficient·x ≤ limit: what the others use at least leaves room for so much."""
    least = coefficient * np.where(coefficient > 0, lower[column], upper[column])
    used = np.bincount(row, least, len(limit))
    size = np.abs(limit) + np.bincount(row, np.abs(least), len(limit))
    limiting = np.isfinite(limit) & np.isfinite(used)
    room = np.full(len(limit), np.inf)
    room[limiting] = (limit - used)[limiting]
    room[limiting & (room <= ROUNDING * size)] = 0.0
    told = limiting[row]
    if not told.all():
        row, column, coefficient = row[told], column[told], coefficient[told]
    if not len(column):
        return
    change = room[row] / coefficient
    rising = coefficient > 0
    most = np.where(rising, lower[column] + change, np.inf)
    least = np.where(rising, -np.inf, upper[column] + change)
    first = np.flatnonzero(np.diff(column, prepend=-1))
    touched = column[first]
    upper[touched] = np.minimum(upper[touched], np.minimum.reduceat(most, first))
    lower[touched] = np.maximum(lower[touched], np.maximum.reduceat(least, first))
