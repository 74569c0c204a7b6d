"""From a problem to a checked and priced plan.

Owns the order of the steps (validate → tree and numbers → Pyomo model → arrays → HiGHS → check → plan) and what
comes of them where caller or clock end it before.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from .answer import Answer
from .arrays import LinearArrays, compile_model
from .breaches import read_breaches
from .check import check_answer
from .extraction import read_balances, read_contracts, read_costs, read_deliveries, read_nodes
from .formulation import formulate
from .highs import SOLVER, Solution, Solver, no_solution
from .incumbents import Search
from .infeasibility import explain_infeasibility
from .instance import Instance
from .plan import ModelSize, Plan, PlanStatus, SolverReport
from .prices import price_nodes, read_binding_rules, value_contracts
from .problem import SourcingProblem
from .race import solve
from .trade_rules import rule_rows
from .validation import InvalidProblem, validate
from .watch import Stage, Stopped, Timekeeper, Unwatched, Watcher, relative_gap

CONVERT_SHARE = 0.3
"""Time to turn a solution into the plan, as a share of that to build and compile its model: measured, 0.1 to 0.3."""


def optimize(
    problem: SourcingProblem,
    time_limit_s: float | None = None,
    clock: Callable[[], float] = time.perf_counter,
    watcher: Watcher | None = None,
) -> Plan:
    """Finds the plan of least risk-weighted expected cost (docs/model.md).

    Args:
        problem: The problem.
        time_limit_s: Seconds that the whole may take: the solver gets what building leaves. None: no limit.
        clock: Seconds, for the limit and for the report of how long each step took.
        watcher: Whom to tell of the progress, and to ask whether to go on. None: nobody.

    Returns:
        The optimum; the best plan that was found within the limit, with its bound and without prices; the hard limits
        that cannot be met; or how far it came.

    Raises:
        InvalidProblem: The problem breaks rules; all are listed.
        SolverFault: The solver failed.
    """
    violations = validate(problem)
    if violations:
        raise InvalidProblem(violations)
    return _Planning(problem, Timekeeper(clock, time_limit_s, watcher or Unwatched())).plan()


class _Planning:
    """One run of the steps: what they have made so far, and the seconds that each took."""

    def __init__(self, problem: SourcingProblem, keeper: Timekeeper) -> None:
        self._problem = problem
        self._keeper = keeper
        self._seconds: dict[Stage, float] = {}
        self._size = ModelSize(0, 0, 0, 0, len(problem.materials), len(problem.sources))

    def plan(self) -> Plan:
        """Run the steps, as far as caller and clock let them."""
        try:
            return self._plan()
        except Stopped as stopped:
            return self._without_plan(stopped.status, no_solution(stopped.status, stopped.reason))

    def _plan(self) -> Plan:
        keeper = self._keeper
        with self._timed(Stage.BUILDING):
            instance = Instance(self._problem)
            rows = rule_rows(instance)
            model = formulate(instance, rows, keeper)
        with self._timed(Stage.COMPILING):
            arrays = compile_model(model, keeper)
            self._size = _size(instance, arrays)
        with self._timed(Stage.SOLVING):
            reserve_s = CONVERT_SHARE * sum(self._seconds.values())
            solver = Solver(arrays, keeper.left(reserve_s))
            solution = solve(solver, keeper, Stage.SOLVING, Search(instance, rows, arrays), reserve_s)
        answer = Answer(instance, rows, arrays, solution)
        if solution.status is PlanStatus.INFEASIBLE:
            with self._timed(Stage.EXPLAINING):
                reasons = explain_infeasibility(answer, keeper)
            return replace(self._without_plan(solution.status, solution), infeasibilities=reasons)
        if solution.status not in (PlanStatus.OPTIMAL, PlanStatus.FEASIBLE):
            return self._without_plan(solution.status, solution)
        with self._timed(Stage.READING):
            plan = self._read(answer, solver)
        return replace(plan, solver=self._report(solution))

    def _read(self, answer: Answer, solver: Solver) -> Plan:
        solution, keeper = answer.solution, self._keeper
        check = check_answer(answer.arrays, solution)
        if not check.primal_violation <= check.tolerance:
            return replace(self._without_plan(PlanStatus.NO_PLAN_FOUND, solution), check=check)
        # What the check does not confirm does not leave as an optimum.
        status = solution.status if check.passed else PlanStatus.FEASIBLE
        # Duals are prices at an optimum alone.
        is_priced = status is PlanStatus.OPTIMAL
        costs, materials = read_costs(answer)
        keeper.heed_caller()
        nodes, deliveries = read_nodes(answer), read_deliveries(answer)
        keeper.heed_caller()
        balances = read_balances(answer, price_nodes(answer, solver) if is_priced else None)
        keeper.heed_caller()
        return Plan(
            status=status,
            size=self._size,
            solver=self._report(solution),
            price_of_risk=self._problem.price_of_risk,
            check=check,
            costs=costs,
            nodes=nodes,
            contracts=read_contracts(answer, value_contracts(answer) if is_priced else None),
            deliveries=deliveries,
            balances=balances,
            materials=materials,
            binding_rules=read_binding_rules(answer) if is_priced else (),
            breaches=read_breaches(answer),
        )

    def _without_plan(self, status: PlanStatus, solution: Solution) -> Plan:
        return Plan(status, self._size, self._report(solution), self._problem.price_of_risk)

    @contextmanager
    def _timed(self, stage: Stage) -> Iterator[None]:
        self._keeper.report(stage)
        try:
            yield
        finally:
            self._seconds[stage] = self._keeper.lap()

    def _report(self, solution: Solution) -> SolverReport:
        has_plan = solution.status in (PlanStatus.OPTIMAL, PlanStatus.FEASIBLE)
        seconds = self._seconds
        return SolverReport(
            solver=SOLVER,
            solver_status=solution.solver_status,
            simplex_iterations=solution.iterations,
            best_bound=solution.bound,
            relative_gap=relative_gap(solution.objective, solution.bound) if has_plan else math.inf,
            build_s=seconds.get(Stage.BUILDING, 0.0),
            compile_s=seconds.get(Stage.COMPILING, 0.0),
            solve_s=seconds.get(Stage.SOLVING, 0.0),
            convert_s=seconds.get(Stage.READING, 0.0) + seconds.get(Stage.EXPLAINING, 0.0),
        )


def model_size(problem: SourcingProblem) -> ModelSize:
    """The size that the model of a valid problem has."""
    instance = Instance(problem)
    return _size(instance, compile_model(formulate(instance)))


def _size(instance: Instance, arrays: LinearArrays) -> ModelSize:
    rows, columns = arrays.shape
    return ModelSize(
        columns=columns,
        rows=rows,
        nonzeros=int(arrays.matrix.nnz),
        nodes=instance.node_count,
        materials=instance.material_count,
        sources=instance.source_count,
    )
