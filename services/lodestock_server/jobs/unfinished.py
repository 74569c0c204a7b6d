"""Jobs that have not ended, by protocol: an operator waits for them before stopping the last worker of an old one."""

from __future__ import annotations

from sqlalchemy import Engine, func, inspect, select

from lodestock_server.jobs import database
from lodestock_server.jobs.database import statuses
from lodestock_server.jobs.reading import STATES, living
from lodestock_server.store.faults import steadfast


@steadfast
def unfinished_by_protocol(engine: Engine) -> dict[tuple[str, str], int]:
    """Number of jobs that have not ended, by protocol and name of the state; empty before the first start.

    Args:
        engine: on the database, of whatever module.

    Raises:
        DatabaseUnavailable: The database stays away.
    """
    schema = None if engine.dialect.name == "sqlite" else database.SCHEMA
    if not inspect(engine).has_table(statuses.name, schema):
        return {}
    query = (
        select(statuses.c.application_version, statuses.c.status, func.count())
        .where(*living())
        .group_by(statuses.c.application_version, statuses.c.status)
    )
    counted: dict[tuple[str, str], int] = {}
    with database.with_schema(engine).connect() as connection:
        for protocol, status, count in connection.execute(query):
            key = protocol or "", STATES[status].value
            counted[key] = counted.get(key, 0) + count
    return counted
