"""The calls of the load test: what a desk of analysts asks in a few seconds, each with the task that computes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from grpc_health.v1 import health_pb2

from lodestock.v1 import common_pb2, forecast_pb2, risk_pb2, sourcing_pb2

LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of call.

    Attributes:
        name: Its method.
        path: Method as gRPC writes it.
        request: Its bytes.
        share: How much of the load it is, by calls.
        task: Function of `lodestock_server.tasks` that computes the answer; empty where nothing is computed.
    """

    name: str
    path: str
    request: bytes
    share: float = 0.0
    task: str = ""


def kind(service: str, name: str, request: Message, share: float = 0.0, task: str = "") -> Kind:
    """A kind of call from its message."""
    return Kind(name, f"/{service}/{name}", request.SerializeToString(), share, task)


def small_problem() -> sourcing_pb2.SourcingProblem:
    """One material, two suppliers, five years, stock: a small plan."""
    demand = sourcing_pb2.TierDemand(
        tier=common_pb2.DEMAND_TIER_ESSENTIAL, demand_tonnes=[100], shortage_cost_usd_per_tonne=300_000
    )
    stock = sourcing_pb2.StockPolicy(opening_tonnes=10, holding_usd_per_tonne_year=500, closing_tonnes=0)
    return sourcing_pb2.SourcingProblem(
        buyer="USA",
        periods=[sourcing_pb2.Period(label=str(2027 + i), length_years=1) for i in range(5)],
        materials=[sourcing_pb2.Material(material_id="cobalt", demand=[demand], stock=stock)],
        sources=[supplier("COD", 30_000, 200), supplier("AUS", 36_000, 30)],
        discount_rate=0.03,
    )


def supplier(country: str, price_usd_per_tonne: float, capacity_tonnes: float) -> sourcing_pb2.Source:
    """A supplier of cobalt with a lead of one year."""
    return sourcing_pb2.Source(
        source_id=f"cobalt/{country}",
        material_id="cobalt",
        country=country,
        kind=common_pb2.SOURCE_KIND_IMPORT,
        unit_price_usd_per_tonne=[price_usd_per_tonne],
        freight_usd_per_tonne=200,
        capacity_tonnes=[capacity_tonnes],
        lead_periods=1,
    )


HEALTH = kind("grpc.health.v1.Health", "Check", health_pb2.HealthCheckRequest())
RISK = kind(
    "lodestock.v1.RiskService",
    "AssessSupplyRisk",
    risk_pb2.AssessSupplyRiskRequest(buyer="USA", stored=risk_pb2.StoredSupply(material_ids=["cobalt"])),
    share=0.4,
    task="assess_supply_risk",
)
FORECAST = kind(
    "lodestock.v1.ForecastService",
    "ForecastDemand",
    forecast_pb2.ForecastDemandRequest(
        stored=forecast_pb2.StoredDemand(buyer="USA", material_ids=["cobalt"]), horizon=5
    ),
    share=0.2,
    task="forecast_demand",
)
PLAN = kind(
    "lodestock.v1.SourcingService",
    "OptimizeSourcing",
    sourcing_pb2.OptimizeSourcingRequest(problem=small_problem()),
    share=0.4,
    task="optimize_sourcing",
)
COMPUTED = (RISK, FORECAST, PLAN)


def task_of(one: Kind) -> Callable[[bytes, float], Any]:
    """The function that computes a kind of call, from bytes to bytes; imports it, which takes seconds."""
    from lodestock_server import tasks

    task: Callable[[bytes, float], Any] = getattr(tasks, one.task)
    return task
