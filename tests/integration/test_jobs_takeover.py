"""Workers that die, freeze, stop, or are of another version: every job is done once.

On SQLite when slow tests are asked for; `make test-faults` kills at random on both databases.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from lodestock.v1 import sourcing_pb2
from lodestock_server.jobs import database
from lodestock_server.jobs.client import Jobs
from lodestock_server.jobs.job import Job, JobState
from lodestock_server.jobs.kinds import RUN_OPTIMIZATION
from lodestock_server.store.payloads import PayloadStore
from lodestock_server.store.results import ResultStore
from lodestock_server.store.workers import WorkerStore
from lodestock_server.workers.attempts import Claim
from lodestock_server.workers.engine import WorkEngine
from tests.integration import job_tasks
from tests.integration.job_site import MOST_S, Site, eventually, lives, site
from tests.mortal_postgresql import mortal_postgresql

pytestmark = pytest.mark.slow


@pytest.fixture(params=["postgresql", pytest.param("sqlite", marks=pytest.mark.slow)])
def bare(request: pytest.FixtureRequest, postgresql: Callable[[], str], tmp_path: Path) -> Iterator[Site]:
    """A database without workers."""
    url = f"sqlite:///{tmp_path}/lodestock.db" if request.param == "sqlite" else postgresql()
    with site(url, tmp_path) as opened:
        yield opened


def begun(log: Path, times: int) -> int:
    """Wait until a task has begun so many times; the number of the last process."""
    eventually(lambda: len(job_tasks.begins(log)) >= times, f"begin {times}")
    return job_tasks.begins(log)[-1]


def answered_by(bare: Site, job: Job) -> int:
    """The number of the process whose answer is the job's result."""
    engine = database.open_engine(bare.url)
    try:
        answer = PayloadStore(engine).get(ResultStore(engine).get(job.result, job.caller).answer_digest)
    finally:
        engine.dispose()
    return int(sourcing_pb2.OptimizeSourcingResponse.FromString(answer).record.input_digest)


def test_what_a_killed_worker_was_at_is_done_by_another(bare: Site) -> None:
    """And its compute process dies with it."""
    log = bare.new_log()
    workers = {worker.name: worker for worker in (bare.worker(), bare.worker())}
    job = bare.submit(seconds=1.0, log=log)
    pid = begun(log, 1)
    victim = workers[bare.jobs.get(job.job_id, "a").worker]
    victim.kill()
    eventually(lambda: not lives(pid), "the end of the compute process")
    ended = bare.ended(job)
    assert (ended.state, ended.attempts) == (JobState.SUCCEEDED, 2)
    assert ended.worker in workers.keys() - {victim.name}
    assert answered_by(bare, ended) == begun(log, 2)


def test_a_worker_of_the_same_name_goes_on_at_once(bare: Site) -> None:
    """It does not wait for its predecessor to be given up."""
    log = bare.new_log()
    victim = bare.worker("steady", worker_lost_s=3600)
    job = bare.submit(seconds=0.5, log=log)
    begun(log, 1)
    victim.kill()
    bare.worker("steady", worker_lost_s=3600)
    assert bare.ended(job).attempts == 2


def test_a_job_that_kills_its_workers_fails_in_the_end(bare: Site) -> None:
    """With the reason, after as many attempts as are set, and no more."""
    log = bare.new_log()
    job = bare.submit(ends="takes its worker along", log=log)
    for attempt in (1, 2):
        worker = bare.worker("victim", max_attempts=2)
        begun(log, attempt)
        worker.process.wait()
    last = bare.worker("victim", max_attempts=2)
    ended = bare.ended(job)
    assert (ended.state, ended.attempts) == (JobState.FAILED, 2)
    assert ended.error is not None
    assert ended.error.reason == "TOO_MANY_ATTEMPTS"
    assert len(job_tasks.begins(log)) == 2
    eventually(lambda: "job given up" in last.log.read_text(encoding="utf-8"), "a line in the log")


def test_what_a_frozen_worker_finds_later_is_refused(bare: Site) -> None:
    """It is given up, another does its job, and the result is that one's, however late the first comes."""
    log, next_log = bare.new_log(), bare.new_log()
    frozen = bare.worker()
    job = bare.submit(seconds=1.0, log=log)
    first = begun(log, 1)
    frozen.signal(signal.SIGSTOP)
    other = bare.worker()
    second = begun(log, 2)
    frozen.signal(signal.SIGCONT)
    ended = bare.ended(job)
    assert first != second
    assert (ended.state, ended.attempts, ended.worker) == (JobState.SUCCEEDED, 2, other.name)
    # The frozen one takes jobs again, so it has come to the end of the first.
    other.kill()
    bare.ended(bare.submit(log=next_log))
    assert answered_by(bare, ended) == second
    assert bare.jobs.get(job.job_id, "a") == ended


def test_a_worker_that_stops_hands_back_what_it_cannot_end(bare: Site) -> None:
    """At once, and without counting it as an attempt; what ends in time is ended."""
    log, short_log = bare.new_log(), bare.new_log()
    stopped = bare.worker(drain_s=1.0, job_processes=2, worker_lost_s=3600)
    short = bare.submit(seconds=0.7, log=short_log)
    long = bare.submit(seconds=20.0, log=log)
    begun(short_log, 1)
    pid = begun(log, 1)
    stopped.signal(signal.SIGTERM)
    assert stopped.process.wait(30) == 0
    assert bare.jobs.get(short.job_id, "a").state is JobState.SUCCEEDED
    handed_back = bare.jobs.get(long.job_id, "a")
    assert (handed_back.state, handed_back.attempts) == (JobState.QUEUED, 0)
    assert not lives(pid)
    bare.worker()
    begun(log, 2)
    bare.jobs.cancel(long.job_id, "a")
    assert bare.jobs.get(long.job_id, "a").attempts == 1


def test_workers_of_two_versions_do_their_own_jobs(bare: Site) -> None:
    """Side by side on one database, as while one version takes the place of the other."""
    new = Jobs.open(bare.url, MOST_S, "next")
    of_old, of_new = bare.submit(), new.submit(RUN_OPTIMIZATION, job_tasks.request(), caller="a")
    bare.worker("new", jobs_version="next")
    assert bare.ended(of_new).worker == "new"
    assert bare.jobs.get(of_old.job_id, "a").state is JobState.QUEUED
    bare.worker("old")
    assert bare.ended(of_old).worker == "old"
    new.close()


def test_a_claim_that_nobody_is_at_is_put_back(bare: Site) -> None:
    """As one is whose confirmation was lost with the connection."""
    worker = bare.worker()
    job = bare.submit(seconds=2.0)
    eventually(lambda: bare.jobs.get(job.job_id, "a").state is JobState.RUNNING, "the claim")
    engine = database.with_schema(database.open_engine(bare.url))
    with engine.begin() as connection:
        lost = database.statuses.update().where(database.statuses.c.workflow_uuid == job.job_id)
        connection.execute(lost.values(owner_xid="lost"))
    engine.dispose()
    ended = bare.ended(job)
    assert (ended.state, ended.attempts, ended.worker) == (JobState.SUCCEEDED, 2, worker.name)


def test_a_worker_that_is_paused_as_it_publishes_leaves_nothing_of_a_cancelled_job(bare: Site) -> None:
    """However far it had come: whether it may is asked with the insert."""
    log = bare.new_log()
    paused = bare.worker()
    job = bare.submit(seconds=0.5, log=log)
    begun(log, 1)
    engine = database.open_engine(bare.url)
    results = ResultStore(engine)
    statuses = database.statuses
    # Its claim is another's by the time it publishes, and it has not heard of that yet.
    with database.with_schema(engine).begin() as connection:
        claim = connection.execute(select(statuses.c.owner_xid).where(statuses.c.workflow_uuid == job.job_id)).scalar()
    work = WorkEngine.__new__(WorkEngine)
    work._engine = database.with_schema(engine)
    assert claim is not None
    held = Claim(job.job_id, claim)
    with engine.connect() as connection:
        assert work.holds(connection, held)
    paused.signal(signal.SIGSTOP)
    bare.jobs.cancel(job.job_id, "a")
    with engine.connect() as connection:
        assert not work.holds(connection, held)
    paused.signal(signal.SIGCONT)
    bare.ended(bare.submit())
    assert results.request_of(f"plans/{job.job_id}") is None
    engine.dispose()


def test_an_outage_of_the_database_costs_no_attempt_and_no_work(tmp_path: Path) -> None:
    """The task goes on meanwhile; what it reports then is left out, and its answer waits for the database."""
    with mortal_postgresql() as server, site(server.new_database(), tmp_path) as outlasting:
        outlasting.worker(max_attempts=1)
        log = outlasting.new_log()
        job = outlasting.submit(seconds=4.0, talks=True, log=log)
        begun(log, 1)
        server.kill()
        time.sleep(2.0)
        server.start()
        ended = outlasting.ended(job)
        assert (ended.state, ended.attempts, len(job_tasks.begins(log))) == (JobState.SUCCEEDED, 1, 1)


def test_a_worker_whose_name_is_taken_stops(bare: Site) -> None:
    """And says who has it; it hands back nothing."""
    first = bare.worker("steady")
    engine = database.open_engine(bare.url)
    WorkerStore(engine).beat("steady", host="elsewhere", pid=7, version="0", slots=1)
    engine.dispose()
    assert first.process.wait(30) == 1
    assert "process 7 on elsewhere" in first.log.read_text(encoding="utf-8")
