"""A model without the deliveries that their contracts determine, and the way back to the whole.

Owns one step that every presolve takes, y = A·q put in for y wherever it stands, because it holds whatever costs and
limits become: a model that is solved many times can be made smaller by it once and for all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.arrays import LinearArrays


@dataclass(frozen=True, slots=True)
class Reduced:
    """A smaller model with the same optima.

    Attributes:
        arrays: The model; its families are left out, since their positions are the whole's.
        spread: (columns of the whole, columns here) what each column of the whole is made of.
    """

    arrays: LinearArrays
    spread: sparse.csr_array

    def levels(self, values: Floats) -> Floats:
        """(columns of the whole,) levels from those here."""
        return np.asarray(self.spread @ values)

    def cost(self, cost: Floats) -> Floats:
        """(columns here,) costs from those of the whole."""
        return np.asarray(self.spread.T @ cost)


def without_firm_deliveries(arrays: LinearArrays) -> Reduced:
    """Puts A·q in for every delivery that is all of what is available of its contract.

    As A ≥ 0 and q ≥ 0, the bound y ≥ 0 is kept without being said.
    """
    rows, columns = arrays.shape
    firm, delivered = _firm_deliveries(arrays)
    whole_rows = sparse.csr_array(arrays.matrix)
    tied = whole_rows[firm]
    kept, others = np.ones(columns, dtype=np.bool_), np.ones(rows, dtype=np.bool_)
    kept[delivered], others[firm] = False, False
    # A row says c·y + rest = 0, so that y = −rest / c.
    own = sparse.csr_array((np.ones(len(firm)), (np.arange(len(firm)), delivered)), shape=tied.shape)
    share = np.asarray(tied.multiply(own).sum(axis=1)).ravel()
    made = sparse.diags_array(-1.0 / share) @ tied + own
    spread = sparse.csr_array((sparse.diags_array(kept.astype(np.float64)) + own.T @ made).tocsc()[:, kept])
    spread.eliminate_zeros()
    reduced = replace(
        arrays,
        matrix=sparse.csc_array(whole_rows[others] @ spread),
        cost=np.asarray(spread.T @ arrays.cost),
        lower=arrays.lower[kept],
        upper=arrays.upper[kept],
        row_lower=arrays.row_lower[others],
        row_upper=arrays.row_upper[others],
        columns={},
        rows={},
        integer=np.cumsum(kept)[arrays.integer] - 1,
    )
    return Reduced(reduced, spread)


def _firm_deliveries(arrays: LinearArrays) -> tuple[Ints, Ints]:
    """The rows that say what is delivered of a contract, and the column of the delivery of each."""
    if "delivery" not in arrays.rows:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    rows, deliveries = arrays.rows["delivery"], arrays.columns["y"]
    column_of = np.zeros(deliveries.index.max(axis=0) + 1, dtype=np.int64)
    column_of[tuple(deliveries.index.T)] = deliveries.position
    return rows.position, column_of[tuple(rows.index.T)]
