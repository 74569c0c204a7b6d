"""Payloads in real databases of both kinds: kept once by content, swept only where nothing names or touches them."""

from __future__ import annotations

import hashlib
import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import IntegrityError

from lodestock_server.errors import NotFound
from lodestock_server.store.database import changing
from lodestock_server.store.payloads import PayloadStore, hold
from lodestock_server.store.results import ResultStore
from lodestock_server.store.schema import payload
from tests.stored_results import publish

HOUR = timedelta(hours=1)


def aged(engine: Engine, age: timedelta, *digests: str) -> None:
    """Make payloads look as if they had been touched some time earlier."""
    with engine.begin() as connection:
        for digest in digests:
            touched = connection.execute(select(payload.c.touched_at).where(payload.c.digest == digest)).scalar_one()
            this = update(payload).where(payload.c.digest == digest)
            connection.execute(this.values(touched_at=touched - age))


def held(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(select(payload.c.digest)).scalars())


def test_what_is_put_comes_back_under_its_digest_and_is_kept_once_and_smaller(engine: Engine) -> None:
    payloads, content = PayloadStore(engine), b"cobalt " * 10_000
    digest = payloads.put(content)
    assert digest == hashlib.sha256(content).hexdigest() == payloads.put(content)
    assert payloads.get(digest) == content
    assert len(payloads.get(digest)) == len(content)
    with engine.connect() as connection:
        (row,) = connection.execute(select(payload)).all()
    assert (row.raw_bytes, row.stored_bytes) == (len(content), len(row.content))
    assert row.stored_bytes < len(content) / 20


def test_the_empty_payload_is_one_too(engine: Engine) -> None:
    payloads = PayloadStore(engine)
    assert payloads.get(payloads.put(b"")) == b""


def test_sixty_megabytes_that_do_not_compress_come_back(engine: Engine) -> None:
    payloads, content = PayloadStore(engine), random.Random(4).randbytes(60_000_000)
    digest = payloads.put(content)
    assert hashlib.sha256(payloads.get(digest)).hexdigest() == digest
    assert len(payloads.get(digest)) == 60_000_000


def test_an_unknown_digest_is_not_found(engine: Engine) -> None:
    payloads = PayloadStore(engine)
    with pytest.raises(NotFound, match="no payload abc"):
        payloads.get("abc")
    payloads.touch(["abc"])


def test_many_writers_may_put_the_same_at_once(engine: Engine, url: str) -> None:
    contents = [bytes([number]) * 50_000 for number in range(5)] * 8
    with ThreadPoolExecutor(8) as writers:
        digests = list(writers.map(PayloadStore(engine).put, contents))
    assert held(engine) == set(digests)
    assert len(held(engine)) == 5


def test_the_sweep_takes_what_nothing_names_and_nobody_touched_for_a_day(engine: Engine) -> None:
    payloads = PayloadStore(engine)
    young, old, asked, answered, touched, put_again = (payloads.put(f"{n}".encode()) for n in range(6))
    publish(engine, "plans/1", asked, answered)
    aged(engine, 25 * HOUR, old, asked, answered, touched, put_again)
    aged(engine, 23 * HOUR, young)
    payloads.touch([touched, "unknown"])
    payloads.put(b"5")
    assert payloads.sweep() == 1
    assert held(engine) == {young, asked, answered, touched, put_again}
    assert payloads.sweep() == 0
    ResultStore(engine).delete("plans/1", "ministry")
    assert payloads.sweep() == 2
    assert held(engine) == {young, touched, put_again}


def test_a_sweep_of_many_takes_them_all(engine: Engine) -> None:
    payloads = PayloadStore(engine)
    digests = [payloads.put(f"{n}".encode()) for n in range(250)]
    aged(engine, 48 * HOUR, *digests)
    payloads.touch(digests[200:])
    assert payloads.sweep() == 200
    assert held(engine) == set(digests[200:])


def test_a_sweep_may_not_come_so_close_that_touches_are_not_yet_written(engine: Engine) -> None:
    with pytest.raises(ValueError, match="must be more than 1:00:00"):
        PayloadStore(engine).sweep(HOUR)


def test_nothing_is_lost_while_writers_and_sweeps_meet(engine: Engine) -> None:
    """Every put is followed by a result that names it; sweeps run all the while on payloads that look old."""
    payloads, contents = PayloadStore(engine), [f"content {n}".encode() for n in range(12)]
    aged(engine, 48 * HOUR, *(payloads.put(content) for content in contents))

    def published_one(number: int) -> str:
        digest = payloads.put(contents[number])
        publish(engine, f"plans/{number}", digest, digest)
        return digest

    def sweep(_: int) -> int:
        return payloads.sweep()

    with ThreadPoolExecutor(6) as both:
        sweeps = both.map(sweep, range(12))
        published = list(both.map(published_one, range(len(contents))))
        list(sweeps)
    assert held(engine) == set(published)


def test_a_sweep_leaves_what_is_being_named_at_that_very_moment(engine: Engine) -> None:
    """The sweep has found the payload old, waits for the transaction that names it, and looks again."""
    payloads = PayloadStore(engine)
    digest = payloads.put(b"x")
    aged(engine, 48 * HOUR, digest)
    with ThreadPoolExecutor(1) as sweeper:
        with changing(engine) as connection:
            hold(connection, [digest])
            swept = sweeper.submit(payloads.sweep)
            time.sleep(0.3)
            assert not swept.done()
        assert swept.result(timeout=60) == 0
    assert held(engine) == {digest}


def test_a_row_that_a_result_names_cannot_be_deleted(engine: Engine) -> None:
    """The foreign keys hold, whoever deletes."""
    digest = PayloadStore(engine).put(b"x")
    publish(engine, "plans/1", digest, digest)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("DELETE FROM payload"))
