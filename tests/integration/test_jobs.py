"""Jobs on one worker: done once, told of, cancelled, deleted; on both databases."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lodestock.v1 import sourcing_pb2
from lodestock_server.errors import AlreadyExists, InvalidRequest, NotFound, Overloaded, StillRunning
from lodestock_server.jobs import database
from lodestock_server.jobs.client import Jobs
from lodestock_server.jobs.job import Job, JobEvent, JobState
from lodestock_server.jobs.kinds import RUN_OPTIMIZATION
from lodestock_server.store.payloads import PayloadStore
from lodestock_server.store.results import ResultStore
from tests.integration import job_tasks
from tests.integration.job_site import MOST_S, Site, eventually, lives, site
from tests.stored_results import publish


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def worked(
    request: pytest.FixtureRequest, postgresql: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A database with a worker that does one job at once."""
    folder = tmp_path_factory.mktemp("jobs")
    url = f"sqlite:///{folder}/lodestock.db" if request.param == "sqlite" else postgresql()
    with site(url, folder) as opened:
        opened.worker()
        yield opened


def state_of(worked: Site, job: Job) -> JobState:
    """Where a job stands."""
    return worked.jobs.get(job.job_id, job.caller).state


def running(worked: Site, log: Path, job: Job) -> int:
    """Wait until a job is computed; the number of the process that does it."""
    eventually(lambda: job_tasks.begins(log), "the task")
    assert state_of(worked, job) is JobState.RUNNING
    return job_tasks.begins(log)[-1]


def test_a_job_leaves_its_result_under_its_name(worked: Site) -> None:
    """The result is what the task answered, of the caller's, with its request."""
    job = worked.submit(seconds=0.1)
    assert (job.state, job.kind, job.display_name, job.attempts) == (JobState.QUEUED, "RunOptimization", "mine", 0)
    ended = worked.ended(job)
    assert (ended.state, ended.result, ended.attempts) == (JobState.SUCCEEDED, f"plans/{job.job_id}", 1)
    assert ended.worker
    assert ended.created_at <= (ended.started_at or ended.created_at) <= (ended.ended_at or ended.created_at)
    engine = database.open_engine(worked.url)
    stored = ResultStore(engine).get(ended.result, "a")
    answer = PayloadStore(engine).get(stored.answer_digest)
    assert sourcing_pb2.OptimizeSourcingResponse.FromString(answer).record.input_digest
    assert PayloadStore(engine).get(stored.request_digest) == job_tasks.request(seconds=0.1)
    assert stored.operation == f"operations/{job.job_id}"
    engine.dispose()


def test_the_same_request_id_gives_the_same_job(worked: Site) -> None:
    """Whether it still runs or has ended; with another request it is refused; another caller's is another job."""
    request_id, log = str(uuid.uuid4()), worked.new_log()
    first = worked.submit(request_id=request_id, log=log)
    assert worked.submit(request_id=request_id, log=log).job_id == first.job_id
    worked.ended(first)
    assert worked.submit(request_id=request_id.upper(), log=log).result == f"plans/{first.job_id}"
    with pytest.raises(AlreadyExists):
        worked.submit(request_id=request_id, log=log, seconds=0.01)
    other = worked.submit(caller="b", request_id=request_id, log=log)
    assert other.job_id != first.job_id
    worked.ended(other)
    assert len(job_tasks.begins(log)) == 2


def test_others_see_nothing_of_a_job(worked: Site) -> None:
    """To another caller, it is not there."""
    job = worked.ended(worked.submit(caller="c"))
    for use in (worked.jobs.get, worked.jobs.cancel, worked.jobs.delete):
        with pytest.raises(NotFound):
            use(job.job_id, "d")
    assert worked.jobs.list("d", 10) == ((), "")
    with pytest.raises(NotFound):
        worked.jobs.get(str(uuid.uuid4()), "c")


def test_jobs_are_listed_by_pages(worked: Site) -> None:
    """Each once, in the states asked for; a token that is none is refused."""
    jobs = {worked.ended(worked.submit(caller="lister")).job_id for _ in range(3)}
    first, token = worked.jobs.list("lister", 2)
    second, end = worked.jobs.list("lister", 2, token)
    assert (len(first), len(second), end) == (2, 1, "")
    assert {job.job_id for job in (*first, *second)} == jobs
    assert worked.jobs.list("lister", 2, states=[JobState.CANCELLED]) == ((), "")
    for wrong in ("x", token[:-2], "MQ=="):
        with pytest.raises(InvalidRequest):
            worked.jobs.list("lister", 2, wrong)


def test_there_may_be_no_room_for_a_job(worked: Site) -> None:
    """Who decides that hears how many jobs have not ended; a request that was accepted is never refused."""
    heard: list[tuple[int, int]] = []

    def no_room(of_caller: int, of_all: int) -> None:
        heard.append((of_caller, of_all))
        raise Overloaded("full", 1.0)

    request_id = str(uuid.uuid4())
    accepted = worked.submit(caller="full", request_id=request_id, seconds=1.0)
    full = Jobs(database.open_engine(worked.url), MOST_S, room=no_room)
    with pytest.raises(Overloaded):
        full.submit(RUN_OPTIMIZATION, job_tasks.request(), caller="full")
    assert heard == [(1, 1)]
    again = full.submit(RUN_OPTIMIZATION, job_tasks.request(seconds=1.0), caller="full", request_id=request_id)
    assert again.job_id == accepted.job_id
    full.close()
    worked.ended(accepted)


def test_events_go_on_where_the_caller_stopped(worked: Site) -> None:
    """Numbered from 1 without gaps; the last one holds the job; after it there is nothing, and nobody waits for it."""
    job = worked.submit(reports=3, seconds=0.3)

    async def all_events() -> list[JobEvent]:
        events: list[JobEvent] = []
        while not events or events[-1].job is None:
            events += await worked.jobs.events(job.job_id, "a", len(events), 30.0)
        return events

    events = asyncio.run(all_events())
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert [event.progress.stage for event in events if event.progress][:3] == ["STAGE 0", "STAGE 1", "STAGE 2"]
    assert events[-1].state is JobState.SUCCEEDED
    assert events[-1].job == worked.ended(job)
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert asyncio.run(worked.jobs.events(job.job_id, "a", 2, 0.0)) == tuple(events[2:])
    assert asyncio.run(worked.jobs.events(job.job_id, "a", len(events), 30.0)) == ()
    assert worked.ended(job).progress == events[-1].progress


def test_an_answer_that_nobody_could_fetch_is_no_success(tmp_path: Path) -> None:
    """The job says how many bytes there are, and how many there may be."""
    with site(f"sqlite:///{tmp_path}/lodestock.db", tmp_path) as small:
        small.worker(max_message_bytes=1024 * 1024)
        ended = small.ended(small.submit(bytes=1024 * 1024))
        assert ended.error is not None
        assert (ended.error.code, ended.error.reason) == ("RESOURCE_EXHAUSTED", "ANSWER_TOO_LARGE")
        assert "max_message_bytes is 1048576" in ended.error.message


def test_nobody_waits_longer_than_told(worked: Site) -> None:
    """Then the job is returned as it is, and no events."""
    job = worked.submit(seconds=30.0)
    assert not asyncio.run(worked.jobs.wait(job.job_id, "a", 0.2)).state.is_end
    heard = len(asyncio.run(worked.jobs.events(job.job_id, "a", 0, 10.0)))
    assert asyncio.run(worked.jobs.events(job.job_id, "a", heard, 0.2)) == ()
    worked.jobs.cancel(job.job_id, "a")
    assert worked.ended(job).state is JobState.CANCELLED


@pytest.mark.parametrize("hears", [True, False])
def test_a_cancelled_job_is_computed_no_more(worked: Site, hears: bool) -> None:
    """Whether its task stops when asked or has to be killed; the next job is done all the same."""
    log = worked.new_log()
    job = worked.submit(seconds=60.0, hears=hears, log=log)
    pid = running(worked, log, job)
    next_one = worked.submit()
    worked.jobs.cancel(job.job_id, "a")
    assert worked.ended(job).state is JobState.CANCELLED
    assert worked.ended(next_one).state is JobState.SUCCEEDED
    assert lives(pid) == hears
    worked.jobs.cancel(job.job_id, "a")
    worked.jobs.cancel(next_one.job_id, "a")
    assert state_of(worked, next_one) is JobState.SUCCEEDED


def test_a_job_cancelled_in_the_queue_never_begins(worked: Site) -> None:
    """A deleted one is gone, and its request_id with it; one that runs is not deleted."""
    first_log, log = worked.new_log(), worked.new_log()
    first = worked.submit(seconds=60.0, log=first_log)
    running(worked, first_log, first)
    waiting = worked.submit(log=log)
    worked.jobs.cancel(waiting.job_id, "a")
    with pytest.raises(StillRunning):
        worked.jobs.delete(first.job_id, "a")
    worked.jobs.cancel(first.job_id, "a")
    worked.ended(worked.submit())
    assert not job_tasks.begins(log)
    worked.jobs.delete(waiting.job_id, "a")
    with pytest.raises(NotFound):
        worked.jobs.get(waiting.job_id, "a")


def test_a_deleted_job_leaves_its_result(worked: Site) -> None:
    """And is done anew when it is asked for again."""
    request_id = str(uuid.uuid4())
    job = worked.ended(worked.submit(request_id=request_id))
    worked.jobs.delete(job.job_id, "a")
    engine = database.open_engine(worked.url)
    assert ResultStore(engine).get(job.result, "a").name == job.result
    engine.dispose()
    again = worked.submit(request_id=request_id)
    assert (again.job_id, again.state) == (job.job_id, JobState.QUEUED)
    assert worked.ended(again).state is JobState.SUCCEEDED


def test_a_request_id_whose_result_is_kept_is_not_free_for_another_request(worked: Site) -> None:
    """Nobody gets the old result for the answer to the new request; once that is deleted, too, the identifier is."""
    request_id = str(uuid.uuid4())
    job = worked.ended(worked.submit(request_id=request_id))
    worked.jobs.delete(job.job_id, "a")
    with pytest.raises(AlreadyExists, match=job.result):
        worked.submit(request_id=request_id, seconds=0.01)
    engine = database.open_engine(worked.url)
    results = ResultStore(engine)
    results.delete(job.result, "a")
    anew = worked.submit(request_id=request_id, seconds=0.01)
    assert worked.ended(anew).result == job.result
    assert results.get(job.result, "a").request_digest == anew.request_digest != job.request_digest
    engine.dispose()


def test_a_job_does_not_succeed_over_the_result_of_another_request(worked: Site) -> None:
    """Even where that came while it was computed."""
    log = worked.new_log()
    job = worked.submit(seconds=1.0, log=log)
    running(worked, log, job)
    engine = database.open_engine(worked.url)
    payloads, results = PayloadStore(engine), ResultStore(engine)
    other = payloads.put(b"another request")
    publish(engine, f"plans/{job.job_id}", other, other, caller="a")
    ended = worked.ended(job)
    assert (ended.state, ended.error and ended.error.code) == (JobState.FAILED, "ALREADY_EXISTS")
    assert results.get(f"plans/{job.job_id}", "a").request_digest == other
    engine.dispose()


def test_a_refused_request_fails_with_what_is_wrong(worked: Site) -> None:
    """At once: nothing is tried again."""
    log = worked.new_log()
    ended = worked.ended(worked.submit(ends="refused", log=log))
    assert (ended.state, ended.result) == (JobState.FAILED, "")
    assert ended.error is not None
    assert (ended.error.code, ended.error.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert [(wrong.field_path, wrong.description) for wrong in ended.error.violations] == [
        ("problem.sources[0]", "is wrong")
    ]
    assert len(job_tasks.begins(log)) == 1


def test_a_fault_of_ours_is_told_without_its_text(worked: Site) -> None:
    """The log has it under the job's id."""
    ended = worked.ended(worked.submit(ends="fault"))
    assert ended.error is not None
    assert (ended.error.code, ended.error.reason) == ("INTERNAL", "INTERNAL")
    assert ended.job_id in ended.error.message
    assert "secret" not in ended.error.message
    logs = "".join(log.read_text(encoding="utf-8") for log in worked.folder.glob("*.log"))
    assert "a secret" in logs


def test_a_process_that_dies_is_replaced_a_few_times(worked: Site) -> None:
    """A task that kills its process once gets done; one that always does fails with the reason, in one attempt."""
    once, always = worked.new_log(), worked.new_log()
    survivor = worked.ended(worked.submit(ends="dies once", log=once))
    assert (survivor.state, len(job_tasks.begins(once))) == (JobState.SUCCEEDED, 2)
    ended = worked.ended(worked.submit(ends="dies", log=always))
    assert ended.error is not None
    assert (ended.error.reason, ended.attempts, len(job_tasks.begins(always))) == ("WORKER_LOST", 1, 3)


def test_a_caller_with_few_jobs_does_not_wait_for_those_of_one_with_many(worked: Site) -> None:
    """Callers take turns, whatever the order in which their jobs came."""
    many = [worked.submit(caller="many") for _ in range(40)]
    few = [worked.submit(caller="few") for _ in range(2)]
    for job in few:
        worked.ended(job)
    ended = sum(state_of(worked, job).is_end for job in many)
    assert ended < 30
    for job in many:
        worked.jobs.cancel(job.job_id, "many")
