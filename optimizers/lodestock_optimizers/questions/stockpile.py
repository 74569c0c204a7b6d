"""How large a stockpile must be for named tiers not to be short, in all scenarios or in most of them.

The opening stock becomes a decision: what is there already is free, each tonne beyond it is bought at one price before
the first period. Owns the request, its checks and the answer; solving and reading is the matter of `stockpile_sizes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import ConflictingRule, CostBreakdown, PlanStatus, Relaxation
from lodestock_optimizers.problem import DemandTier, SourcingProblem
from lodestock_optimizers.sizing import CERTAIN
from lodestock_optimizers.violations import Violation

NAMED_TIERS = (DemandTier.DEFENCE, DemandTier.ESSENTIAL)
"""Tiers that must not be short where the caller names none."""


@dataclass(frozen=True, slots=True)
class SizeRequest:
    """What is asked.

    Attributes:
        material_ids: Whose opening stock is sized; none: that of all with a stock policy.
        tiers: Tiers of these materials, and of what is made of them, that must not be short.
        min_probabilities: Least probability of the scenarios in which they are not, one answer each.
        hold_contracts: Whether contracts are those of the plan of the problem, rather than free.
    """

    material_ids: tuple[str, ...] = ()
    tiers: tuple[DemandTier, ...] = NAMED_TIERS
    min_probabilities: tuple[float, ...] = (CERTAIN,)
    hold_contracts: bool = False


@dataclass(frozen=True, slots=True)
class SizedStock:
    """The opening stock of one material, tonnes, and what it costs, USD; days are of the first period's demand."""

    material_id: str
    opening_tonnes: float
    owned_tonnes: float
    bought_tonnes: float
    days: float
    price_usd_per_tonne: float
    purchase_usd: float
    holding_usd: float


@dataclass(frozen=True, slots=True)
class ShortTonnes:
    """Tonnes that a tier lacks at a node, and the scenarios that pass through it."""

    material_id: str
    tier: DemandTier
    period: int
    node_id: int
    scenario_ids: tuple[str, ...]
    tonnes: float


@dataclass(frozen=True, slots=True)
class DecidingDemand:
    """Demand that decides the size of the stock.

    Attributes:
        opening_tonnes_per_tonne: Opening stock that one tonne more of this demand makes necessary.
        cost_usd_per_tonne: What that tonne adds to the objective: stock, and all else that serves it, by its chance.
    """

    material_id: str
    period: int
    node_id: int
    scenario_ids: tuple[str, ...]
    probability: float
    opening_tonnes_per_tonne: float
    cost_usd_per_tonne: float


@dataclass(frozen=True, slots=True)
class SparedScenarios:
    """Scenarios that end in the same leaf and in which a named tier is short."""

    scenario_ids: tuple[str, ...]
    probability: float
    shortages: tuple[ShortTonnes, ...]


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Why no opening stock is enough: the shortage that is left at least, and the limits that keep it.

    `probability` is the most of scenarios that can be without shortage, None where time ended the search for it.
    """

    probability: float | None
    shortages: tuple[ShortTonnes, ...]
    limits: tuple[ConflictingRule, ...]
    relaxations: tuple[Relaxation, ...] = ()


@dataclass(frozen=True, slots=True)
class StockpileSize:
    """The stockpile for one least probability; `costs` None where there is none.

    `costs` are those of the plan with it, without its purchase; `objective_usd` counts both.
    """

    min_probability: float
    status: PlanStatus
    costs: CostBreakdown | None = None
    objective_usd: float = 0.0
    bound_usd: float = 0.0
    purchase_usd: float = 0.0
    served_probability: float = 0.0
    stocks: tuple[SizedStock, ...] = ()
    deciding: tuple[DecidingDemand, ...] = ()
    spared: tuple[SparedScenarios, ...] = ()
    unreachable: Unreachable | None = None


@dataclass(frozen=True, slots=True)
class StockpileSizes:
    """The plan with the opening stock that there is, and the stockpiles in the order of the request."""

    status: PlanStatus
    costs: CostBreakdown | None = None
    sizes: tuple[StockpileSize, ...] = ()
    relaxations: tuple[Relaxation, ...] = field(default=())
    conflict: tuple[ConflictingRule, ...] = field(default=())


def sized_materials(problem: SourcingProblem, material_ids: Sequence[str]) -> list[int]:
    """The indices of the materials whose opening stock is sized."""
    wanted = set(material_ids)
    return [
        m
        for m, material in enumerate(problem.materials)
        if material.stock is not None and (not wanted or material.material_id in wanted)
    ]


def opening_prices(instance: Instance, materials: Sequence[int]) -> dict[int, float]:
    """USD per tonne of opening stock: the mean landed cost in the first period, by capacity; NaN without capacity.

    What a plant takes is in the price of what it makes.
    """
    landed, feeds = instance.price[0] * (1.0 + instance.tariff[0]) + instance.freight, instance.feeds
    prices: dict[int, float] = {}
    for m in reversed(feeds.products_first):
        sources = instance.sources_of[m]
        feed = [feeds.per_tonne[l] * prices[feeds.taken[l]] if feeds.taken[l] >= 0 else 0.0 for l in sources]
        capacity = instance.capacity[0, sources]
        total = float(capacity.sum())
        # A plant without capacity counts for nothing, whatever its feed costs.
        priced = np.where(capacity > 0, capacity * (landed[sources] + np.array(feed)), 0.0)
        prices[m] = float(priced.sum()) / total if total > 0 else np.nan
    return {m: prices[m] for m in materials}


def size_violations(problem: SourcingProblem, request: SizeRequest) -> Iterator[Violation]:
    """What keeps a question from being put to a valid problem, with paths that start at the request."""
    stocks = {material.material_id: material.stock for material in problem.materials}
    for i, name in enumerate(request.material_ids):
        path = f"material_ids[{i}]"
        if name not in stocks:
            yield Violation(path, f"'{name}' is no material of the problem")
        elif stocks[name] is None:
            yield Violation(path, f"'{name}' has no stock policy in the problem, must have one")
        elif name in request.material_ids[:i]:
            yield Violation(path, f"'{name}' is given more than once")
    materials = sized_materials(problem, request.material_ids)
    if not request.material_ids and not materials:
        yield Violation("material_ids", "is empty, and no material of the problem has a stock policy: one must have")
    instance = Instance(problem)
    served = instance.feeds.with_products(materials)
    if materials and not any(d.tier in request.tiers for m in served for d in problem.materials[m].demand):
        yield Violation("tiers", "none of these tiers is one of the materials', must name one that has a demand")
    for m, price in opening_prices(instance, materials).items():
        if np.isnan(price):
            text = f"no source of '{problem.materials[m].material_id}' has a capacity in the first period"
            yield Violation("material_ids", f"{text}: there is no price for its opening stock")
