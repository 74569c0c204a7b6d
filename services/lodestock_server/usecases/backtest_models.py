"""Backtest models: how well each would have done on the past of series, from the caller or of a buyer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import lodestock_forecasters as forecasters
from lodestock_server.catalog import Catalog
from lodestock_server.usecases.demand_series import Demand, follow_drivers, with_drivers
from lodestock_server.usecases.drivers import GdpScenario
from lodestock_server.usecases.time_left import TimeLeft, Watcher


@dataclass(frozen=True, slots=True)
class BacktestOptions:
    """Which models to score, and how far and from how many points in time."""

    horizon: int
    models: tuple[str, ...] = ()
    most_origins: int = forecasters.DEFAULT_BACKTEST_ORIGINS
    gdp_scenario: GdpScenario | None = None


@dataclass(frozen=True, slots=True)
class BacktestAnswer:
    """What was asked, with its drivers where a model follows them, and the scores."""

    demands: tuple[Demand, ...]
    result: forecasters.BacktestResult


def backtest_models(
    catalog: Catalog,
    demands: Sequence[Demand],
    options: BacktestOptions,
    time_limit_s: float,
    watcher: Watcher | None = None,
) -> BacktestAnswer:
    """Score models on the past of each series. Models that follow population and GDP are given those that came.

    Raises:
        ForecastCancelled: The watcher said so.
    """
    if follow_drivers(options.models):
        demands = with_drivers(catalog, demands, options.gdp_scenario)
    request = forecasters.BacktestRequest(
        series=[demand.series for demand in demands],
        horizon=options.horizon,
        models=options.models,
        most_origins=options.most_origins,
    )
    return BacktestAnswer(tuple(demands), forecasters.backtest(request, TimeLeft(time_limit_s, watcher)))
