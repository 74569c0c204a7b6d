"""The method of Teunter, Syntetos and Babai for demand that comes and goes, and may have gone for good."""

from __future__ import annotations

from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.models.statsforecast_call import call_statsforecast
from lodestock_forecasters.series import FloatArray

SMOOTHING = 0.2
"""Weight of the newest size and of the newest period's yes or no; within the 0.1 to 0.3 that the paper tries."""

INFO = ModelInfo(
    name="tsb",
    family="intermittent",
    description="Smoothed size of demand times smoothed chance of demand, which falls with every period without.",
    paper="Teunter, Syntetos and Babai 2011, European J. Operational Research 214(3)",
    minimum_points=3,
)


class TeunterSyntetosBabai(StatelessForecaster):
    """f = size · chance, a constant path."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Smooth and repeat."""
        return call_statsforecast("TSB", history.values, horizon, alpha_d=SMOOTHING, alpha_p=SMOOTHING)
