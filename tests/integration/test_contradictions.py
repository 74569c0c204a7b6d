"""Problems without a plan: what is said to contradict does, what is said to help does."""

from __future__ import annotations

from hypothesis import given

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import SourcingProblem
from tests.oracle.contradictions import Conflict, hard_problems, hard_yes_or_no_problems, relaxed
from tests.oracle.problems import unshrunk


@unshrunk(30)
@given(hard_problems())
def test_a_refusal_names_a_conflict_and_a_relaxation_that_makes_a_plan_possible(problem: SourcingProblem) -> None:
    _check_refusal(problem)


@unshrunk(10)
@given(hard_yes_or_no_problems())
def test_so_does_one_of_contracts_that_are_signed_as_a_whole_or_not(problem: SourcingProblem) -> None:
    _check_refusal(problem)


def _check_refusal(problem: SourcingProblem) -> None:
    plan = optimize(problem)
    if plan.status is not PlanStatus.INFEASIBLE:
        assert (plan.conflict, plan.relaxations) == ((), ())
        return
    assert plan.conflict
    assert plan.relaxations
    assert optimize(relaxed(problem, plan.relaxations)).status is PlanStatus.OPTIMAL
    conflict = Conflict(problem, plan.conflict)
    assert not conflict.can_be_kept(conflict.members)
    for member in conflict.members:
        assert conflict.can_be_kept(conflict.members.keys() - {member})
