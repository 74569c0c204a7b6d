"""How large a model would be, before any of it is built: what a service needs to refuse in time."""

from __future__ import annotations

from .problem import SourcingProblem

COLUMNS_PER_SOURCE = 3
"""Contracted, delivered, bought spot."""
COLUMNS_PER_MATERIAL = 9
"""Three tiers of shortage, disposal, in, out, stock, below floor, below closing."""


def most_columns(problem: SourcingProblem) -> int:
    """An upper bound of the columns of a problem's model, broken or not: as if scenarios shared no node once begun."""
    last = len(problem.periods)
    nodes = last + sum(max(0, last - max(0, s.onset_period)) for s in problem.scenarios)
    at_each = COLUMNS_PER_SOURCE * len(problem.sources) + COLUMNS_PER_MATERIAL * len(problem.materials)
    return nodes * (at_each + len(problem.rules) * len(problem.materials))
