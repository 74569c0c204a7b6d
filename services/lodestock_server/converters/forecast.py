"""forecast.proto: series and options of forecasts from messages, models and forecasts to messages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import lodestock_forecasters as forecasters
from lodestock.v1 import common_pb2, forecast_pb2
from lodestock_server.converters.common import traced_to_proto
from lodestock_server.converters.demand import FREQUENCIES, gdp_scenario_from_proto, inline_series, series_violations
from lodestock_server.converters.enums import EnumMap
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.demand_series import Demand
from lodestock_server.usecases.forecast_demand import QUANTILE_LEVELS, DemandAnswer, ForecastOptions
from lodestock_server.usecases.origins import TracedField

LEVELS = EnumMap(forecasters.FallbackLevel, forecast_pb2.FallbackLevel, "FALLBACK_LEVEL_")

VALUES_PER_STEP = 20
"""Values of a step beside its sample paths, counted generously."""
MOST_VALUES = 5_000_000
"""Values that a call may ask for: 40 MB of them."""


STAND_IN = forecasters.DemandSeries("any", forecasters.Frequency.YEARLY, ["2000"], [1.0], "t")
"""A series with which options are judged where the request has none that is sound."""


def options_from_proto(message: forecast_pb2.ForecastDemandRequest) -> ForecastOptions:
    """Read what to forecast of each series."""
    return ForecastOptions(
        horizon=message.horizon,
        quantile_levels=tuple(message.quantile_levels) or QUANTILE_LEVELS,
        sample_paths=message.sample_paths,
        model=message.model or forecasters.DEFAULT_MODEL,
        seed=message.seed,
        gdp_scenario=gdp_scenario_from_proto(message.gdp_scenario),
        lend_strength=message.lend_strength,
    )


def request_violations(message: forecast_pb2.ForecastDemandRequest) -> list[FieldViolation]:
    """List what is wrong across the fields of a request with inline series, or with its options."""
    found = series_violations(message.inline)
    options = option_violations(options_from_proto(message), inline_series(message.inline))
    return [*found, *options, *size_violations(message)]


def part_violations(message: forecast_pb2.ForecastDemandRequest) -> Iterator[FieldViolation]:
    """Refuse what a forecast in parts cannot do: its parts do not know each other's series."""
    if message.lend_strength:
        text = "is not for a batch, whose parts do not know each other: use ForecastDemand"
        yield FieldViolation("lend_strength", text)


def size_violations(message: forecast_pb2.ForecastDemandRequest) -> Iterator[FieldViolation]:
    """Refuse what would take a worker's memory, or more room than an answer has."""
    values = max(1, len(message.inline.series)) * message.horizon * (message.sample_paths + VALUES_PER_STEP)
    if values > MOST_VALUES:
        text = (
            f"make {values:,} values with the series and the horizon, a call may ask for {MOST_VALUES:,}: "
            "give fewer paths, or fewer series a call"
        )
        yield FieldViolation("sample_paths", text)


def option_violations(options: ForecastOptions, series: Sequence[forecasters.DemandSeries]) -> Iterator[FieldViolation]:
    """What is wrong with the options, judged with the series that are sound."""
    unique = {one.id: one for one in series}
    try:
        forecasters.ForecastRequest(
            series=tuple(unique.values()) or (STAND_IN,),
            horizon=options.horizon,
            quantile_levels=options.quantile_levels,
            sample_paths=options.sample_paths,
            seed=options.seed,
            model=options.model,
            lend_strength=options.lend_strength,
        )
    except forecasters.InvalidInput as error:
        for found in error.violations:
            yield FieldViolation(found.field, found.message)


def model_to_proto(model: forecasters.ModelInfo) -> forecast_pb2.ForecastModel:
    """Write a model's card."""
    return forecast_pb2.ForecastModel(
        name=model.name,
        family=model.family,
        description=model.description,
        source=model.paper,
        least_points=model.minimum_points,
        frequencies=FREQUENCIES.all_to_proto(model.frequencies),
    )


def answer_to_proto(answer: DemandAnswer, path: str) -> forecast_pb2.SeriesForecast:
    """Write the forecast of a series that stands at `path` in the answer."""
    forecast, series = answer.forecast, answer.demand.series
    return forecast_pb2.SeriesForecast(
        series_id=forecast.series_id,
        unit=forecast.unit,
        frequency=FREQUENCIES.to_proto(series.frequency),
        history=[
            forecast_pb2.Observation(period=period, value=value)
            for period, value in zip(series.periods, series.observations.tolist(), strict=True)
        ],
        quantile_levels=forecast.quantile_levels,
        steps=[
            forecast_pb2.ForecastStep(period=period, mean=mean, median=median, quantiles=quantiles)
            for period, mean, median, quantiles in zip(
                forecast.periods,
                forecast.mean.tolist(),
                forecast.median.tolist(),
                forecast.quantiles.T.tolist(),
                strict=True,
            )
        ],
        sample_paths=[forecast_pb2.SamplePath(values=values) for values in forecast.paths.tolist()],
        models=list(model_uses(forecast)),
        fallback_level=LEVELS.to_proto(forecast.level),
        remarks=[*remarks(forecast), *answer.demand.remarks],
        history_origins=list(history_origins(answer.demand, f"{path}.history")),
        driver_origins=list(driver_origins(answer, path)),
        law_coefficients=[
            forecast_pb2.LawCoefficient(name=one.name, value=one.value, unit=one.unit)
            for one in answer.law_coefficients
        ],
    )


def model_uses(forecast: forecasters.SeriesForecast) -> Iterator[forecast_pb2.ModelUse]:
    """Each model's part and record: those in use first, then the rejected, then what was scored beside them."""
    weights = {entry.model: entry.weight for entry in forecast.weights}
    reasons = {entry.model: entry.reason for entry in forecast.rejected}
    scores = {score.model: score for score in forecast.backtest if score.errors}
    for name in dict.fromkeys((*weights, *reasons, *scores)):
        score = scores.get(name)
        yield forecast_pb2.ModelUse(
            model=name,
            weight=weights.get(name, 0.0),
            mase=number_or_none(score.mase) if score else None,
            smape=number_or_none(score.smape) if score else None,
            owa=number_or_none(score.owa) if score else None,
            rejected_because=reasons.get(name, ""),
        )


def number_or_none(value: float) -> float | None:
    """The value, None for NaN."""
    return None if math.isnan(value) else value


def remarks(forecast: forecasters.SeriesForecast) -> Iterator[str]:
    """How the forecast came about, in words."""
    names = ", ".join(entry.model for entry in forecast.weights)
    rule = forecast.rule.value.lower()
    yield f"{forecast.level.value.lower().replace('_', ' ')}: {rule} of {names}, from {forecast.origin} on"
    if not forecast.backtest:
        yield "too few observations for a backtest"


def history_origins(demand: Demand, path: str) -> Iterator[common_pb2.Figure]:
    """Where the observations of a buyer's series come from; `path` is that of their list in the answer."""
    for i, (_, figure) in enumerate(demand.observations):
        traced = TracedField(
            f"{path}[{i}].value", (figure.value,), demand.series.unit, figure.derivation, figure.origins
        )
        yield traced_to_proto(traced)


def driver_origins(answer: DemandAnswer, path: str) -> Iterator[common_pb2.Figure]:
    """Where the population and GDP that were read for a series come from; `path` is that of its forecast."""
    for figure in answer.driver_figures():
        yield traced_to_proto(replace(figure, field_path=f"{path}.{figure.field_path}"))
