"""The schema goes up and down on both databases, with data in it, beside the tables of the jobs' engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, select, text

from lodestock_server.catalog import bundled_package
from lodestock_server.jobs.database import COMPUTE_QUEUE, open_client, open_engine, prepare
from lodestock_server.store import schema
from lodestock_server.store.database import connect, open_database, sqlite_url
from lodestock_server.store.datasets import DatasetStore
from lodestock_server.store.payloads import PayloadStore
from lodestock_server.store.results import ResultStore
from lodestock_server.store.revisions import UnknownRevision, differences, downgrade, known_revisions, upgrade
from lodestock_server.store.workers import WorkerStore
from tests.small_packages import small_package
from tests.stored_results import publish

REVISIONS = known_revisions()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Callable[[], str]) -> str:
    """The URL of an empty database."""
    return sqlite_url(tmp_path / "database") if request.param == "sqlite" else postgresql()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An empty database of the newest schema."""
    engine = open_database(url)
    yield engine
    engine.dispose()


def fill(engine: Engine, tmp_path: Path) -> None:
    """Put something into every table."""
    store = DatasetStore(engine)
    for tonnes in (5, 7):
        store.load(small_package(tmp_path / str(tonnes), [("tin", "CHN", 2020, tonnes)]))
    payloads = PayloadStore(engine)
    publish(engine, "plans/1", payloads.put(b"request"), payloads.put(b"answer"), keep=timedelta(days=1))
    WorkerStore(engine).beat("worker", host="here", pid=1, version="0.1.0", slots=1)
    with engine.connect() as connection:
        assert all(connection.execute(select(table)).first() for table in schema.metadata.sorted_tables)


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def test_the_migrations_make_the_tables_that_the_code_uses(engine: Engine) -> None:
    with engine.connect() as connection:
        assert differences(connection) == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE worker DROP COLUMN slots",
        "ALTER TABLE worker ADD COLUMN extra TEXT",
        "DROP INDEX result_by_caller",
        "DROP TABLE worker",
    ],
)
def test_a_difference_is_seen(engine: Engine, change: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(change))
        assert len(differences(connection)) == 1


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_schema_goes_down_with_data_in_it_and_up_again(engine: Engine, tmp_path: Path, revision: str) -> None:
    fill(engine, tmp_path)
    downgrade(engine, revision)
    upgrade(engine)
    with engine.connect() as connection:
        assert differences(connection) == []
    # What the schema of then had no place for is gone; what it had is there.
    assert (len(WorkerStore(engine).list()) == 1) == (revision >= "0005")
    assert (len(ResultStore(engine).list("plans", "ministry", 10)[0]) == 1) == (revision >= "0004")
    assert len(DatasetStore(engine).list_datasets(0, 10)) == (2 if revision >= "0002" else 0)
    fill_again = DatasetStore(engine).load(small_package(tmp_path / "again", [("tin", "CHN", 2020, 9)]))
    assert fill_again


def test_every_step_down_leaves_the_tables_of_its_revision_and_no_others(url: str, engine: Engine) -> None:
    made: dict[str, set[str]] = {}
    downgrade(engine, "base")
    assert tables(engine) <= {"alembic_version"}
    ups = connect(url)
    for revision in REVISIONS:
        with ups.begin() as connection:
            _upgrade_to(connection, revision)
        made[revision] = tables(ups)
    for revision in reversed(REVISIONS):
        downgrade(ups, revision)
        assert tables(ups) == made[revision]
    ups.dispose()


def _upgrade_to(connection: object, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "lodestock_server.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def test_what_was_in_use_before_versions_could_be_chosen_stays_so(engine: Engine, tmp_path: Path) -> None:
    fill(engine, tmp_path)
    last = DatasetStore(engine).dataset("output").version
    downgrade(engine, "0002")
    upgrade(engine)
    assert DatasetStore(engine).dataset("output").version == last


def test_what_the_first_layout_held_is_dropped_and_the_rest_goes_on(engine: Engine) -> None:
    downgrade(engine, "0001")
    with engine.begin() as connection:
        values = "1, 'prices', '1', 'd', 't', '[]', '[]', '[]', '[]', '2026-01-01'"
        connection.execute(text(f"INSERT INTO dataset VALUES ({values})"))
    upgrade(engine)
    store = DatasetStore(engine)
    assert store.list_datasets(0, 10) == []
    assert store.load(bundled_package("prices"))


@pytest.mark.parametrize("revision", ["9999", "0000", "", "head"])
def test_a_revision_that_is_none_to_go_back_to_is_refused(engine: Engine, revision: str) -> None:
    with pytest.raises(UnknownRevision, match=r"to go back to: base, 0001, .*"):
        downgrade(engine, revision)


def test_a_later_revision_is_none_to_go_back_to(engine: Engine) -> None:
    downgrade(engine, "0003")
    with pytest.raises(UnknownRevision, match=r"'0004' is none of the revisions .*: base, 0001, 0002, 0003$"):
        downgrade(engine, "0004")


def test_the_schema_of_a_newer_server_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnknownRevision, match="its schema 9999 is of a newer version of the server"):
        upgrade(engine)
    with pytest.raises(UnknownRevision, match="its schema 9999 is of a newer version of the server"):
        downgrade(engine, "0003")
    assert "worker" in tables(engine)


def test_the_engine_of_jobs_keeps_its_tables_and_is_not_in_the_way(url: str, engine: Engine, tmp_path: Path) -> None:
    prepare(url)
    jobs_engine = open_engine(url)
    client = open_client(jobs_engine)
    client.enqueue({"queue_name": COMPUTE_QUEUE, "workflow_name": "plan", "workflow_id": "job"}, "digest")
    fill(engine, tmp_path)
    with engine.connect() as connection:
        assert differences(connection) == []
    downgrade(engine, "base")
    assert [job.workflow_id for job in client.list_workflows()] == ["job"]
    upgrade(engine)
    with engine.connect() as connection:
        assert differences(connection) == []
    assert [job.workflow_id for job in client.list_workflows()] == ["job"]
    client.destroy()
    jobs_engine.dispose()
