"""SourcingService."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from lodestock.v1 import sourcing_pb2, sourcing_pb2_grpc
from lodestock_server import tasks, weights
from lodestock_server.deadlines import Deadline
from lodestock_server.dispatch import ComputeCalls
from lodestock_server.errors import FieldViolation
from lodestock_server.jobs.client import Jobs
from lodestock_server.jobs.kinds import RUN_OPTIMIZATION
from lodestock_server.servicers.answers import as_written
from lodestock_server.servicers.results import StoredResults
from lodestock_server.servicers.submission import begin

FindViolations = Callable[[sourcing_pb2.SourcingProblem], Sequence[FieldViolation]]


class SourcingServicer(sourcing_pb2_grpc.SourcingServiceServicer):
    """Plans from whom to buy and how much to stock."""

    def __init__(
        self, compute: ComputeCalls, find_violations: FindViolations, jobs: Jobs, results: StoredResults
    ) -> None:
        """Take what the methods need.

        Args:
            compute: Where to optimise while the caller waits.
            find_violations: From a problem to all that is wrong with it, with paths that start at the problem.
            jobs: Where to optimise what takes longer.
            results: The plans that are stored.
        """
        self._compute = compute
        self._find_violations = find_violations
        self._jobs = jobs
        self._results = results

    async def BuildProblem(  # noqa: N802
        self, request: sourcing_pb2.BuildProblemRequest, context: Any
    ) -> sourcing_pb2.BuildProblemResponse:
        """Make a problem from the data, with the origin of every figure."""
        deadline, weight = Deadline.of_call(context), weights.of_build(request)
        answer = await self._compute.run(tasks.build_problem, request.SerializeToString(), deadline, weight)
        return as_written(answer, sourcing_pb2.BuildProblemResponse)

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
        deadline, weight = Deadline.of_call(context), weights.of_problem(request.problem)
        answer = await self._compute.run(tasks.measure_problem, request.SerializeToString(), deadline, weight)
        return as_written(answer, sourcing_pb2.ValidateProblemResponse)

    async def OptimizeSourcing(  # noqa: N802
        self, request: sourcing_pb2.OptimizeSourcingRequest, context: Any
    ) -> sourcing_pb2.OptimizeSourcingResponse:
        """Find the plan of least risk-weighted cost."""
        deadline, weight = Deadline.of_call(context), weights.of_problem(request.problem)
        answer = await self._compute.run(tasks.optimize_sourcing, request.SerializeToString(), deadline, weight)
        return as_written(answer, sourcing_pb2.OptimizeSourcingResponse)

    async def RunOptimization(  # noqa: N802
        self, request: sourcing_pb2.RunOptimizationRequest, context: Any
    ) -> Any:
        """Begin to find a plan, as an operation."""
        limit_s = request.time_limit_s if request.HasField("time_limit_s") else None
        asked = sourcing_pb2.OptimizeSourcingRequest(problem=request.problem, time_limit_s=limit_s)
        return await begin(self._jobs, RUN_OPTIMIZATION, asked, request, limit_s or 0)

    async def GetPlan(  # noqa: N802
        self, request: sourcing_pb2.GetPlanRequest, context: Any
    ) -> sourcing_pb2.GetPlanResponse:
        """Return a stored plan."""
        answer = await self._results.get(
            request.name, request.view, lambda info: sourcing_pb2.GetPlanResponse(plan=info)
        )
        return as_written(answer, sourcing_pb2.GetPlanResponse)

    async def ListPlans(  # noqa: N802
        self, request: sourcing_pb2.ListPlansRequest, context: Any
    ) -> sourcing_pb2.ListPlansResponse:
        """List the stored plans."""
        plans, token = await self._results.page("plans", request.page_size, request.page_token)
        return sourcing_pb2.ListPlansResponse(plans=plans, next_page_token=token)

    async def ComparePlans(  # noqa: N802
        self, request: sourcing_pb2.ComparePlansRequest, context: Any
    ) -> sourcing_pb2.ComparePlansResponse:
        """Put the figures of stored plans side by side."""
        deadline = Deadline.of_call(context)
        answer = await self._results.compare(
            request.names,
            request.most_figures,
            deadline,
            lambda infos: sourcing_pb2.ComparePlansResponse(plans=infos),
        )
        return as_written(answer, sourcing_pb2.ComparePlansResponse)

    async def DeletePlan(  # noqa: N802
        self, request: sourcing_pb2.DeletePlanRequest, context: Any
    ) -> sourcing_pb2.DeletePlanResponse:
        """Delete a stored plan."""
        await self._results.delete(request.name)
        return sourcing_pb2.DeletePlanResponse()
