"""Which name a worker works under: one that no living worker has, on this machine or elsewhere."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lodestock_server.store.database import open_database
from lodestock_server.store.workers import NameTaken, WorkerStore
from lodestock_server.workers import post
from lodestock_server.workers.post import Post, about_this, take_post
from lodestock_server.workers.supervise import numbered

HERE = "one machine"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database."""
    opened = open_database(f"sqlite:///{tmp_path}/lodestock.db")
    yield opened
    opened.dispose()


@pytest.fixture
def workers(engine: Engine) -> WorkerStore:
    """The workers on it."""
    return WorkerStore(engine)


@pytest.fixture
def on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Be on a machine."""

    def be_on(machine: str) -> None:
        folder = tmp_path / machine
        folder.mkdir(exist_ok=True)
        monkeypatch.setattr(tempfile, "tempdir", str(folder))

    be_on(HERE)
    return be_on


def no_sleep(seconds: float) -> None:
    """Fail: nothing is to be waited for."""
    pytest.fail(f"waited for {seconds} s")


def test_each_worker_of_a_machine_has_a_name_of_its_own(workers: WorkerStore, on: Callable[[str], None]) -> None:
    """The lowest number that is free, and at once."""
    names = [take_post(workers, "url", numbered("host"), 1, no_sleep).name for _ in range(3)]
    assert names == ["host-1", "host-2", "host-3"]


def test_a_name_that_somebody_works_under_is_refused(workers: WorkerStore, on: Callable[[str], None]) -> None:
    """Saying who that is. On another database it is free."""
    take_post(workers, "url", ["steady"], 1, no_sleep)
    about = about_this(1)
    with pytest.raises(NameTaken, match=f"steady: process {about['pid']} on {about['host']}"):
        take_post(workers, "url", ["steady"], 1, no_sleep)


def test_the_name_of_a_worker_that_was_killed_is_free_at_once(
    workers: WorkerStore, on: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the same machine."""
    held: list[post.NameLock] = []

    class Remembered(post.NameLock):
        def __init__(self, url: str, name: str) -> None:
            super().__init__(url, name)
            held.append(self)

    monkeypatch.setattr(post, "NameLock", Remembered)
    first = take_post(workers, "url", ["steady"], 1, no_sleep)
    # As the system does when the process is killed.
    held[0].release()
    second = take_post(workers, "url", ["steady"], 1, no_sleep)
    assert second.since > first.since
    with pytest.raises(NameTaken):
        workers.beat("steady", since=first.since, **about_this(1))
    assert workers.beat("steady", since=second.since, **about_this(1)) == 3


def test_machines_of_the_same_name_do_not_share_their_workers_names(
    workers: WorkerStore, on: Callable[[str], None]
) -> None:
    """As containers may be called the same, and number their processes alike: a worker that beats there is seen."""
    there = take_post(workers, "url", numbered("host"), 1, no_sleep)
    on("another machine")

    def it_beats(_seconds: float) -> None:
        workers.beat(there.name, since=there.since, **about_this(1))

    assert take_post(workers, "url", numbered("host"), 1, it_beats).name == "host-2"
    on("a third machine")
    with pytest.raises(NameTaken):
        take_post(workers, "url", ["host-1"], 1, it_beats)
    taken = take_post(workers, "url", ["host-1"], 1, lambda _seconds: None)
    with pytest.raises(NameTaken):
        it_beats(0.0)
    assert workers.beat("host-1", since=taken.since, **about_this(1))


def test_of_two_that_take_a_name_at_once_one_gets_it(workers: WorkerStore, on: Callable[[str], None]) -> None:
    """However both saw it free."""
    old = take_post(workers, "url", ["steady"], 1, no_sleep)
    on("another machine")
    machines = itertools.count()
    taken: list[Post] = []

    def another_is_quicker(_seconds: float) -> None:
        on(f"machine {next(machines)}")
        taken.append(take_post(workers, "url", ["steady"], 1, lambda _seconds: None))

    with pytest.raises(NameTaken):
        take_post(workers, "url", ["steady"], 1, another_is_quicker)
    assert workers.beat("steady", since=taken[0].since, **about_this(1))
    assert old.since != taken[0].since


def test_a_worker_that_was_forgotten_and_lives_beats_again(workers: WorkerStore, on: Callable[[str], None]) -> None:
    """Under its name, unless that is another's by then, which it does not remove either."""
    taken = take_post(workers, "url", ["steady"], 1, no_sleep)
    workers.remove("steady")
    assert workers.beat("steady", since=taken.since, **about_this(1)) == 1
    workers.remove("steady", taken.since - timedelta(seconds=1))
    (kept,) = workers.list()
    assert (kept.name, kept.started_at) == ("steady", taken.since)
