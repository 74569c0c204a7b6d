"""Data packages on disk: a folder with datapackage.json (Frictionless Data Package) and its CSV tables.

Owns reading and checking files. Knows nothing of minerals: that is the catalog's. The bundled packages are read with
importlib.resources, so that an installed wheel and a working tree behave alike. Tables are read with the csv module:
the largest has 8,000 rows, and importing pandas alone would take longer.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from lodestock_server.catalog.figures import DatasetOrigin, Figure

__all__ = ["DataPackage", "DatasetInfo", "Record", "bundled_package", "bundled_packages"]


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


class DataPackage:
    """One data package: its description, and its tables read when first asked for."""

    def __init__(self, folder: Traversable) -> None:
        self._folder = folder
        self._tables: dict[str, tuple[Record, ...]] = {}

    @cached_property
    def descriptor(self) -> dict[str, Any]:
        """The content of datapackage.json."""
        descriptor: dict[str, Any] = json.loads(self._folder.joinpath("datapackage.json").read_text(encoding="utf-8"))
        return descriptor

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
        """SHA-256 over the digests of the tables, hexadecimal; the version holds its first twelve digits."""
        lines = (f"{r['name']}:{r['hash'].removeprefix('sha256:')}\n" for r in self.descriptor["resources"])
        return hashlib.sha256("".join(lines).encode()).hexdigest()

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

    def table(self, resource: str) -> tuple[Record, ...]:
        """All rows of a table, in file order.

        Raises:
            KeyError: the package has no such table.
        """
        if resource not in self._tables:
            described = self._resource(resource)
            units = {field["name"]: field.get("unit", "") for field in described["schema"]["fields"]}
            text = self._folder.joinpath(described["path"]).read_text(encoding="utf-8")
            self._tables[resource] = tuple(
                Record(self.name, self.version, resource, number, cells, units)
                for number, cells in enumerate(csv.DictReader(io.StringIO(text)), start=1)
            )
        return self._tables[resource]

    def damage(self) -> tuple[str, ...]:
        """What differs between the files and the description: digests, sizes, row counts, columns. Empty if sound."""
        found: list[str] = []
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
