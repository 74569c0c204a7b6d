"""sourcing.proto, BuildProblem: the request from a message, the built problem with its origins to one."""

from __future__ import annotations

from lodestock.v1 import common_pb2, sourcing_pb2
from lodestock_optimizers.risk import SourceRiskMeasure
from lodestock_server.catalog import DatasetOrigin
from lodestock_server.converters.common import dataset_origin_to_proto
from lodestock_server.converters.enums import EnumMap
from lodestock_server.converters.sourcing import (
    budget_from_proto,
    given,
    problem_to_proto,
    rule_from_proto,
    scenario_from_proto,
)
from lodestock_server.usecases.build_problem import BuildRequest, BuiltProblem, DemandPath
from lodestock_server.usecases.defaults import DefaultUsed, Override
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, ForecastOrigin, Origin, TracedField
from lodestock_server.usecases.source_risks import SourceRiskChoice, SourceRiskOverride

SOURCE_RISK_MEASURES = EnumMap(SourceRiskMeasure, sourcing_pb2.SourceRiskMeasure, "SOURCE_RISK_MEASURE_")


def build_request_from_proto(message: sourcing_pb2.BuildProblemRequest) -> BuildRequest:
    """Read a request."""
    return BuildRequest(
        buyer=message.buyer,
        horizon_years=message.horizon_years,
        material_ids=tuple(message.material_ids),
        floor_days=given(message, "floor_days", message.floor_days),
        demand=tuple(DemandPath(path.material_id, tuple(path.demand_tonnes)) for path in message.demand),
        overrides=tuple(
            Override(override.default_id, override.material_id, override.value, override.reason)
            for override in message.overrides
        ),
        rules=tuple(rule_from_proto(rule) for rule in message.rules),
        budget=budget_from_proto(message.budget) if message.HasField("budget") else None,
        scenarios=tuple(scenario_from_proto(scenario) for scenario in message.scenarios),
        price_of_risk=given(message, "price_of_risk", message.price_of_risk),
        discount_rate=given(message, "discount_rate", message.discount_rate),
        seed=message.seed,
        source_risk=source_risk_from_proto(message),
    )


def source_risk_from_proto(message: sourcing_pb2.BuildProblemRequest) -> SourceRiskChoice:
    """Read what gives the risk of a source."""
    measure = message.source_risk_measure
    return SourceRiskChoice(
        measure=SOURCE_RISK_MEASURES.from_proto(measure) if measure else None,
        overrides=tuple(
            SourceRiskOverride(override.country, override.risk, override.material_id, override.reason)
            for override in message.source_risks
        ),
    )


def built_to_proto(built: BuiltProblem) -> sourcing_pb2.BuildProblemResponse:
    """Write a built problem."""
    return sourcing_pb2.BuildProblemResponse(
        problem=problem_to_proto(built.problem),
        figures=[traced_to_proto(figure) for figure in built.figures],
        defaults=[default_used_to_proto(used) for used in built.defaults],
        remarks=built.remarks,
    )


def traced_to_proto(figure: TracedField) -> common_pb2.Figure:
    """Write a figure with its origins."""
    return common_pb2.Figure(
        field_path=figure.field_path,
        values=figure.values,
        unit=figure.unit,
        derivation=figure.derivation,
        origins=[origin_to_proto(origin) for origin in figure.origins],
    )


def origin_to_proto(origin: Origin) -> common_pb2.Origin:
    """Write one thing that a figure rests on."""
    match origin:
        case DatasetOrigin():
            return common_pb2.Origin(dataset=dataset_origin_to_proto(origin))
        case DefaultOrigin(default_id, reason, source):
            default = common_pb2.DefaultOrigin(default_id=default_id, reason=reason, source=source)
            return common_pb2.Origin(default_value=default)
        case CallerOrigin(field_path, reason):
            return common_pb2.Origin(caller=common_pb2.CallerOrigin(field_path=field_path, reason=reason))
        case ForecastOrigin(model, statistic, seed):
            forecast = common_pb2.ForecastOrigin(model=model, statistic=statistic, seed=seed)
            return common_pb2.Origin(forecast=forecast)


def default_used_to_proto(used: DefaultUsed) -> common_pb2.DefaultUsed:
    """Write a default that was used."""
    return common_pb2.DefaultUsed(
        default_id=used.default.default_id,
        value=used.value,
        unit=used.default.unit,
        reason=used.default.reason,
        source=used.default.source,
        material_ids=used.material_ids,
        overridden=used.overridden,
    )
