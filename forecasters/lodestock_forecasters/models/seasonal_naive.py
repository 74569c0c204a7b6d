"""Seasonal naive model: each period repeats the same period of the last year."""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.series import FloatArray

INFO = ModelInfo(
    name="seasonal_naive",
    family="simple",
    description="Every future value equals the last observed one of the same quarter or month.",
    paper="Hyndman and Athanasopoulos 2021, Forecasting: Principles and Practice, 3rd ed., section 5.2",
    minimum_points=1,
    minimum_years=1,
    frequencies=(Frequency.QUARTERLY, Frequency.MONTHLY),
)


class SeasonalNaive(StatelessForecaster):
    """f_h = y_{T − m + ((h − 1) mod m) + 1}, m periods per year."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Repeat the last year."""
        last_year = history.values[-history.frequency.periods_per_year :]
        return np.resize(last_year, horizon)
