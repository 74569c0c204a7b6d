"""Series that several tests share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import lodestock_forecasters as lf

SeriesMaker = Callable[..., lf.DemandSeries]


def yearly(values: Sequence[float], series_id: str = "cobalt/USA", first: int = 2018, **more: Any) -> lf.DemandSeries:
    labels = [str(first + i) for i in range(len(values))]
    return lf.DemandSeries(series_id, lf.Frequency.YEARLY, labels, np.array(values, dtype=float), "t", **more)


@pytest.fixture
def make_yearly() -> SeriesMaker:
    return yearly


@pytest.fixture
def make_monthly() -> SeriesMaker:
    def make(values: Sequence[float], series_id: str = "tin price") -> lf.DemandSeries:
        labels = [lf.period_label(2015 * 12 + i, lf.Frequency.MONTHLY) for i in range(len(values))]
        return lf.DemandSeries(series_id, lf.Frequency.MONTHLY, labels, np.array(values, dtype=float), "USD/t")

    return make


@pytest.fixture
def forecast_one() -> Callable[..., lf.SeriesForecast]:
    def run(series: lf.DemandSeries, horizon: int = 5, **options: object) -> lf.SeriesForecast:
        options.setdefault("sample_paths", 200)
        return lf.forecast(lf.ForecastRequest([series], horizon, **options)).forecasts[0]  # type: ignore[arg-type]

    return run
