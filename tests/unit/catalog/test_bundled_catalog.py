"""What the bundled catalog answers: enough figures to plan each mineral, each traceable to its row."""

import csv
import io
import math
from collections.abc import Iterator
from importlib.resources import files

import pytest

from lodestock_server.catalog import (
    BundledCatalog,
    Catalog,
    CatalogError,
    Driver,
    Figure,
    MissingFigureError,
    Stage,
    Statistic,
    UnknownBuyerError,
    UnknownCountryError,
    UnknownMineralError,
)

CATALOG: Catalog = BundledCatalog()
ALL = [mineral.id for mineral in CATALOG.minerals()]
MINERALS = list(CATALOG.demanded("USA"))
SHORT_DEMAND = {"aluminium": list(range(2019, 2026))}  # 2018 is printed on another definition only


def test_fifty_minerals_are_known_and_the_demand_of_27() -> None:
    assert len(ALL) == 50
    assert sorted(ALL) == ALL
    assert len(MINERALS) == 27
    assert set(MINERALS) < set(ALL)
    assert CATALOG.buyers() == ("USA",)
    assert CATALOG.demanded("DEU") == CATALOG.demanded("EU27") == ()


def test_minerals_are_found_by_any_name_of_theirs() -> None:
    for mineral in CATALOG.minerals():
        for name in (mineral.id, mineral.name, *CATALOG.names(mineral.id)):
            for spelling in (name, name.upper(), f" {name.replace('-', ' ')} "):
                assert CATALOG.find_mineral(spelling) == mineral
    assert CATALOG.find_mineral("wolfram").id == "tungsten"
    with pytest.raises(UnknownMineralError, match="like it are: gallium"):
        CATALOG.find_mineral("galium")


def test_forms_say_what_a_tonne_of_them_holds() -> None:
    lithium = {form.form: form for form in CATALOG.forms("lithium")}
    carbonate = lithium["lithium carbonate"]
    assert carbonate.content_factor.value == pytest.approx(2 * 6.94 / 73.89, rel=1e-3)  # Li2CO3
    assert carbonate.hs_code == "283691"
    for mineral in ALL:
        own, *others = CATALOG.forms(mineral)
        assert own.content_factor.value == 1
        assert all(form.content_factor.value > 0 and form.reason for form in others)


def test_a_mineral_without_stored_demand_still_has_producers_and_a_price() -> None:
    assert CATALOG.consumption("USA", "lithium") == ()
    assert CATALOG.domestic_production("USA", "lithium") is None
    assert CATALOG.production("lithium", Stage.MINING).rows[0].iso3 == "AUS"
    assert CATALOG.latest_price("lithium").figure.value > 0


def test_statistics_are_of_the_united_states_alone_and_other_buyers_have_none() -> None:
    for buyer in ("DEU", "EU27", "JPN"):
        assert CATALOG.consumption(buyer, "cobalt") == ()
        assert CATALOG.statistic(buyer, "cobalt", Statistic.IMPORTS) == ()
        assert CATALOG.domestic_production(buyer, "cobalt") is None
        assert CATALOG.recycled_production(buyer, "cobalt") is None
        assert CATALOG.import_sources(buyer, "cobalt") == ()


def test_the_union_has_27_members_and_sourcing_shares_with_its_own_output() -> None:
    members = CATALOG.bloc("EU27")
    assert len(members) == 27
    assert {"DEU", "FRA", "POL"} < set(members)
    assert CATALOG.bloc("USA") == ("USA",)
    cobalt = CATALOG.sourcing_shares("EU27", "cobalt")
    assert cobalt[0].iso3 in members  # Finland refines most of what the Union uses.
    assert 0.5 < math.fsum(share.figure.value for share in cobalt) <= 1.011
    assert CATALOG.sourcing_shares("EU27", "cobalt", Stage.MINING) != cobalt
    assert CATALOG.sourcing_shares("DEU", "cobalt") == ()
    for mineral in ALL:
        for share in CATALOG.sourcing_shares("EU27", mineral):
            assert share.iso3 is None or CATALOG.country(share.iso3)


def test_drivers_are_read_by_scenario() -> None:
    people = {item.year: item.figure.value for item in CATALOG.driver(Driver.POPULATION, "DEU")}
    assert 70e6 < people[1990] < 85e6
    product = CATALOG.driver(Driver.GDP_PPP, "DEU", "SSP2")
    assert [item.year for item in product] == sorted({item.year for item in product})
    assert product[-1].year == 2100
    assert product[0].figure.origin.source_id == "SSP_OECD_GDP"
    assert product != CATALOG.driver(Driver.GDP_PPP, "DEU", "SSP5")
    assert CATALOG.driver(Driver.GDP_PPP, "DEU", "SSP9") == ()
    for driver in (Driver.GDP_REAL, Driver.GDP_NOMINAL, Driver.GDP_PER_CAPITA_PPP, Driver.GDP_PER_CAPITA_REAL):
        assert CATALOG.driver(driver, "DEU")[-1].year >= 2019
        assert CATALOG.driver(driver, "DEU", "SSP2") == ()
    with pytest.raises(UnknownCountryError):
        CATALOG.driver(Driver.POPULATION, "EU27")


@pytest.mark.parametrize("mineral", MINERALS)
def test_demand_covers_2018_to_2025_without_a_gap(mineral: str) -> None:
    observed = CATALOG.consumption("USA", mineral)
    assert [item.year for item in observed] == SHORT_DEMAND.get(mineral, list(range(2018, 2026)))
    assert all(item.figure.value > 0 and item.figure.unit == "t" for item in observed)


@pytest.mark.parametrize("mineral", MINERALS)
def test_imports_have_named_suppliers_and_add_up(mineral: str) -> None:
    sources = CATALOG.import_sources("USA", mineral)
    assert sources[0].iso3 is not None
    assert sum(source.iso3 is None for source in sources) <= 1
    assert math.fsum(source.figure.value for source in sources) == pytest.approx(1.0, abs=0.011)
    for source in sources:
        if source.iso3:
            assert CATALOG.country(source.iso3).name


@pytest.mark.parametrize("mineral", MINERALS)
def test_the_world_has_producers(mineral: str) -> None:
    table = CATALOG.production(mineral)
    assert table.stage is CATALOG.mineral(mineral).supply_stage
    assert int(table.period) >= 2022
    assert sum(row.iso3 is not None for row in table.rows) >= 3
    assert math.fsum(item.share for item in table.shares()) == pytest.approx(1.0)
    assert table.total >= 0.5 * CATALOG.consumption("USA", mineral)[-1].figure.value


@pytest.mark.parametrize("mineral", MINERALS)
def test_prices_are_positive_and_recent(mineral: str) -> None:
    prices = CATALOG.prices(mineral)
    assert all(item.figure.value > 0 and item.figure.unit == "USD/t" for item in prices)
    assert CATALOG.latest_price(mineral) == prices[-1]
    assert prices[-1].year == 2025


@pytest.mark.parametrize("mineral", MINERALS)
def test_every_figure_is_found_in_the_row_it_names(mineral: str) -> None:
    for figure in _figures(mineral):
        origin = figure.origin
        folder = files("lodestock_server").joinpath("data", origin.dataset.replace("-", "_"))
        text = folder.joinpath(f"{origin.resource}.csv").read_text(encoding="utf-8")
        row = list(csv.DictReader(io.StringIO(text)))[origin.row - 1]
        assert row["mineral"] == mineral
        assert float(row[origin.column]) == figure.value
        assert row["source_id"] == origin.source_id
        assert row.get("flag", "") == origin.flag


@pytest.mark.parametrize(
    ("mineral", "tonnes", "usd_per_tonne"),
    [
        pytest.param("cobalt", 9600, 21 * 2204.62262, id="dollars per pound"),
        pytest.param("gallium", 19, 580_000, id="kilograms"),
        pytest.param("platinum", 92, 1278.29 * 32150.7466, id="troy ounces"),
        pytest.param("vanadium", 13000, 5.02 * 2204.62262 / 0.56017, id="pentoxide to vanadium"),
        pytest.param("tantalum", 890, 180_000 / 0.81897, id="pentoxide to tantalum"),
        pytest.param("niobium", 9900, 26_000 / 0.65, id="ferroniobium to niobium"),
        pytest.param("manganese", 640_000, 4.5 * 100, id="metric ton units"),
        pytest.param("copper", 2_200_000, 9947.31, id="world price"),
    ],
)
def test_units_are_converted(mineral: str, tonnes: float, usd_per_tonne: float) -> None:
    assert CATALOG.consumption("USA", mineral)[-1].figure.value == pytest.approx(tonnes)
    assert CATALOG.latest_price(mineral).figure.value == pytest.approx(usd_per_tonne, rel=1e-6)


def test_the_newest_edition_gives_each_year() -> None:
    editions = {item.year: item.figure.origin.source_id for item in CATALOG.consumption("USA", "cobalt")}
    assert editions == dict.fromkeys((2018, 2019), "USGS_MCS2023") | {2020: "USGS_MCS2025"} | dict.fromkeys(
        range(2021, 2026), "USGS_MCS2026"
    )


def test_computed_and_differing_years_are_flagged() -> None:
    aluminium = {item.year: item.figure.origin.flag for item in CATALOG.consumption("USA", "aluminium")}
    assert aluminium[2019].startswith("computed from printed components")
    assert aluminium[2021] == ""
    rare_earths = {item.year: item.figure.origin.flag for item in CATALOG.consumption("USA", "rare-earths")}
    assert "narrower definition" in rare_earths[2018]


def test_withheld_figures_are_absent_and_printed_dashes_are_zero() -> None:
    observed = CATALOG.statistic("USA", "magnesium", Statistic.PRODUCTION_REFINED)
    assert [(item.year, item.figure.value) for item in observed] == [(2023, 0.0), (2024, 0.0), (2025, 0.0)]
    assert CATALOG.statistic("USA", "gallium", Statistic.PRODUCTION_SECONDARY) == ()


def test_domestic_supply_is_that_of_the_traded_form() -> None:
    copper = CATALOG.domestic_production("USA", "copper")
    assert copper is not None
    assert copper.figure.value == 790_000  # refined from ore, not the 1,000,000 t mined
    assert CATALOG.domestic_production("USA", "nickel") is None  # mined, but exported as concentrate


def test_recycled_supply_is_left_out_where_demand_is_primary_metal() -> None:
    cobalt = CATALOG.recycled_production("USA", "cobalt")
    assert cobalt is not None
    assert cobalt.figure.value == 2000
    assert CATALOG.recycled_production("USA", "magnesium") is None


def test_other_forms_can_be_asked_for() -> None:
    ores = CATALOG.import_sources("USA", "tantalum", "Tantalum ores and concentrates")
    assert (ores[0].iso3, ores[0].figure.value) == ("AUS", 0.64)
    with pytest.raises(MissingFigureError, match="Tantalum ores and concentrates"):
        CATALOG.import_sources("USA", "tantalum", "bricks")


def test_earlier_years_and_other_stages_of_production() -> None:
    mined = CATALOG.production("cobalt", Stage.MINING, 2018)
    assert mined.rows[0].iso3 == "COD"
    assert CATALOG.production_years("copper", Stage.MINING)[0] == 2018
    with pytest.raises(MissingFigureError, match="available: 2024"):
        CATALOG.production("cobalt", Stage.REFINING, 1990)


@pytest.mark.parametrize(
    ("mineral", "stage", "period", "country"),
    [
        pytest.param("cobalt", Stage.REFINING, "2024", "CHN", id="tonnes"),
        pytest.param("tin", Stage.REFINING, "2016-2020 avg (nominal)", "CHN", id="shares of the Commission"),
        pytest.param("potash", Stage.MINING, "2025", "CAN", id="mining for want of anything else"),
    ],
)
def test_refining_says_what_it_rests_on(mineral: str, stage: Stage, period: str, country: str) -> None:
    table = CATALOG.refining(mineral)
    assert (table.stage, table.period, table.rows[0].iso3) == (stage, period, country)


@pytest.mark.parametrize("mineral", MINERALS)
def test_a_dominant_refiner_is_named(mineral: str) -> None:
    assert CATALOG.refining(mineral).shares()[0].iso3 is not None


def test_reserves_are_positive_and_may_be_missing() -> None:
    reserves = CATALOG.reserves("cobalt")
    assert (reserves[0].iso3, reserves[0].figure.value) == ("COD", 6_000_000)
    assert all(row.figure.value > 0 for mineral in MINERALS for row in CATALOG.reserves(mineral))
    assert CATALOG.reserves("gallium") == ()


def test_governance_holds_six_estimates_of_the_latest_year() -> None:
    congo = CATALOG.governance("COD")
    assert congo is not None
    assert congo.year == 2023
    assert len(congo.estimates) == 6
    assert congo.estimates["political_stability"].value == pytest.approx(-2.04, abs=0.01)
    earlier = CATALOG.governance("COD", 2010)
    assert earlier is not None
    assert earlier.year == 2010
    assert CATALOG.governance("NCL") is None


def test_trade_parameters_are_those_of_the_supply_stage_or_of_the_other_where_it_has_none() -> None:
    tin = CATALOG.trade_parameter("tin", "CHN")
    assert tin is not None
    assert tin.value == 1.1  # extraction; processing has 1.5
    processing = CATALOG.trade_parameter("tin", "CHN", Stage.REFINING)
    assert processing is not None
    assert processing.value == 1.5
    platinum = CATALOG.trade_parameter("platinum", "RUS")  # mined, and listed for processing only
    assert platinum is not None
    assert platinum.value == 1.1
    assert CATALOG.trade_parameter("tin", "ISL") is None


def test_countries_and_distances() -> None:
    assert CATALOG.country("BEL").eu27
    assert CATALOG.country("ZMB").landlocked
    assert not CATALOG.country("CHL").landlocked
    distance = CATALOG.distance("CHN", "USA")
    assert distance is not None
    assert 10_000 < distance.value < 13_000
    back = CATALOG.distance("USA", "CHN")
    assert back is not None
    assert back.value == distance.value
    assert back.origin.row != distance.origin.row
    near = CATALOG.distance("BEL", "NLD")
    assert near is not None
    assert near.value < 250
    assert [country.iso3 for country in CATALOG.countries()] == sorted({c.iso3 for c in CATALOG.countries()})
    assert CATALOG.distance("MNE", "USA") is None


def test_recycling_rates_are_fractions() -> None:
    copper = CATALOG.eol_recycling_input_rate("copper")
    assert copper is not None
    assert copper.value == 0.55
    assert CATALOG.eol_recycling_input_rate("magnesium") is None


def test_unknown_names_are_refused_with_what_exists() -> None:
    with pytest.raises(UnknownMineralError, match="known minerals: alumina, aluminium, antimony") as caught:
        CATALOG.mineral("unobtainium")
    assert isinstance(caught.value, LookupError)
    with pytest.raises(UnknownMineralError, match="left out: "):
        CATALOG.consumption("USA", "boron")
    with pytest.raises(UnknownBuyerError, match="a buyer is 'EU27' or an ISO 3166-1"):
        CATALOG.consumption("EUR", "cobalt")
    with pytest.raises(UnknownCountryError, match="ISO 3166-1"):
        CATALOG.governance("usa")
    with pytest.raises(CatalogError):
        CATALOG.distance("XXX", "USA")


def test_datasets_state_version_and_gaps() -> None:
    for dataset in CATALOG.datasets():
        assert "+" in dataset.version
        assert dataset.known_gaps
        assert sum(dataset.resources.values()) > 0


def _figures(mineral: str) -> Iterator[Figure]:
    yield from (item.figure for item in CATALOG.consumption("USA", mineral))
    yield from (row.figure for row in CATALOG.import_sources("USA", mineral))
    yield from (row.figure for row in CATALOG.production(mineral).rows)
    yield from (row.figure for row in CATALOG.reserves(mineral))
    yield CATALOG.latest_price(mineral).figure
    rate, parameter = CATALOG.eol_recycling_input_rate(mineral), CATALOG.trade_parameter(mineral, "CHN")
    yield from (figure for figure in (rate, parameter) if figure)
