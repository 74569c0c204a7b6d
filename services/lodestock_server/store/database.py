"""Opening the database, bringing its schema up to date, and writing to it one at a time.

Owns the engine's settings. What stands in the tables is the matter of the modules beside this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError

from lodestock_server.errors import DatabaseUnavailable
from lodestock_server.store.faults import drivers_words, outlast

DATABASE_FILE = "lodestock.db"
WRITER_LOCK = 0x10DE570C
"""Number of PostgreSQL's advisory lock that writers of the schema and of datasets hold."""
LOCK_TIMEOUT_MS = 60_000
"""How long a writer of SQLite waits for another one; taking in the largest package takes seconds."""
NETWORK_OPTIONS = {
    "application_name": "lodestock",
    "connect_timeout": "5",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""What libpq is told unless the URL says otherwise, in seconds; the last one in milliseconds."""

OF_PSYCOPG = {"autocommit", "prepare_threshold"}
"""Options of a URL that are the driver's own and not libpq's."""


def sqlite_url(data_dir: Path) -> str:
    """The URL of the database in a folder, which is made if it is not there.

    Raises:
        OSError: The folder cannot be made.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"data_dir {data_dir} cannot be made: {error.strerror or error}") from error
    return f"sqlite:///{data_dir / DATABASE_FILE}"


def database_url(named: SecretStr | None, data_dir: Path) -> str:
    """The URL of the database that is named, else of the one in a folder.

    Raises:
        OSError: The folder cannot be made.
    """
    return named.get_secret_value() if named else sqlite_url(data_dir)


def open_database(url: str, patience_s: float = 0.0) -> Engine:
    """Open a database and bring its schema to this version of the server.

    Args:
        url: SQLAlchemy's URL, such as "sqlite:////var/lib/lodestock/lodestock.db" or "postgresql://user@host/lodestock".
        patience_s: how long to wait where it cannot be reached, as it may be starting, too.

    Raises:
        OSError: It cannot be reached, is no database, or one of a newer version of the server.
    """
    # Imported here, so that worker processes, which open a database that is up to date, do not load Alembic.
    from lodestock_server.store.revisions import UnknownRevision, upgrade

    engine = connect(url)
    try:
        with faults_named(engine, "cannot be opened"):
            outlast(patience_s, lambda: upgrade(engine))
    except UnknownRevision as error:
        engine.dispose()
        raise _fault(engine.url, "cannot be brought to this version of the server", str(error)) from error
    except OSError:
        engine.dispose()
        raise
    return engine


@contextmanager
def faults_named(engine: Engine, what: str) -> Iterator[None]:
    """Name the database where it fails.

    Args:
        engine: the database.
        what: what cannot be done with it, in words.

    Raises:
        OSError: It failed: it cannot be reached, is damaged, or its disk is full.
    """
    try:
        yield
    # What is written past SQLAlchemy, as in filling, fails with the driver's own errors.
    except (DBAPIError, engine.dialect.loaded_dbapi.Error) as error:
        raise _fault(engine.url, what, drivers_words(error)) from error
    except DatabaseUnavailable as error:
        raise _fault(engine.url, what, drivers_words(error.__cause__ or error)) from error


def _fault(url: URL, what: str, why: str) -> OSError:
    return OSError(f"the database {what}: {why} ({url.render_as_string(hide_password=True)})")


def connect(url: str) -> Engine:
    """Open a database whose schema is up to date.

    Args:
        url: SQLAlchemy's URL; PostgreSQL is spoken to through psycopg where the URL names no driver.

    Raises:
        OSError: The URL is none, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # What is wrong with it is not repeated: it may be part of a password.
        raise OSError("database_url is no URL of a database, such as postgresql://user:password@host/name") from None
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        # Statements' parameters are what callers gave, which no log is to hold.
        engine = create_engine(parsed, hide_parameters=True, **_engine_options(parsed))
    except ImportError as error:
        raise _fault(parsed, "cannot be opened: its driver is not installed", str(error)) from error
    _refuse_unknown_options(engine)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
    return engine


def _refuse_unknown_options(engine: Engine) -> None:
    """Refuse names after the "?" of PostgreSQL's URL that libpq does not know, before a connection is tried."""
    if engine.dialect.name != "postgresql":
        return
    from psycopg.conninfo import make_conninfo

    try:
        make_conninfo(**dict.fromkeys(set(engine.url.query) - OF_PSYCOPG, ""))
    except engine.dialect.loaded_dbapi.Error as error:
        raise _fault(engine.url, "cannot be opened", drivers_words(error)) from error


@contextmanager
def changing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes; on SQLite the one writer from its start, so that it never fails for having read."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction of the one writer of the catalog that there is at a time, of all processes on the database.

    So whoever looks whether something is there may write it where it is not.
    """
    with changing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
        yield connection


def inserting(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say what is to be done where the row is there already."""
    kind = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return kind(table)


def _engine_options(url: URL) -> dict[str, Any]:
    """What keeps connections fit: each is looked at before it is used, and a machine that went away is noticed."""
    if url.get_backend_name() == "sqlite":
        return {}
    return {"pool_pre_ping": True, "connect_args": {**NETWORK_OPTIONS, **url.query}}


def _set_pragmas(connection: Any, _record: object) -> None:
    """Readers and one writer side by side, and foreign keys that hold."""
    connection.execute(f"PRAGMA busy_timeout={LOCK_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    # With a write-ahead log a power cut may lose the last transactions and never corrupts.
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
