"""Whether a folder is a data package that can be taken in: every violation, with file, row and column."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources.abc import Traversable
from typing import Any

from lodestock_server.catalog.descriptor import faults_of_descriptor
from lodestock_server.catalog.packages import DataPackage, Package

DESCRIPTION = "datapackage.json"


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong where. `row` counts as origins do, the first below the header being 1; 0: the file as a whole."""

    file: str
    row: int
    column: str
    text: str

    def __str__(self) -> str:
        place = self.file + (f", row {self.row}" if self.row else "") + (f", {self.column}" if self.column else "")
        return f"{place}: {self.text}"


def violations(folder: Traversable, in_use: Package | None, units: Collection[str]) -> list[Violation]:
    """All that keeps a folder from being taken in; empty if nothing does.

    Args:
        folder: where datapackage.json and its tables are.
        in_use: the version of the same dataset that it would replace, if there is one.
        units: units that the data already use; any other must be one that pint knows.
    """
    described = folder.joinpath(DESCRIPTION)
    if not described.is_file():
        return [Violation(DESCRIPTION, 0, "", "is not there")]
    try:
        text = described.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return [Violation(DESCRIPTION, 0, "", f"is no UTF-8: {error}")]
    faults = faults_of_descriptor(text)
    if faults:
        return [Violation(DESCRIPTION, 0, "", fault) for fault in faults]
    package = DataPackage(folder)
    missing = [r["path"] for r in package.descriptor["resources"] if not folder.joinpath(r["path"]).is_file()]
    if missing:
        return [Violation(path, 0, "", "is not there") for path in missing]
    found: list[Violation] = []
    for resource in package.descriptor["resources"]:
        found += _unknown_units(resource, units)
        found += _faults_of_table(resource, package)
    # What the files say is compared with what is written of them last: it is often but the echo of the above.
    if not any(violation.text.startswith("is no UTF-8") for violation in found):
        found += [Violation(*_at_file(fault)) for fault in package.damage()]
    return found + list(_lost(package, in_use))


def known_units(packages: Sequence[Package]) -> frozenset[str]:
    """The units that the tables of some packages use."""
    return frozenset(unit for package in packages for table in package.tables.values() for unit in table.units.values())


def _at_file(fault: str) -> tuple[str, int, str, str]:
    file, _, text = fault.partition(": ")
    return file, 0, "", text


def _unknown_units(resource: Mapping[str, Any], units: Collection[str]) -> Iterator[Violation]:
    for field in resource["schema"]["fields"]:
        unit = field.get("unit", "")
        if unit and unit not in units and not _is_unit(unit):
            text = f"resource {resource['name']}: the unit '{unit}' is unknown, must be one that the data use already"
            yield Violation(
                DESCRIPTION, 0, field["name"], f"{text}, or one of physics or money, such as 't' or 'USD/t'"
            )


@lru_cache(maxsize=1)
def _registry() -> Any:
    """The units of physics, money and people."""
    # Imported here, as it takes a while and few need it.
    import pint

    registry: Any = pint.UnitRegistry()
    for definition in ("USD = [currency]", "EUR = [euro]", "person = [people] = persons"):
        registry.define(definition)
    return registry


def _is_unit(unit: str) -> bool:
    import pint

    try:
        _registry().parse_units(unit)
    except (pint.PintError, ValueError, TypeError, AttributeError):
        return False
    return True


def _faults_of_table(resource: Mapping[str, Any], package: DataPackage) -> Iterator[Violation]:
    """Rows of other lengths, cells of other types, keys that stand twice, sources that the package does not name."""
    file, fields = resource["path"], resource["schema"]["fields"]
    columns = [field["name"] for field in fields]
    try:
        rows = csv.reader(io.StringIO(package.content(resource["name"]).decode("utf-8")), strict=True)
        header = next(rows, [])
        if header != columns:
            return  # `damage` says it, and cells could not be told.
        parsers = [(place, field["name"], PARSERS[field["type"]]) for place, field in enumerate(fields)]
        key = [columns.index(name) for name in resource["schema"]["primaryKey"]]
        sources = {source["id"] for source in package.descriptor["sources"]}
        seen: dict[tuple[str, ...], int] = {}
        for number, row in enumerate(rows, start=1):
            if len(row) != len(columns):
                yield Violation(file, number, "", f"has {len(row)} cells, must have {len(columns)}")
                continue
            for place, name, parse in parsers:
                if row[place] and (wanted := parse(row[place])):
                    yield Violation(file, number, name, f"'{row[place]}' is {wanted}")
            if row[columns.index("source_id")] not in sources:
                text = f"'{row[columns.index('source_id')]}' is no source of the package: {', '.join(sorted(sources))}"
                yield Violation(file, number, "source_id", text)
            identity = tuple(row[place] for place in key)
            if identity in seen:
                text = f"the key {identity} stands in row {seen[identity]} already"
                yield Violation(file, number, ", ".join(resource["schema"]["primaryKey"]), text)
            seen.setdefault(identity, number)
    except UnicodeDecodeError as error:
        yield Violation(file, 0, "", f"is no UTF-8: {error}")
    except csv.Error as error:
        yield Violation(file, 0, "", f"is no CSV: {error}")


def _lost(package: Package, in_use: Package | None) -> Iterator[Violation]:
    """Tables and columns that the version in use has, and answers may rest on, and this one has not."""
    for name, table in in_use.tables.items() if in_use else ():
        if name not in package.tables:
            yield Violation(DESCRIPTION, 0, "", f"the table '{name}' is missing, which the version in use has")
            continue
        for column in table.columns:
            if column not in package.tables[name].columns:
                text = f"table '{name}': the column is missing, which the version in use has"
                yield Violation(DESCRIPTION, 0, column, text)
            elif package.tables[name].units[column] != table.units[column]:
                unit = package.tables[name].units[column]
                text = f"table '{name}': the unit is '{unit}', must be '{table.units[column]}' as in the version in use"
                yield Violation(DESCRIPTION, 0, column, text)


def _no_number(cell: str) -> str:
    try:
        value = float(cell)
    except ValueError:
        return "no number"
    return "" if math.isfinite(value) else "no finite number"


def _no_integer(cell: str) -> str:
    return "" if re.fullmatch(r"-?\d+", cell) else "no whole number"


def _no_year(cell: str) -> str:
    return "" if re.fullmatch(r"\d{4}", cell) else "no year of four digits"


def _no_boolean(cell: str) -> str:
    return "" if cell in ("true", "false") else "neither true nor false"


def _no_month(cell: str) -> str:
    return "" if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", cell) else "no month, such as 2025-03"


def _no_date(cell: str) -> str:
    return "" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell) else "no date, such as 2025-03-31"


PARSERS: Mapping[str, Callable[[str], str]] = {
    "string": lambda _: "",
    "number": _no_number,
    "integer": _no_integer,
    "year": _no_year,
    "boolean": _no_boolean,
    "yearmonth": _no_month,
    "date": _no_date,
}
"""By the type of a column: what a cell is instead of it; "" where it is of that type."""
