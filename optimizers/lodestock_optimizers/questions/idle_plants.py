"""Plants under contract whose feed nobody has: what they must deliver gives way, by no more than it must.

Owns the columns that let a signed delivery of a plant stay out, and the row that holds them to the least there can be.
The model itself knows no such thing: who plans ahead signs no more than there is feed for, but whom a stop meets has
signed already.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from lodestock_optimizers.compiled import CompiledProblem
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.arrays import LinearArrays, with_row
from lodestock_optimizers.solving.mixed_model import model_of
from lodestock_optimizers.solving.resolving import ArrayChange
from lodestock_optimizers.watch import Timekeeper

OWED = ("delivery", "delivery_least")
"""Rows that say what must be taken of a contract."""
ROOM = 1e-6
"""Of the least tonnes that stay out (of a tonne, where they are less): what the solver's tolerance needs."""


def with_idle_plants(compiled: CompiledProblem, keeper: Timekeeper) -> CompiledProblem | None:
    """The problem in which plants deliver as much of what the book has signed as they can be fed, and owe no more.

    Args:
        compiled: A problem without a plan.
        keeper: Whom to tell and to ask, and the time that is left.

    Returns:
        The problem with columns for the tonnes that stay out, behind its other columns, and a row below its rows that
        holds their sum over all nodes to the least. None where it is not a plant's contract that keeps it from a plan.

    Raises:
        Stopped: Caller or clock say so.
        Unanswered: HiGHS comes to no end.
        SolverFault: HiGHS fails.
    """
    rows = _owed_by_plants(compiled)
    if not len(rows):
        return None
    own = compiled.arrays.shape[1]
    arrays = _with_slack(compiled.arrays, rows)
    is_idle = np.zeros(arrays.shape[1])
    is_idle[own:] = 1.0
    least = model_of(ArrayChange(cost=is_idle).of(arrays)).solve(keeper=keeper)
    if least.status is not PlanStatus.OPTIMAL:
        return None
    tonnes = float(is_idle @ least.column_value)
    unit = max(1.0, tonnes)
    return replace(compiled, arrays=with_row(arrays, is_idle / unit, -np.inf, tonnes / unit + ROOM))


def _owed_by_plants(compiled: CompiledProblem) -> Ints:
    """The rows that make a plant deliver what the book has signed with it."""
    instance, found = compiled.instance, [np.zeros(0, dtype=np.int64)]
    is_plant = instance.feeds.taken >= 0
    for name in OWED:
        family = compiled.arrays.rows.get(name)
        if family is not None:
            l, n = family.index.T
            is_signed = ~np.isnan(instance.booked[instance.contract_of[n, l], l])
            found.append(family.position[is_plant[l] & is_signed])
    return np.concatenate(found)


def _with_slack(arrays: LinearArrays, rows: Ints) -> LinearArrays:
    """The arrays with a column of at least 0 in each of some rows, which costs nothing."""
    count = len(rows)
    slack = sparse.csc_array((np.ones(count), (rows, np.arange(count))), shape=(arrays.shape[0], count))

    def longer(values: Floats, more: float) -> Floats:
        return np.concatenate([values, np.full(count, more)])

    return replace(
        arrays,
        matrix=sparse.csc_array(sparse.hstack([arrays.matrix, slack], format="csc")),
        cost=longer(arrays.cost, 0.0),
        lower=longer(arrays.lower, 0.0),
        upper=longer(arrays.upper, np.inf),
    )
