"""Exponential smoothing in state-space form, chosen by information criterion."""

from __future__ import annotations

from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.models.statsforecast_call import call_statsforecast
from lodestock_forecasters.series import FloatArray

INFO = ModelInfo(
    name="auto_ets",
    family="statistical",
    description="Error, trend and season, each absent, additive or multiplicative, chosen by corrected AIC.",
    paper="Hyndman, Koehler, Snyder and Grose 2002, Int. J. Forecasting 18(3)",
    minimum_points=7,
)


class AutoEts(StatelessForecaster):
    """AutoETS."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Fit and extend."""
        return call_statsforecast("AutoETS", history.values, horizon, season_length=history.season_length)
