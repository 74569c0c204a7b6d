"""Data packages: tables with a description (Frictionless Data Package), wherever they stand.

Owns what a package is asked (`Package`), its rows, and the one that is a folder with datapackage.json and CSV tables.
Knows nothing of minerals: that is the catalog's. The bundled packages are read with importlib.resources, so that an
installed wheel and a working tree behave alike, and with the csv module: importing pandas alone would take longer.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from lodestock_server.catalog.figures import DatasetOrigin, Figure

__all__ = [
    "DataPackage",
    "DatasetInfo",
    "Package",
    "Record",
    "Table",
    "bundled_package",
    "bundled_packages",
    "content_digest",
]


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What a reader of results needs to know of a data package."""

    name: str
    title: str
    version: str
    digest: str
    licences: tuple[str, ...]
    sources: Mapping[str, str]
    known_gaps: tuple[str, ...]
    resources: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table: its cells as text, and where it stands."""

    dataset: str
    version: str
    resource: str
    row: int
    cells: Mapping[str, str]
    units: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def origin(self, column: str) -> DatasetOrigin:
        """The origin of one cell of this row."""
        source_id, flag = self.cells["source_id"], self.cells.get("flag", "")
        return DatasetOrigin(self.dataset, self.version, self.resource, self.row, column, source_id, flag)

    def figure(self, column: str) -> Figure:
        """The number in a column, in the unit the package declares for it.

        Raises:
            ValueError: the cell is empty or no number.
        """
        return Figure(float(self.cells[column]), self.units[column], self.origin(column))


@dataclass(frozen=True, slots=True)
class Table:
    """What a package says of one of its tables.

    Attributes:
        units: unit by column; "" where a column has none.
        primary_key: columns that tell its rows apart.
    """

    name: str
    title: str
    rows: int
    columns: tuple[str, ...]
    units: Mapping[str, str]
    primary_key: tuple[str, ...]


class Package(ABC):
    """One version of a dataset: its description, and its tables read when first asked for. It never changes."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[Record, ...]] = {}
        self._sorted: dict[tuple[str, str], Mapping[str, tuple[Record, ...]]] = {}

    @property
    @abstractmethod
    def descriptor(self) -> Mapping[str, Any]:
        """The content of datapackage.json."""

    @abstractmethod
    def _read_table(self, table: Table) -> tuple[Record, ...]:
        """All rows of a table, in their order."""

    def cells(self, resource: str) -> Iterator[Sequence[str]]:
        """The cells of each row of a table, in the order of its columns: faster than `table` for going through all.

        Raises:
            KeyError: the package has no such table.
        """
        columns = self.tables[resource].columns
        return ([row.cells[column] for column in columns] for row in self.table(resource))

    @property
    def name(self) -> str:
        """Name of the package, such as "us-minerals"."""
        return str(self.descriptor["name"])

    @property
    def version(self) -> str:
        """Version of the package: date, "+", digest of the content."""
        return str(self.descriptor["version"])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, hexadecimal; the version holds its first twelve digits."""
        stated = self.descriptor.get("digest")
        return str(stated) if stated else content_digest(self.descriptor)

    @cached_property
    def info(self) -> DatasetInfo:
        """Title, version, licences, sources, gaps and row counts."""
        described = self.descriptor
        return DatasetInfo(
            name=self.name,
            title=described["title"],
            version=self.version,
            digest=self.digest,
            licences=tuple(licence["title"] for licence in described["licenses"]),
            sources={source["id"]: source["title"] for source in described["sources"]},
            known_gaps=tuple(described["knownGaps"]),
            resources={resource["name"]: resource["rows"] for resource in described["resources"]},
        )

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """What the package says of its tables, by name."""
        return {resource["name"]: _table(resource) for resource in self.descriptor["resources"]}

    def table(self, resource: str) -> tuple[Record, ...]:
        """All rows of a table, in file order.

        Raises:
            KeyError: the package has no such table.
        """
        if resource not in self._read:
            if resource not in self.tables:
                raise KeyError(f"package {self.name} has no table {resource!r}")
            self._read[resource] = self._read_table(self.tables[resource])
        return self._read[resource]

    def where(self, resource: str, column: str, value: str) -> tuple[Record, ...]:
        """The rows of a table whose cell in a column is a value, in file order.

        Raises:
            KeyError: the package has no such table, or the table no such column.
        """
        if (resource, column) not in self._sorted:
            by_value: dict[str, list[Record]] = {}
            for row in self.table(resource):
                by_value.setdefault(row[column], []).append(row)
            self._sorted[resource, column] = {key: tuple(rows) for key, rows in by_value.items()}
        return self._sorted[resource, column].get(value, ())


def content_digest(descriptor: Mapping[str, Any]) -> str:
    """SHA-256 of a package's content, hexadecimal: its description, which holds the digests of the tables, as canonical
    JSON, without the version and the digest themselves.
    """
    content = {key: value for key, value in descriptor.items() if key not in ("version", "digest")}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _table(described: Mapping[str, Any]) -> Table:
    fields = described["schema"]["fields"]
    return Table(
        name=described["name"],
        title=described["title"],
        rows=described["rows"],
        columns=tuple(field["name"] for field in fields),
        units={field["name"]: field.get("unit", "") for field in fields},
        primary_key=tuple(described["schema"]["primaryKey"]),
    )


class DataPackage(Package):
    """A folder with datapackage.json and CSV tables."""

    def __init__(self, folder: Traversable) -> None:
        super().__init__()
        self._folder = folder

    @cached_property
    def descriptor(self) -> Mapping[str, Any]:
        """The content of datapackage.json."""
        descriptor: dict[str, Any] = json.loads(self._folder.joinpath("datapackage.json").read_text(encoding="utf-8"))
        return descriptor

    def content(self, resource: str) -> bytes:
        """The bytes of a table's file.

        Raises:
            KeyError: the package has no such table.
            OSError: the file is not there.
        """
        return self._folder.joinpath(self._resource(resource)["path"]).read_bytes()

    def cells(self, resource: str) -> Iterator[Sequence[str]]:
        """The cells of each row; see `Package.cells`."""
        rows = csv.reader(io.StringIO(self.content(resource).decode("utf-8")))
        next(rows, None)
        return rows

    def _read_table(self, table: Table) -> tuple[Record, ...]:
        text = self.content(table.name).decode("utf-8")
        return tuple(
            Record(self.name, self.version, table.name, number, cells, table.units)
            for number, cells in enumerate(csv.DictReader(io.StringIO(text)), start=1)
        )

    def damage(self) -> tuple[str, ...]:
        """What differs between the files and the description: digests, sizes, row counts, columns. Empty if sound."""
        found: list[str] = []
        computed = content_digest(self.descriptor)
        if self.descriptor.get("digest", computed) != computed:
            found.append(f"datapackage.json: digest is {computed}, described as {self.descriptor['digest']}")
        elif "digest" in self.descriptor and not self.version.endswith(f"+{computed[:12]}"):
            found.append(f"datapackage.json: the version must end in +{computed[:12]}, described as {self.version}")
        for resource in self.descriptor["resources"]:
            content = self._folder.joinpath(resource["path"]).read_bytes()
            rows = list(csv.reader(io.StringIO(content.decode("utf-8"))))
            columns = [field["name"] for field in resource["schema"]["fields"]]
            facts = {
                "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
                "bytes": len(content),
                "rows": len(rows) - 1,
            }
            found += [
                f"{resource['path']}: {fact} is {value}, described as {resource[fact]}"
                for fact, value in facts.items()
                if resource[fact] != value
            ]
            if rows[0] != columns:
                found.append(f"{resource['path']}: columns are {rows[0]}, described as {columns}")
        return tuple(found)

    def _resource(self, name: str) -> dict[str, Any]:
        for resource in self.descriptor["resources"]:
            if resource["name"] == name:
                found: dict[str, Any] = resource
                return found
        raise KeyError(f"package {self.name} has no table {name!r}")


def _bundled_folder() -> Traversable:
    return files("lodestock_server").joinpath("data")


def bundled_package(folder: str) -> DataPackage:
    """One of the packages that ship with the server, by its folder name, such as "us_minerals"."""
    return DataPackage(_bundled_folder().joinpath(folder))


def bundled_packages() -> tuple[DataPackage, ...]:
    """All packages that ship with the server, by name."""
    folders = (folder for folder in _bundled_folder().iterdir() if folder.joinpath("datapackage.json").is_file())
    return tuple(DataPackage(folder) for folder in sorted(folders, key=lambda folder: folder.name))
