"""Copies of a PostgreSQL database by its own programs: a consistent state, while others read and write."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy import inspect, text

from lodestock_server.store.copying import CopyFault
from lodestock_server.store.database import connect, faults_named

COMPRESSES = True
OWNERLESS = ("--no-owner", "--no-privileges")
"""So that a backup may be put back under another user."""
SYSTEM_SCHEMAS = ("information_schema", "pg_catalog")


def dump(url: str, file: Path) -> None:
    """Write all that the database holds at one moment into a new file.

    Raises:
        CopyFault: pg_dump is not there, or failed.
    """
    _run(url, "pg_dump", "--format=custom", *OWNERLESS, f"--file={file}")
    _run(None, "pg_restore", "--list", f"--file={os.devnull}", str(file))


def load(url: str, file: Path) -> None:
    """Make the database hold what a copy does and nothing else, in one transaction.

    Raises:
        CopyFault: pg_restore or psql is not there, or failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        # Written out first: if it broke off on its way into psql, psql would take the half for the whole.
        statements = Path(folder, "statements.sql")
        _run(None, "pg_restore", *OWNERLESS, f"--file={statements}", str(file))
        drop = [f"--command={statement}" for statement in _dropping(url)]
        quiet = ("--no-psqlrc", "--quiet", "--output", os.devnull)
        _run(url, "psql", *quiet, "--single-transaction", "--set=ON_ERROR_STOP=1", *drop, f"--file={statements}")


def is_empty(url: str) -> bool:
    """Whether the database holds no table yet."""
    return not _tables(url)


def others(url: str) -> list[str]:
    """Who else has the database open."""
    asked = text(
        "SELECT application_name, host(client_addr), pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    engine = connect(url)
    try:
        with faults_named(engine, "cannot be reached"), engine.connect() as connection:
            found = connection.execute(asked).all()
    finally:
        engine.dispose()
    return [f"{name or 'somebody'} from {address or 'its machine'} (session {pid})" for name, address, pid in found]


def _dropping(url: str) -> list[str]:
    """Statements that leave nothing of ours: the copy may lack tables that the database has."""
    tables = _tables(url)
    schemas = sorted({schema for schema, _ in tables} - {"public"})
    own = [f'DROP SCHEMA "{schema}" CASCADE' for schema in schemas]
    return own + [f'DROP TABLE public."{table}" CASCADE' for schema, table in tables if schema == "public"]


def _tables(url: str) -> list[tuple[str, str]]:
    """Schema and name of every table."""
    engine = connect(url)
    try:
        with faults_named(engine, "cannot be reached"), engine.connect() as connection:
            inspector = inspect(connection)
            schemas = [name for name in inspector.get_schema_names() if name not in SYSTEM_SCHEMAS]
            return [(schema, table) for schema in schemas for table in sorted(inspector.get_table_names(schema))]
    finally:
        engine.dispose()


def _run(url: str | None, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, on a database where a URL is given.

    Raises:
        CopyFault: It is not there, or failed.
    """
    path = shutil.which(program)
    if path is None:
        needed = f"{program} is not on the PATH: install PostgreSQL's client programs of the server's version or later"
        raise CopyFault(f"{needed} (Debian: postgresql-client; Fedora: postgresql)")
    database, environment = _addressed(url) if url is not None else ((), {})
    line = [path, *database, *arguments]
    ended = subprocess.run(
        line, env={**os.environ, **environment}, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if ended.returncode != 0:
        raise CopyFault(f"{program} failed: {ended.stderr.strip() or f'exit {ended.returncode}'}")


def _addressed(url: str) -> tuple[Sequence[str], dict[str, str]]:
    """How the programs are told the database: the password by the environment, which other users cannot see."""
    engine = connect(url)
    engine.dispose()
    _, options = engine.dialect.create_connect_args(engine.url)
    password = options.pop("password", None)
    options.pop("context", None)  # SQLAlchemy's own, of no meaning to libpq
    return (f"--dbname={make_conninfo(**options)}",), {} if password is None else {"PGPASSWORD": str(password)}
