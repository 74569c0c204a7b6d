"""Examples of requests for demand by a law: each law with all that can be given to it."""

from __future__ import annotations

from google.protobuf.message import Message

from lodestock.v1 import common_pb2, forecast_pb2


def projections() -> list[Message]:
    """Published and own uses, a table of two sectors, a stock along a path and one along an economy."""
    return [*sectors(), table(), *stocks()]


def path(*values: float, first: int = 2030, step: int = 1) -> forecast_pb2.YearPath:
    """A path of figures from a year on."""
    years = (forecast_pb2.YearValue(year=first + step * i, value=value) for i, value in enumerate(values))
    return forecast_pb2.YearPath(values=years)


def sectors() -> list[Message]:
    """Uses as published, in tonnes, as a deployment of the caller's own, and as vehicles with a stored intensity."""
    turbines = forecast_pb2.Deployment(
        units=path(100, 200, 300), units_each=path(0.5), kg_per_unit=path(3000, 2500, 2000)
    )
    cars = forecast_pb2.Deployment(
        vehicles=forecast_pb2.VehicleSales(
            scenario=forecast_pb2.ENERGY_SCENARIO_STEPS, country="CHN", modes=["cars"], powertrains=["bev", "phev"]
        ),
        units_each=path(60),
        technology="NMC 811",
    )
    published = forecast_pb2.PublishedUses(
        scenario=forecast_pb2.ENERGY_SCENARIO_APS, material_ids=["lithium", "copper"]
    )
    uses = [
        forecast_pb2.MaterialUse(material_id="copper", use_id="turbines", deployment=turbines),
        forecast_pb2.MaterialUse(material_id="lithium", use_id="cars", deployment=cars),
        forecast_pb2.MaterialUse(material_id="tin", use_id="solder", tonnes=path(1, 2, 3)),
    ]
    asked = forecast_pb2.SectorDemand(published=published, uses=uses)
    return [forecast_pb2.ProjectDemandRequest(first_year=2030, last_year=2032, sectors=asked)]


def table() -> Message:
    """A metal and what is made of it."""
    amounts = ((("metal", "metal"), 0.1), (("metal", "cable"), 0.3), (("cable", "metal"), 0.2))
    asked = forecast_pb2.InputOutputDemand(
        sectors=[
            forecast_pb2.EconomySector(sector_id="metal", material_id="copper"),
            forecast_pb2.EconomySector(sector_id="cable"),
        ],
        coefficients=[
            forecast_pb2.InputCoefficient(from_sector=source, into_sector=target, amount=amount)
            for (source, target), amount in amounts
        ],
        final_demand=[forecast_pb2.FinalDemand(sector_id="cable", units=path(100, 110, 120))],
    )
    return forecast_pb2.ProjectDemandRequest(first_year=2030, last_year=2032, input_output=asked)


def stocks() -> list[Message]:
    """A stock along a path after inflows of the caller's own, and one along the caller's own and a stored economy."""
    lifetime = forecast_pb2.Lifetime(law=forecast_pb2.LIFETIME_LAW_WEIBULL, years=20, spread=2)
    along_path = forecast_pb2.StockDemand(
        material_id="copper",
        lifetime=lifetime,
        past_inflow_tonnes=path(10, 100, first=1990, step=39),
        stock_tonnes=path(2000, 2200, 2400),
        collection=path(0.5, 0.6, 0.7),
        recovery=path(0.9),
    )
    drivers = [forecast_pb2.Driver(period=str(2010 + i), population=1e6, gdp_usd=1e10 * 1.05**i) for i in range(23)]
    own = forecast_pb2.StockPerHead(saturation_tonnes=0.1, drivers=drivers)
    stored = forecast_pb2.StockPerHead(country="USA", gdp_scenario=common_pb2.GDP_SCENARIO_SSP1)
    requests: list[Message] = [forecast_pb2.ProjectDemandRequest(first_year=2030, last_year=2032, stock=along_path)]
    for per_head in (own, stored):
        along_economy = forecast_pb2.StockDemand(
            material_id="copper",
            lifetime=lifetime,
            past_inflow_tonnes=path(10, 100, first=1990, step=39),
            stock_per_head=per_head,
        )
        requests.append(forecast_pb2.ProjectDemandRequest(first_year=2030, last_year=2032, stock=along_economy))
    of_buyer = forecast_pb2.StockDemand(
        material_id="copper", lifetime=lifetime, past_consumption_of="USA", stock_tonnes=path(1e7, first=2026)
    )
    return [*requests, forecast_pb2.ProjectDemandRequest(first_year=2026, last_year=2028, stock=of_buyer)]
