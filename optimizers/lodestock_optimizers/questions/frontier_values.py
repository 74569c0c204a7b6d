"""What a frontier between cost and risk is made of, and what its plans may not do worse than the cheapest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lodestock_optimizers.compiled import CompiledProblem
from lodestock_optimizers.plan import ConflictingRule, CostBreakdown, PlanStatus, Relaxation
from lodestock_optimizers.reading.answer import NO_FAMILY
from lodestock_optimizers.reading.suppliers import SupplierTonnes
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.ties import material_groups

CAPPED = ("u", "below_floor", "below_closing")
"""The variables whose cost no plan on the frontier may raise above the cheapest plan's, each for itself, and each for
every group of materials that something ties: what has nothing to do with the others cannot make good for them."""


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """The cheapest plan whose expected risk charge is at most `max_risk_charge_usd`.

    `price_of_risk` is what a dollar less of risk charge costs here: the λ at which this plan is the best.
    `cost_increase` is the expected cost above the cheapest plan's, as a fraction of it.
    """

    max_risk_charge_usd: float
    costs: CostBreakdown
    price_of_risk: float
    cost_increase: float
    suppliers: tuple[SupplierTonnes, ...]


@dataclass(frozen=True, slots=True)
class Frontier:
    """OPTIMAL with all points, the cheapest first; FEASIBLE with those found until time ended it or the solver had no
    answer; else why there is none.
    """

    status: PlanStatus
    points: tuple[FrontierPoint, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    conflict: tuple[ConflictingRule, ...] = ()


def capped(part: CompiledProblem) -> Iterator[Floats]:
    """(columns,) each cost that no plan on the frontier may raise: of one variable, over materials that are tied."""
    instance = part.instance
    by_tier = np.array([tier.material for tier in instance.tiers], dtype=np.int64)
    for name in CAPPED:
        family, cost = part.arrays.columns.get(name, NO_FAMILY), part.cost_of(name)
        first = family.index[:, 0]
        for group in dict.fromkeys(material_groups(instance.problem)):
            own = family.position[np.isin(by_tier[first] if name == "u" else first, list(group))]
            row = np.zeros_like(cost)
            row[own] = cost[own]
            if row.any():
                yield row
