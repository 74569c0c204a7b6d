"""What the plan costs: spending, all other cost, the charge for risk, and the objective made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyomo.environ as pyo

from lodestock_optimizers.instance import Instance

from .writing import pairs


def add_prices(model: pyo.ConcreteModel, instance: Instance) -> None:
    """What a tonne costs under contract and spot, and the fee for it."""
    sources = range(instance.source_count)
    model.L = pyo.Set(initialize=list(sources))
    model.FEES = pyo.Set(initialize=[l for l in sources if instance.fee[l] > 0])
    model.fee = pyo.Param(model.L, initialize=dict(enumerate(instance.fee.tolist())))
    model.contract_cost = pyo.Param(model.L_N, initialize=pairs(instance.contract_cost))
    spot_cost = {(l, n): float(instance.spot_cost[n, l]) for l, n in model.SPOT_N}
    model.spot_cost = pyo.Param(model.SPOT_N, initialize=spot_cost)


def spend(model: pyo.ConcreteModel, n: Any) -> Any:
    """spend(n): purchases with duty and freight, and fees, USD."""
    terms: tuple[tuple[pyo.Set, Callable[[Any], Any]], ...] = (
        (model.L, lambda l: model.contract_cost[l, n] * model.y[l, n]),
        (model.SPOT, lambda l: model.spot_cost[l, n] * model.z[l, n]),
        (model.FEES, lambda l: model.fee[l] * model.q[l, model.contract[l, n]]),
    )
    return sum(sum(term(l) for l in sources) for sources, term in terms if sources)


def add_objective(model: pyo.ConcreteModel, instance: Instance) -> None:
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
