"""From a problem to its plan explained.

Owns the order of the parts, the dearest last, and what is left out where the time ends: what is there by then is right.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from lodestock_optimizers.compiled import compile_problem
from lodestock_optimizers.no_plan.infeasibility import explain_infeasibility
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.reading.extraction import read_costs
from lodestock_optimizers.solving.highs import Unanswered, no_solution
from lodestock_optimizers.solving.mixed import MixedSession
from lodestock_optimizers.validation import validate
from lodestock_optimizers.violations import InvalidProblem, Violation
from lodestock_optimizers.watch import Stage, Stopped, Timekeeper, Unwatched, Watcher

from .apart import Parts, solved_in_parts
from .attribution import attribute_costs
from .firmness import firm_quantities
from .knowing import values_of_perfect_information
from .limit_prices import LimitPricing
from .planning import values_of_planning
from .values import Asked, Explanation, FirmQuantity, Language, LimitPrice, ValueOfPlanning, WhyNot
from .why_not import nearest, why_not
from .wording import text_of

T = TypeVar("T")

DEFAULT_INCREASE = 0.01
SMALL_MODEL = 5_000
"""Columns up to which more is looked at where the caller does not say."""
MANY_QUANTITIES, FEW_QUANTITIES = 6, 1
LARGE_PART = 40_000
"""Columns of a part beyond which a quantity takes longer than the plan, and is looked at where the caller asks."""
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
        with MixedSession() as session:
            explanation = _Explaining(problem, asked, keeper, session).explanation()
    except (Stopped, Unanswered) as stopped:
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

    def __init__(self, problem: SourcingProblem, asked: Asked, keeper: Timekeeper, session: MixedSession) -> None:
        self._problem, self._asked, self._keeper, self._session = problem, asked, keeper, session
        self._left_out: list[str] = []
        self._limits_left_out, self._hold_choices = 0, False
        self._is_over = False
        self._limits: list[LimitPrice] = []
        self._why_not: list[WhyNot] = []
        self._firm: list[FirmQuantity] = []
        self._knowing: list[float] = []
        self._planning: list[ValueOfPlanning] = []

    def explanation(self) -> Explanation:
        """Plan and explain."""
        keeper = self._keeper
        keeper.report(Stage.BUILDING)
        best = solved_in_parts(self._problem, keeper, self._session)
        keeper.report(Stage.EXPLAINING)
        if best is None:
            refused = compile_problem(self._problem, keeper).answer(no_solution(PlanStatus.INFEASIBLE, ""))
            relaxations, conflict = explain_infeasibility(refused, keeper, self._session)
            return Explanation(PlanStatus.INFEASIBLE, relaxations=relaxations, conflict=conflict)
        costs, _ = read_costs(best.whole)
        increase = self._asked.firmness_increase or DEFAULT_INCREASE
        self._find(best, increase)
        return Explanation(
            status=PlanStatus.OPTIMAL,
            costs=costs,
            limits=tuple(self._limits),
            why_not=tuple(self._why_not),
            firm_quantities=tuple(self._firm),
            firmness_increase=increase,
            costs_by_field=attribute_costs(best.whole),
            value_of_perfect_information_usd=next(iter(self._knowing), None),
            value_of_planning=next(iter(self._planning), None),
            left_out=tuple(self._left_out),
            limits_left_out=self._limits_left_out,
            has_yes_or_no=bool(len(best.whole.instance.ordered)),
            are_choices_held=self._hold_choices,
        )

    def _find(self, parts: Parts, increase: float) -> None:
        keeper, asked, columns = self._keeper, self._asked, parts.whole.arrays.shape[1]
        is_small = columns <= SMALL_MODEL
        pricing = LimitPricing(parts)
        self._part("limits", pricing.prices(keeper), self._limits)
        self._limits_left_out = pricing.left_out
        questions = asked.why_not or nearest(parts, MANY_SUPPLIERS if is_small else FEW_SUPPLIERS)
        self._part("why_not", why_not(parts, questions, keeper), self._why_not)
        count = asked.firm_quantities
        if count is None:
            largest = max(part.answer.arrays.shape[1] for part in parts.each)
            count = MANY_QUANTITIES if is_small else FEW_QUANTITIES if largest <= LARGE_PART else 0
        self._part("firm_quantities", firm_quantities(parts, increase, count, keeper), self._firm)
        self._hold_choices = parts.hold_choices
        scenarios = self._problem.scenarios
        if scenarios and _wanted(asked.value_of_planning, is_small):
            self._part("value_of_planning", values_of_planning(parts, keeper, self._session), self._planning)
        is_known = (len(scenarios) + 1) * columns <= MOST_KNOWN
        if scenarios and _wanted(asked.value_of_perfect_information, is_known):
            values = values_of_perfect_information(self._problem, parts.objective, keeper)
            self._part("value_of_perfect_information_usd", values, self._knowing)

    def _part(self, name: str, found: Iterator[T], into: list[T]) -> None:
        """Find a part of the explanation as far as the time goes; then what follows is left out.

        What the solver has no answer to is left out, too, and with it what comes after it in its part.

        Raises:
            Stopped: The caller cancelled.
        """
        if self._is_over:
            self._left_out.append(name)
            return
        try:
            self._keeper.heed()
            for one in found:
                into.append(one)
        except Stopped as stopped:
            if stopped.status is PlanStatus.CANCELLED:
                raise
            self._is_over = True
            self._left_out.append(name)
        except Unanswered:
            self._left_out.append(name)


def _wanted(asked: bool | None, default: bool) -> bool:
    return default if asked is None else asked
