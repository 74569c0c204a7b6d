"""From an error to the status that travels: `google.rpc.Status` with ErrorInfo, BadRequest and RetryInfo.

gRPC carries the status in the trailing metadata, and a caller refuses metadata beyond a limit that the server cannot
see (8 KiB unless the caller says otherwise). Lodestock's client announces a larger one; for others the list of
violations is cut to fit, its last entry saying how many are missing.
"""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2
from google.rpc.status_pb2 import Status

from lodestock_server.errors import FieldViolation, InvalidRequest, ServiceError

DOMAIN = "lodestock"
DETAILS_KEY = "grpc-status-details-bin"
ERROR_BYTES_KEY = "lodestock-error-bytes"
"""Metadata by which a caller announces how many bytes of error details it takes."""
LEAST_ERROR_BYTES = 4 * 1024
MOST_ERROR_BYTES = 1024 * 1024
MOST_MESSAGE_BYTES = 400
"""In UTF-8. gRPC writes a byte beyond ASCII as three, and sends the message a second time in the details."""
MOST_DESCRIPTION_BYTES = 1000
"""In UTF-8; so that no violation is too long for the least that a caller takes."""
SHARE_OF_START = 0.4
"""Of a text that is too long: the start names the value, the end what would be right, and that is the longer part."""


def error_status(error: ServiceError, correlation_id: str, most_bytes: int = LEAST_ERROR_BYTES) -> Status:
    """Write `error` as a status of at most about `most_bytes`."""
    status = new_status(error.code.value[0], error.message, error.reason, correlation_id)
    if error.retry_after_s is not None:
        delay = Duration()
        delay.FromNanoseconds(int(error.retry_after_s * 1e9))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    if isinstance(error, InvalidRequest):
        status.details.add().Pack(bad_request(error.violations, most_bytes))
    return status


def internal_status(correlation_id: str) -> Status:
    """The status of a fault of the server: nothing but the correlation id."""
    message = f"internal error; the server's log has it under correlation id {correlation_id}"
    return new_status(code_pb2.INTERNAL, message, "INTERNAL", correlation_id)


def new_status(code: int, message: str, reason: str, correlation_id: str) -> Status:
    """A status with its ErrorInfo."""
    status = Status(code=code, message=shortened(message, MOST_MESSAGE_BYTES))
    info = error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata={"correlation_id": correlation_id})
    status.details.add().Pack(info)
    return status


def bad_request(violations: Sequence[FieldViolation], most_bytes: int) -> error_details_pb2.BadRequest:
    """As many violations as fit, and how many do not."""
    listed = error_details_pb2.BadRequest()
    size = 0
    for violation in violations:
        entry = error_details_pb2.BadRequest.FieldViolation(
            field=violation.field_path, description=shortened(violation.description, MOST_DESCRIPTION_BYTES)
        )
        size += entry.ByteSize() + 4
        if size > most_bytes:
            break
        listed.field_violations.append(entry)
    missing = len(violations) - len(listed.field_violations)
    if missing:
        listed.field_violations.add(description=f"and {missing} more violations, which do not fit into an error")
    return listed


def shortened(text: str, most_bytes: int) -> str:
    """The text, with an ellipsis in place of its middle where it has more than `most_bytes` in UTF-8."""
    wire = text.encode()
    if len(wire) <= most_bytes:
        return text
    left = most_bytes - len("…".encode())
    start = int(SHARE_OF_START * left)
    # A character that is cut in two is left out.
    return f"{wire[:start].decode(errors='ignore')}…{wire[len(wire) - (left - start) :].decode(errors='ignore')}"
