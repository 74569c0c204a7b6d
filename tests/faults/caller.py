"""A caller who hands in a job, waits for its end and fetches its result, through whatever goes down meanwhile."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from lodestock.v1 import forecast_pb2, forecast_pb2_grpc, sourcing_pb2, sourcing_pb2_grpc
from lodestock.v1 import operations_pb2 as ours_pb2
from tests.faults.work import Work

CALL_S = 10.0
WAIT_S = 5.0
PAUSE_S = 0.3
PAGE = 100
AGAIN = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
    }
)
"""Codes after which a caller asks again; what was asked names its request, so asking twice does no harm."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Ended:
    """What a job came to.

    Attributes:
        operation: Name of the operation.
        error: Its error in words; empty where it succeeded.
        result: Name of the stored result.
        answer: The stored answer; None where there is none.
        attempts: How often a worker began it.
        accepted_s: Seconds until it was accepted.
        took_s: Seconds from handing in to its end.
    """

    operation: str
    error: str
    result: str
    answer: Message | None
    attempts: int
    accepted_s: float
    took_s: float


@dataclass(frozen=True)
class Span:
    """An operation: its name, when it was accepted, and when it ended; None where it has not."""

    name: str
    accepted: datetime
    ended: datetime | None


class Caller:
    """Calls a server that may be down."""

    def __init__(self, channel: grpc.Channel, patience_s: float) -> None:
        """Take the channel.

        Args:
            channel: To the server.
            patience_s: Seconds after which a call that still fails is given up.
        """
        self._patience_s = patience_s
        self._operations = operations_pb2_grpc.OperationsStub(channel)
        self._sourcing = sourcing_pb2_grpc.SourcingServiceStub(channel)
        self._forecasts = forecast_pb2_grpc.ForecastServiceStub(channel)

    def submit(self, work: Work) -> str:
        """Hand in a job and return the name of its operation."""
        service = self._sourcing if work.method == "RunOptimization" else self._forecasts
        operation: operations_pb2.Operation = self._until_answered(getattr(service, work.method), work.request)
        return str(operation.name)

    def outcome(self, operation: str, handed_in_s: float, accepted_s: float) -> Ended:
        """Wait for the end of an operation and fetch what it came to."""
        ended = self._end_of(operation)
        took_s = time.monotonic() - handed_in_s
        metadata = ours_pb2.OperationMetadata()
        ended.metadata.Unpack(metadata)
        error = f"{ended.error.code}: {ended.error.message}" if ended.HasField("error") else ""
        answer = None if error else self.answer(metadata.result)
        return Ended(operation, error, metadata.result, answer, metadata.attempts, accepted_s, took_s)

    def _end_of(self, name: str) -> operations_pb2.Operation:
        until = time.monotonic() + self._patience_s
        request = operations_pb2.WaitOperationRequest(name=name, timeout=Duration(seconds=int(WAIT_S)))
        while time.monotonic() < until:
            operation: operations_pb2.Operation = self._until_answered(self._operations.WaitOperation, request)
            if operation.done:
                return operation
        raise AssertionError(f"{name} has not ended after {self._patience_s:g} s")

    def answer(self, result: str) -> Message:
        """Fetch a stored answer."""
        kind, _, _ = result.partition("/")
        ways: dict[str, tuple[Callable[..., Any], Message]] = {
            "plans": (self._sourcing.GetPlan, sourcing_pb2.GetPlanRequest(name=result)),
            "forecasts": (self._forecasts.GetForecast, forecast_pb2.GetForecastRequest(name=result)),
            "backtests": (self._forecasts.GetBacktest, forecast_pb2.GetBacktestRequest(name=result)),
        }
        stored: Any = self._until_answered(*ways[kind])
        answer: Message = stored.answer
        return answer

    def operations(self) -> list[Span]:
        """All operations and their times."""
        pages = self._pages(self._operations.ListOperations, operations_pb2.ListOperationsRequest(name="operations"))
        return [span_of(operation) for page in pages for operation in page.operations]

    def results(self) -> list[tuple[str, str]]:
        """Name of every stored result, and of the operation that made it."""
        plans = self._pages(self._sourcing.ListPlans, sourcing_pb2.ListPlansRequest())
        forecasts = self._pages(self._forecasts.ListForecasts, forecast_pb2.ListForecastsRequest())
        backtests = self._pages(self._forecasts.ListBacktests, forecast_pb2.ListBacktestsRequest())
        infos = [one.info for page in plans for one in page.plans]
        infos += [one.info for page in forecasts for one in page.forecasts]
        infos += [one.info for page in backtests for one in page.backtests]
        return [(info.name, info.operation) for info in infos]

    def _pages(self, ask: Callable[..., Any], request: Any) -> Iterator[Any]:
        request.page_size = PAGE
        while True:
            page = self._until_answered(ask, request)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def _until_answered(self, ask: Callable[..., Answer], request: Message) -> Answer:
        """Ask again while nobody answers, or too many ask."""
        until = time.monotonic() + self._patience_s
        while True:
            try:
                return ask(request, timeout=CALL_S, wait_for_ready=True)
            except grpc.RpcError as error:
                if error.code() not in AGAIN or time.monotonic() > until:
                    raise
            time.sleep(random.uniform(0.5, 1.5) * PAUSE_S)


def span_of(operation: operations_pb2.Operation) -> Span:
    """When an operation was accepted and ended."""
    metadata = ours_pb2.OperationMetadata()
    operation.metadata.Unpack(metadata)
    ended = metadata.end_time.ToDatetime(UTC) if metadata.HasField("end_time") else None
    return Span(operation.name, metadata.create_time.ToDatetime(UTC), ended)
