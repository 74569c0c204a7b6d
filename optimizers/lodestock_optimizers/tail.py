"""The tail of the costs: what each path costs, which paths are the worst, and what they cost on average.

Owns the arithmetic on the tree. In the model the same is a matter of rows and columns (`formulation.tail`); here it
completes the levels of a plan that was not made by solving it, and tells the tail of one whose duals are not known.
"""

from __future__ import annotations

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays


def tail_shares(costs: Floats, most: Floats) -> Floats:
    """(leaves,) the share of the tail that each leaf is, which add up to 1: the dearest first, each as much as it may.

    Args:
        costs: (leaves,) cost of the path to each.
        most: (leaves,) π / (1−α).

    Returns:
        Shares t with CVaR = Σ t·C: of all shares within these limits those of greatest cost.
    """
    shares = np.zeros_like(costs)
    left = 1.0
    for leaf in np.argsort(-costs, kind="stable").tolist():
        shares[leaf] = min(left, most[leaf])
        left -= shares[leaf]
    return shares


def complete(instance: Instance, arrays: LinearArrays, values: Floats) -> Floats:
    """(columns,) levels with those of the tail set to what all others make of them; unchanged in a model without."""
    if "path_cost" not in arrays.columns:
        return values
    tree, leaves = instance.tree, instance.tree.leaves
    completed = values.copy()
    for name in ("path_cost", "threshold", "over"):
        completed[arrays.columns[name].position] = 0.0
    left = arrays.matrix @ completed
    at_node = np.zeros(instance.node_count)
    for name in ("path_cost_first", "path_cost_next"):
        if name in arrays.rows:
            rows = arrays.rows[name]
            at_node[rows.index[:, 0]] = -left[rows.position]
    cost = tree.along_paths(at_node)
    worst = cost[leaves][tail_shares(cost[leaves], instance.most_tail_share) > 0]
    threshold = float(worst.min())
    over = np.zeros(instance.node_count)
    over[leaves] = np.maximum(cost[leaves] - threshold, 0.0)
    for name, levels in (("path_cost", cost), ("over", over)):
        family = arrays.columns[name]
        completed[family.position] = levels[family.index[:, 0]]
    completed[arrays.columns["threshold"].position] = threshold
    return completed
