"""Processes beside the server that forecast and optimise, so that the event loop never does.

Each process is an executor of one, spawned and never forked (gRPC has threads). So a process that dies fails its own
call alone and is replaced, and the process of a call that nobody waits for any more is killed and replaced. Processes
end with the server, however it ends.

Terms: a *task* is a function of a module that workers can import, from a request's bytes and a limit in seconds to an
answer's bytes; bytes cross the process boundary cheaply, and converting happens on the far side.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Self

from lodestock_server.deadlines import Deadline
from lodestock_server.errors import Draining, OutOfTime, Overloaded, ServiceError, WorkerLost
from lodestock_server.log import get_log

Task = Callable[[bytes, float], bytes]
Prepare = Callable[[], object]

RETRY_AFTER_S = 2.0
START_AGAIN_AFTER_S = 1.0


def become_worker(preload: Sequence[str], prepare: Prepare | None) -> int:
    """Make a process ready: end with the server, leave Ctrl-C to it, import and open what tasks need; return its id."""
    threading.Thread(target=end_with_parent, name="end-with-parent", daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for module in preload:
        importlib.import_module(module)
    if prepare is not None:
        prepare()
    return os.getpid()


def end_with_parent() -> None:
    """Wait for the server to end, even by SIGKILL, and end too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


class TaskFault(Exception):
    """A fault inside a task, in the words of its stack trace, which the server logs."""


def run_task(task: Task, request: bytes, limit_s: float) -> bytes:
    """Run a task in this process, and see to it that whatever it raises can be pickled.

    An exception whose constructor takes other arguments than it keeps cannot be read on the far side, and the executor
    takes that for the death of its process.

    Raises:
        ServiceError: As the task raised it.
        TaskFault: In place of any other exception.
    """
    try:
        return task(request, limit_s)
    except ServiceError:
        raise
    except Exception:
        raise TaskFault(traceback.format_exc()) from None


class Worker:
    """One process."""

    def __init__(self) -> None:
        self._executor = ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn"))
        self._pid: int | None = None

    async def start(self, preload: Sequence[str], prepare: Prepare | None) -> None:
        """Spawn the process and wait until it can work."""
        self._pid = await asyncio.wrap_future(self._executor.submit(become_worker, preload, prepare))

    def submit(self, task: Task, request: bytes, limit_s: float) -> asyncio.Future[bytes]:
        """Begin a task.

        Raises:
            BrokenProcessPool: The process had died before; dying later, it breaks the future.
        """
        return asyncio.wrap_future(self._executor.submit(run_task, task, request, limit_s))

    def close(self) -> None:
        """Let the process end by itself, as soon as it is idle."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        self.close()
        if self._pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)


class ComputePool:
    """A fixed number of workers and a bounded queue before them."""

    def __init__(
        self,
        workers: int,
        most_waiting: int,
        most_s: float,
        preload: Sequence[str] = (),
        prepare: Prepare | None = None,
    ) -> None:
        """Describe the pool.

        Args:
            workers: Number of processes.
            most_waiting: Calls that may wait for one.
            most_s: Most seconds of computing for a call.
            preload: Modules that a worker imports when it starts.
            prepare: What a worker calls then, such as a function that opens the database. It is pickled.
        """
        self._count = workers
        self._most_waiting = most_waiting
        self._most_s = most_s
        self._preload = preload
        self._prepare = prepare
        self._idle: asyncio.Queue[Worker] = asyncio.Queue()
        self._waiting = 0
        self._workers: set[Worker] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._closed = False
        self._log = get_log()

    async def __aenter__(self) -> Self:
        for _ in range(self._count):
            self._add_worker()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.drain()
        for start in self._starting:
            start.cancel()
        for worker in self._workers:
            worker.close()

    def drain(self) -> None:
        """Begin nothing new; calls that run go on."""
        self._closed = True

    async def run(self, task: Task, request: bytes, deadline: Deadline) -> bytes:
        """Run a task in the next free worker.

        Raises:
            Overloaded: As many calls wait as may.
            OutOfTime: The deadline passed while the call waited.
            WorkerLost: The worker died.
            ServiceError: What the task itself raises.
            TaskFault: The task met a fault of the server.
        """
        arrived = time.monotonic()
        worker, answer = await self._begin(task, request, deadline)
        began = time.monotonic()
        fit = True
        try:
            return await answer
        except BrokenProcessPool as error:
            fit = False
            self._log.error("worker lost", task=task.__name__)
            raise WorkerLost("the process that computed the answer died", RETRY_AFTER_S) from error
        except asyncio.CancelledError:
            fit = False
            raise
        finally:
            self._give_back(worker, fit)
            queue_s, compute_s = began - arrived, time.monotonic() - began
            self._log.info("computed", task=task.__name__, queue_s=round(queue_s, 4), compute_s=round(compute_s, 4))

    async def _begin(self, task: Task, request: bytes, deadline: Deadline) -> tuple[Worker, asyncio.Future[bytes]]:
        """Hand a task to the next free worker that lives."""
        while True:
            worker = await self._next_worker()
            try:
                return worker, worker.submit(task, request, deadline.limit_s(self._most_s))
            except BrokenProcessPool:
                self._log.error("worker lost while idle")
                self._give_back(worker, fit=False)
            except OutOfTime:
                self._give_back(worker, fit=True)
                raise

    async def _next_worker(self) -> Worker:
        if self._closed:
            raise Draining("the server is going down", RETRY_AFTER_S)
        if self._idle.empty() and self._waiting >= self._most_waiting:
            message = f"all {self._count} workers are busy and {self._waiting} calls wait already"
            raise Overloaded(message, RETRY_AFTER_S)
        self._waiting += 1
        try:
            return await self._idle.get()
        finally:
            self._waiting -= 1

    def _give_back(self, worker: Worker, fit: bool) -> None:
        """Keep a worker that is fit for more; replace one that died or works on what nobody waits for."""
        if fit:
            self._idle.put_nowait(worker)
            return
        worker.kill()
        self._workers.discard(worker)
        if not self._closed:
            self._add_worker()

    def _add_worker(self) -> None:
        start = asyncio.create_task(self._start_worker())
        self._starting.add(start)
        start.add_done_callback(self._starting.discard)

    async def _start_worker(self) -> None:
        """Start a worker, and again if it dies while it starts."""
        while not self._closed:
            worker = Worker()
            self._workers.add(worker)
            try:
                await worker.start(self._preload, self._prepare)
            except BrokenProcessPool:
                self._log.error("worker died while starting")
                self._workers.discard(worker)
                await asyncio.sleep(START_AGAIN_AFTER_S)
            else:
                self._idle.put_nowait(worker)
                return
