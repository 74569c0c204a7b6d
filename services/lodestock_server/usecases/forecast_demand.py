"""Forecast demand: series that the caller gives or that a buyer has in, forecasts with their history out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import lodestock_forecasters as forecasters
from lodestock_server.catalog import Catalog
from lodestock_server.usecases.buyers import Yearly
from lodestock_server.usecases.demand_scenarios import MEDIAN
from lodestock_server.usecases.demand_series import Demand, follow_drivers, with_drivers, yearly_series
from lodestock_server.usecases.drivers import GdpScenario
from lodestock_server.usecases.origins import TracedField
from lodestock_server.usecases.planned_demand import Forecast, ForecastPath
from lodestock_server.usecases.time_left import TimeLeft, Watcher

QUANTILE_LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
"""Levels of the quantiles where the caller names none."""

DEFAULT_MODEL_DESCRIPTION = (
    "From five values on: by year, and by month without a season, the median of naive, drift on square roots and "
    "CES, drawn back towards the last value by 1/(1 + 4t²) of t, the trend's t value (by month by 4/(4 + t²)); with "
    "a season the mean of ETS, DOTM and CES, by quarter without one that of naive and these. Demand that comes and "
    "goes: the mean of Croston's method and TSB. Three or four values: three parts no change, one part drift; "
    "fewer: no change. A model is dropped where its OWA, relative to no change, is above 2 on at least 6 errors of "
    "a rolling-origin backtest, or where its first step is more than twice the largest change seen so far on the "
    "square-root scale."
)
DEFAULT_MODEL_SOURCE = "Petropoulos and Svetunkov (2020), doi:10.1016/j.ijforecast.2019.01.006"


@dataclass(frozen=True, slots=True)
class ForecastOptions:
    """What to forecast of each series; without a `gdp_scenario` along the default one."""

    horizon: int
    quantile_levels: tuple[float, ...] = QUANTILE_LEVELS
    sample_paths: int = 0
    model: str = forecasters.DEFAULT_MODEL
    seed: int = 0
    gdp_scenario: GdpScenario | None = None
    lend_strength: bool = False


@dataclass(frozen=True, slots=True)
class DemandAnswer:
    """What was asked, with its drivers where the model follows them, and its forecast."""

    demand: Demand
    forecast: forecasters.SeriesForecast

    @property
    def law_coefficients(self) -> tuple[forecasters.LawCoefficient, ...]:
        """What the law that was asked for has learnt from the series; empty where another model stands in for it."""
        in_use = [entry.model for entry in self.forecast.weights if entry.weight]
        if len(in_use) != 1:
            return ()
        return forecasters.law_coefficients(self.demand.series, len(self.forecast.periods), in_use[0])

    def driver_figures(self) -> tuple[TracedField, ...]:
        """Drivers that were read for the model, in the years that it can use."""
        return self.demand.driver_figures(int(self.forecast.periods[-1][:4]))


def list_models() -> tuple[forecasters.ModelInfo, ...]:
    """List the default combination and every model."""
    default = forecasters.ModelInfo(
        name=forecasters.DEFAULT_MODEL,
        family="combination",
        description=DEFAULT_MODEL_DESCRIPTION,
        paper=DEFAULT_MODEL_SOURCE,
        minimum_points=1,
    )
    return (default, *forecasters.list_models())


def forecast_demand(
    catalog: Catalog,
    demands: Sequence[Demand],
    options: ForecastOptions,
    time_limit_s: float,
    watcher: Watcher | None = None,
) -> tuple[DemandAnswer, ...]:
    """Forecast demand, along the pathway of the options where the model follows population and GDP.

    Raises:
        ForecastCancelled: The watcher said so.
    """
    if follow_drivers((options.model,)):
        demands = with_drivers(catalog, demands, options.gdp_scenario)
    request = forecasters.ForecastRequest(
        series=[demand.series for demand in demands],
        horizon=options.horizon,
        quantile_levels=options.quantile_levels,
        sample_paths=options.sample_paths,
        seed=options.seed,
        model=options.model,
        lend_strength=options.lend_strength,
    )
    result = forecasters.forecast(request, TimeLeft(time_limit_s, watcher))
    return tuple(DemandAnswer(demand, forecast) for demand, forecast in zip(demands, result.forecasts, strict=True))


def demand_paths(
    catalog: Catalog,
    buyer: str,
    time_limit_s: float,
    *,
    model: str = "",
    gdp_scenario: GdpScenario | None = None,
    seed: int = 0,
) -> Forecast:
    """The forecast as BuildProblem asks for it: paths of each material by year, the median's and those of levels.

    Args:
        catalog: Where population and GDP are read, if the model follows them.
        buyer: Whose economy drives the demand.
        time_limit_s: Seconds for each call.
        model: Model or combination. Empty: the default.
        gdp_scenario: Pathway of population and GDP; None: the default.
        seed: Kept with the forecast's origin.
    """

    def paths(
        histories: Mapping[str, Sequence[Yearly]], years_ahead: int, levels: Sequence[float]
    ) -> dict[str, ForecastPath]:
        demands = [
            Demand(yearly_series(material, history), buyer, tuple(history)) for material, history in histories.items()
        ]
        options = ForecastOptions(
            horizon=years_ahead,
            quantile_levels=tuple(sorted({MEDIAN, *levels})),
            model=model or forecasters.DEFAULT_MODEL,
            seed=seed,
            gdp_scenario=gdp_scenario,
        )
        answers = forecast_demand(catalog, demands, options, time_limit_s)
        return {answer.forecast.series_id: _path(answer, model) for answer in answers}

    return paths


def _path(answer: DemandAnswer, model: str) -> ForecastPath:
    """The paths of one material; where the model that was asked for gave none, a remark says why."""
    forecast = answer.forecast
    years = [int(period) for period in forecast.periods]
    rows = zip(forecast.quantile_levels, forecast.quantiles.tolist(), strict=True)
    by_level = {level: dict(zip(years, row, strict=True)) for level, row in rows}
    drivers = dict.fromkeys(origin for figure in answer.driver_figures() for origin in figure.origins)
    refused = (
        f"{forecast.series_id}: {model} was asked for and is not used: {rejected.reason}; no change stands in for it"
        for rejected in forecast.rejected
        if rejected.model == model
    )
    return ForecastPath(models_in_words(forecast), by_level, tuple(drivers), (*answer.demand.remarks, *refused))


def models_in_words(forecast: forecasters.SeriesForecast) -> str:
    """The rule and its models, such as "median of naive, drift"; only a mean has weights to speak of.

    Where nothing but no change was left, why: "naive (scum needs 7 observed values, the series has 5)".
    """
    if forecast.rule is forecasters.CombinationRule.MEAN:
        return "mean of " + ", ".join(f"{used.model} {used.weight:.2g}" for used in forecast.weights)
    names = ", ".join(used.model for used in forecast.weights)
    if forecast.rule is forecasters.CombinationRule.MEDIAN:
        return f"median of {names}"
    reasons = "; ".join(f"{rejected.model} {rejected.reason}" for rejected in forecast.rejected)
    return f"{names} ({reasons})" if reasons else names
