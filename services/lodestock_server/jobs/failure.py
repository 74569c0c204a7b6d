"""Why a job failed, as DBOS keeps it: an exception that is JSON, and back."""

from __future__ import annotations

from typing import Any

from dbos import PortableWorkflowError

from lodestock_server.errors import FieldViolation, InvalidRequest, ServiceError
from lodestock_server.jobs.job import JobError

FAILURE = "JobFailed"
INTERNAL = "INTERNAL"
KEYS = {"reason", "violations"}


def failure_of(error: ServiceError) -> PortableWorkflowError:
    """The failure of a job whose task said why it cannot be done."""
    violations = error.violations if isinstance(error, InvalidRequest) else ()
    return failure(JobError(error.code.name, error.reason, error.message, violations))


def internal_failure(correlation_id: str) -> PortableWorkflowError:
    """The failure of a job that met a fault of ours; what it was is in the log."""
    message = f"internal error; the worker's log has it under correlation id {correlation_id}"
    return failure(JobError(INTERNAL, INTERNAL, message))


def failure(error: JobError) -> PortableWorkflowError:
    """The exception that ends a workflow with this error."""
    data: Any = {
        "reason": error.reason,
        "violations": [[violation.field_path, violation.description] for violation in error.violations],
    }
    return PortableWorkflowError(error.message, FAILURE, error.code, data)


def error_from(failed: Exception | None, correlation_id: str) -> JobError:
    """The error of a job from what DBOS kept.

    Args:
        failed: what DBOS kept; anything but a failure as made above is a fault of ours, whose text stays here.
        correlation_id: what the log has it under.
    """
    data: Any = getattr(failed, "data", None)
    # By its data, since DBOS names an exception that it has read and writes again after its class.
    if not isinstance(failed, PortableWorkflowError) or not isinstance(data, dict) or not data.keys() >= KEYS:
        return error_from(internal_failure(correlation_id), correlation_id)
    violations = tuple(FieldViolation(path, said) for path, said in data["violations"])
    return JobError(str(failed.code), data["reason"], failed.message, violations)
