"""Optimal plans whose check has passed, and what tests read of them."""

from __future__ import annotations

from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import SourcingProblem


def solve(stated: SourcingProblem) -> Plan:
    """The plan of a problem that has one."""
    plan = optimize(stated)
    assert plan.status is PlanStatus.OPTIMAL
    assert plan.check is not None
    assert plan.check.passed
    return plan


def objective(plan: Plan) -> float:
    """What the plan costs, USD."""
    assert plan.costs is not None
    return plan.costs.objective_usd
