"""What can go wrong with a call, as exceptions.

LodestockError
├── InvalidRequest      the request breaks rules; `violations` lists every one by field path, or for a dict that is not
│                       of the message's form the first one, before anything is sent
├── NotFound            the server holds nothing of the kind
├── AlreadyExists       the request_id belongs to another request
├── StillRunning        the job has to end first
├── JobFailed           a job ended with an error; `violations` as above where the request was to blame
├── JobCancelled        a job was cancelled
├── Unauthenticated     the server wants a token, or another one
├── MessageTooLarge     request or answer is beyond the limit on messages
├── DeadlineExceeded    no answer within the timeout
├── Overloaded          the server has no room; `retry_after_s` says when to come again
├── Unavailable         no server there, or it is going down, or lost the process that computed the answer
└── ServerFault         a fault of the server; its log has it under `correlation_id`
"""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status

DETAILS_KEY = "grpc-status-details-bin"
CORRELATION_KEY = "x-correlation-id"
ANSWER_TOO_LARGE = "ANSWER_TOO_LARGE"
"""The server's word for an answer beyond its own limit on messages."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with the field at `field_path`, and what would be right."""

    field_path: str
    description: str


def told(message: str, violations: tuple[Violation, ...]) -> list[str]:
    """A message and what is wrong, as lines."""
    return [message, *(f"  {violation.field_path}: {violation.description}" for violation in violations)]


class LodestockError(Exception):
    """Root of all errors of a call.

    Attributes:
        correlation_id: Name of the call in the server's log; empty where the call never got there.
        retry_after_s: Seconds after which a new try makes sense. None: trying again does not help, or nobody knows.
    """

    def __init__(self, message: str, correlation_id: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.correlation_id = correlation_id
        self.retry_after_s = retry_after_s


class InvalidRequest(LodestockError):
    """The request breaks rules.

    Attributes:
        violations: Every one, by field path; of a dict that is not of the message's form the first.
    """

    def __init__(self, message: str, correlation_id: str = "", violations: tuple[Violation, ...] = ()) -> None:
        super().__init__("\n".join(told(message, violations)), correlation_id)
        self.violations = violations


class NotFound(LodestockError):
    """The server holds nothing of the kind."""


class AlreadyExists(LodestockError):
    """The identifier that was given with the request belongs to another request."""


class StillRunning(LodestockError):
    """What was asked for can be done once the job has ended."""


class JobFailed(LodestockError):
    """A job ended with an error.

    Attributes:
        reason: The server's word for why, such as INVALID_REQUEST.
        violations: What is wrong with the request, by field path; empty where it was not to blame.
    """

    def __init__(self, message: str, reason: str = "", violations: tuple[Violation, ...] = ()) -> None:
        super().__init__("\n".join(told(message, violations)))
        self.reason = reason
        self.violations = violations


class JobCancelled(LodestockError):
    """A job was cancelled, so that there is no result."""


class Unauthenticated(LodestockError):
    """The server wants a token, or another one."""


class MessageTooLarge(LodestockError):
    """Request or answer is beyond the limit on messages."""


class DeadlineExceeded(LodestockError):
    """No answer within the timeout."""


class Overloaded(LodestockError):
    """The server has no room for the call now."""


class Unavailable(LodestockError):
    """No server there, or it is going down, or lost the process that computed the answer."""


class ServerFault(LodestockError):
    """A fault of the server."""


BY_CODE: dict[grpc.StatusCode, type[LodestockError]] = {
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.FAILED_PRECONDITION: StillRunning,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Overloaded,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.ABORTED: Unavailable,
}


def from_rpc_error(error: grpc.RpcError, max_message_bytes: int) -> LodestockError:
    """Turn gRPC's error into one of ours.

    Args:
        error: What a stub raised.
        max_message_bytes: The client's own limit on messages, for the text where that is what was exceeded.
    """
    code: grpc.StatusCode = error.code()
    message: str = error.details() or code.name
    trailing: dict[str, str | bytes] = {entry.key: entry.value for entry in error.trailing_metadata() or ()}
    correlation_id = str(trailing.get(CORRELATION_KEY, ""))
    packed = trailing.get(DETAILS_KEY, b"")
    details = Status.FromString(packed if isinstance(packed, bytes) else packed.encode())
    if code is grpc.StatusCode.INVALID_ARGUMENT:
        return InvalidRequest(message, correlation_id, violations_of(details))
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and not details.details:
        # gRPC itself refuses a message that is too large, with a text that names the limit of the side that refused.
        hint = f"{message}; this client's limit is {max_message_bytes} bytes (Client(max_message_bytes=…))"
        return MessageTooLarge(hint, correlation_id)
    if reason_of(details) == ANSWER_TOO_LARGE:
        return MessageTooLarge(message, correlation_id)
    return BY_CODE.get(code, ServerFault)(message, correlation_id, retry_after_of(details))


def violations_of(details: Status) -> tuple[Violation, ...]:
    """The field violations in a status."""
    bad_request = error_details_pb2.BadRequest()
    for detail in details.details:
        if detail.Unpack(bad_request):
            return tuple(Violation(found.field, found.description) for found in bad_request.field_violations)
    return ()


def retry_after_of(details: Status) -> float | None:
    """The seconds to wait in a status."""
    retry = error_details_pb2.RetryInfo()
    for detail in details.details:
        if detail.Unpack(retry):
            return float(retry.retry_delay.ToTimedelta().total_seconds())
    return None


def reason_of(details: Status) -> str:
    """The server's word for why, in a status."""
    info = error_details_pb2.ErrorInfo()
    for detail in details.details:
        if detail.Unpack(info):
            return str(info.reason)
    return ""
