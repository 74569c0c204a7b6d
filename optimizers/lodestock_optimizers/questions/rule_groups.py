"""The rules of a problem in groups that are priced together, and the prices.

Rules of one policy by name, such as "eu-crma-recycling/cobalt" and "eu-crma-recycling/tin", are one group.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from lodestock_optimizers.plan import CostBreakdown, PlanStatus
from lodestock_optimizers.problem import Material, SourcingProblem


class RuleFamily(Enum):
    """What kind of rules a group is of."""

    TRADE_RULE = "TRADE_RULE"
    STOCK_FLOOR = "STOCK_FLOOR"
    BUDGET = "BUDGET"


SEPARATOR = "/"
"""Ends the name of a group in the identifier of a rule."""


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are priced together.

    Attributes:
        family: What kind of rules they are.
        name: What the identifiers of trade rules begin with; empty for the others.
        rule_ids: The trade rules.
        material_ids: Materials that a stock floor is for.
    """

    family: RuleFamily
    name: str = ""
    rule_ids: tuple[str, ...] = ()
    material_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RulePrice:
    """What a group of rules costs, and how far the plan keeps it.

    Attributes:
        group: The rules.
        status: How the problem without them ended.
        cost_usd: Objective of the plan less that of the plan without them; None where one of them is no optimum.
        expected_cost_usd: The same of the expected cost, which has no risk charge in it and may be below 0.
        below_floor_tonnes: Expected tonnes below the floors at the end of a period, mean over the periods.
        breaches: Nodes and countries at which the trade rules are broken, since they cannot bind there.
    """

    group: RuleGroup
    status: PlanStatus
    cost_usd: float | None
    expected_cost_usd: float | None
    below_floor_tonnes: float = 0.0
    breaches: int = 0


@dataclass(frozen=True, slots=True)
class RulePrices:
    """The plan with all rules and what each group costs; `costs` None where there is no such plan."""

    status: PlanStatus
    costs: CostBreakdown | None
    prices: tuple[RulePrice, ...]


def rule_groups(problem: SourcingProblem) -> Iterator[RuleGroup]:
    """The groups of a problem: its trade rules by name, all its stock floors, its budget."""
    named: dict[str, list[str]] = {}
    for rule in problem.rules:
        named.setdefault(rule.rule_id.partition(SEPARATOR)[0], []).append(rule.rule_id)
    for name, ids in named.items():
        yield RuleGroup(RuleFamily.TRADE_RULE, name, tuple(ids))
    floored = tuple(material.material_id for material in problem.materials if _has_floor(material))
    if floored:
        yield RuleGroup(RuleFamily.STOCK_FLOOR, material_ids=floored)
    if problem.budget is not None:
        yield RuleGroup(RuleFamily.BUDGET)


def _has_floor(material: Material) -> bool:
    stock = material.stock
    return stock is not None and (stock.floor_days > 0 or any(each.value > 0 for each in stock.floor_days_by_state))
