"""Partial adjustment: use per head moves each year a part of the way to what income and price ask for.

    ln u_t = k + λ ln u_{t−1} + β ln g_t + γ ln p_t

with g GDP per head and p the material's price. β and γ are elasticities within the year; over the years they come to
β/(1 − λ) and γ/(1 − λ). The price moves with demand itself: the part of it that the price of the year before and the
other regressors explain stands in for it (two-stage least squares).

Bounds keep to what theory says of signs: 0 ≤ λ ≤ 0.95 (half of the way within 14 years), 0 ≤ β ≤ 3, −3 ≤ γ ≤ 0.

Source: Nerlove 1958; for metals Pei and Tilton 1999, Resources Policy 25(2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodestock_forecasters.laws.regression import bounded_least_squares, projected
from lodestock_forecasters.series import FloatArray

SLOWEST = 0.95
LARGEST_ELASTICITY = 3.0


@dataclass(frozen=True, slots=True)
class Adjustment:
    """The equation's coefficients."""

    constant: float
    persistence: float
    """λ: part of ln use per head of the year before that stays."""
    income: float
    """β: elasticity within the year."""
    price: float
    """γ ≤ 0; 0 where no price is known."""

    @property
    def long_run_income(self) -> float:
        """Return the income elasticity after all years."""
        return self.income / (1.0 - self.persistence)

    @property
    def long_run_price(self) -> float:
        """Return the price elasticity after all years."""
        return self.price / (1.0 - self.persistence)

    def path(self, last_use: float, income: FloatArray, price: FloatArray | None = None) -> FloatArray:
        """Return use per head in the years after one whose use per head is `last_use`, year by year, shape (h,).

        Args:
            last_use: use per head of the last year, > 0.
            income: GDP per head, shape (h,).
            price: the own price, shape (h,); None where the equation has none.
        """
        log_use, path = float(np.log(last_use)), np.empty(len(income))
        pull = self.constant + self.income * np.log(income)
        if price is not None:
            pull = pull + self.price * np.log(price)
        for h, asked in enumerate(pull):
            log_use = self.persistence * log_use + float(asked)
            path[h] = log_use
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(path), dtype=np.float64)


def fit_adjustment(
    use: FloatArray,
    income: FloatArray,
    price: FloatArray | None = None,
    follows: FloatArray | None = None,
) -> Adjustment:
    """Fit the equation.

    Args:
        use: use per head by year, shape (n,), > 0.
        income: GDP per head, shape (n,), > 0.
        price: the own price, shape (n,), > 0; None: left out.
        follows: whether each value but the first follows the one before by a year, shape (n − 1,); None: all do.
    """
    place = np.arange(1, len(use)) if follows is None else 1 + np.flatnonzero(follows)
    regressors = [np.ones(len(place)), np.log(use[place - 1]), np.log(income[place])]
    low, high = [-np.inf, 0.0, 0.0], [np.inf, SLOWEST, LARGEST_ELASTICITY]
    if price is not None:
        instruments = np.column_stack([*regressors, np.log(price[place - 1])])
        regressors.append(projected(np.log(price[place]), instruments))
        low.append(-LARGEST_ELASTICITY)
        high.append(0.0)
    found = bounded_least_squares(np.column_stack(regressors), np.log(use[place]), (np.array(low), np.array(high)))
    return Adjustment(
        constant=float(found[0]),
        persistence=float(found[1]),
        income=float(found[2]),
        price=float(found[-1]) if price is not None else 0.0,
    )
