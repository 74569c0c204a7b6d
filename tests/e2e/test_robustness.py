"""What the server does when callers, workers or operators do the worst."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from lodestock import Client, MessageTooLarge, Overloaded, Unavailable
from lodestock.v1 import forecast_pb2, forecast_pb2_grpc, risk_pb2, risk_pb2_grpc, sourcing_pb2
from tests.server_process import ServerProcess, running_server, until_true

ONE_WORKER = {"LODESTOCK_COMPUTE_WORKERS": "1", "LODESTOCK_MAX_WAITING_CALLS": "0"}


def long_request(series: int = 400) -> forecast_pb2.ForecastDemandRequest:
    """A request that keeps a worker busy for many seconds: long monthly series under the slowest combination."""
    labels = [f"{2000 + i // 12}-{i % 12 + 1:02d}" for i in range(240)]
    return forecast_pb2.ForecastDemandRequest(
        horizon=24,
        inline=forecast_pb2.DemandSeriesSet(
            series=[
                forecast_pb2.DemandSeries(
                    series_id=str(number),
                    frequency=forecast_pb2.FREQUENCY_MONTHLY,
                    unit="t",
                    observations=[
                        forecast_pb2.Observation(period=label, value=100 + (i * (number + 7)) % 90)
                        for i, label in enumerate(labels)
                    ],
                )
                for number in range(series)
            ]
        ),
    )


def raw_call(channel: grpc.Channel, method: str) -> Any:
    """A method that takes and gives bytes."""
    return channel.unary_unary(method)


def assess(server: ServerProcess) -> risk_pb2.AssessSupplyRiskResponse:
    """A short call that computes, and is not tried again where it is refused."""
    request = risk_pb2.AssessSupplyRiskRequest(buyer="USA", stored=risk_pb2.StoredSupply(material_ids=["cobalt"]))
    with grpc.insecure_channel(server.address, [("grpc.enable_retries", 0)]) as channel:
        return risk_pb2_grpc.RiskServiceStub(channel).AssessSupplyRisk(request, timeout=60)


def is_busy(server: ServerProcess) -> bool:
    """Whether the only process is taken, so that the next call that computes is refused."""
    try:
        assess(server)
    except grpc.RpcError as error:
        call: Any = error
        assert call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED, call
        return True
    return False


def occupied(channel: grpc.Channel, server: ServerProcess) -> Any:
    """A call that has taken the only process; begun again where a probe was there first."""
    stub = forecast_pb2_grpc.ForecastServiceStub(channel)
    running = stub.ForecastDemand.future(long_request(), timeout=60)

    def taken() -> bool:
        nonlocal running
        if running.done():
            running = stub.ForecastDemand.future(long_request(), timeout=60)
        return is_busy(server)

    assert until_true(taken)
    assert not running.done()
    return running


def when_ready(server: ServerProcess) -> None:
    """Wait until the only process has started and is free."""
    assert until_true(lambda: not is_busy(server))


def test_bytes_that_are_no_message(server: ServerProcess, client: Client) -> None:
    """Garbage is an invalid argument on every method, also of the standard services, without internal names."""
    methods = (
        "/lodestock.v1.ForecastService/ListModels",
        "/lodestock.v1.ForecastService/ForecastDemand",
        "/lodestock.v1.RiskService/AssessSupplyRisk",
        "/lodestock.v1.SourcingService/OptimizeSourcing",
        "/grpc.health.v1.Health/Check",
    )
    with grpc.insecure_channel(server.address) as channel:
        for method in methods:
            with pytest.raises(grpc.RpcError) as caught:
                raw_call(channel, method)(b"\xff\xff\xff\xff", timeout=10)
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT, method
            assert caught.value.details() == "the request's bytes are no message of this method"
        stream: Any = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        with pytest.raises(grpc.RpcError) as caught:
            list(stream(iter([b"\xff\xff\xff\xff"]), timeout=10))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert client.health() == "SERVING"


def test_unknown_method(server: ServerProcess) -> None:
    """A method that is not there is unimplemented."""
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        raw_call(channel, "/lodestock.v1.ForecastService/ReadTeaLeaves")(b"", timeout=10)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_messages_beyond_the_limit_name_it() -> None:
    """Both sides refuse large messages and name their limit; the server goes on."""
    large = sourcing_pb2.SourcingProblem(buyer="x" * 2 * 1024 * 1024)
    with running_server(environment={"LODESTOCK_MAX_MESSAGE_BYTES": str(1024 * 1024)}) as server:
        with Client(server.address) as client:
            with pytest.raises(MessageTooLarge, match=r"SERVER: Received message larger than max .* 1048576"):
                client.validate_problem(large)
            assert client.health() == "SERVING"
        with (
            Client(server.address, max_message_bytes=1024 * 1024) as small,
            pytest.raises(MessageTooLarge, match=r"CLIENT: Sent message larger than max .*limit is 1048576 bytes"),
        ):
            small.validate_problem(large)


@pytest.mark.slow
def test_idle_workers_that_die_are_not_noticed() -> None:
    """Killed while idle, workers are replaced before the next call fails."""
    with running_server() as server, Client(server.address) as client:
        assert client.assess_supply_risk("USA", ["cobalt"])
        before = server.workers()
        assert len(before) == 2
        for worker in before:
            os.kill(worker, signal.SIGKILL)
        # Within the blink of an eye that the server needs to see it, a call may still be given to the dead.
        time.sleep(0.5)
        assert client.assess_supply_risk("USA", ["cobalt"])
        assert not set(server.workers()) & set(before)


@pytest.mark.slow
def test_call_of_a_worker_that_dies_may_be_tried_again() -> None:
    """Killed at work, a worker fails its own call alone, with the time to come again; the next call is answered."""
    with running_server(environment=ONE_WORKER) as server:
        when_ready(server)
        with grpc.insecure_channel(server.address) as channel:
            running = occupied(channel, server)
            for worker in server.workers():
                os.kill(worker, signal.SIGKILL)
            assert running.code() is grpc.StatusCode.ABORTED
            assert running.details() == "the process that computed the answer died"
        when_ready(server)


def test_full_server_says_when_to_come_again() -> None:
    """With no room to wait, a second call is refused at once; health is answered all the same."""
    with running_server(environment=ONE_WORKER) as server, Client(server.address) as client:
        when_ready(server)
        with grpc.insecure_channel(server.address) as channel:
            running = occupied(channel, server)
            with pytest.raises(Overloaded) as caught:
                # Less time than the server asks for, so that the client does not come again by itself.
                client.assess_supply_risk("USA", ["cobalt"], timeout_s=0.4)
            assert caught.value.retry_after_s is not None
            assert caught.value.retry_after_s >= 0.5
            assert client.health() == "SERVING"
            running.cancel()
        # A cancelled call gives its worker up, though the work would have gone on for long.
        when_ready(server)


def test_deadline_reaches_the_work() -> None:
    """A call with little time gets what could be made in it, before its deadline."""
    with running_server(environment=ONE_WORKER) as server:
        when_ready(server)
        with grpc.insecure_channel(server.address) as channel:
            began = time.monotonic()
            stub = forecast_pb2_grpc.ForecastServiceStub(channel)
            answer = stub.ForecastDemand(long_request(series=200), timeout=20)
            assert time.monotonic() - began < 20
        levels = {forecast.fallback_level for forecast in answer.forecasts}
        assert levels == {forecast_pb2.FALLBACK_LEVEL_FULL, forecast_pb2.FALLBACK_LEVEL_NAIVE}


def test_sigterm_lets_running_calls_end() -> None:
    """On SIGTERM health turns first, the running call is answered, the process ends with 0."""
    with running_server() as server, Client(server.address) as client:
        assert client.assess_supply_risk("USA", ["cobalt"])
        states: list[int] = []
        watching = threading.Thread(target=watch_health, args=(server.address, states))
        watching.start()
        assert until_true(lambda: bool(states))
        with ThreadPoolExecutor(1) as pool, grpc.insecure_channel(server.address) as channel:
            stub = forecast_pb2_grpc.ForecastServiceStub(channel)
            running = pool.submit(stub.ForecastDemand, long_request(series=8), timeout=60)
            time.sleep(0.3)
            server.signal(signal.SIGTERM)
            assert len(running.result().forecasts) == 8
        assert server.process.wait(timeout=20) == 0
        watching.join(timeout=10)
        assert states[:2] == [health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING]
        with pytest.raises(Unavailable):
            client.list_models()


def watch_health(address: str, states: list[int]) -> None:
    """Note the server's health until it goes away."""
    with grpc.insecure_channel(address) as channel:
        try:
            for answer in health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=60):
                states.append(answer.status)
        except grpc.RpcError:
            return


def test_workers_end_with_a_server_that_is_killed() -> None:
    """No worker outlives the server, however it ends."""
    with running_server() as server, Client(server.address) as client:
        assert client.assess_supply_risk("USA", ["cobalt"])
        workers = server.workers()
        assert workers
        server.signal(signal.SIGKILL)
        server.process.wait(timeout=10)
        assert until_true(lambda: not any(is_alive(worker) for worker in workers))


def is_alive(process_id: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True
