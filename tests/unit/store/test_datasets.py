"""Datasets in real databases of both kinds: taken in whole or not at all, once, and read back as they were."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, func, select, update

from lodestock_server.catalog import BundledCatalog, bundled_package
from lodestock_server.errors import NotFound
from lodestock_server.store import filling, schema
from lodestock_server.store.database import open_database, writing
from lodestock_server.store.datasets import DatasetStore, RowKey, Selection
from tests.small_packages import small_package


def test_several_servers_may_start_on_one_new_database_at_once(url: str) -> None:
    def start(_: int) -> bool:
        engine = open_database(url)
        try:
            return DatasetStore(engine).load(bundled_package("prices"))
        finally:
            engine.dispose()

    with ThreadPoolExecutor(4) as servers:
        loaded = list(servers.map(start, range(4)))
    assert sorted(loaded) == [False, False, False, True]


def test_a_version_is_taken_in_once(engine: Engine) -> None:
    store = DatasetStore(engine)
    assert store.load(bundled_package("prices"))
    assert not store.load(bundled_package("prices"))
    assert [d.name for d in store.list_datasets(0, 10)] == ["prices"]


def test_a_version_that_another_process_writes_meanwhile_is_taken_in_once(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = small_package(tmp_path, [("tin", "CHN", 2020, 5)])

    @contextmanager
    def after_the_other(engine: Engine) -> Iterator[Connection]:
        monkeypatch.undo()
        assert DatasetStore(engine).load(package)
        with writing(engine) as connection:
            yield connection

    monkeypatch.setattr(filling, "writing", after_the_other)
    assert not DatasetStore(engine).load(package)
    assert len(DatasetStore(engine).list_datasets(0, 10)) == 1


def test_the_version_taken_in_last_is_in_use_until_another_one_is_chosen(engine: Engine, tmp_path: Path) -> None:
    store = DatasetStore(engine)
    first = small_package(tmp_path / "1", [("tin", "CHN", 2020, 5)])
    second = small_package(tmp_path / "2", [("tin", "CHN", 2020, 7)])
    store.load(small_package(tmp_path / "other", [("tin", "CHN", 2020, 6)], "other"))
    for package in (first, second):
        store.load(package)
        assert store.dataset("output").version == package.version
    store.use("output", first.version)
    assert store.dataset("output").version == store.package("output").version == first.version
    assert store.in_use() == {name: store.dataset(name).dataset_id for name in ("output", "other")}
    # What is there already is not taken in, and does not come in use by that: servers do so whenever they start.
    assert not store.load(second)
    assert store.dataset("output").version == first.version
    with pytest.raises(NotFound, match="no version '1' of dataset 'output'"):
        store.use("output", "1")
    store.load(small_package(tmp_path / "3", [("tin", "CHN", 2020, 9)]))
    assert store.dataset("output").version not in (first.version, second.version)


def test_what_is_damaged_leaves_nothing_behind(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a lot"):
        DatasetStore(engine).load(small_package(tmp_path, [("tin", "CHN", 2020, 5), ("tin", "PER", 2020, "a lot")]))
    with engine.connect() as connection:
        for table in schema.metadata.sorted_tables:
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


def test_every_figure_reads_back_with_its_row(engine: Engine) -> None:
    store = DatasetStore(engine)
    store.load(bundled_package("us_minerals"))
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
    wgi = [one for one in found if one.resource == "wgi"]
    assert len(wgi) == 2 * 6
    (row,) = {one.row for one in wgi if one.period == "2021"}
    by_row = next(store.observations(dataset.dataset_id, Selection(resource="wgi", row=row)))
    assert [one.value for one in by_row] == [one.value for one in wgi if one.row == row]


def test_series_say_how_far_they_reach(engine: Engine) -> None:
    store = DatasetStore(engine)
    store.load(bundled_package("prices"))
    dataset = store.dataset("prices")
    (cobalt,) = [
        series
        for series in store.list_series(dataset.dataset_id, ["cobalt"], [], 0, 100)
        if (series.resource, series.measure) == ("prices", "usd_per_tonne")
    ]
    assert cobalt.keys == {"mineral": "cobalt"}
    assert cobalt.last_period == "2025"
    assert cobalt.observations == len(BundledCatalog().prices("cobalt"))


def test_the_periods_of_a_series_are_the_first_and_last_whatever_the_order_of_rows(
    engine: Engine, tmp_path: Path
) -> None:
    store = DatasetStore(engine)
    store.load(small_package(tmp_path, [("tin", "CHN", year, 5) for year in (2021, 2019, 2023, 2020)]))
    (series,) = store.list_series(store.dataset("output").dataset_id, [], [], 0, 10)
    assert (series.first_period, series.last_period, series.observations) == ("2019", "2023", 4)


def test_what_is_not_there_is_said_so(engine: Engine) -> None:
    store = DatasetStore(engine)
    store.load(bundled_package("prices"))
    with pytest.raises(NotFound, match="no dataset 'gold'"):
        store.dataset("gold")
    with pytest.raises(NotFound, match="no version '1' of dataset 'prices'"):
        store.dataset("prices", "1")


def test_every_observation_of_named_rows_reads_back(engine: Engine, tmp_path: Path) -> None:
    store = DatasetStore(engine)
    package = small_package(tmp_path, [("tin", "CHN", 2020, 5), ("tin", "CHN", 2021, ""), ("tin", "PER", 2020, 2)])
    store.load(package)
    store.load(bundled_package("governance"))
    mined = [RowKey("output", package.version, "mined", row) for row in (1, 2, 3, 4)]
    estimates = RowKey("governance", bundled_package("governance").version, "wgi", 1)
    nowhere = [RowKey("output", "1", "mined", 1), RowKey("gold", package.version, "mined", 1)]
    found = store.rows([*mined, estimates, *nowhere, RowKey("output", package.version, "refined", 1)])
    assert set(found) == {*mined[:3], estimates}
    assert [(one.value, one.period, one.keys) for one in found[mined[2]]] == [
        (2.0, "2020", {"mineral": "tin", "iso3": "PER"})
    ]
    assert found[mined[1]] == ()  # The row is there, its cell is empty.
    measures = [one.measure for one in found[estimates]]
    assert len(measures) == 6
    assert measures == sorted(measures)


def test_a_version_reads_back_whole(engine: Engine, tmp_path: Path) -> None:
    store = DatasetStore(engine)
    for package in (bundled_package("recycling"), small_package(tmp_path, [('zinc, "pure"', "", 2020, "5.10")])):
        store.load(package)
        stored = store.package(package.name)
        assert stored.descriptor == package.descriptor
        assert stored.info == package.info
        assert stored.digest == package.digest
        for resource in package.tables:
            assert stored.table(resource) == package.table(resource)
        assert stored.damage() == ()


def test_damage_in_the_database_is_named(engine: Engine, tmp_path: Path) -> None:
    store = DatasetStore(engine)
    store.load(small_package(tmp_path, [("tin", "CHN", 2020, 5), ("tin", "PER", 2020, 2)]))
    record = schema.record
    with engine.begin() as connection:
        changed = '["tin","CHN","2020","6","HAND"]'
        connection.execute(update(record).where(record.c.row == 1).values(cells=changed))
    assert store.package("output").damage() == ("mined: the rows are not those that were taken in",)
    with engine.begin() as connection:
        connection.execute(record.delete().where(record.c.row == 2))
    assert store.package("output").damage() == ("mined: rows is 1, described as 2",)
