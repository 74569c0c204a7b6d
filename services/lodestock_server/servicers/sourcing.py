"""SourcingService."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from lodestock.v1 import sourcing_pb2, sourcing_pb2_grpc
from lodestock_server import question_tasks, tasks, weights
from lodestock_server.compute import Task
from lodestock_server.converters.policies import policy_to_proto
from lodestock_server.deadlines import Deadline
from lodestock_server.dispatch import ComputeCalls
from lodestock_server.errors import FieldViolation
from lodestock_server.jobs.client import Jobs
from lodestock_server.jobs.kinds import RUN_OPTIMIZATION
from lodestock_server.servicers.answers import Answer, as_written, computed
from lodestock_server.servicers.base import Request, with_problem
from lodestock_server.servicers.results import StoredResults
from lodestock_server.servicers.submission import begin
from lodestock_server.usecases.policy_table import POLICIES

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

    async def _ask(
        self, task: Task, weigh: Callable[[Request], float], request: Request, kind: type[Answer], context: Any
    ) -> Answer:
        """The answer that a task gives to a question about a problem or a stored plan; see `computed`.

        Raises:
            NotFound: The caller has no such plan.
        """
        asked = await with_problem(self._results, request)
        return await computed(self._compute, task, asked, kind, context, weigh(asked))

    async def BuildProblem(  # noqa: N802
        self, request: sourcing_pb2.BuildProblemRequest, context: Any
    ) -> sourcing_pb2.BuildProblemResponse:
        """Make a problem from the data, with the origin of every figure."""
        return await computed(
            self._compute,
            tasks.build_problem,
            request,
            sourcing_pb2.BuildProblemResponse,
            context,
            weights.of_build(request),
        )

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
        return await computed(
            self._compute,
            tasks.measure_problem,
            request,
            sourcing_pb2.ValidateProblemResponse,
            context,
            weights.of_problem(request.problem),
        )

    async def OptimizeSourcing(  # noqa: N802
        self, request: sourcing_pb2.OptimizeSourcingRequest, context: Any
    ) -> sourcing_pb2.OptimizeSourcingResponse:
        """Find the plan of least risk-weighted cost."""
        return await computed(
            self._compute,
            tasks.optimize_sourcing,
            request,
            sourcing_pb2.OptimizeSourcingResponse,
            context,
            weights.of_problem(request.problem),
        )

    async def RunOptimization(  # noqa: N802
        self, request: sourcing_pb2.RunOptimizationRequest, context: Any
    ) -> Any:
        """Begin to find a plan, as an operation."""
        limit_s = request.time_limit_s if request.HasField("time_limit_s") else None
        asked = sourcing_pb2.OptimizeSourcingRequest(problem=request.problem, time_limit_s=limit_s)
        return await begin(self._jobs, RUN_OPTIMIZATION, asked, request, limit_s or 0)

    async def TraceFrontier(  # noqa: N802
        self, request: sourcing_pb2.TraceFrontierRequest, context: Any
    ) -> sourcing_pb2.TraceFrontierResponse:
        """Trace what less risk costs."""
        return await self._ask(
            question_tasks.trace_frontier, weights.of_frontier, request, sourcing_pb2.TraceFrontierResponse, context
        )

    async def FindAlternatives(  # noqa: N802
        self, request: sourcing_pb2.FindAlternativesRequest, context: Any
    ) -> sourcing_pb2.FindAlternativesResponse:
        """Find plans that cost little more and buy elsewhere."""
        return await self._ask(
            question_tasks.find_alternatives,
            weights.of_alternatives,
            request,
            sourcing_pb2.FindAlternativesResponse,
            context,
        )

    async def AskWhatIf(  # noqa: N802
        self, request: sourcing_pb2.AskWhatIfRequest, context: Any
    ) -> sourcing_pb2.AskWhatIfResponse:
        """Say what a plan would become if a few of its figures were others."""
        return await self._ask(
            question_tasks.ask_what_if, weights.of_what_if, request, sourcing_pb2.AskWhatIfResponse, context
        )

    async def ExplainPlan(  # noqa: N802
        self, request: sourcing_pb2.ExplainPlanRequest, context: Any
    ) -> sourcing_pb2.ExplainPlanResponse:
        """Explain a plan."""
        return await self._ask(
            question_tasks.explain_plan, weights.of_explanation, request, sourcing_pb2.ExplainPlanResponse, context
        )

    async def GenerateScenarios(  # noqa: N802
        self, request: sourcing_pb2.GenerateScenariosRequest, context: Any
    ) -> sourcing_pb2.GenerateScenariosResponse:
        """Sample disruptions and reduce them to a few scenarios."""
        return await computed(
            self._compute,
            tasks.generate_scenarios,
            request,
            sourcing_pb2.GenerateScenariosResponse,
            context,
            weights.of_scenarios(request),
        )

    async def ReduceScenarios(  # noqa: N802
        self, request: sourcing_pb2.ReduceScenariosRequest, context: Any
    ) -> sourcing_pb2.ReduceScenariosResponse:
        """Reduce the scenarios of a problem to a few of them."""
        return await computed(
            self._compute,
            tasks.reduce_scenarios,
            request,
            sourcing_pb2.ReduceScenariosResponse,
            context,
            weights.of_reduction(request),
        )

    async def PriceRules(  # noqa: N802
        self, request: sourcing_pb2.PriceRulesRequest, context: Any
    ) -> sourcing_pb2.PriceRulesResponse:
        """Say what the rules of a problem cost."""
        return await self._ask(
            question_tasks.price_rules, weights.of_rules, request, sourcing_pb2.PriceRulesResponse, context
        )

    async def ListPolicies(  # noqa: N802
        self, request: sourcing_pb2.ListPoliciesRequest, context: Any
    ) -> sourcing_pb2.ListPoliciesResponse:
        """List the policies that can be chosen by name."""
        return sourcing_pb2.ListPoliciesResponse(policies=[policy_to_proto(policy) for policy in POLICIES])

    async def ExportModel(  # noqa: N802
        self, request: sourcing_pb2.ExportModelRequest, context: Any
    ) -> sourcing_pb2.ExportModelResponse:
        """Write a model as a file."""
        return await self._ask(
            question_tasks.export_model, weights.of_export, request, sourcing_pb2.ExportModelResponse, context
        )

    async def StressTest(  # noqa: N802
        self, request: sourcing_pb2.StressTestRequest, context: Any
    ) -> sourcing_pb2.StressTestResponse:
        """Say what sudden stops would do to a plan."""
        filled = sourcing_pb2.StressTestRequest()
        filled.CopyFrom(await with_problem(self._results, request))
        candidates = [await with_problem(self._results, candidate) for candidate in request.candidates]
        del filled.candidates[:]
        filled.candidates.extend(candidates)
        return await self._ask(
            question_tasks.stress_test, weights.of_stresses, filled, sourcing_pb2.StressTestResponse, context
        )

    async def SizeStockpile(  # noqa: N802
        self, request: sourcing_pb2.SizeStockpileRequest, context: Any
    ) -> sourcing_pb2.SizeStockpileResponse:
        """Say how large a stockpile must be."""
        return await self._ask(
            question_tasks.size_stockpile, weights.of_stockpiles, request, sourcing_pb2.SizeStockpileResponse, context
        )

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
