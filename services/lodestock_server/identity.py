"""Who calls: from a token or a client's certificate to a name, which then goes with the call wherever it is worked on.

Where tokens are set they name the caller; else the common name of the client's certificate does, where clients must
show one; else every caller is "anonymous". So no name of one kind can pass for one of the other.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

from lodestock_server.errors import Unauthenticated

ANONYMOUS = "anonymous"
COMMON_NAME = "x509_common_name"
"""Name under which gRPC hands over the common name of a client's certificate."""
LONGEST_NAME = 100
OPEN_TO_ALL = "/grpc.health.v1.Health/"
SCHEME = b"Bearer "

_caller: ContextVar[str] = ContextVar("caller", default=ANONYMOUS)


def current_caller() -> str:
    """The name of the caller whose call or job is worked on."""
    return _caller.get()


@contextmanager
def acting_as(caller: str) -> Iterator[None]:
    """Work on a call or job of `caller`; log lines carry the name."""
    before = _caller.set(caller)
    try:
        with structlog.contextvars.bound_contextvars(caller=caller):
            yield
    finally:
        _caller.reset(before)


class Callers:
    """Tells callers apart, and refuses those that it does not know."""

    def __init__(self, tokens: Mapping[str, str], by_certificate: bool) -> None:
        """Take what callers show.

        Args:
            tokens: Secret by the caller's name. Empty: none is wanted.
            by_certificate: Whether clients must show a certificate, which names them where there are no tokens.
        """
        self._tokens = {name: digest(secret.encode()) for name, secret in tokens.items()}
        self._by_certificate = by_certificate

    def identify(self, method: str, metadata: Mapping[str, str | bytes], certificate: Mapping[str, list[bytes]]) -> str:
        """The name of a caller; health checks need none.

        Args:
            method: Full name of the method.
            metadata: Of the call.
            certificate: What gRPC knows of the client's certificate.

        Raises:
            Unauthenticated: A token or a certificate with a name is wanted, and the call carries none or another one.
        """
        if method.startswith(OPEN_TO_ALL):
            return ANONYMOUS
        if self._tokens:
            return self._by_token(metadata.get("authorization", b""))
        return by_common_name(certificate) if self._by_certificate else ANONYMOUS

    def _by_token(self, given: str | bytes) -> str:
        wire = given.encode() if isinstance(given, str) else given
        shown = digest(wire.removeprefix(SCHEME)) if wire.startswith(SCHEME) else b""
        # Every token is looked at, so that the time taken tells neither which one was near nor how many there are.
        found = [name for name, wanted in self._tokens.items() if hmac.compare_digest(shown, wanted)]
        if not found:
            raise Unauthenticated("the call must carry the metadata 'authorization: Bearer <token>' with a valid token")
        return found[0]


def digest(secret: bytes) -> bytes:
    """SHA-256, so that secrets of all lengths are compared in the same time."""
    return hashlib.sha256(secret).digest()


def by_common_name(certificate: Mapping[str, list[bytes]]) -> str:
    """The common name of a client's certificate.

    Raises:
        Unauthenticated: It has none, or one that is too long to be a name.
    """
    names = certificate.get(COMMON_NAME) or [b""]
    name = bytes(names[0]).decode(errors="replace")
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Unauthenticated("the client's certificate must have a common name, which is the caller's")
    return name
