"""`Jobs`: accepts jobs, tells of them, cancels and deletes them. What does them is in the workers.

Synchronous methods use the database and are for threads (`in_thread`); the asynchronous ones hold no thread while they
wait. All are scoped to a caller: another one's jobs are not there.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextvars
import json
import operator
import time
import uuid
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, Self, TypeVar

from sqlalchemy import Engine

from lodestock_server import log, tracing
from lodestock_server.errors import AlreadyExists, FieldViolation, InvalidRequest, NotFound, StillRunning
from lodestock_server.jobs import database
from lodestock_server.jobs.job import Job, JobEvent, JobState
from lodestock_server.jobs.kinds import JobKind
from lodestock_server.jobs.reading import EVENTS_AT_ONCE, JobReader, Mark
from lodestock_server.jobs.ticket import Ticket
from lodestock_server.jobs.watch import Watch
from lodestock_server.metrics import JOBS_ENDED
from lodestock_server.store.faults import steadfast
from lodestock_server.store.payloads import PayloadStore
from lodestock_server.store.results import ResultStore

P = ParamSpec("P")
T = TypeVar("T")

Room = Callable[[int, int], None]

THREADS = 8
JOB_IDS = uuid.UUID("6f0fb2d4-66a5-4c3a-9c0b-5d1c6a9e7a31")
"""Namespace of the ids of jobs whose caller gave the request an identifier."""


class Jobs:
    """The jobs in one database."""

    def __init__(
        self, engine: Engine, most_s: float, protocol: str | None = None, room: Room = lambda of_caller, of_all: None
    ) -> None:
        """Take what the methods need.

        Args:
            engine: of `database.open_engine`; closed with this.
            most_s: most seconds of computing for a job, and what it gets if it asks for none.
            protocol: protocol of jobs, and with it the workers that take them. None: that of this version.
            room: called with the number of unfinished jobs, of the caller and of all, before one more is accepted;
                raises where there is no room.
        """
        self._engine = engine
        self._most_s = most_s
        self._protocol = protocol or database.PROTOCOL
        self._room = room
        self._client = database.open_client(engine)
        self._payloads = PayloadStore(engine)
        self._results = ResultStore(engine)
        self._reader = JobReader(engine, self._client)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="jobs")
        self._watch = Watch(self._marks)

    @classmethod
    def open(
        cls, url: str, most_s: float, protocol: str | None = None, room: Room = lambda of_caller, of_all: None
    ) -> Self:
        """Open the jobs of a database whose schema is up to date; DBOS's is brought there.

        Args:
            url: SQLAlchemy's URL.
            most_s: this and the others as above.

        Raises:
            DatabaseUnavailable: It cannot be reached.
        """
        database.prepare(url)
        return cls(database.open_engine(url), most_s, protocol, room)

    def close(self) -> None:
        """Let go of the database."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.destroy()
        self._engine.dispose()

    async def in_thread(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a synchronous method of this class in one of its few threads, with the call's trace and log fields."""
        bound: Callable[[], T] = partial(contextvars.copy_context().run, partial(work, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._threads, bound)

    def submit(
        self,
        kind: JobKind,
        request: bytes,
        *,
        caller: str,
        request_id: str = "",
        display_name: str = "",
        limit_s: float = 0.0,
    ) -> Job:
        """Accept a job. Once this returns, the job ends, whatever dies meanwhile.

        Args:
            kind: what is to be done.
            request: the bytes that the kind's task takes, valid.
            caller: who asks.
            request_id: the caller's identifier; with one that was used before, the job of then is returned.
            display_name: the caller's words.
            limit_s: most seconds of computing. 0: as many as there may be.

        Raises:
            AlreadyExists: The identifier was used for another request, whose operation or result is there.
            DatabaseUnavailable: The database stays away.
            ServiceError: There is no room.
        """
        job_id = job_id_of(caller, kind, request_id) if request_id else str(uuid.uuid4())
        if not request_id or not self._reader.jobs([job_id]):
            self._room(*self._reader.unfinished(caller))
        digest = self._payloads.put(request)
        if request_id:
            self._refuse_result_of_another(f"{kind.result_kind}/{job_id}", digest, request_id)
        wanted_s = min(limit_s or self._most_s, self._most_s)
        correlation_id = log.context().get("correlation_id", "")
        ticket = Ticket(
            kind.name, digest, caller, wanted_s, request_id, display_name, correlation_id, tracing.carrier()
        )
        self._enqueue(job_id, kind, ticket)
        job = self.get(job_id, caller)
        if job.request_digest != digest:
            raise AlreadyExists(f"request_id {request_id} belongs to another request, operations/{job_id}")
        return job

    def _refuse_result_of_another(self, name: str, digest: str, request_id: str) -> None:
        """A result outlives its operation, and the same identifier would give its name again."""
        answered = self._results.request_of(name)
        if answered is not None and answered != digest:
            raise AlreadyExists(f"request_id {request_id} belongs to another request, whose result is {name}")

    def get(self, job_id: str, caller: str) -> Job:
        """A job.

        Raises:
            NotFound: There is none, or it is another caller's.
            DatabaseUnavailable: The database stays away.
        """
        job = self._reader.jobs([job_id]).get(job_id)
        if job is None or job.caller != caller:
            raise NotFound(f"there is no operation operations/{job_id}")
        return job

    def list(
        self, caller: str, page_size: int, page_token: str = "", states: Collection[JobState] = ()
    ) -> tuple[tuple[Job, ...], str]:
        """A page of a caller's jobs, the newest first, and the token of the next one, or "".

        Raises:
            InvalidRequest: The token is none that this gave out.
            DatabaseUnavailable: The database stays away.
        """
        before = _from_token(page_token) if page_token else None
        keys = self._reader.page(caller, states, page_size + 1, before)
        shown = keys[:page_size]
        jobs = self._reader.jobs([job_id for _, job_id in shown])
        # One may have been deleted in between.
        page = tuple(jobs[job_id] for _, job_id in shown if job_id in jobs)
        return page, _to_token(shown[-1]) if len(keys) > page_size else ""

    def cancel(self, job_id: str, caller: str) -> None:
        """End a job without a result, and the work on it within seconds; no effect on one that has ended.

        Raises:
            NotFound: There is none, or it is another caller's.
            DatabaseUnavailable: The database stays away.
        """
        job = self.get(job_id, caller)
        if job.state.is_end:
            return
        steadfast(self._client.cancel_workflow)(job_id, cancel_children=True)
        if self.get(job_id, caller).state is JobState.CANCELLED:
            JOBS_ENDED.labels(kind=job.kind, state=JobState.CANCELLED.name).inc()
            log.get_log().info("job cancelled", job=job_id, kind=job.kind)

    def delete(self, job_id: str, caller: str) -> None:
        """Forget a job that has ended, and what was heard of it. Its result stays.

        Raises:
            NotFound: There is none, or it is another caller's.
            StillRunning: It has not ended.
            DatabaseUnavailable: The database stays away.
        """
        if not self.get(job_id, caller).state.is_end:
            raise StillRunning(f"operations/{job_id} has not ended; cancel it first")
        steadfast(self._client.delete_workflow)(job_id, delete_children=True)

    def counts(self) -> dict[tuple[str, JobState], int]:
        """Number of jobs that have not ended, of all callers, by kind and state.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        return self._reader.counts()

    async def wait(self, job_id: str, caller: str, timeout_s: float) -> Job:
        """Wait until a job has ended, or the time is over; return it as it is then.

        Raises:
            NotFound: There is none, it is another caller's, or it has been deleted meanwhile.
            DatabaseUnavailable: The database stays away.
        """
        until = time.monotonic() + timeout_s
        job = await self.in_thread(self.get, job_id, caller)
        while not job.state.is_end and (left_s := until - time.monotonic()) > 0:
            await self._watch.change(job_id, partial(_is_in, job.state), left_s)
            job = await self.in_thread(self.get, job_id, caller)
        return job

    async def events(self, job_id: str, caller: str, after: int, timeout_s: float) -> tuple[JobEvent, ...]:
        """What has happened to a job, waiting for it if need be; empty where nothing did, or nothing more will.

        The last event of all says how the job ended.

        Args:
            job_id: of which.
            caller: who asks.
            after: only events with a larger number.
            timeout_s: how long to wait for one.

        Raises:
            NotFound: There is none, it is another caller's, or it has been deleted meanwhile.
            DatabaseUnavailable: The database stays away.
        """
        until = time.monotonic() + timeout_s
        while True:
            # In this order nothing slips through: what happens after the mark ends the wait below, and once the job
            # has ended no reports come, so those read then are all.
            mark = (await self.in_thread(self._reader.marks, [job_id])).get(job_id)
            job = await self.in_thread(self.get, job_id, caller)
            reports = await self.in_thread(self._reader.reports, job_id, after)
            events = tuple(report.as_event(sequence) for sequence, report in reports)
            if len(events) == EVENTS_AT_ONCE:
                return events
            if job.state.is_end:
                return events + await self._end(job, max(after, events[-1].sequence if events else 0))
            left_s = until - time.monotonic()
            if events or left_s <= 0:
                return events
            await self._watch.change(job_id, partial(operator.eq, mark), left_s)

    async def _end(self, job: Job, after: int) -> tuple[JobEvent, ...]:
        """The event that says how a job ended, unless it has been heard."""
        marks = await self.in_thread(self._reader.marks, [job.job_id])
        sequence = marks[job.job_id].reports + 1 if job.job_id in marks else after + 1
        if after >= sequence:
            return ()
        last = await self.in_thread(self._reader.reports, job.job_id, sequence - 2)
        # DBOS writes the end down in whole milliseconds.
        at = max([job.ended_at or job.created_at, *(report.at for _, report in last)])
        return (JobEvent(sequence, at, job.state, job.attempts, job.progress, job),)

    async def _marks(self, job_ids: Collection[str]) -> dict[str, Mark]:
        return await self.in_thread(self._reader.marks, job_ids)

    @steadfast
    def _enqueue(self, job_id: str, kind: JobKind, ticket: Ticket) -> None:
        """Put a job in; one that is there already stays as it is."""
        self._client.enqueue(
            {
                "workflow_id": job_id,
                "workflow_name": kind.name,
                "queue_name": database.FAN_OUT_QUEUE if kind.in_parts else database.COMPUTE_QUEUE,
                "queue_partition_key": ticket.caller,
                "authenticated_user": ticket.caller,
                "app_version": self._protocol,
            },
            ticket.to_json(),
        )


def job_id_of(caller: str, kind: JobKind, request_id: str) -> str:
    """The id of the job of a caller's request."""
    return str(uuid.uuid5(JOB_IDS, json.dumps([caller, kind.name, request_id.lower()])))


def _is_in(state: JobState, mark: Mark | None) -> bool:
    return mark is not None and mark.state is state


def _to_token(key: tuple[int, str]) -> str:
    return base64.urlsafe_b64encode(f"{key[0]} {key[1]}".encode()).decode()


def _from_token(token: str) -> tuple[int, str]:
    try:
        at, job_id = base64.urlsafe_b64decode(token.encode()).decode().split(" ")
        key = (int(at), job_id)
    except (ValueError, binascii.Error):
        key = (0, "")
    # What decodes to the same by chance is refused, too; the largest number is the database's.
    if not 0 < key[0] < 2**63 or _to_token(key) != token:
        said = "is none that this server gave out, must be a next_page_token or empty"
        raise InvalidRequest([FieldViolation("page_token", said)])
    return key
