"""What is written down of jobs is read back, also by and from other versions."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from dbos import PortableWorkflowError
from dbos._serialization import deserialize_exception, serialize_exception

from lodestock_server.errors import FieldViolation, InvalidRequest, NotFound
from lodestock_server.jobs import database
from lodestock_server.jobs.client import job_id_of
from lodestock_server.jobs.events import Report
from lodestock_server.jobs.failure import error_from, failure_of, internal_failure
from lodestock_server.jobs.job import JobState, Progress
from lodestock_server.jobs.kinds import RUN_BACKTEST, RUN_OPTIMIZATION
from lodestock_server.jobs.ticket import Ticket


def test_tickets_and_reports_of_newer_versions_are_read() -> None:
    """What they have more is left out."""
    ticket = Ticket("RunOptimization", "ab", "me", 5.0, "r", "words", "c", {"traceparent": "t"})
    assert Ticket.from_json({**json.loads(json.dumps(ticket.to_json())), "new": 1}) == ticket
    report = Report(datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), 2, "w", Progress("SOLVING", 1, 3, 2.0, 1.0, 0.5))
    written = report.to_json()
    newer = {**written, "new": 1, "progress": {**written["progress"], "new": 1}}
    assert Report.from_stream(json.dumps(newer)) == report
    event = report.as_event(7)
    assert (event.sequence, event.state, event.attempt, event.progress) == (7, JobState.RUNNING, 2, report.progress)


def test_reasons_outlast_being_written_twice() -> None:
    """First as the failure of a step, then, raised again by whoever goes on with the job, as that of the job."""
    refused = InvalidRequest([FieldViolation("a.b", "is wrong"), FieldViolation("c", "is missing")])
    failed: Exception = failure_of(refused)
    for _ in range(2):
        failed = deserialize_exception(*serialize_exception(failed, None, database.JSON), database.JSON)
    error = error_from(failed, "id")
    assert (error.code, error.reason, error.message) == ("INVALID_ARGUMENT", "INVALID_REQUEST", refused.message)
    assert error.violations == refused.violations
    assert error_from(failure_of(NotFound("no")), "id").violations == ()


def test_what_is_no_reason_for_callers_is_not_told_to_them() -> None:
    """Whatever DBOS kept of it."""
    internal = error_from(internal_failure("id"), "id")
    assert "id" in internal.message
    for fault in (None, ValueError("a secret"), PortableWorkflowError("a secret", "KeyError"), "a secret"):
        assert error_from(fault, "id") == internal  # type: ignore[arg-type]


def test_a_request_id_is_of_one_caller_and_one_method() -> None:
    """However its letters are written."""
    request_id = "6B4D0B60-0B05-4B6F-9E36-0E4E6C9A9F10"
    same = job_id_of("a", RUN_BACKTEST, request_id)
    assert same == job_id_of("a", RUN_BACKTEST, request_id.lower())
    assert len({same, job_id_of("b", RUN_BACKTEST, request_id), job_id_of("a", RUN_OPTIMIZATION, request_id)}) == 3
