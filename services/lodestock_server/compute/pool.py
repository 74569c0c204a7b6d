"""A fixed number of compute processes for calls that wait for the answer, and a bounded queue before them.

For the event loop: each process is used from a thread. A process that dies fails its own call alone and is replaced;
one whose task did not stop when nobody waited for it any more is, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Self, TypeVar

from lodestock_server.compute.process import ComputeProcess, ProcessDied, TaskOverdue
from lodestock_server.compute.running import Prepare, Task
from lodestock_server.deadlines import Deadline
from lodestock_server.errors import Draining, OutOfTime, Overloaded, WorkerLost
from lodestock_server.log import get_log

T = TypeVar("T")

RETRY_AFTER_S = 2.0
START_AGAIN_AFTER_S = 1.0


class ComputePool:
    """The processes of one event loop."""

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
            preload: Modules that a process imports when it starts.
            prepare: What a process calls then, such as a function that opens the database. It is pickled.
        """
        self._most_waiting = most_waiting
        self._most_s = most_s
        self._processes = [ComputeProcess(preload, prepare) for _ in range(workers)]
        # A process that is started again has a thread beside those that compute.
        self._threads = ThreadPoolExecutor(2 * workers, thread_name_prefix="compute")
        self._idle: asyncio.Queue[ComputeProcess] = asyncio.Queue()
        self._waiting = 0
        self._starting: set[asyncio.Task[None]] = set()
        self._failed_to_start: set[ComputeProcess] = set()
        self._closed = False
        self._log = get_log()

    async def __aenter__(self) -> Self:
        for process in self._processes:
            self._start(process)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.drain()
        for start in self._starting:
            start.cancel()
        for process in self._processes:
            process.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def can_work(self) -> bool:
        """Whether there is a process that computes, or may be in a moment; one that takes no call does not count."""
        return any(process not in self._failed_to_start and not process.silent for process in self._processes)

    def drain(self) -> None:
        """Begin nothing new; calls that run go on."""
        self._closed = True

    async def run(self, task: Task, request: bytes, deadline: Deadline) -> bytes:
        """Run a task in the next free process. When the caller leaves, the task is stopped.

        Raises:
            Overloaded: As many calls wait as may.
            OutOfTime: The deadline passed while the call waited.
            WorkerLost: The process died.
            Draining: The server is going down.
            ServiceError: What the task itself raises.
            TaskFault: The task met a fault of the server.
        """
        arrived = time.monotonic()
        process, limit_s = await self._next_process(deadline)
        began = time.monotonic()
        left = threading.Event()
        work = self._in_thread(partial(process.run, task, request, limit_s, lambda: not left.is_set()))
        work.add_done_callback(partial(self._give_back, process))
        try:
            # Shielded, since the thread goes on until the task has stopped, and the process is free no earlier.
            return await asyncio.shield(work)
        except ProcessDied as error:
            self._log.error("compute process lost", task=task.__name__, why=str(error))
            raise WorkerLost("the process that computed the answer died", RETRY_AFTER_S) from error
        except TaskOverdue as error:
            self._log.error("task overdue", task=task.__name__, limit_s=limit_s)
            raise OutOfTime(str(error)) from error
        finally:
            left.set()
            queue_s, compute_s = began - arrived, time.monotonic() - began
            self._log.info("computed", task=task.__name__, queue_s=round(queue_s, 4), compute_s=round(compute_s, 4))

    async def _next_process(self, deadline: Deadline) -> tuple[ComputeProcess, float]:
        """The next free process that lives, and the seconds that are left then."""
        while True:
            process = await self._idle_process()
            if not process.alive:
                self._log.error("compute process lost while idle")
                self._start(process)
                continue
            try:
                return process, deadline.limit_s(self._most_s)
            except OutOfTime:
                self._idle.put_nowait(process)
                raise

    async def _idle_process(self) -> ComputeProcess:
        if self._closed:
            raise Draining("the server is going down", RETRY_AFTER_S)
        if self._idle.empty() and self._waiting >= self._most_waiting:
            message = f"all {len(self._processes)} processes are busy and {self._waiting} calls wait already"
            raise Overloaded(message, RETRY_AFTER_S)
        self._waiting += 1
        try:
            return await self._idle.get()
        finally:
            self._waiting -= 1

    def _give_back(self, process: ComputeProcess, work: asyncio.Future[bytes]) -> None:
        """Keep a process that lives for more; start one again that died or was killed."""
        if not work.cancelled():
            work.exception()  # Heard, if anybody still listens; without this asyncio complains that nobody did.
        if process.alive:
            self._idle.put_nowait(process)
        else:
            self._start(process)

    def _start(self, process: ComputeProcess) -> None:
        if self._closed:
            return
        start = asyncio.create_task(self._keep_starting(process))
        self._starting.add(start)
        start.add_done_callback(self._starting.discard)

    async def _keep_starting(self, process: ComputeProcess) -> None:
        """Start a process, and again if it dies while it starts."""
        while not self._closed:
            with contextlib.suppress(ProcessDied):
                await self._in_thread(process.start)
                self._failed_to_start.discard(process)
                self._idle.put_nowait(process)
                return
            self._log.error("compute process died while starting")
            self._failed_to_start.add(process)
            await asyncio.sleep(START_AGAIN_AFTER_S)

    def _in_thread(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Do something in a thread that knows what log lines carry."""
        return asyncio.get_running_loop().run_in_executor(self._threads, contextvars.copy_context().run, work)
