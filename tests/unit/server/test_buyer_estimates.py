"""What a bloc uses, makes and buys, estimated from the world's figures: reckoned by hand."""

from __future__ import annotations

import pytest

from lodestock_server.catalog import BundledCatalog, DatasetOrigin, Driver, Stage
from lodestock_server.errors import NotFound
from lodestock_server.usecases.buyers import OwnFigure, OwnFigureKind, buyer_figures, demand_history
from lodestock_server.usecases.defaults import DefaultsBook, Override
from lodestock_server.usecases.origins import DefaultOrigin
from tests.unit.server.tiny_data import mineral, output, sourcing, tiny_catalog

COUNTRIES = [
    {"iso3": "AUT", "name": "Austria", "eu27": "true", "landlocked": "true"},
    {"iso3": "POL", "name": "Poland", "eu27": "true", "landlocked": "false"},
    {"iso3": "NLD", "name": "Netherlands", "eu27": "true", "landlocked": "false"},
    {"iso3": "CHL", "name": "Chile", "eu27": "false", "landlocked": "false"},
    {"iso3": "CHN", "name": "China", "eu27": "false", "landlocked": "false"},
]
GDP = {("AUT", 2023): 5, ("POL", 2023): 4, ("NLD", 2023): 6, ("CHL", 2023): 15, ("CHN", 2023): 70}
GDP |= {("AUT", 2024): 9, ("POL", 2024): 9, ("CHN", 2024): 9}  # Without the Netherlands, so not a year to compare.

TINY = tiny_catalog(
    {
        "minerals": {"minerals": [mineral("metal", "740311", "refining"), mineral("ore", "260112", "refining")]},
        "geography": {
            "countries": COUNTRIES,
            "distances": [{"iso3": "CHL", "to_iso3": "NLD", "population_weighted_km": 12_000, "capitals_km": 1}],
        },
        "world-supply": {
            "production": [
                *output("metal", "refining", 2019, {"POL": 20, "CHN": 150, "": 30}),
                *output("metal", "refining", 2020, {"POL": 30, "CHN": 270}),
                *output("metal", "refining", 2021, {"POL": 36, "CHN": 324, "CHL": 40}),
                *output("ore", "refining", 2021, {"AUT": 1, "CHN": 199}),
            ]
        },
        "eu-minerals": {
            "sourcing_shares": [
                # Of 0.8 that are named Poland has a quarter; Austria's output is not published.
                *sourcing("metal", "refining", {"POL": 0.2, "AUT": 0.2, "CHL": 0.3, "CHN": 0.1}),
                *sourcing("ore", "mining", {"AUT": 0.5, "POL": 0.5}),
                *sourcing("ore", "refining", {"AUT": 0.02, "CHN": 0.9}),
            ]
        },
        "drivers": {"gdp_real": [{"iso3": c, "year": y, "usd_2015": usd} for (c, y), usd in GDP.items()]},
        "prices": {"prices": [{"mineral": m, "year": 2021, "usd_per_tonne": 100} for m in ("metal", "ore")]},
    }
)


def test_output_and_its_part_in_the_sourcing_give_the_consumption() -> None:
    """2019: 20 t are a quarter, so 80 of 200 t are used; 2020: 120 of 300: 40 % of the world's output in either."""
    figures = buyer_figures(TINY, "EU27")
    found = {year: figure.value for year, figure in figures.consumption("metal")}
    assert found == pytest.approx({2019: 0.4 * 200, 2020: 0.4 * 300, 2021: 0.4 * 400})
    remark = figures.remarks("metal")[0]
    assert "40.0%" in remark
    assert "rule of sourcing" in remark


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
