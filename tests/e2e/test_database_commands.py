"""The commands on the database's schema."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lodestock_server.jobs.client import Jobs
from lodestock_server.jobs.kinds import RUN_BACKTEST
from lodestock_server.store.database import connect, open_database, sqlite_url
from lodestock_server.store.revisions import known_revisions, schema_of
from lodestock_server.store.workers import WorkerStore
from tests.e2e.test_backup import Place, fill

NEWEST = known_revisions()[-1]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Callable[[], str]) -> Place:
    return Place(sqlite_url(tmp_path / "database") if request.param == "sqlite" else postgresql())


def test_status_tells_what_there_is_and_who_works(place: Place, tmp_path: Path) -> None:
    fill(place.url, tmp_path)
    engine = connect(place.url)
    WorkerStore(engine).beat("worker-1", host="here", pid=42, version="0.1.0", slots=2)
    engine.dispose()
    told = place.run("database", "status")
    assert f"schema {NEWEST}; this version of the server knows {NEWEST}" in told
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in told.splitlines() if "│" in line]
    counts = {row[0]: row[1] for row in cells}
    assert (counts["versions of datasets"], counts["results"], counts["payloads"]) == ("1", "1", "3")
    assert next(row for row in cells if row[0] == "worker-1")[1:6] == ["here", "42", "0.1.0", "2", "1"]
    assert "differs" not in told


def test_status_tells_which_jobs_of_which_protocol_have_not_ended(place: Place) -> None:
    """An operator stops the last worker of an old protocol once none of its jobs is left."""
    open_database(place.url).dispose()
    assert "QUEUED" not in place.run("database", "status")
    for protocol, count in (("1", 2), ("2", 1)):
        jobs = Jobs.open(place.url, 60.0, protocol)
        accepted = [jobs.submit(RUN_BACKTEST, bytes([number]), caller="a") for number in range(count)]
        if protocol == "1":
            jobs.cancel(accepted[0].job_id, "a")
        jobs.close()
    rows = [line.strip("│").split("│") for line in place.run("database", "status").splitlines() if "QUEUED" in line]
    assert [[cell.strip() for cell in row] for row in rows] == [["1", "QUEUED", "1"], ["2", "QUEUED", "1"]]


def test_status_of_an_empty_database_leaves_it_so(place: Place) -> None:
    assert "schema none" in place.run("database", "status")
    assert schema_of(place.url).held is None


def test_status_sees_a_schema_that_was_changed_by_hand(place: Place) -> None:
    engine = open_database(place.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX result_by_caller")
    engine.dispose()
    assert "differs from what the server expects" in place.run("database", "status")


def test_the_way_back_and_up_again(place: Place, tmp_path: Path) -> None:
    place.run("database", "upgrade")
    fill(place.url, tmp_path)
    told = place.run("database", "downgrade", "0003", "--yes")
    assert "undone with what it holds: 0005, Which workers there are" in told
    assert "undone with what it holds: 0004, What jobs leave behind" in told
    assert "0003," not in told
    assert schema_of(place.url).held == "0003"
    assert f"schema 0003; this version of the server knows {NEWEST}" in place.run("database", "status")
    assert f"schema {NEWEST}" in place.run("database", "upgrade")
    assert schema_of(place.url).datasets == 1


def test_nothing_goes_back_where_nobody_says_yes(place: Place) -> None:
    place.run("database", "upgrade")
    place.run("database", "downgrade", "0003", code=1)
    assert schema_of(place.url).held == NEWEST


def test_a_revision_that_is_none_is_named_with_those_that_are(place: Place) -> None:
    place.run("database", "upgrade")
    assert "'0042' is none of the revisions to go back to: base, 0001," in place.run(
        "database", "downgrade", "0042", "--yes", code=1
    )
