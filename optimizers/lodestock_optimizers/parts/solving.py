"""The parts of a model solved side by side, as if they were one.

Owns the threads that solve them and what their solutions together are. HiGHS lets go of the interpreter while it runs,
so that parts are solved while others are still being compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from queue import LifoQueue

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.check import TOLERANCE, primal_violation
from lodestock_optimizers.solving.highs import LEAST_OBJECTIVE, Solution, Solver, no_solution
from lodestock_optimizers.solving.implied_bounds import greatest_levels
from lodestock_optimizers.solving.mixed import MixedSession, solver_of
from lodestock_optimizers.solving.unbought import levels_without_purchases
from lodestock_optimizers.watch import REASONS

from .lifting import Lift, side_by_side
from .part import Part

THREADS = 2
"""As many as a solve has beside it where it is whole: the solver and the search for plans."""

WORST_FIRST = (PlanStatus.INFEASIBLE, PlanStatus.NO_PLAN_FOUND, PlanStatus.FEASIBLE, PlanStatus.OPTIMAL)
"""The status of several is that of the first of these that one of them has."""


@dataclass
class _Task:
    """One part on its way to a solution."""

    part: Part
    lift: Lift
    solver: Solver | None = None
    solution: Solution | None = None


class PartsSolver:
    """Solves parts from the moment that they are given, and answers as the solver of the whole would.

    Args:
        whole: The instance that the parts are of.
        left: Seconds that a solve may take from now on; None: no limit.
    """

    def __init__(self, whole: Instance, left: Callable[[], float | None]) -> None:
        self._whole, self._left = whole, left
        self._tasks: list[_Task] = []
        self._running: list[Future[None]] = []
        self._threads = ThreadPoolExecutor(THREADS)
        self._interrupted = False
        self._closing = ExitStack()
        self._sessions: LifoQueue[MixedSession] = LifoQueue()
        for _ in range(THREADS):
            self._sessions.put(self._closing.enter_context(MixedSession()))

    def add(self, part: Part, arrays: LinearArrays) -> None:
        """Take a part with its model, in the order of the parts, and begin to solve it."""
        task = _Task(part, Lift(self._whole, part, arrays))
        self._tasks.append(task)
        self._running.append(self._threads.submit(self._solve, task))

    @cached_property
    def arrays(self) -> LinearArrays:
        """The model of the whole, when all parts are there."""
        return side_by_side([task.lift.model() for task in self._tasks])

    @property
    def done(self) -> tuple[int, int]:
        """How many parts are solved, of how many."""
        return sum(task.solution is not None for task in self._tasks), len(self._tasks)

    @property
    def known(self) -> tuple[float, float]:
        """Objective of the best plan so far, infinite where there is none, and the best bound: here none."""
        return np.inf, LEAST_OBJECTIVE

    def solve(self) -> Solution:
        """Wait for all parts; their solutions as one."""
        with self._closing, self._threads:
            try:
                for running in self._running:
                    running.result()
            except BaseException:
                self.interrupt()
                raise
        return self._joined([self._solved(task) for task in self._tasks])

    def interrupt(self) -> None:
        """End all solves soon."""
        self._interrupted = True
        for task in self._tasks:
            # Whoever begins looks at the mark after it has shown its solver.
            if task.solver is not None:
                task.solver.interrupt()

    def close(self) -> None:
        """End all solves and wait until they have."""
        self.interrupt()
        with self._closing:
            self._threads.shutdown()

    def stopped(self, status: PlanStatus) -> Solution:
        """What there is where caller or clock end it: parts that are done, of the others what buys nothing."""
        if status is PlanStatus.CANCELLED:
            return no_solution(status, REASONS[status])
        return replace(self._joined([self._solved(task) for task in self._tasks]), solver_status=REASONS[status])

    def row_dual_of(self, cost: Floats) -> Floats:
        """(rows,) the part of the row duals that comes from a part of the costs; see `Solver.row_dual_of`."""
        duals, begun = [], 0
        for task in self._tasks:
            assert task.solver is not None
            columns, rows = task.lift.columns, task.lift.rows
            owned = cost[begun : begun + len(columns.owner)]
            begun += len(owned)
            summed: Floats = np.bincount(columns.owner, owned, len(columns.size)).astype(np.float64)
            duals.append(task.solver.row_dual_of(summed)[rows.owner] * rows.ratio)
        return np.concatenate(duals)

    def greatest_levels(self) -> Floats:
        """(columns,) what each column is at most in any plan: what it is in its part; see `greatest_levels`."""
        return np.concatenate([greatest_levels(task.lift.arrays)[task.lift.columns.owner] for task in self._tasks])

    def _solve(self, task: _Task) -> None:
        if self._interrupted:
            return
        session = self._sessions.get()
        try:
            solver = task.solver = solver_of(task.lift.arrays, self._left(), session)
            if self._interrupted:
                return
            task.solution = solver.solve()
        finally:
            self._sessions.put(session)
        if task.solution.status is PlanStatus.INFEASIBLE:
            # So is the whole, whatever becomes of the others.
            self.interrupt()

    def _solved(self, task: _Task) -> Solution:
        """The solution of a part; short of an optimum its best plan or the one that buys nothing, if either is one."""
        found, over = task.solution, PlanStatus.NO_PLAN_FOUND
        if found is None or found.status is PlanStatus.CANCELLED:
            found = no_solution(over, REASONS[over]) if task.solver is None else task.solver.stopped(over)
        if found.status in (PlanStatus.OPTIMAL, PlanStatus.INFEASIBLE):
            return found
        arrays = task.lift.arrays
        levels = levels_without_purchases(task.part.instance, arrays)
        objective = float(arrays.cost @ levels) + arrays.offset
        has_plan = found.status is PlanStatus.FEASIBLE and found.objective <= objective
        if has_plan or primal_violation(arrays, levels) > TOLERANCE:
            return found
        return replace(
            found,
            status=PlanStatus.FEASIBLE,
            objective=objective,
            column_value=levels,
            row_dual=np.zeros(arrays.shape[0]),
        )

    def _joined(self, solutions: Sequence[Solution]) -> Solution:
        statuses = {solution.status for solution in solutions}
        worst = next(i for s in WORST_FIRST if s in statuses for i, one in enumerate(solutions) if one.status is s)
        if not statuses <= {PlanStatus.OPTIMAL, PlanStatus.FEASIBLE}:
            bound = sum(solution.bound for solution in solutions)
            return replace(no_solution(solutions[worst].status, solutions[worst].solver_status), bound=bound)
        values = [s.column_value[t.lift.columns.owner] for s, t in zip(solutions, self._tasks, strict=True)]
        duals = [s.row_dual[t.lift.rows.owner] * t.lift.rows.ratio for s, t in zip(solutions, self._tasks, strict=True)]
        row_dual = np.concatenate(duals)
        return Solution(
            status=solutions[worst].status,
            solver_status=solutions[worst].solver_status,
            objective=sum(solution.objective for solution in solutions),
            bound=sum(solution.bound for solution in solutions),
            iterations=sum(solution.iterations for solution in solutions),
            column_value=np.concatenate(values),
            column_dual=self.arrays.cost - self.arrays.matrix.T @ row_dual,
            row_dual=row_dual,
        )
