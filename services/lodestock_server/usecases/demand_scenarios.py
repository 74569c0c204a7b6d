"""The spread of the demand forecast as scenarios of the plan.

A quantile path of the forecast is demand that runs high, or low, throughout. Each such path is crossed with every
scenario of the caller's and with "nothing happens", as independent of them; all materials run at the same quantile,
which for a stockpile is the cautious reading, since their needs then peak together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lodestock_optimizers.problem import PROBABILITY_SLACK, DemandFactor, Scenario
from lodestock_server.errors import FieldViolation

MEDIAN = 0.5
FIELD = "demand_uncertainty"

DemandFactors = Mapping[str, Sequence[float]]
"""By material: quantile path over median path, one value a period."""


@dataclass(frozen=True, slots=True)
class DemandUncertainty:
    """Levels of the paths, rising, and the probability of each; no probabilities: by `nearest_level_probabilities`."""

    quantile_levels: tuple[float, ...]
    probabilities: tuple[float, ...] = ()

    def path_probabilities(self) -> tuple[float, ...]:
        """The probability of each path, which add up to 1."""
        return self.probabilities or nearest_level_probabilities(self.quantile_levels)


@dataclass(frozen=True, slots=True)
class CrossedScenario:
    """A scenario of the plan, the level that demand runs at in it, and the place of the caller's in it (None: none).

    Its demand factors are those of the caller's scenario, then those of the level.
    """

    scenario: Scenario
    level: float
    given: int | None = None


def nearest_level_probabilities(levels: Sequence[float]) -> tuple[float, ...]:
    """The part of all levels, 0 to 1, that is nearer to each than to its neighbours: 0.3, 0.4, 0.3 for 0.1, 0.5, 0.9.

    Source: bracket means of a discretised distribution, Clemen and Reilly, Making Hard Decisions, 3rd ed., chapter 8.
    """
    borders = [0.0, *((low + high) / 2 for low, high in pairwise(levels)), 1.0]
    return tuple(high - low for low, high in pairwise(borders))


def uncertainty_violations(uncertainty: DemandUncertainty) -> list[FieldViolation]:
    """List what is wrong with levels and probabilities."""
    levels, given = uncertainty.quantile_levels, uncertainty.probabilities
    found = [
        FieldViolation(f"{FIELD}.quantile_levels[{i}]", f"is {high:g} after {low:g}, must rise")
        for i, (low, high) in enumerate(pairwise(levels), start=1)
        if not high > low
    ]
    if given and len(given) != len(levels):
        text = f"holds {len(given)} values, must hold one a level: {len(levels)}, or none"
        found.append(FieldViolation(f"{FIELD}.probabilities", text))
    elif given and abs(math.fsum(given) - 1.0) > PROBABILITY_SLACK:
        text = f"add up to {math.fsum(given):g}, must add up to 1"
        found.append(FieldViolation(f"{FIELD}.probabilities", text))
    return found


def cross_with_demand(
    scenarios: Sequence[Scenario], uncertainty: DemandUncertainty, factors: Mapping[float, DemandFactors]
) -> tuple[CrossedScenario, ...]:
    """Cross scenarios with the quantile paths of demand.

    Args:
        scenarios: What else may happen, at most one on a path; probabilities add up to at most 1.
        uncertainty: The paths and their probabilities.
        factors: The factors of every level but the median.

    Returns:
        The given scenarios at median demand; then, for every other level, demand alone and with each given scenario.
        What is left to add up to 1 is median demand and nothing else, the trunk of the tree.
    """
    calm = max(0.0, 1.0 - math.fsum(scenario.probability for scenario in scenarios))
    crossed = []
    for level, probability in zip(uncertainty.quantile_levels, uncertainty.path_probabilities(), strict=True):
        name = demand_name(level)
        shifted = tuple(_demand_factors(factors[level])) if level != MEDIAN else ()
        if level != MEDIAN:
            alone = Scenario(name, calm * probability, onset_period=0, demand_factors=shifted)
            crossed.append(CrossedScenario(alone, level))
        for i, scenario in enumerate(scenarios):
            both = replace(
                scenario,
                scenario_id=f"{scenario.scenario_id}, {name}",
                probability=scenario.probability * probability,
                demand_factors=scenario.demand_factors + shifted,
            )
            crossed.append(CrossedScenario(both, level, i))
    return tuple(crossed)


def demand_name(level: float) -> str:
    """Name of the scenario in which demand runs at a quantile."""
    return f"demand at quantile {level:g}"


def _demand_factors(factors: DemandFactors) -> Iterator[DemandFactor]:
    """The factors that differ from 1, one for each material and value."""
    for material, path in factors.items():
        for value in dict.fromkeys(path):
            if value != 1.0:
                yield DemandFactor(value, (material,), tuple(t for t, each in enumerate(path) if each == value))
