"""Errors as they travel."""

from __future__ import annotations

import pickle

import grpc
import pytest
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status

from lodestock_server import errors
from lodestock_server.deadlines import Deadline
from lodestock_server.status import error_status, internal_status, shortened

VIOLATIONS = [errors.FieldViolation(f"sources[{i}].risk", "is 7, must be 1 or less") for i in range(1000)]
SAMPLES: list[errors.ServiceError] = [
    errors.InvalidRequest(VIOLATIONS[:3]),
    errors.MalformedRequest("no message"),
    errors.NotFound("nothing"),
    errors.AlreadyExists("other request"),
    errors.StillRunning("not yet"),
    errors.NotOffered("not here"),
    errors.Unauthenticated("who"),
    errors.OutOfTime("late"),
    errors.Overloaded("full", 2.5),
    errors.AnswerTooLarge("too much"),
    errors.WorkerLost("gone", 2.5),
    errors.DatabaseUnavailable("away", 2.5),
    errors.Draining("down", 2.5),
]


def detail(status: Status, kind: type) -> object:
    """A detail of a status."""
    found = kind()
    assert any(entry.Unpack(found) for entry in status.details)
    return found


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_every_error_has_code_reason_and_correlation_id(error: errors.ServiceError) -> None:
    """Each class's code and reason reach the caller."""
    status = error_status(error, "abc")
    info = detail(status, error_details_pb2.ErrorInfo)
    assert isinstance(info, error_details_pb2.ErrorInfo)
    assert status.code == error.code.value[0]
    assert (info.reason, info.metadata["correlation_id"]) == (error.reason, "abc")


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_errors_cross_the_process_boundary(error: errors.ServiceError) -> None:
    """Pickled and back, an error says the same."""
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert (back.message, back.retry_after_s) == (error.message, error.retry_after_s)


def test_errors_are_all_sampled() -> None:
    """A new error class must be added above."""
    leaves = {
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ServiceError)
    }
    assert leaves - {errors.ServiceError, errors.RetryableError} == {type(error) for error in SAMPLES}


def test_retry_delay_travels() -> None:
    """Seconds and fractions of them."""
    retry = detail(error_status(errors.Overloaded("full", 2.5), ""), error_details_pb2.RetryInfo)
    assert isinstance(retry, error_details_pb2.RetryInfo)
    assert retry.retry_delay.ToTimedelta().total_seconds() == 2.5


def test_violations_that_do_not_fit_are_counted() -> None:
    """A small limit cuts the list and says how many are missing; a large one lets all through."""
    small = detail(error_status(errors.InvalidRequest(VIOLATIONS), "", 2000), error_details_pb2.BadRequest)
    assert isinstance(small, error_details_pb2.BadRequest)
    shown = len(small.field_violations) - 1
    assert 10 < shown < 1000
    assert small.field_violations[-1].description.startswith(f"and {1000 - shown} more violations")
    whole = detail(error_status(errors.InvalidRequest(VIOLATIONS), "", 1_000_000), error_details_pb2.BadRequest)
    assert isinstance(whole, error_details_pb2.BadRequest)
    assert len(whole.field_violations) == 1000


def test_faults_of_the_server_say_nothing_but_the_correlation_id() -> None:
    """No text, no type, no path."""
    status = internal_status("abc")
    assert status.code == grpc.StatusCode.INTERNAL.value[0]
    assert status.message == "internal error; the server's log has it under correlation id abc"


class CallWithTime:
    """A call with so many seconds left."""

    def __init__(self, left: float | None) -> None:
        self._left = left

    def time_remaining(self) -> float | None:
        """Seconds left."""
        return self._left


def test_computing_stops_a_twentieth_before_the_deadline() -> None:
    """95 % of what is left, at most the server's own limit; nothing left is an error."""
    assert Deadline.of_call(CallWithTime(10.0)).limit_s(60) == pytest.approx(9.5, abs=0.05)
    assert Deadline.of_call(CallWithTime(1000.0)).limit_s(60) == 60
    assert Deadline.of_call(CallWithTime(None)).limit_s(60) == 60
    with pytest.raises(errors.OutOfTime):
        Deadline.of_call(CallWithTime(0.0)).limit_s(60)


def test_short_calls_keep_back_enough_to_answer() -> None:
    """At least 0.3 s are kept back, but never more than half."""
    assert Deadline.of_call(CallWithTime(2.0)).limit_s(60) == pytest.approx(1.7, abs=0.05)
    assert Deadline.of_call(CallWithTime(0.4)).limit_s(60) == pytest.approx(0.2, abs=0.05)


def test_calls_are_given_up_after_computing_has_stopped_and_before_the_caller_leaves() -> None:
    """So the best answer so far has time to be returned, and where there is none the caller is told."""
    for seconds in (0.4, 2.0, 60.0):
        deadline = Deadline.of_call(CallWithTime(seconds))
        given_up_s = deadline.give_up_s()
        assert given_up_s is not None
        assert deadline.limit_s(60) < given_up_s < seconds
    assert Deadline.of_call(CallWithTime(None)).give_up_s() is None


def test_long_descriptions_keep_their_start_and_their_end() -> None:
    """The least that a caller takes holds a violation with its field, however long a text the caller sent."""
    violation = errors.FieldViolation("buyer", f"'{'🜁' * 9000}' is no country code, must be ISO 3166-1 alpha-3")
    status = error_status(errors.InvalidRequest([violation] * 50), "abc")
    listed = detail(status, error_details_pb2.BadRequest)
    assert isinstance(listed, error_details_pb2.BadRequest)
    first = listed.field_violations[0]
    assert first.field == "buyer"
    assert first.description.startswith("'🜁🜁")
    assert first.description.endswith("🜁' is no country code, must be ISO 3166-1 alpha-3")
    # A byte beyond ASCII travels as three in the message, and details travel in base64; 8 KiB is gRPC's own limit.
    assert 3 * len(status.message.encode()) + 4 / 3 * status.ByteSize() < 8 * 1024 - 400


@pytest.mark.parametrize("text", ["", "short", "x" * 400, "🜁" * 100])
def test_texts_that_fit_stay_as_they_are(text: str) -> None:
    """Up to the limit in bytes."""
    assert shortened(text, 400) == text


@pytest.mark.parametrize("text", ["x" * 401, "🜁" * 101, "x" + "🜁" * 1000, "é" * 9999])
def test_texts_that_do_not_fit_are_cut_between_characters(text: str) -> None:
    """Never beyond the limit, never with half a character."""
    cut = shortened(text, 400)
    assert 390 < len(cut.encode()) <= 400
    start, end = cut.split("…")
    assert text.startswith(start)
    assert text.endswith(end)
