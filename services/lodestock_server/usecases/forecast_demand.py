"""Forecast demand: series that the caller gives or that the catalog holds in, forecasts with their history out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import lodestock_forecasters as forecasters
from lodestock_server.catalog import Catalog, Observation
from lodestock_server.errors import NotFound
from lodestock_server.usecases.build_problem import Forecast, MedianPath

QUANTILE_LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
"""Levels of the quantiles where the caller names none."""

DEFAULT_MODEL_DESCRIPTION = (
    "From five values on, by year or without a season: the median of naive, drift (by quarter and month: DOTM), CES "
    "and Theta on logarithms, drawn back towards the last value by 1/n of n values. With a season: the mean of ETS, "
    "DOTM, CES and Theta. Three or four values: three parts no change, one part drift; fewer: no change. A model is "
    "dropped where its OWA, relative to no change, is above 2 on at least 6 errors of a rolling-origin backtest, or "
    "where its first step is more than twice the largest change seen so far on the square-root scale."
)
DEFAULT_MODEL_SOURCE = "Petropoulos and Svetunkov (2020), doi:10.1016/j.ijforecast.2019.01.006"


@dataclass(frozen=True, slots=True)
class StoredDemand:
    """Demand that the catalog holds; no materials means all of them."""

    buyer: str
    material_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForecastOptions:
    """What to forecast of each series."""

    horizon: int
    quantile_levels: tuple[float, ...] = QUANTILE_LEVELS
    sample_paths: int = 0
    model: str = forecasters.DEFAULT_MODEL
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """A series, its forecast, and for a stored series the observations with their origins."""

    series: forecasters.DemandSeries
    forecast: forecasters.SeriesForecast
    observations: tuple[Observation, ...] = ()


SHARE_FOR_MODELS = 0.75
"""Share of the time in which models are fitted. A run looks at the time between series, and answers those that it has
no time for by their last value, which takes some time too, and more where the machine is busy."""


class TimeLeft:
    """A run's control that knows a deadline and nothing else."""

    def __init__(self, limit_s: float) -> None:
        self._ends_s = time.monotonic() + SHARE_FOR_MODELS * limit_s

    def report(self, done: int, total: int) -> None:
        """Ignore the news: a short call reports no progress."""

    def cancelled(self) -> bool:
        """Return False: the process of a cancelled call is killed from outside."""
        return False

    def remaining_s(self) -> float | None:
        """Return the seconds left."""
        return self._ends_s - time.monotonic()


def list_models() -> tuple[forecasters.ModelInfo, ...]:
    """List the default combination and every model."""
    default = forecasters.ModelInfo(
        name=forecasters.DEFAULT_MODEL,
        family="combination",
        description=DEFAULT_MODEL_DESCRIPTION,
        paper=DEFAULT_MODEL_SOURCE,
        minimum_points=1,
    )
    return (default, *forecasters.list_models())


def forecast_series(
    series: Sequence[forecasters.DemandSeries], options: ForecastOptions, time_limit_s: float
) -> tuple[SeriesAnswer, ...]:
    """Forecast series that the caller gives."""
    request = forecasters.ForecastRequest(
        series=series,
        horizon=options.horizon,
        quantile_levels=options.quantile_levels,
        sample_paths=options.sample_paths,
        seed=options.seed,
        model=options.model,
    )
    result = forecasters.forecast(request, TimeLeft(time_limit_s))
    return tuple(SeriesAnswer(one, forecast) for one, forecast in zip(series, result.forecasts, strict=True))


def forecast_stored(
    catalog: Catalog, stored: StoredDemand, options: ForecastOptions, time_limit_s: float
) -> tuple[SeriesAnswer, ...]:
    """Forecast demand that the catalog holds, each series named "material/BUYER".

    Raises:
        NotFound: The catalog holds no figures for the buyer.
    """
    if stored.buyer not in catalog.buyers():
        raise NotFound(f"no demand of buyer '{stored.buyer}' is stored; known buyers: {', '.join(catalog.buyers())}")
    materials = stored.material_ids or tuple(mineral.id for mineral in catalog.minerals())
    histories = [catalog.consumption(stored.buyer, material) for material in materials]
    series = [
        yearly_series(f"{material}/{stored.buyer}", history)
        for material, history in zip(materials, histories, strict=True)
    ]
    answers = forecast_series(series, options, time_limit_s)
    return tuple(
        SeriesAnswer(answer.series, answer.forecast, history)
        for answer, history in zip(answers, histories, strict=True)
    )


def median_paths(seed: int, time_limit_s: float) -> Forecast:
    """The default forecast as BuildProblem asks for it: the median path of each material by year."""

    def paths(histories: Mapping[str, Sequence[Observation]], years_ahead: int) -> dict[str, MedianPath]:
        series = [yearly_series(material, history) for material, history in histories.items()]
        answers = forecast_series(series, ForecastOptions(years_ahead, seed=seed), time_limit_s)
        return {answer.series.id: _median_path(answer.forecast) for answer in answers}

    return paths


def _median_path(forecast: forecasters.SeriesForecast) -> MedianPath:
    by_year = {int(period): float(value) for period, value in zip(forecast.periods, forecast.median, strict=True)}
    return MedianPath(by_year, _models_in_words(forecast))


def _models_in_words(forecast: forecasters.SeriesForecast) -> str:
    """The rule and its models, such as "median of naive, drift"; only a mean has weights to speak of."""
    if forecast.rule is forecasters.CombinationRule.MEAN:
        return "mean of " + ", ".join(f"{used.model} {used.weight:.2g}" for used in forecast.weights)
    names = ", ".join(used.model for used in forecast.weights)
    return f"median of {names}" if forecast.rule is forecasters.CombinationRule.MEDIAN else names


def yearly_series(series_id: str, history: Sequence[Observation]) -> forecasters.DemandSeries:
    """Observations of the catalog as a series."""
    return forecasters.DemandSeries(
        id=series_id,
        frequency=forecasters.Frequency.YEARLY,
        periods=[str(observation.year) for observation in history],
        values=[observation.figure.value for observation in history],
        unit=history[0].figure.unit,
    )
