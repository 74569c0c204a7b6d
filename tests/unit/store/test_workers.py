"""Workers in real databases of both kinds: their beats count up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine

from lodestock_server.store.workers import WorkerStore


def beat(engine: Engine, name: str, pid: int = 1) -> int:
    return WorkerStore(engine).beat(name, host="here", pid=pid, version="0.1.0", slots=2)


def test_beats_count_up_and_go_on_when_a_worker_starts_again(engine: Engine) -> None:
    assert [beat(engine, "b"), beat(engine, "a"), beat(engine, "b"), beat(engine, "b", pid=2)] == [1, 1, 2, 3]
    first, second = WorkerStore(engine).list()
    assert (first.name, first.pid, first.beat, first.host, first.version, first.slots) == (
        "a",
        1,
        1,
        "here",
        "0.1.0",
        2,
    )
    assert (second.name, second.pid, second.beat) == ("b", 2, 3)
    assert second.started_at == second.seen_at >= first.seen_at
    beat(engine, "b", pid=2)
    later = WorkerStore(engine).list()[1]
    assert later.started_at == second.started_at < later.seen_at


def test_a_worker_that_left_is_forgotten(engine: Engine) -> None:
    beat(engine, "a")
    for _ in range(2):
        WorkerStore(engine).remove("a")
        assert WorkerStore(engine).list() == ()


def test_no_beat_is_lost_where_several_come_at_once(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as workers:
        assert sorted(workers.map(lambda _: beat(engine, "a"), range(20))) == list(range(1, 21))
