"""The catalog of data in the database: immutable versions of datasets, their series and observations.

Owns reading them by parts. An observation is one measure of one row, and keeps the number of the row that it stands in;
a series is one measure of one table whose rows differ in their period alone.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, select

from lodestock_server.catalog.layout import Layout
from lodestock_server.catalog.packages import Package
from lodestock_server.errors import NotFound
from lodestock_server.store import schema
from lodestock_server.store.database import writing
from lodestock_server.store.faults import steadfast, unavailable_named
from lodestock_server.store.filling import take_in
from lodestock_server.store.in_use import ids_in_use, put_in_use
from lodestock_server.store.packages import StoredPackage

BATCH = 1_000
"""Rows that are fetched at once while observations are streamed."""
ROWS_A_QUERY = 500
"""Rows that a query names; databases limit how many values a statement may hold."""


@dataclass(frozen=True, slots=True)
class StoredDataset:
    """One version of a dataset."""

    dataset_id: int
    name: str
    version: str
    digest: str
    loaded_at: datetime
    descriptor: Mapping[str, Any]

    @property
    def title(self) -> str:
        """Title."""
        return str(self.descriptor["title"])

    @property
    def licences(self) -> Sequence[str]:
        """Titles of the licences."""
        return [licence["title"] for licence in self.descriptor["licenses"]]

    @property
    def sources(self) -> Sequence[Mapping[str, str]]:
        """Sources, as datapackage.json has them."""
        sources: Sequence[Mapping[str, str]] = self.descriptor["sources"]
        return sources

    @property
    def known_gaps(self) -> Sequence[str]:
        """What is known to be missing."""
        return [str(gap) for gap in self.descriptor["knownGaps"]]

    @property
    def resources(self) -> Sequence[Mapping[str, Any]]:
        """Tables, as datapackage.json has them."""
        resources: Sequence[Mapping[str, Any]] = self.descriptor["resources"]
        return resources


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """Figures of one measure that differ in their period alone."""

    resource: str
    measure: str
    unit: str
    keys: Mapping[str, str]
    first_period: str
    last_period: str
    observations: int


@dataclass(frozen=True, slots=True)
class StoredObservation:
    """One figure, with the row that it stands in."""

    resource: str
    measure: str
    unit: str
    keys: Mapping[str, str]
    row: int
    period: str
    value: float
    source_id: str
    flag: str


@dataclass(frozen=True, slots=True)
class RowKey:
    """A row of a table of a version, as an origin names it."""

    dataset: str
    version: str
    resource: str
    row: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Which observations are wanted; an empty field selects all."""

    resource: str = ""
    row: int = 0
    materials: Sequence[str] = ()
    countries: Sequence[str] = ()
    first_period: str = ""
    last_period: str = ""


class DatasetStore:
    """The datasets in one database. Where it stays away, every method raises DatabaseUnavailable but `load`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self, package: Package) -> bool:
        """Take in a data package, whole or not at all, and put it in use; False where this version is there already."""
        return take_in(self._engine, package)

    @steadfast
    def use(self, name: str, version: str) -> None:
        """Put a version in use, until another one is chosen or taken in.

        Raises:
            NotFound: There is no such dataset or version.
        """
        chosen = self.dataset(name, version)
        with writing(self._engine) as connection:
            put_in_use(connection, name, chosen.dataset_id)

    @steadfast
    def in_use(self) -> dict[str, int]:
        """The number of the version in use, by dataset."""
        with self._engine.connect() as connection:
            return ids_in_use(connection)

    @steadfast
    def list_datasets(self, after: int, count: int) -> list[StoredDataset]:
        """Up to `count` versions in the order of their names, those up to the position `after` left out."""
        order = (schema.dataset.c.name, schema.dataset.c.id)
        with self._engine.connect() as connection:
            rows = connection.execute(select(schema.dataset).order_by(*order).offset(after).limit(count))
            return [_dataset(row) for row in rows]

    @steadfast
    def dataset(self, name: str, version: str = "") -> StoredDataset:
        """One version of a dataset; the one in use where none is named.

        Raises:
            NotFound: There is no such dataset or version.
        """
        with self._engine.connect() as connection:
            found = _find(connection, name, version)
        if found is None:
            what = f"version '{version}' of dataset '{name}'" if version else f"dataset '{name}'"
            raise NotFound(f"there is no {what}; ListDatasets names those that there are")
        return found

    def package(self, name: str, version: str = "") -> StoredPackage:
        """One version of a dataset as a data package; the one in use where none is named.

        Raises:
            NotFound: There is no such dataset or version.
        """
        return StoredPackage(self._engine, self.dataset(name, version).dataset_id)

    @steadfast
    def list_series(
        self, dataset_id: int, materials: Sequence[str], countries: Sequence[str], after: int, count: int
    ) -> list[StoredSeries]:
        """Up to `count` series of a dataset in the order of table, measure and keys, from position `after` on."""
        table = schema.series.c
        order = (table.resource, table.measure, table.subject)
        statement = select(schema.series).where(table.dataset_id == dataset_id).order_by(*order)
        statement = _of(statement, schema.series, materials, countries).offset(after).limit(count)
        with self._engine.connect() as connection:
            rows = connection.execute(statement).all()
        return [
            StoredSeries(
                r.resource, r.measure, r.unit, json.loads(r.subject), r.first_period, r.last_period, r.observations
            )
            for r in rows
        ]

    def observations(self, dataset_id: int, selection: Selection) -> Generator[list[StoredObservation], None, None]:
        """Observations in the order of table, row and measure, a batch at a time."""
        table = schema.record.c
        statement: Select[Any] = select(table.resource, table.row, table.cells).where(table.dataset_id == dataset_id)
        statement = statement.order_by(table.resource, table.row)
        statement = _of(statement, schema.record, selection.materials, selection.countries)
        if selection.resource:
            statement = statement.where(table.resource == selection.resource)
        if selection.row:
            statement = statement.where(table.row == selection.row)
        if selection.first_period:
            statement = statement.where(table.period >= selection.first_period)
        if selection.last_period:
            statement = statement.where(table.period <= selection.last_period)
        layouts = StoredPackage(self._engine, dataset_id).layouts
        # What was given out already cannot be taken back, so this is not tried again.
        with unavailable_named(), self._engine.connect().execution_options(yield_per=BATCH) as connection:
            for batch in connection.execute(statement).partitions():
                if found := [one for name, row, cells in batch for one in _observed(layouts[name], name, row, cells)]:
                    yield found

    def rows(self, keys: Iterable[RowKey]) -> dict[RowKey, tuple[StoredObservation, ...]]:
        """The observations that stand in each of some rows, in the order of the measures' names.

        Rows that no stored version holds are left out; a row without measures comes back empty.
        """
        wanted: dict[tuple[str, str, str], set[int]] = {}
        for key in keys:
            wanted.setdefault((key.dataset, key.version, key.resource), set()).add(key.row)
        found: dict[RowKey, tuple[StoredObservation, ...]] = {}
        for (dataset, version, resource), numbers in wanted.items():
            for row, observed in self._rows_of(dataset, version, resource, sorted(numbers)).items():
                found[RowKey(dataset, version, resource, row)] = observed
        return found

    @steadfast
    def _rows_of(
        self, dataset: str, version: str, resource: str, numbers: Sequence[int]
    ) -> dict[int, tuple[StoredObservation, ...]]:
        found: dict[int, tuple[StoredObservation, ...]] = {}
        with self._engine.connect() as connection:
            stored = _find(connection, dataset, version)
            if stored is None:
                return found
            layouts = StoredPackage(self._engine, stored.dataset_id).layouts
            table = schema.record.c
            statement = select(table.row, table.cells).where(
                table.dataset_id == stored.dataset_id, table.resource == resource
            )
            for first in range(0, len(numbers), ROWS_A_QUERY):
                some = numbers[first : first + ROWS_A_QUERY]
                for row, cells in connection.execute(statement.where(table.row.in_(some))):
                    found[row] = tuple(_observed(layouts[resource], resource, row, cells))
        return found


def _find(connection: Connection, name: str, version: str) -> StoredDataset | None:
    statement = select(schema.dataset).where(schema.dataset.c.name == name)
    if version:
        statement = statement.where(schema.dataset.c.version == version)
    else:
        statement = statement.join(schema.in_use, schema.in_use.c.dataset_id == schema.dataset.c.id)
    row = connection.execute(statement).first()
    return None if row is None else _dataset(row)


def _of(statement: Select[Any], table: Any, materials: Sequence[str], countries: Sequence[str]) -> Select[Any]:
    if materials:
        statement = statement.where(table.c.material.in_(materials))
    if countries:
        statement = statement.where(table.c.country.in_(countries))
    return statement


def _observed(layout: Layout, resource: str, row: int, cells: str) -> Iterator[StoredObservation]:
    """The observations of a row, in the order of the measures' names."""
    named = dict(zip(layout.columns, json.loads(cells), strict=True))
    keys, period = {name: named[name] for name in layout.keys}, layout.period_of(named)
    for measure, unit in layout.measures.items():
        if named[measure]:
            value, flag = float(named[measure]), named.get("flag", "")
            yield StoredObservation(resource, measure, unit, keys, row, period, value, named["source_id"], flag)


def _dataset(row: Row[Any]) -> StoredDataset:
    loaded_at: datetime = row.loaded_at
    if loaded_at.tzinfo is None:
        loaded_at = loaded_at.replace(tzinfo=UTC)
    return StoredDataset(row.id, row.name, row.version, row.digest, loaded_at, row.descriptor)
