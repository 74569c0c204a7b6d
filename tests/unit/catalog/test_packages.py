"""The bundled data packages are what they say they are."""

import hashlib
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from lodestock_server.catalog import DataPackage, bundled_package, bundled_packages

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
                "path": "mines.csv",
                "bytes": len(text),
                "rows": 2,
                "hash": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
                "schema": {"fields": fields},
            }
        ],
    }
    (tmp_path / "datapackage.json").write_text(json.dumps(described), encoding="utf-8")
    return tmp_path


def test_nine_packages_are_bundled() -> None:
    assert sorted(PACKAGES) == [
        "eu-supply-risk-2017",
        "geography",
        "governance",
        "minerals",
        "prices",
        "recycling",
        "trade-restrictions",
        "us-minerals",
        "world-supply",
    ]


@pytest.mark.parametrize("name", PACKAGES)
def test_files_match_their_digests(name: str) -> None:
    assert PACKAGES[name].damage() == ()


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
        numbers = [field["name"] for field in schema["fields"] if field["type"] == "number"]
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


def test_rows_are_counted_from_one(two_countries: Path) -> None:
    figure = DataPackage(two_countries).table("mines")[1].figure("tonnes")
    assert (figure.value, figure.unit) == (3700.0, "t")
    assert str(figure.origin) == "mines@1.0.0/mines#row=2;column=tonnes"


def test_an_unknown_table_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="no table 'moons'"):
        bundled_package("geography").table("moons")


def _fields(described: dict[str, object]) -> Iterator[dict[str, str]]:
    for resource in described["resources"]:  # type: ignore[attr-defined]
        yield from resource["schema"]["fields"]


def _is_measured(field: dict[str, str]) -> bool:
    return field["name"] != "upstream_value"  # its unit is in the neighbouring column
