"""Feeds as numbers: what plants take of other materials, and what that makes of defaults that go by demand.

A plant is a source that takes a material for each tonne that it delivers (docs/model.md, "Feeds").
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from graphlib import TopologicalSorter

import numpy as np

from lodestock_optimizers.problem import DemandTier, SourcingProblem
from lodestock_optimizers.scenario_tree import Floats, Ints

NONE = -1


class Feeds:
    """The feeds of one problem.

    Args:
        problem: A problem without violations.
    """

    def __init__(self, problem: SourcingProblem) -> None:
        position = {m.material_id: i for i, m in enumerate(problem.materials)}
        feeds = [source.feed for source in problem.sources]
        self._count = len(problem.materials)
        self.made: Ints = np.array([position[s.material_id] for s in problem.sources], dtype=np.int64)
        """(L,) material that each source delivers."""
        self.taken: Ints = np.array([NONE if f is None else position[f.material_id] for f in feeds], dtype=np.int64)
        """(L,) material that each source takes, −1 where it takes none."""
        self.per_tonne: Floats = np.array([0.0 if f is None else f.tonnes_per_tonne for f in feeds])
        """(L,) ψ, tonnes taken per tonne delivered."""

    @cached_property
    def takers(self) -> list[list[int]]:
        """The sources that take each material."""
        return [np.flatnonzero(self.taken == m).tolist() for m in range(self._count)]

    @cached_property
    def products_first(self) -> list[int]:
        """All materials, each behind those that are made of it."""
        return list(TopologicalSorter({m: self._products(m) for m in range(self._count)}).static_order())

    def with_products(self, materials: Iterable[int]) -> frozenset[int]:
        """Materials and all that is made of them, over all stages."""
        found = set(materials)
        for m in reversed(self.products_first):
            if m in found:
                found.update(self._products(m))
        return frozenset(found)

    def fed(self, delivered: Floats) -> Floats:
        """(N, M) tonnes taken of each material, from (N, L) tonnes delivered."""
        fed = np.zeros((len(delivered), self._count))
        for l in np.flatnonzero(self.taken >= 0).tolist():
            fed[:, self.taken[l]] += self.per_tonne[l] * delivered[:, l]
        return fed

    def use(self, demand: Floats, capacity: Floats) -> Floats:
        """(T, M) U, what is used of each material in a period, tonnes, from (T, M) demand and (T, L) capacity."""
        use = demand.copy()
        for m in self.products_first:
            for product in self._products(m):
                plants = np.flatnonzero((self.made == product) & (self.taken >= 0))
                whole = capacity[:, plants].sum(axis=1)
                run = np.minimum(1.0, np.divide(use[:, product], whole, out=np.zeros_like(whole), where=whole > 0))
                own = plants[self.taken[plants] == m]
                use[:, m] += run * (capacity[:, own] @ self.per_tonne[own])
        return use

    def made_missing(self, costs: list[dict[DemandTier, float]]) -> list[dict[DemandTier, float]]:
        """By material and tier the least cost of a missing tonne: its own, or that of what is made of it, USD/t."""
        least = [dict(own) for own in costs]
        for m in self.products_first:
            for l in self.takers[m]:
                for tier, cost in least[self.made[l]].items():
                    least[m][tier] = min(least[m].get(tier, np.inf), cost / float(self.per_tonne[l]))
        return least

    def dearest(self, landed: Floats) -> list[float]:
        """The dearest tonne of each material, with the dearest feed in it, from (L,) landed costs, USD/t."""
        dearest = [0.0] * self._count
        for m in reversed(self.products_first):
            for l in np.flatnonzero(self.made == m).tolist():
                feed = self.per_tonne[l] * dearest[self.taken[l]] if self.taken[l] >= 0 else 0.0
                dearest[m] = max(dearest[m], float(landed[l] + feed))
        return dearest

    def _products(self, m: int) -> Iterable[int]:
        """The materials that are made of a material."""
        return dict.fromkeys(self.made[self.takers[m]].tolist())
