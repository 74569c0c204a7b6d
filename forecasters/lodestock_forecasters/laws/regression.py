"""Least squares with what demand laws ask of it: bounds on signs, an endogenous price, a choice among forms."""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.series import FloatArray

_LEAST_VARIANCE = 1e-24
"""Mean squared error below which a fit counts as exact."""


def bounded_least_squares(columns: FloatArray, target: FloatArray, bounds: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Return the coefficients within bounds that leave the least squares, shape (k,).

    Args:
        columns: regressors, shape (n, k).
        target: what they explain, shape (n,).
        bounds: least and greatest coefficient of each column, each shape (k,); infinite where free.
    """
    from scipy.optimize import lsq_linear

    # Columns of like size, so that one tolerance serves all of them.
    size = np.sqrt((columns**2).mean(axis=0))
    size[size == 0] = 1.0
    found = lsq_linear(columns / size, target, (bounds[0] * size, bounds[1] * size), method="bvls", tol=1e-12)
    return np.asarray(found.x / size, dtype=np.float64)


def projected(endogenous: FloatArray, instruments: FloatArray) -> FloatArray:
    """Return the part of a regressor that instruments explain, shape (n,): the first of two stages of least squares.

    Args:
        endogenous: regressor that moves with the errors of the equation, such as a price, shape (n,).
        instruments: what moves the regressor but not the errors, the equation's other regressors among them, and a
            constant, shape (n, k).

    Source: Theil 1953; Basmann 1957, Econometrica 25(1).
    """
    stage, *_ = np.linalg.lstsq(instruments, endogenous, rcond=None)
    return np.asarray(instruments @ stage, dtype=np.float64)


def corrected_aic(squares: float, n: int, parameters: int) -> float:
    """Return n ln(RSS / n) + 2k + 2k(k + 1) / (n − k − 1), with k counting the variance, too.

    Args:
        squares: sum of squared residuals.
        n: number of values fitted.
        parameters: number of coefficients fitted.

    Source: Hurvich and Tsai 1989, Biometrika 76(2).
    """
    k = parameters + 1
    return n * float(np.log(max(squares / n, _LEAST_VARIANCE))) + 2 * k + 2 * k * (k + 1) / max(n - k - 1, 1)
