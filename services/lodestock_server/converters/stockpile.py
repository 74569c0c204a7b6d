"""sourcing.proto, SizeStockpile: what is asked from messages, stockpiles to messages."""

from __future__ import annotations

from collections.abc import Iterable

from lodestock.v1 import sourcing_pb2
from lodestock_optimizers.questions.stockpile import (
    NAMED_TIERS,
    DecidingDemand,
    ShortTonnes,
    SizedStock,
    SizeRequest,
    SparedScenarios,
    StockpileSize,
    StockpileSizes,
    Unreachable,
)
from lodestock_optimizers.sizing import CERTAIN
from lodestock_server.converters.plan import STATUSES, conflicting_rule_to_proto, costs_to_proto, relaxation_to_proto
from lodestock_server.converters.sourcing import TIERS


def size_request_from_proto(message: sourcing_pb2.SizeStockpileRequest) -> SizeRequest:
    """Read what is asked."""
    return SizeRequest(
        material_ids=tuple(message.material_ids),
        tiers=tuple(TIERS.from_proto(tier) for tier in message.tiers) or NAMED_TIERS,
        min_probabilities=tuple(message.min_probabilities) or (CERTAIN,),
        hold_contracts=message.hold_contracts,
    )


def sizes_to_proto(found: StockpileSizes) -> sourcing_pb2.SizeStockpileResponse:
    """Write the base and the stockpiles."""
    base = found.costs
    return sourcing_pb2.SizeStockpileResponse(
        status=STATUSES.to_proto(found.status),
        costs=costs_to_proto(base) if base is not None else None,
        sizes=[size_to_proto(size, 0.0 if base is None else base.objective_usd) for size in found.sizes],
        relaxations=[relaxation_to_proto(relaxation) for relaxation in found.relaxations],
        conflict=[conflicting_rule_to_proto(rule) for rule in found.conflict],
    )


def size_to_proto(size: StockpileSize, base_usd: float) -> sourcing_pb2.StockpileSize:
    """Write the stockpile for one probability, beside a base of a given objective."""
    return sourcing_pb2.StockpileSize(
        min_probability=size.min_probability,
        status=STATUSES.to_proto(size.status),
        costs=costs_to_proto(size.costs) if size.costs is not None else None,
        purchase_usd=size.purchase_usd,
        objective_usd=size.objective_usd,
        bound_usd=size.bound_usd,
        objective_difference_usd=size.objective_usd - base_usd if size.costs is not None else 0.0,
        served_probability=size.served_probability,
        stocks=[stock_to_proto(stock) for stock in size.stocks],
        deciding=[deciding_to_proto(demand) for demand in size.deciding],
        spared=[spared_to_proto(one) for one in size.spared],
        unreachable=unreachable_to_proto(size.unreachable) if size.unreachable is not None else None,
    )


def stock_to_proto(stock: SizedStock) -> sourcing_pb2.SizedStock:
    """Write an opening stock."""
    return sourcing_pb2.SizedStock(
        material_id=stock.material_id,
        opening_tonnes=stock.opening_tonnes,
        owned_tonnes=stock.owned_tonnes,
        bought_tonnes=stock.bought_tonnes,
        days=stock.days,
        price_usd_per_tonne=stock.price_usd_per_tonne,
        purchase_usd=stock.purchase_usd,
        holding_usd=stock.holding_usd,
    )


def deciding_to_proto(demand: DecidingDemand) -> sourcing_pb2.DecidingDemand:
    """Write demand that decides the size."""
    return sourcing_pb2.DecidingDemand(
        material_id=demand.material_id,
        period=demand.period,
        node_id=demand.node_id,
        scenario_ids=demand.scenario_ids,
        probability=demand.probability,
        opening_tonnes_per_tonne=demand.opening_tonnes_per_tonne,
        cost_usd_per_tonne=demand.cost_usd_per_tonne,
    )


def spared_to_proto(spared: SparedScenarios) -> sourcing_pb2.SparedScenarios:
    """Write scenarios that are spared."""
    return sourcing_pb2.SparedScenarios(
        scenario_ids=spared.scenario_ids,
        probability=spared.probability,
        shortages=shortages_to_proto(spared.shortages),
    )


def unreachable_to_proto(told: Unreachable) -> sourcing_pb2.UnreachableSupply:
    """Write why no stockpile is enough."""
    return sourcing_pb2.UnreachableSupply(
        most_probability=told.probability,
        shortages=shortages_to_proto(told.shortages),
        limits=[conflicting_rule_to_proto(rule) for rule in told.limits],
        relaxations=[relaxation_to_proto(relaxation) for relaxation in told.relaxations],
    )


def shortages_to_proto(shortages: Iterable[ShortTonnes]) -> list[sourcing_pb2.NodeShortage]:
    """Write what is short where."""
    return [
        sourcing_pb2.NodeShortage(
            material_id=short.material_id,
            tier=TIERS.to_proto(short.tier),
            period=short.period,
            node_id=short.node_id,
            scenario_ids=short.scenario_ids,
            tonnes=short.tonnes,
        )
        for short in shortages
    ]
