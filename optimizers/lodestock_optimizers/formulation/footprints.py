"""Footprints: what deliveries cost besides, and the most that they may leave behind in a period."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lodestock_optimizers.formulation import declaring as pyo
from lodestock_optimizers.instance import Instance

from .writing import add_members, add_rows, weighed_deliveries


def add_footprints(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Prices of footprints, and their limits where they bind."""
    _add_prices(model, instance)
    _add_limits(model, instance)


def _add_prices(model: pyo.ConcreteModel, instance: Instance) -> None:
    costs = {l: cost for l, cost in enumerate(instance.footprints.cost.tolist()) if cost > 0}
    model.BURDENED = pyo.Set(initialize=list(costs))
    model.BURDENED_SPOT = pyo.Set(initialize=[l for l in instance.spot_sources if l in costs])
    model.footprint_cost = pyo.Param(model.BURDENED, initialize=costs)


def _add_limits(model: pyo.ConcreteModel, instance: Instance) -> None:
    footprints = instance.footprints
    limits = {
        (x, n): most for (x, n), most in footprints.limits.items() if instance.settled[n] and footprints.sources_of(x)
    }
    if not limits:
        return
    index = pyo.Set(initialize=list(limits), dimen=2)
    model.FOOTPRINTS_N = index
    kinds = sorted({x for x, _ in limits})
    leaving = {x: footprints.sources_of(x) for x in kinds}
    add_members(model, "leaving", leaving)
    per_tonne = {(x, l): float(footprints.per_tonne[x, l]) for x in kinds for l in leaving[x]}
    model.footprint_per_tonne = pyo.Param(list(per_tonne), initialize=per_tonne)
    model.footprint_most = pyo.Param(index, initialize=limits)
    add_rows(
        model,
        "footprint_cap",
        index,
        lambda b, x, n: weighed_deliveries(b, "leaving", b.footprint_per_tonne, x, n) <= b.footprint_most[x, n],
    )


def cost_terms(model: pyo.ConcreteModel) -> tuple[tuple[pyo.Set, Callable[[Any, Any], Any]], ...]:
    """What the footprints of deliveries cost at a node, USD: sources, and the cost of each there."""
    terms: tuple[tuple[pyo.Set, Callable[[Any, Any], Any]], ...] = (
        (model.BURDENED, lambda l, n: model.footprint_cost[l] * model.y[l, n]),
        (model.BURDENED_SPOT, lambda l, n: model.footprint_cost[l] * model.z[l, n]),
    )
    return tuple((sources, term) for sources, term in terms if sources)
