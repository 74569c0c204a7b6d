"""How the tables are made: atomic weights, names, editions. The modules stand in scripts/, beside the mapping."""

import csv
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[3] / "scripts"


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package data_tables of scripts/, as build_data.py imports it."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return import_module("data_tables")


def write_raw(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("basis", "compound", "fraction"),
    [
        ("U", "U3O8", 0.84800),
        ("Nb", "Nb2O5", 0.69904),
        ("Ta", "Ta2O5", 0.81897),
        ("Cr", "Cr2O3", 0.68420),
        ("V", "V2O5", 0.56017),
        ("Li", "Li2CO3", 0.1879),
        ("K2O", "KCl", 0.63177),
        ("CaF2", "HF", 1.9513),
        ("W", "(NH4)10H2W12O42.4H2O", 0.70425),
        ("Nd2O3", "Nd2(CO3)3", 0.71819),  # 336.477 / 468.504
    ],
)
def test_mass_fractions_by_hand(tables: Any, basis: str, compound: str, fraction: float) -> None:
    found = import_module("data_tables.stoichiometry").mass_fraction(basis, compound)
    assert found.value == pytest.approx(fraction, abs=6e-5)
    assert compound in found.reason


@pytest.mark.parametrize("formula", ["Xx2", "li2O", "Li2CO3)2", "Li2(CO3", "2-"])
def test_a_formula_that_cannot_be_read_is_refused(tables: Any, formula: str) -> None:
    with pytest.raises(ValueError, match=r"cannot read|does not close|did not open|no atomic weight"):
        import_module("data_tables.stoichiometry").molar_mass(formula)


def test_what_has_only_oxygen_in_common_has_no_fraction(tables: Any) -> None:
    with pytest.raises(ValueError, match="Al2O3 holds nothing of TiO2"):
        import_module("data_tables.stoichiometry").mass_fraction("TiO2", "Al2O3")


def test_every_declared_table_can_be_made_and_no_other(tables: Any) -> None:
    declared = tomllib.loads((SCRIPTS / "data_mapping" / "packages.toml").read_text(encoding="utf-8"))
    named = {
        f"{name}/{resource}" for name, package in declared["packages"].items() for resource in package["resources"]
    }
    assert set(tables.TABLES) == named


def test_a_name_for_two_minerals_stops_the_build(tables: Any) -> None:
    naming = import_module("data_tables.naming")
    minerals = {
        "tin": {"name": "Tin", "symbol": "Sn", "also": ["white metal"]},
        "bismuth": {"name": "Bismuth", "symbol": "Bi", "also": ["White Metal"]},
    }
    with pytest.raises(SystemExit, match="'White Metal' stands for tin and bismuth"):
        naming.all_names(minerals)


def test_names_are_found_in_any_case_and_others_become_slugs(tables: Any) -> None:
    material_id = import_module("data_tables.naming").material_id
    assert material_id("TIN, refined") == "tin"
    assert material_id("Barytes") == material_id("baryte") == "barite"
    assert material_id("Phosphorous") == "phosphorus"
    assert material_id("Sand and gravel (industrial)") == "sand-and-gravel-industrial"


def test_the_first_edition_that_is_listed_for_a_year_is_read(tables: Any, tmp_path: Path) -> None:
    row = {"mineral": "iodine", "stage": "mine", "country": "Chile", "country_iso3": "CHL", "unit": "t", "flag": ""}
    write_raw(
        tmp_path,
        "production",
        [
            {**row, "basis": "new", "year": "2024", "value": "21", "source_id": "M26"},
            {**row, "basis": "old", "year": "2024", "value": "19", "source_id": "M25"},
            {**row, "basis": "old", "year": "2023", "value": "18", "source_id": "M25"},
            {**row, "basis": "other", "year": "2023", "value": "99", "source_id": "M25"},
        ],
    )
    editions = [
        {"source": "M26", "basis": "new", "years": [2024]},
        {"source": "M25", "basis": "old", "years": [2023, 2024]},
    ]
    rule = {"table": "production", "name": "iodine", "stage": "mine", "as": "mining", "editions": editions}
    made = list(
        import_module("data_tables.world").production(tables.RawTables(tmp_path), {"iodine": {"production": [rule]}})
    )
    assert [(row["year"], row["tonnes"], row["source_id"]) for row in made] == [
        ("2024", "21", "M26"),
        ("2023", "18", "M25"),
    ]


def test_figures_under_the_same_words_are_counted(tables: Any) -> None:
    numbered = import_module("data_tables.raw").numbered
    rows = [{"detail": "sheet"}, {"detail": "scrap"}, {"detail": "sheet"}]
    assert [row["entry"] for row in numbered(rows, ("detail",))] == ["1", "1", "2"]


def test_a_price_with_a_wrong_label_is_converted_by_the_right_unit_and_flagged(tables: Any, tmp_path: Path) -> None:
    row = {"mineral": "manganese", "series": "CIF", "year": "2024", "unit": "USD/t", "flag": "", "source_id": "M25"}
    write_raw(
        tmp_path,
        "prices_annual",
        [{**row, "value": "5.8"}, {**row, "value": "3000", "series": "metal"}, {**row, "value": "6", "year": "1999"}],
    )
    series = [{"source": "M25", "name": "manganese", "series": "CIF"}]
    minerals = {"manganese": {"price": {"content": 1.0, "unit": "USD/metric ton unit", "series": series}}}
    raw = tables.RawTables(tmp_path)
    flag = "unit label 'USD/t' corrected"
    published = [(r["usd_per_tonne"], r["flag"]) for r in tables.TABLES["prices/published"](raw, minerals)]
    assert published == [("580", flag), ("3000", ""), ("600", flag)]
    chosen = [(r["usd_per_tonne"], r["flag"]) for r in tables.TABLES["prices/prices"](raw, minerals)]
    assert chosen == [("580", flag)]


def test_a_price_without_a_mass_has_no_price_per_tonne(tables: Any) -> None:
    per_tonne = import_module("data_tables.published").in_usd_per_tonne
    assert per_tonne("10", "USD/kg") == "10000"
    assert per_tonne("10", "USD/bbl") == per_tonne("10", "USD index 2010=100") == per_tonne("", "USD/kg") == ""
