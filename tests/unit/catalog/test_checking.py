"""Every kind of damage to a data package is refused by name, with file, row and column."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lodestock_server.catalog.cell_rules import known_codes
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
        assert violations(folder, package, known_units(packages), known_codes(packages)) == []


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
            described(lambda d: d["sources"][0].update(id="bad id; with, spaces")),
            "sources.0.id: Value error, 'bad id; with, spaces' must be letters, digits and any of _ . + - alone",
            id="source id",
        ),
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


def test_a_figure_may_be_missing_only_where_one_is_missing_in_the_version_in_use(tmp_path: Path) -> None:
    in_use = small_package(tmp_path / "1", ROWS)
    small_package(tmp_path / "2", [*ROWS, ("tin", "", 2023, ""), ("zinc", "PER", "", 1)])
    why = "is empty, as in no row of the version in use: leave out a row whose figure is not known"
    # Text may be empty: a rest that is not named has no country.
    assert found(tmp_path / "2", in_use) == [f"mined.csv, row 3, tonnes: {why}", f"mined.csv, row 4, year: {why}"]
    for other in ([*ROWS, ("zinc", "PER", "", "")], []):
        assert found(tmp_path / "2", small_package(tmp_path / "other", other)) == []
    assert found(tmp_path / "2") == []


@pytest.mark.parametrize(
    ("unit", "known"), [("kt", True), ("USD/t", True), ("1", True), ("km", True), ("bushy", False)]
)
def test_units_of_physics_and_money_are_known(unit: str, known: bool, tmp_path: Path) -> None:
    fields = [{**field, "unit": unit} if field["name"] == "tonnes" else field for field in FIELDS]
    small_package(tmp_path, ROWS, fields=fields)
    assert (found(tmp_path) == []) == known


def of_column(name: str, kind: str, unit: str, *cells: object) -> Callable[[Path], DataPackage]:
    """A package whose figure, in place of tonnes, is another."""
    figure = {"name": name, "type": kind, **({"unit": unit} if unit else {})}
    fields = [figure if field["name"] == "tonnes" else field for field in FIELDS]
    rows = [("tin", "CHN", 2000 + number, cell) for number, cell in enumerate(cells)]
    return lambda folder: small_package(folder, rows, fields=fields)


@pytest.mark.parametrize(
    ("name", "kind", "unit", "used", "cell", "fault"),
    [
        ("tonnes", "number", "t", (0, 5), "-1", "must be 0 or more"),
        ("tonnes", "number", "t", (0, 5), "0", ""),
        ("change", "number", "t", (-3, 5), "-1", ""),
        ("price", "number", "USD/t", (5,), "0", "must be more than 0 USD/t"),
        ("content_factor", "number", "1", (1.3,), "-0.1", "must be 0 or more"),
        ("content_factor", "number", "1", (0.3,), "1.9", ""),
        ("share", "number", "1", (0, 0.3), "1.9", "is no share, must be 1 or less"),
        ("share", "number", "1", (0, 1.3), "1.9", ""),
        ("reliance", "number", "%", (20, 100), "101", "is no share in %, must be 100 or less"),
        ("reliance", "number", "%", (20, 300), "101", ""),
        ("estimate", "number", "1", (-1.2, 2), "-2", ""),
        ("upstream_value", "number", "", (1,), "-2", ""),
        ("stage", "string", "", ("mining",), "nonsense", "is not known, must be one of mining, refining"),
        ("stage", "string", "", ("mining", "smelter"), "nonsense", ""),
        ("statistic", "string", "", ("imports",), "exported", "is not known, must be one of consumption, production_"),
    ],
)
def test_a_cell_keeps_to_what_the_version_in_use_keeps_to(
    name: str, kind: str, unit: str, used: tuple[object, ...], cell: str, fault: str, tmp_path: Path
) -> None:
    in_use = of_column(name, kind, unit, *used)(tmp_path / "1")
    of_column(name, kind, unit, *used, cell)(tmp_path / "2")
    listed = found(tmp_path / "2", in_use)
    if fault:
        assert listed[0].startswith(f"mined.csv, row {len(used) + 1}, {name}: '{cell}' {fault}")
    else:
        assert listed == []


def test_a_column_that_was_text_may_become_numbers(tmp_path: Path) -> None:
    in_use = of_column("share", "string", "", "some", "0.5")(tmp_path / "1")
    of_column("share", "number", "1", "0.4", "0.5")(tmp_path / "2")
    assert [text for text in found(tmp_path / "2", in_use) if "row" in text] == []


def test_a_code_is_one_that_the_data_in_use_know(tmp_path: Path) -> None:
    in_use = small_package(tmp_path / "1", ROWS)
    small_package(tmp_path / "2", [("unobtainium", "CHN", 2023, 70), ("tin", "QQQ", 2023, 30), ("tin", "", 2023, 1)])
    codes = known_codes(bundled_packages())
    listed = [str(one) for one in violations(tmp_path / "2", in_use, UNITS, codes)]
    assert len(listed) == 2
    known = "is not known, must be one of the 50 codes that the data in use know, such as"
    assert listed[0].startswith(f"mined.csv, row 1, mineral: 'unobtainium' {known}")
    assert listed[1].startswith("mined.csv, row 2, iso3: 'QQQ' is not known, must be one of the 249 codes")
    # What already names others may name more of them.
    other = small_package(tmp_path / "3", [*ROWS, ("slag", "XXX", 2023, 1)])
    assert violations(tmp_path / "2", other, UNITS, codes) == []


def test_a_code_of_old_may_stay_and_lets_no_other_in(tmp_path: Path) -> None:
    codes = known_codes(bundled_packages())
    rows = [("tin", code, 2023, 70) for code in [*sorted(codes["iso3"])[:30], "SCG"]]
    in_use = small_package(tmp_path / "1", rows)
    assert violations(tmp_path / "1", in_use, UNITS, codes) == []
    small_package(tmp_path / "2", [*rows, ("tin", "QQQ", 2023, 70)])
    (one,) = violations(tmp_path / "2", in_use, UNITS, codes)
    assert str(one).startswith("mined.csv, row 32, iso3: 'QQQ' is not known")


def test_a_package_that_says_which_codes_there_are_may_bring_new_ones_and_lose_none(tmp_path: Path) -> None:
    fields = [field for field in FIELDS if field["name"] in ("mineral", "source_id")]
    in_use, _, _ = (
        small_package(tmp_path / folder, rows, "minerals", fields, ("mineral",), {"minerals": rows})
        for folder, rows in (("1", [("tin",)]), ("2", [("tin",), ("zinc",)]), ("3", [("zinc",)]))
    )
    codes = known_codes([in_use])
    assert violations(tmp_path / "2", in_use, UNITS, codes) == []
    text = "minerals.csv, mineral: is without tin, which the version in use has and other tables may name"
    assert [str(one) for one in violations(tmp_path / "3", in_use, UNITS, codes)] == [text]


def test_a_table_may_not_lose_all_its_rows(tmp_path: Path) -> None:
    in_use = small_package(tmp_path / "1", ROWS, tables={"refined": []})
    small_package(tmp_path / "2", [], tables={"refined": []})
    assert found(tmp_path / "2", in_use) == ["mined.csv: has no row; the version in use has 2"]
