"""One material in place of another: columns w, and what of a tier's demand all of them together may meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lodestock_optimizers.formulation import declaring as pyo
from lodestock_optimizers.instance import Instance

from .writing import add_rows


def add_substitutions(model: pyo.ConcreteModel, instance: Instance) -> None:
    """How much of a tier's demand is met by each substitution at every node; the balances need it before they stand."""
    materials, found = range(instance.material_count), instance.substitutions
    model.J = pyo.Set(initialize=list(range(len(found))))
    if not found:
        return
    model.J_N = pyo.Set(initialize=[(j, n) for j in model.J for n in model.N], dimen=2)
    replaced = {m: [j for j, s in enumerate(found) if s.material == m] for m in materials}
    in_place = {m: [j for j, s in enumerate(found) if s.substitute == m] for m in materials}
    model.replaced = pyo.Set(list(materials), initialize=replaced)
    model.in_place = pyo.Set(list(materials), initialize=in_place)
    given = instance.problem.substitutions
    model.tonnes_per_tonne = pyo.Param(model.J, initialize={j: s.tonnes_per_tonne for j, s in enumerate(given)})
    model.substitution_cost = pyo.Param(model.J, initialize={j: s.cost_usd_per_tonne for j, s in enumerate(given)})
    model.w = pyo.Var(model.J_N, bounds=lambda _, j, n: (0, float(instance.most_replaced[n, j])))


def add_tier_limits(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Shortage and substitutes of a tier are no more than its demand."""
    if not model.J:
        return
    of_tier: dict[int, list[int]] = {}
    for j, substitution in enumerate(instance.substitutions):
        of_tier.setdefault(substitution.tier, []).append(j)
    index = pyo.Set(initialize=[(d, n) for d in of_tier for n in model.N], dimen=2)
    model.REPLACEABLE_N = index
    model.tier_substitutions = pyo.Set(list(of_tier), initialize=of_tier)
    demand = {(d, n): float(instance.demand[n, d]) for d, n in index}
    model.tier_demand = pyo.Param(index, initialize=demand)
    add_rows(
        model,
        "tier_most",
        index,
        lambda b, d, n: b.u[d, n] + sum(b.w[j, n] for j in b.tier_substitutions[d]) <= b.tier_demand[d, n],
    )


def met_by_others(model: pyo.ConcreteModel, m: Any, n: Any) -> Any:
    """Σ w of what replaces a material at a node, less Σ ψ·w of what it replaces itself; 0 where there is none."""
    if not model.J:
        return 0.0
    return sum(model.w[j, n] for j in model.replaced[m]) - sum(
        model.tonnes_per_tonne[j] * model.w[j, n] for j in model.in_place[m]
    )


def cost_terms(model: pyo.ConcreteModel) -> tuple[tuple[pyo.Set, Callable[[Any, Any], Any]], ...]:
    """What substitutions cost at a node, USD: the set of them, and the cost of each there."""
    return ((model.J, lambda j, n: model.substitution_cost[j] * model.w[j, n]),) if model.J else ()
