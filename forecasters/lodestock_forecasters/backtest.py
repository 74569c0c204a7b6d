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
from lodestock_forecasters.intervals import error_scale, step_distribution
from lodestock_forecasters.metrics import coverage, interval_score, mase, naive_scale, owa, smape
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
    bounds = [_bounds(window, names, calibration) for window in windows]
    return [_score_one(name, windows, bounds, naive_name) for name in names]


def _score_one(
    name: str, windows: Sequence[Window], bounds: Sequence[Mapping[str, FloatArray]], naive_name: str
) -> BacktestScore:
    used = [i for i, window in enumerate(windows) if name in window.paths and window.scored.any()]
    if not used:
        return no_score(name)
    kept = [windows[i] for i in used]
    actual = np.concatenate([w.actual[w.scored] for w in kept])
    path = np.concatenate([w.paths[name][w.scored] for w in kept])
    naive = np.concatenate([w.paths[naive_name][w.scored] for w in kept])
    sizes = np.concatenate(
        [np.full(w.scored.sum(), naive_scale(w.history.values, w.history.season_length)) for w in kept]
    )
    lower_95, lower_80, upper_80, upper_95 = np.concatenate([bounds[i][name][windows[i].scored] for i in used]).T
    mase_model, mase_naive = _mean_scaled_error(actual, path, sizes), _mean_scaled_error(actual, naive, sizes)
    smape_model = smape(actual, path)
    return BacktestScore(
        model=name,
        origins=len(used),
        errors=len(actual),
        mase=mase_model,
        smape=smape_model,
        owa=owa(mase_model, mase_naive, smape_model, smape(actual, naive)),
        coverage_80=coverage(actual, lower_80, upper_80),
        coverage_95=coverage(actual, lower_95, upper_95),
        msis_95=_mean_scaled_interval_score(actual, lower_95, upper_95, sizes),
    )


def no_score(name: str, reason: str = "") -> BacktestScore:
    """Return the entry of a candidate without scores."""
    nan = float("nan")
    return BacktestScore(name, 0, 0, nan, nan, nan, nan, nan, nan, reason)


def _mean_scaled_error(actual: FloatArray, path: FloatArray, sizes: FloatArray) -> float:
    """Return the mean scaled error, each error over the size at its own origin; NaN where every size is 0."""
    scalable = sizes > 0
    if not scalable.any():
        return float("nan")
    size = sizes[scalable]
    return mase(actual[scalable] / size, path[scalable] / size, 1.0)


def _mean_scaled_interval_score(actual: FloatArray, lower: FloatArray, upper: FloatArray, sizes: FloatArray) -> float:
    """Return the MSIS of 95 % intervals, each over the size at its own origin; NaN where every size is 0."""
    scalable = sizes > 0
    if not scalable.any():
        return float("nan")
    size = sizes[scalable]
    return interval_score(actual[scalable] / size, lower[scalable] / size, upper[scalable] / size, 0.95)


def _bounds(window: Window, names: Sequence[str], calibration: Calibration) -> dict[str, FloatArray]:
    """Return the 2.5, 10, 90 and 97.5 % quantiles around each candidate's path, shape (steps, 4)."""
    present = [name for name in names if name in window.paths]
    if not present:
        return {}
    stacked = np.stack([window.paths[name] for name in present])
    n_known = window.history.n_observed
    quantiles = step_distribution(stacked, window.error_scale, n_known, calibration, _COVERAGE_BOUNDS)
    return dict(zip(present, quantiles, strict=True))
