"""Partial adjustment: use per head moves each year a part of the way to what income and price ask for."""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.history import History
from lodestock_forecasters.laws.adjustment import Adjustment, fit_adjustment
from lodestock_forecasters.models.economy import (
    LEAST_POINTS,
    Economy,
    as_demand,
    read_economy,
    require_positive,
)
from lodestock_forecasters.models.protocol import LawCoefficient, ModelInfo, StatelessForecaster
from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.series import BoolArray, FloatArray

LEAST_PAIRS = LEAST_POINTS - 1
"""Fewest pairs of years that follow each other."""

INFO = ModelInfo(
    name="partial_adjustment",
    family="driver",
    description="Use per head moves each year a part of the way to what GDP per head and, where the drivers hold it, "
    "the price ask for: least squares in logarithms with bounds on the signs, the price by that of the year before. "
    "Needs population and GDP as per_capita_s_curve does, values above zero, and 7 pairs of years that follow each "
    "other.",
    paper="Nerlove 1958; Pei and Tilton 1999, Resources Policy 25(2)",
    minimum_points=LEAST_POINTS,
    frequencies=(Frequency.YEARLY,),
    needs_drivers=True,
)


class PartialAdjustment(StatelessForecaster):
    """ln u_t = k + λ ln u_{t−1} + β ln g_t + γ ln p_t, from the last observation on, times population."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Fit on pairs of observed years whose drivers are known and follow the drivers.

        Raises:
            ModelFailed: drivers or pairs are missing, too little varies, or a value is zero.
        """
        economy, law, price_ahead = _fitted(history, horizon)
        path = law.path(float(economy.use[-1]), economy.income_ahead, price_ahead)
        with np.errstate(over="ignore"):
            return as_demand(history, path * economy.population_ahead)

    def coefficients(self, history: History, horizon: int) -> tuple[LawCoefficient, ...]:
        """Return the persistence and the elasticities, within the year and after all years."""
        _, law, price_ahead = _fitted(history, horizon)
        found = {
            "persistence": law.persistence,
            "income_elasticity": law.income,
            "long_run_income_elasticity": law.long_run_income,
        }
        if price_ahead is not None:
            found |= {"price_elasticity": law.price, "long_run_price_elasticity": law.long_run_price}
        return tuple(LawCoefficient(name, value, "1") for name, value in found.items())


def _fitted(history: History, horizon: int) -> tuple[Economy, Adjustment, FloatArray | None]:
    """Return the economy, the law fitted to it, and the price ahead where the law has one."""
    economy = read_economy(history, horizon)
    require_positive(economy.use)
    follows = np.diff(economy.years) == 1
    price, price_ahead = _prices(economy, follows)
    if price is not None:
        follows = follows & _both_known(price)
    if int(follows.sum()) < LEAST_PAIRS:
        raise ModelFailed(
            f"needs {LEAST_PAIRS} pairs of years that follow each other, the series has {int(follows.sum())}"
        )
    return economy, fit_adjustment(economy.use, economy.income, price, follows=follows), price_ahead


def _prices(economy: Economy, follows: BoolArray) -> tuple[FloatArray | None, FloatArray | None]:
    """Return the price in the observed years and ahead where it is known in enough of them and in all ahead."""
    price, ahead = economy.drivers.price_at(economy.years), economy.drivers.price_at(economy.ahead)
    if bool(np.isnan(ahead).any()) or int((follows & _both_known(price)).sum()) < LEAST_PAIRS:
        return None, None
    return price, ahead


def _both_known(price: FloatArray) -> BoolArray:
    known = ~np.isnan(price)
    return np.asarray(known[1:] & known[:-1], dtype=np.bool_)
