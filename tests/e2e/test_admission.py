"""Who is let in by a server that has little room, and what the others are told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status

from lodestock import Client
from lodestock.v1 import forecast_pb2, forecast_pb2_grpc, risk_pb2, risk_pb2_grpc
from tests.e2e.test_metrics import value
from tests.e2e.test_robustness import long_request
from tests.server_process import ServerProcess, running_server, until_true

TOKENS = {"greedy": "the greedy caller's secret", "modest": "the modest caller's secret"}
ONE_PROCESS = {"LODESTOCK_COMPUTE_WORKERS": "1", "LODESTOCK_TOKENS": json.dumps(TOKENS)}


def as_caller(name: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {TOKENS[name]}"),)


def begin(channel: grpc.Channel, caller: str, series: int = 400) -> Any:
    """A call that computes for long, begun."""
    stub = forecast_pb2_grpc.ForecastServiceStub(channel)
    return stub.ForecastDemand.future(long_request(series), timeout=60, metadata=as_caller(caller))


def assess(channel: grpc.Channel, caller: str) -> risk_pb2.AssessSupplyRiskResponse:
    request = risk_pb2.AssessSupplyRiskRequest(buyer="USA", stored=risk_pb2.StoredSupply(material_ids=["cobalt"]))
    return risk_pb2_grpc.RiskServiceStub(channel).AssessSupplyRisk(request, timeout=60, metadata=as_caller(caller))


@contextmanager
def ready_server(**settings: str) -> Iterator[tuple[ServerProcess, grpc.Channel]]:
    """A server of one process, which has started, and a channel on which nothing is tried again."""
    with (
        running_server(environment={**ONE_PROCESS, **settings}) as server,
        grpc.insecure_channel(server.address, [("grpc.enable_retries", 0)]) as channel,
    ):
        assess(channel, "modest")
        yield server, channel


def refusal(error: grpc.RpcError) -> tuple[float, str, int]:
    """The seconds of RetryInfo, the text, and what gRPC's own retries are told."""
    call: Any = error
    assert call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED, call
    trailing = {entry.key: entry.value for entry in call.trailing_metadata()}
    retry = error_details_pb2.RetryInfo()
    details = Status.FromString(trailing["grpc-status-details-bin"]).details
    assert any(detail.Unpack(retry) for detail in details)
    return retry.retry_delay.ToTimedelta().total_seconds(), call.details(), int(trailing["grpc-retry-pushback-ms"])


@pytest.mark.slow
def test_greedy_caller_is_refused_while_the_modest_one_is_served() -> None:
    """The limit is the caller's own; a second caller waits for one call and not for all."""
    settings = {"LODESTOCK_MAX_CALLS_PER_CALLER": "3", "LODESTOCK_METRICS_PORT": "0"}
    with ready_server(**settings) as (server, channel), ThreadPoolExecutor(1) as pool:
        running = [begin(channel, "greedy") for _ in range(3)]
        assert until_true(lambda: value(server, "lodestock_calls_waiting") == 2)
        with pytest.raises(grpc.RpcError) as caught:
            assess(channel, "greedy")
        seconds, text, pushback_ms = refusal(caught.value)
        assert "this caller has 3 calls here already" in text
        assert seconds >= 0.5
        assert pushback_ms == int(seconds * 1000)
        modest = pool.submit(assess, channel, "modest")
        time.sleep(0.3)
        running[0].cancel()
        # The modest caller's turn comes before those that the greedy one had waiting.
        assert modest.result(timeout=30).risks
        assert not running[2].done()
        for call in running:
            call.cancel()


def occupied(channel: grpc.Channel) -> Any:
    """A call of the greedy caller that computes, so that others are refused; begun again where a probe was first."""
    running = begin(channel, "greedy")

    def refused() -> bool:
        nonlocal running
        if running.done():
            running = begin(channel, "greedy")
        return is_refused(channel, "modest")

    assert until_true(refused)
    assert not running.done()
    return running


def is_refused(channel: grpc.Channel, caller: str) -> bool:
    """Whether a call is refused now; where it is not, it is given up at once."""
    call = begin(channel, caller, series=1)
    refused = until_true(call.done, timeout_s=2.0) and call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    call.cancel()
    return bool(refused)


@pytest.mark.slow
def test_large_requests_are_bounded_together() -> None:
    """One of any size is taken; a second is refused while it is there, and a small one, too."""
    with ready_server(LODESTOCK_MAX_WEIGHT_IN_FLIGHT="100000") as (_server, channel):
        running = occupied(channel)
        with pytest.raises(grpc.RpcError) as caught:
            assess(channel, "modest")
        assert "as large together as they may be" in refusal(caught.value)[1]
        running.cancel()
        assert until_true(lambda: not is_refused(channel, "modest"))


def test_client_comes_again_when_it_was_told_to() -> None:
    """Refused at first, a call is answered without the caller's doing."""
    with ready_server(LODESTOCK_MAX_WAITING_CALLS="0") as (server, channel):
        running = occupied(channel)
        with ThreadPoolExecutor(1) as pool, Client(server.address, token=TOKENS["modest"]) as client:
            patient = pool.submit(client.assess_supply_risk, "USA", ["cobalt"])
            time.sleep(0.3)
            assert not patient.done()
            running.cancel()
            assert len(patient.result(timeout=60)) > 0


@pytest.mark.slow
def test_who_waits_too_short_is_told_that_it_is_full() -> None:
    """Where the time to come again is beyond the call's deadline, the refusal comes at once, not the deadline."""
    with ready_server(LODESTOCK_MAX_WAITING_CALLS="0") as (server, channel):
        running = occupied(channel)
        # The longer it runs, the later others are told to come again.
        time.sleep(3.0)
        request = forecast_pb2.ForecastDemandRequest(horizon=1, inline=long_request(1).inline)
        with grpc.insecure_channel(server.address) as retrying:
            stub = forecast_pb2_grpc.ForecastServiceStub(retrying)
            with pytest.raises(grpc.RpcError) as caught:
                stub.ForecastDemand(request, timeout=2.0, metadata=as_caller("modest"))
        assert refusal(caught.value)[2] == -1
        running.cancel()
