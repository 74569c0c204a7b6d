"""Opening stock that is bought, and the tiers that it must serve: columns bought_opening and spared.

bought_opening[m]  opening stock beyond what there is, t
spared[n]          1 where every path through the node is one that need not be served; whole numbers
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lodestock_optimizers.formulation import declaring as pyo
from lodestock_optimizers.instance import Instance

from .writing import add_rows


def add_opening(model: pyo.ConcreteModel, instance: Instance) -> None:
    """The opening stock that is bought; the rows of stock need it before they stand."""
    if instance.sizing is None:
        return
    sized, tree = instance.sizing.price, instance.tree
    model.SIZED = pyo.Set(initialize=list(sized))
    model.sized = pyo.Set(list(instance.stocks), initialize={m: [m] if m in sized else [] for m in instance.stocks})
    model.opening_price = pyo.Param(model.SIZED, initialize=dict(sized))
    roots = {(m, n): instance.kept(m, n) for m in sized for n in range(instance.node_count) if tree.parent[n] < 0}
    model.kept_at_first = pyo.Param(list(roots), initialize=roots)
    leaves = {(m, n): instance.kept_to(m, n) for m in sized for n in tree.leaves.tolist()}
    model.kept_to_end = pyo.Param(list(leaves), initialize=leaves)
    room = [max(0.0, instance.storage(m) - instance.stocks[m].opening_tonnes) for m in sized]
    model.bought_opening = pyo.Var(model.SIZED, upper=np.array(room))


def at_first(model: pyo.ConcreteModel, m: Any, n: Any) -> Any:
    """What the first period leaves of the opening stock that is bought; 0 where none is."""
    if not hasattr(model, "SIZED"):
        return 0.0
    return sum(model.kept_at_first[s, n] * model.bought_opening[s] for s in model.sized[m])


def at_end(model: pyo.ConcreteModel, m: Any, n: Any) -> Any:
    """What all periods up to a leaf leave of the opening stock that is bought; 0 where none is."""
    if not hasattr(model, "SIZED"):
        return 0.0
    return sum(model.kept_to_end[s, n] * model.bought_opening[s] for s in model.sized[m])


def opening_cost(model: pyo.ConcreteModel) -> Any:
    """What the opening stock costs, USD, paid before the first period."""
    if not hasattr(model, "SIZED"):
        return 0.0
    return sum(model.opening_price[m] * model.bought_opening[m] for m in model.SIZED)


def add_certainty(model: pyo.ConcreteModel, instance: Instance) -> None:
    """The named tiers are served at every node, or at all but those of the paths that are spared."""
    sizing, tree = instance.sizing, instance.tree
    if sizing is None:
        return
    nodes = range(instance.node_count)
    demand = {(d, n): tonnes for d in sizing.tiers for n in nodes if (tonnes := float(instance.demand[n, d])) > 0}
    model.MUST = pyo.Set(initialize=list(demand), dimen=2)
    if not sizing.spares_some:
        add_rows(model, "served", model.MUST, lambda b, d, n: b.u[d, n] <= 0)
        return
    model.must_tonnes = pyo.Param(model.MUST, initialize=demand)
    model.spared = pyo.Var(model.N, domain=pyo.Binary, bounds=(0, 1))
    add_rows(model, "served", model.MUST, lambda b, d, n: b.u[d, n] - b.must_tonnes[d, n] * b.spared[n] <= 0)
    model.FOLLOWING = pyo.Set(initialize=[n for n in nodes if tree.parent[n] >= 0])
    add_rows(model, "spared_below", model.FOLLOWING, lambda b, n: b.spared[b.parent[n]] - b.spared[n] <= 0)
    leaves = tree.leaves.tolist()
    model.ENDS = pyo.Set(initialize=leaves)
    model.end_probability = pyo.Param(model.ENDS, initialize={n: float(tree.probability[n]) for n in leaves})
    model.ONE = pyo.Set(initialize=[0])
    model.spared_most = pyo.Param(model.ONE, initialize={0: 1.0 - sizing.min_probability})
    add_rows(
        model,
        "certainty",
        model.ONE,
        lambda b, i: sum(b.end_probability[n] * b.spared[n] for n in b.ENDS) <= b.spared_most[i],
    )
