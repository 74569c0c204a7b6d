"""From a point path to a distribution: scale of a series, quantiles of each step, joint sample paths.

Owns the error model. On the square-root scale, where errors of series that grow or shrink are closer to even, step h
has

    √Y_h = √f_h + s · E_h,

with f the point path, s the scale of the series and E_h distributed as the pooled scores of step h, whose median is 0.
The square root needs no offset for zeros and keeps demand from falling below zero. Deviations from the path, on the
scale of demand, are made never to shrink as h grows; only the floor at zero may cut an interval shorter.

Terms: u is a probability level in (0, 1); a *deviation* is a value less the point path.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.random import Generator, SeedSequence, default_rng

from lodestock_forecasters.calibration import Calibration
from lodestock_forecasters.history import History
from lodestock_forecasters.series import FloatArray

FORGETTING = 0.95
"""Share of its weight that a change keeps after a year."""
_MEAN_GRID = (np.arange(250) + 0.5) / 250


def error_scale(history: History, calibration: Calibration) -> float:
    """Return the scale s of a series' errors: root mean square of its changes beside the trend, drawn to the pooled
    scale.

    s² = (Σ v_i e_i² + w c² ȳ) / (Σ v_i − f + w), with e_i = (d_i − κ μ g_i) / √g_i the changes of √y between
    observations less the believed part κ of the mean change μ (see `lodestock_forecasters.trend`; where there is a
    season, less its own mean change), over the root of the periods g_i between; v_i = 0.95^(years before the last
    change), because old unrest says less of the years ahead; f the means taken off; w and c the pooled weight and
    scale, ȳ the mean value.

    Returns:
        s ≥ 0 on the square-root scale; 0 only for a history of zeros.
    """
    gaps = history.trend.gaps
    weights = FORGETTING ** ((gaps.sum() - np.cumsum(gaps)) / history.frequency.periods_per_year)
    rest, means = _beside_the_mean(history)
    freedom = max(float(weights.sum()) - means, min(1.0, len(rest)))
    prior = calibration.prior_weight
    pooled = calibration.pooled_scale**2 * float(history.values[history.observed].mean())
    return float(np.sqrt((float(weights @ rest**2) + prior * pooled) / (freedom + prior)))


def _beside_the_mean(history: History) -> tuple[FloatArray, float]:
    """Return the changes less what is believed to go on, per root of a period, shape (k,), and the number of means
    taken off."""
    trend, m = history.trend, history.season_length
    if m == 1:
        belief = trend.belief()
        return (trend.sizes - belief * trend.mean * trend.gaps) / np.sqrt(trend.gaps), belief
    scaled = trend.sizes / np.sqrt(trend.gaps)
    season = np.flatnonzero(history.observed)[1:] % m
    counts = np.bincount(season, minlength=m)
    means = np.bincount(season, weights=scaled, minlength=m) / np.maximum(counts, 1)
    return scaled - means[season], float(m)


def step_distribution(
    point: FloatArray, scale: float, n_observed: int, calibration: Calibration, u: FloatArray
) -> FloatArray:
    """Return the quantiles of every step.

    Args:
        point: point path from the first step after the last observation, shape (…, h), ≥ 0.
        scale: scale s of the series, from `error_scale`.
        n_observed: number of observed values, which chooses the class of pooled scores.
        calibration: pooled scores.
        u: rising levels in (0, 1), shape (m,).

    Returns:
        Quantiles ≥ 0, shape (…, h, m), rising along the last axis; at u = 1/2 they equal the point path.
    """
    return spread(point, scale * step_scores(point.shape[-1], n_observed, calibration, u), u)


def step_scores(horizon: int, n_observed: int, calibration: Calibration, u: FloatArray) -> FloatArray:
    """Return the pooled scores of the steps 1 to h at levels u, shape (h, m)."""
    return calibration.for_length(n_observed).at(np.arange(1.0, horizon + 1.0), u)


def spread(point: FloatArray, shifts: FloatArray, u: FloatArray) -> FloatArray:
    """Return the quantiles of every step from their distances to the point path on the square-root scale.

    Args:
        point: point paths, shape (…, h), ≥ 0; NaN at the end gives NaN.
        shifts: scale times scores, shape (…, h, m).
        u: rising levels in (0, 1), shape (m,).

    Returns:
        Quantiles ≥ 0, shape (…, h, m).
    """
    roots = np.sqrt(point)[..., None]
    shifted = roots + shifts
    deviations = np.maximum(shifted, 0.0) ** 2 - roots**2
    upper = np.maximum.accumulate(deviations, axis=-2)
    lower = np.minimum.accumulate(deviations, axis=-2)
    widened = np.where(u > 0.5, upper, np.where(u < 0.5, lower, 0.0))
    return np.asarray(np.maximum(point[..., None] + widened, 0.0), dtype=np.float64)


def step_means(point: FloatArray, scale: float, n_observed: int, calibration: Calibration) -> FloatArray:
    """Return the mean of every step's distribution, shape (h,), by the midpoint rule over 250 levels."""
    return np.asarray(
        step_distribution(point, scale, n_observed, calibration, _MEAN_GRID).mean(axis=1), dtype=np.float64
    )


def path_generator(seed: int, series_id: str) -> Generator:
    """Return the random generator of a series: it depends on the seed and the id, not on the series' place in a
    batch."""
    digest = hashlib.sha256(series_id.encode()).digest()
    return default_rng(SeedSequence([seed, int.from_bytes(digest[:8], "big")]))


def sample_paths(
    point: FloatArray, scale: float, n_observed: int, calibration: Calibration, n_paths: int, generator: Generator
) -> FloatArray:
    """Draw joint paths whose every step spreads evenly over that step's distribution.

    A Gaussian template with correlation (j / k)^p between the steps j < k gives ranks, and each step's evenly spaced
    quantiles are put into the order of these ranks.

    Args:
        point: point path, shape (h,).
        scale: scale s of the series.
        n_observed: number of observed values.
        calibration: pooled scores and their dependence p.
        n_paths: number of paths N ≥ 0.
        generator: source of randomness.

    Returns:
        Paths, shape (N, h), ≥ 0.

    Source: Clark et al. 2004, J. Hydrometeorology 5(1) (the Schaake shuffle); Schefzik et al. 2013, Statistical Science
    28(4).
    """
    horizon = len(point)
    if n_paths == 0:
        return np.empty((0, horizon))
    u = (np.arange(n_paths) + 0.5) / n_paths
    evenly = step_distribution(point, scale, n_observed, calibration, u)
    template = _dependent_normals(n_paths, horizon, calibration.dependence, generator)
    order = template.argsort(axis=0, kind="stable")
    paths = np.empty((n_paths, horizon))
    np.put_along_axis(paths, order, evenly.T, axis=0)
    return paths


def _dependent_normals(n_paths: int, horizon: int, dependence: float, generator: Generator) -> FloatArray:
    """Return standard normals, shape (N, h), with correlation (j / k)^p between steps j < k: a Markov chain in log
    h."""
    normals = generator.standard_normal((n_paths, horizon))
    for step in range(1, horizon):
        kept = (step / (step + 1)) ** dependence
        normals[:, step] = kept * normals[:, step - 1] + np.sqrt(1.0 - kept**2) * normals[:, step]
    return normals
