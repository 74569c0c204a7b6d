"""Compute processes: what a task raises or says reaches the caller, and a task that nobody wants any more stops."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import struct
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from lodestock_forecasters import DemandSeries, Frequency, InvalidInput
from lodestock_server.compute import (
    UNWATCHED,
    ComputePool,
    ComputeProcess,
    ProcessDied,
    TaskFault,
    TaskStopped,
    Watch,
    run_task,
)
from lodestock_server.compute import process as compute_process
from lodestock_server.deadlines import Deadline
from lodestock_server.errors import NotFound, OutOfTime, Overloaded, WorkerLost
from lodestock_server.jobs.job import Progress

LONG_S = 600.0


def raise_what_cannot_be_unpickled(request: bytes, limit_s: float, watch: Watch) -> bytes:
    """A core's error, which takes violations and keeps a text."""
    DemandSeries("", Frequency.YEARLY, [], [], "")
    return b""


def find_nothing(request: bytes, limit_s: float, watch: Watch) -> bytes:
    """An error that a caller may see."""
    raise NotFound("nothing")


def repeat_request(request: bytes, limit_s: float, watch: Watch) -> bytes:
    """The request."""
    return request


def tell_process(request: bytes, limit_s: float, watch: Watch) -> bytes:
    """The number of the process."""
    return str(os.getpid()).encode()


def report_thrice(request: bytes, limit_s: float, watch: Watch) -> bytes:
    """Three stages, the last of which many times."""
    for stage in ("A", "B", *["C"] * 1000):
        watch.report(Progress(stage))
    return b""


def die(request: bytes, limit_s: float, watch: Watch) -> bytes:
    """No answer."""
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def wait_until_stopped(request: bytes, limit_s: float, watch: Watch) -> bytes:
    """Leave a file that the request names, then listen."""
    Path(request.decode()).touch()
    while not watch.cancelled():
        time.sleep(0.01)
    return b""


def never_listen(request: bytes, limit_s: float, watch: Watch) -> bytes:
    """Leave a file that the request names, then sleep."""
    Path(request.decode()).touch()
    time.sleep(LONG_S)
    return b""


def test_errors_that_cannot_cross_the_process_boundary_cross_it_in_words() -> None:
    """Unread on the far side, they would pass for the death of the process."""
    with pytest.raises(InvalidInput) as original:
        raise_what_cannot_be_unpickled(b"", 1.0, UNWATCHED)
    with pytest.raises(AttributeError):
        pickle.loads(pickle.dumps(original.value))
    with pytest.raises(TaskFault) as caught:
        run_task(raise_what_cannot_be_unpickled, b"", 1.0, UNWATCHED)
    back = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(back, TaskFault)
    assert "raise_what_cannot_be_unpickled" in str(back)
    assert "InvalidInput" in str(back)


def test_errors_for_the_caller_cross_it_as_they_are() -> None:
    """So does an answer."""
    with pytest.raises(NotFound, match="nothing"):
        run_task(find_nothing, b"", 1.0, UNWATCHED)
    assert run_task(repeat_request, b"same", 1.0, UNWATCHED) == b"same"


@pytest.fixture(scope="module")
def process() -> Iterator[ComputeProcess]:
    """A process for all tests that use one; it is started again where a test ends it."""
    one = ComputeProcess()
    yield one
    one.close()
    assert not one.alive


def wanted() -> bool:
    """The answer is."""
    return True


def run(process: ComputeProcess, task: object, request: bytes = b"") -> bytes:
    """Do a task that is wanted to its end."""
    return process.run(task, request, LONG_S, wanted)  # type: ignore[arg-type]


def test_a_process_does_one_task_after_another(process: ComputeProcess) -> None:
    """Errors do not end it, neither those for the caller nor faults; large answers come through."""
    first = run(process, tell_process)
    with pytest.raises(NotFound, match="nothing"):
        run(process, find_nothing)
    with pytest.raises(TaskFault, match="InvalidInput"):
        run(process, raise_what_cannot_be_unpickled)
    large = os.urandom(5_000_000)
    assert run(process, repeat_request, large) == large
    assert run(process, tell_process) == first == str(process.pid).encode()


def test_each_stage_is_heard_and_not_each_report(process: ComputeProcess) -> None:
    """A task may report as often as it likes."""
    heard: list[str] = []
    process.run(report_thrice, b"", LONG_S, wanted, lambda progress: heard.append(progress.stage))
    assert heard[:3] == ["A", "B", "C"]
    assert len(heard) < 100


def test_a_task_that_listens_is_stopped_and_its_process_kept(process: ComputeProcess, tmp_path: Path) -> None:
    """The next task runs in the same one, and is not stopped."""
    before, begun = run(process, tell_process), tmp_path / "begun"
    with pytest.raises(TaskStopped):
        process.run(wait_until_stopped, str(begun).encode(), LONG_S, lambda: not begun.exists())
    assert run(process, tell_process) == before


def test_a_task_that_does_not_listen_is_killed(process: ComputeProcess, tmp_path: Path) -> None:
    """The next task runs in another process."""
    before, begun = run(process, tell_process), tmp_path / "begun"
    with capture_logs() as lines, pytest.raises(TaskStopped):
        process.run(never_listen, str(begun).encode(), LONG_S, lambda: not begun.exists())
    replaced = {"event": "compute process replaced", "log_level": "warning", "reason": "cancelled", "pid": int(before)}
    assert lines == [replaced]
    assert run(process, tell_process) != before


def test_a_process_that_starts_for_nobody_is_killed() -> None:
    """Loading its libraries may take seconds, and is work, too."""
    one = ComputeProcess()
    with pytest.raises(TaskStopped):
        one.run(repeat_request, b"", LONG_S, lambda: one.pid is None)
    assert not one.alive


def test_the_death_of_a_process_is_told(process: ComputeProcess) -> None:
    """So is what goes wrong in the ears of the caller, and the task is not left behind."""
    with pytest.raises(ProcessDied):
        run(process, die)
    before = run(process, tell_process)
    with pytest.raises(ZeroDivisionError):
        process.run(report_thrice, b"", LONG_S, wanted, lambda _progress: print(1 / 0))
    assert run(process, tell_process) != before


LARGE = bytes(8_000_000)
"""More than a pipe holds."""


def freeze_in_the_middle(request: bytes, limit_s: float, watch: Watch) -> bytes:
    """Write the length of an answer and nothing of the answer itself."""
    pipe: Connection = watch._pipe  # type: ignore[attr-defined]
    os.write(pipe.fileno(), struct.pack("!i", 1000))
    Path(request.decode()).touch()
    os.kill(os.getpid(), signal.SIGSTOP)
    return b""


@pytest.mark.parametrize("request_bytes", [b"small", LARGE], ids=["small", "large"])
def test_a_frozen_process_is_killed_and_the_next_call_has_another(
    process: ComputeProcess, monkeypatch: pytest.MonkeyPatch, request_bytes: bytes
) -> None:
    """A call that it does not take tells it, however much of it the pipe holds; meanwhile it does not count."""
    before = int(run(process, tell_process))
    assert not process.silent
    os.kill(before, signal.SIGSTOP)
    silences: list[bool] = []

    def patient() -> bool:
        silences.append(process.silent)
        return True

    # Short for the frozen process alone: on a busy machine one that is well may take longer.
    with monkeypatch.context() as short:
        short.setattr(compute_process, "TAKE_S", 0.4)
        short.setattr(compute_process, "SILENT_S", 0.0)
        with pytest.raises(ProcessDied, match="did not take the call"):
            process.run(repeat_request, request_bytes, LONG_S, patient)
    assert silences
    assert all(silences)
    assert int(run(process, tell_process)) != before
    assert not process.silent


def test_a_call_that_a_frozen_process_has_not_taken_can_be_stopped(process: ComputeProcess) -> None:
    os.kill(int(run(process, tell_process)), signal.SIGSTOP)
    with pytest.raises(TaskStopped):
        process.run(repeat_request, LARGE, LONG_S, lambda: False)


def test_a_process_that_freezes_in_the_middle_of_its_answer_can_be_stopped(
    process: ComputeProcess, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    with pytest.raises(TaskStopped):
        process.run(freeze_in_the_middle, str(begun).encode(), LONG_S, lambda: not begun.exists())


def test_a_pool_goes_on_after_callers_that_left_and_processes_that_died(tmp_path: Path) -> None:
    """One process, five calls, of which one may wait."""

    async def calls() -> None:
        async with ComputePool(1, 1, LONG_S) as pool:
            patient = Deadline(None)
            assert await pool.run(repeat_request, b"same", patient) == b"same"
            with pytest.raises(OutOfTime):
                await pool.run(repeat_request, b"", Deadline(0.0))
            with pytest.raises(WorkerLost):
                await pool.run(die, b"", patient)
            begun = tmp_path / "begun"
            leaves = asyncio.create_task(pool.run(wait_until_stopped, str(begun).encode(), patient))
            while not begun.exists():
                await asyncio.sleep(0.01)
            waits = asyncio.create_task(pool.run(tell_process, b"", patient))
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):
                await pool.run(tell_process, b"", patient)
            leaves.cancel()
            assert await waits == await pool.run(tell_process, b"", patient)
            assert pool.can_work

    asyncio.run(calls())
