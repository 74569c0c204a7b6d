"""The standard services beside ours."""

from __future__ import annotations

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from lodestock import Client
from tests.server_process import ServerProcess

SERVICES = ("lodestock.v1.ForecastService", "lodestock.v1.RiskService", "lodestock.v1.SourcingService")


def test_server_and_every_service_are_healthy(server: ServerProcess, client: Client) -> None:
    """Health is served for the whole and for each service; a service that is not there is unknown."""
    assert client.health() == "SERVING"
    with grpc.insecure_channel(server.address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for service in SERVICES:
            answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_shows_every_service_with_its_messages(server: ServerProcess) -> None:
    """A generic client finds services, methods and messages without our proto files."""
    with grpc.insecure_channel(server.address) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert set(SERVICES) | {"grpc.health.v1.Health"} <= set(database.get_services())
        file = database.FindFileContainingSymbol("lodestock.v1.SourcingService")
        methods = {method.name for service in file.service for method in service.method}
        assert methods == {"BuildProblem", "ValidateProblem", "OptimizeSourcing"}
