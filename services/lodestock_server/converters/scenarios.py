"""sourcing.proto, GenerateScenarios and ReduceScenarios: requests from messages, scenarios to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodestock.v1 import sourcing_pb2
from lodestock_server.converters.common import traced_to_proto
from lodestock_server.converters.enums import EnumMap
from lodestock_server.converters.sourcing import KINDS, given, given_or, problem_from_proto, scenario_to_proto
from lodestock_server.usecases.country_hazards import HazardOverride, HazardSource, TracedHazard
from lodestock_server.usecases.generate_scenarios import GeneratedScenarios, HazardEvent, ScenarioRequest
from lodestock_server.usecases.reduce_scenarios import Reduced

if TYPE_CHECKING:
    from lodestock_optimizers.scenarios.scenario_generation import Generated

HAZARD_SOURCES = EnumMap(HazardSource, sourcing_pb2.HazardSource, "HAZARD_SOURCE_")


def scenario_request_from_proto(message: sourcing_pb2.GenerateScenariosRequest) -> ScenarioRequest:
    """Read a request."""
    return ScenarioRequest(
        problem=problem_from_proto(message.problem),
        seed=message.seed,
        futures=message.futures,
        most_scenarios=message.most_scenarios,
        source=HAZARD_SOURCES.from_proto(message.hazard_source, HazardSource.GOVERNANCE),
        overrides=tuple(override_from_proto(override) for override in message.hazards),
        events=tuple(event_from_proto(event) for event in message.events),
        correlation=given(message, "correlation_within_region", message.correlation_within_region),
        least_part=given(message, "least_part_of_demand", message.least_part_of_demand),
    )


def override_from_proto(message: sourcing_pb2.HazardOverride) -> HazardOverride:
    """Read the caller's own figures for a country."""
    return HazardOverride(
        country=message.country,
        probability_per_year=message.probability_per_year,
        material_id=message.material_id,
        availability=given(message, "availability", message.availability),
        duration_years=given(message, "duration_years", message.duration_years),
        reason=message.reason,
    )


def event_from_proto(message: sourcing_pb2.HazardEvent) -> HazardEvent:
    """Read an event of the caller's."""
    return HazardEvent(
        event_id=message.event_id,
        probability_per_year=message.probability_per_year,
        availability=message.availability,
        duration_years=message.duration_years,
        countries=tuple(message.countries),
        material_ids=tuple(message.material_ids),
        kinds=KINDS.all_from_proto(message.kinds),
        price_factor=given_or(message, "price_factor", message.price_factor, 1.0),
    )


def generated_to_proto(made: GeneratedScenarios) -> sourcing_pb2.GenerateScenariosResponse:
    """Write scenarios, without how they were made."""
    parts = made.generated.parts_of_demand
    return sourcing_pb2.GenerateScenariosResponse(
        scenarios=[scenario_to_proto(scenario) for scenario in made.generated.scenarios],
        hazards=[hazard_to_proto(one, part) for one, part in zip(made.hazards, parts, strict=True)],
        reduction=reduction_to_proto(made.generated),
        figures=[traced_to_proto(figure) for figure in made.figures],
        remarks=made.remarks,
    )


def hazard_to_proto(one: TracedHazard, part_of_demand: float) -> sourcing_pb2.Hazard:
    """Write a hazard."""
    hazard = one.hazard
    years = zip(hazard.duration_years, hazard.duration_probabilities, strict=True)
    return sourcing_pb2.Hazard(
        hazard_id=hazard.hazard_id,
        countries=hazard.countries,
        material_ids=hazard.material_ids,
        probability_per_year=hazard.probability_per_year,
        probability_low=one.estimate.low,
        probability_high=one.estimate.high,
        mean_availability=sum(hazard.availabilities) / len(hazard.availabilities),
        mean_duration_years=sum(length * probability for length, probability in years),
        region=hazard.region,
        part_of_demand=part_of_demand,
    )


def reduction_to_proto(generated: Generated) -> sourcing_pb2.ScenarioReduction:
    """Write how well scenarios stand for the sample."""
    return sourcing_pb2.ScenarioReduction(
        futures=generated.futures,
        crises=generated.crises,
        candidates=generated.candidates,
        error_days=generated.error_days,
        loss_days=generated.loss_days,
        carried=generated.carried,
    )


def reduced_to_proto(made: Reduced) -> sourcing_pb2.ReduceScenariosResponse:
    """Write fewer scenarios, without how they were made."""
    reduction = made.reduction
    return sourcing_pb2.ReduceScenariosResponse(
        scenarios=[scenario_to_proto(scenario) for scenario in reduction.scenarios],
        given=reduction.given,
        possible=reduction.possible,
        candidates=reduction.candidates,
        error_days=reduction.error_days,
        loss_days=reduction.loss_days,
        remarks=made.remarks,
    )
