"""forecast.proto, ProjectDemand: the law from a message, the projection to one."""

from __future__ import annotations

from collections.abc import Sequence

import lodestock_forecasters as forecasters
from lodestock.v1 import forecast_pb2
from lodestock_forecasters.laws.survival import Lifetime, LifetimeLaw
from lodestock_server.catalog import Catalog
from lodestock_server.converters.common import traced_to_proto
from lodestock_server.converters.demand import (
    ENERGY_SCENARIOS,
    drivers_from_proto,
    gdp_scenario_from_proto,
    message_path,
    vehicles_from_proto,
)
from lodestock_server.converters.enums import EnumMap
from lodestock_server.converters.sourcing import given
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.projection.project import projection_violations
from lodestock_server.usecases.projection.request import (
    Deployment,
    EconomySector,
    InputOutputLaw,
    MaterialProjection,
    MaterialUse,
    Projection,
    ProjectionRequest,
    PublishedUses,
    SectorLaw,
    StockLaw,
    StockOutcome,
    StockPerHead,
    YearValues,
)
from lodestock_server.usecases.vehicle_sales import VehicleSales

LIFETIMES = EnumMap(LifetimeLaw, forecast_pb2.LifetimeLaw, "LIFETIME_LAW_")


def request_from_proto(message: forecast_pb2.ProjectDemandRequest) -> ProjectionRequest:
    """Read a request.

    Raises:
        lodestock_forecasters.InvalidInput: Parameters of the lifetime or the caller's drivers break rules; paths are
            those of the message.
    """
    law: SectorLaw | InputOutputLaw | StockLaw
    match message.WhichOneof("law"):
        case "input_output":
            law = table_from_proto(message.input_output)
        case "stock":
            law = stock_from_proto(message.stock)
        case _:
            law = sectors_from_proto(message.sectors)
    return ProjectionRequest(message.first_year, message.last_year, law)


def path_from_proto(message: forecast_pb2.YearPath) -> YearValues:
    """Read a path; empty where none is given."""
    return tuple((one.year, one.value) for one in message.values)


def sectors_from_proto(message: forecast_pb2.SectorDemand) -> SectorLaw:
    """Read uses."""
    published = None
    if message.HasField("published"):
        scenario = ENERGY_SCENARIOS.from_proto(message.published.scenario)
        published = PublishedUses(scenario, tuple(message.published.material_ids))
    return SectorLaw(published, tuple(use_from_proto(use) for use in message.uses))


def use_from_proto(message: forecast_pb2.MaterialUse) -> MaterialUse:
    """Read one use of one material."""
    amount: YearValues | Deployment = path_from_proto(message.tonnes)
    if message.HasField("deployment"):
        amount = deployment_from_proto(message.deployment)
    return MaterialUse(message.material_id, message.use_id, amount)


def deployment_from_proto(message: forecast_pb2.Deployment) -> Deployment:
    """Read what is deployed and what is in it."""
    activity: YearValues | VehicleSales = path_from_proto(message.units)
    if message.HasField("vehicles"):
        activity = vehicles_from_proto(message.vehicles)
    by_technology = message.WhichOneof("intensity") == "technology"
    intensity = message.technology if by_technology else path_from_proto(message.kg_per_unit)
    return Deployment(activity, intensity, path_from_proto(message.units_each))


def table_from_proto(message: forecast_pb2.InputOutputDemand) -> InputOutputLaw:
    """Read a table of inputs."""
    return InputOutputLaw(
        sectors=tuple(EconomySector(sector.sector_id, sector.material_id) for sector in message.sectors),
        coefficients=tuple((one.from_sector, one.into_sector, one.amount) for one in message.coefficients),
        final_demand=tuple((one.sector_id, path_from_proto(one.units)) for one in message.final_demand),
    )


def stock_from_proto(message: forecast_pb2.StockDemand) -> StockLaw:
    """Read a stock in use.

    Raises:
        lodestock_forecasters.InvalidInput: As `request_from_proto`.
    """
    wrong: list[forecasters.FieldViolation] = []
    lifetime, ahead = Lifetime(LifetimeLaw.NORMAL, 1.0, 1.0), path_from_proto(message.stock_tonnes)
    by_head: StockPerHead | None = None
    try:
        law = LIFETIMES.from_proto(message.lifetime.law)
        lifetime = Lifetime(law, message.lifetime.years, message.lifetime.spread)
    except forecasters.InvalidInput as error:
        wrong += error.under("stock.lifetime").violations
    try:
        by_head = per_head_from_proto(message.stock_per_head) if message.HasField("stock_per_head") else None
    except forecasters.InvalidInput as error:
        found = (
            forecasters.FieldViolation(message_path(f"drivers.{one.field}"), one.message) for one in error.violations
        )
        wrong += forecasters.InvalidInput(found).under("stock.stock_per_head").violations
    if wrong:
        raise forecasters.InvalidInput(wrong)
    by_buyer = message.WhichOneof("past") == "past_consumption_of"
    return StockLaw(
        material_id=message.material_id,
        lifetime=lifetime,
        past=message.past_consumption_of if by_buyer else path_from_proto(message.past_inflow_tonnes),
        ahead=by_head or ahead,
        collection=path_from_proto(message.collection),
        recovery=path_from_proto(message.recovery),
    )


def per_head_from_proto(message: forecast_pb2.StockPerHead) -> StockPerHead:
    """Read how stock per head follows income."""
    return StockPerHead(
        saturation_tonnes=given(message, "saturation_tonnes", message.saturation_tonnes),
        country=message.country,
        drivers=drivers_from_proto(message.drivers),
        gdp_scenario=gdp_scenario_from_proto(message.gdp_scenario),
    )


def request_violations(message: forecast_pb2.ProjectDemandRequest, catalog: Catalog) -> list[FieldViolation]:
    """List what is wrong across the fields of a request but its countries."""
    if message.WhichOneof("law") is None:
        return []
    try:
        request = request_from_proto(message)
    except forecasters.InvalidInput as error:
        return [FieldViolation(one.field, one.message) for one in error.violations]
    return projection_violations(catalog, request)


def countries(message: forecast_pb2.ProjectDemandRequest) -> Sequence[tuple[str, str]]:
    """Each country that is named, after the path of its field."""
    stock = message.stock
    named = [
        ("stock.past_consumption_of", stock.past_consumption_of),
        ("stock.stock_per_head.country", stock.stock_per_head.country),
    ]
    named += [
        (f"sectors.uses[{i}].deployment.vehicles.country", use.deployment.vehicles.country)
        for i, use in enumerate(message.sectors.uses)
    ]
    return [(path, code) for path, code in named if code]


def projection_to_proto(projection: Projection) -> forecast_pb2.ProjectDemandResponse:
    """Write a projection, without how it was made."""
    return forecast_pb2.ProjectDemandResponse(
        materials=[material_to_proto(material, projection.years) for material in projection.materials],
        figures=[traced_to_proto(figure) for figure in projection.figures()],
        remarks=projection.remarks,
    )


def material_to_proto(material: MaterialProjection, years: Sequence[int]) -> forecast_pb2.MaterialProjection:
    """Write the demand for a material."""
    demand = material.demand.tolist()
    return forecast_pb2.MaterialProjection(
        material_id=material.material_id,
        years=[
            forecast_pb2.ProjectedYear(
                year=year,
                demand_tonnes=demand[t],
                parts=[
                    forecast_pb2.DemandPart(use_id=part.use_id, tonnes=float(part.tonnes[t])) for part in material.parts
                ],
                stock=None if material.stock is None else stock_to_proto(material.stock, t),
            )
            for t, year in enumerate(years)
        ],
    )


def stock_to_proto(stock: StockOutcome, t: int) -> forecast_pb2.StockYear:
    """Write stock and flows of a year."""
    return forecast_pb2.StockYear(
        stock_tonnes=float(stock.stock[t]),
        outflow_tonnes=float(stock.outflow[t]),
        recovered_tonnes=float(stock.recovered[t]),
        lost_tonnes=float(stock.lost[t]),
        primary_tonnes=float(stock.primary[t]),
        surplus_tonnes=float(stock.surplus[t]),
        above_target=stock.above_target[t],
    )
