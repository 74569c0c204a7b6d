"""Naive model: the last value stays. The bar that every other model must clear."""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.series import FloatArray

INFO = ModelInfo(
    name="naive",
    family="simple",
    description="No change: every future value equals the last observed one. Optimal for a random walk.",
    paper="Hyndman and Athanasopoulos 2021, Forecasting: Principles and Practice, 3rd ed., section 5.2",
    minimum_points=1,
)


class Naive(StatelessForecaster):
    """f_h = y_T."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Repeat the last value."""
        return np.full(horizon, history.values[-1])
