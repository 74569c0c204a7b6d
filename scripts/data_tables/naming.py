"""Which mineral a source means: every name that the sources use, and the ids of materials that are no minerals of ours.

Owns the map from a printed name to an id. A name that two minerals could claim stops the build.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from data_tables.raw import MAPPING, Minerals, RawTables, Row, declared_minerals, read_rows, slug


@cache
def hand_names() -> tuple[Row, ...]:
    """The names of data_mapping/names.csv: mineral (or the slug of another material), name, source_id."""
    return tuple(read_rows(MAPPING / "names.csv"))


def mapped_names(minerals: Minerals) -> Iterator[Row]:
    """The names that the mapping of each mineral holds already, with the source that uses each."""
    for mineral, spec in minerals.items():
        for name in filter(None, (mineral, spec["name"], spec["symbol"], *spec.get("also", ()))):
            yield {"mineral": mineral, "name": name, "source_id": "LODESTOCK"}
        for field, source_id in (
            ("trade_parameter", "EC_CRM2023_global_supply"),
            ("ec_shares", "EC_CRM2023_global_supply"),
            ("recycling", "EC_SCRREEN_GEOPOLRISK"),
        ):
            if spec.get(field) and mineral not in NAMED_AFTER_ANOTHER.get(field, ()):
                yield {"mineral": mineral, "name": spec[field], "source_id": source_id}


# The European figures of these minerals are those of another material, whose name is not theirs.
NAMED_AFTER_ANOTHER = {
    "trade_parameter": ("rare-earths", "bauxite", "alumina"),
    "ec_shares": ("rare-earths", "bauxite", "alumina"),
    "recycling": ("bauxite", "alumina", "titanium-sponge"),
}


def all_names(minerals: Minerals) -> dict[tuple[str, str, str], Row]:
    """All names, each once for each source; stops where a name stands for two minerals."""
    found: dict[tuple[str, str, str], Row] = {}
    owner: dict[str, str] = {}
    for row in (*mapped_names(minerals), *hand_names()):
        if owner.setdefault(row["name"].lower(), row["mineral"]) != row["mineral"]:
            raise SystemExit(f"the name {row['name']!r} stands for {owner[row['name'].lower()]} and {row['mineral']}")
        found[row["mineral"], row["name"], row["source_id"]] = row
    return found


@cache
def _ids() -> dict[str, str]:
    return {row["name"].lower(): row["mineral"] for row in all_names(declared_minerals()).values()}


def material_id(name: str) -> str:
    """The id of the mineral that a source calls so, else the name as a slug."""
    plain = " ".join(name.split())
    return _ids().get(plain.lower(), slug(plain))


def names(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    rows = all_names(minerals)
    yield from (rows[key] for key in sorted(rows) if key[0] in minerals)
