"""From a problem to its plan explained.

Owns the order of the parts, the dearest last, and what is left out where the time ends: what is there by then is right.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np

from lodestock_optimizers.compiled import CompiledProblem, compile_problem
from lodestock_optimizers.no_plan.infeasibility import explain_infeasibility
from lodestock_optimizers.no_plan.named_limits import NamedLimits
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.reading.extraction import read_costs
from lodestock_optimizers.scenario_tree import Ints
from lodestock_optimizers.solving.highs import Solution
from lodestock_optimizers.solving.mixed import MixedSolver
from lodestock_optimizers.solving.race import solve
from lodestock_optimizers.solving.resolving import WarmModel
from lodestock_optimizers.validation import validate
from lodestock_optimizers.violations import InvalidProblem, Violation
from lodestock_optimizers.watch import Stage, Stopped, Timekeeper, Unwatched, Watcher

from .attribution import attribute_costs
from .firmness import firm_quantities
from .knowing import values_of_perfect_information
from .limit_prices import LimitPricing
from .values import Asked, Explanation, FirmQuantity, Language, LimitPrice, WhyNot
from .why_not import nearest, why_not
from .wording import text_of

T = TypeVar("T")

DEFAULT_INCREASE = 0.01
SMALL_MODEL = 5_000
"""Columns up to which more is looked at where the caller does not say."""
MANY_QUANTITIES, FEW_QUANTITIES = 6, 1
MANY_SUPPLIERS, FEW_SUPPLIERS = 3, 1
MOST_KNOWN = 20_000
"""Scenarios times columns up to which futures are planned for one by one, where the caller does not say."""


def explain(
    problem: SourcingProblem,
    asked: Asked | None = None,
    time_limit_s: float | None = None,
    clock: Callable[[], float] = time.perf_counter,
    watcher: Watcher | None = None,
) -> Explanation:
    """Plans, and explains the plan (docs/model.md, "Explaining a plan").

    Args:
        problem: The problem.
        asked: What is to be explained. None: the defaults.
        time_limit_s: Seconds that the whole may take. None: no limit.
        clock: Seconds, for the limit.
        watcher: Whom to tell of the progress, and to ask whether to go on. None: nobody.

    Returns:
        The explanation, with the names of the parts that the time was not enough for.

    Raises:
        InvalidProblem: The problem, or a question about a source that it does not have; all violations are listed.
        SolverFault: The solver failed.
    """
    asked = asked or Asked()
    violations = [*validate(problem), *question_violations(problem, asked)]
    if violations:
        raise InvalidProblem(violations)
    keeper = Timekeeper(clock, time_limit_s, watcher or Unwatched())
    try:
        explanation = _Explaining(problem, asked, keeper).explanation()
    except Stopped as stopped:
        explanation = Explanation(stopped.status)
    languages = asked.languages or (Language.ENGLISH,)
    return replace(explanation, texts=tuple(text_of(problem, explanation, one) for one in languages))


def question_violations(problem: SourcingProblem, asked: Asked) -> list[Violation]:
    """Questions about sources that the problem does not have, with paths that start at the request."""
    known = {source.source_id for source in problem.sources}
    return [
        Violation(f"why_not[{i}].source_id", f"'{question.source_id}' is no source of the problem")
        for i, question in enumerate(asked.why_not)
        if question.source_id not in known
    ]


class _Explaining:
    """One explanation: what it is of, and what was found so far."""

    def __init__(self, problem: SourcingProblem, asked: Asked, keeper: Timekeeper) -> None:
        self._problem, self._asked, self._keeper = problem, asked, keeper
        self._left_out: list[str] = []
        self._limits: list[LimitPrice] = []
        self._why_not: list[WhyNot] = []
        self._firm: list[FirmQuantity] = []
        self._knowing: list[float] = []

    def explanation(self) -> Explanation:
        """Plan and explain."""
        keeper = self._keeper
        keeper.report(Stage.BUILDING)
        compiled, solution = self._solved()
        keeper.report(Stage.EXPLAINING)
        if solution.status is PlanStatus.INFEASIBLE:
            relaxations, conflict = explain_infeasibility(compiled.answer(solution), keeper)
            return Explanation(solution.status, relaxations=relaxations, conflict=conflict)
        answer = compiled.answer(solution)
        costs, _ = read_costs(answer)
        increase = self._asked.firmness_increase or DEFAULT_INCREASE
        self._find(compiled, solution, increase)
        return Explanation(
            status=PlanStatus.OPTIMAL,
            costs=costs,
            limits=tuple(self._limits),
            why_not=tuple(self._why_not),
            firm_quantities=tuple(self._firm),
            firmness_increase=increase,
            costs_by_field=attribute_costs(answer),
            value_of_perfect_information_usd=next(iter(self._knowing), None),
            left_out=tuple(self._left_out),
            has_yes_or_no=bool(len(compiled.instance.ordered)),
        )

    def _solved(self) -> tuple[CompiledProblem, Solution]:
        """The model and its optimum; with choices of yes or no held, where there are any."""
        compiled = compile_problem(self._problem, self._keeper)
        whole: Ints = compiled.arrays.integer
        if not len(whole):
            self._model = WarmModel(compiled.arrays)
            return compiled, self._model.solve(keeper=self._keeper)
        chosen = _optimum(compiled, self._keeper)
        if chosen.status is PlanStatus.INFEASIBLE:
            return compiled, chosen
        lower, upper = compiled.arrays.lower.copy(), compiled.arrays.upper.copy()
        lower[whole] = upper[whole] = np.round(chosen.column_value[whole])
        held = replace(compiled.arrays, lower=lower, upper=upper, integer=whole[:0])
        self._model = WarmModel(held)
        return replace(compiled, arrays=held), self._model.solve(keeper=self._keeper)

    def _find(self, compiled: CompiledProblem, solution: Solution, increase: float) -> None:
        keeper, asked, columns = self._keeper, self._asked, compiled.arrays.shape[1]
        answer = compiled.answer(solution)
        limits = NamedLimits(compiled.instance, compiled.rows, compiled.arrays)
        pricing = LimitPricing(limits, answer, self._model)
        self._part("limits", pricing.prices(keeper), self._limits)
        questions = asked.why_not or nearest(answer, MANY_SUPPLIERS if columns <= SMALL_MODEL else FEW_SUPPLIERS)
        self._part("why_not", why_not(answer, self._model, questions, keeper), self._why_not)
        count = asked.firm_quantities
        if count is None:
            count = MANY_QUANTITIES if columns <= SMALL_MODEL else FEW_QUANTITIES
        self._part("firm_quantities", firm_quantities(answer, self._model, increase, count, keeper), self._firm)
        scenarios = self._problem.scenarios
        is_small = (len(scenarios) + 1) * columns <= MOST_KNOWN
        if scenarios and (
            is_small if asked.value_of_perfect_information is None else asked.value_of_perfect_information
        ):
            values = values_of_perfect_information(self._problem, solution.objective, keeper)
            self._part("value_of_perfect_information_usd", values, self._knowing)

    def _part(self, name: str, found: Iterator[T], into: list[T]) -> None:
        """Find a part of the explanation as far as the time goes; then what follows is left out.

        Raises:
            Stopped: The caller cancelled.
        """
        if self._left_out:
            self._left_out.append(name)
            return
        try:
            self._keeper.heed()
            for one in found:
                into.append(one)
        except Stopped as stopped:
            if stopped.status is PlanStatus.CANCELLED:
                raise
            self._left_out.append(name)


def _optimum(compiled: CompiledProblem, keeper: Timekeeper) -> Solution:
    """The optimum of a model in which contracts are signed or not as a whole.

    Raises:
        Stopped: Caller or clock say so before it is proven.
    """
    solution = solve(MixedSolver(compiled.arrays, keeper.left()), keeper, Stage.SOLVING)
    if solution.status not in (PlanStatus.OPTIMAL, PlanStatus.INFEASIBLE):
        cancelled = solution.status is PlanStatus.CANCELLED
        raise Stopped(PlanStatus.CANCELLED if cancelled else PlanStatus.NO_PLAN_FOUND)
    return solution
