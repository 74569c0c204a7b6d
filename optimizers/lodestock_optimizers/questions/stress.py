"""A stress test: what sudden stops do to a plan that was made without knowing of them.

Owns the way from a solved base through the problem that is left at the onset (`stress_problem`) to what each stress
comes to. Of several plans of least cost the one is read that serves demand as early as possible, so that how long a
tier is served without a gap is determined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lodestock_optimizers.compiled import CompiledProblem, compile_instance
from lodestock_optimizers.formulation import arrays_of
from lodestock_optimizers.instance import TIERS, Instance
from lodestock_optimizers.no_plan.infeasibility import explain_infeasibility
from lodestock_optimizers.parts import split
from lodestock_optimizers.parts.solving import PartsSolver
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import DAYS_PER_YEAR, Scenario, SourceKind, SourcingProblem
from lodestock_optimizers.questions.face import optimal_face
from lodestock_optimizers.questions.idle_plants import with_idle_plants
from lodestock_optimizers.questions.stress_problem import Standing, beside_what_stands, standing, stress_problem
from lodestock_optimizers.questions.stresses import (
    Candidate,
    StockAtOnset,
    Stress,
    StressBreach,
    StressOutcome,
    StressRequest,
    StressTest,
    TierSurvival,
    candidate_violations,
    regrets,
    stress_violations,
    sweep,
)
from lodestock_optimizers.questions.what_if import same_places
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.reading.breaches import read_breaches
from lodestock_optimizers.scenario_tree import REBUILDING_YEARS, Floats, Ints, build_tree, years_to_periods
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.highs import Solution, SolverFault, Unanswered
from lodestock_optimizers.solving.mixed_model import MixedModel, held, model_of
from lodestock_optimizers.solving.race import prove
from lodestock_optimizers.solving.resolving import ArrayChange, WarmModel
from lodestock_optimizers.trade_rules import rule_rows
from lodestock_optimizers.violations import InvalidProblem, Violation
from lodestock_optimizers.watch import Stage, Stopped, Timekeeper, unlimited


def stress_test(
    problem: SourcingProblem,
    request: StressRequest,
    candidates: Sequence[Candidate] = (),
    keeper: Timekeeper | None = None,
) -> StressTest:
    """Puts stresses to the plan of a valid problem (docs/model.md, "Stress test").

    Args:
        problem: The base; its own scenarios are what the plan was made for, and do not happen here.
        request: What is to happen.
        candidates: Valid problems of the same world, whose plans are put to the same stresses, for their regrets.
        keeper: Whom to tell and to ask, and the time that is left. None: nobody, and no limit. Stresses that time
            leaves unanswered are NO_PLAN_FOUND or CANCELLED, as are candidates.

    Raises:
        InvalidProblem: The request cannot be put to the problem; all violations are listed.
        SolverFault: The solver failed.
    """
    keeper = keeper or unlimited()
    violations = [*stress_violations(problem, request), *candidate_violations(problem, candidates)]
    if violations:
        raise InvalidProblem(violations)
    try:
        base = _solved(problem, keeper)
        if base.solution.status is not PlanStatus.OPTIMAL:
            reasons = explain_infeasibility(base, keeper)
            return StressTest(base.solution.status, relaxations=reasons[0], conflict=reasons[1])
    except (Stopped, Unanswered) as stopped:
        return StressTest(stopped.status)
    stresses = list(sweep(problem, request, _paid(base, request.onset)))
    tested = _tested(base.instance, base, request.onset, stresses, keeper, "onset_period")
    if not candidates or tested.status is not PlanStatus.OPTIMAL:
        return tested
    tests = {"": tested}
    for i, candidate in enumerate(candidates):
        try:
            own = _solved(candidate.problem, keeper)
        except (Stopped, Unanswered) as stopped:
            tests[candidate.candidate_id] = StressTest(stopped.status)
            continue
        if own.solution.status is PlanStatus.OPTIMAL:
            one = _tested(base.instance, own, request.onset, stresses, keeper, f"candidates[{i}]")
        else:
            one = StressTest(own.solution.status)
        tests[candidate.candidate_id] = one
    return replace(tested, candidates=regrets(tests))


def _tested(
    world: Instance, plan: Answer, onset: int, stresses: Sequence[Stress], keeper: Timekeeper, path: str
) -> StressTest:
    """What stresses do to a plan, by the figures of `world`; `path` is the field to blame where it cannot be asked."""
    at = standing(plan, onset)
    if at is None:
        text = f"before period {onset} the plan's own scenarios leave no path on which nothing happens"
        raise InvalidProblem([Violation(path, text)])
    try:
        afterwards = _Afterwards(world, at, keeper)
    except (Stopped, Unanswered) as stopped:
        return StressTest(stopped.status)
    outcomes = list(_outcomes(afterwards, stresses))
    return StressTest(
        status=PlanStatus.OPTIMAL,
        undisturbed_cost_usd=at.spent_usd + afterwards.calm_money,
        stocks=tuple(_stocks(world, at)),
        outcomes=tuple(sorted(outcomes, key=lambda one: (not one.tiers, -one.money_at_risk_usd))),
    )


def _solved(problem: SourcingProblem, keeper: Timekeeper) -> Answer:
    """The optimum of the base, in the parts that nothing ties together; or that it has none."""
    instance = Instance(problem)
    rows = rule_rows(instance)
    parts = split(instance, rows)
    if not parts:
        compiled = compile_instance(instance, keeper)
        return compiled.answer(model_of(compiled.arrays).solve(keeper=keeper))
    solver = PartsSolver(instance, keeper.left)
    try:
        for part in parts:
            solver.add(part, arrays_of(part.instance, part.rules, keeper))
        arrays = solver.arrays
        solution = prove(solver, keeper, Stage.SOLVING)
    except BaseException:
        solver.close()
        raise
    return Answer(instance, rows, arrays, solution)


def _paid(base: Answer, onset: int) -> list[tuple[str, float]]:
    """Countries with the expected, discounted landed cost of what they deliver from the onset on."""
    instance = base.instance
    landed = instance.contract_cost * base.delivered + instance.spot_cost * base.spot
    by_source = (np.where(instance.tree.period >= onset, instance.weight, 0.0) @ landed).tolist()
    paid: dict[str, float] = {}
    for source, usd in zip(instance.problem.sources, by_source, strict=True):
        if source.kind is SourceKind.IMPORT:
            paid[source.country] = paid.get(source.country, 0.0) + usd
    return list(paid.items())


def _stocks(base: Instance, at: Standing) -> Iterator[StockAtOnset]:
    for m in base.stocks:
        yearly, tonnes = float(base.yearly_use[at.onset, m]), float(at.stock[m])
        days = DAYS_PER_YEAR * tonnes / yearly if yearly > 0 else 0.0
        yield StockAtOnset(base.problem.materials[m].material_id, tonnes, days)


def _outcomes(afterwards: _Afterwards, stresses: Sequence[Stress]) -> Iterator[StressOutcome]:
    """What the scenarios come to, stress by stress; of those that time leaves, that it did."""
    over: PlanStatus | None = None
    for stress in stresses:
        status = over
        try:
            if status is None:
                yield from list(afterwards.outcomes(stress))
                continue
        except Stopped as stopped:
            status = over = stopped.status
        except Unanswered as unanswered:
            status = unanswered.status
        for scenario in stress.scenarios:
            yield StressOutcome(stress.kind, scenario.scenario_id, stress.countries, status)


@dataclass(frozen=True, slots=True)
class _Path:
    """One scenario in a solved stress: its nodes from the onset to the end of the horizon."""

    answer: Answer
    nodes: Ints

    def usd(self, discount: float) -> tuple[float, float]:
        """All money and that of shortages in it, discounted to the horizon's start."""
        instance = self.answer.instance
        weight = discount * instance.discount
        shortage = self.answer.costs["shortage_usd"].sum(axis=1)
        return float(weight @ self.answer.money.sum(axis=1)[self.nodes]), float(weight @ shortage[self.nodes])


@dataclass(frozen=True, slots=True)
class _Solved:
    """A problem from the onset on, its optimum, and the model that found it."""

    model: WarmModel | MixedModel
    compiled: CompiledProblem
    solution: Solution


class _Afterwards:
    """What is left of a base at the onset: the model in which nothing happens, to go on from for every stress."""

    def __init__(self, base: Instance, at: Standing, keeper: Timekeeper) -> None:
        self._base = base
        self._at = at
        self._keeper = keeper
        self._discount = float(base.discount[at.onset])
        self._rebuilding = years_to_periods(REBUILDING_YEARS, base.problem)
        self._calm = self._compiled(())
        self._model = model_of(self._calm.arrays)
        solved = self._optimal(self._model, self._calm)
        self._basis = self._model.basis
        answer = solved.compiled.answer(solved.solution)
        self.calm_money, self._calm_shortage = _Path(answer, np.arange(answer.instance.node_count)).usd(self._discount)

    def outcomes(self, stress: Stress) -> Iterator[StressOutcome]:
        """What each scenario of a stress comes to.

        Raises:
            Stopped: Caller or clock say so.
        """
        answer = self._solved(stress.scenarios)
        for scenario in stress.scenarios:
            path = _path_of(answer, scenario)
            money, shortage = path.usd(self._discount)
            more_short = shortage - self._calm_shortage
            yield StressOutcome(
                kind=stress.kind,
                scenario_id=scenario.scenario_id,
                countries=stress.countries,
                status=PlanStatus.OPTIMAL,
                extra_cost_usd=money - self.calm_money - more_short,
                extra_shortage_usd=more_short,
                tiers=tuple(_survivals(path)),
                breaches=tuple(_breaches(path, self._at.onset)),
            )

    def _compiled(self, scenarios: Sequence[Scenario]) -> CompiledProblem:
        problem = stress_problem(self._base, self._at, scenarios, self._rebuilding)
        tree = build_tree(problem)
        # Where nothing is settled no rule binds, and all that is broken is told.
        instance = Instance(problem, tree, np.zeros(tree.node_count, dtype=np.bool_))
        return beside_what_stands(compile_instance(instance, self._keeper), self._at)

    def _solved(self, scenarios: Sequence[Scenario]) -> Answer:
        compiled = self._compiled(scenarios)
        model = model_of(compiled.arrays)
        if same_places(compiled.arrays, self._calm.arrays):
            model = self._model
            model.return_to(self._basis)
        solved = self._optimal(model, compiled)
        return solved.compiled.answer(_served_early(solved, self._keeper))

    def _optimal(self, model: WarmModel | MixedModel, compiled: CompiledProblem) -> _Solved:
        """The optimum; where plants under contract cannot be fed, with what they do not deliver.

        Raises:
            SolverFault: The solver finds none, though what is signed can be taken then, and all else be short.
        """
        solution = model.solve_as(compiled.arrays, self._keeper)
        if solution.status is PlanStatus.INFEASIBLE and (idle := with_idle_plants(compiled, self._keeper)) is not None:
            model, compiled = model_of(idle.arrays), idle
            solution = model.solve(keeper=self._keeper)
        if solution.status is not PlanStatus.OPTIMAL:
            raise SolverFault("HiGHS finds no plan from the onset on, though to buy no more is one")
        return _Solved(model, compiled, solution)


def _path_of(answer: Answer, scenario: Scenario) -> _Path:
    tree = answer.instance.tree
    return _Path(answer, np.array([n for n, ids in enumerate(tree.scenario_ids) if scenario.scenario_id in ids]))


def _served_early(solved: _Solved, keeper: Timekeeper) -> Solution:
    """Of all plans of least cost the one that is short as late as can be: period by period, tier by tier.

    Contracts that are signed or not as a whole stay as they are in the plan at hand.
    """
    model, compiled, best = solved.model, solved.compiled, solved.solution
    if isinstance(model, MixedModel):
        compiled = replace(compiled, arrays=held(compiled.arrays, best.column_value))
        model = WarmModel(compiled.arrays)
    instance, shortage = compiled.instance, compiled.arrays.columns["u"]
    d, n = shortage.index[:, 0], shortage.index[:, 1]
    period, tier = instance.tree.period[n], np.array([TIERS.index(t.tier) for t in instance.tiers])[d]
    most = compiled.answer(best).negligible[np.array([t.material for t in instance.tiers])[d]]
    arrays, found = compiled.arrays, best
    arrays = optimal_face(arrays, found).of(arrays)
    for t in range(instance.period_count):
        for rank in range(len(TIERS)):
            at = shortage.position[(period == t) & (tier == rank)]
            is_short = found.column_value[at] > most[(period == t) & (tier == rank)]
            if not is_short.any():
                arrays = _at_most(arrays, at, found.column_value[at])
                continue
            cost = np.zeros_like(arrays.cost)
            cost[at] = 1.0
            wanted = ArrayChange(cost=cost).of(arrays)
            solution = model.solve_as(wanted, keeper)
            if solution.status is not PlanStatus.OPTIMAL:
                # What holds the face is rounding away from the plan; that one is still of least cost.
                return found
            found, arrays = solution, optimal_face(wanted, solution).of(arrays)
    return found


def _at_most(arrays: LinearArrays, at: Ints, level: Floats) -> LinearArrays:
    """No more of some columns than there is: nothing, give or take the solver's rounding."""
    upper = arrays.upper.copy()
    upper[at] = np.minimum(upper[at], np.maximum(level, arrays.lower[at]))
    return ArrayChange(upper=upper).of(arrays)


def _survivals(path: _Path) -> Iterator[TierSurvival]:
    """How long each tier is served without a gap: full periods, and of the first short one the part that is served."""
    answer, instance = path.answer, path.answer.instance
    days = DAYS_PER_YEAR * instance.length
    for d, tier in enumerate(instance.tiers):
        short, wanted = answer.shortage[path.nodes, d], instance.demand[path.nodes, d]
        short = np.where(short > answer.negligible[tier.material], short, 0.0)
        gaps = np.flatnonzero(short > 0)
        first = int(gaps[0]) if len(gaps) else len(short)
        part = float(days[first] * max(0.0, 1.0 - short[first] / wanted[first])) if len(gaps) else 0.0
        yield TierSurvival(
            material_id=instance.problem.materials[tier.material].material_id,
            tier=tier.tier,
            days_survived=float(days[:first].sum()) + part,
            survives=not len(gaps),
            shortage_tonnes=float(short.sum()),
        )


def _breaches(path: _Path, onset: int) -> Iterator[StressBreach]:
    """The rules that are broken on a path, stock floors among them."""
    answer, instance = path.answer, path.answer.instance
    at = {int(n): onset + int(instance.tree.period[n]) for n in path.nodes}
    for broken in read_breaches(answer):
        if broken.node_id in at:
            named = broken.family, broken.subject_id, broken.material_id, broken.country
            yield StressBreach(*named, at[broken.node_id], broken.amount, broken.unit)
    for m in instance.stocks:
        name = instance.problem.materials[m].material_id
        for n, period in at.items():
            below = (instance.floor(n, m) or 0.0) - float(answer.stock[n, m])
            if below > answer.negligible[m]:
                yield StressBreach("stock_floor", name, name, "", period, below, "t")
