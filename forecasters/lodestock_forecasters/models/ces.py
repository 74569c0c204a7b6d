"""Complex exponential smoothing."""

from __future__ import annotations

from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.models.statsforecast_call import call_statsforecast
from lodestock_forecasters.series import FloatArray

INFO = ModelInfo(
    name="ces",
    family="statistical",
    description="Complex exponential smoothing: level and an unobserved potential in one complex state.",
    paper="Svetunkov, Kourentzes and Ord 2022, Naval Research Logistics 69(8)",
    minimum_points=5,
)


class ComplexSmoothing(StatelessForecaster):
    """AutoCES: the form of the season, if any, is chosen by corrected AIC."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Fit and extend."""
        return call_statsforecast("AutoCES", history.values, horizon, season_length=history.season_length)
