"""The public backtest: how well models would have done on the past of series, with what was known then.

Owns the run over series and models; origins, windows and scores are those of `lodestock_forecasters.backtest`. At each
origin a model sees the history up to there and nothing else, but for drivers, whose actual values it is given (an
ex-post backtest: it judges the model, not the forecast of GDP). The default combination is made at each origin as
`forecast` would have made it then: its gate, too, looks at that history alone.

A score stands for all origins or for none: a model that the deadline stops on a series has no scores there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lodestock_forecasters.backtest import LEAST_TRAINING, no_score, origin_losses, run_backtest, score
from lodestock_forecasters.backtest_request import BacktestRequest
from lodestock_forecasters.calibration import load_calibration
from lodestock_forecasters.combination import NAIVE, recipe_for
from lodestock_forecasters.comparison import compare_models
from lodestock_forecasters.control import Control, Unattended
from lodestock_forecasters.errors import ForecastCancelled, ForecastingError, ModelFailed
from lodestock_forecasters.history import History
from lodestock_forecasters.metrics import owa
from lodestock_forecasters.models.registry import CARDS, ForecasterPool
from lodestock_forecasters.point import forecast_point
from lodestock_forecasters.record import digest_of, library_versions
from lodestock_forecasters.request import DEFAULT_MODEL, DEFAULT_ORIGINS
from lodestock_forecasters.result import BacktestResult, BacktestScore, SeriesBacktest
from lodestock_forecasters.series import DemandSeries, FloatArray


class _DeadlinePassed(ForecastingError):
    """No time is left for another fit."""


def backtest(request: BacktestRequest, control: Control | None = None) -> BacktestResult:
    """Score models on the past of every series of a request.

    Args:
        request: series, models and options.
        control: progress, cancellation and time left; None for none of these.

    Returns:
        Scores of every model on every series, or why there are none, and their means.

    Raises:
        ForecastCancelled: `control.cancelled()` became true on the way.
    """
    control = control or Unattended()
    total = len(request.all_series)
    tested = []
    with ForecasterPool(control) as pool:
        for done, series in enumerate(request.all_series):
            if control.cancelled():
                raise ForecastCancelled(f"cancelled after {done} of {total} series")
            run = _SeriesRun(series, History.of(series), request, pool, control)
            scored = [run.score(model) for model in request.all_models]
            tested.append(scored)
            pool.forget()
            control.report(done + 1, total)
    overall = tuple(_overall([scored[i] for scored in tested]) for i in range(len(request.all_models)))
    series_scores = tuple(
        SeriesBacktest(one.id, one.frequency, tuple(pair.model for pair in scored))
        for one, scored in zip(request.all_series, tested, strict=True)
    )
    losses = {model: [scored[i].losses for scored in tested] for i, model in enumerate(request.all_models)}
    comparisons = compare_models(losses, request.horizon)
    options = ("backtest", request.horizon, request.all_models, request.most_origins)
    digest = digest_of(options, request.all_series)
    return BacktestResult(series_scores, overall, comparisons, digest, library_versions())


@dataclass(frozen=True, slots=True)
class _Scored:
    """Scores of a model on a series, and of naive at the same origins."""

    model: BacktestScore
    naive: BacktestScore
    losses: Mapping[int, float] = field(default_factory=dict)
    """Mean scaled error of the model by origin."""


@dataclass
class _SeriesRun:
    series: DemandSeries
    history: History
    request: BacktestRequest
    pool: ForecasterPool
    control: Control
    failure: str = ""
    """Why the last model that failed had no path."""

    def score(self, model: str) -> _Scored:
        """Return the scores of a model on the series, or the reason why there are none."""
        frequencies = CARDS[model].frequencies if model != DEFAULT_MODEL else (self.series.frequency,)
        if self.series.frequency not in frequencies:
            taken = ", ".join(frequency.value for frequency in frequencies)
            return _without(model, f"takes {taken}; the series is {self.series.frequency.value}")
        calibration = load_calibration(self.series.frequency, self.history.season_length > 1)
        candidates = tuple(dict.fromkeys((NAIVE, model)))
        horizon, most = self.request.horizon, self.request.most_origins
        try:
            windows = run_backtest(self.history, candidates, self.path, calibration, horizon, most)
        except _DeadlinePassed:
            return _without(model, "the deadline passed before every origin of this series was forecast from")
        if not windows:
            n, least = len(self.history.values), LEAST_TRAINING
            return _without(model, f"needs {least} periods before an origin and one after, the series has {n}")
        fitted = [window for window in windows if model in window.paths]
        if not fitted:
            return _without(model, f"failed at every origin; at the last: {self.failure}")
        mine, naive = score((model, NAIVE), fitted, calibration, NAIVE)
        found = _Scored(mine, naive, origin_losses(model, fitted, NAIVE))
        return found if found.model.errors else _without(model, "no value is observed within the horizon of an origin")

    def path(self, model: str, known: History, ahead: int) -> FloatArray:
        """Return the path that a model would have given at the end of `known`."""
        remaining_s = self.control.remaining_s()
        if remaining_s is not None and remaining_s <= 0:
            raise _DeadlinePassed
        if model == DEFAULT_MODEL:
            # With the whole horizon, as then nobody knew how soon the series would end.
            calibration = load_calibration(known.frequency, known.season_length > 1)
            steps = self.request.horizon
            return forecast_point(known, steps, recipe_for(known), self.pool, calibration, DEFAULT_ORIGINS).path[:ahead]
        try:
            return self.pool.path(model, known, ahead)
        except ModelFailed as failure:
            self.failure = str(failure)
            raise


def _without(model: str, reason: str) -> _Scored:
    return _Scored(no_score(model, reason), no_score(NAIVE, reason))


def _overall(scored: Sequence[_Scored]) -> BacktestScore:
    """Return the sums and means of one model's scores over the series.

    OWA is made of the means, as in the M4 competition: a mean of ratios would be that of the series on which no change
    happened to be nearly right.
    """
    some = [one for one in scored if one.model.errors]
    if not some:
        return no_score(scored[0].model.model, "has scores on no series")
    models, naives = [one.model for one in some], [one.naive for one in some]
    mase_model, smape_model = _mean([one.mase for one in models]), _mean([one.smape for one in models])
    mase_naive, smape_naive = _mean([one.mase for one in naives]), _mean([one.smape for one in naives])
    return BacktestScore(
        model=models[0].model,
        origins=sum(one.origins for one in models),
        errors=sum(one.errors for one in models),
        mase=mase_model,
        smape=smape_model,
        owa=owa(mase_model, mase_naive, smape_model, smape_naive),
        coverage_80=_mean([one.coverage_80 for one in models]),
        coverage_95=_mean([one.coverage_95 for one in models]),
        msis_95=_mean([one.msis_95 for one in models]),
    )


def _mean(values: Sequence[float]) -> float:
    """Return the mean of what is no NaN; NaN where nothing is left."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
