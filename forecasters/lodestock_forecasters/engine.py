"""The run: from a request to an answer for every series, whatever its models do.

Owns the batch, the deadline and the making of answers; the steps of one series are in `point` and `intervals`.
Deterministic: same request, same bytes, unless a deadline passes on the way, which the answer then says.
"""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.calibration import Calibration, load_calibration
from lodestock_forecasters.combination import NAIVE_RECIPE, Recipe, recipe_for, single_recipe
from lodestock_forecasters.control import Control, Unattended
from lodestock_forecasters.errors import ForecastCancelled
from lodestock_forecasters.history import History
from lodestock_forecasters.intervals import error_scale, path_generator, sample_paths, step_distribution, step_means
from lodestock_forecasters.models.registry import ForecasterPool
from lodestock_forecasters.neighbours import Neighbourhood, is_short, neighbourhoods
from lodestock_forecasters.periods import period_label
from lodestock_forecasters.point import PointForecast, forecast_point, lent_point
from lodestock_forecasters.record import digest_of, library_versions
from lodestock_forecasters.request import DEFAULT_MODEL, ForecastRequest
from lodestock_forecasters.result import ForecastResult, Rejection, SeriesForecast
from lodestock_forecasters.series import DemandSeries, read_only


def forecast(request: ForecastRequest, control: Control | None = None) -> ForecastResult:
    """Forecast every series of a request.

    Args:
        request: series and options.
        control: progress, cancellation and time left; None for none of these.

    Returns:
        One forecast per series, in order. A series whose models fail is answered by a simpler level, stated in its
        answer; so is one whose turn comes after the deadline.

    Raises:
        ForecastCancelled: `control.cancelled()` became true on the way.
    """
    control = control or Unattended()
    total = len(request.all_series)
    forecasts = []
    lent = neighbourhoods(History.of(one) for one in request.all_series) if request.lend_strength else {}
    with ForecasterPool(control) as pool:
        for done, series in enumerate(request.all_series):
            if control.cancelled():
                raise ForecastCancelled(f"cancelled after {done} of {total} series")
            forecasts.append(_forecast_series(series, request, pool, control, lent.get(series.frequency)))
            pool.forget()
            control.report(done + 1, total)
    digest = input_digest(request)
    return ForecastResult(tuple(forecasts), request.seed, request.model, digest, library_versions())


def input_digest(request: ForecastRequest) -> str:
    """Return the SHA-256 of all that a request holds, hexadecimal."""
    options = (
        request.horizon,
        request.levels,
        request.sample_paths,
        request.seed,
        request.model,
        request.backtest_origins,
        request.lend_strength,
    )
    return digest_of(options, request.all_series)


def _forecast_series(
    series: DemandSeries,
    request: ForecastRequest,
    pool: ForecasterPool,
    control: Control,
    neighbours: Neighbourhood | None,
) -> SeriesForecast:
    history = History.of(series)
    calibration = load_calibration(series.frequency, history.season_length > 1)
    steps = history.lead + request.horizon
    remaining_s = control.remaining_s()
    if remaining_s is not None and remaining_s <= 0:
        point = forecast_point(history, steps, NAIVE_RECIPE, pool, calibration, 0)
        late = Rejection(request.model, "the deadline had passed before this series' turn")
        return _answer(series, history, point, (*point.rejected, late), request, calibration)
    if neighbours is not None and is_short(history):
        point = lent_point(neighbours.path(history, steps))
        return _answer(series, history, point, (), request, neighbours.calibrated(calibration))
    recipe = _recipe(request.model, history)
    point = forecast_point(history, steps, recipe, pool, calibration, request.backtest_origins)
    return _answer(series, history, point, point.rejected, request, calibration)


def _recipe(model: str, history: History) -> Recipe:
    return recipe_for(history) if model == DEFAULT_MODEL else single_recipe(model)


def _answer(
    series: DemandSeries,
    history: History,
    point: PointForecast,
    rejected: tuple[Rejection, ...],
    request: ForecastRequest,
    calibration: Calibration,
) -> SeriesForecast:
    """Put the distribution around the point path; steps that lie before the first asked period are dropped at the
    end."""
    n, lead = history.n_observed, history.lead
    scale = error_scale(history, calibration)
    levels = np.array(request.levels, dtype=np.float64)
    quantiles = step_distribution(point.path, scale, n, calibration, levels)
    generator = path_generator(request.seed, series.id)
    paths = sample_paths(point.path, scale, n, calibration, request.sample_paths, generator)
    first = history.last_ordinal + lead + 1
    return SeriesForecast(
        series_id=series.id,
        unit=series.unit,
        origin=period_label(history.last_ordinal, series.frequency),
        periods=tuple(period_label(first + step, series.frequency) for step in range(request.horizon)),
        mean=read_only(step_means(point.path, scale, n, calibration)[lead:]),
        median=read_only(point.path[lead:]),
        quantile_levels=request.levels,
        quantiles=read_only(quantiles[lead:].T),
        paths=read_only(paths[:, lead:]),
        level=point.level,
        rule=point.rule,
        weights=point.weights,
        backtest=point.scores,
        rejected=rejected,
    )
