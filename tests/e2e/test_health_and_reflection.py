"""The standard services beside ours."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from lodestock import Client
from tests.server_process import ServerProcess, running_server

SERVICES = ("lodestock.v1.ForecastService", "lodestock.v1.RiskService", "lodestock.v1.SourcingService")


def test_server_and_every_service_are_healthy(server: ServerProcess, client: Client) -> None:
    """Health is served for the whole and for each service; a service that is not there is unknown."""
    assert client.health() == "SERVING"
    with grpc.insecure_channel(server.address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for service in SERVICES:
            answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_is_served_under_both_names(server: ServerProcess, version: str) -> None:
    """Newer tools ask for v1 and older ones for v1alpha; both get services and files."""
    requests = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="lodestock.v1.SourcingService"),
    ]
    with grpc.insecure_channel(server.address) as channel:
        listed, file = list(reflection_stream(channel, version)(iter(requests), timeout=10))
    assert set(SERVICES) <= {service.name for service in listed.list_services_response.service}
    assert file.file_descriptor_response.file_descriptor_proto


def test_reflection_wants_the_token_under_both_names() -> None:
    """What the server offers is told to those who may call it."""
    with running_server(environment={"LODESTOCK_TOKEN": "a token of more than sixteen"}) as server:
        for version in ("v1", "v1alpha"):
            with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
                list(reflection_stream(channel, version)(iter([]), timeout=10))
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def reflection_stream(channel: grpc.Channel, version: str) -> Any:
    """The method of reflection, by the version of its package."""
    return channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )


def test_reflection_shows_every_service_with_its_messages(server: ServerProcess) -> None:
    """A generic client finds services, methods and messages without our proto files."""
    with grpc.insecure_channel(server.address) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert set(SERVICES) | {"grpc.health.v1.Health"} <= set(database.get_services())
        file = database.FindFileContainingSymbol("lodestock.v1.SourcingService")
        methods = {method.name for service in file.service for method in service.method}
        assert {"BuildProblem", "ValidateProblem", "OptimizeSourcing", "RunOptimization", "GetPlan"} <= methods
