"""operations.proto and google.longrunning: jobs to operations, requests about operations to what they ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import grpc
from google.longrunning import operations_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status

from lodestock.v1 import forecast_pb2, sourcing_pb2
from lodestock.v1 import operations_pb2 as v1
from lodestock_server.converters.enums import EnumMap
from lodestock_server.converters.results import info_of_summary, time_to_proto
from lodestock_server.errors import FieldViolation
from lodestock_server.jobs.job import Job, JobError, JobEvent, JobState, Progress
from lodestock_server.status import MOST_ERROR_BYTES, bad_request, new_status

STATES = EnumMap(JobState, v1.OperationState, "OPERATION_STATE_")
PARENT = "operations"
NAME = re.compile(r"operations/[A-Za-z0-9-]{1,100}")
MOST_A_PAGE = 1_000
MOST_TOKEN_CHARACTERS = 200
MOST_FILTER_CHARACTERS = 500
TERM = re.compile(r"state\s*=\s*(\w+)")
OR = re.compile(r"\s+OR\s+")

RESPONSES: Mapping[str, Callable[[Any], Message]] = {
    "plans": lambda info: sourcing_pb2.RunOptimizationResponse(plan=info),
    "forecasts": lambda info: forecast_pb2.BatchForecastDemandResponse(forecast=info),
    "backtests": lambda info: forecast_pb2.RunBacktestResponse(backtest=info),
}
"""What an operation came to, by the collection that its result is in."""


def operation_to_proto(job: Job) -> Any:
    """Write a job as an Operation.

    Its response holds what the job knows of its result; when it was stored and how large it is is asked of the result's
    own service.
    """
    operation = operations_pb2.Operation(name=operation_name(job), done=job.state.is_end)
    operation.metadata.Pack(metadata_to_proto(job))
    if job.state is JobState.SUCCEEDED:
        operation.response.Pack(response_to_proto(job))
    elif job.state is JobState.CANCELLED:
        operation.error.CopyFrom(new_status(code_pb2.CANCELLED, "cancelled by the caller", "CANCELLED", job.job_id))
    elif job.state is JobState.FAILED and job.error is not None:
        operation.error.CopyFrom(error_to_proto(job.error, job.job_id))
    return operation


def operation_name(job: Job) -> str:
    """The resource name of a job."""
    return f"{PARENT}/{job.job_id}"


def job_id_from_proto(name: str) -> str:
    """The job in a name such as "operations/…"."""
    return name.removeprefix(f"{PARENT}/")


def metadata_to_proto(job: Job) -> v1.OperationMetadata:
    """Write what is known of a job."""
    return v1.OperationMetadata(
        method=job.kind,
        state=STATES.to_proto(job.state),
        create_time=time_to_proto(job.created_at),
        start_time=time_to_proto(job.started_at),
        end_time=time_to_proto(job.ended_at),
        progress=progress_to_proto(job.progress) if job.progress else None,
        attempts=job.attempts,
        worker=job.worker,
        caller=job.caller,
        request_id=job.request_id,
        display_name=job.display_name,
        result=job.result,
    )


def progress_to_proto(progress: Progress) -> v1.OperationProgress:
    """Write how far a job is."""
    return v1.OperationProgress(
        stage=progress.stage,
        done_parts=progress.done_parts,
        all_parts=progress.all_parts,
        objective_usd=progress.objective_usd,
        bound_usd=progress.bound_usd,
        relative_gap=progress.relative_gap,
        message=progress.message,
    )


def response_to_proto(job: Job) -> Message:
    """Write what a job came to."""
    info = info_of_summary(job.result, job.summary)
    info.info.display_name = job.display_name
    info.info.caller = job.caller
    info.info.operation = operation_name(job)
    info.info.request_digest = job.request_digest
    return RESPONSES[job.result.partition("/")[0]](info)


def error_to_proto(error: JobError, job_id: str) -> Status:
    """Write why a job failed, as the status of a call would say it; the log has more under the job's identifier."""
    status = new_status(grpc.StatusCode[error.code].value[0], error.message, error.reason, job_id)
    if error.violations:
        status.details.add().Pack(bad_request(error.violations, MOST_ERROR_BYTES))
    return status


def event_to_proto(event: JobEvent) -> v1.WatchOperationResponse:
    """Write something that happened to a job."""
    return v1.WatchOperationResponse(
        sequence=event.sequence,
        time=time_to_proto(event.at),
        state=STATES.to_proto(event.state),
        attempt=event.attempt,
        progress=progress_to_proto(event.progress) if event.progress else None,
        operation=operation_to_proto(event.job) if event.job else None,
    )


def states_from_proto(filter_text: str) -> tuple[JobState, ...]:
    """The states that a filter such as "state = QUEUED OR state = RUNNING" lets through; none: it lets all through.

    Raises:
        ValueError: The filter is of another form, or there is no such state.
    """
    states = []
    for term in OR.split(filter_text.strip()) if filter_text.strip() else ():
        found = TERM.fullmatch(term.strip())
        if not found or found[1] not in JobState.__members__:
            raise ValueError(
                f"'{term}' is no condition, must be like 'state = RUNNING' with one of "
                f"{', '.join(JobState.__members__)}; several are joined by OR"
            )
        states.append(JobState[found[1]])
    return tuple(dict.fromkeys(states))


def name_violations(request: Any) -> list[FieldViolation]:
    """What is wrong with a request for one operation, whose rules Google's messages cannot carry."""
    if NAME.fullmatch(request.name):
        return []
    return [FieldViolation("name", f"'{request.name}' is no operation, must be like operations/… as Run methods say")]


def wait_violations(request: Any) -> list[FieldViolation]:
    """What is wrong with a request to wait for an operation."""
    found = name_violations(request)
    if request.timeout.seconds < 0 or request.timeout.nanos < 0:
        found.append(FieldViolation("timeout", "is negative, must be 0 or more"))
    return found


def list_violations(request: Any) -> list[FieldViolation]:
    """What is wrong with a request for a list of operations."""
    found = []
    if request.name not in ("", PARENT):
        found.append(FieldViolation("name", f"'{request.name}' has no operations, must be '{PARENT}'"))
    if not 0 <= request.page_size <= MOST_A_PAGE:
        found.append(FieldViolation("page_size", f"is {request.page_size}, must be 0 to {MOST_A_PAGE}"))
    if len(request.page_token) > MOST_TOKEN_CHARACTERS:
        found.append(FieldViolation("page_token", f"is too long, must have {MOST_TOKEN_CHARACTERS} characters at most"))
    if len(request.filter) > MOST_FILTER_CHARACTERS:
        return [*found, FieldViolation("filter", f"is too long, must have {MOST_FILTER_CHARACTERS} characters at most")]
    try:
        states_from_proto(request.filter)
    except ValueError as error:
        found.append(FieldViolation("filter", str(error)))
    return found
