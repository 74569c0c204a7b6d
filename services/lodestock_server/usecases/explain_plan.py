"""Explain a plan: what limits it, why suppliers are not in it, how firm it is."""

from __future__ import annotations

from lodestock_optimizers.explanation.values import Asked, Explanation
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.watch import Watcher
from lodestock_server.usecases.plan_questions import refuse_invalid, violations_named

RESOLVES = 30
"""Models that are solved again from their bases, about, for an explanation of default size."""


def explain_plan(
    problem: SourcingProblem, asked: Asked, time_limit_s: float, watcher: Watcher | None = None
) -> Explanation:
    """Plan, and explain the plan; what the time is not enough for is left out, by name.

    Raises:
        InvalidRequest: The problem breaks rules, or a question is about a source that it does not have.
    """
    # Pyomo and HiGHS are imported in the workers alone.
    from lodestock_optimizers.explanation.explain import explain

    refuse_invalid(problem)
    with violations_named():
        return explain(problem, asked, time_limit_s, watcher=watcher)
