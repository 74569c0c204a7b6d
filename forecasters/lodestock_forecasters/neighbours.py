"""Strength that longer series lend to those of a few values.

Owns what the series of one request have in common, growth and unrest, and how a short series takes it up. Lending is
the caller's choice: the answer to a short series then depends on the others of its request, and whether they are akin
is for the caller to know.

Terms: growth and unrest are those of √y, per period and relative to it, so that series of any unit can be pooled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from lodestock_forecasters.calibration import Calibration
from lodestock_forecasters.history import History
from lodestock_forecasters.intervals import error_scale
from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.series import FloatArray
from lodestock_forecasters.trend import LEAST_POINTS

LEAST_LENDERS = 5
"""Fewest longer series of one frequency that have something to lend."""
WEIGHT = 8.0
"""Changes of its own from which a series' growth counts as much as that of its neighbours.

Chosen by OWA on M1, M3, Tourism and mineral series cut to two to eight values, see `docs/forecasting.md`."""

NEIGHBOURS = "neighbours"
"""Name under which an answer tells that its path is lent."""
_OWN = Calibration(0.0, 0.0, 1.0, ())
"""Draws the scale of a series' errors to no other."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What the longer series of one frequency have in common."""

    growth: float
    """Median believed change of √y per period, relative to the last √y."""
    unrest: float
    """Median scale of errors on the square-root scale, relative to the root of the mean value."""
    lenders: int

    def growth_of(self, history: History) -> float:
        """Return the growth of a short series: its own k changes against `WEIGHT` of its neighbours'."""
        last = float(history.values[-1])
        k = len(history.trend.sizes)
        own = history.trend.mean / np.sqrt(last) if last > 0 else 0.0
        return float((k * own + WEIGHT * self.growth) / (k + WEIGHT))

    def path(self, history: History, steps: int) -> FloatArray:
        """Return the point path f_h = y_T max(1 + h g, 0)² of a short series with the growth g, shape (steps,)."""
        grown = np.maximum(1.0 + self.growth_of(history) * np.arange(1, steps + 1), 0.0)
        return np.asarray(history.values[-1] * grown**2, dtype=np.float64)

    def calibrated(self, calibration: Calibration) -> Calibration:
        """Return the calibration with the neighbours' unrest in the pooled scale, to which its own still counts as
        `LEAST_LENDERS` of them."""
        squares = self.lenders * self.unrest**2 + LEAST_LENDERS * calibration.pooled_scale**2
        return replace(calibration, pooled_scale=float(np.sqrt(squares / (self.lenders + LEAST_LENDERS))))


def neighbourhoods(histories: Iterable[History]) -> Mapping[Frequency, Neighbourhood]:
    """Return what the series of a request can lend, by frequency; none where fewer than `LEAST_LENDERS` can."""
    shares: dict[Frequency, list[tuple[float, float]]] = {}
    for history in histories:
        if is_short(history) or history.values[-1] <= 0 or history.intermittent:
            continue
        growth = history.trend.belief() * history.trend.mean / np.sqrt(history.values[-1])
        unrest = error_scale(history, _OWN) / np.sqrt(history.values[history.observed].mean())
        shares.setdefault(history.frequency, []).append((float(growth), float(unrest)))
    return {
        frequency: Neighbourhood(
            growth=float(np.median([growth for growth, _ in some])),
            unrest=float(np.median([unrest for _, unrest in some])),
            lenders=len(some),
        )
        for frequency, some in shares.items()
        if len(some) >= LEAST_LENDERS
    }


def is_short(history: History) -> bool:
    """Return whether a series has too few values for a trend of its own."""
    return history.n_observed < LEAST_POINTS
