"""The calls of the load test: what a desk of analysts asks in a few seconds, each with the task that computes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from grpc_health.v1 import health_pb2

from lodestock.v1 import forecast_pb2, risk_pb2, sourcing_pb2
from tests.toy_problem import toy_problem

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
    sourcing_pb2.OptimizeSourcingRequest(problem=toy_problem()),
    share=0.4,
    task="optimize_sourcing",
)
COMPUTED = (RISK, FORECAST, PLAN)


def task_of(one: Kind) -> Callable[[bytes, float], Any]:
    """The function that computes a kind of call, from bytes to bytes; imports it, which takes seconds."""
    from lodestock_server import tasks

    task: Callable[[bytes, float], Any] = getattr(tasks, one.task)
    return task
