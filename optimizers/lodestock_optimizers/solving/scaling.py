"""A model in other units, in which its numbers lie closer together or nearer to 1.

Owns the units: of rows, columns, levels and objective. All are powers of two, so that nothing is rounded on the way
there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays

PASSES = 4
"""Times that rows and columns are brought to the middle of their magnitudes, each after the other."""
GREATEST_LIMIT = 2.0**20
"""What the greatest finite limit of a row or column comes to."""
GREATEST_FIGURE = 2.0**13
"""What the greatest figure of a row comes to: its sums are then rounded by about 1e-12."""


def scaled(arrays: LinearArrays) -> LinearArrays:
    """The model with rows and columns in units of the middle of the magnitudes in them (Fulkerson & Wolfe 1962).

    Limits and costs are then brought to a common size as a whole. Each row and column stays what it was, so that a
    basis of the one model is a basis of the other, optimal in both but for rounding.
    """
    entries = sparse.coo_array(arrays.matrix)
    row_of, column_of = entries.coords
    size = np.log2(np.abs(np.where(entries.data == 0, 1.0, entries.data)))
    row, column = np.zeros(arrays.shape[0]), np.zeros(arrays.shape[1])
    for _ in range(PASSES):
        row = -_middle(size + column[column_of], row_of, len(row))
        column = -_middle(size + row[row_of], column_of, len(column))
    row, column = np.exp2(np.round(row)), np.exp2(np.round(column))
    cost = arrays.cost * column
    money = _to(1.0, cost)
    limits = (arrays.lower / column, arrays.upper / column, arrays.row_lower * row, arrays.row_upper * row)
    level = _to(GREATEST_LIMIT, *limits)
    lower, upper, row_lower, row_upper = (limit * level for limit in limits)
    matrix = sparse.csc_array(sparse.diags_array(row) @ arrays.matrix @ sparse.diags_array(column))
    return replace(
        arrays,
        matrix=matrix,
        cost=cost * money,
        offset=0.0,
        lower=lower,
        upper=upper,
        row_lower=row_lower,
        row_upper=row_upper,
    )


def with_small_rows(arrays: LinearArrays) -> LinearArrays:
    """The model with each row in units in which neither a coefficient nor a limit is above `GREATEST_FIGURE`.

    HiGHS holds a plan of whole numbers against an absolute tolerance that is below the rounding of a row in USD. What
    the columns are stays as it is.
    """
    limits = (np.where(np.isfinite(limit), np.abs(limit), 0.0) for limit in (arrays.row_lower, arrays.row_upper))
    greatest = np.maximum.reduce([abs(arrays.matrix).max(axis=1).toarray().ravel(), *limits])
    unit = np.exp2(np.ceil(np.log2(np.maximum(1.0, greatest / GREATEST_FIGURE))))
    return replace(
        arrays,
        matrix=sparse.csc_array(sparse.diags_array(1.0 / unit) @ arrays.matrix),
        row_lower=arrays.row_lower / unit,
        row_upper=arrays.row_upper / unit,
    )


def _middle(size: Floats, of: np.ndarray, count: int) -> Floats:
    """(count,) the mean of least and greatest of each group, 0 where it is empty."""
    least, most = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, of, size)
    np.maximum.at(most, of, size)
    is_empty = np.isinf(least)
    least[is_empty] = most[is_empty] = 0.0
    middle: Floats = 0.5 * (least + most)
    return middle


def _to(target: float, *figures: Floats) -> float:
    """The power of two that brings the greatest finite figure near to a target."""
    greatest = max((float(np.abs(f[np.isfinite(f)]).max(initial=0.0)) for f in figures), default=0.0)
    return float(np.exp2(np.round(np.log2(target / greatest)))) if greatest > 0 else 1.0
