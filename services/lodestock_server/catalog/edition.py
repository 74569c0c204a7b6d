"""Next year's edition of a source: the rows of one table in place of those in use, everything else taken over."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lodestock_server.catalog.layout import written
from lodestock_server.catalog.packages import Package, content_digest


@dataclass(frozen=True, slots=True)
class Edition:
    """A publisher's edition: the id that rows bear, its title and licence, and the date of the version made of it."""

    source_id: str
    title: str
    date: str
    licence: str = ""


class WrongColumns(ValueError):
    """The file does not have the columns of the table."""


def rows_of_edition(columns: Sequence[str], content: bytes, source_id: str) -> list[list[str]]:
    """The rows of a CSV file in the order of a table's columns; rows that name no source get the edition's.

    Raises:
        WrongColumns: The file's columns are others.
        UnicodeDecodeError: The file is no UTF-8.
    """
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    header = next(reader, [])
    given = set(header)
    if len(given) != len(header) or given | {"source_id"} != set(columns):
        raise WrongColumns(f"the columns are {', '.join(header)}; they must be {', '.join(columns)}")
    rows = []
    for number, cells in enumerate(reader, start=1):
        if len(cells) != len(header):
            raise WrongColumns(f"row {number} has {len(cells)} cells, must have {len(header)}")
        named = dict(zip(header, cells, strict=True))
        rows.append(
            [named.get(column, "") if column != "source_id" else named.get(column) or source_id for column in columns]
        )
    return rows


def write_edition(
    in_use: Package, resource: str, rows: Sequence[Sequence[str]], edition: Edition, folder: Path
) -> None:
    """Write a package with other rows in one table.

    Args:
        in_use: the version that everything else is taken over from.
        resource: the table whose rows are replaced.
        rows: the new rows, in the order of the table's columns.
        edition: where they come from.
        folder: an empty folder to write to.

    Raises:
        KeyError: The package has no such table.
    """
    described = json.loads(json.dumps(in_use.descriptor))
    used: set[str] = set()
    for table in described["resources"]:
        columns = in_use.tables[table["name"]].columns
        old = ([row.cells[column] for column in columns] for row in in_use.table(table["name"]))
        cells = list(rows) if table["name"] == resource else list(old)
        content = written(columns, cells)
        folder.joinpath(table["path"]).write_bytes(content)
        table.update(bytes=len(content), hash=f"sha256:{hashlib.sha256(content).hexdigest()}", rows=len(cells))
        used |= {row[columns.index("source_id")] for row in cells}
    described["sources"] = _sources(described["sources"], edition, used)
    described["digest"] = content_digest(described)
    described["version"] = f"{edition.date}+{described['digest'][:12]}"
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    folder.joinpath("datapackage.json").write_text(text, encoding="utf-8")


def _sources(listed: Sequence[Mapping[str, Any]], edition: Edition, used: set[str]) -> list[Mapping[str, Any]]:
    """The sources that rows name, the edition among them."""
    new = {"id": edition.source_id, "title": edition.title, "licence": edition.licence}
    kept = [source for source in listed if source["id"] in used and source["id"] != edition.source_id]
    return sorted([*kept, new] if edition.source_id in used else kept, key=lambda source: str(source["id"]))
