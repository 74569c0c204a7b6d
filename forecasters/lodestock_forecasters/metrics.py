"""Accuracy measures of point forecasts and intervals.

Owns the formulas, each in one place; knows neither series nor models. Arrays are float64, shape (h,), in the unit of
the series.
"""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.series import FloatArray


def naive_scale(training: FloatArray, season_length: int = 1) -> float:
    """Return the mean absolute error of the (seasonal) naive forecast inside the training data; NaN when it is too
    short.

    Source: Hyndman and Koehler 2006, Int. J. Forecasting 22(4), eq. for the scaled error's denominator.
    """
    if len(training) <= season_length:
        return float("nan")
    return float(np.mean(np.abs(training[season_length:] - training[:-season_length])))


def mase(actual: FloatArray, forecast: FloatArray, scale: float) -> float:
    """Return the mean absolute scaled error, mean |y − f| / scale; NaN when the scale is 0 or NaN.

    Args:
        actual: what came, shape (h,).
        forecast: what was forecast, shape (h,).
        scale: in-sample error of the naive forecast, from `naive_scale`.

    Source: Hyndman and Koehler 2006, Int. J. Forecasting 22(4).
    """
    return float(np.mean(np.abs(actual - forecast)) / scale) if scale > 0 else float("nan")


def smape(actual: FloatArray, forecast: FloatArray) -> float:
    """Return the symmetric mean absolute percentage error as a fraction from 0 to 2; a pair of zeros counts as no
    error.

    Source: Makridakis 1993, Int. J. Forecasting 9(4); the form of the M4 competition, mean 2|y − f| / (|y| + |f|).
    """
    return float(np.mean(symmetric_errors(actual, forecast)))


def symmetric_errors(actual: FloatArray, forecast: FloatArray) -> FloatArray:
    """Return the terms 2|y − f| / (|y| + |f|) of `smape`, of the shape of both; 0 for a pair of zeros, NaN for NaN."""
    size = np.abs(actual) + np.abs(forecast)
    error = 2.0 * np.abs(actual - forecast)
    return np.asarray(np.divide(error, size, out=np.zeros_like(error), where=size != 0), dtype=np.float64)


def owa(mase_model: float, mase_naive: float, smape_model: float, smape_naive: float) -> float:
    """Return the overall weighted average, the mean of the two measures relative to the naive forecast; 1 is as good as
    naive.

    A measure whose naive value is 0 or NaN is left out; NaN when both are.

    Source: Makridakis, Spiliotis and Assimakopoulos 2020, Int. J. Forecasting 36(1) (there relative to Naive 2).
    """
    pairs = ((mase_model, mase_naive), (smape_model, smape_naive))
    ratios = [model / naive for model, naive in pairs if naive > 0 and np.isfinite(model)]
    return float(np.mean(ratios)) if ratios else float("nan")


def coverage(actual: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Return the share of actual values within their closed intervals, from 0 to 1."""
    return float(np.mean((actual >= lower) & (actual <= upper)))


def interval_score(actual: FloatArray, lower: FloatArray, upper: FloatArray, level: float) -> float:
    """Return the mean interval score of central intervals of the given level: width + 2/α · what lies outside, α = 1 −
    level.

    Divided by `naive_scale` it is the M4 competition's MSIS.

    Source: Gneiting and Raftery 2007, J. American Statistical Association 102, eq. 43.
    """
    return float(np.mean(interval_scores(actual, lower, upper, level)))


def interval_scores(actual: FloatArray, lower: FloatArray, upper: FloatArray, level: float) -> FloatArray:
    """Return the terms of `interval_score`, of the shape of all three."""
    outside = np.maximum(lower - actual, 0.0) + np.maximum(actual - upper, 0.0)
    return np.asarray(upper - lower + 2.0 / (1.0 - level) * outside, dtype=np.float64)
