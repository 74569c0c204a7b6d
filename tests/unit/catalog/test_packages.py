"""The bundled data packages are what they say they are."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from lodestock_server.catalog import DataPackage, bundled_package, bundled_packages
from lodestock_server.catalog.packages import content_digest

UNITS = {
    *(
        "",
        "1",
        "%",
        "see unit",
        "t",
        "t/a",
        "km",
        "persons",
        "vehicles",
        "vehicles/a",
        "charging points",
        "GW",
        "GWh/a",
    ),
    *("USD", "USD/t", "USD(2015)", "USD(2015)/person", "USD(PPP)/person", "USD(2017, PPP)", "thousand USD/a"),
    *("million EUR", "kg/kWh", "kg/MW", "degrees"),
}
# Kosovo, former states by ISO 3166-3, regions and the world; empty = other countries.
OTHER_PLACES = {"", "XKX", "WLD", "EU27", "R_EUROPE", "R_ROW", "SUN", "YUG", "CSK", "DDR", "SCG", "NTZ", "ANT"}

PACKAGES = {package.name: package for package in bundled_packages()}


@pytest.fixture
def two_countries(tmp_path: Path) -> Path:
    """A sound package with one table of two rows."""
    text = "iso3,tonnes,source_id\nCOD,230000,USGS\nAUS,3700,USGS\n"
    (tmp_path / "mines.csv").write_text(text, encoding="utf-8")
    fields = [{"name": "iso3"}, {"name": "tonnes", "unit": "t"}, {"name": "source_id"}]
    described = {
        "name": "mines",
        "version": "1.0.0",
        "resources": [
            {
                "name": "mines",
                "title": "Mines",
                "path": "mines.csv",
                "bytes": len(text),
                "rows": 2,
                "hash": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
                "schema": {"fields": fields, "primaryKey": ["iso3"]},
            }
        ],
    }
    (tmp_path / "datapackage.json").write_text(json.dumps(described), encoding="utf-8")
    return tmp_path


def test_all_packages_are_bundled() -> None:
    assert sorted(PACKAGES) == [
        "clean-technology",
        "drivers",
        "eu-criticality",
        "eu-minerals",
        "eu-supply-risk-2017",
        "geography",
        "governance",
        "iea-scenarios",
        "intensities",
        "material-use",
        "minerals",
        "monthly-prices",
        "prices",
        "recycling",
        "trade-flows",
        "trade-restrictions",
        "us-minerals",
        "us-summaries",
        "world-statistics",
        "world-supply",
    ]


def test_the_packages_fit_into_a_wheel() -> None:
    content = sum(resource["bytes"] for package in PACKAGES.values() for resource in package.descriptor["resources"])
    assert content < 25e6


@pytest.mark.parametrize("name", PACKAGES)
def test_files_match_their_digests(name: str) -> None:
    assert PACKAGES[name].damage() == ()


@pytest.mark.parametrize("name", PACKAGES)
def test_the_digest_covers_all_that_a_package_says(name: str) -> None:
    described = PACKAGES[name].descriptor
    assert described["digest"] == content_digest(described)
    assert described["version"].endswith(f"+{described['digest'][:12]}")
    for part in ("title", "knownGaps", "sources", "licenses", "retrieval", "resources"):
        assert content_digest({**described, part: "other"}) != described["digest"], part


def test_a_changed_description_is_damage(tmp_path: Path) -> None:
    folder = tmp_path / "recycling"
    shutil.copytree(str(files("lodestock_server").joinpath("data/recycling")), folder)
    assert DataPackage(folder).damage() == ()
    described = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    described["resources"][0]["schema"]["fields"][1]["unit"] = "%"
    (folder / "datapackage.json").write_text(json.dumps(described), encoding="utf-8")
    assert "digest" in "".join(DataPackage(folder).damage())


def test_damage_is_found(two_countries: Path) -> None:
    package = DataPackage(two_countries)
    assert package.damage() == ()
    (two_countries / "mines.csv").write_text("iso3,kilotonnes,source_id\nCOD,230,USGS\n", encoding="utf-8")
    found = "\n".join(package.damage())
    assert "hash is sha256:" in found
    assert "rows is 1, described as 2" in found
    assert "columns are ['iso3', 'kilotonnes', 'source_id']" in found


@pytest.mark.parametrize("name", PACKAGES)
def test_every_row_names_a_source_of_its_package(name: str) -> None:
    package = PACKAGES[name]
    used = {row["source_id"] for row in chain.from_iterable(map(package.table, package.info.resources))}
    assert used == set(package.info.sources)


@pytest.mark.parametrize("name", PACKAGES)
def test_keys_are_unique_and_numbers_are_numbers(name: str) -> None:
    package = PACKAGES[name]
    for resource in package.descriptor["resources"]:
        schema = resource["schema"]
        rows = package.table(resource["name"])
        keys = [tuple(row[column] for column in schema["primaryKey"]) for row in rows]
        assert len(set(keys)) == len(keys)
        numbers = [field["name"] for field in schema["fields"] if field["type"] in ("number", "integer", "year")]
        for row, column in ((row, column) for row in rows for column in numbers):
            assert row[column] == "" or float(row[column]) == float(row[column])


@pytest.mark.parametrize("name", PACKAGES)
def test_packages_say_what_a_user_must_know(name: str) -> None:
    described = PACKAGES[name].descriptor
    assert described["licenses"]
    assert described["retrieval"]
    assert described["knownGaps"]
    assert all(source["commit"] and source["repository"] for source in described["sources"])
    assert all(field["description"] for field in _fields(described))
    assert all(field.get("unit") for field in _fields(described) if field["type"] == "number" and _is_measured(field))


@pytest.mark.parametrize("name", PACKAGES)
def test_every_unit_is_one_that_is_known(name: str) -> None:
    for field in _fields(PACKAGES[name].descriptor):
        assert field.get("unit", "") in UNITS, field
        if field.get("unit") == "see unit":
            assert any("unit" in {column["name"] for column in resource} for resource in _tables_with(name, field))


@pytest.mark.parametrize("name", PACKAGES)
def test_countries_are_those_of_the_standard(name: str) -> None:
    known = {row["iso3"] for row in bundled_package("geography").table("countries")} | OTHER_PLACES
    package = PACKAGES[name]
    for resource in package.info.resources:
        rows = package.table(resource)
        for column in ("iso3", "to_iso3"):
            if rows and column in rows[0].cells:
                assert {row[column] for row in rows} - known == set(), resource


def test_rows_are_counted_from_one(two_countries: Path) -> None:
    figure = DataPackage(two_countries).table("mines")[1].figure("tonnes")
    assert (figure.value, figure.unit) == (3700.0, "t")
    assert str(figure.origin) == "mines@1.0.0/mines#row=2;column=tonnes"


def test_an_unknown_table_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="no table 'moons'"):
        bundled_package("geography").table("moons")


def _tables_with(name: str, field: dict[str, str]) -> Iterator[list[dict[str, str]]]:
    for resource in PACKAGES[name].descriptor["resources"]:
        if field in resource["schema"]["fields"]:
            yield resource["schema"]["fields"]


def _fields(described: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for resource in described["resources"]:
        yield from resource["schema"]["fields"]


def _is_measured(field: dict[str, str]) -> bool:
    return field["name"] != "upstream_value"  # its unit is in the neighbouring column
