"""The model of docs/model.md in Pyomo, stated once.

Owns the names of the columns and rows; every later step finds them by these names:

    q[l,k]   contracted for the nodes of contract k, t          y[l,n]  delivered under contract, t
    z[l,n]   bought spot, t                                     u[d,n]  shortage of a tier, t
    x[m,n]   disposed of, t                                     g[m,n]  put into stock, t
    e[m,n]   taken out of stock, t                              I[m,n]  stock at the end of the period, t
    below_floor[m,n], below_closing[m,n]  missing from stock, t
    below_share[k,n]  missing from a share floor, t: held at 0 but for finding out why there is no plan

The rules are written so that Pyomo can expand them from a template (index look-ups through Params and Sets only, no
`if` on an index), which is what makes compiling fast; see `lodestock_optimizers.arrays`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyomo.core.base.constraint as pyomo_constraint
import pyomo.core.base.objective as pyomo_objective
import pyomo.environ as pyo

from .heeding_model import HeedingModel
from .instance import Instance
from .trade_rules import RuleRow, embargoed, rule_rows
from .watch import Timekeeper, unlimited

FIRM_SHARE = 1.0
"""Take-or-pay share at which a contract delivers exactly what is available of it."""


@contextmanager
def _templates() -> Iterator[None]:
    """Lets Pyomo expand constraints from templates while a model is built, and leaves its global switches as found."""
    before = pyomo_constraint.TEMPLATIZE_CONSTRAINTS, pyomo_objective.TEMPLATIZE_OBJECTIVES
    pyomo_constraint.TEMPLATIZE_CONSTRAINTS = pyomo_objective.TEMPLATIZE_OBJECTIVES = True
    try:
        yield
    finally:
        pyomo_constraint.TEMPLATIZE_CONSTRAINTS, pyomo_objective.TEMPLATIZE_OBJECTIVES = before


def formulate(
    instance: Instance, rows: list[RuleRow] | None = None, keeper: Timekeeper | None = None
) -> pyo.ConcreteModel:
    """States the model of one instance.

    Args:
        instance: The numbers.
        rows: The rows of the trade rules, where the caller has them already.
        keeper: Whom to ask whether to go on. None: nobody.

    Returns:
        A complete Pyomo model, which any solver that Pyomo knows can solve.

    Raises:
        Stopped: Caller or clock say so.
    """
    model = HeedingModel("sourcing", keeper or unlimited())
    with _templates():
        _sources_and_contracts(model, instance)
        _demand_and_stock(model, instance)
        _trade_rules(model, rule_rows(instance) if rows is None else rows)
        _budget(model, instance)
        _reserves(model, instance)
        _objective(model, instance)
    return model


def _pairs(values: np.ndarray) -> dict[tuple[int, int], float]:
    """A Param's data of an (N, L) array: {(l, n): value}."""
    return {(l, n): v for n, row in enumerate(values.tolist()) for l, v in enumerate(row)}


def _members(model: pyo.ConcreteModel, name: str, members: dict[int, Any]) -> None:
    """Adds the sets `name`[k] and `name`_spot[k]: the sources of k, and those of them that sell spot."""
    spot = set(model.SPOT)
    setattr(model, name, pyo.Set(list(members), initialize={k: list(v) for k, v in members.items()}))
    at_spot = {k: [l for l in v if l in spot] for k, v in members.items()}
    setattr(model, f"{name}_spot", pyo.Set(list(members), initialize=at_spot))


def _deliveries(model: pyo.ConcreteModel, name: str, k: Any, n: Any) -> Any:
    """Σ (y + z) at node n over the sources of `name`[k]."""
    under_contract = sum(model.y[l, n] for l in getattr(model, name)[k])
    if not model.SPOT:
        return under_contract
    return under_contract + sum(model.z[l, n] for l in getattr(model, f"{name}_spot")[k])


def _rows(model: pyo.ConcreteModel, name: str, index: pyo.Set, rule: Callable[..., Any]) -> None:
    """Adds a family of constraints, unless it has no member: Pyomo cannot make a template of nothing."""
    if index:
        setattr(model, name, pyo.Constraint(index, rule=rule))


def _sources_and_contracts(model: pyo.ConcreteModel, instance: Instance) -> None:
    tree = instance.tree
    nodes, sources = range(instance.node_count), range(instance.source_count)
    stopped = embargoed(instance)
    open_capacity = np.where(stopped, 0.0, instance.capacity)
    availability = _pairs(tree.availability)
    spot_limit = np.where(stopped, 0.0, instance.spot_capacity)[tree.period] * tree.availability
    joint_limit = open_capacity[tree.period] * tree.availability
    contracts = sorted({(l, int(k)) for l in sources for k in instance.contract_of[:, l]})
    period_of = [t for t, _ in instance.contracts]

    model.N = pyo.Set(initialize=list(nodes))
    model.SPOT = pyo.Set(initialize=instance.spot_sources)
    model.L_N = pyo.Set(initialize=[(l, n) for l in sources for n in nodes], dimen=2)
    model.FIRM = pyo.Set(initialize=[p for p in model.L_N if instance.take_or_pay[p[0]] >= FIRM_SHARE], dimen=2)
    model.OPTIONAL = pyo.Set(initialize=[p for p in model.L_N if instance.take_or_pay[p[0]] < FIRM_SHARE], dimen=2)
    model.SPOT_N = pyo.Set(initialize=[(l, n) for l in instance.spot_sources for n in nodes], dimen=2)
    model.CONTRACTS = pyo.Set(initialize=contracts, dimen=2)
    model.contract = pyo.Param(model.L_N, initialize=_pairs(instance.contract_of))
    model.availability = pyo.Param(model.L_N, initialize=availability)
    model.least_taken = pyo.Param(
        model.OPTIONAL,
        initialize={(l, n): availability[l, n] * float(instance.take_or_pay[l]) for l, n in model.OPTIONAL},
    )
    model.joint_limit = pyo.Param(model.SPOT_N, initialize={(l, n): float(joint_limit[n, l]) for l, n in model.SPOT_N})

    model.q = pyo.Var(model.CONTRACTS, bounds=lambda _, l, k: (0, float(open_capacity[period_of[k], l])))
    model.y = pyo.Var(model.L_N, bounds=(0, None))
    model.z = pyo.Var(model.SPOT_N, bounds=lambda _, l, n: (0, float(spot_limit[n, l])))

    _rows(model, "delivery", model.FIRM, lambda b, l, n: b.y[l, n] == b.availability[l, n] * b.q[l, b.contract[l, n]])
    _rows(
        model,
        "delivery_most",
        model.OPTIONAL,
        lambda b, l, n: b.y[l, n] <= b.availability[l, n] * b.q[l, b.contract[l, n]],
    )
    _rows(
        model,
        "delivery_least",
        model.OPTIONAL,
        lambda b, l, n: b.y[l, n] >= b.least_taken[l, n] * b.q[l, b.contract[l, n]],
    )
    _rows(model, "capacity", model.SPOT_N, lambda b, l, n: b.y[l, n] + b.z[l, n] <= b.joint_limit[l, n])


def _demand_and_stock(model: pyo.ConcreteModel, instance: Instance) -> None:
    tree = instance.tree
    nodes, materials, stocked = range(instance.node_count), range(instance.material_count), list(instance.stocks)
    roots = [n for n in nodes if tree.parent[n] < 0]
    tiers = range(len(instance.tiers))
    floors = {(m, n): f for m in stocked for n in nodes if (f := instance.floor(n, m)) is not None and f > 0}
    closing = {(m, int(n)): instance.closing(m) for m in stocked for n in tree.leaves if instance.closing(m) > 0}
    stocks = instance.stocks

    def most(limit: float | None) -> tuple[float, float | None]:
        return 0.0, limit

    model.M_N = pyo.Set(initialize=[(m, n) for m in materials for n in nodes], dimen=2)
    model.D_N = pyo.Set(initialize=[(d, n) for d in tiers for n in nodes], dimen=2)
    model.S_N = pyo.Set(initialize=[(m, n) for m in stocked for n in nodes], dimen=2)
    model.S_ROOTS = pyo.Set(initialize=[(m, n) for m in stocked for n in roots], dimen=2)
    model.S_LATER = pyo.Set(initialize=[(m, n) for m in stocked for n in nodes if tree.parent[n] >= 0], dimen=2)
    model.FLOORS = pyo.Set(initialize=list(floors), dimen=2)
    model.CLOSING = pyo.Set(initialize=list(closing), dimen=2)
    model.tiers = pyo.Set(list(materials), initialize=dict(enumerate(instance.tiers_of)))
    model.stock = pyo.Set(list(materials), initialize={m: [m] if m in stocks else [] for m in materials})
    _members(model, "supply", dict(enumerate(instance.sources_of)))

    model.parent = pyo.Param(model.N, initialize=dict(enumerate(tree.parent.tolist())))
    model.kept = pyo.Param(model.S_LATER, initialize={(m, n): instance.kept(m, n) for m, n in model.S_LATER})
    opening = {(m, n): instance.kept(m, n) * stocks[m].opening_tonnes for m, n in model.S_ROOTS}
    model.opening = pyo.Param(model.S_ROOTS, initialize=opening)
    model.floor_tonnes = pyo.Param(model.FLOORS, initialize=floors)
    model.closing_tonnes = pyo.Param(model.CLOSING, initialize=closing)
    demand = {(m, n): float(instance.material_demand[n, m]) for m, n in model.M_N}
    model.demand = pyo.Param(model.M_N, initialize=demand)

    model.u = pyo.Var(model.D_N, bounds=lambda _, d, n: most(float(instance.demand[n, d])))
    model.x = pyo.Var(model.M_N, bounds=(0, None))
    model.g = pyo.Var(model.S_N, bounds=lambda _, m, n: most(stocks[m].max_in_tonnes))
    model.e = pyo.Var(model.S_N, bounds=lambda _, m, n: most(stocks[m].max_out_tonnes))
    model.I = pyo.Var(model.S_N, bounds=lambda _, m, n: most(instance.storage(m)))
    model.below_floor = pyo.Var(model.FLOORS, bounds=lambda _, m, n: most(0.0 if stocks[m].floor_is_hard else None))
    model.below_closing = pyo.Var(
        model.CLOSING, bounds=lambda _, m, n: most(0.0 if stocks[m].closing_is_hard else None)
    )

    _rows(
        model,
        "balance",
        model.M_N,
        lambda b, m, n: (
            _deliveries(b, "supply", m, n)
            + sum(b.e[s, n] - b.g[s, n] for s in b.stock[m])
            - b.x[m, n]
            + sum(b.u[d, n] for d in b.tiers[m])
            == b.demand[m, n]
        ),
    )
    _rows(model, "stock_first", model.S_ROOTS, lambda b, m, n: b.I[m, n] - b.g[m, n] + b.e[m, n] == b.opening[m, n])
    _rows(
        model,
        "stock_next",
        model.S_LATER,
        lambda b, m, n: b.I[m, n] - b.kept[m, n] * b.I[m, b.parent[n]] - b.g[m, n] + b.e[m, n] == 0,
    )
    _rows(model, "floor", model.FLOORS, lambda b, m, n: b.I[m, n] + b.below_floor[m, n] >= b.floor_tonnes[m, n])
    _rows(model, "closing", model.CLOSING, lambda b, m, n: b.I[m, n] + b.below_closing[m, n] >= b.closing_tonnes[m, n])


def _trade_rules(model: pyo.ConcreteModel, rows: list[RuleRow]) -> None:
    caps = {k: row for k, row in enumerate(rows) if row.family != "share_floor" and row.numerator}
    floors = {k: row for k, row in enumerate(rows) if row.family == "share_floor"}
    for name, chosen in (("most", caps), ("least", floors)):
        limits = {(k, limit.node): limit for k, row in chosen.items() for limit in row.limits if limit.binds}
        index = pyo.Set(initialize=list(limits), dimen=2)
        setattr(model, f"{name.upper()}_N", index)
        setattr(model, f"{name}_share", pyo.Param(index, initialize={i: v.share for i, v in limits.items()}))
        setattr(model, f"{name}_tonnes", pyo.Param(index, initialize={i: v.tonnes for i, v in limits.items()}))
        _members(model, f"{name}_of", {k: row.numerator for k, row in chosen.items()})
        _members(model, f"{name}_base", {k: row.base for k, row in chosen.items()})
    model.below_share = pyo.Var(model.LEAST_N, bounds=(0, 0))
    _rows(
        model,
        "rule_at_most",
        model.MOST_N,
        lambda b, k, n: (
            _deliveries(b, "most_of", k, n) - b.most_share[k, n] * _deliveries(b, "most_base", k, n)
            <= b.most_tonnes[k, n]
        ),
    )
    _rows(
        model,
        "rule_at_least",
        model.LEAST_N,
        lambda b, k, n: (
            _deliveries(b, "least_of", k, n)
            - b.least_share[k, n] * _deliveries(b, "least_base", k, n)
            + b.below_share[k, n]
            >= b.least_tonnes[k, n]
        ),
    )


def _spend(model: pyo.ConcreteModel, n: Any) -> Any:
    """spend(n): purchases with duty and freight, and fees, USD."""
    terms: tuple[tuple[pyo.Set, Callable[[Any], Any]], ...] = (
        (model.L, lambda l: model.contract_cost[l, n] * model.y[l, n]),
        (model.SPOT, lambda l: model.spot_cost[l, n] * model.z[l, n]),
        (model.FEES, lambda l: model.fee[l] * model.q[l, model.contract[l, n]]),
    )
    return sum(sum(term(l) for l in sources) for sources, term in terms if sources)


def _budget(model: pyo.ConcreteModel, instance: Instance) -> None:
    sources = range(instance.source_count)
    model.L = pyo.Set(initialize=list(sources))
    model.FEES = pyo.Set(initialize=[l for l in sources if instance.fee[l] > 0])
    model.fee = pyo.Param(model.L, initialize=dict(enumerate(instance.fee.tolist())))
    model.contract_cost = pyo.Param(model.L_N, initialize=_pairs(instance.contract_cost))
    spot_cost = {(l, n): float(instance.spot_cost[n, l]) for l, n in model.SPOT_N}
    model.spot_cost = pyo.Param(model.SPOT_N, initialize=spot_cost)
    settled = [n for n in range(instance.node_count) if sources and instance.settled[n]]
    budgets = {n: b for n in settled if (b := instance.budget_limit(n)) is not None}
    model.BUDGETS = pyo.Set(initialize=list(budgets))
    model.budget_usd = pyo.Param(model.BUDGETS, initialize=budgets)
    _rows(model, "budget", model.BUDGETS, lambda b, n: _spend(b, n) <= b.budget_usd[n])


def _reserves(model: pyo.ConcreteModel, instance: Instance) -> None:
    tree, deposits = instance.tree, instance.problem.deposits
    index = {s.source_id: l for l, s in enumerate(instance.problem.sources)}
    leaves = tree.leaves.tolist()
    model.DEPOSITS_LEAVES = pyo.Set(initialize=[(i, n) for i in range(len(deposits)) for n in leaves], dimen=2)
    model.path = pyo.Set(leaves, initialize={n: tree.ancestor[n].tolist() for n in leaves})
    _members(model, "deposit", {i: [index[s] for s in d.source_ids] for i, d in enumerate(deposits)})
    model.reserves_tonnes = pyo.Param(
        range(len(deposits)), initialize={i: d.reserves_tonnes for i, d in enumerate(deposits)}
    )
    _rows(
        model,
        "reserves",
        model.DEPOSITS_LEAVES,
        lambda b, i, leaf: sum(_deliveries(b, "deposit", i, n) for n in b.path[leaf]) <= b.reserves_tonnes[i],
    )


def _objective(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Σ W(n)·[spend(n) + other(n) + λ·charge(n)], the charge being Σ ρ·(κ·y + κˢ·z)."""
    stocks, tree, price_of_risk = instance.stocks, instance.tree, instance.problem.price_of_risk
    materials, length = range(instance.material_count), instance.length
    model.weight = pyo.Param(model.N, initialize=dict(enumerate(instance.weight.tolist())))
    model.surcharge = pyo.Param(model.L, initialize=dict(enumerate((1.0 + price_of_risk * instance.risk).tolist())))
    holding = {(m, n): stocks[m].holding_usd_per_tonne_year * float(length[tree.period[n]]) for m, n in model.S_N}
    model.holding = pyo.Param(model.S_N, initialize=holding)
    floor_cost = {(m, n): instance.floor_shortfall_cost(m) * float(length[tree.period[n]]) for m, n in model.FLOORS}
    model.floor_cost = pyo.Param(model.FLOORS, initialize=floor_cost)
    model.closing_cost = pyo.Param(
        model.CLOSING, initialize={(m, n): instance.closing_shortfall_cost(m) for m, n in model.CLOSING}
    )
    disposal = {m: stocks[m].disposal_usd_per_tonne if m in stocks else 0.0 for m in materials}
    model.disposal = pyo.Param(list(materials), initialize=disposal)
    shortage = {d: tier.shortage_cost for d, tier in enumerate(instance.tiers)}
    model.shortage = pyo.Param(list(shortage), initialize=shortage)
    model.FEES_N = pyo.Set(initialize=[(l, n) for l in model.FEES for n in model.N], dimen=2)
    model.cost = pyo.Objective(rule=_expected_cost)


def _expected_cost(b: pyo.ConcreteModel) -> Any:
    terms: tuple[tuple[pyo.Set, Callable[..., Any]], ...] = (
        (b.L_N, lambda l, n: b.weight[n] * b.surcharge[l] * b.contract_cost[l, n] * b.y[l, n]),
        (b.SPOT_N, lambda l, n: b.weight[n] * b.surcharge[l] * b.spot_cost[l, n] * b.z[l, n]),
        (b.FEES_N, lambda l, n: b.weight[n] * b.fee[l] * b.q[l, b.contract[l, n]]),
        (b.S_N, lambda m, n: b.weight[n] * b.holding[m, n] * b.I[m, n]),
        (b.FLOORS, lambda m, n: b.weight[n] * b.floor_cost[m, n] * b.below_floor[m, n]),
        (b.CLOSING, lambda m, n: b.weight[n] * b.closing_cost[m, n] * b.below_closing[m, n]),
        (b.M_N, lambda m, n: b.weight[n] * b.disposal[m] * b.x[m, n]),
        (b.D_N, lambda d, n: b.weight[n] * b.shortage[d] * b.u[d, n]),
    )
    return sum(sum(term(i, n) for i, n in index) for index, term in terms if index)
