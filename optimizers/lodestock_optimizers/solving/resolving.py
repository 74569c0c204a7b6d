"""One model solved again and again, each time from the basis of the time before.

Owns what is sent to HiGHS between two solves (only what differs) and the check of every answer. Knows nothing of what
the changes mean: a frontier, alternatives, what-ifs and ranges are the matter of their modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from scipy import sparse

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.arrays import LinearArrays, with_row
from lodestock_optimizers.solving.check import check_answer
from lodestock_optimizers.solving.highs import LEAST_OBJECTIVE, Solution, Solver, Unanswered, joined_basis, no_solution
from lodestock_optimizers.solving.race import prove
from lodestock_optimizers.solving.scaling import scaled
from lodestock_optimizers.watch import REASONS, Stage, Timekeeper, unlimited

THREADS = 2
"""Models that are solved at the same time."""

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
        solver: HiGHS with that model in it, solved or not. None: it is given the model.

    Attributes:
        arrays: The model, with the rows that were added.
        solved: The arrays of the last solve, its change in them.

    Raises:
        SolverFault: HiGHS refuses the model.
    """

    def __init__(self, arrays: LinearArrays, solver: Solver | None = None) -> None:
        self.arrays = self.solved = arrays
        self._solver = solver or Solver(arrays)

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
        self._become(arrays)
        return self._mended(self._attempt(keeper), keeper)

    def confirmed(self, found: Solution, keeper: Timekeeper | None = None) -> Solution:
        """What the solver that was given had found for the model's arrays, or what they are solved to anew.

        Raises:
            Stopped: Caller or clock say so.
            Unanswered: Nothing is confirmed; see `solve`.
        """
        return self._mended(found if self._is_confirmed(found) else None, keeper)

    def _become(self, arrays: LinearArrays) -> None:
        """Brings the model that HiGHS has to other arrays."""
        if arrays.shape != self.solved.shape:
            raise ValueError(f"the model has {self.solved.shape} rows and columns, the arrays have {arrays.shape}")
        send(self._solver, self.solved, arrays)
        self.solved = arrays

    def _mended(self, solution: Solution | None, keeper: Timekeeper | None) -> Solution:
        """A confirmed solution, found by other ways where there is none yet."""
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
        self._solver.add_row(sparse.csc_array(coefficients[None, :]), lower, upper)
        is_base = self.solved is arrays
        self.arrays = with_row(arrays, coefficients, lower, upper)
        self.solved = self.arrays if is_base else with_row(self.solved, coefficients, lower, upper)
        return arrays.shape[0]

    @property
    def basis(self) -> Any:
        """The basis of the last solve, to return to with `return_to`."""
        return self._solver.basis

    def start_from_parts(self, bases: Sequence[Any]) -> None:
        """Lets the next solve start from bases of models whose columns, and rows, are this one's in their order.

        Rows beyond theirs limit nothing yet.
        """
        self._solver.start_from(joined_basis(bases, self.arrays.shape[0]))

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


def solve_side_by_side(
    models: Sequence[WarmModel], arrays: Sequence[LinearArrays], keeper: Timekeeper | None = None
) -> list[Solution]:
    """Solves several models, each as other arrays of its own shape, on a few threads; see `WarmModel.solve_as`.

    Returns:
        The solution of each, OPTIMAL and confirmed, or INFEASIBLE.
    """
    keeper = keeper or unlimited()
    keeper.heed()
    for model, own in zip(models, arrays, strict=True):
        model._become(own)
        model._solver.rearm(keeper.left())
    several = _SideBySide([model._solver for model in models])
    if models:
        prove(several, keeper, Stage.SOLVING)
    return [
        model._mended(found if found is not None and model._is_confirmed(found) else None, keeper)
        for model, found in zip(models, several.solutions, strict=True)
    ]


class _SideBySide:
    """Several models in HiGHS as the race sees them: one that is solved when all are."""

    def __init__(self, solvers: Sequence[Solver]) -> None:
        self._solvers = solvers
        self.solutions: list[Solution | None] = [None] * len(solvers)

    @property
    def done(self) -> tuple[int, int] | None:
        """The caller knows of none of these."""
        return None

    @property
    def known(self) -> tuple[float, float]:
        """What is not known."""
        return np.inf, LEAST_OBJECTIVE

    def solve(self) -> Solution:
        """Solves all; the first that was stopped, if any was, else any."""
        with ThreadPoolExecutor(THREADS) as threads:
            self.solutions = list(threads.map(_answer_of, self._solvers))
        answered = [solution for solution in self.solutions if solution is not None]
        ended = (PlanStatus.OPTIMAL, PlanStatus.INFEASIBLE)
        return next((one for one in answered if one.status not in ended), no_solution(PlanStatus.OPTIMAL, ""))

    def interrupt(self) -> None:
        """Ends all solves soon."""
        for solver in self._solvers:
            solver.interrupt()

    def stopped(self, status: PlanStatus) -> Solution:
        """Nothing."""
        return no_solution(status, REASONS[status])


def _answer_of(solver: Solver) -> Solution | None:
    """What HiGHS finds; None where it comes to no end."""
    try:
        return solver.solve()
    except Unanswered:
        return None


def _run(solver: Solver, keeper: Timekeeper | None) -> Solution:
    keeper = keeper or unlimited()
    keeper.heed()
    solver.rearm(keeper.left())
    return prove(solver, keeper, Stage.SOLVING)


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
