"""The model of a whole, made from the compiled models of its parts, and their solutions brought to it.

A part's tree is the whole's with nodes merged, and every row speaks of one node, its ancestors and the contracts that
deliver in it. So each row and column of a part stands for one row or column over every node that its own stands for,
and the whole's model is stamped from it: bounds and coefficients as they are, costs by what each node has of the
probability. Owns that copying, for levels and duals too. Knows nothing of what rows and columns mean, but for what the
first number of their index counts (`COUNTED`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.scenario_tree import Bools, Floats, Ints
from lodestock_optimizers.solving.arrays import Family, LinearArrays

from .part import Part

BY_CONTRACT = frozenset({"q", "b", "order_most", "order_least"})
"""Families whose last number is a contract; of all others it is a node."""

COUNTED = {
    **dict.fromkeys(("q", "y", "z", "delivery", "delivery_most", "delivery_least", "capacity"), "source"),
    **dict.fromkeys(("b", "order_most", "order_least"), "source"),
    **dict.fromkeys(("built", "standing", "standing_sum", "contract_most"), "source"),
    **dict.fromkeys(("x", "g", "e", "I", "below_floor", "below_closing"), "material"),
    **dict.fromkeys(("balance", "stock_first", "stock_next", "floor", "closing"), "material"),
    **dict.fromkeys(("below_share", "rule_at_most", "rule_at_least"), "rule"),
    **dict.fromkeys(("u", "tier_most"), "tier"),
    "w": "substitution",
    "reserves": "deposit",
}
"""What the first number of a family's index counts."""


class Fibres:
    """The items of a whole over each item of a part.

    Args:
        image: (items of the whole,) the part's item under each.
        count: Items of the part.
        weight: (items of the whole,) the probability of each.
        label: (items of the whole,) the number that each has in an index of the whole.
    """

    def __init__(self, image: Ints, count: int, weight: Floats, label: Ints) -> None:
        self.label = label
        self.size: Ints = np.bincount(image, minlength=count)
        self.first: Ints = np.cumsum(self.size) - self.size
        self.members: Ints = np.argsort(image, kind="stable")
        self.rank: Ints = np.empty_like(self.members)
        self.rank[self.members] = np.arange(len(image)) - self.first[image[self.members]]
        self.ratio: Floats = weight / np.bincount(image, weight, count)[image]


def repeated(sizes: Ints) -> tuple[Ints, Ints]:
    """For `sizes[i]` copies of each i: which i each copy is of, and its number among them."""
    owner = np.repeat(np.arange(len(sizes)), sizes)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)


@dataclass(frozen=True, slots=True)
class Copies:
    """The rows or the columns of a whole that are made from those of a part; positions count from 0.

    Attributes:
        size: How many are made from each of the part's.
        first: Where those begin.
        under: Node or contract of each of the part's.
        by_contract: Whether that is a contract.
        owner: Which of the part's each is made from.
        item: Node or contract of each.
        ratio: What each has of its owner's probability.
        families: Names, and indices in the whole's numbers.
    """

    size: Ints
    first: Ints
    under: Ints
    by_contract: Bools
    owner: Ints
    item: Ints
    ratio: Floats
    families: dict[str, Family]


class Lift:
    """From one part to the whole.

    Args:
        whole: The whole.
        part: The part.
        arrays: The part's model, compiled.
    """

    def __init__(self, whole: Instance, part: Part, arrays: LinearArrays) -> None:
        self.arrays = arrays
        self._tree, self._part, own = whole.tree, part, part.instance
        weight, image = whole.tree.probability, part.image
        self._nodes = Fibres(image, own.node_count, weight, np.arange(whole.node_count))
        # A contract of one source is a pair of both, counted through; it weighs what the nodes do that it delivers in.
        offered = np.arange(own.source_count)
        in_whole = whole.contract_of[:, part.position["source"]]
        _, one, of_node = np.unique(
            (offered * len(whole.contracts) + in_whole).ravel(), return_index=True, return_inverse=True
        )
        self._pair_at: Ints = of_node.reshape(in_whole.shape)
        self._node_of_pair: Ints = one // own.source_count if own.source_count else one
        below = (offered * len(own.contracts) + own.contract_of[image]).ravel()
        delivering: Floats = np.bincount(of_node, np.repeat(weight, own.source_count), len(one)).astype(np.float64)
        count = own.source_count * len(own.contracts)
        self._pairs = Fibres(below[one], count, delivering, in_whole.ravel()[one])
        self.rows = self._copies(arrays.rows, arrays.shape[0])
        self.columns = self._copies(arrays.columns, arrays.shape[1])

    def model(self) -> LinearArrays:
        """What the part contributes to the whole's model."""
        own, columns, rows = self.arrays, self.columns, self.rows
        return LinearArrays(
            matrix=self._matrix(),
            cost=own.cost[columns.owner] * columns.ratio,
            offset=own.offset,
            lower=own.lower[columns.owner],
            upper=own.upper[columns.owner],
            row_lower=own.row_lower[rows.owner],
            row_upper=own.row_upper[rows.owner],
            columns=columns.families,
            rows=rows.families,
            integer=np.flatnonzero(np.isin(columns.owner, own.integer)),
        )

    def _matrix(self) -> sparse.csc_array:
        rows, columns, entries = self.rows, self.columns, sparse.coo_array(self.arrays.matrix)
        entry, rank = repeated(rows.size[entries.row])
        row, column = rows.first[entries.row[entry]] + rank, entries.col[entry]
        # A row speaks of its own node and those before it; that of a contract of nodes that it delivers in.
        node, under, of_contract = rows.item[row], columns.under[column], rows.by_contract[entries.row[entry]]
        node[of_contract] = self._node_of_pair[node[of_contract]]
        period = self._part.instance.tree.period[np.where(columns.by_contract[column], 0, under)]
        at_node = self._nodes.rank[self._tree.ancestor[node, period]]
        if columns.by_contract.any():
            source = np.where(columns.by_contract[column], under // len(self._part.instance.contracts), 0)
            place = np.where(columns.by_contract[column], self._pairs.rank[self._pair_at[node, source]], at_node)
        else:
            place = at_node
        shape = len(rows.owner), len(columns.owner)
        return sparse.csc_array((entries.data[entry], (row, columns.first[column] + place)), shape=shape)

    def _copies(self, families: dict[str, Family], count: int) -> Copies:
        size, first, under = (np.zeros(count, dtype=np.int64) for _ in range(3))
        by_contract = np.zeros(count, dtype=np.bool_)
        owners, items, ratios, lifted, begun = [], [], [], {}, 0
        for name, family in families.items():
            fibres, below = self._below(name, family)
            sizes = fibres.size[below]
            own, rank = repeated(sizes)
            item = fibres.members[fibres.first[below][own] + rank]
            size[family.position], under[family.position] = sizes, below
            first[family.position] = begun + np.cumsum(sizes) - sizes
            by_contract[family.position] = name in BY_CONTRACT
            index = fibres.label[item][:, None]
            if name in COUNTED:
                numbers = self._part.position[COUNTED[name]][family.index[own, 0]]
                index = np.column_stack([numbers, index])
            lifted[name] = Family(index, begun + np.arange(len(item)))
            owners.append(family.position[own])
            items.append(item)
            ratios.append(fibres.ratio[item])
            begun += len(item)
        return Copies(size, first, under, by_contract, _joined(owners), _joined(items), np.concatenate(ratios), lifted)

    def _below(self, name: str, family: Family) -> tuple[Fibres, Ints]:
        """What the family's last numbers count, and which it is of each of its elements."""
        if name not in BY_CONTRACT:
            return self._nodes, family.index[:, -1]
        source, contract = family.index.T
        return self._pairs, source * len(self._part.instance.contracts) + contract


def _joined(arrays: list[Ints]) -> Ints:
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.int64)


def side_by_side(models: Sequence[LinearArrays]) -> LinearArrays:
    """One model of several that share nothing: rows and columns of the first, then of the next."""
    row_start, column_start = _starts([m.shape[0] for m in models]), _starts([m.shape[1] for m in models])
    return LinearArrays(
        matrix=_diagonal([m.matrix for m in models], row_start),
        cost=np.concatenate([m.cost for m in models]),
        offset=sum(m.offset for m in models),
        lower=np.concatenate([m.lower for m in models]),
        upper=np.concatenate([m.upper for m in models]),
        row_lower=np.concatenate([m.row_lower for m in models]),
        row_upper=np.concatenate([m.row_upper for m in models]),
        columns=_families([m.columns for m in models], column_start),
        rows=_families([m.rows for m in models], row_start),
        integer=np.concatenate([m.integer + start for m, start in zip(models, column_start, strict=False)]),
    )


def _diagonal(matrices: Sequence[sparse.csc_array], row_start: list[int]) -> sparse.csc_array:
    """The matrix with these on its diagonal, column by column: scipy's own way to it sorts all entries anew."""
    entries = _starts([m.nnz for m in matrices])
    begins = [m.indptr[:-1] + start for m, start in zip(matrices, entries, strict=False)]
    rows = [m.indices + start for m, start in zip(matrices, row_start, strict=False)]
    columns = sum(m.shape[1] for m in matrices)
    return sparse.csc_array(
        (np.concatenate([m.data for m in matrices]), np.concatenate(rows), np.append(_joined(begins), entries[-1])),
        shape=(row_start[-1], columns),
    )


def _starts(sizes: list[int]) -> list[int]:
    return [0, *np.cumsum(sizes).tolist()]


def _families(parts: list[dict[str, Family]], starts: list[int]) -> dict[str, Family]:
    names = dict.fromkeys(name for families in parts for name in families)
    return {
        name: Family(
            np.concatenate([f[name].index for f in parts if name in f]),
            np.concatenate([f[name].position + s for f, s in zip(parts, starts, strict=False) if name in f]),
        )
        for name in names
    }
