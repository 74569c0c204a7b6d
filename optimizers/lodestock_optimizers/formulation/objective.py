"""The objective: expected cost, the tail's cost where it has a weight, and the charge for risk."""

from __future__ import annotations

from typing import Any

from lodestock_optimizers.formulation import declaring as pyo
from lodestock_optimizers.instance import Instance

from .costs import commitments, other, paired, purchases
from .sizing import opening_cost
from .tail import tail_cost
from .writing import pairs


def add_objective(model: pyo.ConcreteModel, instance: Instance) -> None:
    """(1−β)·Σ π·δ·[spend(n) + other(n)] + β·CVaR + λ·Σ π·δ·charge(n), the charge being Σ ρ·(κ·y + κˢ·z).

    In a sizing, what the opening stock costs comes on top: none of it is spend(n), and none is charged for risk.
    """
    problem = instance.problem
    money = 1.0 - problem.tail_weight
    model.weight = pyo.Param(model.N, initialize=dict(enumerate((money * instance.weight).tolist())))
    worry = instance.weight[:, None] * (money + problem.price_of_risk * instance.risk)[None, :]
    model.worry = pyo.Param(model.L_N, initialize=pairs(worry))
    model.cost = pyo.Objective(rule=_weighed_cost)


def _weighed_cost(b: pyo.ConcreteModel) -> Any:
    bought = sum([sum(b.worry[l, n] * usd(l, n) for l in index for n in b.N) for index, usd in purchases(b) if index])
    everywhere = (*commitments(b), *other(b))
    rest = sum([sum(b.weight[n] * usd(i, n) for i in index for n in b.N) for index, usd in everywhere if index])
    at_pairs = sum([sum(b.weight[n] * usd(i, n) for i, n in index) for index, usd in paired(b) if index])
    return bought + rest + at_pairs + tail_cost(b) + opening_cost(b)
