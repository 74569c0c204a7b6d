"""ARIMA, chosen by information criterion."""

from __future__ import annotations

from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.models.statsforecast_call import call_statsforecast
from lodestock_forecasters.series import FloatArray

INFO = ModelInfo(
    name="auto_arima",
    family="statistical",
    description="ARIMA whose differences are chosen by unit-root tests and whose orders by corrected AIC, stepwise.",
    paper="Hyndman and Khandakar 2008, J. Statistical Software 27(3)",
    minimum_points=7,
)


class AutoArima(StatelessForecaster):
    """AutoARIMA."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Fit and extend."""
        return call_statsforecast("AutoARIMA", history.values, horizon, season_length=history.season_length)
