"""A plan's sums made again from its own quantities and the problem's figures, without the solver's arrays.

A second way to the numbers that `lodestock_optimizers.reading.extraction` reads from the solved model: term by term, as
docs/model.md writes them. What agrees here belongs to the problem; what does not is the plan of another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from lodestock_optimizers.field_paths import Place
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import CostBreakdown, Delivery, MaterialBalance, Plan
from lodestock_optimizers.problem import DAYS_PER_YEAR, DemandTier, Source, SourcingProblem, by_period
from lodestock_optimizers.tracing.cost_entries import CHARGE, KINDS, SPENT, CostEntry, cost_entries

RELATIVE = 1e-6
"""What was too small for the plan to list may be missing from its sums."""


class Recomputation:
    """The sums of one plan.

    Args:
        problem: A problem without violations.
        plan: Its plan: names and nodes are those of the problem.
    """

    def __init__(self, problem: SourcingProblem, plan: Plan) -> None:
        self._problem = problem
        self._plan = plan
        self._instance = Instance(problem)
        self._source = {s.source_id: s for s in problem.sources}
        self._position = {m.material_id: i for i, m in enumerate(problem.materials)}

    def value(self, place: Place) -> float | None:
        """The number at a place, made again; None where it is a decision or a price, which only a solver can make."""
        path = place.steps
        if place.family.startswith("materials.costs."):
            return self._costs[self._plan.materials[int(path[1])].material_id].get(str(path[-1]))
        if place.family.startswith("costs."):
            name = str(path[-1])
            return sum((costs.get(name, 0.0) for costs in self._costs.values()), 0.0)
        if place.family == "cvar_usd":
            return sum((node.tail_share or 0.0) * self._path_cost[node.node_id] for node in self._plan.nodes)
        make = self._makers.get(place.family)
        return None if make is None else make(int(path[1]), path)

    @cached_property
    def _makers(self) -> Mapping[str, Callable[[int, tuple[str | int, ...]], float | None]]:
        plan, uses = self._plan, self._plan.footprints
        return {
            "nodes.probability": lambda n, _: self._probability(n),
            "nodes.spend_usd": lambda n, _: self._spend.get(n, 0.0),
            "nodes.path_cost_usd": lambda n, _: self._path_cost[n],
            "deliveries.landed_cost_usd_per_tonne": lambda i, _: self._landed(plan.deliveries[i]),
            "deliveries.spot_cost_usd_per_tonne": lambda i, _: self._spot(plan.deliveries[i]),
            "balances.demand_tonnes": lambda i, _: self._demand(plan.balances[i]),
            "balances.supply_tonnes": lambda i, _: self._supplied(plan.balances[i]),
            "balances.fed_tonnes": lambda i, _: self._taken(plan.balances[i]),
            "balances.days_of_cover": lambda i, _: self._cover(plan.balances[i]),
            "materials.supply_hhi": lambda i, _: self._hhi(plan.materials[i].material_id),
            "materials.supply_risk": lambda i, _: self._supply_risk(plan.materials[i].material_id),
            "footprints.units": lambda i, _: self._left_behind.get((uses[i].kind, uses[i].node_id), 0.0),
            "materials.expected_shortages.tonnes": lambda i, path: self._expected_shortage(i, int(path[3])),
        }

    def _weight(self, node: int) -> float:
        """π·δ of a node."""
        return self._plan.nodes[node].probability * float(self._instance.discount[self._plan.nodes[node].period])

    def _years(self, node: int) -> float:
        return self._problem.periods[self._plan.nodes[node].period].length_years

    def _probability(self, node: int) -> float:
        """What the scenarios that pass through add up to, and on the trunk what all scenarios leave."""
        chance = {s.scenario_id: s.probability for s in self._problem.scenarios}
        passing = sum(chance[name] for name in self._plan.nodes[node].scenario_ids)
        return passing + (max(0.0, 1.0 - sum(chance.values())) if self._plan.nodes[node].on_trunk else 0.0)

    def _landed(self, delivery: Delivery) -> float:
        """κ: the price with what the node's scenarios make of it, duty and freight."""
        source = self._source[delivery.source_id]
        factor = 1.0 if source.fixed_price else self._price_factor(source, delivery.node_id)
        return self._dutiable(source, delivery.node_id) * factor + source.freight_usd_per_tonne

    def _spot(self, delivery: Delivery) -> float:
        """κˢ."""
        source = self._source[delivery.source_id]
        price = self._dutiable(source, delivery.node_id) * self._price_factor(source, delivery.node_id)
        return (price + source.freight_usd_per_tonne) * (1.0 + source.spot_premium)

    def _dutiable(self, source: Source, node: int) -> float:
        period, count = self._plan.nodes[node].period, len(self._problem.periods)
        tariff = by_period(source.tariff_rate or (0.0,), count)[period]
        return by_period(source.unit_price_usd_per_tonne, count)[period] * (1.0 + tariff)

    def _price_factor(self, source: Source, node: int) -> float:
        """Every scenario that passes through a node makes the same of it, so that one of them is enough."""
        here = self._plan.nodes[node]
        last = len(self._problem.periods) - 1
        for scenario in self._problem.scenarios:
            if scenario.scenario_id not in here.scenario_ids:
                continue
            end = last if scenario.end_period is None else scenario.end_period
            factor = 1.0
            if scenario.onset_period <= here.period <= end:
                for disruption in scenario.disruptions:
                    factor *= disruption.price_factor if disruption.hits(source) else 1.0
            return factor
        return 1.0

    def _demand(self, balance: MaterialBalance) -> float:
        material = self._position[balance.material_id]
        period, count = self._plan.nodes[balance.node_id].period, len(self._problem.periods)
        tiers = self._problem.materials[material].demand
        base = sum(by_period(tier.demand_tonnes, count)[period] for tier in tiers)
        return base * float(self._instance.tree.demand_factor[balance.node_id, material])

    def _supplied(self, balance: MaterialBalance) -> float:
        return self._delivered.get((balance.material_id, balance.node_id), 0.0)

    def _taken(self, balance: MaterialBalance) -> float:
        return self._fed.get((balance.material_id, balance.node_id), 0.0)

    def _cover(self, balance: MaterialBalance) -> float:
        if balance.stock_tonnes <= 0:
            return 0.0
        used = balance.demand_tonnes + balance.fed_tonnes
        if used <= 0:
            return float("inf")
        return balance.stock_tonnes / used * self._years(balance.node_id) * DAYS_PER_YEAR

    @cached_property
    def _delivered(self) -> dict[tuple[str, int], float]:
        """Tonnes by material and node."""
        found: dict[tuple[str, int], float] = {}
        for delivery in self._plan.deliveries:
            key = (self._source[delivery.source_id].material_id, delivery.node_id)
            found[key] = found.get(key, 0.0) + delivery.contract_tonnes + delivery.spot_tonnes
        return found

    @cached_property
    def _fed(self) -> dict[tuple[str, int], float]:
        """Tonnes that the sources of other materials take, by material and node."""
        found: dict[tuple[str, int], float] = {}
        for delivery in self._plan.deliveries:
            feed = self._source[delivery.source_id].feed
            if feed is not None:
                key = (feed.material_id, delivery.node_id)
                taken = feed.tonnes_per_tonne * (delivery.contract_tonnes + delivery.spot_tonnes)
                found[key] = found.get(key, 0.0) + taken
        return found

    @cached_property
    def _spend(self) -> dict[int, float]:
        """USD by node, not discounted."""
        spent: dict[int, float] = {}
        for _, node, kind, usd in self._entries:
            if kind in SPENT:
                spent[node] = spent.get(node, 0.0) + usd
        return spent

    @cached_property
    def _left_behind(self) -> dict[tuple[str, int], float]:
        """Units by kind of footprint and node."""
        found: dict[tuple[str, int], float] = {}
        for delivery in self._plan.deliveries:
            for footprint in self._source[delivery.source_id].footprints:
                key = (footprint.kind, delivery.node_id)
                units = footprint.per_tonne * (delivery.contract_tonnes + delivery.spot_tonnes)
                found[key] = found.get(key, 0.0) + units
        return found

    @cached_property
    def _expected(self) -> dict[str, dict[str, float]]:
        """Expected tonnes by material and source."""
        found: dict[str, dict[str, float]] = {m.material_id: {} for m in self._problem.materials}
        for delivery in self._plan.deliveries:
            of_material = found[self._source[delivery.source_id].material_id]
            tonnes = delivery.contract_tonnes + delivery.spot_tonnes
            expected = self._plan.nodes[delivery.node_id].probability * tonnes
            of_material[delivery.source_id] = of_material.get(delivery.source_id, 0.0) + expected
        return found

    def _hhi(self, material_id: str) -> float:
        by_country: dict[str, float] = {}
        for source_id, tonnes in self._expected[material_id].items():
            country = self._source[source_id].country
            by_country[country] = by_country.get(country, 0.0) + tonnes
        total = sum(by_country.values())
        return sum((tonnes / total) ** 2 for tonnes in by_country.values()) if total else 0.0

    def _supply_risk(self, material_id: str) -> float:
        expected = self._expected[material_id]
        total = sum(expected.values())
        return sum(t / total * self._source[s].risk for s, t in expected.items()) if total else 0.0

    def _expected_shortage(self, material: int, position: int) -> float:
        summary = self._plan.materials[material]
        return self._short.get((summary.material_id, summary.expected_shortages[position].tier), 0.0)

    @cached_property
    def _short(self) -> dict[tuple[str, DemandTier], float]:
        """Expected tonnes short by material and tier."""
        found: dict[tuple[str, DemandTier], float] = {}
        for balance in self._plan.balances:
            for short in balance.shortages:
                key = (balance.material_id, short.tier)
                expected = self._plan.nodes[balance.node_id].probability * short.tonnes
                found[key] = found.get(key, 0.0) + expected
        return found

    @cached_property
    def _entries(self) -> list[CostEntry]:
        return list(cost_entries(self._instance, self._plan))

    @cached_property
    def _costs(self) -> dict[str, dict[str, float]]:
        """Costs by material and kind, expected and discounted, and the objective that they are part of."""
        names = (*KINDS, CHARGE, "objective_usd")
        costs = {m.material_id: dict.fromkeys(names, 0.0) for m in self._problem.materials}
        for material_id, node, kind, usd in self._entries:
            found = costs[material_id]
            found[kind] += self._weight(node) * usd
            if kind == CHARGE:
                found["objective_usd"] += self._problem.price_of_risk * self._weight(node) * usd
            else:
                found["objective_usd"] += self._weight_with_tail[node] * usd
        for found in costs.values():
            found["expected_cost_usd"] = sum(found[kind] for kind in KINDS)
        return costs

    @cached_property
    def _weight_with_tail(self) -> list[float]:
        """δ·[(1−β)·π + β·Σ tail shares of the leaves below] of each node."""
        nodes, beta = self._plan.nodes, self._problem.tail_weight
        below = [node.tail_share or 0.0 for node in nodes]
        # Children come after their parents.
        for node in reversed(nodes):
            if node.parent_id >= 0:
                below[node.parent_id] += below[node.node_id]
        chance = [(1.0 - beta) * node.probability + beta * below[node.node_id] for node in nodes]
        return [float(self._instance.discount[node.period]) * chance[node.node_id] for node in nodes]

    @cached_property
    def _path_cost(self) -> list[float]:
        """Discounted cost of the path that leads to each node, USD."""
        cost = [0.0] * len(self._plan.nodes)
        for _, node, kind, usd in self._entries:
            if kind != CHARGE:
                cost[node] += float(self._instance.discount[self._plan.nodes[node].period]) * usd
        for here in self._plan.nodes:
            if here.parent_id >= 0:
                cost[here.node_id] += cost[here.parent_id]
        return cost


def disagrees(stated: float, made_again: float, costs: CostBreakdown | None, in_usd: bool) -> bool:
    """Whether a number and its recomputation are further apart than what the plan leaves out as too small to list."""
    scale = max(abs(stated), abs(made_again), 1.0)
    if in_usd and costs is not None:
        scale = max(scale, abs(costs.objective_usd))
    return not (stated == made_again or abs(stated - made_again) <= RELATIVE * scale)
