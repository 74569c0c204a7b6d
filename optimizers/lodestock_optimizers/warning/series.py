"""Indicators of one series: trend, sudden fall, and of prices band, volatility, jump and break.

A series is evenly spaced, oldest first, and its last value is the one that is judged. Each function compares it with
what came before it alone, and answers None where too little came before: no warning is made of two points.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

LEAST_POINTS = 5
"""Values that a comparison needs before the one that is judged. A judgement: a median of fewer says little."""
NORMAL_QUARTILES = 1.349
"""Distance of the quartiles of a normal distribution, in standard deviations."""
LEAST_SCALE = 1e-3
"""Least deviation of log prices that scores are told in, a tenth of a per cent. A judgement: after fixed prices
the first change is no jump of a thousand deviations."""


class InvalidSeries(ValueError):
    """A series that no indicator can take."""


@dataclass(frozen=True, slots=True)
class Break:
    """Where the mean of a series changes most.

    Attributes:
        statistic: largest cumulated deviation from the mean, by √n standard deviations: 1.36 is passed by chance in one
            of twenty long series without a break.
        index: last value before the break.
    """

    statistic: float
    index: int


def trend(values: Sequence[float], window: int) -> float | None:
    """Growth per step over the last `window` values, a fraction: the slope of their logarithms by least squares.

    Args:
        values: series, > 0.
        window: values to look at, ≥ 2.

    Returns:
        exp(slope) − 1; None where there are fewer values.

    Raises:
        InvalidSeries: A value that is not a finite number above 0.
    """
    logs = _logs(values)[-window:]
    if len(logs) < max(window, 2):
        return None
    return math.expm1(statistics.linear_regression(range(len(logs)), logs).slope)


def sudden_fall(values: Sequence[float], window: int) -> float | None:
    """How far the last value lies below the median of the `window` before it, a fraction of it, not below 0.

    Raises:
        InvalidSeries: A value that is not a finite number of 0 or more.
    """
    _check(values, least=0.0)
    before = values[-window - 1 : -1]
    if len(before) < min(window, LEAST_POINTS):
        return None
    usual = statistics.median(before)
    return max(0.0, 1.0 - values[-1] / usual) if usual else None


def band_score(prices: Sequence[float], window: int) -> float | None:
    """How far the last price lies above or below its usual band: (x − median) / (IQR/1.349) of log prices before it.

    Args:
        prices: series, > 0.
        window: prices before the last one that make the band, ≥ 5.

    Returns:
        The score in robust standard deviations, positive above the band; None where there are fewer than five prices.

    Raises:
        InvalidSeries: A price that is not a finite number above 0.

    Source:
        Median and interquartile range as location and scale: Tukey, Exploratory Data Analysis, 1977.
    """
    logs = _logs(prices)
    return _robust_score(logs[-1], logs[-window - 1 : -1]) if logs else None


def volatility(prices: Sequence[float], window: int, steps_a_year: int) -> float | None:
    """Standard deviation of the last `window` log returns, brought to a year by √steps.

    Args:
        prices: series, > 0.
        window: returns to look at, ≥ 2.
        steps_a_year: 12 for months, 1 for years.

    Raises:
        InvalidSeries: A price that is not a finite number above 0.
    """
    returns = _returns(prices)[-window:]
    if len(returns) < max(window, 2):
        return None
    return statistics.stdev(returns) * math.sqrt(steps_a_year)


def jump_score(prices: Sequence[float], window: int) -> float | None:
    """How unusual the last return is, without its sign: |r − median| / (IQR/1.349) of the returns before it.

    A trend is no jump, since its returns are alike; one earlier spike hardly moves median and quartiles.

    Raises:
        InvalidSeries: A price that is not a finite number above 0.
    """
    returns = _returns(prices)
    found = _robust_score(returns[-1], returns[-window - 1 : -1]) if returns else None
    return None if found is None else abs(found)


def structural_break(values: Sequence[float]) -> Break | None:
    """Where the mean changes most: max |Σ(x − mean)| / (σ·√n) with σ from differences, which no break inflates.

    Args:
        values: series, such as log returns or a rate; at least twice `LEAST_POINTS`.

    Returns:
        The break; None where there are too few values, or they do not vary.

    Raises:
        InvalidSeries: A value that is no finite number.

    Source:
        Cumulated sums: Page 1954; limits of their maximum: Ploberger & Krämer 1992. The deviation by differences,
        σ² = Σ(Δx)²/(2(n − 1)): von Neumann et al. 1941.
    """
    _check(values, least=-math.inf)
    if len(values) < 2 * LEAST_POINTS:
        return None
    mean = statistics.fmean(values)
    steps = [after - before for before, after in itertools.pairwise(values)]
    spread = math.sqrt(math.fsum(step * step for step in steps) / (2 * len(steps)))
    if not spread:
        return None
    sums, total = [], 0.0
    for value in values[:-1]:
        total += value - mean
        sums.append(abs(total))
    index = max(range(len(sums)), key=sums.__getitem__)
    return Break(sums[index] / (spread * math.sqrt(len(values))), index)


def _robust_score(value: float, before: Sequence[float]) -> float | None:
    if len(before) < LEAST_POINTS:
        return None
    middle = statistics.median(before)
    low, _, high = statistics.quantiles(before, n=4, method="inclusive")
    # Quartiles and not the median deviation, which is 0 where more than half of the values are alike.
    return (value - middle) / max((high - low) / NORMAL_QUARTILES, LEAST_SCALE)


def _returns(prices: Sequence[float]) -> list[float]:
    logs = _logs(prices)
    return [after - before for before, after in itertools.pairwise(logs)]


def _logs(values: Sequence[float]) -> list[float]:
    for i, value in enumerate(values):
        if not (math.isfinite(value) and value > 0):
            raise InvalidSeries(f"value {i} is {value:g}, must be a finite number above 0")
    return [math.log(value) for value in values]


def _check(values: Sequence[float], least: float) -> None:
    for i, value in enumerate(values):
        if not (math.isfinite(value) and value >= least):
            wanted = f" of {least:g} or more" if math.isfinite(least) else ""
            raise InvalidSeries(f"value {i} is {value:g}, must be a finite number{wanted}")
