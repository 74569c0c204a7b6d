"""A plan's sums made again from its own quantities and the problem's figures, without the solver's arrays.

A second way to the numbers that `lodestock_optimizers.extraction` reads from the solved model: term by term, as
docs/model.md writes them. What agrees here belongs to the problem; what does not is the plan of another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from .field_paths import Place
from .instance import Instance, shortage_costs
from .plan import CostBreakdown, Delivery, MaterialBalance, Plan
from .problem import DAYS_PER_YEAR, DemandTier, Source, SourcingProblem, by_period

RELATIVE = 1e-6
"""What was too small for the plan to list may be missing from its sums."""

KINDS = (
    "contract_usd",
    "spot_usd",
    "fees_usd",
    "holding_usd",
    "shortage_usd",
    "floor_shortfall_usd",
    "closing_shortfall_usd",
    "disposal_usd",
)


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
        make = self._makers.get(place.family)
        return None if make is None else make(int(path[1]), path)

    @cached_property
    def _makers(self) -> Mapping[str, Callable[[int, tuple[str | int, ...]], float | None]]:
        plan = self._plan
        return {
            "nodes.probability": lambda n, _: self._probability(n),
            "nodes.spend_usd": lambda n, _: self._spend.get(n, 0.0),
            "deliveries.landed_cost_usd_per_tonne": lambda i, _: self._landed(plan.deliveries[i]),
            "deliveries.spot_cost_usd_per_tonne": lambda i, _: self._spot(plan.deliveries[i]),
            "balances.demand_tonnes": lambda i, _: self._demand(plan.balances[i]),
            "balances.supply_tonnes": lambda i, _: self._supplied(plan.balances[i]),
            "balances.days_of_cover": lambda i, _: self._cover(plan.balances[i]),
            "materials.supply_hhi": lambda i, _: self._hhi(plan.materials[i].material_id),
            "materials.supply_risk": lambda i, _: self._supply_risk(plan.materials[i].material_id),
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

    def _cover(self, balance: MaterialBalance) -> float:
        if balance.stock_tonnes <= 0:
            return 0.0
        if balance.demand_tonnes <= 0:
            return float("inf")
        return balance.stock_tonnes / balance.demand_tonnes * self._years(balance.node_id) * DAYS_PER_YEAR

    @cached_property
    def _delivered(self) -> dict[tuple[str, int], float]:
        """Tonnes by material and node."""
        found: dict[tuple[str, int], float] = {}
        for delivery in self._plan.deliveries:
            key = (self._source[delivery.source_id].material_id, delivery.node_id)
            found[key] = found.get(key, 0.0) + delivery.contract_tonnes + delivery.spot_tonnes
        return found

    @cached_property
    def _spend(self) -> dict[int, float]:
        """USD by node, not discounted."""
        spent: dict[int, float] = {}
        for delivery in self._plan.deliveries:
            cost = delivery.contract_tonnes * delivery.landed_cost_usd_per_tonne
            cost += delivery.spot_tonnes * (delivery.spot_cost_usd_per_tonne or 0.0)
            spent[delivery.node_id] = spent.get(delivery.node_id, 0.0) + cost
        for contract in self._plan.contracts:
            fee = self._source[contract.source_id].reservation_fee_usd_per_tonne * contract.contracted_tonnes
            for node in contract.node_ids:
                spent[node] = spent.get(node, 0.0) + fee
        return spent

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
    def _costs(self) -> dict[str, dict[str, float]]:
        """Costs by kind and material, expected and discounted, from the plan's quantities."""
        costs = {m.material_id: dict.fromkeys((*KINDS, "risk_charge_usd"), 0.0) for m in self._problem.materials}
        for delivery in self._plan.deliveries:
            self._add_delivery(costs[self._source[delivery.source_id].material_id], delivery)
        for contract in self._plan.contracts:
            source = self._source[contract.source_id]
            weight = sum(self._weight(node) for node in contract.node_ids)
            fee = weight * source.reservation_fee_usd_per_tonne * contract.contracted_tonnes
            costs[source.material_id]["fees_usd"] += fee
        for balance in self._plan.balances:
            self._add_balance(costs[balance.material_id], balance)
        for found in costs.values():
            found["expected_cost_usd"] = sum(found[kind] for kind in KINDS)
            charge = self._problem.price_of_risk * found["risk_charge_usd"]
            found["objective_usd"] = found["expected_cost_usd"] + charge
        return costs

    def _add_delivery(self, costs: dict[str, float], delivery: Delivery) -> None:
        weight = self._weight(delivery.node_id)
        contract = weight * delivery.contract_tonnes * delivery.landed_cost_usd_per_tonne
        spot = weight * delivery.spot_tonnes * (delivery.spot_cost_usd_per_tonne or 0.0)
        costs["contract_usd"] += contract
        costs["spot_usd"] += spot
        costs["risk_charge_usd"] += self._source[delivery.source_id].risk * (contract + spot)

    def _add_balance(self, costs: dict[str, float], balance: MaterialBalance) -> None:
        m = self._position[balance.material_id]
        weight, years = self._weight(balance.node_id), self._years(balance.node_id)
        missing = shortage_costs(self._problem.materials[m])
        costs["shortage_usd"] += weight * sum(missing[short.tier] * short.tonnes for short in balance.shortages)
        stock = self._problem.materials[m].stock
        if stock is None:
            return
        costs["holding_usd"] += weight * years * stock.holding_usd_per_tonne_year * balance.stock_tonnes
        below = years * self._instance.floor_shortfall_cost(m) * balance.below_floor_tonnes
        costs["floor_shortfall_usd"] += weight * below
        closing = self._instance.closing_shortfall_cost(m) * balance.closing_shortfall_tonnes
        costs["closing_shortfall_usd"] += weight * closing
        costs["disposal_usd"] += weight * stock.disposal_usd_per_tonne * balance.disposed_tonnes


def disagrees(stated: float, made_again: float, costs: CostBreakdown | None, in_usd: bool) -> bool:
    """Whether a number and its recomputation are further apart than what the plan leaves out as too small to list."""
    scale = max(abs(stated), abs(made_again), 1.0)
    if in_usd and costs is not None:
        scale = max(scale, abs(costs.objective_usd))
    return not (stated == made_again or abs(stated - made_again) <= RELATIVE * scale)
