"""The raw tables, and the small things that every table of the data packages is made with.

Owns reading raw CSV and the text of figures. Knows nothing of minerals, packages or what a table means.
"""

from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAPPING = Path(__file__).resolve().parent.parent / "data_mapping"

Row = dict[str, str]
Minerals = dict[str, dict[str, Any]]


@dataclass
class RawTables:
    """The raw tables by name, each read once.

    Args:
        folder: where NAME.csv stand.
    """

    folder: Path
    _cache: dict[str, list[Row]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> list[Row]:
        if name not in self._cache:
            self._cache[name] = read_rows(self.folder / f"{name}.csv")
        return self._cache[name]


def read_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def declared_minerals() -> Minerals:
    """Every mineral with its mapping: those with stored US demand first, then the others."""
    named = ("minerals.toml", "world_minerals.toml")
    return {
        mineral: spec
        for name in named
        for mineral, spec in tomllib.loads((MAPPING / name).read_text(encoding="utf-8")).items()
    }


def number(value: float) -> str:
    """The shortest text of a figure with at most ten significant digits."""
    return f"{value:.10g}" if abs(value) < 1e10 else f"{value:.0f}"


def as_number(text: str) -> str:
    """A printed figure as the packages write it; an empty one stays empty."""
    return number(float(text)) if text else ""


def joined(*remarks: str) -> str:
    return "; ".join(dict.fromkeys(remark for remark in remarks if remark))


def slug(name: str) -> str:
    """Lower case, words joined by hyphens: the id of a material that is no mineral of minerals.csv."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def numbered(rows: list[Row], keys: tuple[str, ...]) -> list[Row]:
    """The rows with a column `entry`: 1 for the first figure that a source prints under the same words, 2 then 2."""
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row[field] for field in keys)
        seen[key] = seen.get(key, 0) + 1
        row["entry"] = str(seen[key])
    return rows
