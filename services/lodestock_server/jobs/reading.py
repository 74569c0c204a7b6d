"""Reads jobs from DBOS's tables: whole ones through its client, and what that has no question for by SQL of our own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dbos import DBOSClient, WorkflowStatus
from sqlalchemy import ColumnElement, Engine, ScalarSelect, case, func, select, tuple_

from lodestock_server.jobs import database
from lodestock_server.jobs.database import statuses, streams
from lodestock_server.jobs.events import Report
from lodestock_server.jobs.failure import error_from
from lodestock_server.jobs.job import Job, JobError, JobState
from lodestock_server.jobs.ticket import Ticket
from lodestock_server.store.faults import steadfast

GIVEN_UP = "MAX_RECOVERY_ATTEMPTS_EXCEEDED"
STATES = {
    "DELAYED": JobState.QUEUED,
    "ENQUEUED": JobState.QUEUED,
    "PENDING": JobState.RUNNING,
    "SUCCESS": JobState.SUCCEEDED,
    "ERROR": JobState.FAILED,
    GIVEN_UP: JobState.FAILED,
    "CANCELLED": JobState.CANCELLED,
}
"""Our states by DBOS's."""
EVENTS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Mark:
    """As much of a job as tells whether anything has happened to it."""

    state: JobState
    reports: int


class JobReader:
    """Reads the jobs of one database. Parts of jobs are none that anybody outside sees."""

    def __init__(self, engine: Engine, client: DBOSClient) -> None:
        self._engine = database.with_schema(engine)
        self._client = client

    @steadfast
    def jobs(self, job_ids: Sequence[str]) -> dict[str, Job]:
        """Jobs by their ids; those that are not there are left out.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        if not job_ids:
            return {}
        found = self._client.list_workflows(workflow_ids=list(job_ids), has_parent=False, name=list(database.NAMES))
        last = self._last_reports([status.workflow_id for status in found])
        return {status.workflow_id: job_from(status, last.get(status.workflow_id)) for status in found}

    @steadfast
    def page(
        self, caller: str, states: Collection[JobState], count: int, before: tuple[int, str] | None
    ) -> list[tuple[int, str]]:
        """Time of acceptance, in ms, and id of a caller's jobs, the newest first.

        Args:
            caller: whose.
            states: in which states. Empty: in any.
            count: most to return.
            before: the last one of the page before.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        key = (statuses.c.created_at, statuses.c.workflow_uuid)
        query = select(*key).where(
            statuses.c.authenticated_user == caller,
            statuses.c.parent_workflow_id.is_(None),
            statuses.c.name.in_(database.NAMES),
        )
        if states:
            query = query.where(statuses.c.status.in_([name for name, state in STATES.items() if state in states]))
        if before is not None:
            query = query.where(tuple_(*key) < before)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(*(column.desc() for column in key)).limit(count))
            return [(at, job_id) for at, job_id in rows]

    @steadfast
    def marks(self, job_ids: Collection[str]) -> dict[str, Mark]:
        """What tells whether anything has happened to jobs; those that are not there are left out.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        query = select(statuses.c.workflow_uuid, statuses.c.status, _count_of_reports()).where(
            statuses.c.workflow_uuid.in_(job_ids)
        )
        with self._engine.connect() as connection:
            return {job_id: Mark(STATES[status], count) for job_id, status, count in connection.execute(query)}

    @steadfast
    def reports(self, job_id: str, after: int) -> list[tuple[int, Report]]:
        """What was heard of a job, with its sequence numbers, of which the first is 1.

        Args:
            job_id: of which.
            after: only what has a larger number.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        query = (
            select(streams.c.offset, streams.c.value)
            .where(streams.c.workflow_uuid == job_id, streams.c.key == database.PROGRESS, streams.c.offset >= after)
            .order_by(streams.c.offset)
            .limit(EVENTS_AT_ONCE)
        )
        with self._engine.connect() as connection:
            return [(offset + 1, Report.from_stream(value)) for offset, value in connection.execute(query)]

    @steadfast
    def counts(self) -> dict[tuple[str, JobState], int]:
        """Number of jobs that have not ended, by kind and state.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        query = (
            select(statuses.c.name, statuses.c.status, func.count())
            .where(*living())
            .group_by(statuses.c.name, statuses.c.status)
        )
        counted: dict[tuple[str, JobState], int] = {}
        with self._engine.connect() as connection:
            for name, status, count in connection.execute(query):
                counted[name, STATES[status]] = counted.get((name, STATES[status]), 0) + count
        return counted

    @steadfast
    def unfinished(self, caller: str) -> tuple[int, int]:
        """Number of jobs that have not ended, of a caller and of all.

        Raises:
            DatabaseUnavailable: The database stays away.
        """
        of_caller = func.coalesce(func.sum(case((statuses.c.authenticated_user == caller, 1), else_=0)), 0)
        query = select(of_caller, func.count()).where(*living())
        with self._engine.connect() as connection:
            mine, of_all = connection.execute(query).one()
            return int(mine), int(of_all)

    def _last_reports(self, job_ids: Iterable[str]) -> dict[str, Report]:
        last = (
            select(streams.c.workflow_uuid, func.max(streams.c.offset))
            .where(streams.c.workflow_uuid.in_(job_ids), streams.c.key == database.PROGRESS)
            .group_by(streams.c.workflow_uuid)
        )
        query = select(streams.c.workflow_uuid, streams.c.value).where(
            streams.c.key == database.PROGRESS, tuple_(streams.c.workflow_uuid, streams.c.offset).in_(last)
        )
        with self._engine.connect() as connection:
            return {job_id: Report.from_stream(value) for job_id, value in connection.execute(query)}


def job_from(status: WorkflowStatus, last: Report | None) -> Job:
    """A job from DBOS's words and the last that was heard of it."""
    assert status.input is not None
    ticket = Ticket.from_json(status.input["args"][0])
    state = STATES[status.status]
    # The begin that was one too many was not gone through with.
    attempts = (status.recovery_attempts or 0) - (status.status == GIVEN_UP)
    outcome = status.output if state is JobState.SUCCEEDED and isinstance(status.output, dict) else {}
    return Job(
        job_id=status.workflow_id,
        kind=ticket.kind,
        caller=ticket.caller,
        state=state,
        created_at=_moment(status.created_at) or datetime.fromtimestamp(0, UTC),
        request_digest=ticket.request,
        request_id=ticket.request_id,
        display_name=ticket.display_name,
        started_at=_moment(status.dequeued_at) or (last.at if last else None),
        ended_at=_moment(status.completed_at),
        attempts=attempts,
        worker=status.executor_id or "",
        progress=last.progress if last else None,
        result=outcome.get("result", ""),
        summary=outcome.get("summary", {}),
        error=_error(status, attempts) if state is JobState.FAILED else None,
    )


def _error(status: WorkflowStatus, attempts: int) -> JobError:
    if status.status == GIVEN_UP:
        message = f"its worker was lost in each of {attempts} attempts; it is not tried again"
        return JobError("ABORTED", "TOO_MANY_ATTEMPTS", message)
    return error_from(status.error, status.workflow_id)


def _moment(epoch_ms: int | None) -> datetime | None:
    return None if epoch_ms is None else datetime.fromtimestamp(epoch_ms / 1000, UTC)


def living() -> tuple[ColumnElement[bool], ...]:
    """What holds of jobs that have not ended, parts of jobs left out."""
    return (
        statuses.c.queue_name.in_(database.QUEUES),
        statuses.c.status.in_(database.IN_FLIGHT),
        statuses.c.parent_workflow_id.is_(None),
        statuses.c.name.in_(database.NAMES),
    )


def _count_of_reports() -> ScalarSelect[int]:
    return (
        select(func.coalesce(func.max(streams.c.offset) + 1, 0))
        .where(streams.c.workflow_uuid == statuses.c.workflow_uuid, streams.c.key == database.PROGRESS)
        .correlate(statuses)
        .scalar_subquery()
    )
