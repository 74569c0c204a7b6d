"""How to reach a server: address, encryption, token, limits, retries, compression."""

from __future__ import annotations

import ipaddress
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import grpc

DEFAULT_ADDRESS = "127.0.0.1:50051"
MIB = 1024 * 1024
ERROR_BYTES = 512 * 1024
"""Bytes of error details that the client takes, announced to the server; gRPC's own limit is 8 KiB."""

RETRY_POLICY = {
    "maxAttempts": 4,
    "initialBackoff": "0.2s",
    "maxBackoff": "3s",
    "backoffMultiplier": 2,
    # A server that is full, or going down, says in every refusal when to come again, or that this would not help.
    "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
}
SERVICE_CONFIG = {
    # Every method gives the same answer to the same request, so every method may be tried again.
    "methodConfig": [
        {"name": [{}], "retryPolicy": RETRY_POLICY},
        # But not streams of events: whoever watches goes on after the last event that it has. And gRPC, having lost its
        # connection while it tries a stream again, may never tell how the stream ended.
        {"name": [{"service": "lodestock.v1.OperationService"}]},
    ],
    # Where more than every second call fails, callers who try again would make matters worse.
    "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.5},
}
PING_AFTER_MS = 30_000
PING_TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a server is and how to talk to it.

    Attributes:
        address: Host and port.
        token: Bearer token. None: none.
        ca_file: PEM file with the authority that signed the server's certificate. Given: the connection is encrypted.
        certificate_file: PEM file with the client's own certificate, for servers that want one.
        key_file: PEM file with its private key.
        max_message_bytes: Largest request and largest answer.
        compress: Whether requests are compressed. Answers are where the server does so.
    """

    address: str = DEFAULT_ADDRESS
    token: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    max_message_bytes: int = 64 * MIB
    compress: bool = False

    def __post_init__(self) -> None:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file go together; one of them is missing")
        if self.certificate_file is not None and self.ca_file is None:
            raise ValueError("certificate_file needs ca_file, since only encrypted connections use certificates")
        if self.token is not None and self.ca_file is None and not self.is_local:
            raise ValueError(f"a token would travel to {self.address} in clear; give ca_file to encrypt the connection")

    @classmethod
    def from_environment(cls, address: str | None = None, token: str | None = None, **given: object) -> Self:
        """Take what is not given from LODESTOCK_ADDRESS, LODESTOCK_TOKEN and LODESTOCK_CA_FILE."""
        ca_file = given.pop("ca_file", None) or os.environ.get("LODESTOCK_CA_FILE")
        return cls(
            address=address or os.environ.get("LODESTOCK_ADDRESS") or DEFAULT_ADDRESS,
            token=token or os.environ.get("LODESTOCK_TOKEN"),
            ca_file=Path(str(ca_file)) if ca_file else None,
            **given,  # type: ignore[arg-type]
        )

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine."""
        host = self.address.rpartition(":")[0].strip("[]")
        if host == "localhost" or self.address.startswith("unix:"):
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What every call carries."""
        announced = (("lodestock-error-bytes", str(ERROR_BYTES)),)
        return announced if self.token is None else (*announced, ("authorization", f"Bearer {self.token}"))

    def open(self) -> grpc.Channel:
        """Open a channel; it connects with the first call."""
        options = [
            ("grpc.max_receive_message_length", self.max_message_bytes),
            ("grpc.max_send_message_length", self.max_message_bytes),
            ("grpc.max_metadata_size", 2 * ERROR_BYTES),
            ("grpc.absolute_max_metadata_size", 2 * ERROR_BYTES),
            ("grpc.enable_retries", 1),
            # What is larger than this buffer is not tried again.
            ("grpc.per_rpc_retry_buffer_size", self.max_message_bytes),
            ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
            # A server that is gone without a word is noticed while calls wait for it.
            ("grpc.keepalive_time_ms", PING_AFTER_MS),
            ("grpc.keepalive_timeout_ms", PING_TIMEOUT_MS),
            ("grpc.http2.max_pings_without_data", 0),
        ]
        compression = grpc.Compression.Gzip if self.compress else grpc.Compression.NoCompression
        if self.ca_file is None:
            return grpc.insecure_channel(self.address, options, compression)
        credentials = grpc.ssl_channel_credentials(
            self.ca_file.read_bytes(),
            self.key_file.read_bytes() if self.key_file else None,
            self.certificate_file.read_bytes() if self.certificate_file else None,
        )
        return grpc.secure_channel(self.address, credentials, options, compression)
