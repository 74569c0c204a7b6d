"""The way of a data package into the database: whole or not at all, in bulk.

First start takes in some hundred thousand rows, so rows go in as plain tuples: by COPY into PostgreSQL, else by the
driver's executemany.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from json.encoder import encode_basestring as quoted
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, select, update

from lodestock_server.catalog.layout import COUNTRY_COLUMN, MATERIAL_COLUMN, Layout
from lodestock_server.catalog.packages import Package
from lodestock_server.store import schema
from lodestock_server.store.database import faults_named, writing
from lodestock_server.store.faults import outlast
from lodestock_server.store.in_use import put_in_use

Cells = Sequence[str]

PATIENCE_S = 30.0
"""How long the database may be away: a server that starts while it is started again need not be started again, too."""


def take_in(engine: Engine, package: Package) -> bool:
    """Take in a data package, whole or not at all, and put it in use; False where this version is there already.

    Raises:
        ValueError: A measure holds what is no number.
        OSError: The database fails, such as on a full disk.
    """
    with faults_named(engine, f"cannot take in {package.name}"):
        return outlast(PATIENCE_S, partial(_take_in, engine, package))


def _take_in(engine: Engine, package: Package) -> bool:
    with engine.connect() as connection:
        if _is_held(connection, package):
            return False
    with writing(engine) as connection:
        # Looked at once more: another process may have written it in the meantime.
        if _is_held(connection, package):
            return False
        new = insert(schema.dataset).values(
            name=package.name,
            version=package.version,
            digest=package.digest,
            descriptor=dict(package.descriptor),
            row_digests={},
            loaded_at=datetime.now(UTC),
        )
        key = connection.execute(new).inserted_primary_key
        assert key is not None
        digests = {}
        for resource in package.descriptor["resources"]:
            name, layout = resource["name"], Layout.of(resource)
            digest = hashlib.sha256()
            _write(connection, schema.record, _records(key[0], name, layout, package.cells(name), digest.update))
            _write(connection, schema.series, _series(key[0], name, layout, package.cells(name)))
            digests[name] = digest.hexdigest()
        dataset = schema.dataset
        connection.execute(update(dataset).where(dataset.c.id == key[0]).values(row_digests=digests))
        put_in_use(connection, package.name, key[0])
        return True


def row_digest(rows: Iterable[str]) -> str:
    """SHA-256 over the rows of a table as they are stored, hexadecimal."""
    digest = hashlib.sha256()
    for cells in rows:
        digest.update(cells.encode())
    return digest.hexdigest()


def _is_held(connection: Connection, package: Package) -> bool:
    table = schema.dataset.c
    same = (table.name == package.name, table.version == package.version)
    return connection.execute(select(table.id).where(*same)).first() is not None


def _records(
    dataset_id: int, resource: str, layout: Layout, rows: Iterable[Cells], digest: Callable[[bytes], object]
) -> Iterator[tuple[Any, ...]]:
    """The values of each row, in the order of the table "record"; each row's cells are told to the digest."""
    material, country, period = (_cell(layout, name) for name in (MATERIAL_COLUMN, COUNTRY_COLUMN, layout.period))
    for number, cells in enumerate(rows, start=1):
        text = f"[{','.join(map(quoted, cells))}]"
        digest(text.encode())
        yield dataset_id, resource, number, text, material(cells) or None, country(cells) or None, period(cells)


def _series(dataset_id: int, resource: str, layout: Layout, rows: Iterable[Cells]) -> Iterator[tuple[Any, ...]]:
    """The values of each series, in the order of the table "series".

    Raises:
        ValueError: A measure holds what is no number.
    """
    material, country, period = (_cell(layout, name) for name in (MATERIAL_COLUMN, COUNTRY_COLUMN, layout.period))
    keys = [(quoted(name), layout.columns.index(name)) for name in layout.keys]
    measures = [(name, unit, layout.columns.index(name)) for name, unit in layout.measures.items()]
    found: dict[tuple[str, str], list[Any]] = {}
    for cells in rows if measures else ():
        subject = f"{{{','.join([f'{name}:{quoted(cells[place])}' for name, place in keys])}}}"
        at = period(cells)
        for measure, unit, place in measures:
            if not cells[place]:
                continue
            float(cells[place])
            one = found.get((measure, subject))
            if one is None:
                found[measure, subject] = [unit, material(cells) or None, country(cells) or None, at, at, 1]
            else:
                one[3:] = min(one[3], at), max(one[4], at), one[5] + 1
    for (measure, subject), values in found.items():
        yield dataset_id, resource, measure, subject, *values


def _cell(layout: Layout, name: str | None) -> Callable[[Cells], str]:
    """From a row to its cell in a column; "" where the table has no such column."""
    if name is None or name not in layout.columns:
        return lambda _: ""
    return itemgetter(layout.columns.index(name))


def _write(connection: Connection, table: Table, rows: Iterator[tuple[Any, ...]]) -> None:
    """Insert rows, each with a value for every column of the table, in its order."""
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" for _ in table.columns)
    driver = connection.connection.driver_connection
    driver.executemany(f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})', rows)
