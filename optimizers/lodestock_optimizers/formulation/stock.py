"""Demand, shortage and stock: columns u, x, g, e, I, below_floor, below_closing, and the balances."""

from __future__ import annotations

import numpy as np

from lodestock_optimizers.formulation import declaring as pyo
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.scenario_tree import Floats

from .feeds import fed
from .sizing import add_opening, at_end, at_first
from .substitution import met_by_others
from .writing import add_members, add_rows, deliveries


def add_demand_and_stock(model: pyo.ConcreteModel, instance: Instance) -> None:
    """The balance of every material at every node, and its stock from one to the next."""
    tree = instance.tree
    nodes, materials, stocked = range(instance.node_count), range(instance.material_count), list(instance.stocks)
    roots = [n for n in nodes if tree.parent[n] < 0]
    tiers = range(len(instance.tiers))
    floors = {(m, n): f for m in stocked for n in nodes if (f := instance.floor(n, m)) is not None and f > 0}
    closing = {(m, n): c for m in stocked for n in tree.leaves.tolist() if (c := instance.closing_at(m, n)) is not None}
    stocks = instance.stocks

    def everywhere(limits: list[float]) -> Floats:
        return np.repeat(np.array(limits, dtype=np.float64), instance.node_count)

    model.M_N = pyo.Set(initialize=[(m, n) for m in materials for n in nodes], dimen=2)
    model.D_N = pyo.Set(initialize=[(d, n) for d in tiers for n in nodes], dimen=2)
    model.S_N = pyo.Set(initialize=[(m, n) for m in stocked for n in nodes], dimen=2)
    model.S_ROOTS = pyo.Set(initialize=[(m, n) for m in stocked for n in roots], dimen=2)
    model.S_LATER = pyo.Set(initialize=[(m, n) for m in stocked for n in nodes if tree.parent[n] >= 0], dimen=2)
    model.FLOORS = pyo.Set(initialize=list(floors), dimen=2)
    model.CLOSING = pyo.Set(initialize=list(closing), dimen=2)
    model.tiers = pyo.Set(list(materials), initialize=dict(enumerate(instance.tiers_of)))
    model.stock = pyo.Set(list(materials), initialize={m: [m] if m in stocks else [] for m in materials})
    add_members(model, "supply", dict(enumerate(instance.sources_of)))

    model.parent = pyo.Param(model.N, initialize=dict(enumerate(tree.parent.tolist())))
    model.kept = pyo.Param(model.S_LATER, initialize={(m, n): instance.kept(m, n) for m, n in model.S_LATER})
    opening = {(m, n): instance.kept(m, n) * stocks[m].opening_tonnes for m, n in model.S_ROOTS}
    model.opening = pyo.Param(model.S_ROOTS, initialize=opening)
    model.floor_tonnes = pyo.Param(model.FLOORS, initialize=floors)
    model.closing_tonnes = pyo.Param(model.CLOSING, initialize=closing)
    demand = {(m, n): float(instance.material_demand[n, m]) for m, n in model.M_N}
    model.demand = pyo.Param(model.M_N, initialize=demand)

    model.u = pyo.Var(model.D_N, upper=instance.demand.T.ravel())
    model.x = pyo.Var(model.M_N, bounds=(0, None))
    model.g = pyo.Var(model.S_N, upper=everywhere([_most(stocks[m].max_in_tonnes) for m in stocked]))
    model.e = pyo.Var(model.S_N, upper=everywhere([_most(stocks[m].max_out_tonnes) for m in stocked]))
    model.I = pyo.Var(model.S_N, upper=everywhere([instance.storage(m) for m in stocked]))
    model.below_floor = pyo.Var(model.FLOORS, upper=[0.0 if stocks[m].floor_is_hard else np.inf for m, _ in floors])
    model.below_closing = pyo.Var(
        model.CLOSING, upper=[0.0 if stocks[m].closing_is_hard else np.inf for m, _ in closing]
    )

    add_opening(model, instance)

    add_rows(
        model,
        "balance",
        model.M_N,
        lambda b, m, n: (
            deliveries(b, "supply", m, n)
            - fed(b, m, n)
            + sum(b.e[s, n] - b.g[s, n] for s in b.stock[m])
            - b.x[m, n]
            + sum(b.u[d, n] for d in b.tiers[m])
            + met_by_others(b, m, n)
            == b.demand[m, n]
        ),
    )
    add_rows(
        model,
        "stock_first",
        model.S_ROOTS,
        lambda b, m, n: b.I[m, n] - at_first(b, m, n) - b.g[m, n] + b.e[m, n] == b.opening[m, n],
    )
    add_rows(
        model,
        "stock_next",
        model.S_LATER,
        lambda b, m, n: b.I[m, n] - b.kept[m, n] * b.I[m, b.parent[n]] - b.g[m, n] + b.e[m, n] == 0,
    )
    add_rows(model, "floor", model.FLOORS, lambda b, m, n: b.I[m, n] + b.below_floor[m, n] >= b.floor_tonnes[m, n])
    add_rows(
        model,
        "closing",
        model.CLOSING,
        lambda b, m, n: b.I[m, n] - at_end(b, m, n) + b.below_closing[m, n] >= b.closing_tonnes[m, n],
    )


def _most(limit: float | None) -> float:
    return np.inf if limit is None else limit
