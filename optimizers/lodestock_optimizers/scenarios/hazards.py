"""What may strike; and how likely it is that a country's output of a material falls in a year, how far, how long.

Owns the table shipped as ``hazard_calibration.json`` (built by ``scripts/build_hazards.py``, which also writes where it
comes from) and the reading of it. A *fall* is an output that drops by 30 % or more within a year, while that of the
rest of the world does not, and that comes back within three years. docs/scenarios.md says how weak the evidence is:
governance hardly tells the countries apart.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from lodestock_optimizers.problem import SourceKind

NORMAL_95 = 1.959964
"""Standard errors on either side of an estimate that hold 95 % of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something that may strike, again and again, and what it hits; selections as in `problem.Disruption`.

    Attributes:
        hazard_id: Name, unique among the hazards.
        probability_per_year: That it strikes within a year in which it is not under way.
        availabilities: What it leaves, 0…1, each as likely as the others.
        duration_years: How long it may last, each above 0.
        duration_probabilities: Of each of these; they add up to 1.
        region: Hazards of one region share a factor. "": none.
    """

    hazard_id: str
    probability_per_year: float
    availabilities: tuple[float, ...]
    duration_years: tuple[float, ...]
    duration_probabilities: tuple[float, ...]
    countries: tuple[str, ...] = ()
    material_ids: tuple[str, ...] = ()
    kinds: tuple[SourceKind, ...] = ()
    price_factor: float = 1.0
    region: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A yearly probability and the interval that holds it with 95 %, both between 0 and 1."""

    probability: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class HazardCalibration:
    """What the record of outputs says of falls.

    Attributes:
        version: Version of the table.
        sources: Data packages that it was made from, each with its version.
        cases, events: Country, material and year looked at, and those of them with a fall.
        first_year, last_year: Years of the record.
        log_odds, log_odds_standard_error: Of a fall, the same for all.
        coefficients: Of 1, governance W (0 best to 10 worst) and log10 of the share of world output, in the log-odds.
        covariance: Of the coefficients, 3 × 3, clustered by country.
        least_share: Share of world output below which nothing was looked at.
        falls: Parts of the output that are lost, each as likely as the others.
        duration_years: Years that a fall may last.
        duration_probabilities: Of each of these.
        correlation_within_region: Of the latent normals of countries of one region in one year.
    """

    version: str
    sources: tuple[str, ...]
    cases: int
    events: int
    first_year: int
    last_year: int
    log_odds: float
    log_odds_standard_error: float
    coefficients: tuple[float, float, float]
    covariance: tuple[tuple[float, ...], ...]
    least_share: float
    falls: tuple[float, ...]
    duration_years: tuple[float, ...]
    duration_probabilities: tuple[float, ...]
    correlation_within_region: float

    def anywhere(self) -> Estimate:
        """Yearly probability of a fall, the same for all countries: the record's own frequency."""
        return _estimate(self.log_odds, self.log_odds_standard_error)

    def of_country(self, governance: float, share: float) -> Estimate:
        """Yearly probability of a fall by logistic regression.

        Args:
            governance: W of the country, 0 best to 10 worst.
            share: Its share of world output; below `least_share` that is taken.
        """
        features = (1.0, governance, math.log10(min(1.0, max(share, self.least_share))))
        variance = _dot(features, [_dot(row, features) for row in self.covariance])
        return _estimate(_dot(features, self.coefficients), math.sqrt(variance))


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def _estimate(log_odds: float, standard_error: float) -> Estimate:
    def probability(value: float) -> float:
        return 1.0 / (1.0 + math.exp(-value))

    margin = NORMAL_95 * standard_error
    return Estimate(probability(log_odds), probability(log_odds - margin), probability(log_odds + margin))


def parse_hazards(table: Mapping[str, Any]) -> HazardCalibration:
    """The calibration that the JSON file describes."""
    return HazardCalibration(
        version=table["version"],
        sources=tuple(table["sources"]),
        cases=table["cases"],
        events=table["events"],
        first_year=table["first_year"],
        last_year=table["last_year"],
        log_odds=table["log_odds"],
        log_odds_standard_error=table["log_odds_standard_error"],
        coefficients=tuple(table["coefficients"]),
        covariance=tuple(tuple(row) for row in table["covariance"]),
        least_share=table["least_share"],
        falls=tuple(table["falls"]),
        duration_years=tuple(table["duration_years"]),
        duration_probabilities=tuple(table["duration_probabilities"]),
        correlation_within_region=table["correlation_within_region"],
    )


@functools.cache
def load_hazards() -> HazardCalibration:
    """The shipped calibration."""
    text = (
        resources.files("lodestock_optimizers.scenarios")
        .joinpath("hazard_calibration.json")
        .read_text(encoding="utf-8")
    )
    return parse_hazards(json.loads(text))
