"""Demand as forecasts and backtests take it: series of the caller's own or of a buyer, with what drives them.

Owns which series a request means, and when population and GDP are read for them: where a model follows them, and the
caller has given none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import lodestock_forecasters as forecasters
from lodestock_server.catalog import Catalog, DatasetOrigin
from lodestock_server.errors import FieldViolation, NotFound
from lodestock_server.usecases.buyers import (
    BuyerFigures,
    OwnFigure,
    Yearly,
    buyer_figures,
    demand_history,
    no_consumption,
)
from lodestock_server.usecases.drivers import DriverPath, GdpScenario, driver_path, with_deployment
from lodestock_server.usecases.origins import TracedField
from lodestock_server.usecases.vehicle_sales import VehicleSales, vehicles_sold


@dataclass(frozen=True, slots=True)
class StoredDemand:
    """Demand of a buyer; no materials means all that anything is known of."""

    buyer: str
    material_ids: tuple[str, ...] = ()
    own_figures: tuple[OwnFigure, ...] = ()


@dataclass(frozen=True, slots=True)
class Demand:
    """A series, the country that drives it (empty: none), and for a buyer's the observations with their origins.

    `vehicles` are those whose sales are a deployment among its drivers. `path` is what was read for it: population, GDP
    and vehicles; None where no model asked for them, or the series brings its own.
    """

    series: forecasters.DemandSeries
    country: str = ""
    observations: tuple[Yearly, ...] = ()
    remarks: tuple[str, ...] = ()
    path: DriverPath | None = None
    vehicles: VehicleSales | None = None

    def driver_figures(self, last_year: int) -> tuple[TracedField, ...]:
        """What was read of the drivers that a forecast to a year follows: from the first observation on, else none."""
        return () if self.path is None else self.path.figures(int(self.series.periods[0]), last_year)


def stored_demand(catalog: Catalog, stored: StoredDemand) -> tuple[Demand, ...]:
    """The demand of a buyer, each series named "material/BUYER"; the buyer's economy drives it.

    Raises:
        NotFound: There is no such buyer, or neither the data nor the caller's own figures say what it uses.
    """
    figures = buyer_figures(catalog, stored.buyer, stored.own_figures, path="stored.own_figures")
    asked = tuple(catalog.find_mineral(name).id for name in stored.material_ids)
    materials = tuple(dict.fromkeys(asked)) or figures.materials()
    if not materials:
        raise NotFound(no_consumption(figures, ()))
    return tuple(_of_buyer(figures, material) for material in materials)


def _of_buyer(figures: BuyerFigures, material: str) -> Demand:
    history = demand_history(figures, material)
    series = yearly_series(f"{material}/{figures.buyer}", history)
    return Demand(series, figures.buyer, history, figures.remarks_on_consumption(material))


def yearly_series(series_id: str, history: Sequence[Yearly]) -> forecasters.DemandSeries:
    """Tonnes by year as a series."""
    return forecasters.DemandSeries(
        id=series_id,
        frequency=forecasters.Frequency.YEARLY,
        periods=[str(year) for year, _ in history],
        values=[figure.value for _, figure in history],
        unit="t",
    )


def follow_drivers(models: Iterable[str]) -> bool:
    """Whether one of some models needs population and GDP; without names, all models are meant."""
    named = set(models)
    return any(card.needs_drivers for card in forecasters.list_models() if not named or card.name in named)


def with_drivers(catalog: Catalog, demands: Iterable[Demand], scenario: GdpScenario | None) -> tuple[Demand, ...]:
    """The same demands, each yearly one of a country with that country's drivers where it brings none of its own.

    Args:
        catalog: Where population and GDP are read.
        demands: The demands.
        scenario: Pathway that the caller named; None: the default.
    """
    read: dict[str, DriverPath | None] = {}
    return tuple(_with_vehicles(catalog, _with_economy(catalog, demand, scenario, read)) for demand in demands)


def _with_economy(
    catalog: Catalog, demand: Demand, scenario: GdpScenario | None, read: dict[str, DriverPath | None]
) -> Demand:
    yearly = demand.series.frequency is forecasters.Frequency.YEARLY
    if not (demand.country and yearly and demand.series.drivers is None):
        return demand
    if demand.country not in read:
        read[demand.country] = driver_path(catalog, demand.country, scenario)
    path = read[demand.country]
    return demand if path is None else _driven(demand, path)


def _with_vehicles(catalog: Catalog, demand: Demand) -> Demand:
    """The same demand with the vehicles that it names among its drivers, where it brings no deployment of its own."""
    drivers = demand.series.drivers
    if demand.vehicles is None or drivers is None or drivers.deployment is not None:
        return demand
    sold = vehicles_sold(catalog, demand.vehicles)
    if not sold:
        where = demand.vehicles.country or "the world"
        return replace(demand, remarks=(*demand.remarks, f"no sales of electric vehicles in {where} are in the data"))
    path = demand.path or DriverPath({}, {}, "population and GDP are the caller's own")
    series = replace(demand.series, drivers=with_deployment(drivers, sold))
    scenario = demand.vehicles.scenario
    remark = f"electric vehicles sold are recorded and, ahead, those of {scenario} of the IEA, to {max(sold)}"
    return replace(demand, series=series, path=replace(path, vehicles=sold), remarks=(*demand.remarks, remark))


def _driven(demand: Demand, path: DriverPath) -> Demand:
    series = replace(demand.series, drivers=path.drivers)
    return replace(demand, series=series, remarks=(*demand.remarks, path.remark), path=path)


def model_violations(model: str, field_path: str) -> list[FieldViolation]:
    """List what is wrong with the name of a model for yearly demand; empty means the default."""
    stand_in = forecasters.DemandSeries("any", forecasters.Frequency.YEARLY, ["2000"], [1.0], "t")
    try:
        forecasters.ForecastRequest([stand_in], 1, model=model or forecasters.DEFAULT_MODEL)
    except forecasters.InvalidInput as error:
        return [FieldViolation(field_path, found.message) for found in error.violations]
    return []


def datasets_read(demand: Demand) -> set[str]:
    """Names of the datasets that a demand was read from; with a buyer's observations that of the minerals."""
    of_drivers = demand.path.origins if demand.path else ()
    origins = (*of_drivers, *(origin for _, figure in demand.observations for origin in figure.origins))
    names = {origin.dataset for origin in origins if isinstance(origin, DatasetOrigin)}
    return names | {"minerals"} if demand.observations else names
