"""How much a database holds."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, func, select, text

from lodestock_server.store.faults import steadfast
from lodestock_server.store.schema import dataset, payload, result

SIZES = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


@dataclass(frozen=True, slots=True)
class Content:
    """How much there is of what; `payload_bytes` and `all_bytes` are sizes on the disk."""

    datasets: int
    results: int
    payloads: int
    payload_bytes: int
    all_bytes: int


@steadfast
def content_of(engine: Engine) -> Content:
    """Count what a database of the newest schema holds.

    Raises:
        DatabaseUnavailable: The database stays away.
    """
    with engine.connect() as connection:
        datasets, results, payloads = (
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (dataset, result, payload)
        )
        stored = connection.execute(select(func.coalesce(func.sum(payload.c.stored_bytes), 0))).scalar_one()
        size = connection.execute(text(SIZES[engine.dialect.name])).scalar_one()
    return Content(datasets, results, payloads, int(stored), int(size))
