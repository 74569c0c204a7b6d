"""What a cell must be: of its column's type, and what the version in use keeps to in that column.

Answers rest on what the version in use keeps to: that output is not negative, that shares are shares, that a code is
one that the catalog knows. Where a single cell of it does not keep to it, nothing can rest on it.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from lodestock_server.catalog.figures import Stage, Statistic
from lodestock_server.catalog.packages import Package

Rule = Callable[[str], str]
"""From a cell that is not empty to what it is instead of right; "" where it is right."""
Codes = Mapping[str, Collection[str]]
"""The codes that a column may hold, by its name."""

MINERALS, COUNTRIES = ("minerals", "minerals", "mineral"), ("geography", "countries", "iso3")
"""Package, table and column that say which codes there are."""
ENUMERATIONS: Codes = {
    **dict.fromkeys(("stage", "supply_stage"), tuple(Stage)),
    **dict.fromkeys(("statistic", "domestic_statistic"), tuple(Statistic)),
}
NEARLY_ALL = 0.95
"""Share of the values in use that are codes in a column of codes: a few others, such as countries of old, may stand."""
MOST_NAMED = 10
"""Codes up to which all are named."""

SHARES = ("share", "eol_rir")
"""How the names of columns end that hold parts of a whole."""
NEVER_ZERO = ("USD", "persons")
"""How the units begin of what is divided by, such as prices and people."""
OF_EACH_ROW = "see unit"


def known_codes(packages: Iterable[Package]) -> Codes:
    """The codes that may stand in the tables, as some packages say; none of a kind that they say nothing of."""
    found: dict[str, Collection[str]] = dict(ENUMERATIONS)
    for package in packages:
        for (name, resource, column), columns in ((MINERALS, ("mineral",)), (COUNTRIES, ("iso3", "to_iso3"))):
            if package.name == name and resource in package.tables:
                found |= dict.fromkeys(columns, _cells_of(package, resource, column))
    return found


def _cells_of(package: Package, resource: str, column: str) -> frozenset[str]:
    """The cells of a column; none where the table cannot be read, which is said elsewhere."""
    columns = package.tables[resource].columns
    try:
        place = columns.index(column)
        return frozenset(row[place] for row in package.cells(resource) if len(row) == len(columns) and row[place])
    except (ValueError, csv.Error):
        return frozenset()


def defined_by(package: str, resource: str, column: str) -> bool:
    """Whether a column says which codes there are."""
    return (package, resource, column) in (MINERALS, COUNTRIES)


def values_in_use(resource: str, in_use: Package | None) -> Mapping[str, frozenset[str]]:
    """The cells of each column of a table, each value once; nothing where it is not in use or has no rows."""
    if in_use is None or resource not in in_use.tables or not in_use.tables[resource].rows:
        return {}
    values = map(frozenset, zip(*in_use.cells(resource), strict=True))
    return dict(zip(in_use.tables[resource].columns, values, strict=True))


def rules_of(field: Mapping[str, Any], used: frozenset[str], codes: Collection[str]) -> Iterator[Rule]:
    """What the cells of a column must be.

    Args:
        field: the column as datapackage.json describes it.
        used: what stands in it in the version in use; nothing where that has no such column.
        codes: those that it may hold, if it is a column of codes.
    """
    yield PARSERS[field["type"]]
    filled = used - {""}
    if filled and len(filled.intersection(codes)) >= NEARLY_ALL * len(filled):
        yield lambda cell: "" if cell in filled else _no_code(cell, codes)
    unit = field.get("unit", "")
    numbers = [float(cell) for cell in filled if not _no_number(cell)]
    if numbers and field["type"] in ("number", "integer") and unit and unit != OF_EACH_ROW:
        yield from _bounds(field["name"], unit, numbers)


def _bounds(name: str, unit: str, used: Collection[float]) -> Iterator[Rule]:
    lowest, highest = min(used), max(used)
    if unit.startswith(NEVER_ZERO) and lowest > 0:
        yield lambda cell: _beyond(cell, f"must be more than 0 {unit}", lambda value: value > 0)
    elif lowest >= 0:
        yield lambda cell: _beyond(cell, "must be 0 or more", lambda value: value >= 0)
    if unit == "1" and name.endswith(SHARES) and highest <= 1:
        yield lambda cell: _beyond(cell, "is no share, must be 1 or less", lambda value: value <= 1)
    if unit == "%" and lowest >= 0 and highest <= 100:
        yield lambda cell: _beyond(cell, "is no share in %, must be 100 or less", lambda value: value <= 100)


def _beyond(cell: str, text: str, holds: Callable[[float], bool]) -> str:
    # What is no number at all is said by the rule of the type.
    return text if not _no_number(cell) and not holds(float(cell)) else ""


def _no_code(cell: str, codes: Collection[str]) -> str:
    if cell in codes:
        return ""
    if len(codes) <= MOST_NAMED:
        return f"is not known, must be one of {', '.join(codes)}"
    near = get_close_matches(cell, codes, n=1, cutoff=0.0)
    return f"is not known, must be one of the {len(codes)} codes that the data in use know, such as {', '.join(near)}"


def _no_number(cell: str) -> str:
    try:
        value = float(cell)
    except ValueError:
        return "is no number"
    return "" if math.isfinite(value) else "is no finite number"


def _of_form(pattern: str, text: str) -> Rule:
    return lambda cell: "" if re.fullmatch(pattern, cell, re.ASCII) else text


PARSERS: Mapping[str, Rule] = {
    "string": lambda _: "",
    "number": _no_number,
    "integer": _of_form(r"-?\d+", "is no whole number"),
    "year": _of_form(r"\d{4}", "is no year of four digits"),
    "boolean": _of_form("true|false", "is neither true nor false"),
    "yearmonth": _of_form(r"\d{4}-(0[1-9]|1[0-2])", "is no month, such as 2025-03"),
    "date": _of_form(r"\d{4}-\d{2}-\d{2}", "is no date, such as 2025-03-31"),
}
"""By the type of a column: whether a cell is of it."""
