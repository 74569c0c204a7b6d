"""Dynamic optimised Theta model."""

from __future__ import annotations

from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.models.statsforecast_call import call_statsforecast
from lodestock_forecasters.series import FloatArray

INFO = ModelInfo(
    name="dotm",
    family="statistical",
    description="Theta model whose second line's angle is optimised and whose trend is updated with each value.",
    paper="Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler 2016, Int. J. Forecasting 32(4)",
    minimum_points=4,
)


class DynamicTheta(StatelessForecaster):
    """DynamicOptimizedTheta."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Fit and extend; a season is decomposed additively where the history touches zero."""
        decomposition = "multiplicative" if bool((history.values > 0).all()) else "additive"
        return call_statsforecast(
            "DynamicOptimizedTheta",
            history.values,
            horizon,
            season_length=history.season_length,
            decomposition_type=decomposition,
        )
