"""Generate scenarios for a problem: hazards with their origins, futures sampled from them, a few crises with weights.

Owns defaults and what is wrong with a request. The sampling and the reduction are in the numeric core.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lodestock_optimizers.problem import Disruption, SourceKind, SourcingProblem
from lodestock_optimizers.scenarios.hazards import Estimate, Hazard, load_hazards
from lodestock_server.catalog import Catalog
from lodestock_server.errors import FieldViolation, InvalidRequest
from lodestock_server.usecases.country_hazards import (
    CountryHazards,
    HazardOverride,
    HazardSource,
    TracedHazard,
    countries_and_materials,
    evidence,
    record_origin,
)
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, Origin, TracedField

if TYPE_CHECKING:
    from lodestock_optimizers.scenarios.scenario_generation import Generated, Sampling

FUTURES = 5_000
SCENARIOS = 60
LEAST_PART = DefaultOrigin(
    "scenarios.least_part_of_demand",
    "An event that takes less than a twentieth of the demand for a material is met from what there is. A judgement",
)
LEAST_PART_OF_DEMAND = 0.05
MOST_DRAWS = 100_000_000
"""Futures × hazards × periods that a call may ask for: some seconds of drawing."""
MOST_STATES = 10_000_000
"""Futures × hazards that a call may ask for: what is held in memory at once."""
MOST_SELECTIONS = 10_000_000
"""Events × sources that a call may ask for: each event is held against each source."""
LITTLE_CARRIED = 0.5
MUCH_ERROR = 0.5


@dataclass(frozen=True, slots=True)
class HazardEvent:
    """An event of the caller's own, which hits all that it selects at once."""

    event_id: str
    probability_per_year: float
    availability: float
    duration_years: float
    countries: tuple[str, ...] = ()
    material_ids: tuple[str, ...] = ()
    kinds: tuple[SourceKind, ...] = ()
    price_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class ScenarioRequest:
    """What to generate; mirrors `lodestock.v1.GenerateScenariosRequest`, None or 0 for a default."""

    problem: SourcingProblem
    seed: int = 0
    futures: int = 0
    most_scenarios: int = 0
    source: HazardSource = HazardSource.GOVERNANCE
    overrides: tuple[HazardOverride, ...] = ()
    events: tuple[HazardEvent, ...] = ()
    correlation: float | None = None
    least_part: float | None = None


@dataclass(frozen=True, slots=True)
class GeneratedScenarios:
    """Scenarios, what they were made from, and what is to be said of them."""

    generated: Generated
    hazards: tuple[TracedHazard, ...]
    figures: tuple[TracedField, ...]
    remarks: tuple[str, ...]


def request_violations(request: ScenarioRequest, known_countries: Collection[str]) -> list[FieldViolation]:
    """List what is wrong across the fields of a request but its problem."""
    materials = {material.material_id for material in request.problem.materials}
    found = [
        FieldViolation(path, f"'{code}' is no country code, must be ISO 3166-1 alpha-3, such as 'CHN'")
        for path, code in _countries(request)
        if code not in known_countries
    ]
    found += [
        FieldViolation(path, f"'{name}' is no material of the problem")
        for path, name in _materials(request)
        if name not in materials
    ]
    ids = [event.event_id for event in request.events]
    found += [
        FieldViolation(f"events[{i}].event_id", f"'{name}' stands there twice, must be unique")
        for i, name in enumerate(ids)
        if name in ids[:i]
    ]
    return found


def _countries(request: ScenarioRequest) -> Iterator[tuple[str, str]]:
    """Countries that a request names beside its problem, by field."""
    yield from ((f"hazards[{i}].country", own.country) for i, own in enumerate(request.overrides))
    for i, event in enumerate(request.events):
        yield from ((f"events[{i}].countries[{k}]", code) for k, code in enumerate(event.countries))


def _materials(request: ScenarioRequest) -> Iterator[tuple[str, str]]:
    """Materials that a request names beside its problem, by field."""
    for i, own in enumerate(request.overrides):
        if own.material_id:
            yield f"hazards[{i}].material_id", own.material_id
    for i, event in enumerate(request.events):
        yield from ((f"events[{i}].material_ids[{k}]", name) for k, name in enumerate(event.material_ids))


def generate(catalog: Catalog, request: ScenarioRequest) -> GeneratedScenarios:
    """Generate scenarios.

    Raises:
        InvalidRequest: More is to be sampled than a call may ask for.
    """
    # numpy and scipy are imported in the workers alone.
    from lodestock_optimizers.scenarios.scenario_generation import generate_scenarios

    problem = request.problem
    of_countries = CountryHazards(catalog, request.source, request.overrides)
    sampling = _sampling(request)
    _refuse_too_much(sampling.futures, request)
    hazards = [*of_countries.of(problem), *(_of_event(i, event) for i, event in enumerate(request.events))]
    generated = generate_scenarios(problem, [one.hazard for one in hazards], sampling)
    remarks = [
        *(evidence(load_hazards()) if any(_is_calibrated(one) for one in hazards) else ()),
        *of_countries.remarks,
        *_events_that_hit_nothing(request),
        *_on_quality(generated),
        *_on_problem(problem),
    ]
    figures = tuple(_figures(request, sampling, hazards))
    return GeneratedScenarios(generated, tuple(hazards), figures, tuple(remarks))


def _sampling(request: ScenarioRequest) -> Sampling:
    from lodestock_optimizers.scenarios.scenario_generation import Sampling

    correlation, least = request.correlation, request.least_part
    return Sampling(
        futures=request.futures or FUTURES,
        most_scenarios=request.most_scenarios or SCENARIOS,
        correlation=load_hazards().correlation_within_region if correlation is None else correlation,
        least_part=LEAST_PART_OF_DEMAND if least is None else least,
        seed=request.seed,
    )


def _of_event(i: int, event: HazardEvent) -> TracedHazard:
    p = event.probability_per_year
    hazard = Hazard(
        hazard_id=event.event_id,
        probability_per_year=p,
        availabilities=(event.availability,),
        duration_years=(event.duration_years,),
        duration_probabilities=(1.0,),
        countries=event.countries,
        material_ids=event.material_ids,
        kinds=event.kinds,
        price_factor=event.price_factor,
    )
    return TracedHazard(hazard, Estimate(p, p, p), "", (CallerOrigin(f"events[{i}].probability_per_year"),))


def _refuse_too_much(futures: int, request: ScenarioRequest) -> None:
    """Refuse what would take too long or too much memory, before any of it is done."""
    problem, events = request.problem, len(request.events)
    if events * len(problem.sources) > MOST_SELECTIONS:
        text = f"are {events:,}, a call may give {MOST_SELECTIONS // len(problem.sources):,} to so many sources"
        raise InvalidRequest([FieldViolation("events", text)])
    hazards, periods = len(countries_and_materials(problem)) + events, len(problem.periods)
    if futures * hazards > MOST_STATES or futures * hazards * periods > MOST_DRAWS:
        most = min(MOST_STATES, MOST_DRAWS // periods) // hazards
        text = f"is {futures:,} for {hazards:,} hazards in {periods:,} periods, a call may ask for {most:,}"
        raise InvalidRequest([FieldViolation("futures", text)])


def _is_calibrated(one: TracedHazard) -> bool:
    return any(isinstance(origin, DefaultOrigin) for origin in one.origins)


def _figures(request: ScenarioRequest, sampling: Sampling, hazards: list[TracedHazard]) -> Iterator[TracedField]:
    record = load_hazards()
    for one in hazards:
        path = f"hazards[{one.hazard.hazard_id}].probability_per_year"
        yield TracedField(path, (one.hazard.probability_per_year,), "1/a", one.derivation, one.origins)
    if any(_is_calibrated(one) for one in hazards):
        origins = (record_origin(record),)
        left = tuple(1 - fall for fall in record.falls)
        yield TracedField("availabilities", left, "1", "what a fall leaves, each as likely as the others", origins)
        yield TracedField("duration_years", record.duration_years, "a", "years until the output is back", origins)
        text = "probability of each duration"
        yield TracedField("duration_probabilities", record.duration_probabilities, "1", text, origins)

    def setting(name: str, value: float, given: bool, default: Origin) -> TracedField:
        return TracedField(name, (value,), "1", "", (CallerOrigin(name) if given else default,))

    own = request.correlation is not None
    yield setting("correlation_within_region", sampling.correlation, own, record_origin(record))
    yield setting("least_part_of_demand", sampling.least_part, request.least_part is not None, LEAST_PART)


def _events_that_hit_nothing(request: ScenarioRequest) -> Iterator[str]:
    for i, event in enumerate(request.events):
        selection = Disruption(event.countries, event.material_ids, event.kinds)
        if not any(selection.hits(source) for source in request.problem.sources):
            yield f"events[{i}]: '{event.event_id}' hits no source of the problem"


def _on_quality(generated: Generated) -> Iterator[str]:
    if generated.crises and generated.carried < LITTLE_CARRIED:
        yield (
            f"much happens in one future: the one crisis of each carries {generated.carried:.0%} of what is lost; "
            "generate for fewer materials, or raise least_part_of_demand"
        )
    yield from on_distance(len(generated.scenarios), generated.error_days, generated.loss_days, "the sample")


def on_distance(count: int, error_days: float, loss_days: float, stood_for: str) -> Iterator[str]:
    """How far some scenarios are from what they stand for, where that is much of the mean loss."""
    if error_days > MUCH_ERROR * loss_days:
        told = "1 scenario is" if count == 1 else f"{count} scenarios are"
        yield (
            f"{told} {error_days / loss_days:.0%} of the mean loss away from {stood_for}; more scenarios come nearer"
        )


def _on_problem(problem: SourcingProblem) -> Iterator[str]:
    if problem.scenarios:
        yield "the problem has scenarios of its own, which are no part of these"
    if problem.price_of_risk > 0:
        yield (
            f"price_of_risk is {problem.price_of_risk:g}: where scenarios carry the risk of countries, 0 avoids "
            "counting it twice"
        )
