"""Trace the numbers of forecasts: to the models in words, and to the observations and the economy behind them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lodestock_optimizers.field_paths import Document, Place, UnknownPath
from lodestock_server.usecases.demand_series import follow_drivers
from lodestock_server.usecases.origins import CallerOrigin, ForecastOrigin, Origin, TracedField
from lodestock_server.usecases.trace_result import TracedNumber, stated_origins, united, values_at

IDENTIFIERS = {
    "forecasts": ("series_id",),
    "steps": ("period",),
    "history": ("period",),
    "models": ("model",),
}

HISTORY_ORIGINS, DRIVER_ORIGINS = "history_origins", "driver_origins"

LEVEL = re.compile(r"^(?P<series>forecasts\[.+\])\.steps\[.+\]\.quantiles\[(?P<level>0?\.[0-9]+)\]$")
"""A quantile named by its level."""

OF_MODELS = {
    "weight": "weight of the model in the combination",
    "mase": "mean absolute scaled error of the model in a rolling-origin backtest on the observations",
    "smape": "symmetric mean absolute percentage error of the model in the same backtest",
    "owa": "mean of both errors relative to the no-change forecast",
}


class ForecastTracer:
    """Traces the numbers of an answer of ForecastDemand.

    Args:
        document: The answer's fields.
        history_figures: By series, in the order of the answer: where its observations come from; empty for inline ones.
        seed: Seed of the forecasts.
        driver_figures: By series: where the population and GDP come from that its model follows; empty where it follows
            none, or the caller's own.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        history_figures: Sequence[Sequence[TracedField]],
        seed: int,
        driver_figures: Sequence[Sequence[TracedField]] = (),
    ) -> None:
        self._document = Document(document, IDENTIFIERS)
        self._history = history_figures
        self._drivers = driver_figures
        self._seed = seed

    def trace(self, path: str) -> TracedNumber:
        """Trace the number at a path.

        Raises:
            UnknownPath: The path names no number of a forecast.
        """
        place = self._document.number(self._by_position(path))
        if place.steps[0] != "forecasts":
            raise UnknownPath("is how the answer was made, must name a number of a forecast")
        position = int(place.steps[1])
        series = self._document.find(f"forecasts[{position}]").value
        unit, derivation, origins = self._basis(place, position, series)
        return TracedNumber(TracedField(path, values_at(place), unit, derivation, origins))

    def _by_position(self, path: str) -> str:
        """A path whose quantile is named by its level, with the quantile's number in place of it."""
        found = LEVEL.match(path)
        if found is None:
            return path
        levels = list(self._document.find(found["series"]).value["quantile_levels"])
        if float(found["level"]) not in levels:
            raise UnknownPath(f"there is no quantile of {found['level']}; there are {', '.join(map(str, levels))}")
        return f"{path[: found.start('level')]}{levels.index(float(found['level']))}]"

    def _basis(self, place: Place, position: int, series: Mapping[str, Any]) -> tuple[str, str, tuple[Origin, ...]]:
        """The unit of a number of a series, how it follows, and from what."""
        field, unit = str(place.steps[2]), str(series["unit"])
        if field == "history":
            return unit, "as observed", self._observation(position, int(place.steps[3]))
        if field in (HISTORY_ORIGINS, DRIVER_ORIGINS):
            figure = self._stated(field, position)[int(place.steps[3])]
            return figure.unit, figure.derivation, stated_origins(figure)
        if field == "quantile_levels":
            return "1", "as asked for, else the usual five", (CallerOrigin("quantile_levels"),)
        behind = united((self._observed(position), self._driven(position, series)))
        if field == "models":
            return "1", OF_MODELS[str(place.steps[-1])], behind
        statistic = statistic_of(place, series)
        words = words_of(series)
        return unit, f"{statistic} of the forecast: {words}", (ForecastOrigin(words, statistic, self._seed), *behind)

    def _stated(self, field: str, position: int) -> Sequence[TracedField]:
        """The figures that an answer carries for a series."""
        figures = self._drivers if field == DRIVER_ORIGINS else self._history
        return figures[position] if position < len(figures) else ()

    def _observation(self, position: int, index: int) -> tuple[Origin, ...]:
        figures = self._stated(HISTORY_ORIGINS, position)
        if index < len(figures):
            return stated_origins(figures[index])
        return (CallerOrigin(f"inline.series[{position}].observations[{index}].value"),)

    def _observed(self, position: int) -> tuple[Origin, ...]:
        origins = united(stated_origins(figure) for figure in self._stated(HISTORY_ORIGINS, position))
        return origins or (CallerOrigin(f"inline.series[{position}].observations"),)

    def _driven(self, position: int, series: Mapping[str, Any]) -> tuple[Origin, ...]:
        """Population and GDP behind a series: those stated, else the caller's own where a model follows any."""
        stated = self._stated(DRIVER_ORIGINS, position)
        if stated:
            return united(stated_origins(figure) for figure in stated)
        follows = any(follow_drivers((str(model["model"]),)) for model in series["models"] if model["weight"])
        return (CallerOrigin(f"inline.series[{position}].drivers"),) if follows else ()


def statistic_of(place: Place, series: Mapping[str, Any]) -> str:
    """What is taken from the forecast at a place, in words."""
    match place.steps[4:] if place.steps[2] == "steps" else ("path",):
        case ("quantiles", int(k)) if k < len(series["quantile_levels"]):
            return f"quantile {series['quantile_levels'][k]:g}"
        case ("quantiles", *_):
            return "quantiles"
        case ("path", *_):
            return f"sample path {place.steps[3]}"
        case (name, *_):
            return str(name)
    return "values"


def words_of(series: Mapping[str, Any]) -> str:
    """How a forecast was made: the answer's own first remark, else its models."""
    remarks = series["remarks"]
    if remarks:
        return str(remarks[0])
    return ", ".join(str(model["model"]) for model in series["models"] if model["weight"])
