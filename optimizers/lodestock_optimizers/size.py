"""How large a model would be, before any of it is built: what a service needs to refuse in time."""

from __future__ import annotations

from lodestock_optimizers.problem import Scenario, SourcingProblem

COLUMNS_PER_SOURCE = 3
"""Contracted, delivered, bought spot; one more where a contract is signed or not as a whole."""
COLUMNS_PER_MATERIAL = 9
"""Three tiers of shortage, disposal, in, out, stock, below floor, below closing."""
COLUMNS_OF_AN_EXPANSION = 2
"""Decided, standing."""
COLUMNS_OF_THE_TAIL = 3
"""Cost of a path, what of it is over the threshold, the threshold."""


def most_columns(problem: SourcingProblem) -> int:
    """An upper bound of the columns of a problem's model, broken or not: as if scenarios shared no node once begun."""
    last = len(problem.periods)
    nodes = last + sum(max(0, last - max(0, _first_period(s))) for s in problem.scenarios)
    at_each = COLUMNS_PER_SOURCE * len(problem.sources) + COLUMNS_PER_MATERIAL * len(problem.materials)
    expanding = sum(s.expansion is not None and s.expansion.max_tonnes_per_year > 0 for s in problem.sources)
    at_each += COLUMNS_OF_AN_EXPANSION * expanding
    at_each += sum(s.fixed_cost_usd > 0 or s.min_order_tonnes > 0 for s in problem.sources)
    at_each += len(problem.substitutions) + (COLUMNS_OF_THE_TAIL if problem.tail_weight > 0 else 0)
    return nodes * (at_each + len(problem.rules) * len(problem.materials))


def _first_period(scenario: Scenario) -> int:
    """The first period in which a scenario shows: its onset, or that of a demand factor before it."""
    return min((scenario.onset_period, *(t for factor in scenario.demand_factors for t in factor.periods)))
