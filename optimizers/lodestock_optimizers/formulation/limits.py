"""Trade rules, budget and reserves: the rows that several sources, materials or periods share."""

from __future__ import annotations

from lodestock_optimizers.formulation import declaring as pyo
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.trade_rules import RuleRow

from .costs import spend
from .writing import add_members, add_rows, deliveries, weighed_deliveries


def add_trade_rules(model: pyo.ConcreteModel, rows: list[RuleRow]) -> None:
    """Quotas, share caps and share floors, where they bind."""
    caps = {k: row for k, row in enumerate(rows) if row.family != "share_floor" and row.numerator}
    floors = {k: row for k, row in enumerate(rows) if row.family == "share_floor"}
    for name, chosen in (("most", caps), ("least", floors)):
        limits = {(k, limit.node): limit for k, row in chosen.items() for limit in row.limits if limit.binds}
        index = pyo.Set(initialize=list(limits), dimen=2)
        setattr(model, f"{name.upper()}_N", index)
        setattr(model, f"{name}_share", pyo.Param(index, initialize={i: v.share for i, v in limits.items()}))
        setattr(model, f"{name}_tonnes", pyo.Param(index, initialize={i: v.tonnes for i, v in limits.items()}))
        add_members(model, f"{name}_of", {k: row.numerator for k, row in chosen.items()})
        add_members(model, f"{name}_base", {k: row.base for k, row in chosen.items()})
        counted = {(k, l): v for k, row in chosen.items() for l, v in zip(row.base, row.counted, strict=True)}
        members = pyo.Set(initialize=list(counted), dimen=2)
        setattr(model, f"{name.upper()}_BASE", members)
        setattr(model, f"{name}_counted", pyo.Param(members, initialize=counted))
    model.below_share = pyo.Var(model.LEAST_N, bounds=(0, 0))
    add_rows(
        model,
        "rule_at_most",
        model.MOST_N,
        lambda b, k, n: (
            deliveries(b, "most_of", k, n)
            - b.most_share[k, n] * weighed_deliveries(b, "most_base", b.most_counted, k, n)
            <= b.most_tonnes[k, n]
        ),
    )
    add_rows(
        model,
        "rule_at_least",
        model.LEAST_N,
        lambda b, k, n: (
            deliveries(b, "least_of", k, n)
            - b.least_share[k, n] * weighed_deliveries(b, "least_base", b.least_counted, k, n)
            + b.below_share[k, n]
            >= b.least_tonnes[k, n]
        ),
    )


def add_budget(model: pyo.ConcreteModel, instance: Instance) -> None:
    """The most that may be spent at each settled node."""
    settled = [n for n in range(instance.node_count) if instance.source_count and instance.settled[n]]
    budgets = {n: b for n in settled if (b := instance.budget_limit(n)) is not None}
    model.BUDGETS = pyo.Set(initialize=list(budgets))
    model.budget_usd = pyo.Param(model.BUDGETS, initialize=budgets)
    add_rows(model, "budget", model.BUDGETS, lambda b, n: spend(b, n) <= b.budget_usd[n])


def add_reserves(model: pyo.ConcreteModel, instance: Instance) -> None:
    """What the sources of a deposit may deliver on each path through the tree."""
    tree, deposits = instance.tree, instance.problem.deposits
    index = {s.source_id: l for l, s in enumerate(instance.problem.sources)}
    leaves = tree.leaves.tolist()
    model.DEPOSITS_LEAVES = pyo.Set(initialize=[(i, n) for i in range(len(deposits)) for n in leaves], dimen=2)
    model.path = pyo.Set(leaves, initialize={n: tree.ancestor[n].tolist() for n in leaves})
    add_members(model, "deposit", {i: [index[s] for s in d.source_ids] for i, d in enumerate(deposits)})
    model.reserves_tonnes = pyo.Param(
        range(len(deposits)), initialize={i: d.reserves_tonnes for i, d in enumerate(deposits)}
    )
    add_rows(
        model,
        "reserves",
        model.DEPOSITS_LEAVES,
        lambda b, i, leaf: sum(deliveries(b, "deposit", i, n) for n in b.path[leaf]) <= b.reserves_tonnes[i],
    )
