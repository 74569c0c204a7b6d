"""A catalog of a few rows, so that what follows from them can be reckoned by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lodestock_server.catalog import PackageCatalog
from lodestock_server.catalog.packages import Package, Record, Table

Rows = Sequence[Mapping[str, object]]

MINERAL_COLUMNS = (
    *("name", "symbol", "form", "content", "supply_stage", "import_form", "consumption_kind", "domestic_statistic"),
    *("domestic_note", "secondary_supplies", "price_fit", "price_note", "note", "gaps"),
)


class RowsPackage(Package):
    """A package of rows in memory."""

    def __init__(self, name: str, tables: Mapping[str, Rows]) -> None:
        super().__init__()
        self._name, self._rows = name, tables

    @property
    def descriptor(self) -> Mapping[str, Any]:
        """As little as a catalog reads."""
        resources = [
            {
                "name": resource,
                "title": resource,
                "rows": len(rows),
                "schema": {
                    "primaryKey": [],
                    "fields": [{"name": column, "unit": ""} for column in _columns(rows)],
                },
            }
            for resource, rows in self._rows.items()
        ]
        return {"name": self._name, "version": "tiny", "resources": resources}

    def _read_table(self, table: Table) -> tuple[Record, ...]:
        rows = self._rows[table.name]
        return tuple(
            Record(self._name, "tiny", table.name, number, cells_of(row, _columns(rows)), dict(table.units))
            for number, row in enumerate(rows, start=1)
        )


def _columns(rows: Rows) -> tuple[str, ...]:
    return tuple(dict.fromkeys(["source_id", *(column for row in rows for column in row)]))


def cells_of(row: Mapping[str, object], columns: Iterable[str]) -> dict[str, str]:
    """A row as text; what it lacks is empty."""
    return {column: str(row.get(column, "")) for column in columns}


def mineral(name: str, hs6: str, stage: str) -> dict[str, object]:
    """A mineral without statistics of any buyer."""
    texts = dict.fromkeys(MINERAL_COLUMNS, "")
    known = {"mineral": name, "name": name.title(), "hs6": hs6, "supply_stage": stage, "price_fit": "same form"}
    return {**texts, **known}


def output(
    name: str, stage: str, year: int, tonnes: Mapping[str, float], basis: str = "made up"
) -> list[dict[str, object]]:
    """World output of a year by country; "" stands for other countries."""
    return [
        {
            "mineral": name,
            "stage": stage,
            "year": year,
            "iso3": iso3,
            "country": iso3,
            "tonnes": value,
            "basis": basis,
        }
        for iso3, value in tonnes.items()
    ]


def sourcing(name: str, stage: str, shares: Mapping[str, float]) -> list[dict[str, object]]:
    """Sourcing of the EU27 by country."""
    return [{"mineral": name, "stage": stage, "iso3": c, "country": c, "share": share} for c, share in shares.items()]


def tiny_catalog(tables: Mapping[str, Mapping[str, Rows]]) -> PackageCatalog:
    """A catalog of packages by name, each of tables by name."""
    return PackageCatalog([RowsPackage(name, of_package) for name, of_package in tables.items()])
