"""How long what is in use stays in use: the share of a year's inflow that is left at the end of each later year.

What enters in a year enters in its middle on average, so that at the end of its k-th year after (k = 0 for the year
itself) it is k + ½ years old. What a distribution gives to ages below zero leaves in the first year, which keeps the
mass.

Sources: van der Voet, Kleijn, Huele, Ishikawa and Verkuijlen 2002, Ecological Economics 41(2); Müller 2006, Ecological
Economics 59(1); for the distributions in use, Miatto, Schandl and Tanikawa 2017, Resources, Conservation and Recycling
122.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from lodestock_forecasters.errors import ViolationCollector
from lodestock_forecasters.series import FloatArray

AGE_AT_END_OF_FIRST_YEAR = 0.5
SHORTEST_YEARS, LONGEST_YEARS = 0.01, 1_000.0
"""Shortest and longest lifetime that is reckoned with; the longest spread, too."""
LEAST_VARIATION = 1e-3
"""Least spread relative to the lifetime: all that enters then leaves within a day or two for each year of it."""
SHAPES = (0.1, 50.0)
"""Least and greatest shape of a Weibull lifetime: from far more to far less even than anything in use."""


class LifetimeLaw(StrEnum):
    """Distribution of lifetimes."""

    NORMAL = "normal"
    FOLDED_NORMAL = "folded_normal"
    LOG_NORMAL = "log_normal"
    WEIBULL = "weibull"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A distribution of lifetimes, by the two parameters that the literature gives.

    Raises:
        InvalidInput: a parameter is out of bounds, by field (``years``, ``spread``).
    """

    law: LifetimeLaw
    years: float
    """Mean of a normal and of a log-normal lifetime; mean before folding; scale of a Weibull lifetime. In years."""
    spread: float
    """Standard deviation of a normal and of a log-normal lifetime, and before folding, in years; Weibull's shape."""

    def __post_init__(self) -> None:
        check = ViolationCollector()
        within = SHORTEST_YEARS <= self.years <= LONGEST_YEARS
        text = f"must be from {SHORTEST_YEARS:g} to {LONGEST_YEARS:g} years, got {self.years:g}"
        check.require(within, "years", text)
        if self.law is LifetimeLaw.WEIBULL:
            least, greatest = SHAPES
            text = f"is the shape of a Weibull lifetime, must be from {least:g} to {greatest:g}, got {self.spread:g}"
            check.require(least <= self.spread <= greatest, "spread", text)
        else:
            least = LEAST_VARIATION * self.years
            text = f"must be from {least:g} to {LONGEST_YEARS:g} years, got {self.spread:g}"
            check.require(least <= self.spread <= LONGEST_YEARS, "spread", text)
        check.raise_if_any()

    def share_left(self, age_years: FloatArray) -> FloatArray:
        """Return the share that lives longer than each age, in the shape of `age_years` ≥ 0, within [0, 1]."""
        from scipy import stats

        match self.law:
            case LifetimeLaw.NORMAL:
                left = stats.norm.sf(age_years, loc=self.years, scale=self.spread)
            case LifetimeLaw.FOLDED_NORMAL:
                left = stats.foldnorm.sf(age_years, self.years / self.spread, scale=self.spread)
            case LifetimeLaw.LOG_NORMAL:
                variance = np.log1p((self.spread / self.years) ** 2)
                left = stats.lognorm.sf(age_years, np.sqrt(variance), scale=self.years * np.exp(-variance / 2.0))
            case LifetimeLaw.WEIBULL:
                left = stats.weibull_min.sf(age_years, self.spread, scale=self.years)
        return np.asarray(np.clip(left, 0.0, 1.0), dtype=np.float64)

    def shares_by_year(self, n_years: int) -> FloatArray:
        """Return the share of an inflow that is left at the end of its year and of each year after, shape (n_years,),
        never rising."""
        return self.share_left(np.arange(n_years, dtype=np.float64) + AGE_AT_END_OF_FIRST_YEAR)
