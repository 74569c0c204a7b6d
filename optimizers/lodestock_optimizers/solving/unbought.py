"""The plan that buys nothing but what is signed already, straight from the scenario tree.

It takes milliseconds, so that a solve has a plan from its first moment, unless a hard rule forces purchases. Of the
book as much is taken as must be, and what plants take for that comes first. Beyond it each material lives on its
stock, which is released for the tiers whose shortage costs more than a tonne missing from its closing stock, as far as
hard floors and hard closing stocks later on allow; the rest is missing. Numbers are read from the compiled model, so
that they are the model's own.
"""

from __future__ import annotations

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import Family, LinearArrays


def levels_without_purchases(instance: Instance, arrays: LinearArrays) -> Floats:
    """Levels at which nothing is bought but what the book has signed.

    Args:
        instance: The instance.
        arrays: Its model, compiled.

    Returns:
        (columns,) levels, tonnes. Wherever a plan exists that buys nothing, takes no more of the book than it must and
        stores none of it, they are one; whether they are is for the caller to check.
    """
    booked, taken = _booked(instance)
    supply = np.stack([taken[sources].sum(axis=0) for sources in instance.sources_of])
    supply -= instance.feeds.fed(taken.T).T
    owed = np.maximum(-supply, 0.0)
    unmet, spare = _served(instance, instance.demand.T, np.maximum(supply, 0.0))
    out, kept_back = _releases(instance, arrays, unmet, owed)
    short, left = _served(instance, unmet, np.maximum(out - owed, 0.0))
    stock_limits = {name: _spread(arrays.rows, name, arrays.row_lower, instance) for name in ("floor", "closing")}
    levels = {
        "q": booked,
        "b": np.sign(booked),
        "y": taken,
        "e": out,
        "I": kept_back,
        "u": short,
        "x": left + spare,
        "below_floor": np.maximum(stock_limits["floor"] - kept_back, 0.0),
        "below_closing": np.maximum(stock_limits["closing"] - kept_back, 0.0),
    }
    values = np.zeros(arrays.shape[1])
    for name, family in arrays.columns.items():
        if name in levels:
            values[family.position] = levels[name][tuple(family.index.T)]
    # A shortfall that a hard limit forbids would only hide the row that it breaks.
    return np.minimum(values, arrays.upper)


def _booked(instance: Instance) -> tuple[Floats, Floats]:
    """(L, K) tonnes that the book fixes, 0 where a contract is free, and (L, N) what of them must be taken."""
    booked = np.nan_to_num(instance.booked)
    at_node = booked[instance.contract_of, np.arange(instance.source_count)]
    return booked.T, (instance.take_or_pay * instance.tree.availability * at_node).T


def _served(instance: Instance, demand: Floats, supply: Floats) -> tuple[Floats, Floats]:
    """(D, N) of demand that (M, N) of supply does not meet, dearest tiers served first; (M, N) what is left of it."""
    unmet, left = demand.copy(), supply.copy()
    for d in _dearest_first(instance):
        m = instance.tiers[d].material
        met = np.minimum(unmet[d], left[m])
        unmet[d], left[m] = unmet[d] - met, left[m] - met
    return unmet, left


def _releases(instance: Instance, arrays: LinearArrays, demand: Floats, owed: Floats) -> tuple[Floats, Floats]:
    """(M, N) tonnes taken out of stock for (D, N) of demand and (M, N) that is owed, and (M, N) tonnes left in it."""
    tree = instance.tree
    most_out, room = (_spread(arrays.columns, name, arrays.upper, instance) for name in ("e", "I"))
    opening = _spread(arrays.rows, "stock_first", arrays.row_lower, instance)
    kept, needed, wanted = _kept(instance), _needed(instance, arrays), _wanted(instance, demand) + owed
    out, stock = np.zeros_like(room), np.zeros_like(room)
    for t in range(instance.period_count):
        nodes = np.flatnonzero(tree.period == t)
        parent = tree.parent[nodes]
        before = np.where(parent >= 0, kept[:, t, None] * stock[:, parent], opening[:, nodes])
        spare = np.maximum(before - needed[:, nodes], 0.0)
        overflow = np.maximum(before - room[:, nodes], 0.0)
        out[:, nodes] = np.minimum(np.maximum(wanted[:, nodes], overflow), np.minimum(most_out[:, nodes], spare))
        stock[:, nodes] = before - out[:, nodes]
    return out, stock


def _needed(instance: Instance, arrays: LinearArrays) -> Floats:
    """(M, N) the least stock at a node from which all hard floors and closing stocks below it can be kept."""
    tree, kept = instance.tree, _kept(instance)
    needed = np.zeros((instance.material_count, instance.node_count))
    for row, column in (("floor", "below_floor"), ("closing", "below_closing")):
        limit = _spread(arrays.rows, row, arrays.row_lower, instance)
        may_be_below = _spread(arrays.columns, column, arrays.upper, instance) > 0
        needed = np.maximum(needed, np.where(may_be_below, 0.0, limit))
    for t in range(instance.period_count - 1, 0, -1):
        nodes = np.flatnonzero(tree.period == t)
        below = needed[:, nodes]
        with np.errstate(divide="ignore", invalid="ignore"):
            earlier = np.where(below > 0, below / kept[:, t, None], 0.0)
        for i, parent in enumerate(tree.parent[nodes]):
            needed[:, parent] = np.maximum(needed[:, parent], earlier[:, i])
    return needed


def _wanted(instance: Instance, demand: Floats) -> Floats:
    """(M, N) what of (D, N) of demand is worth more than the stock that it takes."""
    wanted = np.zeros((instance.material_count, instance.node_count))
    worth = {m: instance.closing_shortfall_cost(m) for m in instance.stocks}
    for d, tier in enumerate(instance.tiers):
        if tier.shortage_cost > worth.get(tier.material, np.inf):
            wanted[tier.material] += demand[d]
    return wanted


def _kept(instance: Instance) -> Floats:
    """(M, T) share of a stock that a period leaves: (1−ω)^Δt."""
    kept = np.ones((instance.material_count, instance.period_count))
    for m, stock in instance.stocks.items():
        kept[m] = (1.0 - stock.loss_rate_per_year) ** instance.length
    return kept


def _dearest_first(instance: Instance) -> list[int]:
    return sorted(range(len(instance.tiers)), key=lambda d: -instance.tiers[d].shortage_cost)


def _spread(families: dict[str, Family], name: str, values: Floats, instance: Instance) -> Floats:
    """(M, N) the values of a family at its materials and nodes, 0 elsewhere and where the model has none of it."""
    shape = instance.material_count, instance.node_count
    return families[name].spread(values, *shape) if name in families else np.zeros(shape)
