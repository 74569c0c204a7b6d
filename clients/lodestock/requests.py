"""What the client's methods share in making requests: names, times to wait, and enums by their short names."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Required, TypedDict

from lodestock.inputs import (
    OwnFigures,
    SeriesLike,
    demand_series,
    enum_number,
    messages,
    names,
    own_figures,
    parsed,
)
from lodestock.short_forms import spelled_out
from lodestock.v1 import common_pb2, forecast_pb2, sourcing_pb2

SHORT_TIMEOUT_S = 15.0
TIMEOUT_S = 75.0
"""Seconds to wait for an answer that is computed: the server's minute, and the way there and back."""
Drivers = Mapping[int, tuple[float, float] | Mapping[str, float]]
"""Population and GDP by year, past and assumed; or a dict with population, gdp_usd, price and deployment, the last two
where they are known."""
SPARE_S = 10.0
MOST_WAIT_S = 86_400.0


def dataset_name(dataset: str) -> str:
    """The resource name of a dataset given by its identifier or its name."""
    return dataset if dataset.startswith("datasets/") else f"datasets/{dataset}"


def version_name(dataset: str, version: str) -> str:
    """The resource name of a version of a dataset, given by itself or with all of its name."""
    return version if version.startswith("datasets/") else f"{dataset_name(dataset)}/versions/{version}"


def solve_timeout_s(time_limit_s: float | None) -> float:
    """Seconds to wait for a plan; a limit that the server will refuse leaves it the time to say so."""
    if time_limit_s is None or not math.isfinite(time_limit_s) or time_limit_s <= 0:
        return TIMEOUT_S
    return min(time_limit_s / 0.95 + SPARE_S, MOST_WAIT_S)


def source_risk_measure_number(name: str) -> sourcing_pb2.SourceRiskMeasure.ValueType:
    """The measure of a source's risk by its short name, in either case; none for an empty name.

    Raises:
        ValueError: No such measure; the text lists them.
    """
    number = enum_number(sourcing_pb2.SourceRiskMeasure.items(), name, "measure of a source's risk")
    return sourcing_pb2.SourceRiskMeasure.ValueType(number)


def gdp_scenario_number(name: str) -> common_pb2.GdpScenario.ValueType:
    """A path of GDP and population, "SSP1" to "SSP5"; none for an empty name.

    Raises:
        ValueError: No such path; the text lists them.
    """
    return common_pb2.GdpScenario.ValueType(enum_number(common_pb2.GdpScenario.items(), name, "path of GDP"))


def source_risk_messages(
    risks: Mapping[str, float] | Iterable[sourcing_pb2.SourceRiskOverride | Mapping[str, Any]],
) -> list[sourcing_pb2.SourceRiskOverride]:
    """The caller's own risks: by country, or as messages or dicts."""
    if isinstance(risks, Mapping):
        return [sourcing_pb2.SourceRiskOverride(country=country, risk=risk) for country, risk in risks.items()]
    return messages(sourcing_pb2.SourceRiskOverride, risks, "source_risks")


def demand_uncertainty(
    quantiles: Sequence[float], probabilities: Sequence[float]
) -> sourcing_pb2.DemandUncertainty | None:
    """Quantile paths of demand as scenarios; None where none is asked for.

    Raises:
        ValueError: Probabilities stand without quantiles.
    """
    if not quantiles and probabilities:
        raise ValueError("demand_probabilities need demand_quantiles, the levels that they are of")
    if not quantiles:
        return None
    return sourcing_pb2.DemandUncertainty(quantile_levels=quantiles, probabilities=probabilities)


class DemandToForecast(TypedDict, total=False):
    """The series of a request: those given with it, or those of a buyer."""

    inline: forecast_pb2.DemandSeriesSet
    stored: forecast_pb2.StoredDemand


def demand_to_forecast(
    series: Mapping[str, SeriesLike] | None,
    buyer: str,
    materials: Sequence[str],
    unit: str,
    figures: OwnFigures,
    country: str,
    drivers: Drivers | None,
    vehicles: Mapping[str, Any] | None = None,
) -> DemandToForecast:
    """What to forecast or to backtest on.

    Raises:
        ValueError: Both or neither of `series` and `buyer` are given, or periods or own figures cannot be read.
    """
    if (series is None) == (not buyer):
        raise ValueError("give either series of your own, or a buyer whose stored demand to forecast")
    if series is None and drivers:
        raise ValueError("drivers go with series of your own; of a buyer the server has them")
    if series is None and vehicles:
        raise ValueError("vehicles go with series of your own")
    if series is None:
        stored = forecast_pb2.StoredDemand(buyer=buyer, material_ids=names(materials), own_figures=own_figures(figures))
        return {"stored": stored}
    listed = [demand_series(name, observations, unit) for name, observations in series.items()]
    for one in listed:
        one.country = country
        one.drivers.extend(driver_messages(drivers or {}))
        if vehicles is not None:
            kind = forecast_pb2.VehicleSales
            one.vehicles.CopyFrom(parsed(kind, spelled_out(vehicles, kind.DESCRIPTOR), "vehicles"))
    return {"inline": forecast_pb2.DemandSeriesSet(series=listed)}


def driver_messages(drivers: Drivers) -> list[forecast_pb2.Driver]:
    """Drivers by year as messages.

    Raises:
        InvalidRequest: A year's dict has a field that no driver has.
    """
    named = {
        year: figures if isinstance(figures, Mapping) else {"population": figures[0], "gdp_usd": figures[1]}
        for year, figures in drivers.items()
    }
    by_year = [{"period": str(year), **figures} for year, figures in named.items()]
    return messages(forecast_pb2.Driver, by_year, "drivers")


class BacktestOptions(TypedDict, total=False):
    """What `backtest_models` takes beside the series; see there."""

    buyer: str
    materials: Sequence[str]
    horizon: Required[int]
    models: Sequence[str]
    most_origins: int
    unit: str
    own_figures: OwnFigures
    country: str
    drivers: Drivers | None
    vehicles: Mapping[str, Any] | None
    gdp_scenario: str


class ForecastOptions(TypedDict, total=False):
    """What `forecast_demand` takes beside the series; see there."""

    buyer: str
    materials: Sequence[str]
    horizon: Required[int]
    unit: str
    quantile_levels: Sequence[float]
    sample_paths: int
    model: str
    seed: int
    own_figures: OwnFigures
    country: str
    drivers: Drivers | None
    vehicles: Mapping[str, Any] | None
    gdp_scenario: str
    lend_strength: bool


def forecast_request(
    series: Mapping[str, SeriesLike] | None, options: ForecastOptions
) -> forecast_pb2.ForecastDemandRequest:
    """The request that forecasts series of the caller's, or of a buyer.

    Raises:
        ValueError: Both or neither of series and buyer are given, or periods or own figures cannot be read.
    """
    return forecast_pb2.ForecastDemandRequest(
        horizon=options["horizon"],
        quantile_levels=options.get("quantile_levels", ()),
        sample_paths=options.get("sample_paths", 0),
        model=options.get("model", ""),
        seed=options.get("seed", 0),
        gdp_scenario=gdp_scenario_number(options.get("gdp_scenario", "")),
        lend_strength=options.get("lend_strength", False),
        **series_to_use(series, options),
    )


def backtest_request(
    series: Mapping[str, SeriesLike] | None, options: BacktestOptions
) -> forecast_pb2.BacktestModelsRequest:
    """The request that scores models on series of the caller's, or of a buyer.

    Raises:
        ValueError: Both or neither of series and buyer are given, or periods or own figures cannot be read.
    """
    return forecast_pb2.BacktestModelsRequest(
        horizon=options["horizon"],
        models=names(options.get("models", ())),
        most_origins=options.get("most_origins", 0),
        gdp_scenario=gdp_scenario_number(options.get("gdp_scenario", "")),
        **series_to_use(series, options),
    )


def series_to_use(
    series: Mapping[str, SeriesLike] | None, options: ForecastOptions | BacktestOptions
) -> DemandToForecast:
    """The series of a request, by its options."""
    return demand_to_forecast(
        series,
        options.get("buyer", ""),
        options.get("materials", ()),
        options.get("unit", "t"),
        options.get("own_figures", ()),
        options.get("country", ""),
        options.get("drivers"),
        options.get("vehicles"),
    )


def new_request_id() -> str:
    """An identifier for a request, so that a repeated submission is not a second job."""
    return str(uuid.uuid4())
