"""The values that jobs are told in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from lodestock_server.errors import FieldViolation


class JobState(Enum):
    """Where a job stands. The last three are ends: nothing follows them."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_end(self) -> bool:
        """Whether the job has ended."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job has come.

    Attributes:
        stage: what is being done, such as SOLVING or FORECASTING.
        done_parts: parts that are done.
        all_parts: parts that there are; 0 where nobody can say.
        objective_usd: cost of the best plan so far.
        bound_usd: no plan can cost less.
        relative_gap: share of the objective that bound and objective are apart.
        message: a sentence for people, or "".
    """

    stage: str
    done_parts: int = 0
    all_parts: int = 0
    objective_usd: float | None = None
    bound_usd: float | None = None
    relative_gap: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed.

    Attributes:
        code: name of the gRPC code, such as INVALID_ARGUMENT.
        reason: reason of the ErrorInfo, such as INVALID_REQUEST.
        message: text for the caller.
        violations: what is wrong with which field, where the request is to blame.
    """

    code: str
    reason: str
    message: str
    violations: tuple[FieldViolation, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands at a moment.

    Attributes:
        job_id: UUID; the operation is `operations/{job_id}`.
        kind: name of its kind in `kinds.KINDS`.
        caller: who submitted it.
        state: where it stands.
        created_at: when it was accepted.
        request_digest: SHA-256 of the request's bytes, hexadecimal.
        request_id: the caller's own, or "".
        display_name: the caller's own, or "".
        started_at: when a worker last began it, if one did.
        ended_at: when it ended, if it has.
        attempts: how often a worker began it.
        worker: name of the worker that has or had it, or "".
        progress: what was last heard of it.
        result: name of the result, such as "plans/…", once it has succeeded; else "".
        summary: the main figures of the result; empty until then.
        error: why it failed, if it did.
    """

    job_id: str
    kind: str
    caller: str
    state: JobState
    created_at: datetime
    request_digest: str
    request_id: str = ""
    display_name: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 0
    worker: str = ""
    progress: Progress | None = None
    result: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    error: JobError | None = None


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One thing heard of a job.

    Attributes:
        sequence: 1 for the first event of a job, and one more for each that follows.
        at: when.
        state: the job's state then.
        attempt: number of the attempt that said so.
        progress: how far it had come.
        job: the job, in the event that says how it ended, which is the last one.
    """

    sequence: int
    at: datetime
    state: JobState
    attempt: int
    progress: Progress | None = None
    job: Job | None = None
