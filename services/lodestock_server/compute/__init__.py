"""Processes beside the server that forecast and optimise, so that neither the event loop nor a job's thread does.

Terms: a *task* is a function of a module that the processes can import, from a request's bytes, a limit in seconds and
a watch to an answer's bytes; bytes cross the process boundary cheaply, and converting happens on the far side.
"""

from __future__ import annotations

from lodestock_server.compute.pool import ComputePool
from lodestock_server.compute.process import ComputeProcess, ProcessDied, TaskOverdue, TaskStopped
from lodestock_server.compute.running import Prepare, Task, TaskFault, run_task
from lodestock_server.compute.watch import UNWATCHED, SeriesWatch, SolveWatch, Unwatched, Watch

__all__ = [
    "UNWATCHED",
    "ComputePool",
    "ComputeProcess",
    "Prepare",
    "ProcessDied",
    "SeriesWatch",
    "SolveWatch",
    "Task",
    "TaskFault",
    "TaskOverdue",
    "TaskStopped",
    "Unwatched",
    "Watch",
    "run_task",
]
