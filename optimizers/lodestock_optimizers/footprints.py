"""Footprints as numbers: what a tonne leaves of each kind, what that costs, and how much of it may be.

A limit reads like a quota over all materials: it is one where every material is in a state that has a limit, by that of
the worst, and binds at settled nodes only (docs/model.md, "Where rules bind").
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from lodestock_optimizers.problem import FootprintPolicy, MaterialState, SourcingProblem, by_period
from lodestock_optimizers.scenario_tree import STATES, Floats, ScenarioTree


class Footprints:
    """The footprints of one problem; X kinds: those that have a policy, then those that sources leave without one.

    Args:
        problem: A problem without violations.
        tree: Its scenario tree.
    """

    def __init__(self, problem: SourcingProblem, tree: ScenarioTree) -> None:
        self._problem = problem
        self._tree = tree
        policies = problem.footprint_policies
        left = (footprint.kind for source in problem.sources for footprint in source.footprints)
        self.kinds = tuple(dict.fromkeys((*(policy.kind for policy in policies), *left)))

    @cached_property
    def per_tonne(self) -> Floats:
        """(X, L) ε, units of each kind per tonne delivered."""
        per_tonne = np.zeros((len(self.kinds), len(self._problem.sources)))
        for l, source in enumerate(self._problem.sources):
            for footprint in source.footprints:
                per_tonne[self.kinds.index(footprint.kind), l] = footprint.per_tonne
        return per_tonne

    @cached_property
    def cost(self) -> Floats:
        """(L,) what the footprints of a tonne delivered cost, USD/t."""
        prices = np.zeros(len(self.kinds))
        for x, policy in enumerate(self._problem.footprint_policies):
            prices[x] = policy.price_usd_per_unit
        cost: Floats = prices @ self.per_tonne
        return cost

    def sources_of(self, x: int) -> list[int]:
        """The sources that leave a kind."""
        return np.flatnonzero(self.per_tonne[x] > 0).tolist()

    @cached_property
    def limits(self) -> dict[tuple[int, int], float]:
        """The most of kind x at node n, units, where there is a limit, settled or not."""
        tree = self._tree
        worst = tree.state.max(axis=1, initial=0)
        found: dict[tuple[int, int], float] = {}
        for x, policy in enumerate(self._problem.footprint_policies):
            by_state = self._by_state(policy)[tree.period]
            # Whether any material of a node is in a state without a limit.
            is_free = np.take_along_axis(np.isnan(by_state), tree.state.astype(np.int64), axis=1).any(axis=1)
            most = by_state[np.arange(tree.node_count), worst]
            found |= {(x, n): float(most[n]) for n in np.flatnonzero(~is_free).tolist()}
        return found

    def _by_state(self, policy: FootprintPolicy) -> Floats:
        """(T, states) limits of a policy, NaN where there is none."""
        limits = np.full((len(self._problem.periods), len(STATES)), np.nan)
        if policy.max_units:
            listed = [STATES.index(state) for state in policy.states or (MaterialState.NORMAL,)]
            limits[:, listed] = np.array(by_period(policy.max_units, len(limits)))[:, None]
        for other in policy.max_units_by_state:
            limits[:, STATES.index(other.state)] = other.value
        return limits
