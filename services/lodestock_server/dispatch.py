"""The way of a call to a compute process: admission, queue, computing, with what is measured and traced of each."""

from __future__ import annotations

import time

from lodestock_server.admission import Admission
from lodestock_server.compute import ComputePool, Task
from lodestock_server.deadlines import Deadline
from lodestock_server.identity import current_caller
from lodestock_server.metrics import COMPUTE_SECONDS, QUEUE_SECONDS
from lodestock_server.tracing import span

LIGHT = 1_000.0
"""Weight of a call of little work."""


class ComputeCalls:
    """Runs tasks of callers who wait for the answer."""

    def __init__(self, admission: Admission, pool: ComputePool) -> None:
        self._admission = admission
        self._pool = pool

    async def run(self, task: Task, request: bytes, deadline: Deadline, weight: float = LIGHT) -> bytes:
        """Run a task once it is the caller's turn.

        Args:
            task: The task.
            request: Its request's bytes.
            deadline: When the caller stops waiting.
            weight: Estimated size of the work; see `weights`.

        Raises:
            Overloaded: There is no room for the call.
            OutOfTime: The deadline passed while it waited.
            Other errors: As `ComputePool.run` raises them.
        """
        name, arrived = task.__name__, time.monotonic()
        with self._admission.place(current_caller(), weight) as place:
            with span("queue", task=name):
                await place.turn()
            began = time.monotonic()
            QUEUE_SECONDS.labels(task=name).observe(began - arrived)
            with span("compute", task=name):
                try:
                    return await self._pool.run(task, request, deadline)
                finally:
                    COMPUTE_SECONDS.labels(task=name).observe(time.monotonic() - began)
