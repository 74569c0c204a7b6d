"""Whether a folder is a data package that can be taken in: every violation, with file, row and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources.abc import Traversable
from typing import Any

from lodestock_server.catalog.cell_rules import (
    ENUMERATIONS,
    MOST_NAMED,
    Codes,
    defined_by,
    known_codes,
    rules_of,
    values_in_use,
)
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


def violations(
    folder: Traversable, in_use: Package | None, units: Collection[str], codes: Codes = ENUMERATIONS
) -> list[Violation]:
    """All that keeps a folder from being taken in; empty if nothing does.

    Args:
        folder: where datapackage.json and its tables are.
        in_use: the version of the same dataset that it would replace, if there is one.
        units: units that the data already use; any other must be one that pint knows.
        codes: those that the data in use know, by column; those that the folder itself defines go before them.
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
    codes = {**codes, **known_codes([package])}
    for resource in package.descriptor["resources"]:
        found += _unknown_units(resource, units)
        open_columns = [name for name in codes if defined_by(package.name, resource["name"], name)]
        closed = {name: known for name, known in codes.items() if name not in open_columns}
        found += _faults_of_table(resource, package, values_in_use(resource["name"], in_use), closed)
    found += _emptied(package, in_use)
    # What the files say is compared with what is written of them last: it is often but the echo of the above.
    if not any(violation.text.startswith("is no UTF-8") for violation in found):
        found += [Violation(*_at_file(fault)) for fault in package.damage()]
    return found + list(lost(package, in_use, "the version in use"))


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


def _emptied(package: Package, in_use: Package | None) -> Iterator[Violation]:
    """Tables without a row that have some in the version in use, and codes that other tables may name, and are gone."""
    known, left = known_codes([in_use] if in_use else ()), known_codes([package])
    for name, table in package.tables.items():
        if table.rows == 0 and in_use is not None and name in in_use.tables and in_use.tables[name].rows:
            text = f"has no row; the version in use has {in_use.tables[name].rows}"
            yield Violation(_file_of(package, name), 0, "", text)
            continue
        for column in table.columns:
            if defined_by(package.name, name, column) and (gone := set(known.get(column, ())) - set(left[column])):
                shown = ", ".join(sorted(gone)[:MOST_NAMED]) + (", …" if len(gone) > MOST_NAMED else "")
                text = f"is without {shown}, which the version in use has and other tables may name"
                yield Violation(_file_of(package, name), 0, column, text)


def _file_of(package: Package, resource: str) -> str:
    return next(str(r["path"]) for r in package.descriptor["resources"] if r["name"] == resource)


def _faults_of_table(
    resource: Mapping[str, Any], package: DataPackage, used: Mapping[str, frozenset[str]], codes: Codes
) -> Iterator[Violation]:
    """Rows of other lengths, cells that are not what they must be, keys that stand twice, sources that the package does
    not name.
    """
    file, fields = resource["path"], resource["schema"]["fields"]
    columns = [field["name"] for field in fields]
    try:
        rows = csv.reader(io.StringIO(package.content(resource["name"]).decode("utf-8")), strict=True)
        header = next(rows, [])
        if header != columns:
            return  # `damage` says it, and cells could not be told.
        rules = [
            (place, field["name"], rule)
            for place, field in enumerate(fields)
            for rule in rules_of(field, used.get(field["name"], frozenset()), codes.get(field["name"], ()))
        ]
        # But those of text: a rest that is not named has no country.
        typed = [(place, field["name"]) for place, field in enumerate(fields) if field["type"] != "string"]
        never_empty = [(place, name) for place, name in typed if name in used and "" not in used[name]]
        key = [columns.index(name) for name in resource["schema"]["primaryKey"]]
        sources = {source["id"] for source in package.descriptor["sources"]}
        seen: dict[tuple[str, ...], int] = {}
        for number, row in enumerate(rows, start=1):
            if len(row) != len(columns):
                yield Violation(file, number, "", f"has {len(row)} cells, must have {len(columns)}")
                continue
            for place, name, rule in rules:
                if row[place] and (fault := rule(row[place])):
                    yield Violation(file, number, name, f"'{row[place]}' {fault}")
            for place, name in never_empty:
                if not row[place]:
                    text = "is empty, as in no row of the version in use: leave out a row whose figure is not known"
                    yield Violation(file, number, name, text)
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


def lost(package: Package, other: Package | None, which: str) -> Iterator[Violation]:
    """Tables and columns that another version has, and answers may rest on, and this one has not.

    Args:
        package: the version that is to be in use.
        other: another version of the dataset, if there is one.
        which: which one that is, in words.
    """
    for name, table in other.tables.items() if other else ():
        if name not in package.tables:
            yield Violation(DESCRIPTION, 0, "", f"the table '{name}' is missing, which {which} has")
            continue
        for column in table.columns:
            if column not in package.tables[name].columns:
                yield Violation(DESCRIPTION, 0, column, f"table '{name}': the column is missing, which {which} has")
            elif package.tables[name].units[column] != table.units[column]:
                unit = package.tables[name].units[column]
                text = f"table '{name}': the unit is '{unit}', must be '{table.units[column]}' as in {which}"
                yield Violation(DESCRIPTION, 0, column, text)
