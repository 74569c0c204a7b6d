"""SourcingService."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from lodestock.v1 import sourcing_pb2, sourcing_pb2_grpc
from lodestock_server import tasks
from lodestock_server.compute import ComputePool
from lodestock_server.deadlines import Deadline
from lodestock_server.errors import FieldViolation

FindViolations = Callable[[sourcing_pb2.SourcingProblem], Sequence[FieldViolation]]


class SourcingServicer(sourcing_pb2_grpc.SourcingServiceServicer):
    """Plans from whom to buy and how much to stock."""

    def __init__(self, compute: ComputePool, find_violations: FindViolations) -> None:
        """Take what the methods need.

        Args:
            compute: Where to optimise.
            find_violations: From a problem to all that is wrong with it, with paths that start at the problem.
        """
        self._compute = compute
        self._find_violations = find_violations

    async def BuildProblem(  # noqa: N802
        self, request: sourcing_pb2.BuildProblemRequest, context: Any
    ) -> sourcing_pb2.BuildProblemResponse:
        """Make a problem from the data, with the origin of every figure."""
        deadline = Deadline.of_call(context)
        answer = await self._compute.run(tasks.build_problem, request.SerializeToString(), deadline)
        return sourcing_pb2.BuildProblemResponse.FromString(answer)

    async def ValidateProblem(  # noqa: N802
        self, request: sourcing_pb2.ValidateProblemRequest, context: Any
    ) -> sourcing_pb2.ValidateProblemResponse:
        """Say all that is wrong with a problem, or how large its model is."""
        violations = await asyncio.to_thread(self._find_violations, request.problem)
        if violations:
            return sourcing_pb2.ValidateProblemResponse(
                violations=[
                    sourcing_pb2.FieldViolation(field_path=found.field_path, description=found.description)
                    for found in violations
                ]
            )
        deadline = Deadline.of_call(context)
        answer = await self._compute.run(tasks.measure_problem, request.SerializeToString(), deadline)
        return sourcing_pb2.ValidateProblemResponse.FromString(answer)

    async def OptimizeSourcing(  # noqa: N802
        self, request: sourcing_pb2.OptimizeSourcingRequest, context: Any
    ) -> sourcing_pb2.OptimizeSourcingResponse:
        """Find the plan of least risk-weighted cost."""
        deadline = Deadline.of_call(context)
        answer = await self._compute.run(tasks.optimize_sourcing, request.SerializeToString(), deadline)
        return sourcing_pb2.OptimizeSourcingResponse.FromString(answer)
