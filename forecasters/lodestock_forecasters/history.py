"""The history that models see: a series on an unbroken grid of periods, gaps filled, season detected.

Owns gap filling and the test for a season; knows no model. Interior gaps are bridged by straight lines, which never
look past the next observation, so that a history cut at an observation equals the history that was known then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lodestock_forecasters.drivers import Drivers
from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.series import BoolArray, DemandSeries, FloatArray
from lodestock_forecasters.trend import Trend

SEASONS_NEEDED = 3
"""Full seasons below which no season is looked for."""
LEAST_INTERVAL = 1.32
"""Mean periods between demands from which a series is intermittent: Syntetos, Boylan and Croston 2005, J. Operational
Research Society 56(5)."""
LEAST_SPELLS = 2
SEASON_EVIDENCE = {Frequency.QUARTERLY: 1.645, Frequency.MONTHLY: 2.326}
"""Normal quantile that the test of a season must pass: one in 20 and one in 100. Prices by the month have heavy tails,
which pass a test of one in 20 in one of eight cases."""


@dataclass(frozen=True, eq=False)
class History:
    """Demand from the first to the last observation, without gaps."""

    frequency: Frequency
    first_ordinal: int
    """Ordinal number of the first observed period."""
    values: FloatArray
    """Demand, shape (n,), finite and ≥ 0, in the unit of the series; interpolated where not observed."""
    observed: BoolArray
    """Whether each value was observed, shape (n,); true at both ends."""
    lead: int
    """Unobserved periods between the last observation and the period before the first forecast one (≥ 0)."""
    saturation: float | None
    season_length: int
    """Periods per year where a season was found, else 1."""
    drivers: Drivers | None = None
    """Population and GDP, past and future, whole also in a history that is cut."""

    @classmethod
    def of(cls, series: DemandSeries) -> History:
        """Place a series on its grid; unknown values at the start are dropped, at the end counted as `lead`."""
        ordinals, values = series.ordinals, series.observations
        known = np.flatnonzero(~np.isnan(values))
        first, last = int(ordinals[known[0]]), int(ordinals[known[-1]])
        grid = np.arange(first, last + 1)
        filled = np.interp(grid, ordinals[known], values[known])
        observed = np.isin(grid, ordinals[known])
        lead = int(ordinals[-1]) - last
        season = _season_length(filled, series.frequency)
        return cls(series.frequency, first, filled, observed, lead, series.saturation, season, series.drivers)

    def until(self, end: int) -> History:
        """Return the history as it was known after its first `end` periods; period ``end − 1`` must be observed."""
        values = self.values[:end]
        season = _season_length(values, self.frequency)
        observed = self.observed[:end]
        return History(self.frequency, self.first_ordinal, values, observed, 0, self.saturation, season, self.drivers)

    @property
    def identity(self) -> tuple[object, ...]:
        """Return what makes two histories of one series the same to every model."""
        return (
            self.frequency,
            self.first_ordinal,
            self.values.tobytes(),
            self.observed.tobytes(),
            self.saturation,
            id(self.drivers),
        )

    @cached_property
    def trend(self) -> Trend:
        """Return the changes between the observations and what to make of their mean."""
        return Trend.of(self.values, self.observed)

    @cached_property
    def intermittent(self) -> bool:
        """Return whether demand comes and goes: two spells of zero or more between demands, and a demand in less than
        one of `LEAST_INTERVAL` periods.

        Zeros before the first demand and after the last are no spells: a use that began, or ended, does not come back.
        """
        demanded = np.flatnonzero(self.values > 0)
        return len(demanded) * LEAST_INTERVAL <= len(self.values) and int((np.diff(demanded) > 1).sum()) >= LEAST_SPELLS

    @property
    def n_observed(self) -> int:
        """Return the number of observed values (≥ 1)."""
        return int(self.observed.sum())

    @property
    def last_ordinal(self) -> int:
        """Return the ordinal number of the last observed period, the origin of the forecast."""
        return self.first_ordinal + len(self.values) - 1


def _season_length(values: FloatArray, frequency: Frequency) -> int:
    """Return the season's length when the changes of a series repeat a year later, else 1.

    The autocorrelation r of the n first differences must, at the lag m of a year and corrected for the m products that
    are missing from its sum, pass q · √((1 + 2 Σ_{i<m} r_i²) / n), q from `SEASON_EVIDENCE`.
    Differences are tested, not levels, because the levels of a trending series correlate at every lag.

    Source: the seasonality test of the Theta method (Fiorucci et al. 2016, Int. J. Forecasting 32(4)), there on levels.
    """
    lag = frequency.periods_per_year
    if lag == 1 or len(values) < SEASONS_NEEDED * lag:
        return 1
    changes = np.diff(values)
    changes = changes - changes.mean()
    variance = float(changes @ changes)
    if variance <= 1e-18 * float(values @ values):
        return 1
    n = len(changes)
    r = np.array([float(changes[i:] @ changes[:-i]) / variance for i in range(1, lag + 1)])
    limit = SEASON_EVIDENCE[frequency] * np.sqrt((1.0 + 2.0 * float(r[:-1] @ r[:-1])) / n)
    return lag if r[-1] * n / (n - lag) > limit else 1
