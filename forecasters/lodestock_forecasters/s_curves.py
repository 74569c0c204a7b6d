"""Use per head as a rising curve of GDP per head with a saturation: three forms, and their fit by least squares.

With g GDP per head, K the saturation of use per head:

    logistic       K / (1 + exp(−(ln g − a) / b))    half of K at ln g = a, income elasticity 1/b when use is small
    pehl           A / (1 + exp(b / g)), K = A/2     zero for the poor, K for the rich
    exponential    K · (1 − exp(−g / c))             in proportion to g for the poor

The fit is made on square roots, on which errors are near to even (as in `lodestock_forecasters.intervals`) and zeros do
no harm. For a given shape the best √K is a closed formula, so that a grid over the shapes finds where to start; the
best few starts are polished together with √K by bounded least squares. No randomness: same data, same curve.

Bounds, which a curve needs as long as the data show no saturation:

- K from the mean of the observed use per head, which no rising curve below its saturation exceeds, to ten times the
  largest observed: at a tenth of K the curve is within 10 % of a curve without saturation, and no data tell higher ones
  apart;
- b from 0.1 to 2: an elasticity at the start from 10 down to ½;
- the place on the axis of income (a, ln b, ln c): within e⁵ of the observed incomes, beyond which the curve is flat or
  a straight line over all of them.

Source: S-curves of use per head over income: Wang, Wang, Chen and Yu 2015, Natural Resources Research 24(1); the second
form: Pehl, Schreyer and Luderer 2024, Geoscientific Model Development 17(5).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.laws.regression import corrected_aic

FloatArray = npt.NDArray[np.float64]

MOST_SATURATION = 10.0
"""Largest saturation in multiples of the largest observed use per head."""
LEAST_INCOME_RANGE = 0.2
"""Least range of ln(GDP per head) over the values fitted. With 8 values that scatter by 10 %, the income elasticity has
a standard error of 0.6 at this range; below it the fit would read noise."""
SHAPE_REACH = 5.0
"""How far the place of a curve may lie beyond the observed ln g."""
WIDTH_BOUNDS = (0.1, 2.0)
"""Bounds of b of the logistic."""
_PLACES, _WIDTHS = 41, 9
_STARTS = 3


@dataclass(frozen=True, slots=True)
class CurveForm:
    """One of the forms: the share of its saturation that use per head has reached."""

    name: str
    share: Callable[[FloatArray, FloatArray], FloatArray]
    """From ln g, shape (n,), and the shape's parameters to shares in [0, 1], shape (n,)."""
    has_width: bool = False
    """Whether a second parameter of the shape, ln b, follows the place."""


def _logistic(log_income: FloatArray, shape: FloatArray) -> FloatArray:
    return _sigmoid((log_income - shape[0]) / np.exp(shape[1]))


def _pehl(log_income: FloatArray, shape: FloatArray) -> FloatArray:
    return 2.0 * _sigmoid(-np.exp(np.minimum(shape[0] - log_income, 50.0)))


def _exponential(log_income: FloatArray, shape: FloatArray) -> FloatArray:
    return np.asarray(-np.expm1(-np.exp(np.minimum(log_income - shape[0], 50.0))), dtype=np.float64)


def _sigmoid(z: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(np.clip(-z, -700.0, 700.0))), dtype=np.float64)


LOGISTIC = CurveForm("logistic", _logistic, has_width=True)
PEHL = CurveForm("pehl", _pehl)
EXPONENTIAL = CurveForm("exponential", _exponential)
FORMS = (LOGISTIC, PEHL, EXPONENTIAL)


@dataclass(frozen=True, slots=True, eq=False)
class FittedCurve:
    """A curve with its parameters."""

    form: CurveForm
    saturation: float
    """K, in the unit of use per head."""
    shape: tuple[float, ...]
    """(a, ln b) of the logistic, (ln b,) of pehl, (ln c,) of the exponential; g in the unit of the income fitted."""
    aicc: float
    """Corrected AIC of the fit on square roots; lower is better among fits of the same data."""

    def at(self, income: npt.ArrayLike) -> FloatArray:
        """Return use per head at GDP per head `income` > 0, in the shape of `income`."""
        log_income = np.log(np.asarray(income, dtype=np.float64))
        return np.asarray(self.saturation * self.form.share(log_income, np.array(self.shape)), dtype=np.float64)

    @property
    def half_saturation_income(self) -> float:
        """Return the GDP per head at which use per head is half of its saturation."""
        place = self.shape[0]
        if self.form is PEHL:
            # 1 / (1 + exp(b/g)) is a quarter where exp(b/g) = 3.
            return float(np.exp(place) / np.log(3.0))
        return float(np.exp(place) * np.log(2.0)) if self.form is EXPONENTIAL else float(np.exp(place))


def require_income_range(income: FloatArray) -> None:
    """Refuse incomes too much alike to show a curve.

    Raises:
        ModelFailed: GDP per head varies by less than a fifth over the values.
    """
    spread = float(np.log(income.max() / income.min()))
    if spread < LEAST_INCOME_RANGE:
        raise ModelFailed(
            f"GDP per head varies by a factor of {np.exp(spread):.2f} over the observed years, which shows no curve; "
            f"{np.exp(LEAST_INCOME_RANGE):.2f} is needed"
        )


def fit_best_curve(
    income: FloatArray, use: FloatArray, forms: Sequence[CurveForm] = FORMS, saturation: float | None = None
) -> FittedCurve:
    """Fit each form and return the one of lowest corrected AIC.

    Args:
        income: GDP per head, shape (n,), > 0.
        use: use per head, shape (n,), ≥ 0, not all 0.
        forms: the forms to try; of equal ones the first is taken.
        saturation: K where it is known, at least the largest use; None: fitted.
    """
    return min((fit_curve(form, income, use, saturation) for form in forms), key=lambda fitted: fitted.aicc)


def fit_curve(form: CurveForm, income: FloatArray, use: FloatArray, saturation: float | None = None) -> FittedCurve:
    """Fit one form; arguments as of `fit_best_curve`."""
    from scipy.optimize import least_squares

    size = float(use.max())
    centre = float(np.log(income).mean())
    log_income = np.log(income) - centre
    roots = np.sqrt(use / size)
    lower, upper = _bounds(form, log_income, roots)
    if saturation is not None:
        # The solver wants room between bounds; a part in 10⁹ is none.
        lower[0] = np.sqrt(saturation / size)
        upper[0] = lower[0] * (1.0 + 1e-9)

    def residuals(parameters: FloatArray) -> FloatArray:
        return np.asarray(parameters[0] * np.sqrt(form.share(log_income, parameters[1:])) - roots, dtype=np.float64)

    fits = [
        least_squares(residuals, start, bounds=(lower, upper), xtol=1e-14, ftol=1e-14, gtol=1e-14, max_nfev=200)
        for start in _starts(form, log_income, roots, lower, upper)
    ]
    best = min(fits, key=lambda fit: fit.cost)
    shape = [float(value) for value in best.x[1:]]
    shape[0] += centre
    aicc = corrected_aic(2.0 * float(best.cost), len(use), len(best.x))
    return FittedCurve(form, float(best.x[0]) ** 2 * size, tuple(shape), aicc)


def _bounds(form: CurveForm, log_income: FloatArray, roots: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the bounds of √K (in roots of the largest use) and of the shape."""
    low = [float(np.sqrt(np.mean(roots**2))), float(log_income.min()) - SHAPE_REACH]
    high = [float(np.sqrt(MOST_SATURATION)), float(log_income.max()) + SHAPE_REACH]
    if form.has_width:
        low.append(float(np.log(WIDTH_BOUNDS[0])))
        high.append(float(np.log(WIDTH_BOUNDS[1])))
    return np.array(low), np.array(high)


def _starts(
    form: CurveForm, log_income: FloatArray, roots: FloatArray, lower: FloatArray, upper: FloatArray
) -> list[FloatArray]:
    """Return the best few points of a grid over the shapes, each with its best √K, strictly within the bounds."""
    axes = [np.linspace(lower[1], upper[1], _PLACES)]
    if form.has_width:
        axes.append(np.linspace(lower[2], upper[2], _WIDTHS))
    found = []
    for shape in itertools.product(*axes):
        curve = np.sqrt(form.share(log_income, np.array(shape)))
        norm = float(curve @ curve)
        root = float(np.clip(float(curve @ roots) / norm if norm > 0 else 0.0, lower[0], upper[0]))
        found.append((float(np.sum((root * curve - roots) ** 2)), (root, *shape)))
    found.sort(key=lambda one: one[0])
    margin = 1e-6 * (upper - lower)
    return [np.clip(np.array(start), lower + margin, upper - margin) for _, start in found[:_STARTS]]
