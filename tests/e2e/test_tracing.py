"""Traces that a real server sends to a collector."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.longrunning import operations_pb2, operations_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from lodestock.v1 import risk_pb2, risk_pb2_grpc, sourcing_pb2, sourcing_pb2_grpc
from tests.server_process import ServerProcess, running_server, until_true
from tests.toy_problem import toy_problem

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Takes spans as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()
        self._lock = threading.Lock()

    def Export(self, request: Any, context: Any) -> Any:
        with self._lock:
            for group in request.resource_spans:
                named = {pair.key: pair.value.string_value for pair in group.resource.attributes}
                self.services.add(named["service.name"])
                self.spans += [span for scope in group.scope_spans for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()


@contextmanager
def collecting() -> Iterator[tuple[Collector, str]]:
    """A collector and its address."""
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield collector, f"http://127.0.0.1:{port}"
    server.stop(None)


def assess(server: ServerProcess, buyer: str, *metadata: tuple[str, str]) -> None:
    with grpc.insecure_channel(server.address) as channel:
        request = risk_pb2.AssessSupplyRiskRequest(buyer=buyer, stored=risk_pb2.StoredSupply(material_ids=["cobalt"]))
        risk_pb2_grpc.RiskServiceStub(channel).AssessSupplyRisk(request, timeout=60, metadata=metadata)


def attributes(span: Span) -> dict[str, str]:
    return {pair.key: pair.value.string_value for pair in span.attributes}


def test_call_queue_and_computing_are_spans_of_the_callers_trace() -> None:
    """All is sent by the time that the server has ended."""
    with collecting() as (collector, address):
        with running_server(environment={"LODESTOCK_OTLP_ENDPOINT": address}) as server:
            assess(server, "USA", ("traceparent", TRACEPARENT), ("x-correlation-id", "budget-2027"))
        spans = [span for span in collector.spans if span.trace_id.hex() == TRACE]
    assert collector.services == {"lodestock-server"}
    (call,) = [span for span in spans if span.kind == Span.SPAN_KIND_SERVER]
    assert call.name == "lodestock.v1.RiskService/AssessSupplyRisk"
    assert call.parent_span_id.hex() == PARENT
    assert attributes(call)["lodestock.correlation_id"] == "budget-2027"
    assert attributes(call)["rpc.grpc.status"] == "OK"
    queue, compute = sorted(
        (span for span in spans if span.parent_span_id == call.span_id), key=lambda span: span.start_time_unix_nano
    )
    assert (queue.name, compute.name) == ("queue", "compute")
    assert call.start_time_unix_nano <= queue.end_time_unix_nano <= compute.end_time_unix_nano
    assert attributes(compute)["task"] == "assess_supply_risk"


def test_refusals_carry_their_code_and_nothing_that_was_sent() -> None:
    """A caller's mistake is no error of the server; a call without a trace begins one."""
    with collecting() as (collector, address):
        environment = {"LODESTOCK_OTLP_ENDPOINT": address}
        with running_server(environment=environment) as server, pytest.raises(grpc.RpcError):
            assess(server, "Atlantis")
        calls = [span for span in collector.spans if span.kind == Span.SPAN_KIND_SERVER]
    (call,) = [span for span in calls if span.name.endswith("AssessSupplyRisk")]
    assert attributes(call)["rpc.grpc.status"] == "INVALID_ARGUMENT"
    assert call.status.code == Status.STATUS_CODE_UNSET
    assert not call.parent_span_id
    assert all(b"Atlantis" not in span.SerializeToString() for span in collector.spans)


@pytest.mark.slow
def test_job_goes_on_with_the_trace_and_the_id_of_its_call() -> None:
    """In the worker, which is a process of its own: computing and publishing are spans of the caller's trace."""
    carried = (("traceparent", TRACEPARENT), ("x-correlation-id", "stockpile-2027"))
    asked = sourcing_pb2.RunOptimizationRequest(request_id=str(uuid.uuid4()), problem=toy_problem())
    with collecting() as (collector, address):
        environment = {"LODESTOCK_OTLP_ENDPOINT": address}
        with (
            running_server(environment=environment, job_workers=1) as server,
            grpc.insecure_channel(server.address) as channel,
        ):
            stub = sourcing_pb2_grpc.SourcingServiceStub(channel)
            started = stub.RunOptimization(asked, timeout=30, metadata=carried)
            operations = operations_pb2_grpc.OperationsStub(channel)
            wanted = operations_pb2.GetOperationRequest(name=started.name)
            assert until_true(lambda: operations.GetOperation(wanted, timeout=30).done, timeout_s=60)
            of_job = [line for line in server.log().splitlines() if '"job"' in line]
        assert until_true(lambda: {"compute", "publish"} <= worker_spans(collector))
    assert collector.services == {"lodestock-server", "lodestock-worker"}
    assert any("stockpile-2027" in line for line in of_job), of_job


def worker_spans(collector: Collector) -> set[str]:
    """Names of the spans of jobs in the caller's trace."""
    return {span.name for span in collector.spans if span.trace_id.hex() == TRACE and "job" in attributes(span)}


@pytest.mark.slow
def test_collector_that_is_away_holds_up_nothing() -> None:
    with running_server(environment={"LODESTOCK_OTLP_ENDPOINT": "http://127.0.0.1:1"}) as server:
        assess(server, "USA")
        server.process.terminate()
        assert server.process.wait(timeout=20) == 0
