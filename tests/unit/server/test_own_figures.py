"""Figures of the caller's own: units, forms and names, what goes before the data, and what is wrong with them."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import pytest

from lodestock_server.catalog import BundledCatalog, DatasetOrigin, Statistic
from lodestock_server.usecases.buyers import OwnFigure, OwnFigureKind, buyer_figures, own_figure_violations
from lodestock_server.usecases.origins import CallerOrigin

CATALOG = BundledCatalog()
KIND = OwnFigureKind
LB_PER_TONNE = 1 / 0.00045359237


def wrong(*own: OwnFigure, buyer: str = "POL") -> dict[str, str]:
    """Violations by path."""
    found = own_figure_violations(CATALOG, buyer, own, "own_figures")
    assert len({violation.field_path for violation in found}) == len(found)
    return {violation.field_path: violation.description for violation in found}


@pytest.mark.parametrize(
    ("material", "value", "unit", "form", "tonnes"),
    [
        ("copper", 300.0, "kt", "", 300_000.0),
        ("Cu", 300_000 * LB_PER_TONNE, "lb", "", 300_000.0),
        ("COPPER", 400.0, "", "concentrate of 25 % Cu", 100.0),
        ("lithium", 1.0, "kt", "Lithium Carbonate", 187.85),
        ("gold", 1000.0, "troy oz", "", 0.0311034768),
        ("wolfram", 100.0, "mtu", "", 1.0),
    ],
)
def test_masses_come_in_any_unit_form_and_name(
    material: str, value: float, unit: str, form: str, tonnes: float
) -> None:
    """All are tonnes of what the material's tonnes count, and say so."""
    own = OwnFigure(material, KIND.CONSUMPTION, 2024, value, unit, form, source="our survey")
    assert wrong(own) == {}
    figures = buyer_figures(CATALOG, "POL", [own])
    (name,) = figures.materials()
    ((year, figure),) = figures.consumption(name)
    assert year == 2024
    assert figure.value == pytest.approx(tonnes)
    caller, *rows = figure.origins
    assert caller == CallerOrigin("own_figures[0].value", "our survey")
    assert [row.resource for row in rows if isinstance(row, DatasetOrigin)] == (["forms"] if form else [])
    assert figure.derivation == (
        f"converted from {unit or 't'}" + (f" of {form}" if form else "") if unit or form else ""
    )


def test_prices_are_of_a_tonne_of_content() -> None:
    """A dollar a pound of carbonate is 2,204.6 USD/t of it, and 0.18785 t of lithium are in that tonne."""
    own = OwnFigure("lithium", KIND.PRICE, 2026, 1.0, "USD/lb", "lithium carbonate")
    price = buyer_figures(CATALOG, "POL", [own]).price("lithium")
    assert price.year == 2026
    assert price.figure.value == pytest.approx(LB_PER_TONNE / 0.18785)


def test_imports_by_country_are_shares_or_masses() -> None:
    """30 of 40 t are three quarters; of 50 t imported a fifth then comes from nobody knows where."""
    masses = [
        OwnFigure("copper", KIND.IMPORTS_BY_COUNTRY, 2024, 30, "t", country="CHL"),
        OwnFigure("copper", KIND.IMPORTS_BY_COUNTRY, 2024, 10, "t", country="PER"),
        OwnFigure("copper", KIND.IMPORTS_BY_COUNTRY, 2020, 99, "t", country="COD"),
    ]
    figures = buyer_figures(CATALOG, "POL", masses)
    found = {country: share.value for country, share in figures.suppliers("copper")}
    assert found == pytest.approx({"CHL": 0.75, "PER": 0.25})
    imports = figures.imports("copper")
    assert imports is not None
    assert (imports.year, imports.figure.value) == (2024, 40)

    whole = OwnFigure("copper", KIND.IMPORTS, 2024, 50)
    figures = buyer_figures(CATALOG, "POL", [*masses, whole])
    found = {country: share.value for country, share in figures.suppliers("copper")}
    assert found == pytest.approx({"CHL": 0.6, "PER": 0.2, None: 0.2})

    shares = [
        OwnFigure("copper", KIND.IMPORTS_BY_COUNTRY, 2024, 60, "%", country="CHL"),
        OwnFigure("copper", KIND.IMPORTS_BY_COUNTRY, 2024, 0.4, country="ZZZ"),
    ]
    figures = buyer_figures(CATALOG, "POL", shares)
    found = {country: share.value for country, share in figures.suppliers("copper")}
    assert found == pytest.approx({"CHL": 0.6, None: 0.4})


def test_own_figures_go_before_statistics_figure_by_figure() -> None:
    """The year that is given is replaced, the others stay; so do all other kinds and materials."""
    own = [
        OwnFigure("cobalt", KIND.CONSUMPTION, 2024, 1.0),
        OwnFigure("cobalt", KIND.CONSUMPTION, 2030, 2.0),
        OwnFigure("cobalt", KIND.IMPORTS, 2020, 3.0),
    ]
    figures, stored = buyer_figures(CATALOG, "USA", own), buyer_figures(CATALOG, "USA")
    expected = {year: figure.value for year, figure in stored.consumption("cobalt")} | {2024: 1.0, 2030: 2.0}
    assert {year: figure.value for year, figure in figures.consumption("cobalt")} == expected
    imports = figures.imports("cobalt")
    assert imports is not None
    assert (imports.year, imports.figure.value) == (2020, 3.0)
    exports = figures.exports("cobalt")
    assert exports is not None
    assert exports.figure.value == CATALOG.statistic("USA", "cobalt", Statistic.EXPORTS)[-1].figure.value
    assert figures.suppliers("cobalt") == stored.suppliers("cobalt")
    assert figures.consumption("tin") == stored.consumption("tin")


def test_a_material_without_statistics_of_the_buyer_is_filled_from_the_world() -> None:
    """The United States publish no consumption of lithium; who gives it gets suppliers and output too."""
    assert "lithium" not in buyer_figures(CATALOG, "USA").materials()
    figures = buyer_figures(CATALOG, "USA", [OwnFigure("lithium", KIND.CONSUMPTION, 2024, 3.0, "kt")])
    assert "lithium" in figures.materials()
    assert figures.suppliers("lithium")
    assert "USA" not in {country for country, _ in figures.suppliers("lithium")}


def test_the_example_on_the_page_is_sound() -> None:
    """The CSV of docs/data.md, read as its columns say."""
    page = (Path(__file__).resolve().parents[3] / "docs" / "data.md").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(page.split("```csv\n")[1].split("```")[0])))
    own = [
        OwnFigure(
            material=row["material"],
            kind=OwnFigureKind[row["kind"].upper()],
            year=int(row["year"]),
            value=float(row["value"]),
            unit=row["unit"],
            form=row["form"],
            country=row["country"],
            source=row["source"],
        )
        for row in rows
    ]
    assert wrong(*own) == {}
    figures = buyer_figures(CATALOG, "POL", own)
    assert figures.materials() == ("lithium",)
    assert figures.price("tungsten").figure.value > 20_000


@pytest.mark.parametrize(
    ("own", "field", "text"),
    [
        (OwnFigure("unobtainium", KIND.PRICE, 2024, 1), "material", "unobtainium"),
        (OwnFigure("coper", KIND.PRICE, 2024, 1), "material", "copper"),
        (OwnFigure("copper", KIND.CONSUMPTION, 2024, 1, "bushel"), "unit", "bushel"),
        (OwnFigure("copper", KIND.CONSUMPTION, 2024, 1, "%"), "unit", "mass"),
        (OwnFigure("copper", KIND.CONSUMPTION, 2024, 1, "ton"), "unit", "short ton"),
        (OwnFigure("copper", KIND.PRICE, 2024, 1, "t"), "unit", "USD/t"),
        (OwnFigure("copper", KIND.IMPORTS_BY_COUNTRY, 2024, 1, "USD/t", country="CHL"), "unit", "neither"),
        (OwnFigure("copper", KIND.IMPORTS, 2024, 1, form="cuprous nonsense"), "form", "concentrate of 25 % Cu"),
        (
            OwnFigure("copper", KIND.IMPORTS_BY_COUNTRY, 2024, 1, form="copper(II) oxide", country="CHL"),
            "form",
            "weighs nothing",
        ),
        (OwnFigure("copper", KIND.IMPORTS_BY_COUNTRY, 2024, 0.5), "country", "ISO 3166-1"),
        (OwnFigure("copper", KIND.IMPORTS_BY_COUNTRY, 2024, 0.5, country="XQZ"), "country", "XQZ"),
        (OwnFigure("copper", KIND.IMPORTS_BY_COUNTRY, 2024, 0.5, country="POL"), "country", "at home"),
        (OwnFigure("copper", KIND.CONSUMPTION, 2024, 1, country="CHL"), "country", "must be empty"),
        (OwnFigure("copper", KIND.IMPORTS_BY_COUNTRY, 2024, 101, "%", country="CHL"), "value", "100 %"),
        (OwnFigure("copper", KIND.CONSUMPTION, 2024, 1e7, "Mt"), "value", "1e+12"),
        (OwnFigure("copper", KIND.CONSUMPTION, 2024, -1), "value", "must make from 0"),
        (OwnFigure("copper", KIND.CONSUMPTION, 2024, math.nan), "value", "must make from 0"),
        (OwnFigure("copper", KIND.PRICE, 2024, 0), "value", "above 0"),
    ],
)
def test_each_fault_is_named_with_what_would_be_right(own: OwnFigure, field: str, text: str) -> None:
    """One fault, one path."""
    found = wrong(own)
    assert set(found) == {f"own_figures[0].{field}"}
    assert text in found[f"own_figures[0].{field}"]


def test_a_member_is_no_supplier_of_its_bloc() -> None:
    """Output of the members is production at home."""
    own = OwnFigure("copper", KIND.IMPORTS_BY_COUNTRY, 2024, 0.5, country="POL")
    assert set(wrong(own, buyer="EU27")) == {"own_figures[0].country"}
    assert wrong(own, buyer="DEU") == {}


def test_figures_that_do_not_go_together_are_named() -> None:
    """Twice the same under two names, shares beyond 1, shares beside masses, parts beyond the whole: all at once."""
    by_country = KIND.IMPORTS_BY_COUNTRY
    found = wrong(
        OwnFigure("tin", KIND.CONSUMPTION, 2024, 1),
        OwnFigure("Sn", KIND.CONSUMPTION, 2024, 2),
        OwnFigure("copper", by_country, 2024, 0.7, country="CHL"),
        OwnFigure("copper", by_country, 2024, 0.7, country="PER"),
        OwnFigure("zinc", by_country, 2024, 0.5, country="PER"),
        OwnFigure("zinc", by_country, 2024, 5, "t", country="CAN"),
        OwnFigure("lead", KIND.IMPORTS, 2024, 10),
        OwnFigure("lead", by_country, 2024, 11, "t", country="CAN"),
        OwnFigure("lead", by_country, 2023, 11, "t", country="CAN"),
    )
    assert set(found) == {"own_figures[1]", "own_figures[3].value", "own_figures[5].unit", "own_figures[7].value"}
    assert "own_figures[0]" in found["own_figures[1]"]
    assert "1.4" in found["own_figures[3].value"]
    assert "own_figures[6]" in found["own_figures[7].value"]
