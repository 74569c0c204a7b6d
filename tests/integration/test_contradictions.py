"""Problems without a plan: what is said to contradict does, what is said to help does."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given

from lodestock_optimizers.explanation.values import Explanation, Language
from lodestock_optimizers.explanation.wording import text_of
from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import SourcingProblem
from tests.oracle.contradictions import (
    Conflict,
    hard_problems,
    hard_yes_or_no_problems,
    relaxed,
    tight_problem,
    with_value,
)
from tests.oracle.problems import unshrunk


@unshrunk(30)
@given(hard_problems())
def test_a_refusal_names_a_conflict_and_a_relaxation_that_makes_a_plan_possible(problem: SourcingProblem) -> None:
    _check_refusal(problem)


@unshrunk(10)
@given(hard_yes_or_no_problems())
def test_so_does_one_of_contracts_that_are_signed_as_a_whole_or_not(problem: SourcingProblem) -> None:
    _check_refusal(problem)


def test_of_fifty_refusals_none_misleads() -> None:
    assert sum(_check_refusal(tight_problem(seed)) for seed in range(70)) >= 50


@pytest.mark.slow
def test_of_many_more_refusals_none_misleads() -> None:
    assert sum(_check_refusal(tight_problem(seed)) for seed in range(70, 900)) >= 550


def _check_refusal(problem: SourcingProblem) -> bool:
    """Whether a problem has no plan; what is then said of it is carried out and tried."""
    plan = optimize(problem)
    if plan.status is not PlanStatus.INFEASIBLE:
        assert (plan.conflict, plan.relaxations) == ((), ())
        return False
    assert plan.conflict
    assert plan.relaxations
    eased = relaxed(problem, plan.relaxations)
    assert optimize(eased).status is PlanStatus.OPTIMAL
    # Whoever types in what he reads has the same problem.
    assert _as_described(problem, plan) == eased
    assert _as_told(problem, plan) == eased
    conflict = Conflict(problem, plan.conflict)
    assert not conflict.can_be_kept(conflict.members)
    for member in conflict.members:
        assert conflict.can_be_kept(conflict.members.keys() - {member})
    return True


DESCRIBED = re.compile(r"(\S+) must become ([\d,.]+) ")
DROPPED = re.compile(r"rule '([^']+)' must go$|'([^']+)' must leave the book in (.+)$")
TOLD = re.compile(r"(?:up|down) to ([\d,.]+) (\S+) \((\S+?)\)|which no value of (\S+?) can do")


def _as_described(problem: SourcingProblem, plan: Plan) -> SourcingProblem:
    """The problem with what the descriptions of the relaxations ask for, read from their words."""
    labels = [period.label for period in problem.periods]
    for found in plan.relaxations:
        if match := DESCRIBED.search(found.description):
            problem = with_value(problem, match[1], _number(match[2]))
        elif match := DROPPED.search(found.description):
            problem = _without(problem, match[1], match[2], labels.index(match[3]) if match[3] else -1)
    return problem


def _as_told(problem: SourcingProblem, plan: Plan) -> SourcingProblem:
    """The problem with what the text of the explanation asks for."""
    told = text_of(problem, Explanation(plan.status, relaxations=plan.relaxations), Language.ENGLISH)
    dropped = {found.field_path: found for found in plan.relaxations if found.field_value is None}
    (sentence,) = (one for one in told.sentences if one.startswith("A plan is possible if"))
    steps = 0
    for value, unit, path, away in TOLD.findall(sentence):
        steps += 1
        if away:
            found = dropped[away]
            problem = _without(problem, found.subject_id, found.subject_id, found.period)
        else:
            number = float(f"{_number(value) / 100:.15g}") if unit == "%" else _number(value)
            problem = with_value(problem, path, number)
    assert steps == len({(found.field_path, found.subject_id) for found in plan.relaxations})
    return problem


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _without(problem: SourcingProblem, rule_id: str, source_id: str, period: int) -> SourcingProblem:
    """The problem without a rule, or without what is signed with a source for a period."""
    return replace(
        problem,
        rules=tuple(rule for rule in problem.rules if rule.rule_id != rule_id),
        book=tuple(signed for signed in problem.book if (signed.source_id, signed.period) != (source_id, period)),
    )
