"""The catalog of data in the database: immutable versions of datasets, their series and observations.

Owns the way from a data package to rows of the store and back. A series is one measure of one table whose rows differ
in their period alone; every observation keeps the number of the row that it stands in.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Select, func, insert, select

from lodestock_server.catalog.packages import DataPackage, Record
from lodestock_server.errors import NotFound
from lodestock_server.store import schema

PERIOD_COLUMNS = ("year", "period")
BATCH = 1_000
"""Observations that are fetched at once while they are streamed."""


@dataclass(frozen=True, slots=True)
class StoredDataset:
    """One version of a dataset."""

    dataset_id: int
    name: str
    version: str
    digest: str
    title: str
    licences: Sequence[str]
    sources: Sequence[Mapping[str, str]]
    known_gaps: Sequence[str]
    resources: Sequence[Mapping[str, Any]]
    loaded_at: datetime


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
class Selection:
    """Which observations are wanted; an empty field selects all."""

    resource: str = ""
    row: int = 0
    materials: Sequence[str] = ()
    countries: Sequence[str] = ()
    first_period: str = ""
    last_period: str = ""


class DatasetStore:
    """The datasets in one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self, package: DataPackage) -> bool:
        """Take in a data package, whole or not at all; False where this version is there already."""
        with self._engine.begin() as connection:
            if self._find(connection, package.name, package.version) is not None:
                return False
            described = package.descriptor
            statement = insert(schema.dataset).values(
                name=package.name,
                version=package.version,
                digest=package.digest,
                title=described["title"],
                licences=[licence["title"] for licence in described["licenses"]],
                sources=described["sources"],
                known_gaps=described["knownGaps"],
                resources=[{"name": r["name"], "title": r["title"], "rows": r["rows"]} for r in described["resources"]],
                loaded_at=datetime.now(UTC),
            )
            dataset_id = connection.execute(statement).inserted_primary_key
            assert dataset_id is not None
            for resource in described["resources"]:
                _load_table(connection, int(dataset_id[0]), resource, package.table(resource["name"]))
            return True

    def list_datasets(self, after: int, count: int) -> list[StoredDataset]:
        """Up to `count` versions in the order of their names, those up to the position `after` left out."""
        order = (schema.dataset.c.name, schema.dataset.c.id)
        with self._engine.connect() as connection:
            rows = connection.execute(select(schema.dataset).order_by(*order).offset(after).limit(count))
            return [_dataset(row._mapping) for row in rows]

    def dataset(self, name: str, version: str = "") -> StoredDataset:
        """One version of a dataset; the one that was loaded last where none is named.

        Raises:
            NotFound: There is no such dataset or version.
        """
        with self._engine.connect() as connection:
            found = self._find(connection, name, version)
        if found is None:
            what = f"version '{version}' of dataset '{name}'" if version else f"dataset '{name}'"
            raise NotFound(f"there is no {what}; ListDatasets names those that there are")
        return found

    def list_series(
        self, dataset_id: int, materials: Sequence[str], countries: Sequence[str], after: int, count: int
    ) -> list[StoredSeries]:
        """Up to `count` series of a dataset in the order of table, measure and keys, from position `after` on."""
        table, values = schema.series, schema.observation
        statement = (
            select(table, func.min(values.c.period), func.max(values.c.period), func.count())
            .join(values)
            .where(table.c.dataset_id == dataset_id)
            .group_by(table.c.id)
            .order_by(table.c.resource, table.c.measure, table.c.subject)
            .offset(after)
            .limit(count)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(_of(statement, materials, countries)).all()
        return [
            StoredSeries(r.resource, r.measure, r.unit, json.loads(r.subject), first, last, observations)
            for r in rows
            for first, last, observations in (tuple(r)[-3:],)
        ]

    def observations(self, dataset_id: int, selection: Selection) -> Generator[list[StoredObservation], None, None]:
        """Observations in the order of table, row and measure, a batch at a time."""
        table, values = schema.series, schema.observation
        statement = (
            select(table, values)
            .join(values)
            .where(table.c.dataset_id == dataset_id)
            .order_by(table.c.resource, values.c.row, table.c.measure)
        )
        statement = _of(statement, selection.materials, selection.countries)
        if selection.resource:
            statement = statement.where(table.c.resource == selection.resource)
        if selection.row:
            statement = statement.where(values.c.row == selection.row)
        if selection.first_period:
            statement = statement.where(values.c.period >= selection.first_period)
        if selection.last_period:
            statement = statement.where(values.c.period <= selection.last_period)
        with self._engine.connect() as connection:
            for batch in connection.execute(statement).mappings().partitions(BATCH):
                yield [_observation(row) for row in batch]

    def _find(self, connection: Connection, name: str, version: str) -> StoredDataset | None:
        statement = select(schema.dataset).where(schema.dataset.c.name == name)
        if version:
            statement = statement.where(schema.dataset.c.version == version)
        row = connection.execute(statement.order_by(schema.dataset.c.id.desc()).limit(1)).first()
        return None if row is None else _dataset(row._mapping)


def _of(statement: Select[Any], materials: Sequence[str], countries: Sequence[str]) -> Select[Any]:
    if materials:
        statement = statement.where(schema.series.c.material.in_(materials))
    if countries:
        statement = statement.where(schema.series.c.country.in_(countries))
    return statement


def _load_table(connection: Connection, dataset_id: int, resource: Mapping[str, Any], rows: Sequence[Record]) -> None:
    """Insert the series and observations of one table."""
    fields = resource["schema"]["fields"]
    measures = {f["name"]: f["unit"] for f in fields if f["type"] in ("number", "integer") and "unit" in f}
    keys = [name for name in resource["schema"]["primaryKey"] if name not in PERIOD_COLUMNS]
    period = next((f["name"] for f in fields if f["name"] in PERIOD_COLUMNS), None)
    points: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for record in rows:
        named = json.dumps({name: record[name] for name in keys}, sort_keys=True, ensure_ascii=False)
        for measure in measures:
            if record[measure]:
                points.setdefault((measure, named), []).append(
                    {
                        "row": record.row,
                        "period": record[period] if period else "",
                        "value": float(record[measure]),
                        "source_id": record["source_id"],
                        "flag": record.cells.get("flag", ""),
                    }
                )
    if not points:
        return
    first = (connection.execute(select(func.max(schema.series.c.id))).scalar() or 0) + 1
    numbered = list(enumerate(points, start=first))
    connection.execute(
        insert(schema.series),
        [
            {
                "id": number,
                "dataset_id": dataset_id,
                "resource": resource["name"],
                "measure": measure,
                "unit": measures[measure],
                "subject": named,
                "material": json.loads(named).get("mineral"),
                "country": json.loads(named).get("iso3"),
            }
            for number, (measure, named) in numbered
        ],
    )
    connection.execute(
        insert(schema.observation),
        [{"series_id": number, **point} for number, key in numbered for point in points[key]],
    )


def _dataset(row: RowMapping) -> StoredDataset:
    loaded_at: datetime = row["loaded_at"]
    if loaded_at.tzinfo is None:
        loaded_at = loaded_at.replace(tzinfo=UTC)
    return StoredDataset(
        dataset_id=row["id"],
        name=row["name"],
        version=row["version"],
        digest=row["digest"],
        title=row["title"],
        licences=row["licences"],
        sources=row["sources"],
        known_gaps=row["known_gaps"],
        resources=row["resources"],
        loaded_at=loaded_at,
    )


def _observation(row: RowMapping) -> StoredObservation:
    return StoredObservation(
        resource=row["resource"],
        measure=row["measure"],
        unit=row["unit"],
        keys=json.loads(row["subject"]),
        row=row["row"],
        period=row["period"],
        value=row["value"],
        source_id=row["source_id"],
        flag=row["flag"],
    )
