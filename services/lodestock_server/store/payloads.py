"""Requests and answers of jobs as bytes, each kept once under the digest of its content.

Owns writing, reading and sweeping them. A payload lives as long as a result names it, and for a day after somebody
touched it last, so that it outlives the time between its writing and its naming.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta

from sqlalchemy import Connection, Engine, delete, exists, select, update

from lodestock_server.errors import NotFound
from lodestock_server.store.clock import clock
from lodestock_server.store.database import changing, inserting
from lodestock_server.store.faults import steadfast
from lodestock_server.store.schema import payload, result

COMPRESSION_LEVEL = 1
FRESH = timedelta(hours=1)
"""A touch is written down once in this time: SQLite writes the whole row anew."""
KEPT_UNTOUCHED = timedelta(days=1)
AT_ONCE = 100
"""Payloads that a statement names; a sweep holds SQLite's write lock for no longer than they take."""


class PayloadStore:
    """The payloads in one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @steadfast
    def put(self, content: bytes) -> str:
        """Keep some bytes, for a day at least; return their SHA-256, hexadecimal.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        digest = hashlib.sha256(content).hexdigest()
        with self._engine.connect() as connection:
            fresh = payload.c.touched_at > clock(connection) - FRESH
            held = connection.execute(select(payload.c.digest).where(payload.c.digest == digest, fresh)).first()
        if held is None:
            self._write(digest, len(content), zlib.compress(content, COMPRESSION_LEVEL))
        return digest

    @steadfast
    def get(self, digest: str) -> bytes:
        """The bytes under a digest.

        Raises:
            NotFound: There are none, or none any more.
            DatabaseUnavailable: The database stays away.
        """
        with self._engine.connect() as connection:
            packed = connection.execute(select(payload.c.content).where(payload.c.digest == digest)).scalar()
        if packed is None:
            raise _not_found(digest)
        return zlib.decompress(packed)

    def touch(self, digests: Iterable[str]) -> None:
        """Keep payloads for another day; those that are not there are left out.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        for some in _by_number(sorted(set(digests))):
            self._touch_some(some)

    def sweep(self, untouched_for: timedelta = KEPT_UNTOUCHED) -> int:
        """Delete what no result names and nobody has touched for some time; return how many that were.

        Args:
            untouched_for: more than the hour within which touches are not written down.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        if untouched_for <= FRESH:
            raise ValueError(f"untouched_for is {untouched_for}, must be more than {FRESH}")
        swept = 0
        while some := self._sweep_some(untouched_for):
            swept += some
        return swept

    def _write(self, digest: str, raw_bytes: int, packed: bytes) -> None:
        with changing(self._engine) as connection:
            now = clock(connection)
            new = inserting(connection, payload).values(
                digest=digest, content=packed, raw_bytes=raw_bytes, stored_bytes=len(packed), touched_at=now
            )
            # It may be there, touched long ago, or written by another process in the meantime.
            connection.execute(new.on_conflict_do_update(index_elements=["digest"], set_={"touched_at": now}))

    @steadfast
    def _touch_some(self, digests: Collection[str]) -> None:
        with changing(self._engine) as connection:
            touch(connection, digests)

    @steadfast
    def _sweep_some(self, untouched_for: timedelta) -> int:
        with changing(self._engine) as connection:
            old = payload.c.touched_at < clock(connection) - untouched_for
            named = exists().where(result.c.request_digest == payload.c.digest)
            answers = exists().where(result.c.answer_digest == payload.c.digest)
            some = select(payload.c.digest).where(old, ~named, ~answers).limit(AT_ONCE)
            # Said twice: who touches a payload meanwhile makes this statement wait, look again, and leave it.
            return connection.execute(delete(payload).where(payload.c.digest.in_(some), old)).rowcount


def touch(connection: Connection, digests: Collection[str]) -> None:
    """Keep payloads for another day, in a transaction of somebody else's; at most `AT_ONCE`."""
    now = clock(connection)
    stale = payload.c.touched_at < now - FRESH
    connection.execute(update(payload).where(payload.c.digest.in_(digests), stale).values(touched_at=now))


def hold(connection: Connection, digests: Collection[str]) -> None:
    """See to it that payloads are there until the end of a transaction.

    Raises:
        NotFound: One is not there.
    """
    touch(connection, digests)
    held = set(connection.execute(select(payload.c.digest).where(payload.c.digest.in_(digests))).scalars())
    for missing in set(digests) - held:
        raise _not_found(missing)


def _by_number(digests: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(digests), AT_ONCE):
        yield digests[first : first + AT_ONCE]


def _not_found(digest: str) -> NotFound:
    return NotFound(f"there is no payload {digest}; it may have been swept")
