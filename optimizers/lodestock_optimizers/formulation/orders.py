"""Contracts that are signed or not as a whole: columns b, and the rows that tie them to the quantity."""

from __future__ import annotations

from lodestock_optimizers.formulation import declaring as pyo
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.order_limits import order_limits

from .writing import add_rows


def add_orders(model: pyo.ConcreteModel, instance: Instance) -> None:
    """q ≤ M·b and q ≥ q^min·b for the contracts that bring a fixed cost or a least quantity."""
    if not instance.ordered:
        return
    ordered, least = set(instance.ordered), instance.min_order
    most = order_limits(instance)
    orders = [(l, k) for l, k in model.CONTRACTS if l in ordered]
    model.ORDERS = pyo.Set(initialize=orders, dimen=2)
    at_least = {(l, k): float(least[l]) for l, k in orders if least[l] > 0}
    model.LEAST_ORDERS = pyo.Set(initialize=list(at_least), dimen=2)
    model.most_ordered = pyo.Param(model.ORDERS, initialize={(l, k): float(most[k, l]) for l, k in orders})
    model.least_ordered = pyo.Param(model.LEAST_ORDERS, initialize=at_least)
    can_be_signed = (most > 0) & (most >= least)
    model.b = pyo.Var(model.ORDERS, domain=pyo.Binary, bounds=lambda _, l, k: (0, int(can_be_signed[k, l])))
    add_rows(model, "order_most", model.ORDERS, lambda b, l, k: b.q[l, k] - b.most_ordered[l, k] * b.b[l, k] <= 0)
    add_rows(
        model, "order_least", model.LEAST_ORDERS, lambda b, l, k: b.q[l, k] - b.least_ordered[l, k] * b.b[l, k] >= 0
    )
