"""The catalog in a real database file: loaded whole or not at all, once, and read back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, func, inspect, select

from lodestock_server.catalog import BundledCatalog, bundled_package, bundled_packages
from lodestock_server.catalog.packages import DataPackage
from lodestock_server.errors import NotFound
from lodestock_server.store import schema
from lodestock_server.store.database import MIGRATIONS, open_database, sqlite_url
from lodestock_server.store.datasets import DatasetStore, Selection


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(sqlite_url(tmp_path / "new" / "folder"))
    yield engine
    engine.dispose()


def test_the_migrations_make_the_tables_that_the_code_uses(engine: Engine) -> None:
    found = inspect(engine)
    for table in schema.metadata.sorted_tables:
        columns = {column["name"]: column for column in found.get_columns(table.name)}
        assert set(columns) == set(table.columns.keys())
        assert all(columns[c.name]["nullable"] == c.nullable for c in table.columns)
    assert {i["name"] for i in found.get_indexes("series")} >= {"series_by_material"}


def test_the_schema_goes_down_and_up_again(engine: Engine) -> None:
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", MIGRATIONS)
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
        command.upgrade(config, "head")
        assert "observation" in inspect(connection).get_table_names()


def test_a_version_is_taken_in_once(engine: Engine) -> None:
    store = DatasetStore(engine)
    assert store.load(bundled_package("prices"))
    assert not store.load(bundled_package("prices"))
    assert [d.name for d in store.list_datasets(0, 10)] == ["prices"]


def test_what_is_damaged_leaves_nothing_behind(engine: Engine, tmp_path: Path) -> None:
    for name in ("datapackage.json", "prices.csv"):
        content = files("lodestock_server").joinpath("data", "prices", name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(content.replace(",2025,", ",2025,a lot of ", 1), encoding="utf-8")
    with pytest.raises(ValueError, match="a lot of"):
        DatasetStore(engine).load(DataPackage(tmp_path))
    with engine.connect() as connection:
        for table in schema.metadata.sorted_tables:
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


def test_every_figure_reads_back_with_its_row(engine: Engine) -> None:
    store = DatasetStore(engine)
    for package in bundled_packages():
        store.load(package)
    dataset = store.dataset("us-minerals")
    wanted = Selection(resource="us_statistics", materials=("cobalt",))
    stored = [one for batch in store.observations(dataset.dataset_id, wanted) for one in batch]
    demand = [(one.period, one.value, one.row) for one in stored if one.keys["statistic"] == "consumption"]
    catalog = BundledCatalog().consumption("USA", "cobalt")
    assert demand == [(str(o.year), o.figure.value, o.figure.origin.row) for o in catalog]


def test_observations_are_selected_by_row_country_and_period(engine: Engine) -> None:
    store = DatasetStore(engine)
    store.load(bundled_package("governance"))
    dataset = store.dataset("governance")
    wanted = Selection(countries=("COD",), first_period="2020", last_period="2021")
    found = [one for batch in store.observations(dataset.dataset_id, wanted) for one in batch]
    assert {one.period for one in found} == {"2020", "2021"}
    assert len(found) == 2 * 6
    (row,) = {one.row for one in found if one.period == "2021"}
    by_row = next(store.observations(dataset.dataset_id, Selection(resource="wgi", row=row)))
    assert [one.value for one in by_row] == [one.value for one in found if one.row == row]


def test_series_say_how_far_they_reach(engine: Engine) -> None:
    store = DatasetStore(engine)
    store.load(bundled_package("prices"))
    dataset = store.dataset("prices")
    (cobalt,) = [
        s for s in store.list_series(dataset.dataset_id, ["cobalt"], [], 0, 10) if s.measure == "usd_per_tonne"
    ]
    assert cobalt.keys == {"mineral": "cobalt"}
    assert cobalt.last_period == "2025"
    assert cobalt.observations == len(BundledCatalog().prices("cobalt"))


def test_what_is_not_there_is_said_so(engine: Engine) -> None:
    store = DatasetStore(engine)
    store.load(bundled_package("prices"))
    with pytest.raises(NotFound, match="no dataset 'gold'"):
        store.dataset("gold")
    with pytest.raises(NotFound, match="no version '1' of dataset 'prices'"):
        store.dataset("prices", "1")
