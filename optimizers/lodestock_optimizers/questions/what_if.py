"""What a plan would become if a few of its figures were others.

Owns the way from a question to its answer: the parts of the problem that the question changes go through the one
formulation, and what differs in their arrays is sent to the model of the base, which is solved again from its basis. So
no second place knows which number of a problem stands where in the arrays. Solved bases are kept between calls;
correctness never depends on that.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from lodestock_optimizers.compiled import CompiledProblem, compile_instance, compile_problem
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.no_plan.infeasibility import explain_infeasibility
from lodestock_optimizers.parts import split
from lodestock_optimizers.plan import ConflictingRule, CostBreakdown, PlanStatus, Relaxation
from lodestock_optimizers.problem import DemandTier, SourcingProblem
from lodestock_optimizers.questions.changes import WhatIf, change_violations, changed
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.reading.extraction import read_costs
from lodestock_optimizers.reading.suppliers import Suppliers, SupplierTonnes
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.highs import Unanswered, no_solution
from lodestock_optimizers.solving.resolving import WarmModel
from lodestock_optimizers.trade_rules import rule_rows
from lodestock_optimizers.validation import validate
from lodestock_optimizers.violations import InvalidProblem, Violation
from lodestock_optimizers.watch import Stopped, Timekeeper, unlimited

BYTES_KEPT = 256 * 1024 * 1024
"""Of compiled bases that are kept between calls."""

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


@dataclass
class _Part:
    """A solved part of a base, or all of it: its figures, and the model that goes on from its basis."""

    compiled: CompiledProblem
    model: WarmModel
    basis: object
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
    """Answers questions to a valid problem without yes-or-no choices, each put to the base alone.

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
    try:
        base = bases.take(problem) or _solved(problem, keeper)
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
                answers.append(_answered(base, question, keeper))
            except Unanswered:
                answers += _unanswered([question], PlanStatus.NO_PLAN_FOUND)
    except Stopped as stopped:
        answers += _unanswered(questions[len(answers) :], stopped.status)
    else:
        bases.keep(problem, base)
    return WhatIfAnswers(PlanStatus.OPTIMAL, base.costs, tuple(answers))


def _solved(problem: SourcingProblem, keeper: Timekeeper) -> _Base | WhatIfAnswers:
    """The solved base; the whole answer where it has no plan."""
    whole = Instance(problem)
    rows = rule_rows(whole)
    parts = [_solved_part(part.instance, keeper) for part in split(whole, rows)] or [_solved_part(whole, keeper)]
    if None in parts:
        return WhatIfAnswers(PlanStatus.INFEASIBLE, None, (), *_reasons(problem, keeper))
    solved = tuple(part for part in parts if part is not None)
    return _Base(problem, solved, sum_of_costs(part.figures.costs for part in solved))


def _solved_part(instance: Instance, keeper: Timekeeper) -> _Part | None:
    compiled = compile_instance(instance, keeper)
    model, suppliers = WarmModel(compiled.arrays), Suppliers(instance)
    solution = model.solve(keeper=keeper)
    if solution.status is PlanStatus.INFEASIBLE:
        return None
    return _Part(compiled, model, model.basis, suppliers, _figures(compiled.answer(solution), suppliers))


def _reasons(
    problem: SourcingProblem, keeper: Timekeeper
) -> tuple[tuple[Relaxation, ...], tuple[ConflictingRule, ...]]:
    """Why there is no plan, in terms of the whole problem: a part counts its materials and sources otherwise."""
    infeasible = no_solution(PlanStatus.INFEASIBLE, "Infeasible")
    return explain_infeasibility(compile_problem(problem, keeper).answer(infeasible), keeper)


def _unanswered(questions: Sequence[WhatIf], status: PlanStatus) -> tuple[WhatIfAnswer, ...]:
    return tuple(WhatIfAnswer(question.question_id, status) for question in questions)


def _answered(base: _Base, question: WhatIf, keeper: Timekeeper) -> WhatIfAnswer:
    """The answer to one question: the parts that it changes from their bases, the others as they are."""
    costs: list[CostBreakdown] = []
    suppliers: list[SupplierDifference] = []
    shortages: list[ShortageDifference] = []
    for part in base.parts:
        problem = changed(part.problem, question.changes)
        if problem == part.problem:
            costs.append(part.figures.costs)
            continue
        answer = _solved_anew(part, problem, keeper)
        if answer is None:
            reasons = _reasons(changed(base.problem, question.changes), keeper)
            return WhatIfAnswer(question.question_id, PlanStatus.INFEASIBLE, None, 0.0, (), (), *reasons)
        figures = _figures(answer, part.suppliers)
        costs.append(figures.costs)
        suppliers += _supplier_differences(part, answer, figures)
        shortages += _shortage_differences(part, answer, figures)
    whole = sum_of_costs(costs)
    return WhatIfAnswer(
        question_id=question.question_id,
        status=PlanStatus.OPTIMAL,
        costs=whole,
        objective_difference_usd=whole.objective_usd - base.costs.objective_usd,
        suppliers=tuple(sorted(suppliers, key=lambda one: -abs(one.more_tonnes))),
        shortages=tuple(shortages),
    )


def _solved_anew(part: _Part, problem: SourcingProblem, keeper: Timekeeper) -> Answer | None:
    """The changed part, from the part's own basis, so that it does not depend on the questions before; None: no plan.

    The tree is the part's: no change touches what tells scenarios apart.
    """
    old = part.compiled.instance
    instance = Instance(problem, old.tree, old.settled)
    # A spot market that sells nothing any more keeps its columns, so that the model keeps its shape.
    instance.spot_sources = old.spot_sources
    compiled = compile_instance(instance, keeper)
    if same_places(compiled.arrays, part.compiled.arrays):
        part.model.return_to(part.basis)
        solution = part.model.solve_as(compiled.arrays, keeper)
    else:
        solution = WarmModel(compiled.arrays).solve(keeper=keeper)
    return None if solution.status is PlanStatus.INFEASIBLE else compiled.answer(solution)


def sum_of_costs(costs: Iterable[CostBreakdown]) -> CostBreakdown:
    """The costs of parts as those of the whole."""
    listed = list(costs)
    return CostBreakdown(**{f.name: sum(getattr(one, f.name) for one in listed) for f in fields(CostBreakdown)})


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
