"""A stored version of a dataset as a data package: the same answers as from its files, read as far as needed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Engine, Select, select

from lodestock_server.catalog.layout import COUNTRY_COLUMN, MATERIAL_COLUMN, Layout
from lodestock_server.catalog.packages import Package, Record, Table
from lodestock_server.store import schema
from lodestock_server.store.faults import steadfast
from lodestock_server.store.filling import row_digest

READ_WHOLE = 10_000
"""Rows up to which a table is read at once, as asking for its rows by mineral would take longer."""
INDEXED = {MATERIAL_COLUMN: schema.record.c.material, COUNTRY_COLUMN: schema.record.c.country}


class StoredPackage(Package):
    """One version of a dataset in the database.

    Attributes:
        dataset_id: its number there.
    """

    def __init__(self, engine: Engine, dataset_id: int) -> None:
        super().__init__()
        self._engine = engine
        self.dataset_id = dataset_id
        self._selected: dict[tuple[str, str, str], tuple[Record, ...]] = {}

    @property
    def descriptor(self) -> Mapping[str, Any]:
        """The content of datapackage.json."""
        return self._stored[0]

    @cached_property
    def layouts(self) -> Mapping[str, Layout]:
        """What the columns of each table are."""
        return {resource["name"]: Layout.of(resource) for resource in self.descriptor["resources"]}

    def where(self, resource: str, column: str, value: str) -> tuple[Record, ...]:
        """The rows of a table whose cell in a column is a value, in file order; see `Package.where`."""
        table = self.tables.get(resource)
        if table is None or table.rows <= READ_WHOLE or column not in INDEXED or not value or resource in self._read:
            return super().where(resource, column, value)
        key = (resource, column, value)
        if key not in self._selected:
            self._selected[key] = self._records(table, self._rows_of(resource).where(INDEXED[column] == value))
        return self._selected[key]

    def damage(self) -> tuple[str, ...]:
        """What differs between the rows and what was taken in. Empty if sound."""
        found: list[str] = []
        for resource in self.descriptor["resources"]:
            name = resource["name"]
            cells = [row.cells for row in self._fetched(self._rows_of(name))]
            if len(cells) != resource["rows"]:
                found.append(f"{name}: rows is {len(cells)}, described as {resource['rows']}")
            elif row_digest(cells) != self._stored[1][name]:
                found.append(f"{name}: the rows are not those that were taken in")
        return tuple(found)

    @cached_property
    def _stored(self) -> tuple[dict[str, Any], dict[str, str]]:
        table = schema.dataset.c
        statement = select(table.descriptor, table.row_digests).where(table.id == self.dataset_id)
        ((descriptor, row_digests),) = self._fetched(statement)
        return descriptor, row_digests

    def _read_table(self, table: Table) -> tuple[Record, ...]:
        return self._records(table, self._rows_of(table.name))

    def _rows_of(self, resource: str) -> Select[Any]:
        record = schema.record.c
        statement = select(record.row, record.cells).order_by(record.row)
        return statement.where(record.dataset_id == self.dataset_id, record.resource == resource)

    def _records(self, table: Table, statement: Select[Any]) -> tuple[Record, ...]:
        found = self._fetched(statement)
        name, version, resource, columns, units = self.name, self.version, table.name, table.columns, table.units
        return tuple(
            Record(name, version, resource, row, dict(zip(columns, json.loads(cells), strict=True)), units)
            for row, cells in found
        )

    @steadfast
    def _fetched(self, statement: Select[Any]) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execute(statement).all()
