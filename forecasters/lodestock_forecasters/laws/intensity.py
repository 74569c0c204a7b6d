"""Intensity of use: tonnes per unit of GDP as an inverted U of GDP per head that sinks or rises with time.

    ln(use / GDP) = a + b ln g + c (ln g)² + d t,   c ≤ 0

with g GDP per head and t the year. Where c < 0 < b the intensity is greatest at ln g = −b / 2c, the turning point. One
country's income and years rise together, so that the data often cannot tell the terms apart: of the forms without the
square, without the trend or without both, the one of lowest corrected AIC is taken.

Source: Wårell 2014, Resources Policy 39; the hypothesis: Malenbaum 1978.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodestock_forecasters.laws.regression import bounded_least_squares, corrected_aic
from lodestock_forecasters.series import FloatArray

STEEPEST = 5.0
"""Largest absolute elasticity of the intensity at the centre of the observed incomes."""
MOST_CURVED = 5.0
"""Largest absolute c: an elasticity that changes by 10 while income grows e-fold."""
FASTEST_TREND = 0.05
"""Largest absolute change of ln intensity per year that is not income's: material saved, or spread of new uses."""
_FORMS = (("income",), ("income", "square"), ("trend",), ("income", "trend"), ("income", "square", "trend"))


@dataclass(frozen=True, slots=True)
class IntensityCurve:
    """a + b ln g + c (ln g)² + d t of ln(use / GDP), with the income and the year it was centred at."""

    level: float
    slope: float
    """b + 2c ln g at the centre: elasticity of the intensity with regard to GDP per head there."""
    curvature: float
    """c ≤ 0."""
    trend: float
    """d, per year."""
    centre_log_income: float
    centre_year: float

    def at(self, income: FloatArray, years: FloatArray) -> FloatArray:
        """Return tonnes per unit of GDP at GDP per head and in years, both of shape (n,)."""
        z = np.log(income) - self.centre_log_income
        log_intensity = self.level + self.slope * z + self.curvature * z**2 + self.trend * (years - self.centre_year)
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(log_intensity), dtype=np.float64)

    @property
    def turning_point(self) -> float | None:
        """Return the GDP per head of the greatest intensity; None where the curve has no maximum."""
        if self.curvature == 0.0:
            return None
        return float(np.exp(self.centre_log_income - self.slope / (2.0 * self.curvature)))


def fit_intensity(income: FloatArray, years: FloatArray, intensity: FloatArray) -> IntensityCurve:
    """Fit every form by bounded least squares and return the one of lowest corrected AIC.

    Args:
        income: GDP per head, shape (n,), > 0.
        years: of the values, shape (n,).
        intensity: use over GDP, shape (n,), > 0.
    """
    log_income, target = np.log(income), np.log(intensity)
    centre, year = float(log_income.mean()), float(years.mean())
    z = log_income - centre
    columns = {"income": z, "square": z**2, "trend": years - year}
    bounds = {
        "income": (-STEEPEST, STEEPEST),
        "square": (-MOST_CURVED, 0.0),
        "trend": (-FASTEST_TREND, FASTEST_TREND),
    }
    fits = []
    for form in _FORMS:
        regressors = np.column_stack([np.ones(len(z)), *(columns[name] for name in form)])
        low = np.array([-np.inf, *(bounds[name][0] for name in form)])
        high = np.array([np.inf, *(bounds[name][1] for name in form)])
        found = bounded_least_squares(regressors, target, (low, high))
        squares = float(((regressors @ found - target) ** 2).sum())
        fits.append(
            (corrected_aic(squares, len(target), len(found)), dict(zip(form, found[1:], strict=True)), found[0])
        )
    _, terms, level = min(fits, key=lambda fit: fit[0])
    return IntensityCurve(
        level=float(level),
        slope=float(terms.get("income", 0.0)),
        curvature=float(terms.get("square", 0.0)),
        trend=float(terms.get("trend", 0.0)),
        centre_log_income=centre,
        centre_year=year,
    )
