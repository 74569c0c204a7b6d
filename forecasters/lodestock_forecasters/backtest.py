"""Rolling-origin backtest of the candidates on one series.

Owns the protocol. Origins lie at observed values, spread evenly over the last stretch of the series; each candidate is
fitted on what was known at an origin, and forecasts to the end of the series or of the horizon, whichever comes first;
only observed values are scored. Errors are averaged over all origins and steps, scaled by the naive error inside each
origin's training data.

Source: Tashman 2000, Int. J. Forecasting 16(4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lodestock_forecasters.calibration import Calibration
from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.history import History
from lodestock_forecasters.intervals import error_scale, spread, step_scores
from lodestock_forecasters.metrics import coverage, interval_scores, naive_scale, owa, symmetric_errors
from lodestock_forecasters.result import BacktestScore
from lodestock_forecasters.series import BoolArray, FloatArray

LEAST_TRAINING = 4
"""Fewest periods before an origin."""
_COVERAGE_BOUNDS = np.array([0.025, 0.1, 0.9, 0.975])

PathMaker = Callable[[str, History, int], FloatArray]
"""Gives the path of a named model, floored at zero; raises ModelFailed."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One origin: what was known, what came, and what each candidate had said."""

    history: History
    actual: FloatArray
    """What came, shape (steps,)."""
    scored: BoolArray
    """Whether it was observed, shape (steps,)."""
    paths: Mapping[str, FloatArray]
    """Path of each candidate that could be fitted, shape (steps,); naive always among them."""
    error_scale: float
    """Scale s of the errors of what was known, for the intervals."""


def origins(history: History, horizon: int, most: int) -> list[int]:
    """Return the training lengths of the origins, rising; empty when the series is too short."""
    n = len(history.values)
    first = max(LEAST_TRAINING, n - max(horizon, most))
    known = np.flatnonzero(history.observed[first - 1 : n - 1]) + first
    if most < 1 or not len(known):
        return []
    chosen = np.linspace(0, len(known) - 1, min(most, len(known))).round().astype(int)
    return [int(length) for length in known[np.unique(chosen)]]


def run_backtest(
    history: History,
    candidates: Sequence[str],
    make_path: PathMaker,
    calibration: Calibration,
    horizon: int,
    most_origins: int,
) -> list[Window]:
    """Fit every candidate at every origin; a candidate that fails at an origin is left out there."""
    windows = []
    for length in origins(history, horizon, most_origins):
        known = history.until(length)
        steps = slice(length, length + horizon)
        actual = history.values[steps]
        paths = {}
        for name in candidates:
            try:
                paths[name] = make_path(name, known, len(actual))
            except ModelFailed:
                continue
        windows.append(Window(known, actual, history.observed[steps], paths, error_scale(known, calibration)))
    return windows


def score(
    names: Sequence[str], windows: Sequence[Window], calibration: Calibration, naive_name: str
) -> list[BacktestScore]:
    """Return the scores of the candidates; coverage is that of intervals from the pooled calibration around their
    paths.

    Args:
        names: candidates to score.
        windows: the origins; a candidate is scored over those at which it could be fitted.
        calibration: pooled scores.
        naive_name: the candidate that OWA compares with, found at every origin.
    """
    table = _Table.of(windows, names, naive_name)
    bounds = _bounds(windows, table.paths, calibration)
    return [table.score(k, name, bounds[k]) for k, name in enumerate(names)]


def point_scores(names: Sequence[str], windows: Sequence[Window], naive_name: str) -> dict[str, tuple[int, float]]:
    """Return the number of errors and the OWA of each candidate, without its intervals."""
    table = _Table.of(windows, names, naive_name)
    return {name: (int(table.scored[k].sum()), table.accuracy(k)[2]) for k, name in enumerate(names)}


def origin_losses(name: str, windows: Sequence[Window], naive_name: str) -> dict[int, float]:
    """Return the mean scaled error of a candidate at each origin, by the number of periods known there."""
    table = _Table.of(windows, (name,), naive_name)
    losses = {len(window.history.values): _mean(table.errors[0, w]) for w, window in enumerate(windows)}
    return {length: loss for length, loss in losses.items() if not np.isnan(loss)}


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Errors of all candidates at all origins: K candidates, W origins, h steps."""

    actual: FloatArray
    """What came, shape (W, h), NaN where it was not observed or lies beyond the series."""
    paths: FloatArray
    """Shape (K, W, h), NaN where a candidate has none."""
    sizes: FloatArray
    """Naive error inside the training data, shape (W, 1), NaN where it is 0."""
    scored: BoolArray
    """Whether a candidate has an error there, shape (K, W, h)."""
    errors: FloatArray
    """Absolute errors over sizes, shape (K, W, h)."""
    symmetric: FloatArray
    """Terms of sMAPE, shape (K, W, h)."""
    naive_errors: FloatArray
    """As `errors`, of naive, shape (W, h)."""
    naive_symmetric: FloatArray

    @classmethod
    def of(cls, windows: Sequence[Window], names: Sequence[str], naive_name: str) -> _Table:
        steps = max(len(window.actual) for window in windows)
        actual = np.full((len(windows), steps), np.nan)
        paths = np.full((len(names) + 1, *actual.shape), np.nan)
        sizes = np.empty((len(windows), 1))
        for w, window in enumerate(windows):
            n = len(window.actual)
            actual[w, :n] = np.where(window.scored, window.actual, np.nan)
            sizes[w] = naive_scale(window.history.values, window.history.season_length) or np.nan
            for k, name in enumerate((*names, naive_name)):
                if name in window.paths:
                    paths[k, w, :n] = window.paths[name]
        errors = np.abs(actual - paths) / sizes
        symmetric = symmetric_errors(actual, paths)
        scored = np.isfinite(symmetric)
        return cls(actual, paths[:-1], sizes, scored[:-1], errors[:-1], symmetric[:-1], errors[-1], symmetric[-1])

    def accuracy(self, k: int) -> tuple[float, float, float]:
        """Return MASE, sMAPE and OWA of a candidate; NaN where nothing is scored."""
        kept = self.scored[k]
        mase_model, mase_naive = _mean(self.errors[k][kept]), _mean(self.naive_errors[kept])
        smape_model, smape_naive = _mean(self.symmetric[k][kept]), _mean(self.naive_symmetric[kept])
        return mase_model, smape_model, owa(mase_model, mase_naive, smape_model, smape_naive)

    def score(self, k: int, name: str, bounds: FloatArray) -> BacktestScore:
        """Return all scores of a candidate with its 2.5, 10, 90 and 97.5 % quantiles, shape (W, h, 4)."""
        kept = self.scored[k]
        if not kept.any():
            return no_score(name)
        mase_model, smape_model, owa_model = self.accuracy(k)
        actual, (lower_95, lower_80, upper_80, upper_95) = self.actual[kept], bounds[kept].T
        sizes = np.broadcast_to(self.sizes, kept.shape)[kept]
        return BacktestScore(
            model=name,
            origins=int(kept.any(axis=1).sum()),
            errors=len(actual),
            mase=mase_model,
            smape=smape_model,
            owa=owa_model,
            coverage_80=coverage(actual, lower_80, upper_80),
            coverage_95=coverage(actual, lower_95, upper_95),
            msis_95=_mean(interval_scores(actual, lower_95, upper_95, 0.95) / sizes),
        )


def _mean(values: FloatArray) -> float:
    """Return the mean of what is no NaN; NaN where nothing is left."""
    known = values[~np.isnan(values)]
    return float(known.sum() / len(known)) if len(known) else float("nan")


def no_score(name: str, reason: str = "") -> BacktestScore:
    """Return the entry of a candidate without scores."""
    nan = float("nan")
    return BacktestScore(name, 0, 0, nan, nan, nan, nan, nan, nan, reason)


def _bounds(windows: Sequence[Window], paths: FloatArray, calibration: Calibration) -> FloatArray:
    """Return the 2.5, 10, 90 and 97.5 % quantiles around each path, shape (K, W, h, 4)."""
    steps = paths.shape[-1]
    shifts = np.stack(
        [
            window.error_scale * step_scores(steps, window.history.n_observed, calibration, _COVERAGE_BOUNDS)
            for window in windows
        ]
    )
    return spread(paths, shifts, _COVERAGE_BOUNDS)
