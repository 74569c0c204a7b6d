"""A scenario tree as some of the materials see it: situations that no later event tells apart are one.

Owns the merging of siblings whose futures look the same (docs/model.md, "How it is solved"): a plan for one of them is
as good for the other, and the mean of two plans is a plan, so that nothing is lost. What is known stays known: that
something else happened excludes what it excludes, and a node from which fewer things can happen is not merged.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from lodestock_optimizers.scenario_tree import Bools, Ints, ScenarioTree

DIGITS = 12
"""Significant digits to which the odds of two futures must agree."""


def images(tree: ScenarioTree, sources: Sequence[int], materials: Sequence[int], labels: Bools) -> Ints:
    """The node of the contracted tree that each node of `tree` is told by.

    Args:
        tree: The whole tree.
        sources: The sources whose data count.
        materials: The materials whose data count.
        labels: (N,) what else must be the same for two nodes to be one.

    Returns:
        (N,) numbers from 0, parents before children, ordered by period.
    """
    future = _futures(tree, _looks(tree, sources, materials, labels))
    image = np.zeros(tree.node_count, dtype=np.int64)
    known: dict[tuple[int, int], int] = {}
    for n, parent in enumerate(tree.parent.tolist()):
        key = (int(image[parent]) if parent >= 0 else -1, future[n])
        image[n] = known.setdefault(key, len(known))
    return image


def _looks(tree: ScenarioTree, sources: Sequence[int], materials: Sequence[int], labels: Bools) -> list[int]:
    """A number for each node, the same where what counts of its data is the same."""
    data = np.column_stack(
        [
            tree.availability[:, sources],
            tree.price_factor[:, sources],
            tree.demand_factor[:, materials],
            tree.state[:, materials],
            tree.floor_may_bind[:, materials],
            labels,
        ]
    )
    known: dict[bytes, int] = {}
    return [known.setdefault(row.tobytes(), len(known)) for row in data]


def _futures(tree: ScenarioTree, looks: list[int]) -> list[int]:
    """A number for each node, the same where it and all that may follow look the same, with the same odds."""
    odds: list[dict[int, list[float]]] = [defaultdict(list) for _ in looks]
    future = [0] * len(looks)
    known: dict[tuple[object, ...], int] = {}
    probability, parents = tree.probability.tolist(), tree.parent.tolist()
    for n in range(len(looks) - 1, -1, -1):
        following = sorted((kind, float(f"{math.fsum(p):.{DIGITS}g}")) for kind, p in odds[n].items())
        # The period too: a leaf is not a node that something follows.
        future[n] = known.setdefault((int(tree.period[n]), looks[n], *following), len(known))
        if parents[n] >= 0:
            odds[parents[n]][future[n]].append(probability[n] / probability[parents[n]])
    return future


def contracted(tree: ScenarioTree, image: Ints, sources: Sequence[int], materials: Sequence[int]) -> ScenarioTree:
    """The tree of the nodes that `image` names, with the data of some sources and materials."""
    count = int(image.max()) + 1
    # Any node speaks for its image; the first is on the trunk if one is.
    first = np.zeros(count, dtype=np.int64)
    first[image[::-1]] = np.arange(len(image))[::-1]
    on_trunk = np.zeros(count, dtype=np.bool_)
    np.logical_or.at(on_trunk, image, tree.on_trunk)
    passing: list[dict[str, None]] = [{} for _ in range(count)]
    for n, names in enumerate(tree.scenario_ids):
        passing[int(image[n])].update(dict.fromkeys(names))
    above = tree.ancestor[first]
    parent = tree.parent[first]
    return ScenarioTree(
        period=tree.period[first],
        parent=np.where(parent >= 0, image[parent], -1),
        probability=np.bincount(image, tree.probability, count).astype(np.float64),
        availability=tree.availability[first][:, sources],
        price_factor=tree.price_factor[first][:, sources],
        demand_factor=tree.demand_factor[first][:, materials],
        state=tree.state[first][:, materials],
        floor_may_bind=tree.floor_may_bind[first][:, materials],
        on_trunk=on_trunk,
        scenario_ids=tuple(tuple(names) for names in passing),
        ancestor=np.where(above >= 0, image[above], -1),
    )
