"""The master of a column generation: which mix of the parts' plans is best, and what the tying rows are worth then.

Owns the master's model in HiGHS and its units. It is boxed: prices may lie within a radius of given ones only
(du Merle, Villeneuve, Desrosiers & Hansen, Discrete Mathematics 194, 1999), without which they would swing from end to
end for many rounds. Knows nothing of how plans are made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.highs import Unanswered

OPEN_PRICE = 1e6
"""Price, in the units of each row, that stands for none at all in an open master."""
LEAST_EXCESS = 1e-9
"""Relative to the capacities; less is rounding."""


@dataclass(frozen=True, slots=True)
class PartPlan:
    """A plan of one part: its cost without prices, (ties,) use of the tying rows, and its levels that are not 0."""

    part: int
    cost: float
    use: Floats
    column: Ints
    level: Floats


@dataclass(frozen=True, slots=True)
class Mix:
    """What the master finds.

    Attributes:
        worth: Of the mix: within the box no bound on the whole's objective is better than this.
        prices: (ties,) USD per unit of each tying row, 0 or more.
        shares: (plans,) of each plan in the mix.
        is_plan: Whether the mix keeps to the capacities, as a plan that can be carried out does.
    """

    worth: float
    prices: Floats
    shares: Floats
    is_plan: bool


class Master:
    """The mix of plans of least cost, excess over a capacity and room below it being paid by the box.

    Args:
        capacity: (ties,) right-hand sides of the tying rows.
        unit: (ties,) prices that count as 1 in each row, USD.
        parts: How many there are.
        money: USD that count as 1.
    """

    def __init__(self, capacity: Floats, unit: Floats, parts: int, money: float) -> None:
        self._unit, self._money, self._ties = unit, money, len(capacity)
        self._scale = unit / money
        self._capacity = capacity * self._scale
        self.plans: list[PartPlan] = []
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self._highs.setOptionValue("output_flag", False)
        self._highs.setOptionValue("threads", 1)
        nothing = np.zeros(0, dtype=np.int32), np.zeros(0)
        for limit in self._capacity.tolist():
            self._highs.addRow(-np.inf, limit, 0, *nothing)
        for _ in range(parts):
            self._highs.addRow(1.0, 1.0, 0, *nothing)
        for sign in (-1.0, 1.0):
            for row in range(self._ties):
                self._highs.addCol(0.0, 0.0, np.inf, 1, np.array([row], dtype=np.int32), np.array([sign]))

    def add(self, plan: PartPlan) -> None:
        """Take one more plan of a part into the mix."""
        use = plan.use * self._scale
        rows = np.flatnonzero(use)
        index = np.append(rows, self._ties + plan.part).astype(np.int32)
        self._highs.addCol(plan.cost / self._money, 0.0, np.inf, len(index), index, np.append(use[rows], 1.0))
        self.plans.append(plan)

    def boxed(self, prices: Floats, radius: float) -> Mix:
        """The best mix where prices lie within a radius, counted in units, of those given.

        Raises:
            Unanswered: HiGHS has no optimum.
        """
        middle = prices / self._unit
        return self._solve(np.maximum(middle - radius, 0.0), middle + radius)

    def open(self) -> Mix:
        """The best mix whatever the prices; see `boxed`."""
        return self._solve(np.zeros(self._ties), np.full(self._ties, OPEN_PRICE))

    def _solve(self, least: Floats, most: Floats) -> Mix:
        paid = np.arange(2 * self._ties, dtype=np.int32)
        self._highs.changeColsCost(len(paid), paid, np.concatenate([most, -least]))
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise Unanswered("the mix of plans has no optimum")
        solution = self._highs.getSolution()
        levels, duals = np.array(solution.col_value), np.array(solution.row_dual)
        excess = levels[: self._ties]
        return Mix(
            worth=self._highs.getInfo().objective_function_value * self._money,
            prices=np.maximum(-duals[: self._ties], 0.0) * self._unit,
            shares=levels[2 * self._ties :],
            is_plan=bool((excess <= LEAST_EXCESS * (1.0 + self._capacity)).all()),
        )
