"""Contracts, deliveries, spot purchases: columns q, y, z and the rows that tie them."""

from __future__ import annotations

import numpy as np

from lodestock_optimizers.formulation import declaring as pyo
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.trade_rules import embargoed

from .expansions import add_contract_limits, add_spot_room, built_tonnes
from .writing import add_rows, pairs

FIRM_SHARE = 1.0
"""Take-or-pay share at which a contract delivers exactly what is available of it."""


def add_sources(model: pyo.ConcreteModel, instance: Instance) -> None:
    """What can be contracted, delivered and bought spot at every node."""
    tree = instance.tree
    nodes, sources = range(instance.node_count), range(instance.source_count)
    stopped = embargoed(instance)
    open_capacity = np.where(stopped, 0.0, instance.capacity)
    spot_limit = np.where(stopped, 0.0, instance.spot_capacity)[tree.period] * tree.availability
    joint_limit = open_capacity[tree.period] * tree.availability
    count = max(1, len(instance.contracts))
    source, contract = np.divmod(np.unique(np.array(sources, dtype=np.int64) * count + instance.contract_of), count)
    optional = instance.take_or_pay < FIRM_SHARE
    period_of = np.array([t for t, _ in instance.contracts], dtype=np.int64)

    model.N = pyo.Set(initialize=list(nodes))
    model.SPOT = pyo.Set(initialize=instance.spot_sources)
    model.L_N = pyo.Set(initialize=[(l, n) for l in sources for n in nodes], dimen=2)
    model.FIRM = pyo.Set(initialize=[(l, n) for l in np.flatnonzero(~optional).tolist() for n in nodes], dimen=2)
    model.OPTIONAL = pyo.Set(initialize=[(l, n) for l in np.flatnonzero(optional).tolist() for n in nodes], dimen=2)
    model.SPOT_N = pyo.Set(initialize=[(l, n) for l in instance.spot_sources for n in nodes], dimen=2)
    model.CONTRACTS = pyo.Set(initialize=list(zip(source.tolist(), contract.tolist(), strict=True)), dimen=2)
    model.contract = pyo.Param(model.L_N, initialize=pairs(instance.contract_of))
    model.availability = pyo.Param(model.L_N, initialize=pairs(tree.availability))
    least_taken = tree.availability[:, optional] * instance.take_or_pay[optional]
    model.least_taken = pyo.Param(model.OPTIONAL, initialize=pairs(least_taken))
    model.joint_limit = pyo.Param(model.SPOT_N, initialize=pairs(joint_limit[:, instance.spot_sources]))

    booked = instance.booked[contract, source]
    expanded = instance.expansions.can_stand & ~stopped
    # What is built beside it makes the most of a contract the matter of a row.
    free_most = np.where(expanded, np.inf, open_capacity)[period_of[contract], source]
    most = np.where(np.isnan(booked), free_most, booked)
    model.q = pyo.Var(model.CONTRACTS, lower=np.nan_to_num(booked), upper=most)
    model.y = pyo.Var(model.L_N, bounds=(0, None))
    model.z = pyo.Var(model.SPOT_N, upper=pairs(spot_limit[:, instance.spot_sources]))

    add_rows(
        model, "delivery", model.FIRM, lambda b, l, n: b.y[l, n] == b.availability[l, n] * b.q[l, b.contract[l, n]]
    )
    add_rows(
        model,
        "delivery_most",
        model.OPTIONAL,
        lambda b, l, n: b.y[l, n] <= b.availability[l, n] * b.q[l, b.contract[l, n]],
    )
    add_rows(
        model,
        "delivery_least",
        model.OPTIONAL,
        lambda b, l, n: b.y[l, n] >= b.least_taken[l, n] * b.q[l, b.contract[l, n]],
    )
    add_contract_limits(model, instance)
    add_spot_room(model, instance)
    add_rows(
        model,
        "capacity",
        model.SPOT_N,
        lambda b, l, n: b.y[l, n] + b.z[l, n] - b.availability[l, n] * built_tonnes(b, l, n) <= b.joint_limit[l, n],
    )
