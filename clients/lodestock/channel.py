"""An open connection: how calls are made on it, and the errors that they end in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import UInt32Value

from lodestock.connection import MIB, Connection
from lodestock.errors import from_rpc_error
from lodestock.operations import Operations
from lodestock.requests import SHORT_TIMEOUT_S
from lodestock.v1 import (
    audit_pb2_grpc,
    catalog_pb2_grpc,
    forecast_pb2_grpc,
    risk_pb2_grpc,
    sourcing_pb2_grpc,
)

Answer = TypeVar("Answer", bound=Message)
Page = TypeVar("Page", bound=Message)

HEALTH_NAMES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")


class Channel:
    """What every call of the client goes through."""

    def __init__(
        self,
        address: str | None = None,
        *,
        token: str | None = None,
        ca_file: str | Path | None = None,
        certificate_file: Path | None = None,
        key_file: Path | None = None,
        max_message_bytes: int = 64 * MIB,
        compress: bool = False,
        channel: grpc.Channel | None = None,
    ) -> None:
        """Describe the connection; it is made with the first call.

        Args:
            address: Host and port. None: the variable LODESTOCK_ADDRESS, else 127.0.0.1:50051.
            token: Bearer token. None: the variable LODESTOCK_TOKEN, if any.
            ca_file: PEM file with the authority that signed the server's certificate; encrypts the connection. None:
                the variable LODESTOCK_CA_FILE, if any.
            certificate_file: PEM file with the client's own certificate, for servers that want one.
            key_file: PEM file with its private key.
            max_message_bytes: Largest request and largest answer.
            compress: Compress requests.
            channel: An open channel to use, such as `lodestock.testing.MockChannel`. Then neither address, files nor
                environment count.

        Raises:
            ValueError: The arguments do not go together.
        """
        self._connection = (
            Connection.from_environment(
                address,
                token,
                ca_file=ca_file,
                certificate_file=certificate_file,
                key_file=key_file,
                max_message_bytes=max_message_bytes,
                compress=compress,
            )
            if channel is None
            else Connection(token=token, max_message_bytes=max_message_bytes)
        )
        self._channel = self._connection.open() if channel is None else channel
        self._audit = audit_pb2_grpc.AuditServiceStub(self._channel)
        self._catalog = catalog_pb2_grpc.CatalogServiceStub(self._channel)
        self._forecast = forecast_pb2_grpc.ForecastServiceStub(self._channel)
        self._risk = risk_pb2_grpc.RiskServiceStub(self._channel)
        self._sourcing = sourcing_pb2_grpc.SourcingServiceStub(self._channel)
        self._operations = Operations(self._channel, self._call, self._stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def health(self, *, timeout_s: float = SHORT_TIMEOUT_S) -> str:
        """Say how the server is: SERVING, or NOT_SERVING while it goes down."""
        # The standard health service answers with one enum in field 1, as UInt32Value does; so no stub is needed.
        check = self._channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=Empty.SerializeToString,
            response_deserializer=UInt32Value.FromString,
        )
        return HEALTH_NAMES[self._call(check, Empty(), timeout_s).value]

    def _pages(self, method: Callable[..., Page], request: Any, timeout_s: float) -> Iterator[Page]:
        """Every page of a list, each waited for by itself."""
        while True:
            page: Any = self._call(method, request, timeout_s)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def _stream(self, method: Callable[..., Any], request: Message, timeout_s: float) -> Iterator[Any]:
        call = method(request, timeout=timeout_s, metadata=self._connection.metadata())
        try:
            yield from call
        except grpc.RpcError as error:
            raise from_rpc_error(error, self._connection.max_message_bytes) from error
        finally:
            # Whoever stops reading leaves a stream that the server would go on to write.
            call.cancel()

    def _call(self, method: Callable[..., Answer], request: Message, timeout_s: float) -> Answer:
        try:
            return method(request, timeout=timeout_s, metadata=self._connection.metadata())
        except grpc.RpcError as error:
            raise from_rpc_error(error, self._connection.max_message_bytes) from error
