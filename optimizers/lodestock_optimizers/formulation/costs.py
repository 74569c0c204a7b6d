"""What the plan costs at a node: spending, all other cost, and the charge for risk.

A kind of cost is a set of indices and what each of them costs at a node, neither discounted nor weighted: objective,
budget and the cost of a path are sums of the same kinds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lodestock_optimizers.formulation import declaring as pyo
from lodestock_optimizers.instance import Instance

from .footprints import cost_terms as footprint_costs
from .substitution import cost_terms as substitution_costs
from .writing import pairs

CostTerm = tuple[pyo.Set, Callable[[Any, Any], Any]]
"""A kind of cost: its indices i, and i, n → USD at node n."""


def add_prices(model: pyo.ConcreteModel, instance: Instance) -> None:
    """What a tonne costs under contract and spot, and the fee and fixed cost of a contract."""
    sources = range(instance.source_count)
    model.L = pyo.Set(initialize=list(sources))
    model.FEES = pyo.Set(initialize=[l for l in sources if instance.fee[l] > 0])
    model.FIXED = pyo.Set(initialize=[l for l in sources if instance.fixed_cost[l] > 0])
    model.fee = pyo.Param(model.L, initialize=dict(enumerate(instance.fee.tolist())))
    model.fixed_cost = pyo.Param(model.L, initialize=dict(enumerate(instance.fixed_cost.tolist())))
    model.contract_cost = pyo.Param(model.L_N, initialize=pairs(instance.contract_cost))
    model.spot_cost = pyo.Param(model.SPOT_N, initialize=pairs(instance.spot_cost[:, instance.spot_sources]))


def add_other_costs(model: pyo.ConcreteModel, instance: Instance) -> None:
    """What stock, shortage and shortfalls cost."""
    stocks, tree, length = instance.stocks, instance.tree, instance.length
    materials = range(instance.material_count)
    model.M = pyo.Set(initialize=list(materials))
    model.STOCKED = pyo.Set(initialize=list(stocks))
    model.D = pyo.Set(initialize=list(range(len(instance.tiers))))
    holding = {(m, n): stocks[m].holding_usd_per_tonne_year * float(length[tree.period[n]]) for m, n in model.S_N}
    model.holding = pyo.Param(model.S_N, initialize=holding)
    floor_cost = {(m, n): instance.floor_shortfall_cost(m) * float(length[tree.period[n]]) for m, n in model.FLOORS}
    model.floor_cost = pyo.Param(model.FLOORS, initialize=floor_cost)
    model.closing_cost = pyo.Param(
        model.CLOSING, initialize={(m, n): instance.closing_shortfall_cost(m) for m, n in model.CLOSING}
    )
    disposal = {m: stocks[m].disposal_usd_per_tonne if m in stocks else 0.0 for m in materials}
    model.disposal = pyo.Param(model.M, initialize=disposal)
    model.shortage = pyo.Param(model.D, initialize={d: tier.shortage_cost for d, tier in enumerate(instance.tiers)})


def purchases(model: pyo.ConcreteModel) -> tuple[CostTerm, ...]:
    """What is paid for tonnes: the part of spend(n) that is charged for risk."""
    return (
        (model.L, lambda l, n: model.contract_cost[l, n] * model.y[l, n]),
        (model.SPOT, lambda l, n: model.spot_cost[l, n] * model.z[l, n]),
    )


def commitments(model: pyo.ConcreteModel) -> tuple[CostTerm, ...]:
    """What is paid for contracts, whatever they deliver: the rest of spend(n)."""
    return (
        (model.FEES, lambda l, n: model.fee[l] * model.q[l, model.contract[l, n]]),
        (model.FIXED, lambda l, n: model.fixed_cost[l] * model.b[l, model.contract[l, n]]),
    )


def other(model: pyo.ConcreteModel) -> tuple[CostTerm, ...]:
    """other(n), but for what is missing from stock and what is built."""
    return (
        (model.STOCKED, lambda m, n: model.holding[m, n] * model.I[m, n]),
        (model.M, lambda m, n: model.disposal[m] * model.x[m, n]),
        (model.D, lambda d, n: model.shortage[d] * model.u[d, n]),
        *substitution_costs(model),
        *footprint_costs(model),
    )


def paired(model: pyo.ConcreteModel) -> tuple[CostTerm, ...]:
    """The rest of other(n), at the pairs where there is any: what can fall short where, and what can stand where."""
    return (
        (model.FLOORS, lambda m, n: model.floor_cost[m, n] * model.below_floor[m, n]),
        (model.CLOSING, lambda m, n: model.closing_cost[m, n] * model.below_closing[m, n]),
        (model.STANDING, lambda l, n: model.standing_cost[l, n] * model.standing[l, n]),
    )


def spend(model: pyo.ConcreteModel, n: Any) -> Any:
    """spend(n): purchases with duty and freight, fees and fixed costs, USD."""
    return at_node(n, *purchases(model), *commitments(model))


def at_node(n: Any, *terms: CostTerm) -> Any:
    """What kinds of cost add up to at a node, USD."""
    return sum([sum(usd(i, n) for i in index) for index, usd in terms if index])
