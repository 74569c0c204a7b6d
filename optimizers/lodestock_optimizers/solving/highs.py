"""Arrays in, solution out, through highspy without Pyomo's own interface.

Owns the calls to HiGHS and the table from its status to ours. Knows nothing of the model's meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

import highspy
import numpy as np
from scipy import sparse

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.flat_model import LEAST_COEFFICIENT, flat_model
from lodestock_optimizers.solving.implied_bounds import greatest_levels
from lodestock_optimizers.watch import REASONS

_FEASIBLE_POINT = highspy.SolutionStatus.kSolutionStatusFeasible

SOLVER = f"HiGHS {version('highspy')}"

DUAL_SIMPLEX, PRIMAL_SIMPLEX = 1, 4
"""HiGHS' numbers for its methods."""

LEAST_TOLERANCE = 1e-10
"""Of HiGHS, which has 1e-7 for its own."""

DUAL_TOLERANCE = 1e-9
"""USD in the objective per unit of a column that it may miss. Costs carry the probability of their node, so that with
HiGHS' own 1e-7 a plan might spend anything where something happens once in ten million times."""

TOO_FAR_APART = "the numbers of the problem lie too far apart for its arithmetic"

LEAST_OBJECTIVE = 0.0
"""The bound where nothing better is proven: no cost is below 0."""

_STATUS = {
    highspy.HighsModelStatus.kOptimal: PlanStatus.OPTIMAL,
    highspy.HighsModelStatus.kInfeasible: PlanStatus.INFEASIBLE,
    # No plan costs less than nothing, so that no model of ours is unbounded.
    highspy.HighsModelStatus.kUnboundedOrInfeasible: PlanStatus.INFEASIBLE,
    highspy.HighsModelStatus.kInterrupt: PlanStatus.CANCELLED,
    highspy.HighsModelStatus.kTimeLimit: PlanStatus.NO_PLAN_FOUND,
    highspy.HighsModelStatus.kIterationLimit: PlanStatus.NO_PLAN_FOUND,
}


class SolverFault(RuntimeError):
    """HiGHS refused the model or failed on it: a bug of ours or its own, never the caller's."""


class Unanswered(SolverFault):
    """HiGHS came to no end, or to none that the check confirms: numbers too far apart for its arithmetic.

    Whoever asks one question of many can leave this one out.
    """

    status = PlanStatus.NO_PLAN_FOUND


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


class Stoppable(Protocol):
    """A solve that tells how far it is, and that another thread can end."""

    @property
    def done(self) -> tuple[int, int] | None:
        """How many parts are solved, of how many; None where there are none."""

    def solve(self) -> Solution:
        """Solve it."""

    def interrupt(self) -> None:
        """End a `solve` of another thread soon."""

    @property
    def known(self) -> tuple[float, float]:
        """Objective of the best plan so far, infinite where there is none, and the best bound."""

    def stopped(self, status: PlanStatus) -> Solution:
        """What there is where caller or clock end it before."""


class AnySolver(Stoppable, Protocol):
    """A model that can be solved: in HiGHS as a whole (`highs.Solver`), or in parts (`parts.solving`)."""

    @property
    def arrays(self) -> LinearArrays:
        """The model."""

    def row_dual_of(self, cost: Floats) -> Floats:
        """(rows,) the part of the row duals that comes from a part of the costs."""

    def greatest_levels(self) -> Floats:
        """(columns,) what each column is at most in any plan, costs apart; see `implied_bounds`."""


class Solver:
    """One model in HiGHS, which keeps its basis between solves; whole numbers are not asked for.

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
        self._set("small_matrix_value", LEAST_COEFFICIENT)
        self._set("dual_feasibility_tolerance", DUAL_TOLERANCE)
        if time_limit_s is not None:
            self._set("time_limit", float(time_limit_s))
        self._accept(self._highs.passModel(highs_lp(arrays)), "passModel")

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
        if self._highs.run() == highspy.HighsStatus.kError:
            raise Unanswered(f"HiGHS gave the model up: {TOO_FAR_APART}")
        found = self._highs.getModelStatus()
        info, solution = self._highs.getInfo(), self._highs.getSolution()
        status = _STATUS.get(found)
        if status is None:
            raise Unanswered(f"HiGHS ended with {self._highs.modelStatusToString(found)}: {TOO_FAR_APART}")
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

    @property
    def done(self) -> tuple[int, int] | None:
        """How many parts are solved, of how many; None where there are none."""
        return None

    @property
    def known(self) -> tuple[float, float]:
        """Objective of the best plan so far, infinite where there is none, and the best bound: here none."""
        return np.inf, LEAST_OBJECTIVE

    def stopped(self, status: PlanStatus) -> Solution:
        """What there is where caller or clock end it before HiGHS does: nothing yet."""
        return no_solution(status, REASONS[status])

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

    def greatest_levels(self) -> Floats:
        """(columns,) what each column is at most in any plan, costs apart; see `implied_bounds`."""
        return greatest_levels(self.arrays)

    @property
    def basic(self) -> Ints:
        """(rows,) the basic variables of the last solve: a column by its number, a row as −1 − its number."""
        status, basic = self._highs.getBasicVariables()
        self._accept(status, "getBasicVariables")
        return np.array(basic, dtype=np.int64)

    def basis_solve(self, right: Floats) -> Floats:
        """(rows,) what the basic variables, in the order of `basic`, change by where the rows change by `right`."""
        status, change = self._highs.getBasisSolve(right)
        self._accept(status, "getBasisSolve")
        return np.array(change)

    def go_by_plan(self) -> None:
        """Goes on from the plan of the last basis, by the primal simplex method, and not from its prices."""
        self._set("simplex_strategy", PRIMAL_SIMPLEX)

    def go_by_prices(self) -> None:
        """Goes on from the prices of the last basis again, by the dual simplex method."""
        self._set("simplex_strategy", DUAL_SIMPLEX)

    def rearm(self, time_limit_s: float | None) -> None:
        """Gives the next `solve` a time limit of its own, after an `interrupt` too. None: no limit."""
        self._interrupted = False
        # HiGHS counts the seconds of all solves together.
        limit = np.inf if time_limit_s is None else self._highs.getRunTime() + time_limit_s
        self._set("time_limit", float(limit))

    @property
    def basis(self) -> Any:
        """The basis of the last solve."""
        return self._highs.getBasis()

    def start_from(self, basis: Any) -> None:
        """Lets the next solve start from a basis."""
        self._accept(self._highs.setBasis(basis), "setBasis")

    def forget_basis(self) -> None:
        """Lets the next solve start afresh."""
        self._accept(self._highs.clearSolver(), "clearSolver")

    def be_exact(self) -> None:
        """Solves afresh from now on within the least tolerances that HiGHS takes."""
        self.forget_basis()
        for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
            self._set(option, LEAST_TOLERANCE)

    def replace_model(self, arrays: LinearArrays) -> None:
        """Takes another model of the same shape in place of the one that it has, and keeps the basis."""
        basis = self.basis
        self._accept(self._highs.passModel(highs_lp(arrays)), "passModel")
        if basis.valid:
            self.start_from(basis)

    def change_costs(self, columns: Ints, costs: Floats) -> None:
        """Changes the costs of some columns."""
        if len(columns):
            index = columns.astype(np.int32)
            self._accept(self._highs.changeColsCost(len(index), index, costs), "changeColsCost")

    def change_column_bounds(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        """Changes the bounds of some columns."""
        if len(columns):
            index = columns.astype(np.int32)
            self._accept(self._highs.changeColsBounds(len(index), index, lower, upper), "changeColsBounds")

    def hold(self, columns: Ints, values: Floats) -> None:
        """Holds some columns at values."""
        self.change_column_bounds(columns, values, values)

    def change_row_bounds(self, rows: Ints, lower: Floats, upper: Floats) -> None:
        """Changes the limits of some rows."""
        for row, least, most in zip(rows.tolist(), lower.tolist(), upper.tolist(), strict=True):
            self._accept(self._highs.changeRowBounds(row, least, most), "changeRowBounds")

    def change_coefficient(self, row: int, column: int, value: float) -> None:
        """Changes one coefficient."""
        self._accept(self._highs.changeCoeff(row, column, value), "changeCoeff")

    def add_row(self, row: sparse.csc_array, lower: float, upper: float) -> None:
        """Adds a row, given as a (1, columns) array; its slack joins the basis."""
        found = sparse.coo_array(row)
        index, values = found.coords[1].astype(np.int32), found.data.astype(np.float64)
        self._accept(self._highs.addRow(lower, upper, len(index), index, values), "addRow")

    def _set(self, option: str, value: object) -> None:
        self._accept(self._highs.setOptionValue(option, value), f"option {option}")

    def _accept(self, status: object, call: str) -> None:
        if status == highspy.HighsStatus.kError:
            raise SolverFault(f"HiGHS refused {call}")


def highs_lp(arrays: LinearArrays) -> Any:
    """The model as HiGHS takes it; whole numbers are the matter of `mixed`."""
    return flat_model(arrays, relaxed=True).to_highs()


def joined_basis(bases: Sequence[Any], row_count: int) -> Any:
    """The basis of a model that several make up, columns after columns and rows after rows; rows beyond are basic."""
    joined: Any = highspy.HighsBasis()
    joined.col_status = [status for basis in bases for status in basis.col_status]
    rows = [status for basis in bases for status in basis.row_status]
    joined.row_status = rows + [highspy.HighsBasisStatus.kBasic] * (row_count - len(rows))
    joined.valid, joined.alien = True, False
    return joined
