"""Calls about operations, on an open connection: standard ones and the stream of events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from lodestock.errors import DeadlineExceeded, LodestockError, Overloaded, Unavailable
from lodestock.requests import SHORT_TIMEOUT_S
from lodestock.v1 import operations_pb2 as v1
from lodestock.v1 import operations_pb2_grpc as v1_grpc

Value = TypeVar("Value")

PARENT = "operations"
OPERATIONS_A_PAGE = 100
WAIT_S = 50.0
"""Seconds that one call waits for the end of an operation; the next one goes on."""
STREAM_S = 300.0
"""Seconds that one stream of events may take; where the server is still there, the next one goes on."""
MOST_SILENCE_S = 300.0
"""Seconds for which a server may be away before whoever waits for an operation is told. The operation goes on."""
STANDING_S = 120.0
"""A stream that has stood for longer had a server: connecting, trying again and pings give up sooner."""
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


class Operations:
    """The calls, and what goes on with them when a server goes away and comes back."""

    def __init__(
        self,
        channel: grpc.Channel,
        call: Callable[[Any, Message, float], Any],
        stream: Callable[[Any, Message, float], Iterator[Any]],
    ) -> None:
        """Take what the calls need.

        Args:
            channel: Where they go.
            call: Makes a call with one answer: method, request, seconds to wait.
            stream: Makes a call with many answers.
        """
        self._standard = operations_pb2_grpc.OperationsStub(channel)
        self._events: Any = v1_grpc.OperationServiceStub(channel).WatchOperation
        self._call = call
        self._stream = stream

    def get(self, name: str, timeout_s: float = SHORT_TIMEOUT_S) -> Any:
        """An operation as it stands."""
        return self._call(self._standard.GetOperation, operations_pb2.GetOperationRequest(name=name), timeout_s)

    def page(self, states: Sequence[str], page_size: int, token: str, timeout_s: float = SHORT_TIMEOUT_S) -> Any:
        """A page of the caller's operations, the newest first."""
        request = operations_pb2.ListOperationsRequest(
            name=PARENT,
            filter=" OR ".join(f"state = {state}" for state in states),
            page_size=page_size,
            page_token=token,
        )
        return self._call(self._standard.ListOperations, request, timeout_s)

    def cancel(self, name: str, timeout_s: float = SHORT_TIMEOUT_S) -> None:
        """Stop an operation."""
        self._call(self._standard.CancelOperation, operations_pb2.CancelOperationRequest(name=name), timeout_s)

    def delete(self, name: str, timeout_s: float = SHORT_TIMEOUT_S) -> None:
        """Forget an operation that has ended."""
        self._call(self._standard.DeleteOperation, operations_pb2.DeleteOperationRequest(name=name), timeout_s)

    def wait(self, name: str, timeout_s: float | None) -> Any:
        """An operation once it has ended, or as it stands when the time is over.

        Args:
            name: Of the operation.
            timeout_s: Seconds to wait. None: until the end.

        Raises:
            Unavailable: No server has answered for minutes, or for the time given.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        patience = Patience(until)
        while True:
            wait_s = WAIT_S if until is None else min(WAIT_S, max(0.0, until - time.monotonic()))
            try:
                operation = self._wait_once(name, wait_s)
            except (Unavailable, Overloaded, DeadlineExceeded) as error:
                patience.pause_after(error)
                continue
            patience.renew()
            if operation.done or (until is not None and time.monotonic() >= until):
                return operation

    def _wait_once(self, name: str, wait_s: float) -> Any:
        timeout = Duration()
        timeout.FromNanoseconds(int(wait_s * 1e9))
        request = operations_pb2.WaitOperationRequest(name=name, timeout=timeout)
        return self._call(self._standard.WaitOperation, request, wait_s + SHORT_TIMEOUT_S)

    def events(self, name: str, after: int, timeout_s: float | None) -> Iterator[v1.WatchOperationResponse]:
        """What happens to an operation until it has ended; nothing is left out or given twice if the server goes away.

        Args:
            name: Of the operation.
            after: Number of the last event that is known.
            timeout_s: Seconds to wait. None: until the end.

        Raises:
            DeadlineExceeded: The time is over.
            Unavailable: No server has answered for minutes, or for the time given.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        patience = Patience(until)
        while True:
            left_s = STREAM_S if until is None else min(STREAM_S, max(0.0, until - time.monotonic()))
            request = v1.WatchOperationRequest(name=name, after_sequence=after)
            known, opened = after, time.monotonic()
            try:
                for event in self._stream(self._events, request, left_s):
                    patience.renew()
                    after = event.sequence
                    yield event
                    if event.HasField("operation"):
                        return
            except DeadlineExceeded:
                if until is not None and time.monotonic() >= until:
                    raise
                self._ask_for_a_sign(name, patience)
            except (Unavailable, Overloaded) as error:
                if time.monotonic() - opened > STANDING_S:
                    patience.renew()
                patience.pause_after(error)
            else:
                # A stream of nothing: the last event was known. Else something between here and the server ended it.
                if after == known:
                    return

    def _ask_for_a_sign(self, name: str, patience: Patience) -> None:
        """A stream of nothing does not say whether the server is there; another call does."""
        try:
            self.get(name)
        except (Unavailable, Overloaded, DeadlineExceeded) as error:
            patience.pause_after(error)
        else:
            patience.renew()


class Patience:
    """How long a server that is away is waited for, with longer and longer pauses between the calls."""

    def __init__(self, until: float | None) -> None:
        """Take when to give up, on the monotonic clock. None: after minutes of silence."""
        self._until = until
        self.renew()

    def renew(self) -> None:
        """The server has answered."""
        self._silent_since = time.monotonic()
        self._pause_s = FIRST_PAUSE_S

    def pause_after(self, error: LodestockError) -> None:
        """Wait for a while, or raise the error where patience is at its end."""
        end = self._silent_since + MOST_SILENCE_S if self._until is None else self._until
        pause_s = max(self._pause_s, error.retry_after_s or 0.0)
        if time.monotonic() + pause_s >= end:
            raise error
        time.sleep(pause_s)
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
