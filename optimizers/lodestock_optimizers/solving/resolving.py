"""One model solved again and again, each time from the basis of the time before.

Owns what is sent to HiGHS between two solves (only what differs) and the check of every answer. Knows nothing of what
the changes mean: a frontier, alternatives, what-ifs and ranges are the matter of their modules.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from scipy import sparse

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.check import check_answer
from lodestock_optimizers.solving.highs import Solution, Solver, Unanswered
from lodestock_optimizers.solving.race import solve
from lodestock_optimizers.solving.scaling import scaled
from lodestock_optimizers.watch import Stage, Stopped, Timekeeper, unlimited

MOST_COEFFICIENTS = 2_000
"""Coefficients that are changed one by one; beyond that the model is passed anew, with the basis."""


@dataclass(frozen=True, slots=True)
class ArrayChange:
    """Whole arrays in place of a model's own, each (columns,) or (rows,); None: the model's own."""

    cost: Floats | None = None
    lower: Floats | None = None
    upper: Floats | None = None
    row_lower: Floats | None = None
    row_upper: Floats | None = None

    def of(self, arrays: LinearArrays) -> LinearArrays:
        """The arrays with the change in them."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(arrays, **{name: value for name, value in given.items() if value is not None})


class WarmModel:
    """A linear model in HiGHS that keeps its basis.

    Every solve is of the model's own arrays with one change in them: nothing of a change stays for the next solve, and
    what the answer is does not depend on what was solved before, but for which of several optima it is.

    Args:
        arrays: The model.

    Attributes:
        arrays: The model, with the rows that were added.
        solved: The arrays of the last solve, its change in them.

    Raises:
        SolverFault: HiGHS refuses the model.
    """

    def __init__(self, arrays: LinearArrays) -> None:
        self.arrays = self.solved = arrays
        self._solver = Solver(arrays)

    def solve(self, change: ArrayChange | None = None, keeper: Timekeeper | None = None) -> Solution:
        """Solves the model with a change in it.

        Args:
            change: What differs from the model's own arrays. None: nothing.
            keeper: Whom to tell and to ask, and the time that is left. None: nobody, and no limit.

        Returns:
            OPTIMAL and confirmed by `check_answer`, or INFEASIBLE.

        Raises:
            Stopped: Caller or clock say so. The model may still be at work then and is not to be used again.
            Unanswered: HiGHS comes to no end, or its optimum is not confirmed, from the basis, afresh, or in other
                units. The model can be asked on.
            SolverFault: HiGHS fails.
        """
        return self.solve_as((change or ArrayChange()).of(self.arrays), keeper)

    def solve_as(self, arrays: LinearArrays, keeper: Timekeeper | None = None) -> Solution:
        """Solves other arrays of the same rows and columns, coefficients included; see `solve`.

        Raises:
            ValueError: Their shape is another.
        """
        if arrays.shape != self.solved.shape:
            raise ValueError(f"the model has {self.solved.shape} rows and columns, the arrays have {arrays.shape}")
        send(self._solver, self.solved, arrays)
        self.solved = arrays
        solution = self._attempt(keeper)
        # A basis handed down may have gone bad, where one made afresh has not; what HiGHS takes for 0 may be much
        # beside a small objective; and where numbers lie far apart other units bring them together.
        for mend in (self._solver.forget_basis, self._solver.be_exact, lambda: self._start_from_scaled(keeper)):
            if solution is not None:
                return solution
            mend()
            solution = self._attempt(keeper)
        if solution is None:
            raise Unanswered("HiGHS has no optimum that the check confirms")
        return solution

    def add_row(self, coefficients: Floats, lower: float, upper: float) -> int:
        """Adds the row lower ≤ coefficients·x ≤ upper to the model's own; returns its number."""
        arrays = self.arrays
        row = sparse.csc_array(coefficients[None, :])
        self._solver.add_row(row, lower, upper)

        def extended(old: LinearArrays) -> LinearArrays:
            return replace(
                old,
                matrix=sparse.csc_array(sparse.vstack([old.matrix, row], format="csc")),
                row_lower=np.append(old.row_lower, lower),
                row_upper=np.append(old.row_upper, upper),
            )

        is_base = self.solved is arrays
        self.arrays = extended(arrays)
        self.solved = self.arrays if is_base else extended(self.solved)
        return arrays.shape[0]

    @property
    def basis(self) -> Any:
        """The basis of the last solve, to return to with `return_to`."""
        return self._solver.basis

    def return_to(self, basis: Any) -> None:
        """Lets the next solve start from a basis of an earlier one, since when no row was added."""
        self._solver.start_from(basis)

    @property
    def basic(self) -> Ints:
        """(rows,) the basic variables of the last solve: a column by its number, a row as −1 − its number."""
        return self._solver.basic

    def basis_solve(self, right: Floats) -> Floats:
        """(rows,) what the basic variables, in the order of `basic`, change by where the rows change by `right`."""
        return self._solver.basis_solve(right)

    def go_by_plan(self, wanted: bool = True) -> None:
        """Whether the solves from now on start from the plan of the last one, as is faster where only costs change."""
        self._solver.go_by_plan(wanted)

    def row_dual_of(self, cost: Floats) -> Floats:
        """(rows,) the part of the row duals of the last solve that comes from a part of its costs."""
        return self._solver.row_dual_of(cost)

    def _attempt(self, keeper: Timekeeper | None) -> Solution | None:
        """What HiGHS finds from where it is, where that is confirmed."""
        try:
            solution = _run(self._solver, keeper)
        except Unanswered:
            return None
        return solution if self._is_confirmed(solution) else None

    def _start_from_scaled(self, keeper: Timekeeper | None) -> None:
        """Lets the next solve start from the basis that the model has in other units."""
        self._solver.forget_basis()
        solver = Solver(scaled(self.solved))
        try:
            _run(solver, keeper)
        except Unanswered:
            return
        if solver.basis.valid:
            self._solver.start_from(solver.basis)

    def _is_confirmed(self, solution: Solution) -> bool:
        return solution.status is PlanStatus.INFEASIBLE or check_answer(self.solved, solution).passed


def _run(solver: Solver, keeper: Timekeeper | None) -> Solution:
    keeper = keeper or unlimited()
    keeper.heed()
    solver.rearm(keeper.left())
    solution = solve(solver, keeper, Stage.SOLVING)
    if solution.status not in (PlanStatus.OPTIMAL, PlanStatus.INFEASIBLE):
        cancelled = solution.status is PlanStatus.CANCELLED
        raise Stopped(PlanStatus.CANCELLED if cancelled else PlanStatus.NO_PLAN_FOUND)
    return solution


def send(solver: Solver, old: LinearArrays, new: LinearArrays) -> None:
    """Brings the model that HiGHS has from old arrays to new ones of the same shape, and keeps its basis."""
    if new is old:
        return
    changed = _changed_coefficients(old, new)
    if changed is None or len(changed) > MOST_COEFFICIENTS or new.offset != old.offset:
        solver.replace_model(new)
        return
    column_of = np.repeat(np.arange(new.shape[1]), np.diff(new.matrix.indptr))
    for at in changed.tolist():
        solver.change_coefficient(int(new.matrix.indices[at]), int(column_of[at]), float(new.matrix.data[at]))
    costs = np.flatnonzero(old.cost != new.cost)
    solver.change_costs(costs, new.cost[costs])
    columns = np.flatnonzero((old.lower != new.lower) | (old.upper != new.upper))
    solver.change_column_bounds(columns, new.lower[columns], new.upper[columns])
    rows = np.flatnonzero((old.row_lower != new.row_lower) | (old.row_upper != new.row_upper))
    solver.change_row_bounds(rows, new.row_lower[rows], new.row_upper[rows])


def _changed_coefficients(old: LinearArrays, new: LinearArrays) -> np.ndarray | None:
    """Positions in the matrix' data that differ; None where other places of the matrix are filled."""
    if new.matrix is old.matrix:
        return np.zeros(0, dtype=np.int64)
    same = np.array_equal(old.matrix.indptr, new.matrix.indptr) and np.array_equal(
        old.matrix.indices, new.matrix.indices
    )
    return np.flatnonzero(old.matrix.data != new.matrix.data) if same else None
