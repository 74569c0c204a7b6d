"""The stock in use that people come to have: stock per head as an S-curve of GDP per head, times population.

The curve is one of `lodestock_forecasters.s_curves`, fitted to the stock per head that past inflows have left, with the
saturation that the caller gives (that of richer countries, say) or one fitted, too; and moved to the last year.

Source: Müller, Wang and Duval 2011, Environmental Science & Technology 45(1); Pauliuk, Wang and Müller 2013, Resources,
Conservation and Recycling 71.
"""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.s_curves import fit_best_curve, require_income_range
from lodestock_forecasters.series import FloatArray

LEAST_YEARS = 8
"""Fewest years of stock and income that a curve is fitted to, as for use per head."""


def stock_path(
    stock: FloatArray,
    population: FloatArray,
    income: FloatArray,
    population_ahead: FloatArray,
    income_ahead: FloatArray,
    saturation_per_head: float | None = None,
) -> FloatArray:
    """Return the stock at the end of each year ahead, shape (k,), in the unit of `stock`.

    Args:
        stock: stock at the end of past years, shape (m,), ≥ 0, the last one above 0.
        population: persons in those years, shape (m,), > 0.
        income: GDP per head in those years, shape (m,), > 0.
        population_ahead: persons in the years ahead, shape (k,).
        income_ahead: GDP per head in the years ahead, in the money of `income`, shape (k,).
        saturation_per_head: stock per head that is not passed, in the unit of `stock`; None: fitted.

    Raises:
        ModelFailed: too few years, incomes too much alike, nothing in use, or a saturation below what is in use.
    """
    per_head = stock / population
    if len(stock) < LEAST_YEARS:
        raise ModelFailed(f"needs {LEAST_YEARS} past years with population and GDP, there are {len(stock)}")
    if per_head[-1] <= 0:
        raise ModelFailed("needs a stock in use at the end of the last past year")
    if saturation_per_head is not None and saturation_per_head <= per_head.max():
        raise ModelFailed(
            f"the saturation of {saturation_per_head:g} a head is not above the stock in use, {per_head.max():g} a head"
        )
    require_income_range(income)
    curve = fit_best_curve(income, per_head, saturation=saturation_per_head)
    level = float(per_head[-1] / curve.at(income[-1]))
    ahead = level * curve.at(income_ahead)
    if saturation_per_head is not None:
        ahead = np.minimum(ahead, saturation_per_head)
    return np.asarray(ahead * population_ahead, dtype=np.float64)
