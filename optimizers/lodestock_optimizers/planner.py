"""From a problem to a checked and priced plan.

Owns the order of the steps: validate → tree and numbers → Pyomo model → arrays → HiGHS → check → plan.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from .answer import Answer
from .arrays import LinearArrays, compile_model
from .breaches import read_breaches
from .check import check_answer
from .extraction import read_balances, read_costs, read_deliveries, read_nodes
from .formulation import formulate
from .highs import SOLVER, Solution, Solver
from .infeasibility import explain_infeasibility
from .instance import Instance
from .plan import ModelSize, Plan, PlanStatus, SolverReport
from .prices import price_nodes, read_binding_rules, read_contracts
from .problem import SourcingProblem
from .trade_rules import rule_rows
from .validation import InvalidProblem, validate

CONVERT_SHARE = 0.6
"""Time to turn a solution into the plan, as a share of the time to build and compile its model; measured generously."""


class _Stopwatch:
    """Seconds between laps and seconds left, by the clock that the caller gave."""

    def __init__(self, clock: Callable[[], float], limit_s: float | None) -> None:
        self._clock = clock
        self._last = self._began = clock()
        self._limit_s = limit_s

    def lap(self) -> float:
        now = self._clock()
        elapsed, self._last = now - self._last, now
        return elapsed

    def left(self, reserve_s: float = 0.0) -> float | None:
        """Seconds left but for a reserve, not below 0; None without a limit."""
        if self._limit_s is None:
            return None
        return max(0.0, self._limit_s - (self._clock() - self._began) - reserve_s)


def optimize(
    problem: SourcingProblem,
    time_limit_s: float | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Plan:
    """Finds the plan of least risk-weighted expected cost (docs/model.md).

    Args:
        problem: The problem.
        time_limit_s: Seconds that the whole may take: the solver gets what building leaves. None: no limit.
        clock: Seconds, for the report of how long each step took.

    Returns:
        The plan, or the hard limits that cannot be met, or the limit that the solver met.

    Raises:
        InvalidProblem: The problem breaks rules; all are listed.
        SolverFault: The solver failed.
    """
    violations = validate(problem)
    if violations:
        raise InvalidProblem(violations)
    watch = _Stopwatch(clock, time_limit_s)
    instance = Instance(problem)
    rows = rule_rows(instance)
    model = formulate(instance, rows)
    build_s = watch.lap()
    arrays = compile_model(model)
    compile_s = watch.lap()
    left_s = watch.left(reserve_s=CONVERT_SHARE * (build_s + compile_s))
    solver = Solver(arrays, left_s)
    solution = solver.solve()
    solve_s = watch.lap()
    report = _report(solution, build_s, compile_s, solve_s)
    plan = _read(Answer(instance, rows, arrays, solution), solver, report, watch.left())
    return _timed(plan, watch.lap())


def model_size(problem: SourcingProblem) -> ModelSize:
    """The size that the model of a valid problem has."""
    instance = Instance(problem)
    return _size(instance, compile_model(formulate(instance)))


def _read(answer: Answer, solver: Solver, report: SolverReport, left_s: float | None) -> Plan:
    instance, solution = answer.instance, answer.solution
    size = _size(instance, answer.arrays)
    price_of_risk = instance.problem.price_of_risk
    if solution.status is PlanStatus.INFEASIBLE:
        reasons = explain_infeasibility(instance, answer.rows, answer.arrays, left_s)
        return Plan(solution.status, size, report, price_of_risk, infeasibilities=reasons)
    if solution.status not in (PlanStatus.OPTIMAL, PlanStatus.FEASIBLE):
        return Plan(solution.status, size, report, price_of_risk)
    costs, materials = read_costs(answer)
    check = check_answer(answer.arrays, solution)
    if not check.primal_violation <= check.tolerance:
        return Plan(PlanStatus.NO_PLAN_FOUND, size, report, price_of_risk, check=check)
    return Plan(
        # What the check does not confirm does not leave as an optimum.
        status=solution.status if check.passed else PlanStatus.FEASIBLE,
        size=size,
        solver=report,
        price_of_risk=price_of_risk,
        check=check,
        costs=costs,
        nodes=read_nodes(answer),
        contracts=read_contracts(answer),
        deliveries=read_deliveries(answer),
        balances=read_balances(answer, price_nodes(answer, solver)),
        materials=materials,
        binding_rules=read_binding_rules(answer),
        breaches=read_breaches(answer),
    )


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


def _report(solution: Solution, build_s: float, compile_s: float, solve_s: float) -> SolverReport:
    gap = (solution.objective - solution.bound) / max(1e-9, abs(solution.objective))
    return SolverReport(
        solver=SOLVER,
        solver_status=solution.solver_status,
        simplex_iterations=solution.iterations,
        best_bound=solution.bound,
        relative_gap=gap,
        build_s=build_s,
        compile_s=compile_s,
        solve_s=solve_s,
        convert_s=0.0,
    )


def _timed(plan: Plan, convert_s: float) -> Plan:
    return replace(plan, solver=replace(plan.solver, convert_s=convert_s))
