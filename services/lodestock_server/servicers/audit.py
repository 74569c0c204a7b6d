"""AuditService."""

from __future__ import annotations

import asyncio
from typing import Any

from lodestock.v1 import audit_pb2, audit_pb2_grpc
from lodestock_server import tasks
from lodestock_server.dispatch import ComputeCalls
from lodestock_server.servicers.answers import computed


class AuditServicer(audit_pb2_grpc.AuditServiceServicer):
    """Says where the numbers of answers come from."""

    def __init__(self, compute: ComputeCalls, loaded: asyncio.Future[None]) -> None:
        """Take what the methods need.

        Args:
            compute: Where to trace.
            loaded: Done once the database holds what ships with the server: the rows that are traced to.
        """
        self._compute = compute
        self._loaded = loaded

    async def TraceResult(  # noqa: N802
        self, request: audit_pb2.TraceResultRequest, context: Any
    ) -> audit_pb2.TraceResultResponse:
        """Trace numbers of an answer to rows, defaults and what the caller gave."""
        await asyncio.shield(self._loaded)
        return await computed(self._compute, tasks.trace_result, request, audit_pb2.TraceResultResponse, context)
