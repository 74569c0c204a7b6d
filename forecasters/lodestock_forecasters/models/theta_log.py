"""Theta method on the log scale: half the long-run growth rate, plus exponential smoothing."""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.models.statsforecast_call import call_statsforecast
from lodestock_forecasters.series import FloatArray

ZERO_OFFSET_SHARE = 0.05
"""Share of the mean level added before the logarithm where a history touches zero."""
NEAR_ZERO_SHARE = 1e-9
"""Share of the largest value up to which a value counts as zero."""

INFO = ModelInfo(
    name="theta_log",
    family="statistical",
    description="Theta method on logarithms: simple exponential smoothing plus half of the fitted growth rate.",
    paper="Assimakopoulos and Nikolopoulos 2000, Int. J. Forecasting 16(4); Hyndman and Billah 2003, 19(2)",
    minimum_points=4,
)


class ThetaLog(StatelessForecaster):
    """exp of the standard Theta forecast of log(y + c) less c; c = 0 unless the history touches zero."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Fit on logarithms; a season is decomposed additively there, as logarithms may be negative."""
        y = history.values
        if not y.any():
            return np.zeros(horizon)
        positive = bool((y > NEAR_ZERO_SHARE * y.max()).all())
        offset = 0.0 if positive else ZERO_OFFSET_SHARE * float(y.mean())
        unit = float(y.max()) + offset
        # Rounded as in call_statsforecast: the logarithms must not depend on the unit of the series.
        logs = np.asarray(np.round(np.log((y + offset) / unit), 12), dtype=np.float64)
        path = call_statsforecast(
            "Theta", logs, horizon, season_length=history.season_length, decomposition_type="additive"
        )
        # Past e^50 no demand is meant; the bound only keeps the exponential finite until the gate drops the path.
        return np.asarray(np.exp(np.clip(path, -50.0, 50.0)) * unit - offset, dtype=np.float64)
