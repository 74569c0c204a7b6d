"""Statistical models and demand laws in one combination: the median of their paths, step by step."""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.history import History
from lodestock_forecasters.models import (
    ces,
    deployment,
    drift,
    intensity_of_use,
    linear_decoupling,
    partial_adjustment,
    per_capita,
    theta_log,
)
from lodestock_forecasters.models.protocol import ModelInfo, StatelessForecaster
from lodestock_forecasters.models.scum import MemberPath
from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.series import FloatArray

STATISTICAL = (drift.INFO, theta_log.INFO, ces.INFO)
LAWS = (per_capita.INFO, intensity_of_use.INFO, linear_decoupling.INFO, partial_adjustment.INFO, deployment.INFO)

INFO = ModelInfo(
    name="with_drivers",
    family="combination",
    description="Median, step by step, of drift, Theta on logarithms and CES and of each law that has an answer: "
    "per_capita_s_curve, intensity_of_use, linear_decoupling, partial_adjustment, deployment. No answer where no law "
    "has one.",
    paper="Clemen 1989, Int. J. Forecasting 5(4), on combining; the members' papers",
    minimum_points=max(info.minimum_points for info in (*STATISTICAL, deployment.INFO)),
    frequencies=(Frequency.YEARLY,),
    needs_drivers=True,
)


class WithDrivers(StatelessForecaster):
    """The median of the paths that there are, laws among them."""

    info = INFO

    def __init__(self, member_path: MemberPath) -> None:
        self._member_path = member_path

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Forecast by every member and take the middle.

        Raises:
            ModelFailed: no law has an answer; the text says why for each.
        """
        laws, failures = self._paths(LAWS, history, horizon)
        if not laws:
            raise ModelFailed(f"no law has an answer; {'; '.join(failures)}")
        statistical, _ = self._paths(STATISTICAL, history, horizon)
        return np.asarray(np.median(np.stack([*statistical, *laws]), axis=0), dtype=np.float64)

    def _paths(
        self, members: tuple[ModelInfo, ...], history: History, horizon: int
    ) -> tuple[list[FloatArray], list[str]]:
        paths: list[FloatArray] = []
        failures: list[str] = []
        for member in members:
            try:
                paths.append(self._member_path(member.name, history, horizon))
            except ModelFailed as failure:
                failures.append(f"{member.name}: {failure}")
        return paths, failures
