"""Limits on messages and headers, compression, deadlines: what gRPC does for the server, seen from outside."""

from __future__ import annotations

import socket
from functools import partial
from typing import Any

import grpc
import pytest

from lodestock import Client, MessageTooLarge
from lodestock.v1 import catalog_pb2, catalog_pb2_grpc, risk_pb2, risk_pb2_grpc
from tests.server_process import ServerProcess, running_server
from tests.tcp_proxy import Proxy

ALL_RISKS = risk_pb2.AssessSupplyRiskRequest(buyer="USA", stored=risk_pb2.StoredSupply())
ONLY_PLAIN = [("grpc.compression_enabled_algorithms_bitset", 1)]


def proxy_to(server: ServerProcess) -> Proxy:
    host, _, port = server.address.rpartition(":")
    return Proxy(partial(socket.create_connection, (host, int(port))))


def bytes_of_answer(server: ServerProcess, options: list[tuple[str, Any]]) -> tuple[int, int]:
    """The bytes of a large answer's message, and those that crossed the wire."""
    proxy = proxy_to(server)
    with grpc.insecure_channel(f"127.0.0.1:{proxy.port}", options) as channel:
        answer = risk_pb2_grpc.RiskServiceStub(channel).AssessSupplyRisk(ALL_RISKS, timeout=60)
    return answer.ByteSize(), proxy.answered_bytes


def test_large_answers_are_compressed_for_those_who_take_it(server: ServerProcess) -> None:
    """A client that takes plain bytes alone gets these."""
    size, crossed = bytes_of_answer(server, [])
    assert size > 32 * 1024
    assert crossed < size / 2
    size, crossed = bytes_of_answer(server, ONLY_PLAIN)
    assert crossed > size


def test_compression_can_be_switched_off() -> None:
    with running_server(environment={"LODESTOCK_COMPRESSION": "false"}) as server:
        size, crossed = bytes_of_answer(server, [])
        assert crossed > size


def test_client_can_compress_its_requests(server: ServerProcess) -> None:
    """The server takes them as it takes others; the answer is the same."""
    with Client(server.address, compress=True) as compressing, Client(server.address) as plain:
        own = {f"series {number}": dict.fromkeys(range(1990, 2024), 5.0) for number in range(30)}
        forecasts = [client.forecast_demand(own, horizon=1) for client in (compressing, plain)]
    assert [len(found) for found in forecasts] == [30, 30]


def test_compressed_request_is_held_to_the_limit_as_it_unfolds() -> None:
    """A few kilobytes that unfold to gigabytes are refused."""
    with running_server(environment={"LODESTOCK_MAX_MESSAGE_BYTES": str(1024 * 1024)}) as server:
        options = [("grpc.max_send_message_length", -1)]
        with grpc.insecure_channel(server.address, options, grpc.Compression.Gzip) as channel:
            method: Any = channel.unary_unary("/lodestock.v1.RiskService/AssessSupplyRisk")
            with pytest.raises(grpc.RpcError) as caught:
                method(bytes(200 * 1024 * 1024), timeout=60)
            assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        with Client(server.address) as client:
            assert client.health() == "SERVING"


def test_answer_beyond_the_limit_names_it_and_is_not_asked_for_again() -> None:
    """The same request would give the same answer."""
    limit = 1024 * 1024
    own = {f"series {number}": dict.fromkeys(range(1990, 2024), 5.0) for number in range(20)}
    with running_server(environment={"LODESTOCK_MAX_MESSAGE_BYTES": str(limit)}) as server, Client(server.address) as c:
        with pytest.raises(MessageTooLarge, match=f"max_message_bytes is {limit:,}"):
            c.forecast_demand(own, horizon=120, sample_paths=200)
        assert server.log().count("ForecastDemand") <= 2  # one line of the computing, one of the call


def test_headers_beyond_their_limit_are_refused(server: ServerProcess) -> None:
    with grpc.insecure_channel(server.address) as channel:
        stub = catalog_pb2_grpc.CatalogServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.ListDatasets(catalog_pb2.ListDatasetsRequest(), timeout=20, metadata=(("x-much", "x" * 64 * 1024),))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert stub.ListDatasets(catalog_pb2.ListDatasetsRequest(), timeout=20).datasets


def test_call_that_waits_is_ended_before_its_deadline_with_a_word() -> None:
    """The server itself answers, with the id of the call, while its only process is busy with something longer."""
    environment = {"LODESTOCK_COMPUTE_WORKERS": "1"}
    with running_server(environment=environment) as server, grpc.insecure_channel(server.address) as channel:
        # The process has just been started and takes seconds until it can work.
        with pytest.raises(grpc.RpcError) as caught:
            risk_pb2_grpc.RiskServiceStub(channel).AssessSupplyRisk(ALL_RISKS, timeout=0.5)
        call: Any = caught.value
        assert call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert call.details() == "the call took longer than its deadline allows"
        assert "x-correlation-id" in {entry.key for entry in call.trailing_metadata()}
