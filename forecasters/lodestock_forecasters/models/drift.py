"""Drift model: the straight line through the first and the last value goes on."""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.series import FloatArray

INFO = ModelInfo(
    name="drift",
    family="simple",
    description="The mean change per period of the whole history goes on. Optimal for a random walk with drift.",
    paper="Hyndman and Athanasopoulos 2021, Forecasting: Principles and Practice, 3rd ed., section 5.2",
    minimum_points=2,
)


class Drift(StatelessForecaster):
    """f_h = y_T + h (y_T − y_1) / (T − 1)."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Extend the line through the two ends; a single value has no slope and stays."""
        y = history.values
        slope = (y[-1] - y[0]) / max(len(y) - 1, 1)
        return np.asarray(y[-1] + slope * np.arange(1, horizon + 1), dtype=np.float64)
