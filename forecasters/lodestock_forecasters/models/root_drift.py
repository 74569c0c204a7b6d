"""Drift on the square-root scale: growth that is neither straight nor exponential, but halfway between."""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.series import FloatArray

INFO = ModelInfo(
    name="root_drift",
    family="simple",
    description="The mean change per period of the square root goes on, down to zero at the lowest. A straight line is "
    "too low for demand that has multiplied, an exponential too high; zeros need no offset.",
    paper="Box and Cox 1964, J. Royal Statistical Society B 26(2), with exponent 1/2; Hyndman and Athanasopoulos 2021, "
    "Forecasting: Principles and Practice, 3rd ed., section 5.2",
    minimum_points=2,
)


class RootDrift(StatelessForecaster):
    """f_h = max(√y_T + h (√y_T − √y_1) / (T − 1), 0)²."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Extend the line through the two ends; a single value has no slope and stays."""
        roots = np.sqrt(history.values[-1]) + history.trend.mean * np.arange(1, horizon + 1)
        return np.asarray(np.maximum(roots, 0.0) ** 2, dtype=np.float64)
