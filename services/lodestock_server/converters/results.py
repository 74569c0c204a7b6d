"""results.proto and what the lists of plans, forecasts and backtests hold: from answers' bytes, and from the store.

What is known of a result is worked out once, where its answer is made, and stored beside it in proto's JSON form; so a
list reads no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.timestamp_pb2 import Timestamp

import lodestock_forecasters as forecasters
from lodestock.v1 import forecast_pb2, results_pb2, sourcing_pb2
from lodestock_server.jobs.kinds import KINDS
from lodestock_server.store.results import StoredResult

Info: TypeAlias = sourcing_pb2.PlanInfo | forecast_pb2.ForecastInfo | forecast_pb2.BacktestInfo

INFOS: Mapping[str, type[Info]] = {
    "plans": sourcing_pb2.PlanInfo,
    "forecasts": forecast_pb2.ForecastInfo,
    "backtests": forecast_pb2.BacktestInfo,
}
"""What is known of a result, by the collection that it is in."""


def summary_of(kind: str, request: bytes, answer: bytes) -> dict[str, Any]:
    """What a list says of a result, but for what all results have, in proto's JSON form.

    Args:
        kind: Name of the job's kind.
        request: Bytes of the request.
        answer: Bytes of the answer.
    """
    summary = SUMMARIES[KINDS[kind].result_kind](request, answer)
    return MessageToDict(summary, preserving_proto_field_name=True)


def plan_summary(request: bytes, answer: bytes) -> sourcing_pb2.PlanInfo:
    """What a list says of a plan."""
    problem = sourcing_pb2.OptimizeSourcingRequest.FromString(request).problem
    plan = sourcing_pb2.OptimizeSourcingResponse.FromString(answer).plan
    found = plan.HasField("costs")
    return sourcing_pb2.PlanInfo(
        status=plan.status,
        expected_cost_usd=plan.costs.expected_cost_usd if found else None,
        relative_gap=plan.solver.relative_gap if found else None,
        material_ids=[material.material_id for material in problem.materials],
        periods=len(problem.periods),
        scenarios=len(problem.scenarios) + 1,
    )


def forecast_summary(request: bytes, answer: bytes) -> forecast_pb2.ForecastInfo:
    """What a list says of forecasts."""
    asked = forecast_pb2.ForecastDemandRequest.FromString(request)
    found = forecast_pb2.ForecastDemandResponse.FromString(answer)
    return forecast_pb2.ForecastInfo(
        series=len(found.forecasts),
        failures=len(found.failures),
        horizon=asked.horizon,
        model=asked.model or forecasters.DEFAULT_MODEL,
    )


def backtest_summary(request: bytes, answer: bytes) -> forecast_pb2.BacktestInfo:
    """What a list says of a backtest."""
    found = forecast_pb2.BacktestModelsResponse.FromString(answer)
    return forecast_pb2.BacktestInfo(
        series=len(found.series),
        models=[score.model for score in found.overall],
        horizon=forecast_pb2.BacktestModelsRequest.FromString(request).horizon,
    )


SUMMARIES: Mapping[str, Callable[[bytes, bytes], Info]] = {
    "plans": plan_summary,
    "forecasts": forecast_summary,
    "backtests": backtest_summary,
}


def info_to_proto(stored: StoredResult) -> Any:
    """Write what is known of a stored result: a PlanInfo, ForecastInfo or BacktestInfo, by its kind."""
    info = info_of_summary(stored.name, stored.summary)
    info.info.MergeFrom(
        results_pb2.ResultInfo(
            display_name=stored.display_name,
            caller=stored.caller,
            operation=stored.operation,
            create_time=time_to_proto(stored.created_at),
            expire_time=time_to_proto(stored.expires_at),
            request_digest=stored.request_digest,
            answer_digest=stored.answer_digest,
            request_bytes=stored.request_bytes,
            answer_bytes=stored.answer_bytes,
        )
    )
    return info


def info_of_summary(name: str, summary: Mapping[str, Any]) -> Any:
    """What is known of the result of a name by its summary alone."""
    # A summary written by a newer version may hold fields that this one does not know.
    info = ParseDict(dict(summary), INFOS[name.partition("/")[0]](), ignore_unknown_fields=True)
    info.info.name = name
    return info


def time_to_proto(at: datetime | None) -> Timestamp | None:
    """Write a moment; None stays None."""
    if at is None:
        return None
    written = Timestamp()
    written.FromDatetime(at)
    return written
