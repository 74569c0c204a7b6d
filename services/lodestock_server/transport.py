"""What gRPC itself is told, and how answers leave: within the limit on messages, compressed where it pays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lodestock_server.errors import AnswerTooLarge

KIB = 1024
COMPRESSED_FROM_BYTES = 16 * KIB
"""Smaller answers fit into a few packets anyway."""
COMPRESSION_LOW = 1
"""gRPC's level; by level and not by name, since then gRPC takes a form that the client has said it reads."""
MOST_HEADER_BYTES = 16 * KIB
CALLS_A_CONNECTION = 256
"""Further ones wait in the client until one has ended."""
PING_AFTER_MS = 60_000
PING_TIMEOUT_MS = 20_000
LEAST_PING_INTERVAL_MS = 10_000
"""Clients that ping more often are cut off."""

Serialize = Callable[[Any], bytes]


def channel_options(most_bytes: int, connection_age_s: float, compress: bool) -> list[tuple[str, int]]:
    """The options of the server's channels.

    Args:
        most_bytes: Largest request.
        connection_age_s: Seconds after which a client is asked to connect anew.
        compress: Whether answers are compressed for clients that take it.
    """
    options = [
        ("grpc.max_receive_message_length", most_bytes),
        # Answers are held to the limit here, where the error can name it.
        ("grpc.max_send_message_length", -1),
        ("grpc.max_metadata_size", MOST_HEADER_BYTES),
        ("grpc.absolute_max_metadata_size", MOST_HEADER_BYTES),
        ("grpc.max_concurrent_streams", CALLS_A_CONNECTION),
        # Connections whose other end is gone are found and closed; clients may look for the same, idle ones too.
        ("grpc.keepalive_time_ms", PING_AFTER_MS),
        ("grpc.keepalive_timeout_ms", PING_TIMEOUT_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", LEAST_PING_INTERVAL_MS),
        # No grace is set: calls and streams on an old connection end by themselves, new ones go to a new connection.
        ("grpc.max_connection_age_ms", int(connection_age_s * 1000)),
        # Without this a second server could bind the same port and take half of the calls.
        ("grpc.so_reuseport", 0),
    ]
    if compress:
        options.append(("grpc.default_compression_level", COMPRESSION_LOW))
    return options


def as_bytes(answer: Any, serialize: Serialize | None) -> bytes:
    """The bytes of an answer.

    Args:
        answer: A message, or its bytes already, where a process or the database gave it so.
        serialize: Writes a message.
    """
    wire: bytes = answer if serialize is None or isinstance(answer, bytes) else serialize(answer)
    return wire


class Answers:
    """Turns answers into bytes that may leave."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes

    def wire(self, answer: Any, serialize: Serialize | None, context: Any) -> bytes:
        """The bytes of an answer; those of a small one are not compressed.

        Args:
            answer: As `as_bytes` takes it, and the next one.
            serialize: Writes a message.
            context: Of the call.

        Raises:
            AnswerTooLarge: It is beyond the limit on messages.
        """
        wire = as_bytes(answer, serialize)
        if len(wire) > self._most_bytes:
            raise AnswerTooLarge(
                f"the answer has {len(wire):,} bytes, and the server's limit max_message_bytes is "
                f"{self._most_bytes:,}: ask for less at once"
            )
        if len(wire) < COMPRESSED_FROM_BYTES:
            context.disable_next_message_compression()
        return wire
