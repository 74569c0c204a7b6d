"""The least of a quantity among the plans that cost at most so much, found by its price.

A row "cost at most so much" would tie every column to every other and make each step of the simplex method dear. So a
price is put on the quantity instead: it rises until the plan costs too much, and the corners of least cost + price ·
quantity next to the limit are sought as those of a frontier are (`corners`). Where the plan never costs too much, the
price proves by Lagrangian duality how little less there can be.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.questions.corners import Corner, Edge, answer, refine
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.highs import Unanswered
from lodestock_optimizers.solving.resolving import ArrayChange, WarmModel
from lodestock_optimizers.watch import Timekeeper

FIRST, RISE = 0.25, 32.0
"""The first price, as a share of that at which all of the quantity would cost the room, and how it rises."""
SAME = 1e-7
"""Of the quantity: what is proven to be within that of the least is the least."""
PASSES, PASSES_IF_LARGE = 40, 4
"""Corners that are looked for next to the limit at most; beyond that the plan found is told, which is one."""
SMALL_COLUMNS = 20_000
"""Up to this size the limit is met exactly, nearly always."""


def least_within(best: Answer, model: WarmModel, coefficient: Floats, room: float, keeper: Timekeeper) -> float:
    """The least Σ coefficient·x among the plans that cost at most `room` more than the optimum.

    Args:
        best: The optimum.
        model: Its model.
        coefficient: (columns,) the quantity.
        room: USD.
        keeper: Whom to ask, and the time that is left.

    Raises:
        Stopped: Caller or clock say so.
        Unanswered: HiGHS says that there is no plan, which a price cannot change.
        SolverFault: HiGHS fails.
    """
    cost, optimum = best.arrays.cost, best.solution.column_value

    def corner(values: Floats, weight: float) -> Corner:
        return Corner(values, float(coefficient @ values), float(cost @ values), weight, weight)

    def solve(weight: float) -> Corner:
        """The plan of least quantity + weight·cost."""
        solution = model.solve(ArrayChange(cost=cost + coefficient / weight), keeper)
        if solution.status is not PlanStatus.OPTIMAL:
            raise Unanswered("HiGHS finds no plan where only a price changes")
        return corner(solution.column_value, weight)

    within = corner(optimum, np.inf)
    most, size = within.charge + room, max(abs(within.cost), best.negligible.max())
    price = FIRST * max(room, SAME * (1.0 + abs(within.charge))) / size
    while (most - within.charge) / price > SAME * size:
        found = solve(1.0 / price)
        if found.charge > most:
            passes = PASSES if len(cost) <= SMALL_COLUMNS else PASSES_IF_LARGE
            return _between(found, within, most, passes, solve)
        within, price = found, RISE * price
    return within.cost


def _between(beyond: Corner, within: Corner, most: float, passes: int, solve: Callable[[float], Corner]) -> float:
    """The least quantity at a cost between those of two corners."""
    edge = Edge(beyond)
    edge.add(within)
    if len(edge) < 2:
        return within.cost
    answer(refine(edge, [most], passes), solve)
    dearer, cheaper = edge.around(most)
    part = (most - cheaper.charge) / (dearer.charge - cheaper.charge)
    return cheaper.cost + part * (dearer.cost - cheaper.cost)
