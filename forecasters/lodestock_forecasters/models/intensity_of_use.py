"""Intensity of use: tonnes per unit of GDP as an inverted U of GDP per head, with a trend in time, times GDP."""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.history import History
from lodestock_forecasters.laws.intensity import IntensityCurve, fit_intensity
from lodestock_forecasters.models.economy import LEAST_POINTS, Economy, moved_to_last, read_economy, require_positive
from lodestock_forecasters.models.protocol import LawCoefficient, ModelInfo, StatelessForecaster
from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.series import FloatArray

INFO = ModelInfo(
    name="intensity_of_use",
    family="driver",
    description="Use per unit of GDP as a quadratic of ln GDP per head that rises and falls, with a trend in time; "
    "square and trend only where corrected AIC asks for them. Moved to the last observation, times GDP. Needs "
    "population and GDP as per_capita_s_curve does, and values above zero.",
    paper="Wårell 2014, Resources Policy 39",
    minimum_points=LEAST_POINTS,
    frequencies=(Frequency.YEARLY,),
    needs_drivers=True,
)


class IntensityOfUse(StatelessForecaster):
    """f_h = (y_T / (G_T i_T)) · i_{T+h} · G_{T+h}, with i the fitted intensity and G the GDP."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Fit on the observed years whose drivers are known and follow the drivers.

        Raises:
            ModelFailed: drivers are missing, too little varies, or a value is zero.
        """
        economy, curve = _fitted(history, horizon)
        fitted = curve.at(economy.income, economy.years.astype(np.float64)) * economy.income
        ahead = curve.at(economy.income_ahead, economy.ahead.astype(np.float64)) * economy.income_ahead
        return moved_to_last(history, economy, float(fitted[-1]), ahead)

    def coefficients(self, history: History, horizon: int) -> tuple[LawCoefficient, ...]:
        """Return the elasticity of the intensity at the mean income, its curvature, trend and turning point."""
        _, curve = _fitted(history, horizon)
        found = (
            LawCoefficient("income_elasticity_of_intensity", curve.slope, "1"),
            LawCoefficient("curvature", curve.curvature, "1"),
            LawCoefficient("trend", curve.trend, "1/a"),
        )
        turn = curve.turning_point
        return found if turn is None else (*found, LawCoefficient("turning_point", turn, "GDP per head"))


def _fitted(history: History, horizon: int) -> tuple[Economy, IntensityCurve]:
    economy = read_economy(history, horizon)
    require_positive(economy.use)
    return economy, fit_intensity(economy.income, economy.years.astype(np.float64), economy.use / economy.income)
