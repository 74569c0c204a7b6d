"""What happens around every call: correlation id, trace, identity, the reading of the request, the writing of the
answer, the mapping of errors, the log and what is counted.

One interceptor, so that the order of these is written in one place.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, NoReturn

import grpc
import grpc.aio
import structlog
from google.rpc.status_pb2 import Status

from lodestock_server.deadlines import Deadline
from lodestock_server.errors import NotOffered, OutOfTime, ServiceError
from lodestock_server.identity import Callers, acting_as
from lodestock_server.log import get_log
from lodestock_server.metrics import ANSWER_BYTES, CALL_SECONDS, CALLS, REQUEST_BYTES
from lodestock_server.status import (
    DETAILS_KEY,
    ERROR_BYTES_KEY,
    LEAST_ERROR_BYTES,
    MOST_ERROR_BYTES,
    error_status,
    internal_status,
)
from lodestock_server.tracing import call_span, end_call
from lodestock_server.transport import Answers, as_bytes
from lodestock_server.validation import RequestReader

CORRELATION_KEY = "x-correlation-id"
CORRELATION_FORM = re.compile(r"[A-Za-z0-9._-]{1,64}")
UNKNOWN_CALLER = "?"
PUSHBACK_KEY = "grpc-retry-pushback-ms"
"""Read by gRPC in the client: milliseconds after which to try again; a negative number forbids it."""
SERVERS_FAULTS = ("ABORTED", "INTERNAL", "UNAVAILABLE")
ANNOUNCED_BYTES = re.compile(r"[0-9]{1,12}")
CODES = {code.value[0]: code for code in grpc.StatusCode}

MAKE_HANDLER: Mapping[tuple[bool, bool], Callable[..., Any]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps the handler of every method of every service."""

    def __init__(self, callers: Callers, reader: RequestReader, answers: Answers) -> None:
        """Take what each step is done by.

        Args:
            callers: Tells who calls.
            reader: Reads requests.
            answers: Writes answers.
        """
        self._callers = callers
        self._reader = reader
        self._answers = answers
        self._log = get_log()
        self._running = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    async def finished(self) -> None:
        """Wait until no call with a single answer runs; streams may go on for ever and are not waited for."""
        await self._quiet.wait()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Return the method's handler with its surroundings; None where there is no such method."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method

        async def answer(given: Any, context: Any) -> bytes:
            async with self._counted(), self._call(method, context), in_time(context):
                request = await self._request(given, handler, method)
                with unwritten_methods_refused(context):
                    response = await behaviour_of(handler)(request, context)
                return self._wire(response, handler, method, context)

        async def stream(given: Any, context: Any) -> None:
            async with self._call(method, context):
                request = await self._request(given, handler, method)
                with unwritten_methods_refused(context):
                    responses = behaviour_of(handler)(request, context)
                if not isinstance(responses, AsyncIterable):
                    await responses
                    return
                async for response in responses:
                    await context.write(self._wire(response, handler, method, context))

        return MAKE_HANDLER[handler.request_streaming, handler.response_streaming](
            stream if handler.response_streaming else answer,
            request_deserializer=None,
            # Streams that write by themselves, as the health service's does, write messages.
            response_serializer=partial(as_bytes, serialize=handler.response_serializer),
        )

    async def _request(self, given: Any, handler: Any, method: str) -> Any:
        """The checked request, or an iterator over the checked requests."""
        if handler.request_streaming:
            return self._read_each(given, handler.request_deserializer, method)
        return await self._read(given, handler.request_deserializer, method)

    async def _read_each(
        self, wires: AsyncIterable[bytes], deserialize: Callable[[bytes], Any], method: str
    ) -> AsyncIterator[Any]:
        async for wire in wires:
            yield await self._read(wire, deserialize, method)

    async def _read(self, wire: bytes, deserialize: Callable[[bytes], Any], method: str) -> Any:
        REQUEST_BYTES.labels(method=method).inc(len(wire))
        return await self._reader.read(wire, deserialize)

    def _wire(self, response: Any, handler: Any, method: str, context: Any) -> bytes:
        wire = self._answers.wire(response, handler.response_serializer, context)
        ANSWER_BYTES.labels(method=method).inc(len(wire))
        return wire

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        self._running += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._quiet.set()

    @asynccontextmanager
    async def _call(self, method: str, context: Any) -> AsyncIterator[None]:
        metadata = dict(context.invocation_metadata() or ())
        correlation_id = correlation_id_of(metadata)
        started = time.perf_counter()
        outcome, caller = "OK", UNKNOWN_CALLER
        with (
            structlog.contextvars.bound_contextvars(correlation_id=correlation_id, method=method),
            call_span(method, metadata, correlation_id) as current,
        ):
            context.set_trailing_metadata(((CORRELATION_KEY, correlation_id),))
            try:
                caller = self._callers.identify(method, metadata, context.auth_context())
                with acting_as(caller):
                    yield
            except asyncio.CancelledError:
                outcome = "CANCELLED"
                raise
            except ServiceError as error:
                outcome = error.code.name
                status = error_status(error, correlation_id, error_bytes_of(metadata))
                await abort(context, status, correlation_id, error.retry_after_s)
            except grpc.aio.AbortError:
                outcome = "ABORTED_BY_SERVICER"
                raise
            except Exception:
                outcome = "INTERNAL"
                self._log.exception("fault")
                await abort(context, internal_status(correlation_id), correlation_id)
            finally:
                took_s = time.perf_counter() - started
                CALLS.labels(method=method, code=outcome).inc()
                CALL_SECONDS.labels(method=method).observe(took_s)
                end_call(current, outcome, faulty=outcome in SERVERS_FAULTS)
                self._log.info("call", caller=caller, outcome=outcome, duration_s=round(took_s, 4))


@asynccontextmanager
async def in_time(context: Any) -> AsyncIterator[None]:
    """End a call that takes longer than its caller waits, in time for the caller to be told.

    Raises:
        OutOfTime: It does.
    """
    deadline = Deadline.of_call(context)
    try:
        async with asyncio.timeout(deadline.give_up_s()) as clock:
            yield
    except TimeoutError:
        if not clock.expired():
            raise
        raise OutOfTime("the call took longer than its deadline allows") from None


def behaviour_of(handler: Any) -> Callable[[Any, Any], Any]:
    """The function behind a handler."""
    kinds = (
        "stream" if streaming else "unary" for streaming in (handler.request_streaming, handler.response_streaming)
    )
    behaviour: Callable[[Any, Any], Any] = getattr(handler, "_".join(kinds))
    return behaviour


@contextmanager
def unwritten_methods_refused(context: Any) -> Iterator[None]:
    """Tell a method that its service's generated base class has and nobody wrote from a fault of the server.

    Such are the newer methods of the standard services.

    Raises:
        NotOffered: The base class's own method was called, which sets the code and raises NotImplementedError.
    """
    try:
        yield
    except NotImplementedError as error:
        if context.code() is not grpc.StatusCode.UNIMPLEMENTED:
            raise
        raise NotOffered("the server does not offer this method") from error


def correlation_id_of(metadata: Mapping[str, str | bytes]) -> str:
    """The caller's correlation id where it has one of a harmless form, else a new one."""
    given = metadata.get(CORRELATION_KEY)
    return given if isinstance(given, str) and CORRELATION_FORM.fullmatch(given) else uuid.uuid4().hex


def error_bytes_of(metadata: Mapping[str, str | bytes]) -> int:
    """How many bytes of error details the caller takes."""
    announced = metadata.get(ERROR_BYTES_KEY, "")
    if not isinstance(announced, str) or not ANNOUNCED_BYTES.fullmatch(announced):
        return LEAST_ERROR_BYTES
    return max(LEAST_ERROR_BYTES, min(int(announced), MOST_ERROR_BYTES))


async def abort(context: Any, status: Status, correlation_id: str, retry_after_s: float | None = None) -> NoReturn:
    """End the call with a status and its details, and tell gRPC's own retries in the client what RetryInfo says."""
    trailing = (
        (CORRELATION_KEY, correlation_id),
        (DETAILS_KEY, status.SerializeToString()),
        (PUSHBACK_KEY, str(pushback_ms(retry_after_s, context.time_remaining()))),
    )
    await context.abort(CODES[status.code], status.message, trailing)
    raise AssertionError("abort returned")


def pushback_ms(retry_after_s: float | None, left_s: float | None) -> int:
    """Milliseconds after which gRPC in the client shall try again; -1 where that does not help.

    Args:
        retry_after_s: Seconds after which a new try makes sense. None: it does not.
        left_s: Seconds that the caller still waits. None: for ever. A try that comes after them would hide the
            refusal behind a passed deadline.
    """
    if retry_after_s is None or (left_s is not None and retry_after_s >= left_s):
        return -1
    return int(retry_after_s * 1000)
