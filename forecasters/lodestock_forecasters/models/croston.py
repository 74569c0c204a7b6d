"""Croston's method for demand that comes and goes."""

from __future__ import annotations

from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.models.statsforecast_call import call_statsforecast
from lodestock_forecasters.series import FloatArray

INFO = ModelInfo(
    name="croston",
    family="intermittent",
    description="Mean size of demand over the mean time between demands, both smoothed, less the bias of their ratio.",
    paper="Croston 1972, Operational Research Quarterly 23(3); Syntetos and Boylan 2005, Int. J. Forecasting 21(2)",
    minimum_points=3,
)


class Croston(StatelessForecaster):
    """Croston's method with the correction of Syntetos and Boylan; a constant path."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Smooth and repeat."""
        return call_statsforecast("CrostonSBA", history.values, horizon)
