"""The models by name. A new model is one module and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from lodestock_forecasters.control import Control
from lodestock_forecasters.errors import ForecastCancelled, ModelFailed
from lodestock_forecasters.history import History
from lodestock_forecasters.models import (
    auto_arima,
    auto_ets,
    ces,
    croston,
    deployment,
    dotm,
    drift,
    intensity_of_use,
    linear_decoupling,
    naive,
    partial_adjustment,
    per_capita,
    prophet_model,
    root_drift,
    scum,
    seasonal_naive,
    theta_log,
    tsb,
    with_drivers,
)
from lodestock_forecasters.models.protocol import Forecaster, ModelInfo
from lodestock_forecasters.series import FloatArray

_MODELS: tuple[tuple[ModelInfo, Callable[[ForecasterPool], Forecaster]], ...] = (
    (naive.INFO, lambda _pool: naive.Naive()),
    (seasonal_naive.INFO, lambda _pool: seasonal_naive.SeasonalNaive()),
    (drift.INFO, lambda _pool: drift.Drift()),
    (root_drift.INFO, lambda _pool: root_drift.RootDrift()),
    (theta_log.INFO, lambda _pool: theta_log.ThetaLog()),
    (ces.INFO, lambda _pool: ces.ComplexSmoothing()),
    (auto_ets.INFO, lambda _pool: auto_ets.AutoEts()),
    (dotm.INFO, lambda _pool: dotm.DynamicTheta()),
    (auto_arima.INFO, lambda _pool: auto_arima.AutoArima()),
    (croston.INFO, lambda _pool: croston.Croston()),
    (tsb.INFO, lambda _pool: tsb.TeunterSyntetosBabai()),
    (scum.INFO, lambda pool: scum.Scum(pool.path)),
    (per_capita.INFO, lambda _pool: per_capita.PerCapitaSCurve()),
    (intensity_of_use.INFO, lambda _pool: intensity_of_use.IntensityOfUse()),
    (linear_decoupling.INFO, lambda _pool: linear_decoupling.LinearDecoupling()),
    (partial_adjustment.INFO, lambda _pool: partial_adjustment.PartialAdjustment()),
    (deployment.INFO, lambda _pool: deployment.Deployment()),
    (with_drivers.INFO, lambda pool: with_drivers.WithDrivers(pool.path)),
    (prophet_model.INFO, lambda pool: prophet_model.ProphetForecaster(control=pool.control)),
)
CARDS: Mapping[str, ModelInfo] = MappingProxyType({info.name: info for info, _ in _MODELS})
"""Card of each model by name."""


def list_models() -> tuple[ModelInfo, ...]:
    """Return the card of every model, simplest first."""
    return tuple(CARDS.values())


class ForecasterPool:
    """The forecasters of one run, made when first asked for and closed together, and the paths that they have given.

    A combination asks for paths that its members gave before, and origins of nested backtests meet the same cut
    history again: each path is computed once.
    """

    def __init__(self, control: Control) -> None:
        self.control: Control = control
        self._makers = {info.name: make for info, make in _MODELS}
        self._open: dict[str, Forecaster] = {}
        self._answers: dict[tuple[object, ...], FloatArray | ModelFailed] = {}

    def __getitem__(self, name: str) -> Forecaster:
        """Return the forecaster of a model; KeyError where no model has that name."""
        if name not in self._open:
            self._open[name] = self._makers[name](self)
        return self._open[name]

    def path(self, name: str, history: History, steps: int) -> FloatArray:
        """Return a model's path, floored at zero, shape (steps,); the same object where it was asked for before.

        Raises:
            ModelFailed: the history is too short for the model, or the model has no answer for it.
            ForecastCancelled: `control.cancelled()` became true.
        """
        key = (name, steps, *history.identity)
        if key not in self._answers:
            try:
                self._answers[key] = self._path(name, history, steps)
            except ModelFailed as failure:
                self._answers[key] = failure
        answer = self._answers[key]
        if isinstance(answer, ModelFailed):
            raise ModelFailed(str(answer))
        return answer

    def forget(self) -> None:
        """Drop the paths of a series that is done with."""
        self._answers.clear()

    def _path(self, name: str, history: History, steps: int) -> FloatArray:
        least = CARDS[name].least_points(history.frequency)
        if history.n_observed < least:
            raise ModelFailed(f"needs {least} observed values, the series has {history.n_observed}")
        if self.control.cancelled():
            raise ForecastCancelled(f"cancelled before {name} was fitted")
        path = np.maximum(self[name].forecast(history, steps), 0.0)
        path.setflags(write=False)
        return path

    def __enter__(self) -> ForecasterPool:
        return self

    def __exit__(self, *_error: object) -> None:
        for forecaster in self._open.values():
            forecaster.close()
        self._open.clear()
        self._answers.clear()
