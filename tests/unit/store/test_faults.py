"""A database that goes away and comes back: what is read outlasts it, or says UNAVAILABLE; never anything else."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from structlog.testing import capture_logs

from lodestock_server.errors import DatabaseUnavailable
from lodestock_server.store import faults
from lodestock_server.store.catalogs import CatalogSource
from lodestock_server.store.database import connect, open_database, sqlite_url
from lodestock_server.store.datasets import DatasetStore, RowKey, Selection
from lodestock_server.store.packages import StoredPackage
from lodestock_server.store.payloads import PayloadStore
from lodestock_server.store.results import ResultStore
from lodestock_server.store.workers import WorkerStore
from tests.mortal_postgresql import MortalPostgresql, mortal_postgresql
from tests.small_packages import small_package
from tests.stored_results import publish

Ask = Callable[[Engine, str], object]


@pytest.fixture(scope="module")
def postgres() -> Iterator[MortalPostgresql]:
    with mortal_postgresql() as server:
        yield server


@pytest.fixture
def url(postgres: MortalPostgresql) -> str:
    """The URL of a database on a server that tests may kill."""
    postgres.start()
    return postgres.new_database()


@pytest.fixture
def engine(url: str, tmp_path: Path) -> Iterator[Engine]:
    """A database that holds a little."""
    engine = open_database(url)
    DatasetStore(engine).load(small_package(tmp_path, [("tin", "CHN", 2020, 5)]))
    PayloadStore(engine).put(b"request")
    yield engine
    engine.dispose()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "PATIENCE_S", 0.1)


USES: dict[str, Ask] = {
    "the catalog": lambda engine, _: CatalogSource(engine).current(),
    "descriptor": lambda engine, _: StoredPackage(engine, 1).descriptor,
    "damage": lambda engine, _: DatasetStore(engine).package("output").damage(),
    "list of datasets": lambda engine, _: DatasetStore(engine).list_datasets(0, 10),
    "dataset": lambda engine, _: DatasetStore(engine).dataset("output"),
    "versions in use": lambda engine, _: DatasetStore(engine).in_use(),
    "use": lambda engine, _: DatasetStore(engine).use("output", DatasetStore(engine).dataset("output").version),
    "series": lambda engine, _: DatasetStore(engine).list_series(1, (), (), 0, 10),
    "observations": lambda engine, _: list(DatasetStore(engine).observations(1, Selection())),
    "rows": lambda engine, _: DatasetStore(engine).rows(iter([RowKey("output", "", "mined", 1)])),
    "put": lambda engine, _: PayloadStore(engine).put(b"another"),
    "get": lambda engine, digest: PayloadStore(engine).get(digest),
    "touch": lambda engine, digest: PayloadStore(engine).touch([digest]),
    "sweep of payloads": lambda engine, _: PayloadStore(engine).sweep(),
    "publish": lambda engine, digest: publish(engine, "plans/1", digest, digest),
    "list of results": lambda engine, _: ResultStore(engine).list("plans", "ministry", 10),
    "sweep of results": lambda engine, _: ResultStore(engine).sweep(),
    "beat": lambda engine, _: WorkerStore(engine).beat("worker", host="here", pid=1, version="0", slots=1),
    "workers": lambda engine, _: WorkerStore(engine).list(),
    "remove": lambda engine, _: WorkerStore(engine).remove("worker"),
}
"""All that is done twice without harm."""


def test_every_use_of_an_absent_database_is_unavailable_and_says_when_to_come_again(
    postgres: MortalPostgresql, engine: Engine, impatient: None
) -> None:
    digest = PayloadStore(engine).put(b"request")
    uses: dict[str, Ask] = {
        **USES,
        "result": lambda engine, _: ResultStore(engine).get("plans/1", "ministry"),
        "delete": lambda engine, _: ResultStore(engine).delete("plans/1", "ministry"),
    }
    postgres.kill()
    for use in uses.values():
        with pytest.raises(DatabaseUnavailable) as failed:
            use(engine, digest)
        assert failed.value.code is grpc.StatusCode.UNAVAILABLE
        assert failed.value.retry_after_s == faults.RETRY_AFTER_S
        assert "connection" not in failed.value.message


def test_every_use_outlasts_a_restart_that_ends_in_time(
    postgres: MortalPostgresql, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "PATIENCE_S", 60.0)
    digest = PayloadStore(engine).put(b"request")
    postgres.kill()
    with ThreadPoolExecutor(len(USES)) as callers:
        answers = {name: callers.submit(use, engine, digest) for name, use in USES.items()}
        time.sleep(0.3)
        assert not any(answer.done() for answer in answers.values())
        postgres.start()
        for answer in answers.values():
            answer.result(timeout=60)
    assert PayloadStore(engine).get(digest) == b"request"


def test_connections_that_died_in_the_pool_are_replaced(postgres: MortalPostgresql, engine: Engine) -> None:
    several = threading.Barrier(4)

    def ask(_: int) -> str:
        with engine.connect() as connection:
            several.wait(30)
            return str(connection.execute(text("SELECT 'answer'")).scalar_one())

    with ThreadPoolExecutor(4) as callers:
        for _ in range(2):
            assert list(callers.map(ask, range(4))) == ["answer"] * 4
            postgres.kill()
            postgres.start()
        assert list(callers.map(ask, range(4))) == ["answer"] * 4


def test_a_stream_that_is_cut_in_the_middle_is_unavailable(
    postgres: MortalPostgresql, engine: Engine, tmp_path: Path, impatient: None
) -> None:
    rows = [("tin", "CHN", year, year) for year in range(1, 9000)]
    DatasetStore(engine).load(small_package(tmp_path / "long", rows, "long"))
    store = DatasetStore(engine)
    batches = store.observations(store.dataset("long").dataset_id, Selection())
    assert next(batches)
    postgres.kill()
    with pytest.raises(DatabaseUnavailable):
        list(batches)


def test_what_is_half_written_when_the_database_dies_is_not_there(
    postgres: MortalPostgresql, engine: Engine, impatient: None
) -> None:
    """A result and the touch of its payloads go in together or not at all."""
    digest = PayloadStore(engine).put(b"request")

    @event.listens_for(engine, "commit")
    def die(_connection: object) -> None:
        postgres.kill()

    with pytest.raises(DatabaseUnavailable):
        publish(engine, "plans/1", digest, digest)
    event.remove(engine, "commit", die)
    postgres.start()
    assert ResultStore(engine).list("plans", "ministry", 10) == ((), "")
    assert publish(engine, "plans/1", digest, digest) is True


def test_opening_waits_for_a_database_that_starts(postgres: MortalPostgresql, url: str) -> None:
    postgres.kill()
    with pytest.raises(OSError, match="the database cannot be opened: "):
        open_database(url)
    with ThreadPoolExecutor(1) as server:
        opened = server.submit(open_database, url, 60.0)
        time.sleep(0.2)
        postgres.start()
        opened.result(timeout=60).dispose()


def test_a_server_that_is_not_there_is_unavailable(impatient: None) -> None:
    engine = connect("postgresql://user@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable):
        WorkerStore(engine).list()
    engine.dispose()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Engine]:
    """A SQLite database whose writers do not wait for each other."""
    engine = open_database(sqlite_url(tmp_path / "small"))
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=10"))
    engine.dispose()
    yield engine
    engine.dispose()


def test_a_locked_sqlite_is_unavailable_to_writers_and_outlasted(small: Engine, tmp_path: Path) -> None:
    payloads, other = PayloadStore(small), sqlite3.connect(tmp_path / "small" / "lodestock.db", check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(faults, "PATIENCE_S", 0.1)
        with pytest.raises(DatabaseUnavailable):
            payloads.put(b"content")
        # Readers are not in the way of a writer, nor it in theirs.
        assert WorkerStore(small).list() == ()
    with ThreadPoolExecutor(1) as writer:
        put = writer.submit(payloads.put, b"content")
        time.sleep(0.1)
        other.rollback()
        assert payloads.get(put.result(timeout=60)) == b"content"
    other.close()


def test_a_full_disk_is_unavailable_and_not_tried_again(
    small: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event.listen(small, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=100"))
    small.dispose()
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("tried again"))
    with pytest.raises(DatabaseUnavailable) as failed:
        PayloadStore(small).put(random.Random(4).randbytes(1_000_000))
    assert "full" in str(failed.value.__cause__)


def test_the_log_says_why_in_the_drivers_words_once_a_minute_and_kind(
    small: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event.listen(small, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=100"))
    small.dispose()
    monkeypatch.setattr(faults, "_TOLD_S", {})
    monkeypatch.setattr(faults, "PATIENCE_S", 0.0)
    content = random.Random(4).randbytes(1_000_000)

    def told() -> list[str]:
        with capture_logs() as lines:
            for _ in range(2):
                with pytest.raises(DatabaseUnavailable):
                    PayloadStore(small).put(content)
        assert not any(line["event"] != "database fails" for line in lines)
        return [line["why"] for line in lines]

    assert told() == ["database or disk is full"]
    assert told() == []
    other = sqlite3.connect(tmp_path / "small" / "lodestock.db")
    other.execute("BEGIN IMMEDIATE")
    assert told() == ["database is locked"]
    other.close()
    monkeypatch.setattr(faults, "TOLD_EVERY_S", 0.0)
    assert told() == ["database or disk is full"] * 2


def test_no_error_shows_what_a_statement_was_given(small: Engine) -> None:
    """Callers' names and texts are parameters; the log has every error that is a fault of ours."""
    with pytest.raises(OperationalError) as failed, small.connect() as connection:
        connection.execute(text("SELECT 1 FROM nowhere WHERE name = :name"), {"name": "a secret name"})
    assert "a secret name" not in str(failed.value)


def test_our_own_mistakes_and_damage_are_not_called_unavailable(small: Engine, tmp_path: Path) -> None:
    def mistaken(engine: Engine) -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1 FROM nowhere"))

    with pytest.raises(OperationalError, match="no such table"):
        faults.steadfast(mistaken)(small)
    (tmp_path / "garbage").write_bytes(b"garbage, not a database" * 400)
    damaged = connect(f"sqlite:///{tmp_path}/garbage")
    with pytest.raises(Exception, match="file is not a database") as failed:
        WorkerStore(damaged).list()
    assert not isinstance(failed.value, DatabaseUnavailable)


def test_our_own_mistakes_are_not_called_unavailable_by_postgresql_either(engine: Engine) -> None:
    def mistaken() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1 FROM nowhere"))

    with pytest.raises(ProgrammingError, match="nowhere"):
        faults.steadfast(mistaken)()
