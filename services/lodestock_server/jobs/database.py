"""Where jobs live: DBOS's tables beside our own, and how both sides, server and workers, open them.

One database holds everything, so that one backup does. In PostgreSQL DBOS has a schema of its own.
"""

from __future__ import annotations

from typing import Any

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

# DBOS documents its tables, but exports their description under no public name.
from dbos._schemas import SCHEMA_PLACEHOLDER
from dbos._schemas.system_database import SystemSchema
from sqlalchemy import ColumnElement, Engine, event, literal_column

from lodestock_server.jobs.kinds import KINDS
from lodestock_server.jobs.speaking import speak_structured
from lodestock_server.store.database import connect
from lodestock_server.store.faults import steadfast

APPLICATION = "lodestock"
SCHEMA = "dbos"
PROTOCOL = "1"
"""Number of the jobs protocol. Raise it when a workflow's steps change so that what another version began cannot be
gone on with: workers take only jobs of their own protocol."""

COMPUTE_QUEUE = "compute"
"""Queue of what is computed."""
FAN_OUT_QUEUE = "fan-out"
"""Queue of jobs that are split into parts and wait for them."""
QUEUES = (COMPUTE_QUEUE, FAN_OUT_QUEUE)
PENDING: ColumnElement[str] = literal_column("'PENDING'")
"""DBOS's state of what runs. Spelt out, since SQLite finds no partial index for a parameter."""
IN_FLIGHT: tuple[ColumnElement[str], ...] = (literal_column("'ENQUEUED'"), PENDING)
"""DBOS's states of what has not ended; nothing of ours is put in for later."""
NAMES = tuple(KINDS)
"""Names of the workflows that are jobs; there are others, which do parts of them."""
PROGRESS = "progress"
"""Stream of a workflow's events."""

JSON = DBOSPortableJSONSerializer()
"""What workflows take and give is JSON: whoever can write to the database must not be able to run code."""

SQLITE_LOCK_TIMEOUT_MS = 30_000
IDLE_IN_TRANSACTION_MS = 30_000
"""PostgreSQL ends a session that holds a transaction open for so long: a frozen worker must not hold its rows."""

statuses = SystemSchema.workflow_status
inputs = SystemSchema.workflow_input
outputs = SystemSchema.workflow_output
steps = SystemSchema.operation_outputs
streams = SystemSchema.streams


@steadfast
def prepare(url: str) -> None:
    """Make DBOS's tables, or bring them up to date.

    Args:
        url: SQLAlchemy's URL of a database that is there.

    Raises:
        DatabaseUnavailable: It cannot be reached.
    """
    DBOS.migrate(url, schema=SCHEMA)


def open_engine(url: str) -> Engine:
    """An engine that is fit for DBOS's tables and for ours.

    Args:
        url: SQLAlchemy's URL.

    Raises:
        OSError: The URL is none, or its driver is not installed.
    """
    engine = connect(url)
    event.listen(engine, "connect", _as_dbos_wants if engine.dialect.name == "sqlite" else _end_idle_transactions)
    return engine


def with_schema(engine: Engine) -> Engine:
    """The same engine, which finds DBOS's tables under the names that they have in this module."""
    schema = None if engine.dialect.name == "sqlite" else SCHEMA
    return engine.execution_options(schema_translate_map={SCHEMA_PLACEHOLDER: schema})


def open_client(engine: Engine) -> DBOSClient:
    """A client of DBOS that puts jobs in and asks for them, and says at once where the database is away."""
    client = DBOSClient(
        system_database_engine=engine,
        dbos_system_schema=SCHEMA,
        serializer=JSON,
        application_name=APPLICATION,
        retry_connection_errors=False,
        lazy=True,
    )
    speak_structured()
    return client


def _as_dbos_wants(connection: Any, _record: object) -> None:
    """Writers queue up from the start of their transaction, and what has been accepted outlasts a power cut."""
    connection.isolation_level = "IMMEDIATE"
    connection.execute(f"PRAGMA busy_timeout={SQLITE_LOCK_TIMEOUT_MS}")
    connection.execute("PRAGMA synchronous=FULL")


def _end_idle_transactions(connection: Any, _record: object) -> None:
    connection.execute(f"SET idle_in_transaction_session_timeout = {IDLE_IN_TRANSACTION_MS}")
    # The pool rolls back what it takes back, and a bare SET with it.
    connection.commit()
