"""What operations cost a PostgreSQL: statements, log, processor, rows and bytes; so that its limit can be told."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psutil
import psycopg
from psycopg import sql

SCHEMAS = ("public", "dbos")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a database has done so far; the difference of two is what happened in between.

    Attributes:
        transactions: Transactions ended.
        log_bytes: Bytes written ahead, which is what the disk has to take.
        processor_s: Seconds of processor of its processes that live now.
        table_bytes: Bytes of all tables and indexes.
    """

    transactions: int
    log_bytes: int
    processor_s: float
    table_bytes: int

    def since(self, earlier: Cost) -> Cost:
        """What happened since."""
        return Cost(
            self.transactions - earlier.transactions,
            self.log_bytes - earlier.log_bytes,
            self.processor_s - earlier.processor_s,
            self.table_bytes - earlier.table_bytes,
        )


def cost_so_far(url: str) -> Cost:
    """Read what a database has done so far; its figures are up to a second old."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        (transactions,) = one(
            connection, "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        )
        (log,) = one(connection, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
        (size,) = one(connection, "SELECT pg_database_size(current_database())")
        (backend,) = one(connection, "SELECT pg_backend_pid()")
        first = psutil.Process(psutil.Process(int(backend)).ppid())
        return Cost(int(transactions), int(log), processor_s(first), int(size))


def connections(url: str) -> int:
    """Connections to a database, this one not counted."""
    with psycopg.connect(url, autocommit=True) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return int(one(connection, query)[0])


def processor_s(process: psutil.Process) -> float:
    """Seconds of processor that a process and those below it have used, those that ended under them included."""
    used = 0.0
    for family in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            times = family.cpu_times()
            used += times.user + times.system
            if family == process:
                used += times.children_user + times.children_system
    return used


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its rows, and the bytes of a row on the average without indexes."""

    name: str
    rows: int
    row_bytes: float


def tables(url: str) -> list[Table]:
    """All tables that are not empty."""
    with psycopg.connect(url, autocommit=True) as connection:
        query = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s) ORDER BY 1, 2"
        names: Iterable[tuple[str, str]] = connection.execute(query, (list(SCHEMAS),)).fetchall()
        found = [table_of(connection, schema, name) for schema, name in names]
    return [table for table in found if table.rows]


def table_of(connection: psycopg.Connection[Any], schema: str, name: str) -> Table:
    """Look at one table."""
    query = sql.SQL("SELECT count(*), coalesce(avg(pg_column_size(t.*)), 0) FROM {} t").format(
        sql.Identifier(schema, name)
    )
    rows, row_bytes = one(connection, query)
    return Table(f"{schema}.{name}", int(rows), float(row_bytes))


def one(connection: psycopg.Connection[Any], query: Any) -> tuple[Any, ...]:
    """The one row that a query gives."""
    row: tuple[Any, ...] | None = connection.execute(query).fetchone()
    assert row is not None
    return row
