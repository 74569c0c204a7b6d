"""Whether one model forecast better than another, or was luckier.

Owns the tests; knows neither series nor models. The loss of a model at an origin is its mean scaled error over the
steps from there. Two models are compared at the origins that both have. Errors of overlapping forecasts are akin, and
so are those of one series: with few series the origins are the sample, with their autocovariances; with more, the
series are.

Source: Diebold and Mariano 1995, J. Business & Economic Statistics 13(3), with the correction for small samples of
Harvey, Leybourne and Newbold 1997, Int. J. Forecasting 13(2), and the weights of Newey and West 1987, Econometrica
55(3); Holm 1979, Scandinavian J. Statistics 6(2).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lodestock_forecasters.result import ModelComparison
from lodestock_forecasters.series import FloatArray

LEAST_SAMPLE = 5
"""Fewest series, or else origins, from which a test is made."""
SIGNIFICANCE = 0.05
"""Chance, over all pairs of an answer together, that any is told apart wrongly."""

Losses = Mapping[int, float]
"""Loss of a model on one series by origin, the number of periods known there."""


def compare_models(losses: Mapping[str, Sequence[Losses]], horizon: int) -> tuple[ModelComparison, ...]:
    """Compare every two models.

    Args:
        losses: by model, its losses on each series, in one order for all models.
        horizon: most steps ahead, which says how many origins later forecasts still overlap.

    Returns:
        One comparison a pair that has common origins, in the order of the models.
    """
    found = [
        one
        for first, second in itertools.combinations(losses, 2)
        if (one := _compare(first, second, losses[first], losses[second], horizon)) is not None
    ]
    return tuple(_told_apart(found))


def _compare(
    first: str, second: str, losses: Sequence[Losses], others: Sequence[Losses], horizon: int
) -> ModelComparison | None:
    differences, lags = [], []
    for mine, theirs in zip(losses, others, strict=True):
        common = sorted(mine.keys() & theirs.keys())
        if common:
            differences.append(np.array([mine[origin] - theirs[origin] for origin in common]))
            lags.append(overlapping(common, horizon))
    if not differences:
        return None
    means = np.array([one.mean() for one in differences])
    p_value = p_of_series(means) if len(means) >= LEAST_SAMPLE else p_of_origins(differences, lags)
    origins = sum(len(one) for one in differences)
    return ModelComparison(first, second, len(means), origins, float(means.mean()), p_value)


def overlapping(origins: Sequence[int], horizon: int) -> int:
    """Return how many origins later a forecast still has steps in common with one of so many steps."""
    if len(origins) < 2:
        return 0
    apart = float(np.median(np.diff(np.array(origins))))
    return min(math.ceil(horizon / apart) - 1, len(origins) - 1)


def p_of_series(means: FloatArray) -> float:
    """Return the two-sided p value of the mean of one difference a series, shape (S,), by the t test; 1 where all are
    0."""
    return _p_value(float(means.mean()), float(means.var(ddof=1)) / len(means), len(means) - 1)


def p_of_origins(differences: Sequence[FloatArray], lags: Sequence[int]) -> float:
    """Return the two-sided p value of the mean difference over the origins of few series, by the Diebold–Mariano test.

    Args:
        differences: of each series, by origin.
        lags: of each series, how many origins later forecasts overlap.

    Returns:
        NaN for fewer than `LEAST_SAMPLE` origins, or too few for how they overlap.
    """
    n = sum(len(one) for one in differences)
    if n < LEAST_SAMPLE:
        return math.nan
    mean = float(np.concatenate(list(differences)).mean())
    total = sum(_sum_variance(one - mean, lag) for one, lag in zip(differences, lags, strict=True))
    overlap = max(lags) + 1
    correction = (n + 1 - 2 * overlap + overlap * (overlap - 1) / n) / n
    return _p_value(mean, total / n**2 / correction, n - 1) if correction > 0 else math.nan


def _sum_variance(centred: FloatArray, lags: int) -> float:
    """Return the variance of a sum from its autocovariances up to some lags; where that is not positive, with weights
    that fall with the lag, which keep it so."""
    own = float(centred @ centred)
    beside = np.array([float(centred[lag:] @ centred[:-lag]) for lag in range(1, lags + 1)])
    plain = own + 2.0 * float(beside.sum())
    return plain if plain > 0 else own + 2.0 * float((1.0 - np.arange(1, lags + 1) / (lags + 1.0)) @ beside)


def _p_value(mean: float, variance: float, freedom: int) -> float:
    from scipy.special import stdtr

    if mean == 0:
        return 1.0
    return float(2.0 * stdtr(freedom, -abs(mean) / math.sqrt(variance))) if variance > 0 else 0.0


def _told_apart(found: Sequence[ModelComparison]) -> list[ModelComparison]:
    """Return the comparisons with the better model named where Holm's correction for their number allows it."""
    tested = sorted((i for i, one in enumerate(found) if not math.isnan(one.p_value)), key=lambda i: found[i].p_value)
    named = list(found)
    for rank, i in enumerate(tested):
        one = found[i]
        if one.p_value > SIGNIFICANCE / (len(tested) - rank):
            break
        named[i] = replace(one, better=one.model if one.difference < 0 else one.other)
    return named
