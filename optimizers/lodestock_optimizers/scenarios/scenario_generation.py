"""Scenarios from hazards: futures are sampled, each becomes a crisis, and a few crises with weights stand for all.

The futures in which nothing strikes that counts keep their probability: it is what the scenarios leave of 1, the trunk
of the tree. docs/scenarios.md has the whole way with its approximations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lodestock_optimizers.problem import DAYS_PER_YEAR, Disruption, Scenario, SourcingProblem
from lodestock_optimizers.scenarios.choosing import candidates, choose
from lodestock_optimizers.scenarios.disruption_sampling import sample_strikes
from lodestock_optimizers.scenarios.distance import Floats, distances
from lodestock_optimizers.scenarios.hazards import Hazard
from lodestock_optimizers.scenarios.sampled_crises import SampledCrises, parts_of_demand, worst_crises
from lodestock_optimizers.scenarios.scenario_reduction import Reduction

LEAST_MISSING = 0.005
"""Part of a supply below which a hazard is left out of a scenario; an event that takes less makes none."""

IN_CRISIS = 0.1
"""Part of its demand that a material must lose to be in the scenario's state; those of the worst event always are."""

DIGITS = 4
"""Digits of availabilities in scenarios: more would be noise of the sample."""


@dataclass(frozen=True, slots=True)
class Generated:
    """Scenarios for a problem and how well they stand for the sample.

    Attributes:
        scenarios: The likeliest first; what their probabilities leave of 1 is that nothing happens.
        futures: Futures sampled.
        crises: Those of them in which something strikes that counts.
        candidates: Crises from which the scenarios were chosen.
        error_days: Kantorovich distance of the scenarios from the crises of all futures: days of demand that one lacks
            and the other has, a loss that is moved in time counted in part (`distances`).
        loss_days: Mean loss of a future, its crisis alone: the distance of all from "nothing happens".
        carried: Loss of the crises over that of all events sampled, 0…1.
        parts_of_demand: For each hazard the part of the demand that its sources can deliver, the largest of its
            materials.
    """

    scenarios: tuple[Scenario, ...]
    futures: int
    crises: int
    candidates: int
    error_days: float
    loss_days: float
    carried: float
    parts_of_demand: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How futures are sampled and reduced.

    Attributes:
        futures: How many futures.
        most_scenarios: Most scenarios to reduce them to.
        correlation: Of two hazards of one region, 0 to below 1.
        least_part: Part of the demand for a material from which on an event counts.
        seed: The same seed gives the same scenarios.
    """

    futures: int
    most_scenarios: int
    correlation: float
    least_part: float
    seed: int


def generate_scenarios(problem: SourcingProblem, hazards: Sequence[Hazard], sampling: Sampling) -> Generated:
    """Sample futures of a problem and reduce them to scenarios; its own scenarios are not looked at."""
    years = [period.length_years for period in problem.periods]
    futures = sampling.futures
    if not hazards:
        return Generated((), futures, 0, 0, 0.0, 0.0, 1.0, ())
    parts = parts_of_demand(hazards, problem)
    largest = tuple(parts.max(axis=1, initial=0.0).tolist())
    strikes = sample_strikes(hazards, years, sampling.correlation, futures, sampling.seed)
    missing = 1 - strikes.availability
    counts = (missing >= LEAST_MISSING) & (
        parts.max(axis=1, initial=0.0)[strikes.hazard] * missing >= sampling.least_part
    )
    crises = worst_crises(strikes, counts, DAYS_PER_YEAR * parts.sum(axis=1), years)
    count = len(crises.onset)
    if not count:
        return Generated((), futures, 0, 0, 0.0, 0.0, crises.carried, largest)
    losses, probability = crises.losses(years), np.full(count, 1.0 / futures)
    among = candidates(losses, probability)
    reduced = choose(
        crises.onset, probability, among, lambda others: distances(crises, others, years), sampling.most_scenarios
    )
    return Generated(
        scenarios=_scenarios(problem, hazards, crises, parts, reduced),
        futures=futures,
        crises=count,
        candidates=len(among),
        error_days=reduced.error,
        loss_days=float(probability @ losses),
        carried=crises.carried,
        parts_of_demand=largest,
    )


def _scenarios(
    problem: SourcingProblem,
    hazards: Sequence[Hazard],
    crises: SampledCrises,
    parts: Floats,
    reduced: Reduction,
) -> tuple[Scenario, ...]:
    """The chosen crises as scenarios, the likeliest first; one that is like another stands for none and is left out."""
    names = [material.material_id for material in problem.materials]
    found = []
    order = np.argsort(-reduced.weight, kind="stable")
    for rank, position in enumerate(order[reduced.weight[order] > 0], start=1):
        i = int(reduced.chosen[position])
        missing, worst = crises.missing[i], int(crises.worst[i])
        troubled = (missing @ parts >= IN_CRISIS) | (parts[worst] > 0)
        onset, end = int(crises.onset[i]), int(crises.end[i])
        found.append(
            Scenario(
                scenario_id=f"{rank}: {hazards[worst].hazard_id} from {problem.periods[onset].label}",
                probability=float(reduced.weight[position]),
                onset_period=onset,
                end_period=end,
                disruptions=tuple(
                    _disruption(hazards[h], float(missing[h]))
                    for h in np.flatnonzero(missing >= LEAST_MISSING).tolist()
                ),
                state_material_ids=tuple(name for name, one in zip(names, troubled, strict=True) if one),
            )
        )
    return tuple(found)


def _disruption(hazard: Hazard, missing: float) -> Disruption:
    """What a hazard does to sources in a scenario."""
    return Disruption(
        countries=hazard.countries,
        material_ids=hazard.material_ids,
        kinds=hazard.kinds,
        availability=max(0.0, round(1.0 - missing, DIGITS)),
        price_factor=hazard.price_factor,
    )
