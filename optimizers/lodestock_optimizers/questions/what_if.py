"""What a plan would become if a few of its figures were others.

Owns the way from a question to its answer: the parts of the problem that the question changes go through the one
formulation, and what differs in their arrays is sent to the model of the base, which is solved again from its basis. So
no second place knows which number of a problem stands where in the arrays. Solved bases are kept between calls;
correctness never depends on that.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lodestock_optimizers.compiled import CompiledProblem, compile_instance, compile_problem
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.no_plan.infeasibility import explain_infeasibility
from lodestock_optimizers.parts import split
from lodestock_optimizers.plan import ConflictingRule, CostBreakdown, PlanStatus, Relaxation
from lodestock_optimizers.problem import DemandTier, SourcingProblem
from lodestock_optimizers.questions.changes import WhatIf, change_violations, changed
from lodestock_optimizers.questions.first_solve import solved_first
from lodestock_optimizers.questions.joint import sum_of_costs
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.reading.extraction import read_costs
from lodestock_optimizers.reading.suppliers import Suppliers, SupplierTonnes
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.highs import Solution, Unanswered, no_solution
from lodestock_optimizers.solving.mixed import MixedSession
from lodestock_optimizers.solving.mixed_model import MixedModel, model_of, solve_each
from lodestock_optimizers.solving.resolving import WarmModel
from lodestock_optimizers.trade_rules import rule_rows
from lodestock_optimizers.validation import validate
from lodestock_optimizers.violations import InvalidProblem, Violation
from lodestock_optimizers.watch import Stopped, Timekeeper, unlimited

BYTES_KEPT = 640 * 1024 * 1024
"""Of compiled bases that are kept between calls: room for one of a national problem that a budget ties."""

BYTES_A_NUMBER = 400
"""What HiGHS and our arrays take for a coefficient, a row or a column, together: measured, 370 to 380."""


@dataclass(frozen=True, slots=True)
class SupplierDifference:
    """A supplier of the changed plan, and its expected tonnes above those in the base."""

    supplier: SupplierTonnes
    more_tonnes: float


@dataclass(frozen=True, slots=True)
class ShortageDifference:
    """Expected tonnes over the horizon that a tier lacks in the changed plan, and those above the base's."""

    material_id: str
    tier: DemandTier
    tonnes: float
    more_tonnes: float


@dataclass(frozen=True, slots=True)
class WhatIfAnswer:
    """What a question came to; `costs` None where there is no plan."""

    question_id: str
    status: PlanStatus
    costs: CostBreakdown | None = None
    objective_difference_usd: float = 0.0
    suppliers: tuple[SupplierDifference, ...] = ()
    shortages: tuple[ShortageDifference, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    conflict: tuple[ConflictingRule, ...] = ()


@dataclass(frozen=True, slots=True)
class WhatIfAnswers:
    """The base and the answers, in the order of the questions; none where the base has no plan."""

    status: PlanStatus
    costs: CostBreakdown | None = None
    answers: tuple[WhatIfAnswer, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    conflict: tuple[ConflictingRule, ...] = ()


@dataclass(frozen=True, slots=True)
class _Figures:
    """What answers tell of a plan, or of a part of one: costs, and expected tonnes by supplier and by tier."""

    costs: CostBreakdown
    delivered: Floats
    short: Floats


@dataclass(eq=False)
class _Part:
    """A solved part of a base, or all of it: its figures, and what the next solve goes on from.

    That is a model and its basis; where contracts are signed or not as a whole, the plan alone.
    """

    compiled: CompiledProblem
    model: WarmModel | None
    basis: Any
    suppliers: Suppliers
    figures: _Figures

    @property
    def problem(self) -> SourcingProblem:
        """The problem of the part."""
        return self.compiled.instance.problem

    @property
    def size_bytes(self) -> int:
        """What keeping it costs, about."""
        rows, columns = self.compiled.arrays.shape
        return BYTES_A_NUMBER * (int(self.compiled.arrays.matrix.nnz) + rows + columns)


@dataclass(frozen=True, slots=True)
class _Base:
    """A solved problem, in the parts that nothing ties together."""

    problem: SourcingProblem
    parts: tuple[_Part, ...]
    costs: CostBreakdown

    @property
    def size_bytes(self) -> int:
        """What keeping it costs, about."""
        return sum(part.size_bytes for part in self.parts)


class KeptBases:
    """Solved bases by problem, those used last; not for several threads at once.

    Args:
        most_bytes: Of all that is kept.
    """

    def __init__(self, most_bytes: int = BYTES_KEPT) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[SourcingProblem, _Base] = OrderedDict()

    def take(self, problem: SourcingProblem) -> _Base | None:
        """The base of a problem, which is no longer kept: whoever is stopped while using it must not give it back."""
        return self._kept.pop(problem, None)

    def keep(self, problem: SourcingProblem, base: _Base) -> None:
        """Keep a base, in place of those used longest ago."""
        self._kept[problem] = base
        while self._kept and sum(b.size_bytes for b in self._kept.values()) > self._most_bytes:
            self._kept.popitem(last=False)


def question_violations(problem: SourcingProblem, questions: Sequence[WhatIf]) -> list[Violation]:
    """All that is wrong with questions to a valid problem, with paths that start at the request."""
    return [violation for i, question in enumerate(questions) for violation in _violations(problem, question, i)]


def _violations(problem: SourcingProblem, question: WhatIf, i: int) -> Iterator[Violation]:
    found = False
    for j, change in enumerate(question.changes):
        for violation in change_violations(problem, change):
            found = True
            yield Violation(f"questions[{i}].changes[{j}].{violation.field_path}", violation.description)
    if not found:
        for violation in validate(changed(problem, question.changes)):
            text = f"would make {violation.field_path} impossible: {violation.description}"
            yield Violation(f"questions[{i}].changes", text)


def ask_what_if(
    problem: SourcingProblem,
    questions: Sequence[WhatIf],
    keeper: Timekeeper | None = None,
    bases: KeptBases | None = None,
) -> WhatIfAnswers:
    """Answers questions to a valid problem, each put to the base alone.

    Args:
        problem: The base.
        questions: The questions.
        keeper: Whom to tell and to ask, and the time that is left. None: nobody, and no limit. Questions that time
            or the solver leaves unanswered are NO_PLAN_FOUND, or CANCELLED.
        bases: Where solved bases are kept between calls. None: nowhere.

    Raises:
        InvalidProblem: A question cannot be put to the problem; all violations are listed.
        SolverFault: The solver failed.
    """
    keeper, bases = keeper or unlimited(), bases or KeptBases(0)
    violations = question_violations(problem, questions)
    if violations:
        raise InvalidProblem(violations)
    with MixedSession() as session:
        return _answers(problem, questions, keeper, bases, session)


def _answers(
    problem: SourcingProblem, questions: Sequence[WhatIf], keeper: Timekeeper, bases: KeptBases, session: MixedSession
) -> WhatIfAnswers:
    try:
        base = bases.take(problem) or _solved(problem, keeper, session)
    except Stopped as stopped:
        return WhatIfAnswers(stopped.status, answers=_unanswered(questions, stopped.status))
    except Unanswered:
        return WhatIfAnswers(PlanStatus.NO_PLAN_FOUND, answers=_unanswered(questions, PlanStatus.NO_PLAN_FOUND))
    if isinstance(base, WhatIfAnswers):
        return base
    answers: list[WhatIfAnswer] = []
    try:
        for question in questions:
            try:
                answers.append(_answered(base, question, keeper, session))
            except Unanswered:
                answers += _unanswered([question], PlanStatus.NO_PLAN_FOUND)
    except Stopped as stopped:
        answers += _unanswered(questions[len(answers) :], stopped.status)
    else:
        bases.keep(problem, base)
    return WhatIfAnswers(PlanStatus.OPTIMAL, base.costs, tuple(answers))


def _solved(problem: SourcingProblem, keeper: Timekeeper, session: MixedSession) -> _Base | WhatIfAnswers:
    """The solved base; the whole answer where it has no plan."""
    whole = Instance(problem)
    instances = [part.instance for part in split(whole, rule_rows(whole))] or [whole]
    compiled = [compile_instance(instance, keeper) for instance in instances]
    linear = iter(solved_first([one for one in compiled if not len(one.arrays.integer)], keeper))
    found = [_solved_mixed(one, keeper, session) if len(one.arrays.integer) else next(linear) for one in compiled]
    if any(solution.status is PlanStatus.INFEASIBLE for _, solution in found):
        return WhatIfAnswers(PlanStatus.INFEASIBLE, None, (), *_reasons(problem, keeper, session))
    parts = [_part(one, *its) for one, its in zip(compiled, found, strict=True)]
    return _Base(problem, tuple(parts), sum_of_costs(part.figures.costs for part in parts))


def _solved_mixed(compiled: CompiledProblem, keeper: Timekeeper, session: MixedSession) -> tuple[MixedModel, Solution]:
    model = MixedModel(compiled.arrays, session)
    return model, model.solve(keeper=keeper)


def _part(compiled: CompiledProblem, model: WarmModel | MixedModel, solution: Solution) -> _Part:
    suppliers = Suppliers(compiled.instance)
    figures = _figures(compiled.answer(solution), suppliers)
    return _Part(compiled, model if isinstance(model, WarmModel) else None, model.basis, suppliers, figures)


def _reasons(
    problem: SourcingProblem, keeper: Timekeeper, session: MixedSession
) -> tuple[tuple[Relaxation, ...], tuple[ConflictingRule, ...]]:
    """Why there is no plan, in terms of the whole problem: a part counts its materials and sources otherwise."""
    infeasible = no_solution(PlanStatus.INFEASIBLE, "Infeasible")
    return explain_infeasibility(compile_problem(problem, keeper).answer(infeasible), keeper, session)


def _unanswered(questions: Sequence[WhatIf], status: PlanStatus) -> tuple[WhatIfAnswer, ...]:
    return tuple(WhatIfAnswer(question.question_id, status) for question in questions)


def _answered(base: _Base, question: WhatIf, keeper: Timekeeper, session: MixedSession) -> WhatIfAnswer:
    """The answer to one question: the parts that it changes from their bases, the others as they are."""
    made = {part: changed(part.problem, question.changes) for part in base.parts}
    touched = [part for part, problem in made.items() if problem != part.problem]
    compiled = [_compiled_anew(part, made[part], keeper) for part in touched]
    models = [_ready(part, one, session) for part, one in zip(touched, compiled, strict=True)]
    found = solve_each(models, [one.arrays for one in compiled], keeper)
    if any(solution.status is PlanStatus.INFEASIBLE for solution in found):
        reasons = _reasons(changed(base.problem, question.changes), keeper, session)
        return WhatIfAnswer(question.question_id, PlanStatus.INFEASIBLE, None, 0.0, (), (), *reasons)
    answers = [one.answer(solution) for one, solution in zip(compiled, found, strict=True)]
    figures = [_figures(answer, part.suppliers) for part, answer in zip(touched, answers, strict=True)]
    told = list(zip(touched, answers, figures, strict=True))
    suppliers = [difference for one in told for difference in _supplier_differences(*one)]
    untouched = (part.figures.costs for part in base.parts if part not in touched)
    whole = sum_of_costs([*untouched, *(one.costs for one in figures)])
    return WhatIfAnswer(
        question_id=question.question_id,
        status=PlanStatus.OPTIMAL,
        costs=whole,
        objective_difference_usd=whole.objective_usd - base.costs.objective_usd,
        suppliers=tuple(sorted(suppliers, key=lambda one: -abs(one.more_tonnes))),
        shortages=tuple(difference for one in told for difference in _shortage_differences(*one)),
    )


def _compiled_anew(part: _Part, problem: SourcingProblem, keeper: Timekeeper) -> CompiledProblem:
    """The changed part. Tree and contracts are the part's: no change touches what tells scenarios apart, or leads."""
    old = part.compiled.instance
    instance = Instance(problem, old.tree, old.settled)
    # A spot market that sells nothing any more keeps its columns, so that the model keeps its shape.
    instance.spot_sources = old.spot_sources
    instance.contracts, instance.contract_of = old.contracts, old.contract_of
    return compile_instance(instance, keeper)


def _ready(part: _Part, compiled: CompiledProblem, session: MixedSession) -> WarmModel | MixedModel:
    """The part's model at its own basis, so that an answer does not depend on the questions before, or a new one."""
    if not same_places(compiled.arrays, part.compiled.arrays):
        return model_of(compiled.arrays, session)
    model = part.model or MixedModel(compiled.arrays, session)
    model.return_to(part.basis)
    return model


def _figures(answer: Answer, suppliers: Suppliers) -> _Figures:
    costs, _ = read_costs(answer)
    return _Figures(costs, suppliers.tonnes(answer), expected_shortage(answer))


def same_places(one: LinearArrays, other: LinearArrays) -> bool:
    """Whether columns and rows mean the same in both; a figure of 0 can do away with some, as a floor of nothing."""
    return one.shape == other.shape and all(
        mine.keys() == theirs.keys() and all(np.array_equal(mine[name].index, theirs[name].index) for name in mine)
        for mine, theirs in ((one.columns, other.columns), (one.rows, other.rows))
    )


def expected_shortage(answer: Answer) -> Floats:
    """(D,) Σ π·u over nodes, tonnes; what is the solver's rounding is 0."""
    tonnes: Floats = answer.instance.tree.probability @ answer.shortage
    material = [tier.material for tier in answer.instance.tiers]
    return np.where(tonnes > answer.negligible[material], tonnes, 0.0)


def _supplier_differences(part: _Part, answer: Answer, figures: _Figures) -> list[SupplierDifference]:
    """Those that differ by more than the solver's rounding."""
    more = figures.delivered - part.figures.delivered
    least = answer.negligible[part.suppliers.material_of]
    return [
        SupplierDifference(part.suppliers.named(i, figures.delivered), float(more[i]))
        for i in np.flatnonzero(np.abs(more) > least).tolist()
    ]


def _shortage_differences(part: _Part, answer: Answer, figures: _Figures) -> list[ShortageDifference]:
    """Those that differ by more than the solver's rounding, by material and tier."""
    instance, more = answer.instance, figures.short - part.figures.short
    return [
        ShortageDifference(
            instance.problem.materials[tier.material].material_id, tier.tier, float(figures.short[d]), float(more[d])
        )
        for d, tier in enumerate(instance.tiers)
        if abs(more[d]) > answer.negligible[tier.material]
    ]
