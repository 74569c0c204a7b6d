"""forecast.proto: the demand that forecasts and backtests are asked about, from messages."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Literal

import lodestock_forecasters as forecasters
from lodestock.v1 import common_pb2, forecast_pb2
from lodestock_server.converters.common import own_figures_from_proto
from lodestock_server.converters.enums import EnumMap
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.demand_series import Demand, StoredDemand
from lodestock_server.usecases.drivers import GdpScenario
from lodestock_server.usecases.vehicle_sales import EnergyScenario, VehicleSales

FREQUENCIES = EnumMap(forecasters.Frequency, forecast_pb2.Frequency, "FREQUENCY_")
GDP_SCENARIOS = EnumMap(GdpScenario, common_pb2.GdpScenario, "GDP_SCENARIO_")
ENERGY_SCENARIOS = EnumMap(EnergyScenario, forecast_pb2.EnergyScenario, "ENERGY_SCENARIO_")

# Paths of the core's values and of the messages: the message keeps period and value of an observation together, and
# likewise the year, population and GDP of a driver.
INDEXED = {
    "periods": "observations[{}].period",
    "values": "observations[{}].value",
    "drivers.periods": "drivers[{}].period",
    "drivers.population": "drivers[{}].population",
    "drivers.gdp": "drivers[{}].gdp_usd",
    "drivers.price": "drivers[{}].price",
    "drivers.deployment": "drivers[{}].deployment",
}
WHOLE = {"id": "series_id", "periods": "observations", "values": "observations"}


def gdp_scenario_from_proto(number: common_pb2.GdpScenario.ValueType) -> GdpScenario | None:
    """Read the pathway that the caller names; None where it names none."""
    return GDP_SCENARIOS.from_proto(number) if number else None


def stored_from_proto(message: forecast_pb2.StoredDemand) -> StoredDemand:
    """Read which series of a buyer are meant."""
    return StoredDemand(message.buyer, tuple(message.material_ids), own_figures_from_proto(message.own_figures))


def inline_demand(message: forecast_pb2.DemandSeriesSet) -> list[Demand]:
    """Read the caller's series.

    Raises:
        lodestock_forecasters.InvalidInput: One breaks rules; paths are those of the core.
    """
    return [
        Demand(
            series_from_proto(series),
            series.country,
            vehicles=vehicles_from_proto(series.vehicles) if series.HasField("vehicles") else None,
        )
        for series in message.series
    ]


def vehicles_from_proto(message: forecast_pb2.VehicleSales) -> VehicleSales:
    """Read which vehicles are meant."""
    scenario = ENERGY_SCENARIOS.from_proto(message.scenario)
    return VehicleSales(scenario, message.country, tuple(message.modes), tuple(message.powertrains))


def inline_series(message: forecast_pb2.DemandSeriesSet) -> list[forecasters.DemandSeries]:
    """Read those of the caller's series that are sound."""
    sound = []
    for series in message.series:
        try:
            sound.append(series_from_proto(series))
        except forecasters.InvalidInput:
            continue
    return sound


def series_from_proto(message: forecast_pb2.DemandSeries) -> forecasters.DemandSeries:
    """Read a series.

    Raises:
        lodestock_forecasters.InvalidInput: It breaks rules, all of which are listed; paths are those of the core.
    """
    wrong: list[forecasters.FieldViolation] = []
    drivers = None
    try:
        drivers = drivers_from_proto(message.drivers)
    except forecasters.InvalidInput as error:
        wrong += error.under("drivers").violations
    try:
        series = forecasters.DemandSeries(
            id=message.series_id,
            frequency=FREQUENCIES.from_proto(message.frequency),
            periods=[observation.period for observation in message.observations],
            values=[observation.value for observation in message.observations],
            unit=message.unit,
            drivers=drivers,
        )
    except forecasters.InvalidInput as error:
        raise forecasters.InvalidInput([*error.violations, *wrong]) from error
    if wrong:
        raise forecasters.InvalidInput(wrong)
    return series


def drivers_from_proto(messages: Sequence[forecast_pb2.Driver]) -> forecasters.Drivers | None:
    """Read the caller's own population and GDP, and what else drives demand; None where it gives none."""
    if not messages:
        return None
    return forecasters.Drivers(
        periods=[driver.period for driver in messages],
        population=[driver.population for driver in messages],
        gdp=[driver.gdp_usd for driver in messages],
        price=_where_given(messages, "price"),
        deployment=_where_given(messages, "deployment"),
    )


def _where_given(messages: Sequence[forecast_pb2.Driver], field: Literal["price", "deployment"]) -> list[float] | None:
    """A field of each message, NaN where it is not given; None where no message has it."""
    if not any(driver.HasField(field) for driver in messages):
        return None
    return [getattr(driver, field) if driver.HasField(field) else math.nan for driver in messages]


def series_violations(message: forecast_pb2.DemandSeriesSet) -> list[FieldViolation]:
    """List what is wrong with the caller's series."""
    violations: list[FieldViolation] = []
    seen: dict[str, int] = {}
    for i, series in enumerate(message.series):
        path = f"inline.series[{i}]"
        try:
            series_from_proto(series)
        except forecasters.InvalidInput as error:
            violations += [
                FieldViolation(f"{path}.{message_path(found.field)}", found.message) for found in error.violations
            ]
        if series.country and FREQUENCIES.from_proto(series.frequency) is not forecasters.Frequency.YEARLY:
            description = "drives yearly series alone: population and GDP are known by year"
            violations.append(FieldViolation(f"{path}.country", description))
        if series.HasField("vehicles") and not (series.country or series.drivers):
            description = "are a driver beside population and GDP; name a country, or give drivers"
            violations.append(FieldViolation(f"{path}.vehicles", description))
        if (first := seen.setdefault(series.series_id, i)) != i:
            description = f"'{series.series_id}' is already that of series[{first}], must be unique"
            violations.append(FieldViolation(f"{path}.series_id", description))
    return violations


def countries(message: forecast_pb2.DemandSeriesSet) -> Iterator[tuple[str, str]]:
    """Each country that a series names, after the path of its field."""
    for i, series in enumerate(message.series):
        if series.country:
            yield f"inline.series[{i}].country", series.country
        if series.vehicles.country:
            yield f"inline.series[{i}].vehicles.country", series.vehicles.country


def message_path(core_path: str) -> str:
    """The path in a DemandSeries message of a path in the core's series: ``values[3]`` → ``observations[3].value``."""
    indexed = re.fullmatch(r"([\w.]+)\[(\d+)\]", core_path)
    if indexed and indexed[1] in INDEXED:
        return INDEXED[indexed[1]].format(indexed[2])
    return WHOLE.get(core_path, core_path)
