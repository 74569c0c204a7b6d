"""A model as bare arrays: light enough to be sent to another process, and what HiGHS takes.

Imports NumPy and HiGHS alone, so that a process that does nothing but solve starts in a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lodestock_optimizers.solving.arrays import LinearArrays

Floats = NDArray[np.float64]
Int32s = NDArray[np.int32]

LEAST_COEFFICIENT = 1e-12
"""Of a matrix, the least that HiGHS can be told to keep; by itself it takes what is below 1e-9 for 0."""


@dataclass(frozen=True, slots=True)
class FlatModel:
    """minimise cost·x + offset, row_lower ≤ A·x ≤ row_upper, lower ≤ x ≤ upper; A by columns: starts, rows, values.

    `integer` holds the positions of the columns that must be whole numbers.
    """

    start: Int32s
    index: Int32s
    value: Floats
    cost: Floats
    offset: float
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    integer: Int32s

    def to_highs(self) -> Any:
        """The model as HiGHS takes it."""
        lp: Any = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = len(self.row_lower), len(self.cost)
        lp.col_cost_, lp.offset_ = self.cost, self.offset
        lp.col_lower_, lp.col_upper_ = self.lower, self.upper
        lp.row_lower_, lp.row_upper_ = self.row_lower, self.row_upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = self.start, self.index, self.value
        if len(self.integer):
            kinds = [highspy.HighsVarType.kContinuous] * len(self.cost)
            for column in self.integer.tolist():
                kinds[column] = highspy.HighsVarType.kInteger
            lp.integrality_ = kinds
        return lp


def flat_model(arrays: LinearArrays, *, relaxed: bool) -> FlatModel:
    """The bare arrays of a model; relaxed, no column has to be a whole number."""
    return FlatModel(
        start=arrays.matrix.indptr.astype(np.int32),
        index=arrays.matrix.indices.astype(np.int32),
        value=arrays.matrix.data,
        cost=arrays.cost,
        offset=arrays.offset,
        lower=arrays.lower,
        upper=arrays.upper,
        row_lower=arrays.row_lower,
        row_upper=arrays.row_upper,
        integer=np.zeros(0, dtype=np.int32) if relaxed else arrays.integer.astype(np.int32),
    )
