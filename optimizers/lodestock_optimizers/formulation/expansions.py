"""Capacity that is built: columns built and standing, what stands where, and what contracts it lets be signed."""

from __future__ import annotations

from typing import Any

import numpy as np

from lodestock_optimizers.formulation import declaring as pyo
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.trade_rules import embargoed

from .writing import add_rows


def add_expansions(model: pyo.ConcreteModel, instance: Instance) -> None:
    """What can be decided at every node, and what stands; the limits of sources need it before they stand."""
    expansions, tree = instance.expansions, instance.tree
    nodes, period = range(instance.node_count), tree.period.tolist()
    decided = {
        (l, n): tree.ancestor[n, expansions.decided[l, period[n]]].tolist()
        for l in expansions.sources
        for n in nodes
        if (l, period[n]) in expansions.decided
    }
    model.STANDING = pyo.Set(initialize=list(decided), dimen=2)
    if not decided:
        return
    model.BUILT = pyo.Set(
        initialize=[(l, n) for l in expansions.sources for n in nodes if (l, period[n]) in expansions.spans], dimen=2
    )
    model.decided = pyo.Set(model.STANDING, initialize=decided)
    length = instance.length[tree.period]
    model.years = pyo.Param(list(nodes), initialize=dict(enumerate(length.tolist())))
    cost = {(l, n): float(expansions.yearly_cost[l] * length[n]) for l, n in decided}
    model.standing_cost = pyo.Param(model.STANDING, initialize=cost)
    model.built = pyo.Var(model.BUILT, bounds=(0, None))
    model.standing = pyo.Var(model.STANDING, upper=np.array([expansions.most[l] for l, _ in decided]))
    add_rows(
        model,
        "standing_sum",
        model.STANDING,
        lambda b, l, n: b.standing[l, n] - sum(b.built[l, a] for a in b.decided[l, n]) == 0,
    )


def add_contract_limits(model: pyo.ConcreteModel, instance: Instance) -> None:
    """A contract is at most what there is and what is built, at every node that it delivers in."""
    if not model.STANDING:
        return
    period, stopped = instance.tree.period, embargoed(instance)
    limits = {(l, n): float(instance.capacity[period[n], l]) for l, n in model.STANDING if not stopped[period[n], l]}
    model.EXPANDED = pyo.Set(initialize=list(limits), dimen=2)
    model.capacity_as_it_is = pyo.Param(model.EXPANDED, initialize=limits)
    add_rows(
        model,
        "contract_most",
        model.EXPANDED,
        lambda b, l, n: b.q[l, b.contract[l, n]] - b.years[n] * b.standing[l, n] <= b.capacity_as_it_is[l, n],
    )


def add_spot_room(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Where what is built adds to what contract and spot may be together."""
    if not model.STANDING:
        return
    period, can_be_used = instance.tree.period.tolist(), instance.expansions.can_stand & ~embargoed(instance)
    standing = {(l, n): [l] if can_be_used[period[n], l] else [] for l, n in model.SPOT_N}
    model.stands = pyo.Set(model.SPOT_N, initialize=standing)


def built_tonnes(model: pyo.ConcreteModel, l: Any, n: Any) -> Any:
    """Δt·c: what is built at a source that sells spot adds to its capacity at a node; 0 where nothing can stand."""
    if not model.STANDING:
        return 0.0
    return sum(model.years[n] * model.standing[s, n] for s in model.stands[l, n])
