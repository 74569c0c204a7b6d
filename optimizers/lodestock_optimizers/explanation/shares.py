"""A share of deliveries a little larger or smaller: coefficients change, since what it is a share of is decided too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from lodestock_optimizers.no_plan.named_limits import NamedLimits
from lodestock_optimizers.reading.answer import NO_FAMILY
from lodestock_optimizers.scenario_tree import Ints
from lodestock_optimizers.solving.arrays import LinearArrays


def with_share(limits: NamedLimits, members: Ints, step: float) -> LinearArrays:
    """The arrays of a model in which a share of deliveries is larger by `step`.

    A row says Σ(numerator) − share·Σ(base), so that the coefficient of all that is in the base falls by the step, times
    what it counts there; its limit is the share of what else is in the denominator.

    Args:
        limits: The limits of the model.
        members: The limits that the share sets, one a row.
        step: By how much, of 1.
    """
    arrays = limits.arrays
    rows, columns, changes = [], [], []
    row_lower, row_upper = arrays.row_lower.copy(), arrays.row_upper.copy()
    for i in members.tolist():
        row = limits.rows[int(limits.index[i, 0])]
        counted = np.zeros(limits.instance.source_count)
        counted[list(row.base)] = row.counted
        more = step * row.at(int(limits.node[i])).demand
        # The side that is open stays infinite.
        row_lower[limits.position[i]] += more
        row_upper[limits.position[i]] += more
        for name in ("y", "z"):
            # A part whose materials have no source has neither.
            family = arrays.columns.get(name, NO_FAMILY)
            here = np.isin(family.index[:, 0], row.base) & (family.index[:, 1] == limits.node[i])
            columns.append(family.position[here])
            rows.append(np.full(int(here.sum()), limits.position[i]))
            changes.append(-step * counted[family.index[here, 0]])
    at = np.concatenate(rows), np.concatenate(columns)
    change = sparse.csc_array((np.concatenate(changes), at), shape=arrays.shape)
    matrix = sparse.csc_array(arrays.matrix + change)
    return replace(arrays, matrix=matrix, row_lower=row_lower, row_upper=row_upper)
