"""A model with whole numbers solved again and again, each time from the plan of the time before.

Owns what `resolving.WarmModel` owns for linear models, by the same calls, so that a question is put to either. There is
no basis to go on from: the whole numbers of an earlier plan are what the next search begins with.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays, with_row
from lodestock_optimizers.solving.check import TOLERANCE, check_answer
from lodestock_optimizers.solving.highs import Solution, Unanswered
from lodestock_optimizers.solving.mixed import MixedSession, MixedSolver
from lodestock_optimizers.solving.race import solve
from lodestock_optimizers.solving.resolving import ArrayChange, WarmModel, solve_side_by_side
from lodestock_optimizers.watch import Stage, Stopped, Timekeeper, unlimited


class MixedModel:
    """A model with whole numbers that keeps its last plan; see `WarmModel`.

    Args:
        arrays: The model.
        session: Whose process solves it, so that models asked one after the other share one. None: a process of its
            own, which ends with it.

    Attributes:
        arrays: The model, with the rows that were added.
        solved: The arrays of the last solve, its change in them.
    """

    def __init__(self, arrays: LinearArrays, session: MixedSession | None = None) -> None:
        self.arrays = self.solved = arrays
        self._start: Floats | None = None
        self._session = session or MixedSession()
        if session is None:
            weakref.finalize(self, self._session.close)

    def solve(self, change: ArrayChange | None = None, keeper: Timekeeper | None = None) -> Solution:
        """Solves the model with a change in it.

        Args:
            change: What differs from the model's own arrays. None: nothing.
            keeper: Whom to tell and to ask, and the time that is left. None: nobody, and no limit.

        Returns:
            OPTIMAL and confirmed by `check_answer`, with the duals of the linear programme in which the whole numbers
            are held, or INFEASIBLE.

        Raises:
            Stopped: Caller or clock say so.
            Unanswered: HiGHS comes to no end, or its optimum is not confirmed.
            SolverFault: HiGHS fails.
        """
        return self.solve_as((change or ArrayChange()).of(self.arrays), keeper)

    def solve_as(self, arrays: LinearArrays, keeper: Timekeeper | None = None) -> Solution:
        """Solves other arrays of the same rows and columns; see `solve`."""
        keeper = keeper or unlimited()
        keeper.heed()
        self.solved = arrays
        solver = MixedSolver(arrays, keeper.left(), self._session, self._start)
        solution = solve(solver, keeper, Stage.SOLVING)
        if solution.status is PlanStatus.CANCELLED:
            raise Stopped(PlanStatus.CANCELLED)
        if solution.status is PlanStatus.NO_PLAN_FOUND or (_is_unproven(solution) and keeper.left() == 0.0):
            raise Stopped(PlanStatus.NO_PLAN_FOUND)
        if solution.status is not PlanStatus.INFEASIBLE:
            solution = self._confirmed(solution, keeper)
            self._start = solution.column_value
        return solution

    def add_row(self, coefficients: Floats, lower: float, upper: float) -> int:
        """Adds the row lower ≤ coefficients·x ≤ upper to the model's own; returns its number."""
        self.arrays = with_row(self.arrays, coefficients, lower, upper)
        return self.arrays.shape[0] - 1

    @property
    def basis(self) -> Floats | None:
        """(columns,) the last plan, to return to with `return_to`."""
        return self._start

    def return_to(self, basis: Floats | None) -> None:
        """Lets the next solve start from an earlier plan."""
        self._start = basis

    def _confirmed(self, solution: Solution, keeper: Timekeeper) -> Solution:
        """An optimum that the check confirms: with these whole numbers held, solved afresh where need be."""
        if not _is_unproven(solution) and check_answer(self.solved, solution).passed:
            return solution
        found = WarmModel(held(self.solved, solution.column_value)).solve(keeper=keeper)
        if not found.objective - solution.bound <= TOLERANCE * (1.0 + abs(found.objective)):
            raise Unanswered("HiGHS has no whole numbers whose plan is proven to be the best")
        return replace(found, bound=min(found.bound, solution.bound))


def _is_unproven(solution: Solution) -> bool:
    return solution.status is PlanStatus.FEASIBLE


def model_of(arrays: LinearArrays, session: MixedSession | None = None) -> WarmModel | MixedModel:
    """The model to ask again and again: one with whole numbers only where it has any; see `MixedModel`."""
    return MixedModel(arrays, session) if len(arrays.integer) else WarmModel(arrays)


def solve_each(
    models: Sequence[WarmModel | MixedModel], arrays: Sequence[LinearArrays], keeper: Timekeeper
) -> list[Solution]:
    """Solves models that have nothing to do with each other, each as arrays of its shape: linear ones side by side."""
    linear = [(m, own) for m, own in zip(models, arrays, strict=True) if isinstance(m, WarmModel)]
    found = iter(solve_side_by_side([m for m, _ in linear], [own for _, own in linear], keeper))
    return [
        m.solve_as(own, keeper) if isinstance(m, MixedModel) else next(found)
        for m, own in zip(models, arrays, strict=True)
    ]


def held(arrays: LinearArrays, values: Floats) -> LinearArrays:
    """The linear model in which whole numbers are held at those of (columns,) levels."""
    whole = arrays.integer
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[whole] = upper[whole] = np.round(values[whole])
    return replace(arrays, lower=lower, upper=upper, integer=whole[:0])
