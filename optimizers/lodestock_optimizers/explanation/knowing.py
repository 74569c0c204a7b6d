"""What knowing the future from the start would save: the expected value of perfect information (EVPI).

Birge & Louveaux, Introduction to Stochastic Programming, 2011, ch. 4. Defined on the expected cost alone, without a
weight on the tail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import Scenario, SourcingProblem
from lodestock_optimizers.scenario_tree import NEGLIGIBLE_PROBABILITY
from lodestock_optimizers.watch import Stopped, Timekeeper


def values_of_perfect_information(problem: SourcingProblem, objective: float, keeper: Timekeeper) -> Iterator[float]:
    """J* − Σ p·J(scenario known from the start), "nothing happens" included, USD; none where one has no plan.

    Args:
        problem: A valid problem.
        objective: Its optimum.
        keeper: Whom to ask, and the time that is left.

    Raises:
        Stopped: Caller or clock say so.
        SolverFault: The solver failed.
    """
    expected = replace(problem, tail_weight=0.0)
    best = objective if problem.tail_weight == 0 else _optimum(expected, keeper)
    known = 0.0
    for probability, certain in _futures(expected):
        cost = _optimum(certain, keeper)
        if best is None or cost is None:
            return
        known += probability * cost
    if best is not None:
        yield best - known


def _futures(problem: SourcingProblem) -> Iterator[tuple[float, SourcingProblem]]:
    """Each scenario with its probability, as a problem in which it is certain."""
    scenarios: list[Scenario] = [s for s in problem.scenarios if s.probability > NEGLIGIBLE_PROBABILITY]
    calm = 1.0 - sum(s.probability for s in scenarios)
    if calm > NEGLIGIBLE_PROBABILITY:
        yield calm, replace(problem, scenarios=())
    for scenario in scenarios:
        yield scenario.probability, replace(problem, scenarios=(replace(scenario, probability=1.0),))


def _optimum(problem: SourcingProblem, keeper: Timekeeper) -> float | None:
    """The least objective, USD; None where there is no plan."""
    keeper.heed()
    plan = optimize(problem, keeper.left())
    if plan.status is PlanStatus.INFEASIBLE:
        return None
    if plan.status is not PlanStatus.OPTIMAL or plan.costs is None:
        raise Stopped(PlanStatus.NO_PLAN_FOUND)
    return plan.costs.objective_usd
