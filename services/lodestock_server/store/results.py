"""Results of jobs by name: plans, forecasts, backtests, each with the payloads of its request and of its answer.

Owns publishing, listing, deleting and sweeping them. A caller sees its own alone.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, or_, select, tuple_

from lodestock_server.errors import AlreadyExists, FieldViolation, InvalidRequest, NotFound
from lodestock_server.store.clock import clock, database_now
from lodestock_server.store.database import changing, inserting
from lodestock_server.store.faults import steadfast, unavailable_named
from lodestock_server.store.payloads import hold
from lodestock_server.store.schema import payload, result

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
AT_ONCE = 500
"""Results that a statement of the sweep deletes."""

REQUEST = payload.alias("request")
ANSWER = payload.alias("answer")


@dataclass(frozen=True, slots=True)
class StoredResult:
    """What is known of a stored result.

    Attributes:
        name: such as "plans/…".
        kind: what its name begins with.
        caller: whose it is.
        display_name: the caller's words for it.
        operation: name of the operation that made it, which may be gone.
        created_at: when it was stored, in UTC.
        expires_at: when it will be deleted, in UTC; None: never.
        request_digest: the payload that was asked.
        answer_digest: the payload that was answered.
        request_bytes: size of the one, before compression.
        answer_bytes: size of the other.
        summary: what lists show of it.
    """

    name: str
    kind: str
    caller: str
    display_name: str
    operation: str
    created_at: datetime
    expires_at: datetime | None
    request_digest: str
    answer_digest: str
    request_bytes: int
    answer_bytes: int
    summary: Mapping[str, Any]


class NotAllowed(Exception):
    """A result is not to be stored: who made it was told to stop."""


class ResultStore:
    """The results in one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @steadfast
    def publish(
        self,
        name: str,
        *,
        kind: str,
        caller: str,
        display_name: str,
        operation: str,
        request_digest: str,
        answer_digest: str,
        summary: Mapping[str, Any],
        keep: timedelta | None,
        allowed: Callable[[Connection], bool] = lambda _connection: True,
    ) -> bool:
        """Store a result; False where one of this name and of the same request is there, which stays what it is.

        Args:
            name: such as "plans/…".
            kind: what the name begins with.
            caller: whose it is.
            display_name: the caller's words for it.
            operation: name of the operation that made it.
            request_digest: the payload that was asked.
            answer_digest: the payload that was answered.
            summary: what lists show of it; JSON.
            keep: how long; None: for ever.
            allowed: asked in the transaction whether to store it at all; holds what it looks at until the end of that.

        Raises:
            NotFound: A payload is not there.
            AlreadyExists: The name belongs to the result of another request.
            NotAllowed: It is not to be stored.
            DatabaseUnavailable: The database stays away.
        """
        with changing(self._engine) as connection:
            if not allowed(connection):
                raise NotAllowed(name)
            hold(connection, {request_digest, answer_digest})
            now = clock(connection)
            connection.execute(delete(result).where(result.c.name == name, result.c.expires_at <= now))
            new = inserting(connection, result).values(
                name=name,
                kind=kind,
                caller=caller,
                display_name=display_name,
                operation=operation,
                created_at=now,
                expires_at=None if keep is None else now + keep,
                request_digest=request_digest,
                answer_digest=answer_digest,
                summary=dict(summary),
            )
            once = new.on_conflict_do_nothing(index_elements=["name"]).returning(result.c.name)
            if connection.execute(once).first() is not None:
                return True
            if request_digest != connection.execute(_request_of(name)).scalar():
                raise AlreadyExists(f"{name} is the result of another request")
            return False

    @steadfast
    def request_of(self, name: str) -> str | None:
        """The digest of the request that a result answers; None where there is no such result.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        live = or_(result.c.expires_at.is_(None), result.c.expires_at > database_now())
        with self._engine.connect() as connection:
            digest: str | None = connection.execute(_request_of(name).where(live)).scalar()
            return digest

    @steadfast
    def get(self, name: str, caller: str) -> StoredResult:
        """A result of a caller's.

        Raises:
            NotFound: The caller has none of this name, or none any more.
            DatabaseUnavailable: The database stays away.
        """
        with self._engine.connect() as connection:
            row = connection.execute(_of_caller(caller).where(result.c.name == name)).first()
        if row is None:
            raise _not_found(name)
        return _result(row)

    @steadfast
    def list(
        self, kind: str, caller: str, page_size: int, page_token: str = ""
    ) -> tuple[tuple[StoredResult, ...], str]:
        """Up to `page_size` results of a caller's, the newest first, and the token of the next page, "" if none.

        Raises:
            InvalidRequest: The token is none that a list gave out.
            DatabaseUnavailable: The database stays away.
        """
        order = (result.c.created_at, result.c.name)
        statement = _of_caller(caller).where(result.c.kind == kind)
        if page_token:
            statement = statement.where(tuple_(*order) < tuple_(*_position(page_token)))
        statement = statement.order_by(*(column.desc() for column in order)).limit(page_size + 1)
        with self._engine.connect() as connection:
            found = tuple(_result(row) for row in connection.execute(statement))
        return found[:page_size], _token(found[page_size - 1]) if len(found) > page_size else ""

    def delete(self, name: str, caller: str) -> None:
        """Delete a result of a caller's; the sweep takes the payloads that nothing else names.

        Raises:
            NotFound: The caller has none of this name, or none any more.
            DatabaseUnavailable: The database is away.
        """
        with unavailable_named(), changing(self._engine) as connection:
            gone = connection.execute(delete(result).where(result.c.name == name, result.c.caller == caller))
        if not gone.rowcount:
            raise _not_found(name)

    def sweep(self) -> int:
        """Delete what has expired; return how many that were.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        swept = 0
        while some := self._sweep_some():
            swept += some
        return swept

    @steadfast
    def _sweep_some(self) -> int:
        with changing(self._engine) as connection:
            some = select(result.c.name).where(result.c.expires_at <= clock(connection)).limit(AT_ONCE)
            return connection.execute(delete(result).where(result.c.name.in_(some))).rowcount


def _request_of(name: str) -> Select[Any]:
    return select(result.c.request_digest).where(result.c.name == name)


def _of_caller(caller: str) -> Select[Any]:
    """The results of a caller's that have not expired, each with the sizes of its payloads."""
    return (
        select(result, REQUEST.c.raw_bytes.label("request_bytes"), ANSWER.c.raw_bytes.label("answer_bytes"))
        .join(REQUEST, REQUEST.c.digest == result.c.request_digest)
        .join(ANSWER, ANSWER.c.digest == result.c.answer_digest)
        .where(result.c.caller == caller, or_(result.c.expires_at.is_(None), result.c.expires_at > database_now()))
    )


def _result(row: Row[Any]) -> StoredResult:
    return StoredResult(**row._mapping)


def _token(last: StoredResult) -> str:
    """The token of the page that begins after a result."""
    text = f"{(last.created_at - EPOCH) // MICROSECOND}/{last.name}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _position(token: str) -> tuple[datetime, str]:
    """The place in the list that a token names.

    Raises:
        InvalidRequest: The token is none that a list gave out.
    """
    try:
        text = base64.b64decode(token, altchars=b"-_", validate=True).decode()
        microseconds, slash, name = text.partition("/")
        if not slash or not microseconds.isdecimal():
            raise ValueError(text)
        return EPOCH + int(microseconds) * MICROSECOND, name
    except (ValueError, OverflowError, binascii.Error) as error:
        wanted = "is none that this server gave out, must be a next_page_token or empty"
        raise InvalidRequest([FieldViolation("page_token", wanted)]) from error


def _not_found(name: str) -> NotFound:
    return NotFound(f"there is no '{name}'")
