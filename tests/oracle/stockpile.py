"""A stockpile that is sized, as the oracle states it: a yes or no for each leaf, a row for each leaf below a node."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from lodestock_optimizers.problem import DemandTier, Material, SourcingProblem, StockPolicy
from tests.oracle.figures import at, capacity_tonnes
from tests.oracle.model import Oracle
from tests.oracle.tree import Node


class SizedOracle(Oracle):
    """The model in which the opening stock of all materials with a stock policy is bought, beyond what there is.

    Args:
        problem: The problem.
        tiers: Tiers of these materials, and of what is made of them, that must not be short.
        probability: Least of the scenarios in which they are not.
    """

    def __init__(self, problem: SourcingProblem, tiers: tuple[DemandTier, ...], probability: float) -> None:
        super().__init__(problem)
        leaves = [node for node in self.nodes if not node.children]
        spared = {leaf.number: self._variable("spared", leaf.number, upper=1.0) for leaf in leaves}
        self._whole |= set(spared.values())
        self._limit({spared[leaf.number]: leaf.probability for leaf in leaves}, 1 - probability)
        for m in problem.materials:
            if m.stock is not None:
                self._cost[self._opening(m, m.stock)] = price(problem, m.material_id)
        for i, m in enumerate(problem.materials):
            if not _goes_back_to_stock(problem, m):
                continue
            for d in m.demand:
                if d.tier not in tiers:
                    continue
                for node in self.nodes:
                    wanted = at(d.demand_tonnes, node.period) * node.data.demand_factor[i]
                    missing = self._variable("u", m.material_id, d.tier.value, node.number)
                    for leaf in _leaves_below(node):
                        self._limit({missing: 1.0, spared[leaf.number]: -wanted}, 0.0)

    def _opening(self, m: Material, stock: StockPolicy) -> int:
        room = max(0.0, capacity_tonnes(self.problem, m, stock) - stock.opening_tonnes)
        return self._variable("opening", m.material_id, upper=room)

    def _stock(self, node: Node, i: int, m: Material, stock: StockPolicy) -> None:
        left = math.prod(
            (1 - stock.loss_rate_per_year) ** self.problem.periods[n.period].length_years for n in node.path()
        )
        bought = self._opening(m, stock)
        super()._stock(node, i, m, replace(stock, closing_tonnes=left * stock.opening_tonnes))
        if node.parent is None:
            self._equal[-1][0][bought] = -left
        if not node.children:
            # The row of the closing stock is the last that was written, as "at most".
            self._at_most[-1][0][bought] = left


def price(problem: SourcingProblem, name: str) -> float:
    """Mean landed cost in the first period with that of the feed, by capacity, USD/t; NaN without capacity."""
    able = [l for l in problem.sources if l.material_id == name and at(l.capacity_tonnes, 0) > 0]
    paid = 0.0
    for l in able:
        landed = at(l.unit_price_usd_per_tonne, 0) * (1 + at(l.tariff_rate, 0)) + l.freight_usd_per_tonne
        feed = l.feed.tonnes_per_tonne * price(problem, l.feed.material_id) if l.feed else 0.0
        paid += at(l.capacity_tonnes, 0) * (landed + feed)
    return paid / sum(at(l.capacity_tonnes, 0) for l in able) if able else math.nan


def _goes_back_to_stock(problem: SourcingProblem, m: Material) -> bool:
    """Whether a material, or any that it is made of, has a stock policy."""
    fed = {l.feed.material_id for l in problem.sources if l.material_id == m.material_id and l.feed}
    return m.stock is not None or any(
        _goes_back_to_stock(problem, other) for other in problem.materials if other.material_id in fed
    )


def _leaves_below(node: Node) -> Iterator[Node]:
    if not node.children:
        yield node
    for child in node.children:
        yield from _leaves_below(child)
