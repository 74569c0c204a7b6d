"""What happens around every call: correlation id, identity, the reading of the request, the mapping of errors, the log.

One interceptor, so that the order of these is written in one place.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import time
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NoReturn

import grpc
import grpc.aio
import structlog
from google.rpc.status_pb2 import Status

from lodestock_server.errors import NotOffered, ServiceError, Unauthenticated
from lodestock_server.log import get_log
from lodestock_server.status import (
    DETAILS_KEY,
    ERROR_BYTES_KEY,
    LEAST_ERROR_BYTES,
    MOST_ERROR_BYTES,
    error_status,
    internal_status,
)
from lodestock_server.validation import RequestReader

CORRELATION_KEY = "x-correlation-id"
CORRELATION_FORM = re.compile(r"[A-Za-z0-9._-]{1,64}")
OPEN_TO_ALL = "/grpc.health.v1.Health/"
ANNOUNCED_BYTES = re.compile(r"[0-9]{1,12}")
CODES = {code.value[0]: code for code in grpc.StatusCode}

MAKE_HANDLER: Mapping[tuple[bool, bool], Callable[..., Any]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


class TokenCheck:
    """Lets calls pass that carry the token; health checks pass without."""

    def __init__(self, token: str | None) -> None:
        self._wanted = None if token is None else f"Bearer {token}".encode()

    def __call__(self, method: str, metadata: Mapping[str, str | bytes]) -> None:
        """Check a call.

        Raises:
            Unauthenticated: A token is wanted, and the call carries none or another one.
        """
        if self._wanted is None or method.startswith(OPEN_TO_ALL):
            return
        given = metadata.get("authorization", "")
        if not hmac.compare_digest(given.encode() if isinstance(given, str) else given, self._wanted):
            raise Unauthenticated("the call must carry the metadata 'authorization: Bearer <token>' with a valid token")


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps the handler of every method of every service."""

    def __init__(self, reader: RequestReader, check_token: TokenCheck) -> None:
        self._reader = reader
        self._check_token = check_token
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

        def given(wire: Any) -> Awaitable[Any]:
            return self._given(wire, handler)

        async def answer(wire: Any, context: Any) -> Any:
            async with self._counted(), self._call(method, context):
                request = await given(wire)
                with unwritten_methods_refused(context):
                    return await behaviour_of(handler)(request, context)

        async def stream(wire: Any, context: Any) -> None:
            async with self._call(method, context):
                request = await given(wire)
                with unwritten_methods_refused(context):
                    responses = behaviour_of(handler)(request, context)
                if not isinstance(responses, AsyncIterable):
                    await responses
                    return
                async for response in responses:
                    await context.write(response)

        return MAKE_HANDLER[handler.request_streaming, handler.response_streaming](
            stream if handler.response_streaming else answer,
            request_deserializer=None,
            response_serializer=handler.response_serializer,
        )

    async def _given(self, wire: Any, handler: Any) -> Any:
        """The checked request, or an iterator over the checked requests."""
        if handler.request_streaming:
            return self._read_each(wire, handler.request_deserializer)
        return await self._reader.read(wire, handler.request_deserializer)

    async def _read_each(self, wires: AsyncIterable[bytes], deserialize: Callable[[bytes], Any]) -> AsyncIterator[Any]:
        async for wire in wires:
            yield await self._reader.read(wire, deserialize)

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
        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id, method=method):
            context.set_trailing_metadata(((CORRELATION_KEY, correlation_id),))
            outcome = "OK"
            try:
                self._check_token(method, metadata)
                yield
            except asyncio.CancelledError:
                outcome = "CANCELLED"
                raise
            except ServiceError as error:
                outcome = error.code.name
                await abort(context, error_status(error, correlation_id, error_bytes_of(metadata)), correlation_id)
            except grpc.aio.AbortError:
                outcome = "ABORTED_BY_SERVICER"
                raise
            except Exception:
                outcome = "INTERNAL"
                self._log.exception("fault")
                await abort(context, internal_status(correlation_id), correlation_id)
            finally:
                self._log.info("call", outcome=outcome, duration_s=round(time.perf_counter() - started, 4))


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


async def abort(context: Any, status: Status, correlation_id: str) -> NoReturn:
    """End the call with a status and its details."""
    trailing = ((CORRELATION_KEY, correlation_id), (DETAILS_KEY, status.SerializeToString()))
    await context.abort(CODES[status.code], status.message, trailing)
    raise AssertionError("abort returned")
