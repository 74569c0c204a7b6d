"""Every kind of damage to a data package is refused by name, with file, row and column."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lodestock_server.catalog.checking import known_units, violations
from lodestock_server.catalog.packages import DataPackage, bundled_packages
from tests.small_packages import FIELDS, describe, small_package

ROWS = [("tin", "CHN", 2023, 70), ("tin", "PER", 2023, 30)]
UNITS = frozenset({"t"})


def found(folder: Path, in_use: DataPackage | None = None) -> list[str]:
    return [str(violation) for violation in violations(folder, in_use, UNITS)]


def test_a_sound_package_has_no_violations(tmp_path: Path) -> None:
    assert found(tmp_path) == ["datapackage.json: is not there"]
    package = small_package(tmp_path, ROWS)
    assert found(tmp_path) == []
    assert found(tmp_path, package) == []


def test_what_ships_with_the_server_could_be_imported() -> None:
    packages = bundled_packages()
    for package in packages:
        folder = package._folder
        assert violations(folder, package, known_units(packages)) == []


def described(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        content = json.loads((folder / "datapackage.json").read_text())
        change(content)
        describe(folder, {key: value for key, value in content.items() if key not in ("digest", "version")})

    return damage


def rewritten(old: str, new: str, name: str = "mined.csv") -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        content = (folder / name).read_text()
        assert old in content
        (folder / name).write_text(content.replace(old, new, 1))

    return damage


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        pytest.param(lambda f: (f / "mined.csv").unlink(), "mined.csv: is not there", id="no table"),
        pytest.param(lambda f: (f / "datapackage.json").write_text("{"), "datapackage.json: no JSON", id="no JSON"),
        pytest.param(
            lambda f: (f / "datapackage.json").write_bytes(b"\xff"), "datapackage.json: is no UTF-8", id="no text"
        ),
        pytest.param(rewritten('"title": "Output"', '"title": ""', "datapackage.json"), "title: String", id="no title"),
        pytest.param(
            rewritten('"title": "Output"', '"title": "Input"', "datapackage.json"),
            "datapackage.json: digest is",
            id="description changed",
        ),
        pytest.param(
            rewritten('"version": "2026', '"version": "2027.1.1+0123456789ab-2026', "datapackage.json"),
            None,
            id="another date is another version",
        ),
        pytest.param(described(lambda d: d.pop("licenses")), "licenses: Field required", id="no licence"),
        pytest.param(described(lambda d: d.update(sources=[])), "sources: List should have at least 1", id="no source"),
        pytest.param(
            described(lambda d: d["resources"][0].update(path="../mined.csv")), "resources.0.path", id="path leads out"
        ),
        pytest.param(
            described(lambda d: d["resources"][0]["schema"].update(primaryKey=["colour"])),
            "primaryKey names no columns of the table: colour",
            id="key of nothing",
        ),
        pytest.param(
            described(lambda d: d["resources"][0]["schema"]["fields"][3].update(unit="cubits of gold")),
            "datapackage.json, tonnes: resource mined: the unit 'cubits of gold' is unknown",
            id="unit",
        ),
        pytest.param(
            described(lambda d: d["resources"][0].update(rows=3)), "mined.csv: rows is 2, described as 3", id="rows"
        ),
        pytest.param(rewritten("70", "71"), "mined.csv: hash is sha256:", id="a figure changed"),
        pytest.param(rewritten("tonnes", "tons"), "mined.csv: columns are", id="column"),
        pytest.param(rewritten("70", "many"), "mined.csv, row 1, tonnes: 'many' is no number", id="no number"),
        pytest.param(rewritten("30", "inf"), "mined.csv, row 2, tonnes: 'inf' is no finite number", id="not finite"),
        pytest.param(rewritten("2023", "23"), "mined.csv, row 1, year: '23' is no year", id="no year"),
        pytest.param(rewritten("PER", "CHN"), "mined.csv, row 2, mineral, iso3, year: the key", id="key twice"),
        pytest.param(rewritten("HAND", "HEARSAY"), "mined.csv, row 1, source_id: 'HEARSAY' is no source", id="source"),
        pytest.param(rewritten(",HAND", ""), "mined.csv, row 1: has 4 cells, must have 5", id="short row"),
        pytest.param(
            lambda f: (f / "mined.csv").write_bytes(b"\xff\xfe"), "mined.csv: is no UTF-8", id="another encoding"
        ),
    ],
)
def test_every_kind_of_damage_is_named(damage: Callable[[Path], None], named: str | None, tmp_path: Path) -> None:
    small_package(tmp_path, ROWS)
    damage(tmp_path)
    listed = found(tmp_path)
    if named is None:
        assert listed == []
    else:
        assert any(named in violation for violation in listed), listed


def test_all_violations_are_listed_at_once(tmp_path: Path) -> None:
    small_package(tmp_path, [("tin", "CHN", "soon", "many"), ("tin", "CHN", "soon", "more")])
    assert len([v for v in violations(tmp_path, None, UNITS) if v.row]) == 5


def test_a_version_may_not_lose_what_answers_rest_on(tmp_path: Path) -> None:
    in_use = small_package(tmp_path / "1", ROWS, tables={"refined": ROWS})
    without = [field for field in FIELDS if field["name"] != "iso3"]
    small_package(tmp_path / "2", [("tin", 2023, 100)], fields=without, key=("mineral", "year"))
    assert found(tmp_path / "2", in_use) == [
        "datapackage.json, iso3: table 'mined': the column is missing, which the version in use has",
        "datapackage.json: the table 'refined' is missing, which the version in use has",
    ]
    in_pounds = [{**field, "unit": "lb"} if field["name"] == "tonnes" else field for field in FIELDS]
    small_package(tmp_path / "3", ROWS, fields=in_pounds, tables={"refined": ROWS})
    assert "datapackage.json, tonnes: table 'mined': the unit is 'lb', must be 't' as in the version in use" in found(
        tmp_path / "3", in_use
    )


@pytest.mark.parametrize(
    ("unit", "known"), [("kt", True), ("USD/t", True), ("1", True), ("km", True), ("bushy", False)]
)
def test_units_of_physics_and_money_are_known(unit: str, known: bool, tmp_path: Path) -> None:
    fields = [{**field, "unit": unit} if field["name"] == "tonnes" else field for field in FIELDS]
    small_package(tmp_path, ROWS, fields=fields)
    assert (found(tmp_path) == []) == known
