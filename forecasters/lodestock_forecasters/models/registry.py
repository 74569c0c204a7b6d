"""The models by name. A new model is one module and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from lodestock_forecasters.control import Control
from lodestock_forecasters.models import auto_ets, ces, dotm, drift, naive, prophet_model, seasonal_naive, theta_log
from lodestock_forecasters.models.protocol import Forecaster, ModelInfo

_MODELS: tuple[tuple[ModelInfo, Callable[[Control], Forecaster]], ...] = (
    (naive.INFO, lambda _control: naive.Naive()),
    (seasonal_naive.INFO, lambda _control: seasonal_naive.SeasonalNaive()),
    (drift.INFO, lambda _control: drift.Drift()),
    (theta_log.INFO, lambda _control: theta_log.ThetaLog()),
    (ces.INFO, lambda _control: ces.ComplexSmoothing()),
    (auto_ets.INFO, lambda _control: auto_ets.AutoEts()),
    (dotm.INFO, lambda _control: dotm.DynamicTheta()),
    (prophet_model.INFO, lambda control: prophet_model.ProphetForecaster(control=control)),
)
CARDS: Mapping[str, ModelInfo] = MappingProxyType({info.name: info for info, _ in _MODELS})
"""Card of each model by name."""


def list_models() -> tuple[ModelInfo, ...]:
    """Return the card of every model, simplest first."""
    return tuple(CARDS.values())


class ForecasterPool:
    """The forecasters of one run, made when first asked for and closed together."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._makers = {info.name: make for info, make in _MODELS}
        self._open: dict[str, Forecaster] = {}

    def __getitem__(self, name: str) -> Forecaster:
        """Return the forecaster of a model; KeyError where no model has that name."""
        if name not in self._open:
            self._open[name] = self._makers[name](self._control)
        return self._open[name]

    def __enter__(self) -> ForecasterPool:
        return self

    def __exit__(self, *_error: object) -> None:
        for forecaster in self._open.values():
            forecaster.close()
        self._open.clear()
