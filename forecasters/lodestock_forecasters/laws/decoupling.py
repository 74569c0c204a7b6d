"""Linear decoupling: use per head in proportion to GDP per head up to a point, along another line from there on.

    u = a₁ g               for g ≤ c
    u = a₁ c + a₂ (g − c)  for g > c

Coupled where a₁ = a₂ (one line), decoupling where a₂ < a₁, absolutely so where a₂ < 0. For a given c the slopes are
linear least squares; c runs over the observed incomes that leave enough values on both sides. Corrected AIC decides
between one line and two.

Source: Halada, Shimada and Ijima 2008, Materials Transactions 49(3), pp. 402–410 and 411–418.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodestock_forecasters.laws.regression import corrected_aic
from lodestock_forecasters.series import FloatArray

LEAST_ON_A_SIDE = 3
"""Fewest values on either side of the point where the lines meet."""


@dataclass(frozen=True, slots=True)
class Decoupling:
    """Two lines that meet, or one."""

    first_slope: float
    """a₁, use per unit of GDP."""
    second_slope: float
    """a₂; equal to a₁ where one line is enough."""
    break_income: float
    """c, GDP per head; infinite where one line is enough."""

    def at(self, income: FloatArray) -> FloatArray:
        """Return use per head at GDP per head, shape (n,); never below zero."""
        coupled = np.minimum(income, self.break_income)
        return np.maximum(self.first_slope * coupled + self.second_slope * (income - coupled), 0.0)


def fit_decoupling(income: FloatArray, use: FloatArray) -> Decoupling:
    """Fit one line and two, and return the better by corrected AIC.

    Args:
        income: GDP per head, shape (n,), > 0.
        use: use per head, shape (n,), ≥ 0.
    """
    n = len(use)
    slope = float(income @ use / (income @ income))
    best = (corrected_aic(float(((slope * income - use) ** 2).sum()), n, 1), Decoupling(slope, slope, np.inf))
    for c in np.sort(income)[LEAST_ON_A_SIDE - 1 : n - LEAST_ON_A_SIDE]:
        coupled = np.minimum(income, c)
        regressors = np.column_stack([coupled, income - coupled])
        slopes, *_ = np.linalg.lstsq(regressors, use, rcond=None)
        squares = float(((regressors @ slopes - use) ** 2).sum())
        # The place of the break counts as a parameter, too.
        candidate = (corrected_aic(squares, n, 3), Decoupling(float(slopes[0]), float(slopes[1]), float(c)))
        best = min(best, candidate, key=lambda fit: fit[0])
    return best[1]
