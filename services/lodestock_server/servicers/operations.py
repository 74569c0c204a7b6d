"""google.longrunning.Operations, and lodestock.v1.OperationService beside it: jobs as the contract shows them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.empty_pb2 import Empty

from lodestock.v1 import operations_pb2 as v1
from lodestock.v1 import operations_pb2_grpc as v1_grpc
from lodestock_server.converters.operation import (
    event_to_proto,
    job_id_from_proto,
    operation_to_proto,
    states_from_proto,
)
from lodestock_server.deadlines import Deadline
from lodestock_server.errors import Draining
from lodestock_server.identity import current_caller
from lodestock_server.jobs.client import Jobs

Value = TypeVar("Value")

OPERATIONS_A_PAGE = 100
MOST_WAIT_S = 3_600.0
"""Seconds that WaitOperation waits at most; a caller asks again."""
RESUME_AFTER_S = 0.5
LAST_SEQUENCE = 2**31 - 1
"""Events are counted in so many bits; what comes after more is what comes after the end."""
LOOK_AGAIN_S = 30.0
"""Seconds after which a stream of an operation that nothing happens to looks whether it is still there."""


class OperationsServicer(operations_pb2_grpc.OperationsServicer, v1_grpc.OperationServiceServicer):  # type: ignore[misc]
    """Gives, lists, waits for, follows, cancels and deletes the caller's operations."""

    def __init__(self, jobs: Jobs, draining: asyncio.Event) -> None:
        """Take what the methods need.

        Args:
            jobs: The jobs.
            draining: Set once the server is going down.
        """
        self._jobs = jobs
        self._draining = draining

    async def GetOperation(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Say how an operation stands."""
        job = await self._jobs.in_thread(self._jobs.get, job_id_from_proto(request.name), current_caller())
        return operation_to_proto(job)

    async def ListOperations(self, request: Any, context: Any) -> Any:  # noqa: N802
        """List operations, the newest first."""
        size = request.page_size or OPERATIONS_A_PAGE
        jobs, token = await self._jobs.in_thread(
            self._jobs.list, current_caller(), size, request.page_token, states=states_from_proto(request.filter)
        )
        operations = [operation_to_proto(job) for job in jobs]
        return operations_pb2.ListOperationsResponse(operations=operations, next_page_token=token)

    async def WaitOperation(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Wait until an operation has ended or the time is over, and say how it stands then."""
        asked_s = request.timeout.seconds if request.HasField("timeout") else MOST_WAIT_S
        wait_s = Deadline.of_call(context).limit_s(min(asked_s + request.timeout.nanos / 1e9, MOST_WAIT_S))
        job_id, caller = job_id_from_proto(request.name), current_caller()
        job = await unless_draining(self._draining, self._jobs.wait(job_id, caller, wait_s))
        if job is None:
            return operation_to_proto(await self._jobs.in_thread(self._jobs.get, job_id, caller))
        return operation_to_proto(job)

    async def CancelOperation(self, request: Any, context: Any) -> Empty:  # noqa: N802
        """Stop an operation; one that has ended stays as it is."""
        await self._jobs.in_thread(self._jobs.cancel, job_id_from_proto(request.name), current_caller())
        return Empty()

    async def DeleteOperation(self, request: Any, context: Any) -> Empty:  # noqa: N802
        """Forget an operation that has ended; its result stays."""
        await self._jobs.in_thread(self._jobs.delete, job_id_from_proto(request.name), current_caller())
        return Empty()

    async def WatchOperation(  # noqa: N802
        self, request: v1.WatchOperationRequest, context: Any
    ) -> AsyncIterator[v1.WatchOperationResponse]:
        """Stream what happens to an operation until it has ended.

        Raises:
            Draining: The server is going down; another one, or this one started again, goes on with the stream.
        """
        job_id, caller = job_id_from_proto(request.name), current_caller()
        after = min(request.after_sequence, LAST_SEQUENCE)
        while True:
            asked = self._jobs.events(job_id, caller, after, LOOK_AGAIN_S)
            events = await unless_draining(self._draining, asked)
            if events is None:
                raise Draining("the server is going down; ask another one, by sequence number", RESUME_AFTER_S)
            for event in events:
                yield event_to_proto(event)
                after = event.sequence
                if event.job is not None:
                    return
            if not events and (await self._jobs.in_thread(self._jobs.get, job_id, caller)).state.is_end:
                # Asked for what comes after the end.
                return


async def unless_draining(draining: asyncio.Event, wanted: Coroutine[Any, Any, Value]) -> Value | None:
    """What is waited for; None once the server is going down before it is there."""
    task, drained = asyncio.ensure_future(wanted), asyncio.ensure_future(draining.wait())
    try:
        await asyncio.wait((task, drained), return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        for left in (task, drained):
            left.cancel()
