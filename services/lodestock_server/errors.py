"""Every error that a caller may see, each with its gRPC code and its ErrorInfo reason.

Owns the tree; knows nothing of how an error travels (`status`) nor of who raises it. Anything else that is raised is a
fault of the server and reaches the caller as INTERNAL with a correlation id and no text. A solver that stops at a limit
is a result, not an error.

    ServiceError
    ├── InvalidRequest      INVALID_ARGUMENT    fields break rules; carries every violation
    ├── MalformedRequest    INVALID_ARGUMENT    the bytes are no message of the method
    ├── NotFound            NOT_FOUND           the data hold nothing of the kind
    ├── AlreadyExists       ALREADY_EXISTS      the identifier belongs to another request
    ├── StillRunning        FAILED_PRECONDITION the operation has not ended yet
    ├── NotOffered          UNIMPLEMENTED       a service knows the method, this server does not have it
    ├── Unauthenticated     UNAUTHENTICATED     no token, or a wrong one
    ├── Overloaded          RESOURCE_EXHAUSTED  too many calls wait already; come again later
    ├── AnswerTooLarge      RESOURCE_EXHAUSTED  the answer is beyond the limit on messages
    ├── WorkerLost          ABORTED             the process that computed the answer died; may be tried again
    ├── OutOfTime           DEADLINE_EXCEEDED   no time left to begin
    ├── DatabaseUnavailable UNAVAILABLE         the database is away or busy; come again soon
    └── Draining            UNAVAILABLE         the server is going down

Errors cross the process boundary by pickle, so each constructor's arguments are the exception's `args`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import grpc


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """What is wrong with the field at `field_path`, and what would be right."""

    field_path: str
    description: str

    def under(self, prefix: str) -> FieldViolation:
        """Return the same violation with its path placed below `prefix`."""
        return FieldViolation(f"{prefix}.{self.field_path}", self.description)


class ServiceError(Exception):
    """Root of the errors that a caller may see."""

    code: ClassVar[grpc.StatusCode]
    reason: ClassVar[str]

    @property
    def message(self) -> str:
        """Text for the caller."""
        return str(self.args[0])

    @property
    def retry_after_s(self) -> float | None:
        """Seconds after which a new try makes sense. None: trying again does not help."""
        return None


class InvalidRequest(ServiceError):
    """Fields of the request break rules; `violations` lists every one."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    reason = "INVALID_REQUEST"

    def __init__(self, violations: Sequence[FieldViolation]) -> None:
        self.violations = tuple(violations)
        super().__init__(self.violations)

    @property
    def message(self) -> str:
        """The number of violations and the first of them."""
        first = self.violations[0]
        count = len(self.violations)
        return f"{count} violation{'s' if count > 1 else ''}; {first.field_path}: {first.description}"


class MalformedRequest(ServiceError):
    """The bytes are no message of the method."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    reason = "MALFORMED_REQUEST"


class NotFound(ServiceError):
    """The data hold nothing of the kind asked for."""

    code = grpc.StatusCode.NOT_FOUND
    reason = "NOT_FOUND"


class AlreadyExists(ServiceError):
    """The identifier that the caller gave belongs to another request."""

    code = grpc.StatusCode.ALREADY_EXISTS
    reason = "ALREADY_EXISTS"


class StillRunning(ServiceError):
    """What is asked for can be done once the operation has ended."""

    code = grpc.StatusCode.FAILED_PRECONDITION
    reason = "STILL_RUNNING"


class NotOffered(ServiceError):
    """The contract of a service has the method, this server does not."""

    code = grpc.StatusCode.UNIMPLEMENTED
    reason = "NOT_OFFERED"


class Unauthenticated(ServiceError):
    """The call carries no token, or a wrong one."""

    code = grpc.StatusCode.UNAUTHENTICATED
    reason = "UNAUTHENTICATED"


class AnswerTooLarge(ServiceError):
    """The answer is beyond the limit on messages; the same request gives the same answer."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "ANSWER_TOO_LARGE"


class OutOfTime(ServiceError):
    """The call's deadline leaves no time to begin, or to end what has no half answer."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED
    reason = "OUT_OF_TIME"


class RetryableError(ServiceError):
    """An error that a later try may not meet."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        self._retry_after_s = retry_after_s
        super().__init__(message, retry_after_s)

    @property
    def retry_after_s(self) -> float | None:
        """Seconds after which a new try makes sense."""
        return self._retry_after_s


class Overloaded(RetryableError):
    """There is no room for the call or job now."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "OVERLOADED"


class WorkerLost(RetryableError):
    """The process that computed the answer died.

    ABORTED and not UNAVAILABLE, so that clients do not repeat on their own what may have killed it.
    """

    code = grpc.StatusCode.ABORTED
    reason = "WORKER_LOST"


class DatabaseUnavailable(RetryableError):
    """The database is away, full or busy, and has been for longer than a call waits for it."""

    code = grpc.StatusCode.UNAVAILABLE
    reason = "DATABASE_UNAVAILABLE"


class Draining(RetryableError):
    """The server is going down and begins nothing new."""

    code = grpc.StatusCode.UNAVAILABLE
    reason = "DRAINING"
