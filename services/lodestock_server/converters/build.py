"""sourcing.proto, BuildProblem: the request from a message, the built problem with its origins to one."""

from __future__ import annotations

from lodestock.v1 import common_pb2, sourcing_pb2
from lodestock_optimizers.risk import SourceRiskMeasure
from lodestock_server.converters.common import own_figures_from_proto, traced_to_proto
from lodestock_server.converters.demand import gdp_scenario_from_proto
from lodestock_server.converters.enums import EnumMap
from lodestock_server.converters.policies import choices_from_proto
from lodestock_server.converters.sourcing import (
    budget_from_proto,
    given,
    problem_to_proto,
    rule_from_proto,
    scenario_from_proto,
)
from lodestock_server.usecases.build_problem import BuildRequest, BuiltProblem, DemandPath
from lodestock_server.usecases.defaults import DefaultUsed, Override
from lodestock_server.usecases.demand_scenarios import DemandUncertainty
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
        own_figures=own_figures_from_proto(message.own_figures),
        demand_uncertainty=uncertainty_from_proto(message) if message.HasField("demand_uncertainty") else None,
        forecast_model=message.forecast_model,
        gdp_scenario=gdp_scenario_from_proto(message.gdp_scenario),
        policies=choices_from_proto(message.policies),
    )


def uncertainty_from_proto(message: sourcing_pb2.BuildProblemRequest) -> DemandUncertainty:
    """Read the quantile paths of demand that are to be scenarios."""
    given_paths = message.demand_uncertainty
    return DemandUncertainty(tuple(given_paths.quantile_levels), tuple(given_paths.probabilities))


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
