"""From a problem to a checked and priced plan.

Owns the order of the steps (validate → tree and numbers → parts → arrays → HiGHS → check → plan) and what
comes of them where caller or clock end it before.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from lodestock_optimizers.formulation import arrays_of
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.no_plan.infeasibility import explain_infeasibility
from lodestock_optimizers.parts import Part, split
from lodestock_optimizers.parts.solving import PartsSolver
from lodestock_optimizers.plan import ModelSize, Plan, PlanStatus, SolverReport
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.reading.breaches import read_breaches
from lodestock_optimizers.reading.expansion_prices import price_expansions
from lodestock_optimizers.reading.extraction import (
    read_balances,
    read_contracts,
    read_costs,
    read_cvar,
    read_deliveries,
    read_expansions,
    read_footprints,
    read_nodes,
    read_substitutions,
)
from lodestock_optimizers.reading.prices import price_nodes, read_binding_rules, value_contracts
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.check import check_answer
from lodestock_optimizers.solving.decomposition import Decomposition
from lodestock_optimizers.solving.highs import SOLVER, AnySolver, Solution, Solver, Unanswered, no_solution
from lodestock_optimizers.solving.incumbents import Search
from lodestock_optimizers.solving.mixed import MixedSession, MixedSolver
from lodestock_optimizers.solving.pricing import LEAST_COLUMNS, PricedSolver, can_be_priced
from lodestock_optimizers.solving.race import MOST_AT_ONCE, solve
from lodestock_optimizers.solving.unbought import levels_without_purchases
from lodestock_optimizers.trade_rules import RuleRow, rule_rows
from lodestock_optimizers.validation import validate
from lodestock_optimizers.violations import InvalidProblem
from lodestock_optimizers.watch import Stage, Stopped, Timekeeper, Unwatched, Watcher, relative_gap

READ_SHARE = 2.5
"""Time to turn a solution into the plan, as a share of that to build and compile its model: measured, 1 to 2.

More than that, since a solver that was told to end goes on beside it for a while. A share of what was measured in the
same run, not seconds a column, so that it holds on a slow machine and on a busy one.
"""


def optimize(
    problem: SourcingProblem,
    time_limit_s: float | None = None,
    clock: Callable[[], float] = time.perf_counter,
    watcher: Watcher | None = None,
    write_share: float = 0.0,
) -> Plan:
    """Finds the plan of least risk-weighted expected cost (docs/model.md).

    Args:
        problem: The problem.
        time_limit_s: Seconds that the whole may take: the solver gets what building leaves. None: no limit.
        clock: Seconds, for the limit and for the report of how long each step took.
        watcher: Whom to tell of the progress, and to ask whether to go on. None: nobody.
        write_share: Time that the caller needs to write the plan down within the limit, as a share of that to build
            and compile its model.

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
    return _Planning(problem, Timekeeper(clock, time_limit_s, watcher or Unwatched()), write_share).plan()


class _Planning:
    """One run of the steps: what they have made so far, and the seconds that each took."""

    def __init__(self, problem: SourcingProblem, keeper: Timekeeper, write_share: float) -> None:
        self._problem = problem
        self._keeper = keeper
        self._write_share = write_share
        self._seconds: dict[Stage, float] = {}
        self._session = MixedSession()
        self._size = ModelSize(0, 0, 0, 0, len(problem.materials), len(problem.sources))

    def plan(self) -> Plan:
        """Run the steps, as far as caller and clock let them."""
        try:
            with self._session:
                return self._plan()
        except Stopped as stopped:
            return self._without_plan(stopped.status, no_solution(stopped.status, stopped.reason))
        except Unanswered as unanswered:
            return self._without_plan(unanswered.status, no_solution(unanswered.status, str(unanswered)))

    def _plan(self) -> Plan:
        keeper = self._keeper
        with self._timed(Stage.BUILDING):
            instance = Instance(self._problem)
            rows = rule_rows(instance)
            parts = split(instance, rows)
        with self._timed(Stage.COMPILING):
            parted = self._in_parts(instance, parts) if parts else None
            arrays = parted.arrays if parted else arrays_of(instance, rows, keeper)
            self._size = _size(instance, arrays)
        with self._timed(Stage.SOLVING):
            priced = None if parts else self._priced(instance, rows, arrays)
            solver: AnySolver = parted or priced or self._solver(arrays)
            # Parts of one material have nothing to search: the plan that buys nothing is theirs at once. Whoever prices
            # what ties the parts finds plans on the way.
            may_search = not priced and (not parts or any(part.instance.material_count > 1 for part in parts))
            search = Search(instance, rows, arrays) if may_search else None
            solution = solve(solver, keeper, Stage.SOLVING, search, self._reserve_s)
        answer = Answer(instance, rows, arrays, solution)
        if solution.status is PlanStatus.INFEASIBLE:
            with self._timed(Stage.EXPLAINING):
                relaxations, conflict = explain_infeasibility(answer, keeper, self._session)
            refused = self._without_plan(solution.status, solution)
            return replace(refused, relaxations=relaxations, conflict=conflict)
        if solution.status not in (PlanStatus.OPTIMAL, PlanStatus.FEASIBLE):
            return self._without_plan(solution.status, solution)
        with self._timed(Stage.READING):
            plan = self._read(answer, solver)
        return replace(plan, solver=self._report(solution))

    def _in_parts(self, instance: Instance, parts: list[Part]) -> PartsSolver:
        """Begins to solve each part as soon as its model is there."""
        solver = PartsSolver(instance, lambda: self._keeper.left(self._reserve_s))
        try:
            for part in parts:
                solver.add(part, arrays_of(part.instance, part.rules, self._keeper))
        except BaseException:
            solver.close()
            raise
        return solver

    def _priced(self, instance: Instance, rows: list[RuleRow], arrays: LinearArrays) -> PricedSolver | None:
        """What solves a large whole by its parts; None where that gains nothing, or no time is left for it."""
        is_one = len(arrays.integer) > 0 or self._problem.tail_weight > 0
        if is_one or arrays.shape[1] < LEAST_COLUMNS or self._keeper.left(self._reserve_s) == 0.0:
            return None
        parts = Decomposition(instance, rows, arrays)
        return PricedSolver(parts, levels_without_purchases(instance, arrays)) if can_be_priced(parts) else None

    def _solver(self, arrays: LinearArrays) -> Solver:
        left_s = self._keeper.left(self._reserve_s)
        return MixedSolver(arrays, left_s, self._session) if len(arrays.integer) else Solver(arrays, left_s)

    @property
    def _reserve_s(self) -> float:
        """Seconds that reading and writing the plan will take, by those that its model took so far."""
        return (READ_SHARE + self._write_share) * self._model_s

    @property
    def _model_s(self) -> float:
        return self._seconds.get(Stage.BUILDING, 0.0) + self._seconds.get(Stage.COMPILING, 0.0)

    def _heed_reading(self) -> None:
        """Go on reading, unless the caller cancelled, or what is left would not do to write the plan down.

        Raises:
            Stopped: One of them. A plan that comes too late is lost, and so would be the word that there is none.
        """
        self._keeper.heed_caller()
        # What is read in a moment is late by no more than that.
        is_small = self._size.columns <= MOST_AT_ONCE
        if not is_small and self._keeper.left(self._write_share * self._model_s) == 0.0:
            raise Stopped(PlanStatus.NO_PLAN_FOUND)

    def _read(self, answer: Answer, solver: AnySolver) -> Plan:
        solution = answer.solution
        check = check_answer(answer.arrays, solution)
        if not check.primal_violation <= check.tolerance:
            return replace(self._without_plan(PlanStatus.NO_PLAN_FOUND, solution), check=check)
        # What the check does not confirm does not leave as an optimum.
        status = solution.status if check.passed else PlanStatus.FEASIBLE
        # Duals are prices at an optimum alone.
        is_priced = status is PlanStatus.OPTIMAL
        costs, materials = read_costs(answer)
        self._heed_reading()
        nodes, deliveries = read_nodes(answer), read_deliveries(answer)
        self._heed_reading()
        balances = read_balances(answer, price_nodes(answer, solver) if is_priced else None)
        self._heed_reading()
        return Plan(
            status=status,
            size=self._size,
            solver=self._report(solution),
            price_of_risk=self._problem.price_of_risk,
            check=check,
            costs=costs,
            nodes=nodes,
            contracts=read_contracts(answer, value_contracts(answer, solver.greatest_levels()) if is_priced else None),
            deliveries=deliveries,
            balances=balances,
            materials=materials,
            binding_rules=read_binding_rules(answer) if is_priced else (),
            breaches=read_breaches(answer),
            substitutions=read_substitutions(answer),
            footprints=read_footprints(answer),
            expansions=read_expansions(answer, price_expansions(answer) if is_priced else None),
            cvar_usd=read_cvar(answer),
            has_yes_or_no=len(answer.arrays.integer) > 0,
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
    return _size(instance, arrays_of(instance))


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
