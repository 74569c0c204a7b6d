"""Faults of the database that pass: which ones do, trying again, and what the caller hears when they last.

A server outlives restarts of its database. The pool replaces connections that died while idle; what dies in mid-use is
tried again here, where doing it twice comes to the same, and reaches the caller as UNAVAILABLE where it goes on. The
log says why, in the driver's words, once for each kind of fault and minute.
"""

from __future__ import annotations

import functools
import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from lodestock_server.errors import DatabaseUnavailable
from lodestock_server.log import get_log
from lodestock_server.metrics import DATABASE_FAULTS

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_S = 2.0
"""How long a call waits for the database to come back. Short: the threads that wait are few, and callers come again."""
FIRST_DELAY_S = 0.05
LONGEST_DELAY_S = 1.0
RETRY_AFTER_S = 2.0
AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
"""SQLite's codes of what may be gone a moment later."""
TOLD_EVERY_S = 60.0
"""How often the log says that the database fails in the same way; while it is away every call meets that."""
_TELLING = threading.Lock()
_TOLD_S: dict[str, float] = {}
"""When each kind of fault was logged last."""
PRIMARY_CODE = 0xFF
"""SQLite's extended codes keep the primary one in their lowest byte."""


def is_transient(error: BaseException) -> bool:
    """Whether a fault of the database is none of the caller's nor of ours: it is away, busy or full, not damaged."""
    return is_away(error) or is_full(error)


def is_away(error: BaseException) -> bool:
    """Whether a fault of the database may be gone when it is tried again a moment later."""
    if isinstance(error, PoolExhausted):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    cause = _drivers_error(error)
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(cause) in AWAY
    if _of_psycopg(cause):
        import psycopg

        return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) and not is_full(cause)
    return False


def is_full(error: BaseException) -> bool:
    """Whether the disk of the database is full."""
    cause = _drivers_error(error)
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(cause) == sqlite3.SQLITE_FULL
    if _of_psycopg(cause):
        import psycopg

        return isinstance(cause, psycopg.errors.DiskFull)
    return False


def outlast(patience_s: float, work: Callable[[], T]) -> T:
    """Run something until the database is not away, or patience ends. It must come to the same when it is run twice.

    Raises:
        Exception: As raised last.
    """
    until, delay = time.monotonic() + patience_s, FIRST_DELAY_S
    while True:
        try:
            return work()
        except Exception as error:
            if not is_away(error) or time.monotonic() + delay > until:
                raise
        time.sleep(delay)
        delay = min(2 * delay, LONGEST_DELAY_S)


def steadfast(work: Callable[P, T]) -> Callable[P, T]:
    """Make a function outlast short absences of the database. It must come to the same when it is run twice.

    Raises:
        DatabaseUnavailable: The database stays away, or is full.
    """

    @functools.wraps(work)
    def persistent(*args: P.args, **kwargs: P.kwargs) -> T:
        with unavailable_named():
            return outlast(PATIENCE_S, functools.partial(work, *args, **kwargs))

    return persistent


@contextmanager
def unavailable_named() -> Iterator[None]:
    """Name a fault of the database that is none of ours for what it is, around what must not be run twice.

    Raises:
        DatabaseUnavailable: The database is away, busy or full.
    """
    try:
        yield
    except Exception as error:
        if is_transient(error):
            DATABASE_FAULTS.inc()
            tell(error)
            raise DatabaseUnavailable("the database is not available at present", RETRY_AFTER_S) from error
        raise


def tell(error: BaseException) -> None:
    """Log a fault that passes, unless one of its kind was logged less than a minute ago."""
    cause, now_s = _drivers_error(error), time.monotonic()
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    kind = f"{type(cause).__name__} {code}" if code else type(cause).__name__
    with _TELLING:
        if now_s - _TOLD_S.get(kind, -math.inf) < TOLD_EVERY_S:
            return
        _TOLD_S[kind] = now_s
    get_log().error("database fails", kind=kind, why=drivers_words(cause), full=is_full(error))


def drivers_words(error: BaseException) -> str:
    """What went wrong in the words of the driver, without the statement and the pages on the web that come after."""
    return str(error.args[0] if error.args else error).partition("\n")[0]


def _drivers_error(error: BaseException) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _sqlite_code(error: sqlite3.Error) -> int:
    # The module's own errors, such as for a connection that is closed, have no code.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & PRIMARY_CODE


def _of_psycopg(error: BaseException) -> bool:
    """Whether it comes from PostgreSQL's driver, which is imported where it is used alone."""
    return type(error).__module__.startswith("psycopg")
