"""The peers, called as a user of their libraries would: statsforecast's models, their SCUM, and Prophet.

Nothing of the product stands between a peer and its series, but for a floor of zero under every path: no series here
can be negative, and a user would cut there too. What a library refuses is answered by no change.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from prophet import Prophet
from statsforecast.models import AutoARIMA, AutoCES, AutoETS, AutoTheta, DynamicOptimizedTheta, Theta

from benchmarks.forecast_sets import Case
from lodestock_forecasters import Frequency
from lodestock_forecasters.series import FloatArray

SCUM_MEMBERS = ("AutoETS", "CES", "AutoARIMA", "DOTM")
"""Petropoulos and Svetunkov 2020, Int. J. Forecasting 36(1): the median of these."""
FOUR = ("AutoETS", "DOTM", "CES", "Theta")
"""Whose mean is the peer of series with a season."""
_CLASSES: dict[str, Callable[..., object]] = {
    "AutoETS": AutoETS,
    "AutoTheta": AutoTheta,
    "DOTM": DynamicOptimizedTheta,
    "Theta": Theta,
    "CES": AutoCES,
    "AutoARIMA": AutoARIMA,
}
_STEP = {Frequency.YEARLY: "YS", Frequency.QUARTERLY: "QS", Frequency.MONTHLY: "MS"}


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a peer says of one case."""

    path: FloatArray
    """Shape (h,), ≥ 0."""
    bounds: FloatArray | None = None
    """Its own interval of 95 %, shape (2, h), where it was asked for."""


def answers(case: Case, names: Sequence[str]) -> dict[str, Answer]:
    """The peers' answers to a case, SCUM among them where all its members are."""
    warnings.simplefilter("ignore")
    h, y = len(case.actual), case.history
    slope = (y[-1] - y[0]) / max(len(y) - 1, 1)
    found = {
        "naive": Answer(np.full(h, y[-1])),
        "drift": Answer(np.maximum(y[-1] + slope * np.arange(1, h + 1), 0.0)),
    }
    for name in names:
        found[name] = prophet(case) if name == "Prophet" else library(case, name)
    if set(SCUM_MEMBERS) <= set(found):
        found["SCUM"] = Answer(np.median([found[name].path for name in SCUM_MEMBERS], axis=0))
    if set(FOUR) <= set(found):
        found["mean of four"] = Answer(np.mean([found[name].path for name in FOUR], axis=0))
    return found


def library(case: Case, name: str) -> Answer:
    """The answer of a model of statsforecast; AutoETS is asked for its interval, too."""
    levels = {"level": [95]} if name == "AutoETS" else {}
    model = _CLASSES[name](season_length=case.frequency.periods_per_year)
    h = len(case.actual)
    try:
        told = model.forecast(y=case.history, h=h, **levels)  # type: ignore[attr-defined]
    # The library raises bare Exception for what it cannot fit.
    except Exception:
        told = {"mean": np.full(h, np.nan)}
    path = floored(told["mean"], case)
    if not levels:
        return Answer(path)
    bounds = [floored(told.get(side, path), case) for side in ("lo-95", "hi-95")]
    return Answer(path, np.array(bounds))


def floored(values: object, case: Case) -> FloatArray:
    """A path no lower than zero; no change where it is no number."""
    path = np.asarray(values, dtype=np.float64)
    return np.maximum(np.where(np.isfinite(path), path, case.history[-1]), 0.0)


def prophet(case: Case) -> Answer:
    """The answer of Prophet, without a season within the year on yearly data, where it would be noise."""
    logging.getLogger("cmdstanpy").disabled = True
    dates = pd.date_range("1900-01-01", periods=len(case.history) + len(case.actual), freq=_STEP[case.frequency])
    model = Prophet(
        yearly_seasonality=case.frequency is not Frequency.YEARLY,
        weekly_seasonality=False,
        daily_seasonality=False,
        uncertainty_samples=0,
    )
    n = len(case.history)
    model.fit(pd.DataFrame({"ds": dates[:n], "y": case.history}))
    told = model.predict(pd.DataFrame({"ds": dates[n:]}))
    return Answer(floored(told["yhat"].to_numpy(), case))
