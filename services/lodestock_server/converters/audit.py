"""audit.proto: answers from messages, as what traces their numbers; traced numbers with their rows to messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lodestock.v1 import audit_pb2, catalog_pb2, common_pb2, forecast_pb2, risk_pb2, sourcing_pb2
from lodestock_optimizers.plan import Plan
from lodestock_optimizers.tracing.consistency import plan_violations
from lodestock_server.catalog import DatasetOrigin
from lodestock_server.converters.catalog import observation_to_proto
from lodestock_server.converters.common import dataset_origin_to_proto, traced_to_proto
from lodestock_server.converters.documents import MessageDocument, read
from lodestock_server.converters.sourcing import problem_from_proto
from lodestock_server.errors import FieldViolation, InvalidRequest
from lodestock_server.store.datasets import RowKey, StoredObservation
from lodestock_server.usecases.optimize_sourcing import problem_violations
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, ForecastOrigin, Origin, TracedField
from lodestock_server.usecases.trace_forecast import ForecastTracer
from lodestock_server.usecases.trace_result import PlanTracer, ProblemTracer, TracedNumber, Tracer
from lodestock_server.usecases.trace_risk import RiskTracer

Rows = Mapping[RowKey, tuple[StoredObservation, ...]]


def tracer_from_proto(request: audit_pb2.TraceResultRequest, countries: frozenset[str]) -> Tracer:
    """What traces the numbers of the answer in a request.

    Args:
        request: The request.
        countries: Codes that a problem may name.

    Raises:
        InvalidRequest: A plan's problem breaks rules, or the plan is not one of it.
    """
    match request.WhichOneof("result"):
        case "forecast":
            return forecast_tracer(request.forecast)
        case "risk":
            return risk_tracer(request.risk)
        case "problem":
            return problem_tracer(request.problem)
        case _:
            return plan_tracer(request.plan, countries)


def forecast_tracer(message: forecast_pb2.ForecastDemandResponse) -> ForecastTracer:
    """What traces the numbers of forecasts."""
    history = [[figure_from_proto(figure) for figure in series.history_origins] for series in message.forecasts]
    drivers = [[figure_from_proto(figure) for figure in series.driver_origins] for series in message.forecasts]
    return ForecastTracer(MessageDocument(message), history, message.record.seed, drivers)


def risk_tracer(message: risk_pb2.AssessSupplyRiskResponse) -> RiskTracer:
    """What traces the numbers of an assessment."""
    figures = (figure_from_proto(figure) for risk in message.risks for figure in risk.figures)
    return RiskTracer(MessageDocument(message), figures)


def problem_tracer(message: sourcing_pb2.BuildProblemResponse) -> ProblemTracer:
    """What traces the numbers of a problem."""
    defaults = MessageDocument(message)["defaults"]
    document = {**MessageDocument(message.problem), "defaults": defaults}
    return ProblemTracer(document, (figure_from_proto(figure) for figure in message.figures))


def plan_tracer(message: audit_pb2.PlannedProblem, countries: frozenset[str]) -> PlanTracer:
    """What traces the numbers of a plan.

    Raises:
        InvalidRequest: The problem breaks rules, or the plan is not one of it.
    """
    problem = problem_from_proto(message.built.problem)
    wrong = [violation.under("plan.built.problem") for violation in problem_violations(problem, countries)]
    if wrong:
        raise InvalidRequest(wrong)
    plan = read(Plan, message.plan)
    found = plan_violations(problem, plan)
    if found:
        raise InvalidRequest([FieldViolation(f"plan.plan.{v.field_path}", v.description) for v in found])
    return PlanTracer(problem, plan, problem_tracer(message.built))


def figure_from_proto(message: common_pb2.Figure) -> TracedField:
    """Read a figure with its origins."""
    origins = [origin_from_proto(origin) for origin in message.origins]
    return TracedField(
        message.field_path,
        tuple(message.values),
        message.unit,
        message.derivation,
        tuple(origin for origin in origins if origin is not None),
    )


def origin_from_proto(message: common_pb2.Origin) -> Origin | None:
    """Read one thing that a figure rests on; None where it is left empty."""
    match message.WhichOneof("kind"):
        case "dataset":
            at = message.dataset
            return DatasetOrigin(at.dataset, at.version, at.resource, at.row, at.source_id, at.flag)
        case "default_value":
            default = message.default_value
            return DefaultOrigin(default.default_id, default.reason, default.source)
        case "caller":
            return CallerOrigin(message.caller.field_path, message.caller.reason)
        case "forecast":
            return ForecastOrigin(message.forecast.model, message.forecast.statistic, message.forecast.seed)
        case _:
            return None


def row_keys(numbers: Iterable[TracedNumber]) -> list[RowKey]:
    """The rows that numbers rest on, each once."""
    origins = (origin for number in numbers for origin in number.figure.origins)
    return list(dict.fromkeys(row_key(origin) for origin in origins if isinstance(origin, DatasetOrigin)))


def row_key(origin: DatasetOrigin) -> RowKey:
    """The row of an origin."""
    return RowKey(origin.dataset, origin.version, origin.resource, origin.row)


def response_to_proto(numbers: Iterable[TracedNumber], rows: Rows) -> audit_pb2.TraceResultResponse:
    """Write traced numbers with the rows that they rest on."""
    return audit_pb2.TraceResultResponse(numbers=[number_to_proto(number, rows) for number in numbers])


def number_to_proto(number: TracedNumber, rows: Rows) -> audit_pb2.TracedNumber:
    """Write a traced number; of a row with several measures all, of one without any the origin alone."""
    points = []
    origins = {row_key(origin): origin for origin in number.figure.origins if isinstance(origin, DatasetOrigin)}
    for key, origin in origins.items():
        if key in rows:
            found = [observation_to_proto(origin.dataset, origin.version, each) for each in rows[key]]
            points += found or [catalog_pb2.DataPoint(origin=dataset_origin_to_proto(origin))]
    return audit_pb2.TracedNumber(
        figure=traced_to_proto(number.figure), problem_fields=number.problem_fields, rows=points
    )
