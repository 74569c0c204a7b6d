"""Requests that ask about a problem, or about the problem of a stored plan by its name."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from lodestock.v1 import sourcing_pb2
from lodestock_server.servicers.results import StoredResults

Request = TypeVar(
    "Request",
    sourcing_pb2.TraceFrontierRequest,
    sourcing_pb2.FindAlternativesRequest,
    sourcing_pb2.AskWhatIfRequest,
    sourcing_pb2.ExplainPlanRequest,
    sourcing_pb2.PriceRulesRequest,
    sourcing_pb2.ExportModelRequest,
    sourcing_pb2.StressTestRequest,
    sourcing_pb2.SizeStockpileRequest,
    sourcing_pb2.StressCandidate,
)
"""A request with `oneof base`: the problem, or the name of a stored plan."""


async def with_problem(results: StoredResults, request: Request) -> Request:
    """The request with the problem of the plan that it names in the place of the name, so that tasks see problems only.

    Raises:
        NotFound: The caller has no such plan.
    """
    if request.WhichOneof("base") != "plan":
        return request
    stored = await results.request_of(request.plan)
    return await asyncio.to_thread(_filled, request, stored)


def _filled(request: Request, stored: bytes) -> Request:
    filled = type(request)()
    filled.CopyFrom(request)
    # Takes the place of the name, since both are in one group.
    filled.problem.CopyFrom(sourcing_pb2.OptimizeSourcingRequest.FromString(stored).problem)
    return filled
