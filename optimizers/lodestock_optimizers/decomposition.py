"""A model cut into one part a material, and the rows that tie several: budgets, quotas, reserves of by-products.

Owns which columns and rows belong to which material, and the smaller models that follow. Tying rows have the form
Σ a·x ≤ capacity with a ≥ 0, so that a part needs to know nothing of the others but how much of them it may use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from .arrays import LinearArrays
from .instance import Instance
from .scenario_tree import Floats, Ints
from .trade_rules import RuleRow


@dataclass(frozen=True)
class Part:
    """The model of some materials: its arrays, whose rows are its own ones and then the tying ones, if it has them."""

    columns: Ints
    rows: Ints
    arrays: LinearArrays


class Decomposition:
    """The parts of one model.

    Args:
        instance: The instance.
        rules: The rows of its trade rules.
        arrays: Its model, compiled.
    """

    def __init__(self, instance: Instance, rules: list[RuleRow], arrays: LinearArrays) -> None:
        self.arrays = arrays
        self.count = instance.material_count
        self.owner = _owners(instance, rules, arrays)
        self._by_row = sparse.csr_array(arrays.matrix)
        first = self._by_row.indptr[:-1]
        owners = self.owner[self._by_row.indices]
        lowest, highest = np.minimum.reduceat(owners, first), np.maximum.reduceat(owners, first)
        self._row_owner = np.where(lowest == highest, lowest, -1)
        self.tying: Ints = np.flatnonzero(self._row_owner < 0)
        self.use = self._by_row[self.tying]
        """(ties, columns) what a unit of each column uses of each tying row."""

    @cached_property
    def capacity(self) -> Floats:
        """(ties,) right-hand sides of the tying rows."""
        return self.arrays.row_upper[self.tying]

    def columns_of(self, materials: Iterable[int]) -> Ints:
        """The columns of some materials."""
        return np.flatnonzero(np.isin(self.owner, list(materials)))

    def use_by_material(self, values: Floats) -> Floats:
        """(M, ties) how much of each tying row each material uses."""
        spread = self.use @ sparse.csc_array(
            (values, (np.arange(len(values)), self.owner)), shape=(len(values), self.count)
        )
        return np.asarray(spread.todense()).T

    def limited(self, materials: Iterable[int], capacity: Floats) -> Part:
        """The part of some materials that may use so much of each tying row."""
        columns, rows = self._select(materials)
        joint = sparse.vstack([self._by_row[rows], self.use])[:, columns]
        lower = np.concatenate([self.arrays.row_lower[rows], np.full(len(self.tying), -np.inf)])
        upper = np.concatenate([self.arrays.row_upper[rows], capacity])
        return Part(columns, rows, self._part(joint, columns, lower, upper))

    def priced(self, material: int, prices: Floats) -> Part:
        """The part of a material that pays for the tying rows by their duals, each 0 or less, and has no limit."""
        columns, rows = self._select([material])
        cost = self.arrays.cost[columns] - self.use[:, columns].T @ prices
        own = self._by_row[rows][:, columns]
        return Part(
            columns, rows, self._part(own, columns, self.arrays.row_lower[rows], self.arrays.row_upper[rows], cost)
        )

    def _select(self, materials: Iterable[int]) -> tuple[Ints, Ints]:
        chosen = list(materials)
        return self.columns_of(chosen), np.flatnonzero(np.isin(self._row_owner, chosen))

    def _part(
        self,
        matrix: sparse.sparray,
        columns: Ints,
        row_lower: Floats,
        row_upper: Floats,
        cost: Floats | None = None,
    ) -> LinearArrays:
        whole = self.arrays
        return LinearArrays(
            matrix=sparse.csc_array(matrix),
            cost=whole.cost[columns] if cost is None else cost,
            offset=0.0,
            lower=whole.lower[columns],
            upper=whole.upper[columns],
            row_lower=row_lower,
            row_upper=row_upper,
            columns={},
            rows={},
        )


def _owners(instance: Instance, rules: list[RuleRow], arrays: LinearArrays) -> Ints:
    """(columns,) the material of each column."""
    by_source = dict.fromkeys(("q", "y", "z"), instance.material_of)
    by_tier = np.array([tier.material for tier in instance.tiers], dtype=np.int64)
    by_rule = np.array([row.material for row in rules], dtype=np.int64)
    other = np.arange(instance.material_count)
    of_first_index = {**by_source, "u": by_tier, "below_share": by_rule}
    owners = np.zeros(arrays.shape[1], dtype=np.int64)
    for name, family in arrays.columns.items():
        owners[family.position] = of_first_index.get(name, other)[family.index[:, 0]]
    return owners
