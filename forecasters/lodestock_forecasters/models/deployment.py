"""Deployment: a base use and so much per unit of what is deployed: vehicles, capacity, whatever holds the material."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.history import History
from lodestock_forecasters.models.economy import as_demand
from lodestock_forecasters.models.protocol import LawCoefficient, ModelInfo, StatelessForecaster
from lodestock_forecasters.periods import Frequency
from lodestock_forecasters.series import FloatArray

LEAST_POINTS = 5
"""Fewest observed years with a known deployment: two coefficients, a variance, and two values to tell them by."""

INFO = ModelInfo(
    name="deployment",
    family="driver",
    description="A base use plus an intensity times what is deployed (vehicles sold, capacity built), by least squares "
    "with neither below zero, moved to the last observation. Needs drivers with the deployment of every year ahead, of "
    "the last observed year and of 5 observed years.",
    paper="Elshkaki and Graedel 2013, Journal of Cleaner Production 59; the fit: Lawson and Hanson 1974",
    minimum_points=LEAST_POINTS,
    frequencies=(Frequency.YEARLY,),
    needs_drivers=True,
    needs_deployment=True,
)


class Deployment(StatelessForecaster):
    """f_h = (y_T / (b + k d_T)) · (b + k d_{T+h}), with d what is deployed."""

    info = INFO

    def forecast(self, history: History, horizon: int) -> FloatArray:
        """Fit on the observed years whose deployment is known and follow it.

        Raises:
            ModelFailed: deployments are missing, or the fit is zero in the last year.
        """
        economy = _deployed(history, horizon)
        if economy.values[-1] == 0:
            return np.zeros(horizon)
        base, intensity = _fitted(economy)
        last = base + intensity * economy.deployed[-1]
        if not last > 0:
            raise ModelFailed("its fit is at zero in the last observed year, where the demand is not")
        return as_demand(history, economy.values[-1] / last * (base + intensity * economy.ahead))

    def coefficients(self, history: History, horizon: int) -> tuple[LawCoefficient, ...]:
        """Return the base use and the use per unit that is deployed."""
        base, intensity = _fitted(_deployed(history, horizon))
        return (
            LawCoefficient("base", base, "unit of the series"),
            LawCoefficient("intensity", intensity, "unit of the series per unit deployed"),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Deployed:
    """Observed demand in years with a known deployment, and the deployment then and ahead."""

    values: FloatArray
    deployed: FloatArray
    ahead: FloatArray


def _deployed(history: History, horizon: int) -> _Deployed:
    if history.drivers is None or history.drivers.deployment is None:
        raise ModelFailed("needs what is deployed by year; the series' drivers hold none")
    years = history.first_ordinal + np.flatnonzero(history.observed)
    values, deployed = history.values[history.observed], history.drivers.deployment_at(years)
    ahead = history.drivers.deployment_at(history.last_ordinal + 1 + np.arange(horizon))
    if bool(np.isnan(ahead).any()) or bool(np.isnan(deployed[-1])):
        raise ModelFailed("needs what is deployed in the last observed year and in every year ahead")
    known = ~np.isnan(deployed)
    if int(known.sum()) < LEAST_POINTS:
        raise ModelFailed(f"needs {LEAST_POINTS} observed values in years with a deployment, there are {known.sum()}")
    return _Deployed(values[known], deployed[known], ahead)


def _fitted(economy: _Deployed) -> tuple[float, float]:
    """Return base use and use per unit deployed, neither below zero."""
    from scipy.optimize import nnls

    # Both columns of like size, so that rounding treats them alike.
    size = max(float(economy.deployed.max()), 1e-300)
    regressors = np.column_stack([np.ones(len(economy.values)), economy.deployed / size])
    (base, intensity), _ = nnls(regressors, economy.values)
    return float(base), float(intensity) / size
