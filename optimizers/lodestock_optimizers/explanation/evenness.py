"""Of all plans that cost the least the one whose supply is spread most evenly over countries.

Owns the linear form of evenness: the Herfindahl–Hirschman index of a material's supply in a period, Σ share², each
square as a chain of steps of equal width and rising cost, so that it is exact where shares are whole steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy import sparse

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.resolving import ArrayChange, WarmModel
from lodestock_optimizers.watch import Timekeeper

STEPS = 20
"""Of a share of 1: evenness is sought to a twentieth of demand."""


def most_even(answer: Answer, face: ArrayChange, keeper: Timekeeper) -> Answer:
    """The most even of the plans that a face holds; the answer itself where no supply can be spread.

    Args:
        answer: One of them.
        face: The plans, as limits of the answer's arrays.
        keeper: Whom to ask, and the time that is left.

    Raises:
        Stopped: Caller or clock say so.
        SolverFault: The solver failed.
    """
    shares = list(_shares(answer.instance, answer.arrays))
    if not shares:
        return answer
    solution = WarmModel(_with_steps(face.of(answer.arrays), shares)).solve(keeper=keeper)
    if solution.status is not PlanStatus.OPTIMAL:
        # A face is held as closely as duals are known; where that is too close, the plan at hand is one of them.
        return answer
    columns = answer.arrays.shape[1]
    level = replace(answer.solution, column_value=solution.column_value[:columns])
    return Answer(answer.instance, answer.rows, answer.arrays, level)


def _shares(instance: Instance, arrays: LinearArrays) -> Iterator[Floats]:
    """(columns,) what each country delivers of a material at a node as a share of base use, where there are two."""
    demand = (instance.yearly_use * instance.length[:, None])[instance.tree.period]
    groups: dict[tuple[int, str], list[int]] = {}
    for l, m in enumerate(instance.material_of.tolist()):
        if len(instance.countries_of[m]) > 1:
            groups.setdefault((m, instance.problem.sources[l].country), []).append(l)
    for (m, _), members in groups.items():
        for n in np.flatnonzero(demand[:, m] > 0).tolist():
            share = np.zeros_like(arrays.cost)
            for name in ("y", "z"):
                if name in arrays.columns:
                    family = arrays.columns[name]
                    here = np.isin(family.index[:, 0], members) & (family.index[:, 1] == n)
                    share[family.position[here]] = 1.0 / demand[n, m]
            yield share


def _with_steps(arrays: LinearArrays, shares: list[Floats]) -> LinearArrays:
    """The arrays with each share as a sum of steps, the steps' costs alone for their costs."""
    count, columns = len(shares), arrays.shape[1]
    rows = sparse.csc_array(np.stack(shares))
    steps = sparse.kron(sparse.eye_array(count), -np.ones((1, STEPS)))
    top = sparse.hstack([arrays.matrix, sparse.csc_array((arrays.shape[0], count * STEPS))])
    upper = np.full((count, STEPS), 1.0 / STEPS)
    upper[:, -1] = np.inf
    rising = (2.0 * np.arange(STEPS) + 1.0) / STEPS
    return replace(
        arrays,
        matrix=sparse.csc_array(sparse.vstack([top, sparse.hstack([rows, steps])], format="csc")),
        cost=np.concatenate([np.zeros(columns), np.tile(rising, count)]),
        offset=0.0,
        lower=np.concatenate([arrays.lower, np.zeros(count * STEPS)]),
        upper=np.concatenate([arrays.upper, upper.ravel()]),
        row_lower=np.concatenate([arrays.row_lower, np.zeros(count)]),
        row_upper=np.concatenate([arrays.row_upper, np.zeros(count)]),
    )
