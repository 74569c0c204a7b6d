"""In what the product and the oracle disagree."""

from __future__ import annotations

import math

from lodestock_optimizers.plan import Plan, PlanStatus
from tests.oracle.model import Optimum

TOLERANCE = 1e-6


def disagreement(plan: Plan, found: Optimum) -> str:
    """In what the product and the oracle disagree; empty where they agree."""
    if plan.status not in (PlanStatus.OPTIMAL, PlanStatus.INFEASIBLE):
        return f"the product ended with {plan.status.value}"
    if (plan.status is PlanStatus.OPTIMAL) != found.feasible:
        return f"the product says {plan.status.value}, the oracle {'feasible' if found.feasible else 'infeasible'}"
    if not found.feasible:
        return ""
    assert plan.costs is not None
    for what, objective in (("plan costs", plan.costs.objective_usd), ("solver found", plan.solver.best_bound)):
        if not close(objective, found.objective):
            return f"the product's {what} {objective!r}, the oracle's optimum is {found.objective!r}"
    return ""


def close(a: float, b: float, tolerance: float = TOLERANCE) -> bool:
    return math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)
