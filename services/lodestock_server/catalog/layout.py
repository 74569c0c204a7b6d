"""What the columns of a table are: measures, keys, the period; read from the package's description of it.

A *measure* is a column of numbers with a unit; a *series* is one measure of rows that differ in their period alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PERIOD_COLUMNS = ("year", "month", "period")
MATERIAL_COLUMN = "mineral"
COUNTRY_COLUMN = "iso3"


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table by their part.

    Attributes:
        columns: all, in their order.
        measures: unit by measure, in the order of the measures' names.
        keys: columns that set a series apart, such as mineral, stage and iso3, in the order of their names.
        period: the column with the period; None where rows have none.
    """

    columns: tuple[str, ...]
    measures: Mapping[str, str]
    keys: tuple[str, ...]
    period: str | None

    @classmethod
    def of(cls, resource: Mapping[str, Any]) -> Layout:
        """Read it from a resource of datapackage.json."""
        fields = resource["schema"]["fields"]
        names = tuple(field["name"] for field in fields)
        measures = {f["name"]: f["unit"] for f in fields if f["type"] in ("number", "integer") and "unit" in f}
        key = resource["schema"]["primaryKey"]
        in_key = next((name for name in PERIOD_COLUMNS if name in key), None)
        return cls(
            columns=names,
            measures=dict(sorted(measures.items())),
            keys=tuple(sorted(name for name in key if name != in_key)),
            period=in_key or next((name for name in PERIOD_COLUMNS if name in names), None),
        )

    def subject(self, cells: Mapping[str, str]) -> tuple[str, ...]:
        """What sets a row's series apart: its cells under `keys`."""
        return tuple([cells[name] for name in self.keys])

    def period_of(self, cells: Mapping[str, str]) -> str:
        """A row's period; "" where it has none."""
        return cells[self.period] if self.period else ""


def written(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table as the one CSV file that says it: UTF-8, commas, quotes where needed, lines that end in a line feed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8")
