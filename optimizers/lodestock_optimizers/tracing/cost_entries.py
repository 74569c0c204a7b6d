"""What a plan costs, entry by entry: who, where and what for, from its own quantities and the problem's figures.

The second way to what `reading.extraction` reads from the solved model: term by term, as docs/model.md writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lodestock_optimizers.instance import Instance, shortage_costs
from lodestock_optimizers.plan import BuiltCapacity, Contract, Delivery, MaterialBalance, Plan, PlanNode
from lodestock_optimizers.problem import Source

KINDS = (
    "contract_usd",
    "spot_usd",
    "fees_usd",
    "holding_usd",
    "shortage_usd",
    "floor_shortfall_usd",
    "closing_shortfall_usd",
    "disposal_usd",
    "substitution_usd",
    "footprint_usd",
    "fixed_usd",
    "investment_usd",
)
"""The kinds of cost that make up what is spent and all other cost."""

SPENT = ("contract_usd", "spot_usd", "fees_usd", "fixed_usd")
"""The kinds that are spending, and count in the budget."""

CHARGE = "risk_charge_usd"
"""The charge for risk, which stands apart."""


class CostEntry(NamedTuple):
    """What one material costs at one node for one reason, USD, neither discounted nor weighted by probability."""

    material_id: str
    node_id: int
    kind: str
    usd: float


def cost_entries(instance: Instance, plan: Plan) -> Iterator[CostEntry]:
    """Every cost of a plan and its charges for risk.

    Args:
        instance: The numbers of its problem.
        plan: The plan: names and nodes are those of the problem.
    """
    sources = {s.source_id: s for s in instance.problem.sources}
    for delivery in plan.deliveries:
        yield from _of_delivery(instance, sources[delivery.source_id], delivery)
    for built in plan.expansions:
        yield from _of_expansion(instance, sources[built.source_id], built, plan.nodes)
    for contract in plan.contracts:
        yield from _of_contract(sources[contract.source_id], contract)
    position = {m.material_id: i for i, m in enumerate(instance.problem.materials)}
    for balance in plan.balances:
        yield from _of_balance(instance, position[balance.material_id], balance, plan.nodes[balance.node_id].period)
    substitutions = {j.substitution_id: j for j in instance.problem.substitutions}
    for use in plan.substitutions:
        substitution = substitutions[use.substitution_id]
        usd = substitution.cost_usd_per_tonne * use.tonnes
        yield CostEntry(substitution.material_id, use.node_id, "substitution_usd", usd)


def _of_delivery(instance: Instance, source: Source, delivery: Delivery) -> Iterator[CostEntry]:
    contract = delivery.contract_tonnes * delivery.landed_cost_usd_per_tonne
    spot = delivery.spot_tonnes * (delivery.spot_cost_usd_per_tonne or 0.0)
    price = {policy.kind: policy.price_usd_per_unit for policy in instance.problem.footprint_policies}
    burden = sum(price.get(footprint.kind, 0.0) * footprint.per_tonne for footprint in source.footprints)
    tonnes = delivery.contract_tonnes + delivery.spot_tonnes
    yield CostEntry(source.material_id, delivery.node_id, "contract_usd", contract)
    yield CostEntry(source.material_id, delivery.node_id, "spot_usd", spot)
    yield CostEntry(source.material_id, delivery.node_id, "footprint_usd", burden * tonnes)
    yield CostEntry(source.material_id, delivery.node_id, CHARGE, source.risk * (contract + spot))


def _of_expansion(
    instance: Instance, source: Source, built: BuiltCapacity, nodes: Sequence[PlanNode]
) -> Iterator[CostEntry]:
    """What is built is owed at every node below the one of its decision while it stands."""
    if built.tonnes_per_year <= 0:
        return
    for node in nodes:
        stands = built.ready_period <= node.period <= built.last_period
        if stands and int(instance.tree.ancestor[node.node_id, built.period]) == built.node_id:
            years = instance.problem.periods[node.period].length_years
            usd = years * built.yearly_cost_usd_per_tonne_year * built.tonnes_per_year
            yield CostEntry(source.material_id, node.node_id, "investment_usd", usd)


def _of_contract(source: Source, contract: Contract) -> Iterator[CostEntry]:
    fee = source.reservation_fee_usd_per_tonne * contract.contracted_tonnes
    for node in contract.node_ids:
        yield CostEntry(source.material_id, node, "fees_usd", fee)
        yield CostEntry(source.material_id, node, "fixed_usd", contract.fixed_cost_usd)


def _of_balance(instance: Instance, m: int, balance: MaterialBalance, period: int) -> Iterator[CostEntry]:
    material, years = instance.problem.materials[m], instance.problem.periods[period].length_years
    missing = shortage_costs(material)
    costs = {"shortage_usd": sum(missing[short.tier] * short.tonnes for short in balance.shortages)}
    if material.stock is not None:
        costs |= {
            "holding_usd": years * material.stock.holding_usd_per_tonne_year * balance.stock_tonnes,
            "floor_shortfall_usd": years * instance.floor_shortfall_cost(m) * balance.below_floor_tonnes,
            "closing_shortfall_usd": instance.closing_shortfall_cost(m) * balance.closing_shortfall_tonnes,
            "disposal_usd": material.stock.disposal_usd_per_tonne * balance.disposed_tonnes,
        }
    for kind, usd in costs.items():
        yield CostEntry(balance.material_id, balance.node_id, kind, usd)
