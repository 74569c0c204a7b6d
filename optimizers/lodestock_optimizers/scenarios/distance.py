"""How far apart two things that may happen are, where each takes the same part of supplies from its onset to its end.

Terms: the *weight* of a supply is what its sources can deliver in a year, in days of the buyer's demand and at most all
of it; a loss is weight × what is missing × years. So a loss reads "days of demand", and a material of a small market
counts as much as one of a large one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROWS_AT_ONCE = 1000
"""Distances computed together: more would only take memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Crises:
    """N things that may happen, H supplies.

    Attributes:
        onset, end: (N,) first and last period, both included.
        missing: (N, H) part of each supply that is missing from onset to end; below 0 where there is more of it.
        weight: (H,) of each supply, days of demand per year.
    """

    onset: Ints
    end: Ints
    missing: Floats
    weight: Floats

    def losses(self, period_years: Sequence[float]) -> Floats:
        """(N,) what each takes, days of demand."""
        lost: Floats = np.abs(self.missing) @ self.weight * self.years(period_years)
        return lost

    def years(self, period_years: Sequence[float]) -> Floats:
        """(N,) how long each lasts, years."""
        return np.cumsum(period_years)[self.end] - self.began(period_years)

    def began(self, period_years: Sequence[float]) -> Floats:
        """(N,) when each begins, years from the start of the horizon."""
        starts: Floats = np.cumsum(period_years) - np.array(period_years)
        return starts[self.onset]


def distances(crises: Crises, others: Ints, period_years: Sequence[float]) -> NDArray[np.float32]:
    """(N, C) how far each is from those numbered `others`: days of demand that one lacks and the other has.

    With both laid on each other from their onsets on, that is ∫ Σ over supplies |difference of what is missing| dt. Of
    what they have in common then, the part (time between the onsets) / horizon is not the same loss either:

        distance = (1 − δ)·aligned + δ·(loss + other loss), δ = |onset − other onset| / horizon.

    It is the L1 distance, and so a metric, of losses as functions of supply, time since the onset and date, each spread
    evenly over the dates from its onset to one horizon later. So moving a crisis by a tenth of the horizon costs a
    fifth of its loss, by half of it as much as leaving it out, and never more than leaving out one and adding another.
    """
    weighted = (crises.missing * crises.weight).astype(np.float32)
    size, years = np.abs(weighted).sum(axis=1), crises.years(period_years).astype(np.float32)
    loss = size * years
    began = (crises.began(period_years) / sum(period_years)).astype(np.float32)
    found = np.empty((len(size), len(others)), dtype=np.float32, order="F")
    for first in range(0, len(size), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        both = np.minimum(years[rows, None], years[others])
        apart = cdist(weighted[rows], weighted[others], "cityblock").astype(np.float32)
        longer = (years[rows, None] - both) * size[rows, None] + (years[others] - both) * size[others]
        moved = np.abs(began[rows, None] - began[others])
        found[rows] = (1 - moved) * (both * apart + longer) + moved * (loss[rows, None] + loss[others])
    return found
