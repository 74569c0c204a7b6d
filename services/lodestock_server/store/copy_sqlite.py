"""Copies of a SQLite database, by SQLite's own online backup: a consistent state, while others read and write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import make_url

from lodestock_server.store.copying import CopyFault
from lodestock_server.store.faults import is_away

COMPRESSES = False
LOCK_TIMEOUT_S = 60.0


def dump(url: str, file: Path) -> None:
    """Write all that the database holds at one moment into a new file.

    Raises:
        CopyFault: The copy is not sound.
    """
    with named_faults(), opened(_path(url), LOCK_TIMEOUT_S) as source, opened(file) as target:
        source.backup(target)
        # So that the copy is one file: the original's log is in it already.
        target.execute("PRAGMA journal_mode=DELETE")
        _refuse_damage(target)


def load(url: str, file: Path) -> None:
    """Make the database hold what a copy does and nothing else, whole or not at all.

    Raises:
        CopyFault: The copy is not sound, or the database was opened elsewhere.
    """
    path = _path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    with named_faults(), opened(file) as source, opened(path, LOCK_TIMEOUT_S) as target:
        _refuse_damage(source)
        source.backup(target)


def is_empty(url: str) -> bool:
    """Whether the database holds nothing yet."""
    path = _path(url)
    if not path.exists():
        return True
    with named_faults(), opened(path, LOCK_TIMEOUT_S) as connection:
        return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def others(url: str) -> list[str]:
    """Who else has the database open: SQLite knows whether, not who."""
    path = _path(url)
    if not path.exists():
        return []
    with named_faults(), opened(path, 0.0) as connection:
        try:
            # Leaving the write-ahead log is what SQLite allows to nobody but the only one.
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            if not is_away(error):
                raise
            return [f"a server or worker on {path}"]
    return []


@contextmanager
def named_faults() -> Iterator[None]:
    """Say what SQLite complains of.

    Raises:
        CopyFault: It did.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise CopyFault(f"SQLite cannot copy: {error}") from error


def opened(file: Path, wait_s: float = 0.0) -> closing[sqlite3.Connection]:
    """A file of SQLite's, to be closed; waits so long for a lock."""
    return closing(sqlite3.connect(file, wait_s))


def _refuse_damage(connection: sqlite3.Connection) -> None:
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise CopyFault(f"the copy is damaged: {found}")
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise CopyFault("the copy is damaged: a row names one that is not there")


def _path(url: str) -> Path:
    return Path(make_url(url).database or "")
