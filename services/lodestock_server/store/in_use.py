"""Which version of each dataset is in use: the one that was taken in last, unless another one was chosen since."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from lodestock_server.store import schema


def ids_in_use(connection: Connection) -> dict[str, int]:
    """The number of the version in use, by dataset."""
    table = schema.in_use.c
    return {row[0]: row[1] for row in connection.execute(select(table.name, table.dataset_id))}


def put_in_use(connection: Connection, name: str, dataset_id: int) -> None:
    """Make a version the one in use; the connection is that of the one writer."""
    connection.execute(delete(schema.in_use).where(schema.in_use.c.name == name))
    connection.execute(insert(schema.in_use).values(name=name, dataset_id=dataset_id))
