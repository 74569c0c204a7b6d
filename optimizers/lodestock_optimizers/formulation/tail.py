"""The tail: what each path costs, and the mean of the worst of them.

CVaR at level α is the least of η + Σ π·v / (1−α) with v ≥ C − η, v ≥ 0 (Rockafellar & Uryasev, Optimization of
conditional value-at-risk, Journal of Risk 2, 2000). C has no bound, and η one below what any path costs, though neither
is below 0: a bound that binds would take a part of the duals that the shares of the tail are read from, and these must
add up to 1. All three are counted in `Instance.path_cost_unit`: a solver keeps rows to digits after the point, and a
billion dollars has none to spare.
"""

from __future__ import annotations

from typing import Any

from lodestock_optimizers.formulation import declaring as pyo
from lodestock_optimizers.instance import Instance

from .costs import at_node, other, paired, spend
from .writing import add_rows

PAIRED_AT = ("floors_at", "closing_at", "standing_at")
"""By node, what of the pairs of `costs.paired` is there."""
BELOW_ALL = -1.0
"""A unit below what any path costs: without it a solver that rounds could take the model for unbounded."""


def add_tail(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Costs of paths, η and v, where the tail has a weight."""
    problem, tree = instance.problem, instance.tree
    if problem.tail_weight == 0:
        return
    leaves = tree.leaves.tolist()
    model.LEAVES = pyo.Set(initialize=leaves)
    model.ROOTS = pyo.Set(initialize=[n for n in model.N if tree.parent[n] < 0])
    model.LATER = pyo.Set(initialize=[n for n in model.N if tree.parent[n] >= 0])
    unit = instance.path_cost_unit
    discount = (instance.discount[tree.period] / unit).tolist()
    model.units_per_usd = pyo.Param(model.N, initialize=dict(enumerate(discount)))
    worth = (unit * problem.tail_weight * instance.most_tail_share).tolist()
    model.tail_worth = pyo.Param(model.LEAVES, initialize=dict(zip(leaves, worth, strict=True)))
    model.threshold_worth = unit * problem.tail_weight
    for name, found in zip(PAIRED_AT, (model.FLOORS, model.CLOSING, model.STANDING), strict=True):
        members: dict[int, list[int]] = {n: [] for n in model.N}
        for i, n in found:
            members[n].append(i)
        setattr(model, name, pyo.Set(model.N, initialize=members))

    model.path_cost = pyo.Var(model.N)
    model.threshold = pyo.Var([0], bounds=(BELOW_ALL, None))
    model.over = pyo.Var(model.LEAVES, bounds=(0, None))

    add_rows(
        model, "path_cost_first", model.ROOTS, lambda b, n: b.path_cost[n] - b.units_per_usd[n] * _node_cost(b, n) == 0
    )
    add_rows(
        model,
        "path_cost_next",
        model.LATER,
        lambda b, n: b.path_cost[n] - b.path_cost[b.parent[n]] - b.units_per_usd[n] * _node_cost(b, n) == 0,
    )
    add_rows(model, "tail", model.LEAVES, lambda b, n: b.over[n] + b.threshold[0] - b.path_cost[n] >= 0)


def tail_cost(model: pyo.ConcreteModel) -> Any:
    """β·CVaR; 0 where the tail has no weight."""
    if not hasattr(model, "LEAVES"):
        return 0.0
    return model.threshold_worth * model.threshold[0] + sum(model.tail_worth[n] * model.over[n] for n in model.LEAVES)


def _node_cost(model: pyo.ConcreteModel, n: Any) -> Any:
    """spend(n) + other(n), USD."""
    at_pairs = [
        sum(usd(i, n) for i in getattr(model, name)[n])
        for name, (found, usd) in zip(PAIRED_AT, paired(model), strict=True)
        if found
    ]
    return sum([spend(model, n), at_node(n, *other(model)), *at_pairs])
