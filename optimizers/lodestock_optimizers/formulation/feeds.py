"""Feeds: what the deliveries of plants take of other materials, in the balances of these."""

from __future__ import annotations

from typing import Any

from lodestock_optimizers.formulation import declaring as pyo
from lodestock_optimizers.instance import Instance

from .writing import add_members, weighed_deliveries


def add_feeds(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Who takes what of each material; the balances need it before they stand."""
    feeds = instance.feeds
    per_tonne = {(m, l): float(feeds.per_tonne[l]) for m, plants in enumerate(feeds.takers) for l in plants}
    model.FEEDS = pyo.Set(initialize=list(per_tonne), dimen=2)
    if not per_tonne:
        return
    add_members(model, "takers", dict(enumerate(feeds.takers)))
    model.feed_per_tonne = pyo.Param(model.FEEDS, initialize=per_tonne)


def fed(model: pyo.ConcreteModel, m: Any, n: Any) -> Any:
    """Σ ψ·(y + z) of what takes a material at a node; 0 where nothing takes any."""
    if not model.FEEDS:
        return 0.0
    return weighed_deliveries(model, "takers", model.feed_per_tonne, m, n)
