"""One compute process, seen from the process that uses it. Blocks: each process in use has a thread of its own.

Spawned and never forked, since gRPC and the solver have threads. A call that nobody waits for any more is asked to
stop; a task that does not hear is killed with its process, and the process is started again where it is needed.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import queue
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

from lodestock_server import log
from lodestock_server.compute.running import (
    ANSWER,
    FAULT,
    PROGRESS,
    READY,
    REFUSAL,
    TAKEN,
    Call,
    Prepare,
    Task,
    TaskFault,
    serve_tasks,
)
from lodestock_server.errors import ServiceError
from lodestock_server.jobs.job import Progress
from lodestock_server.metrics import PROCESS_RESTARTS

POLL_S = 0.1
"""How often a call that runs asks whether it is still wanted."""
GRACE_S = 0.3
"""Seconds that a task has to stop by itself."""
CLOSE_S = 0.5
START_S = 120.0
"""A process that has not started by then never will; importing what tasks need takes seconds."""
SILENT_S = 3.0
"""A process that has not taken its call by then does not count as one that works."""
TAKE_S = 10.0
"""A process that has not taken its call by then is frozen; the largest one takes less than a second."""
OVERDUE_SHARE = 0.1
OVERDUE_S = 60.0
"""Beyond its limit, and a share of it, a task is taken to hang."""

Hear = Callable[[Progress], None]
Wanted = Callable[[], bool]
Messages = queue.SimpleQueue[tuple[str, Any] | Exception]
"""What a process says about a call, and at last perhaps what kept it from saying more."""


class ProcessDied(Exception):
    """The process died, by its own fault or by the machine's; for want of memory, for instance."""


class ProcessFrozen(Exception):
    """The process did not take a call."""


class TaskStopped(Exception):
    """The task was stopped, as asked."""


class TaskOverdue(Exception):
    """The task did not end by its limit, nor long after, and was killed with its process."""


class ComputeProcess:
    """A process that does one task at a time; started when it is first needed, or with `start`."""

    def __init__(self, preload: Sequence[str] = (), prepare: Prepare | None = None) -> None:
        """Describe the process.

        Args:
            preload: modules that it imports when it starts.
            prepare: what it calls then, such as a function that opens the database. It is pickled.
        """
        self._preload = preload
        self._prepare = prepare
        self._spawn = multiprocessing.get_context("spawn")
        self._stop = self._spawn.RawValue(ctypes.c_longlong, 0)
        self._calls = 0
        self._ready = False
        self._busy = False
        self._given_s: float | None = None
        self._talk: threading.Thread | None = None
        self._process: multiprocessing.process.BaseProcess | None = None
        self._closing = threading.Lock()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.is_alive()

    @property
    def pid(self) -> int | None:
        """Its number, once it was started."""
        return None if self._process is None else self._process.pid

    @property
    def silent(self) -> bool:
        """Whether it has not taken the call that it was given a while ago."""
        given_s = self._given_s
        return given_s is not None and time.monotonic() - given_s > SILENT_S

    def start(self, wanted: Wanted = lambda: True) -> None:
        """Start the process, unless it runs, and wait until it can work.

        Args:
            wanted: asked ten times a second; once it says no, the process is killed on its way.

        Raises:
            ProcessDied: It died on the way, or got stuck.
            TaskStopped: Nobody waits any more.
        """
        if not self.alive:
            self._spawn_process()
        began_s, pid = time.monotonic(), self.pid
        try:
            while not self._ready:
                if self._pipe.poll(POLL_S):
                    self._ready = self._pipe.recv() == READY
                elif not wanted():
                    self.kill()
                    _replaced("cancelled", pid)
                    raise TaskStopped("the task was stopped before it began")
                elif time.monotonic() - began_s > START_S:
                    raise TimeoutError("the process does not start")
        except (EOFError, OSError) as error:
            self.kill()
            _replaced("start", pid)
            raise ProcessDied("the process died while it started") from error

    def run(self, task: Task, request: bytes, limit_s: float, wanted: Wanted, hear: Hear | None = None) -> bytes:
        """Do a task.

        Args:
            task: what to do.
            request: on what.
            limit_s: seconds to compute.
            wanted: asked ten times a second; once it says no, the task is stopped.
            hear: called with what the task reports.

        Raises:
            ProcessDied: The process died, or did not take the call and was killed.
            TaskStopped: The task was not wanted any more.
            TaskOverdue: The task hung.
            ServiceError: As the task raised it.
            TaskFault: The task met a fault of ours.
        """
        self.start(wanted)
        self._calls += 1
        self._busy = True
        try:
            heard = self._tell(Call(self._calls, task, request, limit_s, log.context()))
            return self._outcome(heard, limit_s * (1 + OVERDUE_SHARE) + OVERDUE_S, wanted, hear)
        except ProcessFrozen as error:
            _replaced("frozen", self.pid)
            raise ProcessDied(str(error)) from error
        except (EOFError, OSError) as error:
            _replaced("died", self.pid)
            raise ProcessDied("the process that computed the answer died") from error
        except TaskOverdue:
            _replaced("overdue", self.pid)
            raise
        finally:
            self._given_s = None
            # Whatever came between, a process that may still be at this call must not be given another one.
            if self._busy:
                self.kill()

    def close(self) -> None:
        """End the process: in good order where it is idle, else at once."""
        if self.alive and self._ready and not self._busy:
            with contextlib.suppress(OSError):
                self._pipe.send(None)
                self._pipe.poll(CLOSE_S)
        self.kill()

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        with self._closing:
            if self._process is not None:
                self._process.kill()
                self._process.join()
                # Its end of the pipe is closed now, so whoever writes or reads at this one is done.
                if self._talk is not None:
                    self._talk.join()
                self._pipe.close()
                self._process = None

    def _spawn_process(self) -> None:
        self._pipe, far_end = self._spawn.Pipe()
        arguments = (far_end, self._stop, tuple(self._preload), self._prepare)
        self._ready = False
        self._process = self._spawn.Process(target=serve_tasks, args=arguments, name="compute")
        self._process.start()
        # Held by the process alone, so that its death closes the pipe.
        far_end.close()

    def _tell(self, call: Call) -> Messages:
        """Give the process a call, and return where its messages about it arrive."""
        heard: Messages = queue.SimpleQueue()
        self._given_s = time.monotonic()
        self._talk = threading.Thread(target=_talk, args=(self._pipe, call, heard), name="compute-pipe", daemon=True)
        self._talk.start()
        return heard

    def _outcome(self, heard: Messages, overdue_s: float, wanted: Wanted, hear: Hear | None) -> bytes:
        """What the process says at the end of a call."""
        began_s, asked_s = time.monotonic(), None
        while True:
            with contextlib.suppress(queue.Empty):
                message = heard.get(timeout=POLL_S)
                if isinstance(message, Exception):
                    raise message
                kind, value = message
                if kind == TAKEN:
                    self._given_s = None
                elif kind != PROGRESS:
                    self._busy = False
                    return _answer(kind, value, stopped=asked_s is not None)
                elif hear is not None and asked_s is None:
                    hear(value)
            now_s = time.monotonic()
            if asked_s is None and not wanted():
                asked_s = now_s
                self._stop.value = self._calls
            if asked_s is not None and now_s - asked_s > GRACE_S:
                _replaced("cancelled", self.pid)
                raise TaskStopped("the task was killed")
            if self._given_s is not None and now_s - self._given_s > TAKE_S:
                raise ProcessFrozen(f"the process did not take the call within {TAKE_S:.0f} s")
            if now_s - began_s > overdue_s:
                raise TaskOverdue(f"the task did not end within {overdue_s:.0f} s")


def _replaced(reason: str, pid: int | None) -> None:
    """Count a process that died or is killed, and write why; its next call starts another one."""
    PROCESS_RESTARTS.labels(reason=reason).inc()
    log.get_log().warning("compute process replaced", reason=reason, pid=pid)


def _talk(pipe: Connection, call: Call, heard: Messages) -> None:
    """Send a call and pass on the messages about it, to the last one or the exception that ends them.

    In a thread of its own, since a process that is frozen leaves what is written or read half done for ever.
    """
    try:
        pipe.send(call)
        kind = TAKEN
        while kind in (TAKEN, PROGRESS):
            kind, value = pipe.recv()
            heard.put((kind, value))
    # Whatever it is, whoever waits for the outcome is to raise it.
    except Exception as error:
        heard.put(error)


def _answer(kind: str, value: object, stopped: bool) -> bytes:
    if stopped:
        raise TaskStopped("the task stopped")
    if kind == ANSWER and isinstance(value, bytes):
        return value
    if kind == REFUSAL and isinstance(value, ServiceError):
        raise value
    raise TaskFault(str(value) if kind == FAULT else f"unexpected {kind}")
