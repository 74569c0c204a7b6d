"""The Job handle: what it says, shows and raises, whatever the server answers."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Sequence
from typing import Any

import pytest
from google.longrunning import operations_pb2
from google.protobuf.empty_pb2 import Empty
from google.rpc import code_pb2, error_details_pb2
from google.rpc.status_pb2 import Status

from lodestock import (
    Client,
    DeadlineExceeded,
    Job,
    JobCancelled,
    JobFailed,
    JobStatus,
    Overloaded,
    Unavailable,
    Violation,
    operations,
)
from lodestock.progress import in_words, shown
from lodestock.testing import MockChannel, sample_plan
from lodestock.testing.channel import Answers
from lodestock.v1 import operations_pb2 as v1
from lodestock.v1 import sourcing_pb2

NAME = "operations/a-b"


def operation(state: str, error: Status | None = None, **metadata: Any) -> Any:
    """An operation in a state."""
    told = v1.OperationMetadata(method="RunOptimization", state=f"OPERATION_STATE_{state}", **metadata)  # type: ignore[arg-type]
    made = operations_pb2.Operation(name=NAME, done=state not in ("QUEUED", "RUNNING"), error=error)
    made.metadata.Pack(told)
    return made


def failure(code: int, reason: str, *violations: tuple[str, str]) -> Status:
    """Why an operation failed."""
    status = Status(code=code, message="why")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=reason))
    bad = error_details_pb2.BadRequest()
    for field, description in violations:
        bad.field_violations.add(field=field, description=description)
    status.details.add().Pack(bad)
    return status


def begun(**answers: Answers) -> tuple[Job[Any], MockChannel]:
    """A job that has just been accepted, and the channel that answers what is asked of it."""
    plan = sourcing_pb2.GetPlanResponse(answer=sample_plan().message)
    channel = MockChannel({"RunOptimization": operation("QUEUED"), "GetPlan": plan, **answers})
    return Client(channel=channel).run_optimization({"buyer": "USA"}), channel


def asked(channel: MockChannel) -> list[str]:
    """The methods that were called after the job had begun."""
    return [call.method for call in channel.calls[1:]]


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds between calls are noted and not waited for."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def test_result_waits_and_fetches() -> None:
    """As long as it takes: a call that ends before the job is followed by another."""
    waits = [operation("RUNNING"), operation("RUNNING"), operation("SUCCEEDED", result="plans/x")]
    job, channel = begun(WaitOperation=waits)
    assert job.result().message == sample_plan().message
    assert asked(channel) == ["WaitOperation"] * 3 + ["GetPlan"]
    assert channel.calls[-1].request.name == "plans/x"
    assert job.state == "SUCCEEDED"


def test_wait_says_how_it_stands_when_the_time_is_over() -> None:
    job, _ = begun(WaitOperation=operation("RUNNING"))
    status = job.wait(0)
    assert (status.state, status.done, status.error) == ("RUNNING", False, None)
    with pytest.raises(DeadlineExceeded, match="is RUNNING after 0 s; it goes on"):
        job.result(0)


def test_failure_is_raised_with_its_violations() -> None:
    error = failure(code_pb2.INVALID_ARGUMENT, "INVALID_REQUEST", ("problem.sources", "is empty"))
    job, _ = begun(WaitOperation=operation("FAILED", error))
    with pytest.raises(JobFailed, match=r"why\n  problem.sources: is empty") as caught:
        job.result()
    assert caught.value.violations == (Violation("problem.sources", "is empty"),)
    assert caught.value.reason == "INVALID_REQUEST"


def test_cancelled_job_has_no_result() -> None:
    job, _ = begun(WaitOperation=operation("CANCELLED", failure(code_pb2.CANCELLED, "CANCELLED")))
    with pytest.raises(JobCancelled):
        job.result()


def test_server_that_goes_away_is_waited_for(without_pauses: list[float]) -> None:
    """With longer and longer pauses, or as long as it says; so is one that has no room."""
    gone = Unavailable("gone")
    answers = [gone, gone, Overloaded("full", retry_after_s=3.0), operation("SUCCEEDED", result="plans/x")]
    job, _ = begun(WaitOperation=answers)
    assert job.wait().done
    assert without_pauses == [0.2, 0.4, 3.0]


def test_server_that_stays_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """After minutes of silence, or when the time is over; the job goes on."""
    job, _ = begun(WaitOperation=Unavailable("gone"), WatchOperation=Unavailable("gone"))
    with pytest.raises(Unavailable):
        job.wait(0.1)
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", sleep)
    for wait in (job.wait, lambda: list(job.watch())):
        began = now[0]
        with pytest.raises(Unavailable):
            wait()
        assert 250 < now[0] - began <= operations.MOST_SILENCE_S


def test_watch_resumes_after_the_last_event() -> None:
    """Nothing is given twice, whatever breaks."""
    progress = v1.OperationProgress(stage="SOLVING", done_parts=1, all_parts=2)
    events: Sequence[Any] = [
        v1.WatchOperationResponse(sequence=1, state=v1.OPERATION_STATE_RUNNING, attempt=1, progress=progress),
        v1.WatchOperationResponse(sequence=2, operation=operation("SUCCEEDED", result="plans/x")),
    ]
    calls: list[int] = []

    def answer(request: v1.WatchOperationRequest) -> Any:
        calls.append(request.after_sequence)
        return Unavailable("draining") if len(calls) == 2 else events[request.after_sequence]

    job, _ = begun(WatchOperation=answer)
    assert [event.sequence for event in job.watch()] == [1, 2]
    assert calls == [0, 1, 1]
    assert (job.state, job.progress.stage) == ("SUCCEEDED", "")


def test_progress_is_told_to_a_function() -> None:
    """Each status that is heard of, from the one at the start to the end."""
    progress = v1.OperationProgress(stage="SOLVING", done_parts=1, all_parts=2)
    events: Sequence[Any] = [
        v1.WatchOperationResponse(sequence=1, state=v1.OPERATION_STATE_RUNNING, attempt=1, progress=progress),
        v1.WatchOperationResponse(sequence=2, operation=operation("SUCCEEDED", result="plans/x")),
    ]
    job, _ = begun(WatchOperation=events)
    heard: list[JobStatus] = []
    assert job.wait(progress=heard.append).result_name == "plans/x"
    assert [status.state for status in heard] == ["QUEUED", "RUNNING", "SUCCEEDED"]
    assert heard[1].progress == progress
    assert heard[1].metadata.attempts == 1


def test_long_silence_of_a_job_is_not_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that stood for an hour without an event, and then broke, had a server until then."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    streams = iter([Unavailable("gone"), operation("SUCCEEDED", result="plans/x")])

    def watch(_: Any) -> Any:
        now[0] += 3_000
        came = next(streams)
        return came if isinstance(came, Exception) else v1.WatchOperationResponse(sequence=1, operation=came)

    job, _ = begun(WatchOperation=watch)
    assert [event.sequence for event in job.watch()] == [1]
    assert job.state == "SUCCEEDED"


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_interrupted_block_cancels_its_job(interrupt: type[BaseException]) -> None:
    job, channel = begun(CancelOperation=Empty())
    with pytest.raises(interrupt), job:
        raise interrupt
    assert asked(channel) == ["CancelOperation"]


def test_block_that_fails_cancels_its_job() -> None:
    job, channel = begun(CancelOperation=Empty())
    with pytest.raises(RuntimeError), job:
        raise RuntimeError
    assert asked(channel) == ["CancelOperation"]
    assert channel.calls[-1].request.name == NAME


def test_block_that_ends_well_leaves_its_job_alone() -> None:
    job, channel = begun()
    with job:
        pass
    assert asked(channel) == []


def test_job_that_cannot_be_cancelled_is_noted_with_what_failed_first() -> None:
    job, _ = begun(CancelOperation=Unavailable("gone"))
    with pytest.raises(RuntimeError) as caught, job:
        raise RuntimeError
    assert caught.value.__notes__ == ["operations/a-b could not be cancelled: gone"]


def test_lines_tell_each_stage_once() -> None:
    """Where no terminal is, a line for each stage, not for each event."""
    stream = io.StringIO()
    with shown("plan", stream) as show:
        show("QUEUED", v1.OperationProgress())
        for done in range(5):
            show("RUNNING", v1.OperationProgress(stage="FORECASTING", done_parts=done, all_parts=5))
        show("SUCCEEDED", v1.OperationProgress())
    assert stream.getvalue() == "plan: QUEUED\nplan: FORECASTING, 0 of 5\nplan: SUCCEEDED\n"


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def test_terminals_get_a_bar() -> None:
    stream = Terminal()
    with shown("plan", stream) as show:
        show("RUNNING", v1.OperationProgress(stage="SOLVING", done_parts=1, all_parts=2))
        show("SUCCEEDED", v1.OperationProgress())
    assert "plan: SUCCEEDED" in stream.getvalue()
    assert "━" in stream.getvalue()


def test_terminals_get_a_bar_without_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    stream = Terminal()
    with shown("plan", stream) as show:
        show("RUNNING", v1.OperationProgress(stage="SOLVING", done_parts=1, all_parts=2))
        show("SUCCEEDED", v1.OperationProgress())
    half, whole = stream.getvalue().split("\r")[1:]
    assert half.startswith(f"plan [{'#' * 15}{'.' * 15}] SOLVING, 1 of 2")
    assert whole.startswith(f"plan [{'#' * 30}] SUCCEEDED")
    assert stream.getvalue().endswith("\n")


def test_progress_of_a_solve_tells_plan_and_gap() -> None:
    progress = v1.OperationProgress(stage="SOLVING", objective_usd=1_234_567, relative_gap=0.015)
    assert in_words("RUNNING", progress) == "SOLVING, best plan 1,234,567 USD, gap 1.50%"


def test_list_stops_at_the_most_that_was_asked_for() -> None:
    """Page by page, each no larger than needed."""
    pages = [
        operations_pb2.ListOperationsResponse(operations=[operation("QUEUED")] * 100, next_page_token="more"),
        operations_pb2.ListOperationsResponse(operations=[operation("FAILED")] * 20, next_page_token="and more"),
    ]
    channel = MockChannel({"ListOperations": pages})
    jobs = Client(channel=channel).jobs(["QUEUED", "FAILED"], most=120)
    assert len(jobs) == 120
    assert [call.request.page_size for call in channel.calls] == [100, 20]
    assert [call.request.page_token for call in channel.calls] == ["", "more"]
    assert channel.calls[0].request.filter == "state = QUEUED OR state = FAILED"
    assert {row["state"] for row in jobs.rows()} == {"QUEUED", "FAILED"}
