"""Samples futures in which hazards strike: when, how hard, for how long, and not independently of each other.

In each period a hazard that is not under way strikes with its probability. Who is struck together is decided by latent
normals that share a factor within a region (a Gaussian copula): x = √ρ·R + √(1 − ρ)·E, struck where Φ(x) is below the
probability of the period. So every hazard keeps its own probability, whatever ρ.

Source of the copula: Li 2000, Journal of Fixed Income 9 (one factor: Vasicek 2002, Risk 15).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from lodestock_optimizers.scenarios.hazards import Hazard

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_PROBABILITY = 1 - 1e-9
"""A certain event strikes with this, so that its latent normal has a finite threshold."""

ROUNDING_YEARS = 1e-9
"""By how much sums of the lengths of periods may miss the end of an event."""


@dataclass(frozen=True, slots=True, eq=False)
class Strikes:
    """All events of all futures; E of them, in the order of their onset.

    Attributes:
        future, hazard: (E,) which future, which hazard.
        onset, end: (E,) first and last period, both included; the end lies within the horizon.
        availability: (E,) what is left, 0…1.
    """

    future: Ints
    hazard: Ints
    onset: Ints
    end: Ints
    availability: Floats


def sample_strikes(
    hazards: Sequence[Hazard], period_years: Sequence[float], correlation: float, futures: int, seed: int
) -> Strikes:
    """Sample futures.

    Args:
        hazards: What may strike; H of them, at least one.
        period_years: Length of each period, years; T of them.
        correlation: ρ of two hazards of one region, 0 to below 1.
        futures: How many futures.
        seed: The same seed gives the same futures.
    """
    generator = np.random.default_rng(seed)
    lengths = np.array(period_years)
    ends_at = np.cumsum(lengths)
    regions = sorted({hazard.region for hazard in hazards})
    region_of = np.array([regions.index(hazard.region) for hazard in hazards])
    shared = np.where([bool(hazard.region) for hazard in hazards], np.sqrt(correlation), 0.0)
    own = np.sqrt(1 - shared**2)
    calm = -np.log1p(-np.minimum([hazard.probability_per_year for hazard in hazards], MOST_PROBABILITY))
    free_from = np.zeros((futures, len(hazards)))
    found: list[tuple[Ints, Ints, Ints, Ints, Floats]] = []
    for t, length in enumerate(lengths):
        began = ends_at[t] - length
        factors = generator.standard_normal((futures, len(regions)))[:, region_of]
        latent = shared * factors + own * generator.standard_normal((futures, len(hazards)))
        threshold = ndtri(-np.expm1(-calm * length))
        struck, by = np.nonzero((latent < threshold) & (free_from <= began + ROUNDING_YEARS))
        years = _pick(generator, [_duration_table(hazard) for hazard in hazards], by)
        left = _pick(generator, [_availability_table(hazard) for hazard in hazards], by)
        over = began + years
        free_from[struck, by] = over
        # An event covers every period that it reaches into by more than rounding.
        end = np.minimum(np.searchsorted(ends_at, over - ROUNDING_YEARS), len(lengths) - 1)
        found.append((struck, by, np.full(len(by), t), np.maximum(end, t), left))
    return Strikes(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _duration_table(hazard: Hazard) -> tuple[Floats, Floats]:
    """Cumulative probabilities and the years that belong to them."""
    return np.cumsum(hazard.duration_probabilities), np.array(hazard.duration_years)


def _availability_table(hazard: Hazard) -> tuple[Floats, Floats]:
    """Cumulative probabilities and what is left."""
    count = len(hazard.availabilities)
    return np.arange(1.0, count + 1) / count, np.array(hazard.availabilities)


def _pick(generator: np.random.Generator, tables: Sequence[tuple[Floats, Floats]], by: Ints) -> Floats:
    """For each event a value drawn from its hazard's table."""
    uniform = generator.random(len(by))
    drawn = np.empty(len(by))
    for h in np.unique(by):
        cumulative, values = tables[h]
        mine = by == h
        place = np.searchsorted(cumulative, uniform[mine] * cumulative[-1], side="right")
        drawn[mine] = values[np.minimum(place, len(values) - 1)]
    return drawn
