"""What a bloc uses, makes and buys, estimated from the world's figures: reckoned by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lodestock_server.catalog import BundledCatalog, Catalog, DatasetOrigin, Driver, Stage, Statistic
from lodestock_server.errors import NotFound
from lodestock_server.usecases.buyers import OwnFigure, OwnFigureKind, buyer_figures, demand_history
from lodestock_server.usecases.defaults import DefaultsBook, Override
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, Traced
from tests.unit.server.tiny_data import Rows, mineral, output, sourcing, tiny_catalog

COUNTRIES = [
    {"iso3": "AUT", "name": "Austria", "eu27": "true", "landlocked": "true", "un_region": ""},
    {"iso3": "POL", "name": "Poland", "eu27": "true", "landlocked": "false", "un_region": ""},
    {"iso3": "NLD", "name": "Netherlands", "eu27": "true", "landlocked": "false", "un_region": ""},
    {"iso3": "CHL", "name": "Chile", "eu27": "false", "landlocked": "false", "un_region": ""},
    {"iso3": "CHN", "name": "China", "eu27": "false", "landlocked": "false", "un_region": ""},
]
GDP = {("AUT", 2023): 5, ("POL", 2023): 4, ("NLD", 2023): 6, ("CHL", 2023): 15, ("CHN", 2023): 70}
GDP |= {("AUT", 2024): 9, ("POL", 2024): 9, ("CHN", 2024): 9}  # Without the Netherlands, so not a year to compare.


def tiny(minerals: Rows, production: Rows, shares: Rows) -> Catalog:
    """A world of five countries with these minerals, outputs and parts in the sourcing."""
    return tiny_catalog(
        {
            "minerals": {"minerals": minerals},
            "geography": {
                "countries": COUNTRIES,
                "distances": [{"iso3": "CHL", "to_iso3": "NLD", "population_weighted_km": 12_000, "capitals_km": 1}],
            },
            "world-supply": {"production": production},
            "eu-minerals": {"sourcing_shares": shares},
            "drivers": {"gdp_real": [{"iso3": c, "year": y, "usd_2015": usd} for (c, y), usd in GDP.items()]},
            "prices": {
                "prices": [{"mineral": m["mineral"], "year": 2021, "usd_per_tonne": 100} for m in minerals],
            },
        }
    )


TINY = tiny(
    [mineral("metal", "740311", "refining"), mineral("ore", "260112", "refining")],
    [
        *output("metal", "refining", 2019, {"POL": 20, "CHN": 150, "": 30}),
        *output("metal", "refining", 2020, {"POL": 30, "CHN": 270}),
        *output("metal", "refining", 2021, {"POL": 36, "CHN": 324, "CHL": 40}),
        *output("ore", "refining", 2021, {"AUT": 1, "CHN": 199}),
    ],
    [
        # Of 0.8 that are named Poland has a quarter; Austria's output is not published.
        *sourcing("metal", "refining", {"POL": 0.2, "AUT": 0.2, "CHL": 0.3, "CHN": 0.1}),
        *sourcing("ore", "mining", {"AUT": 0.5, "POL": 0.5}),
        *sourcing("ore", "refining", {"AUT": 0.02, "CHN": 0.9}),
    ],
)


def test_output_and_its_part_in_the_sourcing_give_the_consumption() -> None:
    """2019: 20 t are a quarter, so 80 of 200 t are used; 2020: 120 of 300: 40 % of the world's output in either."""
    figures = buyer_figures(TINY, "EU27")
    found = {year: figure.value for year, figure in figures.consumption("metal")}
    assert found == pytest.approx({2019: 0.4 * 200, 2020: 0.4 * 300, 2021: 0.4 * 400})
    remark = figures.remarks("metal")[0]
    assert "40.0%" in remark
    assert "rule of sourcing" in remark


def made_by_poland(years: Mapping[int, float]) -> Catalog:
    """Poland is half of the sourcing, and makes these tonnes of 100 a year."""
    rows = [
        row
        for year, tonnes in years.items()
        for row in output("metal", "refining", year, {"POL": tonnes, "CHN": 100 - tonnes})
    ]
    return tiny([mineral("metal", "740311", "refining")], rows, sourcing("metal", "refining", {"POL": 0.5, "CHL": 0.5}))


def test_the_years_of_the_sourcing_count_and_no_others() -> None:
    """The shares are means of 2016 to 2020: of the outputs of these years 10 + 40 t over 200 are 50 % of the use."""
    catalog = made_by_poland({2015: 1, 2016: 10, 2020: 40, 2021: 2})
    figures = buyer_figures(catalog, "EU27")
    assert [figure.value for _, figure in figures.consumption("metal")] == [pytest.approx(50)] * 4
    basis = figures.basis("metal")
    assert basis is not None
    read = {o.row for o in basis.origins if isinstance(o, DatasetOrigin) and o.resource == "production"}
    assert read == {3, 4, 5, 6}  # Two countries a year: the rows of 2016 and 2020.


def test_the_years_that_say_something_are_named() -> None:
    """Poland makes nothing in 2017 and 2018: those years say nothing of the use, and are not in the mean."""
    remark = buyer_figures(made_by_poland({2016: 10, 2017: 0, 2018: 0, 2019: 20}), "EU27").remarks("metal")[0]
    assert "output, mean of 2016, 2019;" in remark
    remark = buyer_figures(made_by_poland({2016: 0, 2017: 10, 2018: 0}), "EU27").remarks("metal")[0]
    assert "world's output, 2017;" in remark


@pytest.mark.parametrize(("hs6", "from_mines"), [("250410", True), ("260112", True), ("271600", False)])
def test_the_sourcing_of_raw_minerals_and_ores_is_that_of_mines(hs6: str, from_mines: bool) -> None:
    """Chapters 25 and 26 hold what is dug; whatever else is traded has been refined."""
    shares = [
        *sourcing("stone", "mining", {"POL": 0.5, "CHL": 0.5}),
        *sourcing("stone", "refining", {"POL": 0.5, "CHN": 0.5}),
    ]
    catalog = tiny([mineral("stone", hs6, "mining")], output("stone", "mining", 2020, {"POL": 1, "CHN": 9}), shares)
    suppliers = [country for country, _ in buyer_figures(catalog, "EU27").suppliers("stone")]
    assert suppliers == (["CHL"] if from_mines else ["CHN"])


@pytest.mark.parametrize(("last", "counts"), [(2017, True), (2016, False)])
def test_output_at_home_is_of_one_of_the_worlds_last_five_years(last: int, counts: bool) -> None:
    """Austria stopped: its output stands for it four years later, and five years later no more."""
    years = [*output("metal", "refining", last, {"AUT": 7}), *output("metal", "refining", 2021, {"CHN": 50})]
    between = [row for year in range(2016, 2021) for row in output("metal", "refining", year, {"CHN": 50})]
    catalog = tiny([mineral("metal", "740311", "refining")], [*years, *between], [])
    outputs = buyer_figures(catalog, "EU27").production("metal")
    assert [(o.country, o.year, o.figure.value) for o in outputs] == ([("AUT", last, 7)] if counts else [])


def test_where_little_is_made_at_home_gdp_gives_the_consumption() -> None:
    """Austria's 2 % are too little to go by: 15 of 100 dollars of the last year with all members."""
    figures = buyer_figures(TINY, "EU27")
    assert [figure.value for _, figure in figures.consumption("ore")] == [pytest.approx(0.15 * 200)]
    assert "rule of GDP" in figures.remarks("ore")[0]
    basis = figures.basis("ore")
    assert basis is not None
    read = {(o.resource, o.row) for o in basis.origins if isinstance(o, DatasetOrigin)}
    assert read == {("gdp_real", row) for row in range(1, 6)}


def test_the_threshold_and_the_intensity_can_be_overridden() -> None:
    """With any share at home good enough, one tonne is 2/92 of the use; an intensity of 2 doubles it."""
    overrides = (Override("demand.least_share_at_home", "", 0.0), Override("demand.intensity_of_use", "ore", 2.0))
    figures = buyer_figures(TINY, "EU27", defaults=DefaultsBook(overrides))
    assert [figure.value for _, figure in figures.consumption("ore")] == [pytest.approx(2 * 1 / (0.02 / 0.92))]


def test_a_bloc_buys_from_outside_what_its_members_do_not_supply() -> None:
    """Half of the 0.8 named is from outside: of 160 t 80, three quarters of it from Chile; Austria supplies 40."""
    figures = buyer_figures(TINY, "EU27")
    imports = figures.imports("metal")
    assert imports is not None
    assert imports.figure.value == pytest.approx(80)
    assert {country: share.value for country, share in figures.suppliers("metal")} == pytest.approx(
        {"CHL": 0.75, "CHN": 0.25}
    )
    at_home = {output.country: output.figure.value for output in figures.production("metal")}
    assert at_home == pytest.approx({"AUT": 40, "POL": 36})
    # Poland's is its own output, Austria's may be of foreign ore.
    assert {output.country for output in figures.production("metal") if output.from_its_reserves} == {"POL"}


def test_a_sourcing_of_what_is_mined_at_home_alone_does_not_count() -> None:
    """The ore mined is all from members, who cannot be all that supplies a buyer: refining is taken."""
    figures = buyer_figures(TINY, "EU27")
    assert [country for country, _ in figures.suppliers("ore")] == ["CHN"]


def test_freight_goes_by_the_largest_port() -> None:
    """12,000 km to the Netherlands and 500 on."""
    way = buyer_figures(TINY, "EU27").distance("CHL", "metal")
    assert way is not None
    assert way.value == 12_500
    assert any(isinstance(o, DefaultOrigin) and o.default_id == "freight.km_from_port_of_bloc" for o in way.origins)


def test_own_consumption_takes_the_place_of_the_whole_estimate() -> None:
    """One year of the caller's beside years of an estimate would make a series of two levels."""
    own = [OwnFigure("metal", OwnFigureKind.CONSUMPTION, 2020, 100.0)]
    figures = buyer_figures(TINY, "EU27", own)
    assert [(year, figure.value) for year, figure in figures.consumption("metal")] == [(2020, 100.0)]
    assert figures.basis("metal") is None
    assert figures.remarks("metal") == ()
    imports = figures.imports("metal")
    assert imports is not None
    assert imports.figure.value == pytest.approx(50)  # Half of the caller's own.


def test_output_of_the_callers_own_is_shared_out_over_the_members() -> None:
    """By their output; where none has any it is the bloc's."""
    own = [OwnFigure(name, OwnFigureKind.PRODUCTION, 2022, 18.0) for name in ("metal", "ore")]
    figures = buyer_figures(TINY, "EU27", own)
    assert [(o.country, o.figure.value) for o in figures.production("metal")] == [("POL", 18.0)]
    assert [(o.country, o.figure.value) for o in figures.production("ore")] == [("AUT", 18.0)]


def recycled(material: str, tonnes: float) -> OwnFigure:
    return OwnFigure(material, OwnFigureKind.RECYCLED_PRODUCTION, 2022, tonnes)


def test_scrap_is_taken_off_the_refined_output_that_counts_it() -> None:
    """19 t of the 76 t refined at home are from scrap: three quarters of each member's are left, and imports stay."""
    figures = buyer_figures(TINY, "EU27", [recycled("metal", 19)])
    outputs = figures.production("metal")
    assert {o.country: o.figure.value for o in outputs} == pytest.approx({"AUT": 30, "POL": 27})
    assert all(CallerOrigin("own_figures[0].value") in o.figure.origins for o in outputs)
    imports = figures.imports("metal")
    assert imports is not None
    assert imports.figure.value == pytest.approx(80)
    remarks = " ".join(figures.remarks("metal"))
    assert "the output from scrap given was taken off it" in remarks
    assert "output from scrap is not in the data" not in remarks
    assert "output from scrap is not in the data" in " ".join(buyer_figures(TINY, "EU27").remarks("metal"))


def test_more_scrap_than_is_refined_leaves_nothing_from_ore() -> None:
    """And nothing is owed."""
    assert buyer_figures(TINY, "EU27", [recycled("metal", 100)]).production("metal") == ()


def test_a_country_imports_what_it_makes_neither_of_ore_nor_of_scrap() -> None:
    """Poland uses 50 t and refines 36, of which 9 are from scrap: 14 are imported, with that known or without."""
    used = OwnFigure("metal", OwnFigureKind.CONSUMPTION, 2021, 50.0)
    figures = buyer_figures(TINY, "POL", [used, recycled("metal", 9)])
    assert {o.country: o.figure.value for o in figures.production("metal")} == pytest.approx({"POL": 27})
    imports = figures.imports("metal")
    assert imports is not None
    assert imports.figure.value == pytest.approx(14)


@pytest.mark.parametrize(
    ("stage", "basis", "counts_scrap"),
    [
        ("refining", "Refinery production", True),
        ("refining", "primary metal", False),
        ("refining", "Smelter production", False),
        ("mining", "Mine production", False),
    ],
)
def test_scrap_is_not_taken_off_what_is_from_ore(stage: str, basis: str, counts_scrap: bool) -> None:
    """Mines dig none, and primary metal is of ore."""
    hs6 = "740311" if stage == "refining" else "260300"
    rows = output("metal", stage, 2020, {"POL": 10, "CHN": 90}, basis)
    catalog = tiny([mineral("metal", hs6, stage)], rows, sourcing("metal", stage, {"POL": 0.5, "CHL": 0.5}))
    figures = buyer_figures(catalog, "EU27", [recycled("metal", 4)])
    assert [o.figure.value for o in figures.production("metal")] == [pytest.approx(6 if counts_scrap else 10)]
    assert any("taken off" in remark for remark in figures.remarks("metal")) == counts_scrap


def test_own_output_from_ore_stands_beside_own_output_from_scrap() -> None:
    """Both are the caller's, and the one says that it is without the other."""
    own = [OwnFigure("metal", OwnFigureKind.PRODUCTION, 2022, 18.0), recycled("metal", 9)]
    figures = buyer_figures(TINY, "EU27", own)
    assert [o.figure.value for o in figures.production("metal")] == [18.0]
    assert not [remark for remark in figures.remarks("metal") if "scrap" in remark]


def test_what_is_said_of_the_consumption_stands_apart() -> None:
    """A forecast of demand need not tell of suppliers, imports and scrap."""
    (said,) = buyer_figures(TINY, "EU27").remarks_on_consumption("metal")
    assert "it was estimated as 40.0% of the world's output" in said
    own = [OwnFigure("metal", OwnFigureKind.CONSUMPTION, 2021, 50.0)]
    figures = buyer_figures(TINY, "POL", own)
    assert figures.remarks_on_consumption("metal") == ()
    assert [remark for remark in figures.remarks("metal") if "imports are not published" in remark]


def test_imports_that_are_not_known_are_the_rest_of_the_demand() -> None:
    """The United States publish no tonnage of their imports of vanadium, but what they make; of tin they do."""
    catalog = BundledCatalog()
    figures = buyer_figures(catalog, "USA")
    assert figures.imports("vanadium") is None
    at_home = [*figures.production("vanadium"), figures.recycled("vanadium")]
    made = sum(output.figure.value for output in at_home if output is not None)
    assert made > 0
    assert figures.imports_or_rest("vanadium", Traced(made + 5, ())).value == pytest.approx(5)
    assert figures.imports_or_rest("vanadium", Traced(made - 5, ())).value == 0
    published = catalog.statistic("USA", "tin", Statistic.IMPORTS)[-1].figure
    assert figures.imports_or_rest("tin", Traced(1.0, ())) == Traced.read(published)


def test_a_country_without_figures_says_what_it_uses_itself() -> None:
    """Then suppliers are the world's producers, its own output apart, and imports what it does not make itself."""
    with pytest.raises(NotFound, match="own_figures of kind CONSUMPTION for metal"):
        demand_history(buyer_figures(TINY, "POL"), "metal")
    own = [OwnFigure("metal", OwnFigureKind.CONSUMPTION, 2021, 50.0)]
    figures = buyer_figures(TINY, "POL", own)
    assert figures.materials() == ("metal",)
    imports = figures.imports("metal")
    assert imports is not None
    assert imports.figure.value == 14
    assert [(o.country, o.figure.value) for o in figures.production("metal")] == [("POL", 36.0)]
    found = {country: share.value for country, share in figures.suppliers("metal")}
    assert found == pytest.approx({"CHN": 324 / 364, "CHL": 40 / 364})
    assert [remark for remark in figures.remarks("metal") if "suppliers are not published" in remark]


def test_the_bundled_rows_give_copper_by_hand() -> None:
    """Refined copper: output of 2021 by members whose share is known, ÷ that share, in the world's output."""
    catalog = BundledCatalog()
    home = set(catalog.bloc("EU27"))
    shares = {s.iso3: s.figure.value for s in catalog.sourcing_shares("EU27", "copper", Stage.REFINING)}
    table = catalog.production("copper", year=2021)
    made = {r.iso3: r.figure.value for r in table.rows if r.iso3 in home and r.iso3 in shares and r.figure.value > 0}
    used = sum(made.values()) / (sum(shares[c] for c in made) / sum(shares.values()))
    last = catalog.production("copper")
    history = buyer_figures(catalog, "EU27").consumption("copper")
    assert history[-1].year == int(last.period)
    assert history[-1].figure.value == pytest.approx(used / table.total * last.total)
    assert 2.5e6 < history[-1].figure.value < 4.5e6


def test_the_bundled_rows_give_tin_by_hand() -> None:
    """Tin is judged by its mines, and bought as metal: the EU's part in the world's GDP × world output."""
    catalog = BundledCatalog()
    year = 2024
    gdp = {
        country.iso3: observed.figure.value
        for country in catalog.countries()
        for observed in catalog.driver(Driver.GDP_REAL, country.iso3)
        if observed.year == year
    }
    part = sum(gdp[member] for member in catalog.bloc("EU27")) / sum(gdp.values())
    history = demand_history(buyer_figures(catalog, "EU27"), "tin")
    for of_year, figure in history:
        assert figure.value == pytest.approx(part * catalog.production("tin", year=of_year).total)
        resources = {o.resource for o in figure.origins if isinstance(o, DatasetOrigin)}
        assert resources == {"production", "gdp_real"}
        assert any(isinstance(o, DefaultOrigin) for o in figure.origins)
