"""Simple combination of univariate models: the median of four statistical models, step by step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.history import History
from lodestock_forecasters.models import auto_arima, auto_ets, ces, dotm
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.series import FloatArray

MEMBERS = (auto_ets.INFO, ces.INFO, auto_arima.INFO, dotm.INFO)
LEAST_MEMBERS = 3
"""Fewest members whose median is still given the name."""

INFO = ModelInfo(
    name="scum",
    family="combination",
    description="Median of AutoETS, CES, AutoARIMA and DOTM, step by step; of three where one cannot be fitted.",
    paper="Petropoulos and Svetunkov 2020, Int. J. Forecasting 36(1)",
    minimum_points=max(member.minimum_points for member in MEMBERS),
)

MemberPath = Callable[[str, History, int], FloatArray]
"""Gives the path of a named model, floored at zero; raises ModelFailed."""


class Scum(StatelessForecaster):
    """The median of the members' paths."""

    info = INFO

    def __init__(self, member_path: MemberPath) -> None:
        self._member_path = member_path

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Forecast by every member and take the middle.

        Raises:
            ModelFailed: more than one member has no path.
        """
        paths: list[FloatArray] = []
        failures: list[str] = []
        for member in MEMBERS:
            try:
                paths.append(self._member_path(member.name, history, horizon))
            except ModelFailed as failure:
                failures.append(f"{member.name}: {failure}")
        if len(paths) < LEAST_MEMBERS:
            raise ModelFailed(f"only {len(paths)} of {len(MEMBERS)} members could be fitted; {'; '.join(failures)}")
        return np.asarray(np.median(np.stack(paths), axis=0), dtype=np.float64)
