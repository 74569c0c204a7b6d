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

_MEAN_GRID = (np.arange(1000) + 0.5) / 1000


def error_scale(history: History, calibration: Calibration) -> float:
    """Return the scale s of a series' errors: root mean square of its changes, drawn to the pooled scale.

    s² = (Σ d_i² + w · c² · ȳ) / (n + w), with d_i the n changes of √y between observations (divided by the root of the
    periods between; season removed where there is one), w and c the pooled weight and scale, ȳ the mean value.

    Returns:
        s ≥ 0 on the square-root scale; 0 only for a history of zeros.
    """
    known = np.flatnonzero(history.observed)
    values = history.values[known]
    changes = np.diff(np.sqrt(values)) / np.sqrt(np.diff(known))
    freedom = float(len(changes))
    m = history.season_length
    if m > 1:
        season = known[1:] % m
        counts = np.bincount(season, minlength=m)
        means = np.bincount(season, weights=changes, minlength=m) / np.maximum(counts, 1)
        changes = changes - means[season]
        freedom = max(freedom - m, 1.0)
    prior = calibration.prior_weight
    pooled = calibration.pooled_scale**2 * float(values.mean())
    return float(np.sqrt((float(changes @ changes) + prior * pooled) / (freedom + prior)))


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
    steps = np.arange(1.0, point.shape[-1] + 1.0)
    scores = calibration.for_length(n_observed).at(steps, u)
    roots = np.sqrt(point)[..., None]
    shifted = roots + scale * scores
    deviations = np.maximum(shifted, 0.0) ** 2 - roots**2
    upper = np.maximum.accumulate(deviations, axis=-2)
    lower = np.minimum.accumulate(deviations, axis=-2)
    widened = np.where(u > 0.5, upper, np.where(u < 0.5, lower, 0.0))
    return np.asarray(np.maximum(point[..., None] + widened, 0.0), dtype=np.float64)


def step_means(point: FloatArray, scale: float, n_observed: int, calibration: Calibration) -> FloatArray:
    """Return the mean of every step's distribution, shape (h,), by the midpoint rule over 1000 levels."""
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
    u = (np.arange(n_paths) + 0.5) / max(n_paths, 1)
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
