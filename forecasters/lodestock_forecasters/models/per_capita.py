"""S-curve of use per head over GDP per head, times population: demand that follows a path of the economy.

The curve is moved to the last observation: every value is multiplied by (last use per head) / (curve at that year).
Chosen by backtest: over 13 long series (use of lithium and rare earths in the USA, world output of 11 metals and ores,
20 origins each, up to 10 steps) OWA against no change was 1.01 without, 0.67 with the factor, and 0.66 with one
that fades by 10 % a year, which was worse on the two series of use (1.10 against 1.00).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lodestock_forecasters.drivers import Drivers
from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.s_curves import fit_best_curve
from lodestock_forecasters.series import MAX_VALUE, FloatArray

LEAST_POINTS = 8
"""Fewest observed values in years with known drivers: the largest form has three parameters and a variance."""
LEAST_INCOME_RANGE = 0.2
"""Least range of ln(GDP per head) over the observed values. With 8 values that scatter by 10 %, the income elasticity
has a standard error of 0.6 at this range; below it the fit would read noise."""

INFO = ModelInfo(
    name="per_capita_s_curve",
    family="driver",
    description="Use per head as an S-curve of GDP per head, the best by corrected AIC of a logistic in ln GDP per "
    "head, A/(1 + exp(b/g)) and K(1 − exp(−g/c)), moved to the last observation, times population. Needs population "
    "and GDP of every year ahead, of the last observed year and of 8 observed years over which GDP per head varies by "
    "a fifth or more; a backtest gives it those that came.",
    paper="Wang, Wang, Chen and Yu 2015, Natural Resources Research 24(1); Pehl, Schreyer and Luderer 2024, Geosci. "
    "Model Dev. 17(5)",
    minimum_points=LEAST_POINTS,
    frequencies=(Frequency.YEARLY,),
    needs_drivers=True,
)


class PerCapitaSCurve(StatelessForecaster):
    """f_h = (y_T / (N_T c(g_T))) · c(g_{T+h}) · N_{T+h}, with c the fitted curve, N population, g GDP per head."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Fit on the observed years whose drivers are known and follow the drivers; zero after a last value of zero.

        Raises:
            ModelFailed: drivers are missing, or too little varies.
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
        if values[-1] == 0:
            return np.zeros(horizon)
        population, income = drivers.at(years[covered])
        _require_range(income)
        use = values / population
        curve = fit_best_curve(income, use)
        population_ahead, income_ahead = drivers.at(ahead)
        level = float(use[-1] / curve.at(income[-1]))
        with np.errstate(over="ignore", invalid="ignore"):
            path = level * curve.at(income_ahead) * population_ahead
        if not bool((path <= MAX_VALUE).all()):
            raise ModelFailed(
                f"leads to demand above {MAX_VALUE:g}: population or GDP per head ahead is far off the past"
            )
        return path if history.saturation is None else np.minimum(path, history.saturation)


def _require_covered(drivers: Drivers, last_year: int, ahead: npt.NDArray[np.int64]) -> None:
    missing = drivers.missing(np.array([last_year, *ahead]))
    if missing:
        years = str(missing[0]) if len(missing) == 1 else f"{len(missing)} years from {missing[0]} to {missing[-1]}"
        span = f"{drivers.periods[0]} to {drivers.periods[-1]}"
        raise ModelFailed(f"needs population and GDP of {years} too; they are known for years from {span}")


def _require_range(income: FloatArray) -> None:
    spread = float(np.log(income.max() / income.min()))
    if spread < LEAST_INCOME_RANGE:
        raise ModelFailed(
            f"GDP per head varies by a factor of {np.exp(spread):.2f} over the observed years, which shows no curve; "
            f"{np.exp(LEAST_INCOME_RANGE):.2f} is needed"
        )
