"""Arrays in, solution out, through highspy without Pyomo's own interface.

Owns the calls to HiGHS and the table from its status to ours. Knows nothing of the model's meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import highspy
import numpy as np

from .arrays import LinearArrays
from .plan import PlanStatus
from .scenario_tree import Floats

_FEASIBLE_POINT = highspy.SolutionStatus.kSolutionStatusFeasible

SOLVER = f"HiGHS {version('highspy')}"

LEAST_OBJECTIVE = 0.0
"""The bound where nothing better is proven: no cost and no column of ours is below 0."""

_STATUS = {
    highspy.HighsModelStatus.kOptimal: PlanStatus.OPTIMAL,
    highspy.HighsModelStatus.kInfeasible: PlanStatus.INFEASIBLE,
    # Every cost and every column is 0 or more, so that no model of ours is unbounded.
    highspy.HighsModelStatus.kUnboundedOrInfeasible: PlanStatus.INFEASIBLE,
    highspy.HighsModelStatus.kInterrupt: PlanStatus.CANCELLED,
    highspy.HighsModelStatus.kTimeLimit: PlanStatus.NO_PLAN_FOUND,
    highspy.HighsModelStatus.kIterationLimit: PlanStatus.NO_PLAN_FOUND,
}


class SolverFault(RuntimeError):
    """HiGHS refused the model or failed on it: a bug of ours or its own, never the caller's."""


@dataclass(frozen=True, slots=True)
class Solution:
    """What HiGHS found. Arrays are (columns,) or (rows,); duals are d(objective)/d(right-hand side)."""

    status: PlanStatus
    solver_status: str
    objective: float
    bound: float
    iterations: int
    column_value: Floats
    column_dual: Floats
    row_dual: Floats


def no_solution(status: PlanStatus, reason: str) -> Solution:
    """The solution of a model that was not solved."""
    nothing = np.zeros(0)
    return Solution(status, reason, np.inf, LEAST_OBJECTIVE, 0, nothing, nothing, nothing)


class Solver:
    """One model in HiGHS, which keeps its basis between solves.

    Args:
        arrays: The model.
        time_limit_s: Seconds after which HiGHS stops. None: no limit.

    Raises:
        SolverFault: HiGHS refuses the model.
    """

    def __init__(self, arrays: LinearArrays, time_limit_s: float | None = None) -> None:
        self.arrays = arrays
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self._interrupted = False
        self._set("output_flag", False)
        self._set("threads", 1)
        if time_limit_s is not None:
            self._set("time_limit", float(time_limit_s))
        self._accept(self._highs.passModel(_highs_lp(arrays)), "passModel")

    def interrupt(self) -> None:
        """Ends a `solve` of another thread soon, or the next one at once: its status is then CANCELLED.

        The time limit is lowered, since presolve, which takes seconds on large models, looks at that alone, and HiGHS'
        documented way, callbacks, would have the simplex method wait for the interpreter at every iteration.

        HiGHS does not promise that an option may be set while it runs. This one may be: setting it finds its record,
        which no one else changes, and stores one aligned double, which the processors that we run on do at once; the
        solver only ever compares that double with its clock, so it sees the old limit or the new one, and whichever it
        sees, it ends in good order: as CANCELLED, or as what it had come to before.
        """
        self._interrupted = True
        self._set("time_limit", 0.0)

    def solve(self) -> Solution:
        """Runs HiGHS from the basis that it has."""
        self._accept(self._highs.run(), "run")
        found = self._highs.getModelStatus()
        info, solution = self._highs.getInfo(), self._highs.getSolution()
        status = _STATUS.get(found)
        if status is None:
            raise SolverFault(f"HiGHS ended with {self._highs.modelStatusToString(found)}")
        if status is PlanStatus.NO_PLAN_FOUND:
            if self._interrupted:
                status = PlanStatus.CANCELLED
            elif info.primal_solution_status == _FEASIBLE_POINT:
                status = PlanStatus.FEASIBLE
        objective = float(info.objective_function_value)
        return Solution(
            status=status,
            solver_status=str(self._highs.modelStatusToString(found)),
            objective=objective,
            bound=objective if status is PlanStatus.OPTIMAL else LEAST_OBJECTIVE,
            iterations=int(info.simplex_iteration_count),
            column_value=np.array(solution.col_value),
            column_dual=np.array(solution.col_dual),
            row_dual=np.array(solution.row_dual),
        )

    def row_dual_of(self, cost: Floats) -> Floats:
        """(rows,) the part of the row duals that comes from a part of the costs, at the basis of the last solve.

        The duals solve Bᵀπ = c_B, so they split as the costs do: c = c₁ + c₂ gives π = π₁ + π₂.
        """
        status, basic = self._highs.getBasicVariables()
        self._accept(status, "getBasicVariables")
        basic = np.array(basic)
        padded = np.where(basic >= 0, cost[np.maximum(basic, 0)], 0.0)
        status, dual = self._highs.getBasisTransposeSolve(padded)
        self._accept(status, "getBasisTransposeSolve")
        return np.array(dual)

    def _set(self, option: str, value: object) -> None:
        self._accept(self._highs.setOptionValue(option, value), f"option {option}")

    def _accept(self, status: object, call: str) -> None:
        if status == highspy.HighsStatus.kError:
            raise SolverFault(f"HiGHS refused {call}")


def _highs_lp(arrays: LinearArrays) -> Any:
    lp: Any = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = arrays.shape
    lp.col_cost_, lp.offset_ = arrays.cost, arrays.offset
    lp.col_lower_, lp.col_upper_ = arrays.lower, arrays.upper
    lp.row_lower_, lp.row_upper_ = arrays.row_lower, arrays.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = arrays.matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = arrays.matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = arrays.matrix.data
    return lp
