"""S-curve of use per head over GDP per head, times population: demand that follows a path of the economy.

The curve is moved to the last observation: every value is multiplied by (last use per head) / (curve at that year).
Chosen by backtest: over 13 long series (use of lithium and rare earths in the USA, world output of 11 metals and ores,
20 origins each, up to 10 steps) OWA against no change was 1.01 without, 0.67 with the factor, and 0.66 with one
that fades by 10 % a year, which was worse on the two series of use (1.10 against 1.00).
"""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.history import History
from lodestock_forecasters.models.economy import LEAST_POINTS, moved_to_last, read_economy
from lodestock_forecasters.models.protocol import LawCoefficient, ModelInfo, StatelessForecaster
from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.s_curves import fit_best_curve
from lodestock_forecasters.series import FloatArray

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
        economy = read_economy(history, horizon)
        if economy.use[-1] == 0:
            return np.zeros(horizon)
        curve = fit_best_curve(economy.income, economy.use)
        return moved_to_last(history, economy, float(curve.at(economy.income[-1])), curve.at(economy.income_ahead))

    def coefficients(self, history: History, horizon: int) -> tuple[LawCoefficient, ...]:
        """Return the saturation of use per head, and the GDP per head at which half of it is reached."""
        economy = read_economy(history, horizon)
        if economy.use[-1] == 0:
            return ()
        curve = fit_best_curve(economy.income, economy.use)
        level = float(economy.use[-1] / curve.at(economy.income[-1]))
        return (
            LawCoefficient("saturation", level * curve.saturation, "unit of the series per head"),
            LawCoefficient("half_saturation_income", curve.half_saturation_income, "GDP per head"),
        )
