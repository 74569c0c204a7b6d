"""A problem built from the bundled data: every figure has its origin, every default can be seen and overridden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

import pytest

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.problem import DemandTier, Embargo, Scenario, SourceKind, StockPolicy, TradeRule
from lodestock_optimizers.validation import validate
from lodestock_server.catalog import BundledCatalog, DatasetOrigin, bundled_packages
from lodestock_server.errors import InvalidRequest, NotFound
from lodestock_server.usecases.build_problem import (
    BuildRequest,
    BuiltProblem,
    DemandPath,
    ForecastPath,
    build_problem,
)
from lodestock_server.usecases.buyers import OwnFigure, OwnFigureKind, Yearly
from lodestock_server.usecases.defaults import DEFAULTS, Override
from lodestock_server.usecases.demand_scenarios import DemandUncertainty
from lodestock_server.usecases.drivers import GdpScenario
from lodestock_server.usecases.forecast_demand import demand_paths
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, ForecastOrigin
from lodestock_server.usecases.supply_sources import UNNAMED_COUNTRIES

CATALOG = BundledCatalog()


def last_value(
    histories: Mapping[str, Sequence[Yearly]], years: int, levels: Sequence[float]
) -> dict[str, ForecastPath]:
    """A forecast of no change, so that these tests do not wait for the models."""
    return {
        name: ForecastPath("naive 1", {0.5: {h[-1].year + k: h[-1].figure.value for k in range(1, years + 1)}})
        for name, h in histories.items()
    }


def build(**changes: object) -> BuiltProblem:
    request = BuildRequest(buyer="USA", horizon_years=3, **changes)  # type: ignore[arg-type]
    return build_problem(CATALOG, request, last_value)


def test_the_whole_country_makes_a_valid_problem() -> None:
    built = build()
    assert validate(built.problem) == []
    assert len(built.problem.materials) >= 15
    assert [p.label for p in built.problem.periods] == ["2026", "2027", "2028"]
    assert {s.kind for s in built.problem.sources} == set(SourceKind)


NOT_BUILT = ("fixed_cost_usd", "min_order_tonnes", "footprints")
"""What no data tell of a source: left out, for the caller to give."""


def test_every_figure_of_the_problem_is_traced() -> None:
    built = build(material_ids=("cobalt", "antimony"))
    traced = {figure.field_path for figure in built.figures}

    for source in built.problem.sources:
        assert all(not getattr(source, name) for name in NOT_BUILT)
        for field in fields(source):
            if isinstance(getattr(source, field.name), float | tuple) and field.name not in NOT_BUILT:
                assert f"sources[{source.source_id}].{field.name}" in traced
    for material in built.problem.materials:
        for d in range(len(material.demand)):
            for name in ("demand_tonnes", "shortage_cost_usd_per_tonne"):
                assert f"materials[{material.material_id}].demand[{d}].{name}" in traced
    for deposit in built.problem.deposits:
        assert f"deposits[{deposit.deposit_id}].reserves_tonnes" in traced


def test_every_figure_rests_on_rows_that_exist_or_says_why_it_rests_on_none() -> None:
    packages = {package.name: package for package in bundled_packages()}
    for figure in build(material_ids=("gallium", "tin")).figures:
        assert figure.origins or figure.derivation
        for origin in figure.origins:
            if isinstance(origin, DatasetOrigin):
                table = packages[origin.dataset].table(origin.resource)
                assert 1 <= origin.row <= len(table)


def test_what_stands_in_for_missing_figures_is_listed_with_its_reason() -> None:
    built = build(material_ids=("cobalt",))
    ids = {used.default.default_id for used in built.defaults}
    assert {"tariff.rate", "freight.usd_per_tonne_km", "stock.opening_days", "tier.defence_share"} <= ids
    assert all(used.default.reason for used in built.defaults)
    named = {o.default_id for f in built.figures for o in f.origins if isinstance(o, DefaultOrigin)}
    assert named == {used.default.default_id for used in built.defaults if not used.overridden}


def test_an_import_can_deliver_what_it_delivers_now_and_room_for_growth() -> None:
    built = build(material_ids=("cobalt",), overrides=(Override("capacity.share_of_output", "", 0.0),))
    norway = next(s for s in built.problem.sources if s.country == "NOR")
    share = next(f.figure.value for f in CATALOG.import_sources("USA", "cobalt") if f.iso3 == "NOR")
    imports = next(f for f in built.figures if f.field_path == "sources[cobalt/NOR].capacity_tonnes")
    assert norway.capacity_tonnes[0] == pytest.approx(1.25 * share * 14_000)
    assert any(isinstance(o, DatasetOrigin) and o.resource == "us_statistics" for o in imports.origins)


def test_suppliers_that_the_data_do_not_name_stand_as_one_source() -> None:
    built = build(material_ids=("tantalum",))
    assert any(s.country == UNNAMED_COUNTRIES for s in built.problem.sources)
    assert any(UNNAMED_COUNTRIES in remark for remark in built.remarks)


def test_the_callers_own_values_replace_the_defaults_and_leave_their_trace() -> None:
    everywhere = Override("tier.defence_share", "", 0.1)
    for_tin = Override("tier.defence_share", "tin", 0.2, "ministry's survey")
    built = build(material_ids=("cobalt", "tin"), overrides=(everywhere, for_tin))
    demand = {
        m.material_id: next(d for d in m.demand if d.tier is DemandTier.DEFENCE).demand_tonnes[0]
        for m in built.problem.materials
    }
    assert demand["cobalt"] == pytest.approx(0.1 * 9_600)
    assert demand["tin"] == pytest.approx(0.2 * 43_000)
    figure = next(f for f in built.figures if f.field_path == "materials[tin].demand[0].demand_tonnes")
    assert CallerOrigin("overrides[1].value", "ministry's survey") in figure.origins
    used = [u for u in built.defaults if u.default.default_id == "tier.defence_share"]
    assert [(u.value, u.overridden, u.material_ids) for u in used] == [(0.1, True, ("cobalt",)), (0.2, True, ("tin",))]


def test_every_default_can_be_overridden() -> None:
    values = {d.default_id: 0.5 * d.value for d in DEFAULTS} | {"contract.fee_share_of_price": 0.01}
    values |= {"price.growth_per_year": 0.02}
    overrides = tuple(Override(default_id, "", value) for default_id, value in values.items())
    problems = [build_problem(CATALOG, BuildRequest(b, 3, overrides=overrides), last_value) for b in ("USA", "EU27")]
    used = [default for built in problems for default in built.defaults]
    assert all(default.overridden for default in used)
    assert {default.default.default_id: default.value for default in used} == values


def test_demand_is_the_forecasts_median_or_the_callers_own() -> None:
    built = build(material_ids=("cobalt", "tin"), demand=(DemandPath("tin", (10.0, 20.0, 30.0)),))
    by_id = {m.material_id: m for m in built.problem.materials}
    assert sum(d.demand_tonnes[2] for d in by_id["tin"].demand) == pytest.approx(30.0)
    origins = {f.field_path: f.origins for f in built.figures}
    assert CallerOrigin("demand[0].demand_tonnes") in origins["materials[tin].demand[0].demand_tonnes"]
    assert ForecastOrigin("naive 1", "median path", 0) in origins["materials[cobalt].demand[0].demand_tonnes"]


def chinese_copper(scenario: GdpScenario | None = None) -> BuiltProblem:
    """A use that grew with the economy for 25 years, planned by the model that follows the economy."""
    own = tuple(OwnFigure("copper", OwnFigureKind.CONSUMPTION, 2000 + i, 1e6 * 1.05**i) for i in range(25))
    model = "per_capita_s_curve"
    request = BuildRequest(
        "CHN",
        5,
        material_ids=("copper",),
        own_figures=own,
        forecast_model=model,
        gdp_scenario=scenario,
        demand_uncertainty=DemandUncertainty((0.1, 0.5, 0.9)),
    )
    return build_problem(CATALOG, request, demand_paths(CATALOG, "CHN", 60.0, model=model, gdp_scenario=scenario))


def test_demand_that_follows_the_economy_names_its_rows_and_its_pathway() -> None:
    """Rows of population and GDP from the first year of use to the last planned one, and who chose the pathway."""
    built = chinese_copper(GdpScenario.SSP5)
    by_path = {figure.field_path: figure for figure in built.figures}
    demand = by_path["materials[copper].demand[2].demand_tonnes"]
    assert CallerOrigin("gdp_scenario", "SSP5") in demand.origins
    package = next(package for package in bundled_packages() if package.name == "drivers")
    read = {origin for origin in demand.origins if isinstance(origin, DatasetOrigin) and origin.dataset == "drivers"}
    rows = [package.table(origin.resource)[origin.row - 1].cells for origin in read]
    assert {row["iso3"] for row in rows} == {"CHN"}
    years: dict[str, set[int]] = {}
    for row in rows:
        years.setdefault(row.get("scenario", "historical"), set()).add(int(row["year"]))
    # 2029 lies between 2025 and 2030, the splice of 2024 between 2020 and 2025.
    assert years == {"historical": set(range(2000, 2025)), "SSP5": {2020, 2025, 2030}}
    (remark,) = (remark for remark in built.remarks if "population and GDP" in remark)
    assert remark.startswith("population and GDP of CHN: World Bank to 2024, then the growth of SSP5 (population ×")
    assert remark not in build(material_ids=("copper",)).remarks


def test_a_pathway_that_nobody_named_is_a_default() -> None:
    """The middle of the road, which leads elsewhere than SSP5."""
    taken, named = chinese_copper(), chinese_copper(GdpScenario.SSP5)
    path = "materials[copper].demand[2].demand_tonnes"
    of_default, of_caller = (next(f for f in built.figures if f.field_path == path) for built in (taken, named))
    assert of_default.values[-1] < of_caller.values[-1]
    assert "gdp_scenario" not in {o.field_path for o in of_default.origins if isinstance(o, CallerOrigin)}
    (reason,) = (o.reason for o in of_default.origins if isinstance(o, DefaultOrigin) and not o.default_id)
    assert reason.startswith("SSP2, the middle of the road")


def test_factors_of_demand_that_runs_high_or_low_rest_on_the_forecast() -> None:
    """Each on its own quantile path, the observed use, and the economy that the model follows."""
    built = chinese_copper(GdpScenario.SSP5)
    factors = [figure for figure in built.figures if figure.field_path.endswith(".factor")]
    assert len(factors) == sum(len(scenario.demand_factors) for scenario in built.problem.scenarios)
    for figure in factors:
        (forecast,) = (origin for origin in figure.origins if isinstance(origin, ForecastOrigin))
        level = "0.1" if "quantile 0.1" in figure.field_path else "0.9"
        assert forecast.statistic == f"path of quantile {level}"
        assert {"own_figures[0].value", "own_figures[24].value", "gdp_scenario"} <= {
            origin.field_path for origin in figure.origins if isinstance(origin, CallerOrigin)
        }
        assert any(isinstance(origin, DatasetOrigin) and origin.dataset == "drivers" for origin in figure.origins)


def test_all_that_is_wrong_with_a_request_is_said_at_once() -> None:
    with pytest.raises(InvalidRequest) as caught:
        build(
            material_ids=("unobtainium", "tin"),
            demand=(DemandPath("tin", (1.0, 2.0)),),
            overrides=(Override("no.such", "", 1.0), Override("stock.loss_rate", "gold", 2.0)),
        )
    assert [v.field_path for v in caught.value.violations] == [
        "material_ids[0]",
        "demand[0].demand_tonnes",
        "overrides[0].default_id",
        "overrides[1].value",
        "overrides[1].material_id",
    ]


def test_rules_and_scenarios_are_checked_against_what_was_built() -> None:
    with pytest.raises(InvalidRequest) as caught:
        build(
            material_ids=("tin",),
            rules=(TradeRule("r", Embargo(), material_ids=("cobalt",)),),
            scenarios=(Scenario("late", 0.1, 7),),
        )
    assert [v.field_path for v in caught.value.violations] == ["rules[0].material_ids[0]", "scenarios[0].onset_period"]


def test_an_unknown_buyer_is_not_found() -> None:
    with pytest.raises(NotFound, match="USA"):
        build_problem(CATALOG, BuildRequest("ATA", 3), last_value)


def test_what_the_optimiser_would_assume_by_itself_is_shown_and_set() -> None:
    built = build(material_ids=("cobalt",), floor_days=60.0)
    shown = {used.default.default_id for used in built.defaults}
    assert shown >= {"plan.price_of_risk", "plan.discount_rate", "contract.lead_years", "price.growth_per_year"}
    stock = built.problem.materials[0].stock
    assert stock is not None
    assert stock.closing_tonnes == pytest.approx(60 / 365 * 9_600)
    # A quarter of 20 and 5 times the price, and that over three years.
    price = CATALOG.latest_price("cobalt").figure.value
    assert stock.closing_shortfall_usd_per_tonne == pytest.approx(6.25 * price)
    assert stock.floor_shortfall_usd_per_tonne_year == pytest.approx(6.25 * price / 3)
    # What is set is what the optimiser would have filled in, so that nothing changes but that it can be seen.
    left_open = StockPolicy(stock.opening_tonnes, floor_days=60.0)
    material = replace(built.problem.materials[0], stock=left_open)
    instance = Instance(replace(built.problem, materials=(material,)))
    assert instance.closing(0) == pytest.approx(stock.closing_tonnes)
    assert instance.closing_shortfall_cost(0) == pytest.approx(stock.closing_shortfall_usd_per_tonne)
    assert instance.floor_shortfall_cost(0) == pytest.approx(stock.floor_shortfall_usd_per_tonne_year)
    assert {s.lead_periods for s in built.problem.sources} == {1}


def test_prices_can_be_let_grow() -> None:
    built = build(material_ids=("tin",), overrides=(Override("price.growth_per_year", "", 0.1),))
    flat = CATALOG.latest_price("tin").figure.value
    prices = built.problem.sources[0].unit_price_usd_per_tonne
    assert prices == pytest.approx([flat * 1.1, flat * 1.1**2, flat * 1.1**3])


def test_overrides_that_do_not_go_together_are_named_for_every_material() -> None:
    with pytest.raises(InvalidRequest) as caught:
        build(
            material_ids=("tin", "zinc"),
            overrides=(Override("contract.take_or_pay", "", 0.5), Override("tier.defence_share", "tin", 0.9)),
        )
    texts = [v.description for v in caught.value.violations]
    assert {v.field_path for v in caught.value.violations} == {"overrides"}
    assert len([t for t in texts if "fee_share_of_price" in t]) == 2
    assert len([t for t in texts if "tier.defence_share" in t and "tin" in t]) == 1


def test_a_model_that_cannot_be_used_is_remarked_on() -> None:
    request = BuildRequest("USA", 2, ("copper",), forecast_model="per_capita_s_curve")
    built = build_problem(CATALOG, request, demand_paths(CATALOG, "USA", 60.0, model="per_capita_s_curve"))
    (remark,) = (remark for remark in built.remarks if "per_capita_s_curve" in remark)
    assert remark.startswith("copper: per_capita_s_curve was asked for and is not used: GDP per head varies")


def test_demand_that_is_given_has_no_spread() -> None:
    """For all materials that is refused, for some of them said."""
    spread = DemandUncertainty((0.5, 0.9))
    given = (DemandPath("cobalt", (100.0,)),)
    with pytest.raises(InvalidRequest) as refused:
        build(material_ids=("cobalt",), demand=given, demand_uncertainty=spread)
    assert [violation.field_path for violation in refused.value.violations] == ["demand_uncertainty"]
    asked = BuildRequest("USA", 3, ("cobalt", "tin"), demand=given, demand_uncertainty=spread)
    built = build_problem(CATALOG, asked, demand_paths(CATALOG, "USA", 60.0))
    assert [remark for remark in built.remarks if "no quantile of a forecast" in remark] == [
        "cobalt: its demand is given, so no quantile of a forecast moves it"
    ]
    moved = {name for scenario in built.problem.scenarios for f in scenario.demand_factors for name in f.material_ids}
    assert moved == {"tin"}
