"""The compute processes of a worker: one for each job that it does at once, started when first needed."""

from __future__ import annotations

import queue
from collections.abc import Sequence

from lodestock_server.compute import ComputeProcess, Prepare, Task, TaskStopped
from lodestock_server.compute.process import POLL_S, Hear, Wanted


class ComputeSlots:
    """A fixed number of processes; the one that was used last is used first, so that idle ones are not started."""

    def __init__(self, count: int, preload: Sequence[str] = (), prepare: Prepare | None = None) -> None:
        """Describe the processes; see `ComputeProcess`."""
        self._processes = [ComputeProcess(preload, prepare) for _ in range(count)]
        self._free: queue.LifoQueue[ComputeProcess] = queue.LifoQueue()
        for process in self._processes:
            self._free.put(process)

    def run(self, task: Task, request: bytes, limit_s: float, wanted: Wanted, hear: Hear) -> bytes:
        """Do a task in a free process, once there is one; see `ComputeProcess.run`."""
        process = self._next(wanted)
        try:
            return process.run(task, request, limit_s, wanted, hear)
        finally:
            self._free.put(process)

    def close(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.close()

    def _next(self, wanted: Wanted) -> ComputeProcess:
        while wanted():
            try:
                return self._free.get(timeout=POLL_S)
            except queue.Empty:
                continue
        raise TaskStopped("the task was stopped before it began")
