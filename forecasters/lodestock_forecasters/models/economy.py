"""What the models that follow the economy have in common: which years they can use, and how a path becomes demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lodestock_forecasters.drivers import Drivers
from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.history import History
from lodestock_forecasters.s_curves import require_income_range
from lodestock_forecasters.series import MAX_VALUE, FloatArray

LEAST_POINTS = 8
"""Fewest observed values in years with known drivers: the largest form has three parameters and a variance."""


@dataclass(frozen=True, slots=True, eq=False)
class Economy:
    """Observed demand with its population and GDP per head, and those of the years ahead."""

    drivers: Drivers
    years: npt.NDArray[np.int64]
    """Observed years with known drivers, shape (n,)."""
    use: FloatArray
    """Use per head in those years, shape (n,)."""
    income: FloatArray
    """GDP per head in those years, shape (n,)."""
    ahead: npt.NDArray[np.int64]
    """Years ahead, shape (h,)."""
    population_ahead: FloatArray
    income_ahead: FloatArray


def read_economy(history: History, horizon: int) -> Economy:
    """Return the economy behind a history.

    Raises:
        ModelFailed: drivers are missing, or GDP per head varies too little.
    """
    drivers = history.drivers
    if drivers is None:
        raise ModelFailed(
            "needs population and GDP; none are given, and none are known of a country that the series is of"
        )
    ahead = history.last_ordinal + 1 + np.arange(horizon)
    _require_covered(drivers, history.last_ordinal, ahead)
    years = history.first_ordinal + np.flatnonzero(history.observed)
    covered = np.isin(years, drivers.years)
    values = history.values[history.observed][covered]
    if len(values) < LEAST_POINTS:
        raise ModelFailed(
            f"needs {LEAST_POINTS} observed values in years with population and GDP, the series has {len(values)}"
        )
    population, income = drivers.at(years[covered])
    require_income_range(income)
    return Economy(drivers, years[covered], values / population, income, ahead, *drivers.at(ahead))


def require_positive(use: FloatArray) -> None:
    """Refuse what has no logarithm.

    Raises:
        ModelFailed: a value is zero.
    """
    if not bool((use > 0).all()):
        raise ModelFailed("needs values above zero, of which it takes logarithms")


def as_demand(history: History, path: FloatArray) -> FloatArray:
    """Return a path of demand within the series' ceiling, shape (h,).

    Raises:
        ModelFailed: the path leaves what a series may hold.
    """
    if not bool((path <= MAX_VALUE).all()):
        raise ModelFailed(f"leads to demand above {MAX_VALUE:g}: population or GDP per head ahead is far off the past")
    return path if history.saturation is None else np.minimum(path, history.saturation)


def moved_to_last(history: History, economy: Economy, last: float, ahead: FloatArray) -> FloatArray:
    """Return the demand of a curve of use per head, multiplied so that it meets the last observation, shape (h,).

    Args:
        history: the series.
        economy: behind it.
        last: the curve in the last observed year.
        ahead: the curve in the years ahead, shape (h,).

    Raises:
        ModelFailed: the curve has come to zero, or the path leaves what a series may hold.
    """
    if not last > 0:
        raise ModelFailed("its curve is at zero in the last observed year, where the demand is not")
    with np.errstate(over="ignore", invalid="ignore"):
        return as_demand(history, economy.use[-1] / last * ahead * economy.population_ahead)


def _require_covered(drivers: Drivers, last_year: int, ahead: npt.NDArray[np.int64]) -> None:
    missing = drivers.missing(np.array([last_year, *ahead]))
    if missing:
        years = str(missing[0]) if len(missing) == 1 else f"{len(missing)} years from {missing[0]} to {missing[-1]}"
        span = f"{drivers.periods[0]} to {drivers.periods[-1]}"
        raise ModelFailed(f"needs population and GDP of {years} too; they are known for years from {span}")
