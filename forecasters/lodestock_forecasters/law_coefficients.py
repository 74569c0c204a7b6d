"""What a demand law has learnt from a series: its elasticities, its turning point, its saturation."""

from __future__ import annotations

from lodestock_forecasters.control import Unattended
from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.history import History
from lodestock_forecasters.models.protocol import LawCoefficient, LawForecaster
from lodestock_forecasters.models.registry import CARDS, ForecasterPool
from lodestock_forecasters.series import DemandSeries


def law_coefficients(series: DemandSeries, horizon: int, model: str) -> tuple[LawCoefficient, ...]:
    """Return the coefficients of a model on a whole series; empty where it is no law or has no answer for the series.

    Args:
        series: what it is fitted to.
        horizon: steps ahead, on whose drivers it may hang what is fitted.
        model: name of a model or of a combination.
    """
    if model not in CARDS:
        return ()
    with ForecasterPool(Unattended()) as pool:
        forecaster = pool[model]
        if not isinstance(forecaster, LawForecaster):
            return ()
        try:
            return forecaster.coefficients(History.of(series), horizon)
        except ModelFailed:
            return ()
