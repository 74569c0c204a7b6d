"""A linear model as sparse arrays, with the way back from a column or row to its name.

Owns the shape of the arrays and the lookup by component name. Knows neither the meaning of the model nor the solver.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from lodestock_optimizers.scenario_tree import Floats, Ints


@dataclass(frozen=True, slots=True)
class Family:
    """The columns of one variable, or the rows of one constraint: their indices (k, dims) and positions (k,)."""

    index: Ints
    position: Ints

    def __len__(self) -> int:
        return len(self.position)

    def spread(self, values: Floats, *shape: int) -> Floats:
        """An array of `shape` with the family's entries of `values` at their indices, 0 elsewhere."""
        result = np.zeros(shape)
        if len(self):
            result[tuple(self.index.T)] = values[self.position]
        return result


@dataclass(frozen=True)
class LinearArrays:
    """minimise cost·x + offset, row_lower ≤ A·x ≤ row_upper, lower ≤ x ≤ upper, x whole where `integer` says so.

    `integer` holds the positions of the columns that must be whole numbers.
    """

    matrix: sparse.csc_array
    cost: Floats
    offset: float
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    columns: dict[str, Family]
    rows: dict[str, Family]
    integer: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        rows, columns = self.matrix.shape
        return int(rows), int(columns)


def with_row(arrays: LinearArrays, coefficients: Floats, lower: float, upper: float) -> LinearArrays:
    """The arrays with the row lower ≤ coefficients·x ≤ upper below theirs."""
    row = sparse.csc_array(coefficients[None, :])
    return replace(
        arrays,
        matrix=sparse.csc_array(sparse.vstack([arrays.matrix, row], format="csc")),
        row_lower=np.append(arrays.row_lower, lower),
        row_upper=np.append(arrays.row_upper, upper),
    )
