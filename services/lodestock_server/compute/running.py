"""The inside of a compute process: takes tasks from a pipe, one after another, and answers there.

Whatever happens in a task is told in a message, so that only the death of a process looks like one. Messages to the
process are calls, or None to end. Messages from it are READY, and then pairs of a kind below and a value, of which the
first for each call is TAKEN.
"""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import select
import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from lodestock_server import log
from lodestock_server.compute.watch import Watch
from lodestock_server.errors import DatabaseUnavailable, ServiceError
from lodestock_server.jobs.job import Progress
from lodestock_server.store.faults import RETRY_AFTER_S, is_transient, tell

Task = Callable[[bytes, float, Watch], bytes]
Prepare = Callable[[], object]

READY = "ready"
TAKEN = "taken"
"""The call has been read: a process that does not say so soon is frozen."""
PROGRESS = "progress"
ANSWER = "answer"
REFUSAL = "refusal"
"""What the caller is to hear: a ServiceError."""
FAULT = "fault"
"""A fault of ours, in words."""
STOPPED = "stopped"

LEAST_BETWEEN_REPORTS_S = 0.25

COLLECTED = 100_000, 10, 10
"""New objects after which the collector looks at them, and how often it looks at older ones: a large answer is some
hundred thousand of them, none in a cycle."""


@dataclass(frozen=True, slots=True)
class Call:
    """One task to do.

    Attributes:
        number: counts the calls of a process.
        task: what to do.
        request: on what.
        limit_s: seconds to compute.
        context: what log lines carry.
    """

    number: int
    task: Task
    request: bytes
    limit_s: float
    context: Mapping[str, str]


class TaskFault(Exception):
    """A fault inside a task, in the words of its stack trace, which is for the log."""


class PipeWatch:
    """Watches a task from the other end of the pipe."""

    def __init__(self, pipe: Connection, stop: Any, number: int) -> None:
        """Take what the methods need.

        Args:
            pipe: where to report; dropped where nobody reads fast enough, so that the task never waits for that.
            stop: shared number of the last call that is to stop.
            number: of this call.
        """
        self._pipe = pipe
        self._stop = stop
        self._number = number
        self._lock = threading.Lock()
        self._stage = ""
        self._reported_s = 0.0

    def report(self, progress: Progress) -> None:
        """Say how far the task is, a few times a second at most, but each stage at once."""
        with self._lock:
            now_s = time.monotonic()
            if progress.stage == self._stage and now_s - self._reported_s < LEAST_BETWEEN_REPORTS_S:
                return
            self._stage, self._reported_s = progress.stage, now_s
            if _has_room(self._pipe):
                self._pipe.send((PROGRESS, progress))

    def cancelled(self) -> bool:
        """Whether this call is to stop."""
        return bool(self._stop.value >= self._number)


def serve_tasks(pipe: Connection, stop: Any, preload: Sequence[str], prepare: Prepare | None) -> None:
    """Be a compute process: import and open what tasks need, then do tasks until the pipe says to end.

    Args:
        pipe: to the process that wants the answers; this one ends with it. Ctrl-C is left to it, too.
        stop: shared number of the last call that is to stop.
        preload: modules that tasks need.
        prepare: opens what tasks need.
    """
    threading.Thread(target=end_with_parent, name="end-with-parent", daemon=True).start()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    for module in preload:
        importlib.import_module(module)
    if prepare is not None:
        prepare()
    settle()
    pipe.send(READY)
    while (call := _next_call(pipe)) is not None:
        pipe.send((TAKEN, None))
        watch = PipeWatch(pipe, stop, call.number)
        outcome = outcome_of(call, watch)
        pipe.send((STOPPED, None) if watch.cancelled() else outcome)
        del outcome
        gc.collect()


def settle() -> None:
    """Keep the collector from what is there now and stays, and let it look seldom at what a call makes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)


def outcome_of(call: Call, watch: Watch) -> tuple[str, object]:
    """Do a task and say what it came to."""
    try:
        with log.bound(call.context):
            return ANSWER, run_task(call.task, call.request, call.limit_s, watch)
    except ServiceError as error:
        return REFUSAL, error
    except TaskFault as fault:
        return FAULT, str(fault)


def run_task(task: Task, request: bytes, limit_s: float, watch: Watch) -> bytes:
    """Run a task in this process, and see to it that whatever it raises can be pickled.

    An exception whose constructor takes other arguments than it keeps cannot be read on the far side.

    Raises:
        ServiceError: As the task raised it, or in place of a fault of the database that passes.
        TaskFault: In place of any other exception.
    """
    try:
        return task(request, limit_s, watch)
    except ServiceError:
        raise
    except Exception as error:
        if is_transient(error):
            tell(error)
            raise DatabaseUnavailable("the database is not available at present", RETRY_AFTER_S) from None
        raise TaskFault(traceback.format_exc()) from None


def end_with_parent() -> None:
    """Wait for the process that started this one to end, even by SIGKILL, and end too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _next_call(pipe: Connection) -> Call | None:
    try:
        call: Call | None = pipe.recv()
    except EOFError:
        return None
    return call


def _has_room(pipe: Connection) -> bool:
    poll = select.poll()
    poll.register(pipe.fileno(), select.POLLOUT)
    return bool(poll.poll(0))
