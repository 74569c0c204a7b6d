"""A solved model by the symbols of docs/model.md: levels of the decisions, duals of the rows, as arrays over the tree.

Owns the way from columns and rows back to (node, material) and (node, source). What the figures mean is the matter of
`extraction` and `prices`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.reading.node_costs import CHARGE, costs_at_nodes
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.arrays import Family, LinearArrays
from lodestock_optimizers.solving.highs import Solution
from lodestock_optimizers.tail import tail_shares
from lodestock_optimizers.trade_rules import RuleRow

NO_FAMILY = Family(np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64))
TONNES_TOLERANCE = 1e-7
"""Relative to a material's yearly use; less is the solver's rounding."""

LINKS = ("delivery", "delivery_most", "delivery_least")
"""Rows that tie a delivery to its contract."""

ORDERS = ("order_most", "order_least")
"""Rows that tie a contract to whether it is signed: bounds of its quantity, once that is known."""

ROOM = ("contract_most",)
"""Rows that are the most of a contract where capacity can be built: bounds of its quantity with what is built."""


@dataclass(frozen=True)
class Answer:
    """An instance with the solution of its model."""

    instance: Instance
    rows: list[RuleRow]
    arrays: LinearArrays
    solution: Solution

    def columns(self, name: str) -> Family:
        """The columns of one variable; an empty family where the model has none."""
        return self.arrays.columns.get(name, NO_FAMILY)

    def rows_of(self, name: str) -> Family:
        """The rows of one constraint; an empty family where the model has none."""
        return self.arrays.rows.get(name, NO_FAMILY)

    def level(self, name: str, first: int) -> Floats:
        """(N, first) levels of a variable that is indexed by (·, n)."""
        return self.columns(name).spread(self.solution.column_value, first, self.instance.node_count).T

    def column_dual(self, name: str, first: int) -> Floats:
        """(N, first) reduced costs of a variable that is indexed by (·, n)."""
        return self.columns(name).spread(self.solution.column_dual, first, self.instance.node_count).T

    def row_dual(self, name: str, first: int, dual: Floats | None = None) -> Floats:
        """(N, first) duals of a constraint that is indexed by (·, n); `dual` in place of the solution's own."""
        values = self.solution.row_dual if dual is None else dual
        return self.rows_of(name).spread(values, first, self.instance.node_count).T

    @cached_property
    def weight(self) -> Floats:
        """(N,) W = δ·[(1−β)·π + β·Σ tail of the leaves below], what a dollar at each node weighs in the objective."""
        return self.instance.weight_with(self.tail_dual)

    @property
    def leaf_weight(self) -> Floats:
        """(N,) W without the discount: what a dollar on the path to each leaf weighs, whenever it is spent."""
        return self.weight / self.instance.discount[self.instance.tree.period]

    @cached_property
    def tail_dual(self) -> Floats:
        """(N,) the share of the tail that each leaf is by the duals of an optimum; 0 elsewhere, and without a tail."""
        family = self.rows_of("tail")
        dual = np.abs(family.spread(self.solution.row_dual, self.instance.node_count))
        weight = self.instance.problem.tail_weight * self.instance.path_cost_unit
        return dual / weight if len(family) else dual

    @cached_property
    def costs(self) -> dict[str, Floats]:
        """(N, M) USD by kind; see `costs_at_nodes`."""
        return costs_at_nodes(self)

    @cached_property
    def money(self) -> Floats:
        """(N, M) spend + other, USD, not discounted."""
        money: Floats = np.sum([usd for kind, usd in self.costs.items() if kind != CHARGE], axis=0)
        return money

    @cached_property
    def path_cost(self) -> Floats:
        """(N,) C, cost of the path that leads to each node, discounted, USD."""
        tree = self.instance.tree
        return tree.along_paths(self.instance.discount[tree.period] * self.money.sum(axis=1))

    @cached_property
    def tail_share(self) -> Floats:
        """(N,) the share of the tail that each leaf is, 0 elsewhere: by the duals of an optimum, else by the costs."""
        if self.solution.status is PlanStatus.OPTIMAL:
            return self.tail_dual
        leaves = self.instance.tree.leaves
        shares = np.zeros(self.instance.node_count)
        if self.instance.problem.tail_weight > 0:
            shares[leaves] = tail_shares(self.path_cost[leaves], self.instance.most_tail_share)
        return shares

    @cached_property
    def negligible(self) -> Floats:
        """(M,) tonnes below which a quantity of each material is taken for 0."""
        greatest: Floats = self.instance.most_yearly_use.max(axis=0)
        return TONNES_TOLERANCE * (1e-3 + greatest)

    @cached_property
    def delivered(self) -> Floats:
        """(N, L) y, tonnes."""
        return self.level("y", self.instance.source_count)

    @cached_property
    def spot(self) -> Floats:
        """(N, L) z, tonnes."""
        return self.level("z", self.instance.source_count)

    @cached_property
    def stock(self) -> Floats:
        """(N, M) I, tonnes."""
        return self.level("I", self.instance.material_count)

    @cached_property
    def into_stock(self) -> Floats:
        """(N, M) g − e, tonnes."""
        return self.level("g", self.instance.material_count) - self.level("e", self.instance.material_count)

    @cached_property
    def shortage(self) -> Floats:
        """(N, D) u, tonnes."""
        return self.level("u", len(self.instance.tiers))

    @cached_property
    def replaced(self) -> Floats:
        """(N, J) w, tonnes."""
        return self.level("w", len(self.instance.substitutions))

    @cached_property
    def fed(self) -> Floats:
        """(N, M) Σ ψ·(y + z) of the sources that take each material, tonnes."""
        return self.instance.feeds.fed(self.delivered + self.spot)

    @cached_property
    def built(self) -> Floats:
        """(N, L) k, tonnes a year."""
        return self.level("built", self.instance.source_count)

    @cached_property
    def standing(self) -> Floats:
        """(N, L) c, tonnes a year."""
        return self.level("standing", self.instance.source_count)

    @cached_property
    def footprint(self) -> Floats:
        """(N, X) Σ ε·(y + z), units of each kind."""
        left: Floats = (self.delivered + self.spot) @ self.instance.footprints.per_tonne.T
        return left

    @cached_property
    def negligible_footprint(self) -> Floats:
        """(X,) units below which a footprint is taken for 0: what a negligible quantity leaves at most."""
        per_tonne = self.instance.footprints.per_tonne
        most: Floats = (per_tonne * self.negligible[self.instance.material_of]).max(axis=1, initial=0.0)
        return most

    @cached_property
    def disposed(self) -> Floats:
        """(N, M) x, tonnes."""
        return self.level("x", self.instance.material_count)

    @cached_property
    def below_floor(self) -> Floats:
        """(N, M) s, tonnes."""
        return self.level("below_floor", self.instance.material_count)

    @cached_property
    def below_closing(self) -> Floats:
        """(N, M) s^end, tonnes; leaves only."""
        return self.level("below_closing", self.instance.material_count)

    @cached_property
    def contracted(self) -> Floats:
        """(K, L) q, tonnes; 0 where none of it is ever available and no fee is owed, so that it changes nothing.

        What the book has fixed is told as it is.
        """
        instance = self.instance
        q = self.columns("q").spread(self.solution.column_value, instance.source_count, len(instance.contracts)).T
        changes_nothing = (self.available == 0) & (instance.fee[None, :] == 0)
        return np.where(np.isnan(instance.booked), np.where(changes_nothing, 0.0, q), instance.booked)

    @cached_property
    def signed(self) -> Floats:
        """(K, L) b: 1 where a contract is signed that is signed or not as a whole, else 0."""
        shape = self.instance.source_count, len(self.instance.contracts)
        return np.abs(np.round(self.columns("b").spread(self.solution.column_value, *shape).T))

    @cached_property
    def fixed_cost(self) -> Floats:
        """(K, L) φ·b, USD."""
        return self.instance.fixed_cost * self.signed

    @cached_property
    def available(self) -> Floats:
        """(K, L) Σ availability over the nodes that a contract delivers in."""
        return self.sum_by_contract(self.instance.tree.availability)

    @cached_property
    def spend(self) -> Floats:
        """(N,) purchases with duty and freight, fees and fixed costs, USD, not discounted."""
        instance = self.instance
        purchases = (instance.contract_cost * self.delivered + instance.spot_cost * self.spot).sum(axis=1)
        owed = self.of_contract(self.contracted * instance.fee + self.fixed_cost)
        return np.asarray(purchases + owed.sum(axis=1))

    def of_contract(self, values: Floats) -> Floats:
        """(N, L) values of a (K, L) array at the contract that delivers at each node."""
        columns: Ints = np.arange(self.instance.source_count)
        return values[self.instance.contract_of, columns[None, :]]

    def sum_by_contract(self, values: Floats) -> Floats:
        """(K, L) sums of an (N, L) array over the nodes that each contract delivers in."""
        shape = len(self.instance.contracts), self.instance.source_count
        sums: Floats = np.bincount(self._contract_cells, values.ravel(), shape[0] * shape[1]).astype(np.float64)
        return sums.reshape(shape)

    @cached_property
    def _contract_cells(self) -> Ints:
        """(N·L,) cell of a (K, L) array, counted through, that each cell of an (N, L) array is summed into."""
        count = self.instance.source_count
        cells: Ints = (self.instance.contract_of * count + np.arange(count)).ravel()
        return cells
