"""A model cut into parts, and the rows that tie several: budgets, quotas, footprint caps, reserves of by-products.

A part is a material, or the materials that substitutions or feeds tie. Owns which columns and rows belong to which
part, and the smaller models that follow. Tying rows have the form Σ a·x ≤ capacity with a ≥ 0, so that a part needs to
know nothing of the others but how much of them it may use; a balance with a substitute or a feed in it has another
form, and stays whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.ties import balance_groups
from lodestock_optimizers.trade_rules import RuleRow


@dataclass(frozen=True)
class Part:
    """The model of some parts: its arrays, whose rows are its own ones and then the tying ones, if it has them."""

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
        part_of = _parts(instance)
        self.count = int(part_of.max()) + 1
        self.owner = part_of[_materials(instance, rules, arrays)]
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

    def columns_of(self, parts: Iterable[int]) -> Ints:
        """The columns of some parts."""
        return np.flatnonzero(np.isin(self.owner, list(parts)))

    def use_by_part(self, values: Floats) -> Floats:
        """(parts, ties) how much of each tying row each part uses."""
        spread = self.use @ sparse.csc_array(
            (values, (np.arange(len(values)), self.owner)), shape=(len(values), self.count)
        )
        return np.asarray(spread.todense()).T

    def limited(self, parts: Iterable[int], capacity: Floats) -> Part:
        """The model of some parts that may use so much of each tying row."""
        columns, rows = self._select(parts)
        joint = sparse.vstack([self._by_row[rows], self.use])[:, columns]
        lower = np.concatenate([self.arrays.row_lower[rows], np.full(len(self.tying), -np.inf)])
        upper = np.concatenate([self.arrays.row_upper[rows], capacity])
        return Part(columns, rows, self._part(joint, columns, lower, upper))

    def priced(self, part: int, prices: Floats) -> Part:
        """The model of a part that pays for the tying rows by their duals, each 0 or less, and has no limit."""
        columns, rows = self._select([part])
        cost = self.arrays.cost[columns] - self.use[:, columns].T @ prices
        own = self._by_row[rows][:, columns]
        return Part(
            columns, rows, self._part(own, columns, self.arrays.row_lower[rows], self.arrays.row_upper[rows], cost)
        )

    def _select(self, parts: Iterable[int]) -> tuple[Ints, Ints]:
        chosen = list(parts)
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


def _parts(instance: Instance) -> Ints:
    """(M,) the part of each material, counted in the order of their first materials."""
    groups = balance_groups(instance.problem)
    number = {group: i for i, group in enumerate(dict.fromkeys(groups))}
    return np.array([number[group] for group in groups], dtype=np.int64)


def _materials(instance: Instance, rules: list[RuleRow], arrays: LinearArrays) -> Ints:
    """(columns,) the material of each column; of a substitution the one that is replaced."""
    by_source = dict.fromkeys(("q", "y", "z", "built", "standing"), instance.material_of)
    by_tier = np.array([tier.material for tier in instance.tiers], dtype=np.int64)
    by_rule = np.array([row.material for row in rules], dtype=np.int64)
    by_substitution = np.array([j.material for j in instance.substitutions], dtype=np.int64)
    other = np.arange(instance.material_count)
    of_first_index = {**by_source, "u": by_tier, "below_share": by_rule, "w": by_substitution}
    owners = np.zeros(arrays.shape[1], dtype=np.int64)
    for name, family in arrays.columns.items():
        owners[family.position] = of_first_index.get(name, other)[family.index[:, 0]]
    return owners
