"""ProjectDemand: published totals from their parts, tables by hand, stocks from the data, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict

from lodestock.v1 import forecast_pb2
from lodestock_server.catalog import BundledCatalog, Catalog
from lodestock_server.converters.projection import projection_to_proto, request_from_proto, request_violations
from lodestock_server.usecases.projection.project import project_demand
from lodestock_server.usecases.projection.sectors import ALL_DEMAND, UNLISTED


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return BundledCatalog()


def message(law: Mapping[str, Any], first: int = 2030, last: int = 2040) -> forecast_pb2.ProjectDemandRequest:
    return ParseDict({"first_year": first, "last_year": last, **law}, forecast_pb2.ProjectDemandRequest())


def project(catalog: Catalog, law: Mapping[str, Any], *years: int) -> forecast_pb2.ProjectDemandResponse:
    request = message(law, *years)
    assert request_violations(request, catalog) == []
    return projection_to_proto(project_demand(catalog, request_from_proto(request)))


def wrong(catalog: Catalog, law: Mapping[str, Any], *years: int) -> dict[str, str]:
    return {found.field_path: found.description for found in request_violations(message(law, *years), catalog)}


def path(**by_year: float) -> dict[str, Any]:
    return {"values": [{"year": int(year.strip("_")), "value": value} for year, value in by_year.items()]}


def published(scenario: str, *materials: str) -> dict[str, Any]:
    return {"sectors": {"published": {"scenario": f"ENERGY_SCENARIO_{scenario}", "material_ids": materials}}}


@pytest.mark.parametrize("scenario", ["STEPS", "APS", "NZE"])
def test_published_totals_of_2030_and_2040_come_back_from_their_sectors(catalog: Catalog, scenario: str) -> None:
    """Six materials, two years: within ½ % of the IEA's own total (2 % are asked for).

    But for graphite of NZE that is from listed technologies alone; there they fall 8 to 9 % short, as the answer says.
    """
    totals = {
        (row.mineral, row.year): row.figure.value for row in catalog.published_uses(scenario) if row.use == ALL_DEMAND
    }
    answer = project(catalog, published(scenario))
    assert len(answer.materials) == 6
    for material in answer.materials:
        for year in (material.years[0], material.years[-1]):
            total = totals[material.material_id, year.year]
            assert year.demand_tonnes == pytest.approx(total, rel=0.005)
            assert sum(part.tonnes for part in year.parts) == pytest.approx(year.demand_tonnes, rel=1e-9)
            listed = sum(part.tonnes for part in year.parts if part.use_id != UNLISTED)
            if (material.material_id, scenario) != ("graphite", "NZE"):
                assert listed == pytest.approx(total, rel=0.005)
    unlisted = [remark for remark in answer.remarks if UNLISTED in remark]
    assert len(unlisted) == (1 if scenario == "NZE" else 0)


def test_every_figure_names_the_cells_that_it_rests_on(catalog: Catalog) -> None:
    answer = project(catalog, published("STEPS", "lithium"))
    (figure,) = [one for one in answer.figures if one.field_path == "materials[lithium].parts[Other uses].tonnes"]
    assert {origin.dataset.dataset for origin in figure.origins} == {"iea-scenarios"}
    assert len(figure.origins) == 6
    assert list(figure.values) == pytest.approx([year.parts[-1].tonnes for year in answer.materials[0].years])


def test_a_use_of_your_own_takes_the_place_of_a_published_one(catalog: Catalog) -> None:
    law = published("STEPS", "lithium")
    law["sectors"]["uses"] = [{"material_id": "Li", "use_id": "Electric vehicles", "tonnes": path(_2030=1.0)}]
    before, after = (project(catalog, one).materials[0] for one in (published("STEPS", "lithium"), law))
    for old, new in zip(before.years, after.years, strict=True):
        replaced = next(part.tonnes for part in old.parts if part.use_id == "Electric vehicles")
        assert new.demand_tonnes == pytest.approx(old.demand_tonnes - replaced + 1.0)


def test_deployment_times_intensity_is_tonnes(catalog: Catalog) -> None:
    """2,000 MW rising to 4,000 MW of turbines with 3,000 kg of copper a MW, half of the turbines of that kind."""
    use = {
        "material_id": "copper",
        "use_id": "wind",
        "deployment": {
            "units": path(_2030=2000.0, _2034=4000.0),
            "units_each": path(_2030=0.5),
            "kg_per_unit": path(_2030=3000.0),
        },
    }
    answer = project(catalog, {"sectors": {"uses": [use]}}, 2030, 2034)
    tonnes = [year.demand_tonnes for year in answer.materials[0].years]
    assert tonnes == pytest.approx([3000.0, 3750.0, 4500.0, 5250.0, 6000.0])


def test_vehicles_and_intensities_are_read_from_the_data(catalog: Catalog) -> None:
    """Battery cars sold in the world in 2023 were 9.5 million; NMC 811 holds 0.0998 kg of lithium a kWh."""
    vehicles = {"scenario": "ENERGY_SCENARIO_STEPS", "modes": ["cars"], "powertrains": ["bev"]}
    deployment = {"vehicles": vehicles, "units_each": path(_2023=60.0), "technology": "NMC 811"}
    use = {"material_id": "lithium", "use_id": "cars", "deployment": deployment}
    answer = project(catalog, {"sectors": {"uses": [use]}}, 2023, 2035)
    by_hand = 9.5e6 * 60.0 * 0.099802 / 1000.0
    assert answer.materials[0].years[0].demand_tonnes == pytest.approx(by_hand)
    assert answer.materials[0].years[-1].demand_tonnes > 3 * by_hand
    (figure,) = answer.figures
    assert {origin.dataset.dataset for origin in figure.origins} - {""} == {"clean-technology", "intensities"}


TABLE: dict[str, Any] = {
    "input_output": {
        "sectors": [{"sector_id": "mine", "material_id": "copper"}, {"sector_id": "works"}],
        "coefficients": [
            {"from_sector": "mine", "into_sector": "mine", "amount": 0.15},
            {"from_sector": "mine", "into_sector": "works", "amount": 0.25},
            {"from_sector": "works", "into_sector": "mine", "amount": 0.20},
            {"from_sector": "works", "into_sector": "works", "amount": 0.05},
        ],
        "final_demand": [
            {"sector_id": "mine", "units": path(_2030=600.0)},
            {"sector_id": "works", "units": path(_2030=1500.0, _2031=3000.0)},
        ],
    }
}


def test_a_table_is_solved_year_by_year_with_who_asks_for_what(catalog: Catalog) -> None:
    """Miller and Blair's two sectors: 1,247.5 of the first for final demands of 600 and 1,500."""
    years = project(catalog, TABLE, 2030, 2031).materials[0].years
    own, through_works = 0.95 * 600.0 / 0.7575, 0.25 * 1500.0 / 0.7575
    assert years[0].demand_tonnes == pytest.approx(1247.52, abs=0.01)
    assert [part.tonnes for part in years[0].parts] == pytest.approx([own, through_works])
    assert [part.tonnes for part in years[1].parts] == pytest.approx([own, 2 * through_works])


STOCK: dict[str, Any] = {
    "stock": {
        "material_id": "copper",
        "lifetime": {"law": "LIFETIME_LAW_NORMAL", "years": 10.0, "spread": 3.0},
        "past_inflow_tonnes": path(_1970=100.0, _2029=100.0),
        "stock_tonnes": path(_2030=2000.0),
        "collection": path(_2030=0.5, _2040=0.8),
        "recovery": path(_2030=0.9),
    }
}


def test_a_stock_keeps_its_mass_and_gives_secondary_supply(catalog: Catalog) -> None:
    """In a steady state of 1,000 t (100 t a year for 10 years) the stock doubles at once: a year of 1,100 t."""
    years = project(catalog, STOCK).materials[0].years
    assert years[0].demand_tonnes == pytest.approx(1100.0, rel=0.01)
    for before, year in pairwise(years):
        change = year.stock.stock_tonnes - before.stock.stock_tonnes
        assert year.demand_tonnes - year.stock.outflow_tonnes - change == pytest.approx(0.0, abs=1e-6)
    for i, year in enumerate(years):
        stock, collected = year.stock, 0.5 + 0.03 * i
        assert stock.recovered_tonnes == pytest.approx(stock.outflow_tonnes * collected * 0.9)
        assert stock.recovered_tonnes + stock.lost_tonnes == pytest.approx(stock.outflow_tonnes)
        assert stock.recovered_tonnes - stock.surplus_tonnes + stock.primary_tonnes == pytest.approx(year.demand_tonnes)


def test_stock_per_head_follows_the_stored_economy(catalog: Catalog) -> None:
    """A saturation just above what is in use: the stock follows the population, and demand falls to renewal."""
    law: dict[str, Any] = {"stock": {**STOCK["stock"], "past_inflow_tonnes": path(_1960=1e6, _2025=2e6)}}
    law["stock"]["collection"] = path(_2030=0.5)
    del law["stock"]["stock_tonnes"]
    law["stock"]["lifetime"] = {"law": "LIFETIME_LAW_WEIBULL", "years": 30.0, "spread": 2.5}
    law["stock"]["stock_per_head"] = {"saturation_tonnes": 0.14, "country": "USA"}
    answer = project(catalog, law, 2026, 2060)
    per_head = answer.materials[0].years[-1].stock.stock_tonnes / 0.14
    assert 3.3e8 < per_head < 4.3e8
    assert any("SSP2" in remark for remark in answer.remarks)
    assert {"stock.stock_per_head", "drivers"} <= {
        origin.caller.field_path or origin.dataset.dataset for origin in answer.figures[0].origins
    }


@pytest.mark.parametrize(
    ("law", "field", "text"),
    [
        ({"sectors": {}}, "sectors", "holds no use"),
        (published("STEPS", "gold"), "sectors.published.material_ids[0]", "has no published uses"),
        (
            {"sectors": {"uses": [{"material_id": "tin", "use_id": "a", "tonnes": path(_2031=1.0, _2050=1.0)}]}},
            "sectors.uses[0].tonnes",
            "reaches from 2031 to 2050, must reach from 2030 to 2040",
        ),
        (
            {"sectors": {"uses": [{"material_id": "tin", "use_id": "a", "tonnes": path(_2030=1.0)}] * 2}},
            "sectors.uses[1].use_id",
            "already that of uses[0]",
        ),
        (
            {"input_output": {**TABLE["input_output"], "coefficients": [{"from_sector": "x", "into_sector": "mine"}]}},
            "input_output.coefficients[0].from_sector",
            "'x' is no sector of the table",
        ),
        (
            {"input_output": {**TABLE["input_output"], "sectors": [{"sector_id": "mine"}, {"sector_id": "works"}]}},
            "input_output.sectors",
            "no sector makes a material",
        ),
        (
            {"stock": {**STOCK["stock"], "collection": path(_2030=1.2)}},
            "stock.collection.values[0].value",
            "must be 0 to 1",
        ),
        (
            {"stock": {**STOCK["stock"], "past_inflow_tonnes": path(_1970=100.0, _2020=100.0)}},
            "stock.past_inflow_tonnes",
            "must end in 2029",
        ),
        (
            {"stock": {**STOCK["stock"], "lifetime": {"law": "LIFETIME_LAW_WEIBULL", "years": 10, "spread": 60}}},
            "stock.lifetime.spread",
            "shape of a Weibull lifetime",
        ),
    ],
)
def test_what_is_wrong_is_told_by_field(catalog: Catalog, law: Mapping[str, Any], field: str, text: str) -> None:
    found = wrong(catalog, law)
    assert text in found[field]


def test_years_beyond_the_published_ones_are_refused(catalog: Catalog) -> None:
    assert "known from 2024 to 2050" in wrong(catalog, published("APS"), 2030, 2060)["sectors.published"]
    assert "must be from 2030 to 2150" in wrong(catalog, published("APS"), 2030, 2029)["last_year"]
