"""The stock policy of a built problem: where the larger of two figures is taken, it rests on both."""

from __future__ import annotations

from dataclasses import replace

from lodestock_optimizers.problem import DemandTier, Source, SourceKind
from lodestock_server.usecases.defaults import DefaultsBook, Override
from lodestock_server.usecases.origins import CallerOrigin, Traced, TracedField
from lodestock_server.usecases.stock_policy import StockNeeds, stock_policy
from lodestock_server.usecases.supply_sources import LANDED_COST_FIELDS, Supply, dearest_landed_cost


def given(value: float, name: str) -> Traced:
    return Traced(value, (CallerOrigin(name),))


def names(origins: object) -> set[str]:
    assert isinstance(origins, tuple)
    return {origin.field_path for origin in origins if isinstance(origin, CallerOrigin)}


def figures_of(*overrides: Override, dearest: float = 1.0) -> dict[str, TracedField]:
    """The figures of a policy for a demand of 365 t a year at 100 USD/t."""
    needs = StockNeeds(
        "cobalt",
        (given(365.0, "first year"), given(365.0, "last year")),
        given(100.0, "price"),
        {tier: given(1.0, f"cost of {tier.value}") for tier in DemandTier},
        given(dearest, "dearest"),
        None,
    )
    _, figures = stock_policy(DefaultsBook(overrides), needs)
    return {figure.field_path.rpartition(".")[2]: figure for figure in figures}


def test_a_store_that_is_as_large_as_the_opening_stock_rests_on_it() -> None:
    """Ten years of demand are there, and the store is made for two."""
    days, years = Override("stock.opening_days", "", 3650.0), Override("stock.capacity_years", "", 2.0)
    capacity = figures_of(days, years)["capacity_tonnes"]
    assert capacity.values == (3650.0,)
    assert names(capacity.origins) == {"overrides[0].value", "overrides[1].value", "first year"}
    assert "opening stock" in capacity.derivation


def test_costs_of_falling_short_rest_on_the_dearest_landed_cost() -> None:
    figures = figures_of(dearest=500.0)
    assert figures["closing_shortfall_usd_per_tonne"].values == (500.0,)
    for name in ("closing_shortfall_usd_per_tonne", "floor_shortfall_usd_per_tonne_year"):
        assert {"dearest", "cost of ESSENTIAL", "cost of GENERAL"} <= names(figures[name].origins)


def supply_of(**landed: tuple[tuple[float, ...], float, float]) -> Supply:
    """Sources with prices, tariff and freight, each figure given by the caller."""
    sources, figures = [], []
    for name, (prices, tariff, freight) in landed.items():
        source = Source(name, "cobalt", name, SourceKind.IMPORT, prices, (1.0,))
        source = replace(source, tariff_rate=(tariff,), freight_usd_per_tonne=freight)
        sources.append(source)
        for field in LANDED_COST_FIELDS:
            where = f"{name}.{field}"
            figures.append(TracedField(f"sources[{name}].{field}", (0.0,), "", "", (CallerOrigin(where),)))
    return Supply(tuple(sources), (), tuple(figures), ())


def test_the_dearest_landed_cost_rests_on_price_tariff_and_freight_of_its_source() -> None:
    """AUS: 100 · 1.1 + 5 = 115; COD: in its dearer year 110 · 1 + 50 = 160."""
    supply = supply_of(AUS=((100.0,), 0.1, 5.0), COD=((90.0, 110.0), 0.0, 50.0))
    found = dearest_landed_cost(supply, given(90.0, "price"))
    assert found.value == 160.0
    assert names(found.origins) == {"price", *(f"COD.{field}" for field in LANDED_COST_FIELDS)}


def test_without_a_source_there_is_no_landed_cost() -> None:
    assert dearest_landed_cost(supply_of(), given(90.0, "price")).value == 0.0
