"""The catalog over a database answers as the one over files, and always from the versions in use."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lodestock_server.catalog import (
    BundledCatalog,
    Catalog,
    CatalogError,
    Driver,
    PackageCatalog,
    Stage,
    Statistic,
    bundled_packages,
)
from lodestock_server.store.catalogs import CatalogSource
from lodestock_server.store.datasets import DatasetStore
from tests.small_packages import small_package

FILES = BundledCatalog()
MINERALS = [mineral.id for mineral in FILES.minerals()]
BUYERS = ("USA", "EU27", "JPN")
STAGES = (None, *Stage)
SCENARIOS = ("historical", "SSP1", "SSP2", "SSP5", "SSP9")


@pytest.fixture(scope="session")
def stored(filled: Engine) -> PackageCatalog:
    """The catalog over a database; no package beside it, so that nothing comes from a file."""
    return CatalogSource(filled).current()


def answer(ask: Callable[..., object], *arguments: object) -> object:
    """What a catalog answers, or the error by which it refuses."""
    try:
        return ask(*arguments)
    except CatalogError as error:
        return type(error), str(error)


def answers_about_minerals(catalog: Catalog, mineral: str) -> Iterator[object]:
    """Every method that takes a mineral."""
    for ask in (
        catalog.mineral,
        catalog.find_mineral,
        catalog.names,
        catalog.forms,
        catalog.hs_codes,
        catalog.refining,
        catalog.reserves,
        catalog.prices,
        catalog.latest_price,
        catalog.eol_recycling_input_rate,
    ):
        yield answer(ask, mineral)
    for stage in STAGES:
        yield answer(catalog.production_years, mineral, stage)
        yield answer(catalog.production, mineral, stage)
        yield answer(catalog.production, mineral, stage, 2015)
        for iso3 in ("CHN", "RUS", "ISL"):
            yield answer(catalog.trade_parameter, mineral, iso3, stage)
    for buyer in BUYERS:
        yield answer(catalog.consumption, buyer, mineral)
        yield answer(catalog.domestic_production, buyer, mineral)
        yield answer(catalog.recycled_production, buyer, mineral)
        yield answer(catalog.import_sources, buyer, mineral)
        yield answer(catalog.import_sources, buyer, mineral, "bricks")
        for statistic in Statistic:
            yield answer(catalog.statistic, buyer, mineral, statistic)
        for stage in STAGES:
            yield answer(catalog.sourcing_shares, buyer, mineral, stage)


def answers_about_countries(catalog: Catalog, iso3: str) -> Iterator[object]:
    """Every method that takes a country."""
    yield answer(catalog.country, iso3)
    yield answer(catalog.governance, iso3)
    yield answer(catalog.governance, iso3, 2010)
    yield answer(catalog.distance, iso3, "USA")
    yield answer(catalog.distance, "DEU", iso3)
    yield answer(catalog.bloc, iso3)


@pytest.mark.parametrize("mineral", [*MINERALS, "unobtainium", "iron ore"])
def test_the_database_answers_about_minerals_as_the_files_do(stored: PackageCatalog, mineral: str) -> None:
    assert list(answers_about_minerals(stored, mineral)) == list(answers_about_minerals(FILES, mineral))


def test_the_database_answers_about_countries_as_the_files_do(stored: PackageCatalog) -> None:
    assert stored.countries() == FILES.countries()
    for iso3 in (*(country.iso3 for country in FILES.countries()), "XXX"):
        assert list(answers_about_countries(stored, iso3)) == list(answers_about_countries(FILES, iso3))
    for iso3, driver, scenario in itertools.product(("USA", "DEU", "TUV", "XXX"), Driver, SCENARIOS):
        expected = answer(FILES.driver, driver, iso3, scenario)
        assert answer(stored.driver, driver, iso3, scenario) == expected


def test_the_database_answers_about_itself_as_the_files_do(stored: PackageCatalog) -> None:
    by_name = {info.name: info for info in FILES.datasets()}
    assert {info.name: info for info in stored.datasets()} == by_name
    assert stored.minerals() == FILES.minerals()
    assert stored.buyers() == FILES.buyers()
    assert stored.bloc("EU27") == FILES.bloc("EU27")
    for buyer in (*BUYERS, "XXX"):
        assert answer(stored.demanded, buyer) == answer(FILES.demanded, buyer)


def test_every_table_reads_back_row_by_row(stored: PackageCatalog) -> None:
    packages = {package.name: package for package in stored.packages()}
    for package in bundled_packages():
        for resource in package.tables:
            assert packages[package.name].table(resource) == package.table(resource)


def test_the_version_that_was_taken_in_last_counts_and_a_catalog_in_hand_stays_as_it_is(
    engine: Engine, tmp_path: Path
) -> None:
    source, store = CatalogSource(engine), DatasetStore(engine)
    earlier = small_package(tmp_path / "1", [("tin", "CHN", 2020, 5)])
    store.load(earlier)
    before = source.current()
    later = small_package(tmp_path / "2", [("tin", "CHN", 2020, 7)])
    store.load(later)
    after = source.current()
    assert [info.version for info in before.datasets()] == [earlier.version]
    assert [info.version for info in after.datasets()] == [later.version]
    # Read only now, after the import: still of the version that the catalog was made for.
    assert [row["tonnes"] for row in before.packages()[0].table("mined")] == ["5"]
    assert [row["tonnes"] for row in after.packages()[0].table("mined")] == ["7"]
    assert source.current() is after
    store.use("output", earlier.version)
    assert [info.version for info in source.current().datasets()] == [earlier.version]


def test_what_is_not_yet_taken_in_is_read_from_beside(engine: Engine, tmp_path: Path) -> None:
    beside = [small_package(tmp_path / "a", [], "first"), small_package(tmp_path / "b", [], "second")]
    source = CatalogSource(engine, beside)
    assert list(source.current().packages()) == beside
    DatasetStore(engine).load(beside[1])
    first, second = source.current().packages()
    assert first is beside[0]
    assert second is not beside[1]
    assert second.info == beside[1].info
