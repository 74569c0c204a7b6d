"""Linear decoupling: use per head along two straight lines over GDP per head, times population."""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.history import History
from lodestock_forecasters.laws.decoupling import fit_decoupling
from lodestock_forecasters.models.economy import LEAST_POINTS, moved_to_last, read_economy
from lodestock_forecasters.models.protocol import LawCoefficient, ModelInfo, StatelessForecaster
from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.series import FloatArray

INFO = ModelInfo(
    name="linear_decoupling",
    family="driver",
    description="Use per head in proportion to GDP per head up to a point and along another line from there on, where "
    "corrected AIC asks for two lines. Moved to the last observation, times population. Needs population and GDP as "
    "per_capita_s_curve does.",
    paper="Halada, Shimada and Ijima 2008, Materials Transactions 49(3)",
    minimum_points=LEAST_POINTS,
    frequencies=(Frequency.YEARLY,),
    needs_drivers=True,
)


class LinearDecoupling(StatelessForecaster):
    """f_h = (y_T / (N_T u(g_T))) · u(g_{T+h}) · N_{T+h}, with u the fitted lines, N population, g GDP per head."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Fit on the observed years whose drivers are known and follow the drivers; zero after a last value of zero.

        Raises:
            ModelFailed: drivers are missing, too little varies, or the second line has come to zero.
        """
        economy = read_economy(history, horizon)
        if economy.use[-1] == 0:
            return np.zeros(horizon)
        lines = fit_decoupling(economy.income, economy.use)
        return moved_to_last(history, economy, float(lines.at(economy.income)[-1]), lines.at(economy.income_ahead))

    def coefficients(self, history: History, horizon: int) -> tuple[LawCoefficient, ...]:
        """Return the slopes of use per head over GDP per head, and where they meet, if there are two."""
        economy = read_economy(history, horizon)
        if economy.use[-1] == 0:
            return ()
        lines = fit_decoupling(economy.income, economy.use)
        first = LawCoefficient("first_slope", lines.first_slope, "unit of the series per GDP")
        if np.isinf(lines.break_income):
            return (first,)
        second = LawCoefficient("second_slope", lines.second_slope, "unit of the series per GDP")
        return first, second, LawCoefficient("break_income", lines.break_income, "GDP per head")
