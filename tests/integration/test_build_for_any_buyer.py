"""Problems of buyers other than the United States: the European Union, and countries with figures of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from lodestock_optimizers.problem import SourceKind, SourcingProblem
from lodestock_optimizers.validation import validate
from lodestock_server.catalog import BundledCatalog, DatasetOrigin, Stage, Statistic
from lodestock_server.errors import InvalidRequest, NotFound
from lodestock_server.usecases.build_problem import (
    BuildRequest,
    BuiltProblem,
    DemandPath,
    ForecastPath,
    build_problem,
)
from lodestock_server.usecases.buyers import (
    BLOC_AS_A_COUNTRY,
    OwnFigure,
    OwnFigureKind,
    Yearly,
    known_countries,
)
from lodestock_server.usecases.demand_scenarios import DemandUncertainty
from lodestock_server.usecases.optimize_sourcing import optimize_sourcing
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin
from lodestock_server.usecases.source_risks import SourceRiskChoice, SourceRiskOverride

CATALOG = BundledCatalog()
COUNTRIES = known_countries(CATALOG)
KIND = OwnFigureKind


def last_value(
    histories: Mapping[str, Sequence[Yearly]], years: int, levels: Sequence[float]
) -> dict[str, ForecastPath]:
    """A forecast of no change; a quantile path lies above or below it by its distance from the middle."""
    return {
        name: ForecastPath(
            "naive 1",
            {
                level: {h[-1].year + k: h[-1].figure.value * (0.5 + level) for k in range(1, years + 1)}
                for level in (0.5, *levels)
            },
        )
        for name, h in histories.items()
    }


def build(buyer: str, **changes: object) -> BuiltProblem:
    request = BuildRequest(buyer=buyer, horizon_years=2, **changes)  # type: ignore[arg-type]
    return build_problem(CATALOG, request, last_value, COUNTRIES)


def test_the_whole_union_makes_a_valid_problem_with_all_its_materials() -> None:
    built = build("EU27")
    assert validate(built.problem, COUNTRIES) == []
    assert {m.material_id for m in built.problem.materials} == {
        m.id for m in CATALOG.minerals() if CATALOG.production_years(m.id) and CATALOG.prices(m.id)
    }
    home = set(CATALOG.bloc("EU27"))
    for source in built.problem.sources:
        assert (source.country in home) == (source.kind is SourceKind.DOMESTIC)
        if source.kind is SourceKind.DOMESTIC:
            assert source.source_id == f"{source.material_id}/{source.country}/domestic"
            assert source.risk == 0


def test_every_estimate_names_its_rows_and_its_default() -> None:
    figures = {figure.field_path: figure for figure in build("EU27", material_ids=("copper", "tin")).figures}
    for material, rows in (("copper", {"production", "sourcing_shares"}), ("tin", {"gdp_real"})):
        basis = figures[f"estimates[{material}].share_of_world_output"]
        assert {o.resource for o in basis.origins if isinstance(o, DatasetOrigin)} == rows
        assert any(isinstance(o, DefaultOrigin) for o in basis.origins)
        demand = figures[f"materials[{material}].demand[0].demand_tonnes"]
        assert {o.resource for o in demand.origins if isinstance(o, DatasetOrigin)} == {"production"}
        assert any(isinstance(o, DefaultOrigin) and o.default_id == "demand.intensity_of_use" for o in demand.origins)


def test_a_supplier_of_the_union_delivers_its_part_of_the_sourcing_and_room_for_growth() -> None:
    built = build("EU27", material_ids=("copper",))
    shares = {s.iso3: s.figure.value for s in CATALOG.sourcing_shares("EU27", "copper", Stage.REFINING)}
    demand = sum(tier.demand_tonnes[0] for tier in built.problem.materials[0].demand)
    norway = next(s for s in built.problem.sources if s.source_id == "copper/NOR")
    assert norway.capacity_tonnes[0] == pytest.approx(1.25 * shares["NOR"] / sum(shares.values()) * demand)
    belgium = next(s for s in built.problem.sources if s.source_id == "copper/BEL/domestic")
    assert belgium.capacity_tonnes[0] == pytest.approx(shares["BEL"] / sum(shares.values()) * demand)
    poland = next(s for s in built.problem.sources if s.source_id == "copper/POL/domestic")
    made = next(row.figure.value for row in CATALOG.production("copper").rows if row.iso3 == "POL")
    assert poland.capacity_tonnes[0] == made


def test_scrap_of_the_union_is_the_callers_to_give() -> None:
    own = (OwnFigure("copper", KIND.RECYCLED_PRODUCTION, 2024, 1.5, "Mt"),)
    recycled = [
        s for s in build("EU27", material_ids=("copper",), own_figures=own).problem.sources if "recycled" in s.source_id
    ]
    assert [(s.country, s.kind, s.capacity_tonnes) for s in recycled] == [
        (BLOC_AS_A_COUNTRY, SourceKind.RECYCLED, (1.5e6,))
    ]
    assert all(s.kind is not SourceKind.RECYCLED for s in build("EU27", material_ids=("copper",)).problem.sources)


def test_scrap_given_makes_the_union_no_richer_in_copper() -> None:
    """Refined copper counts metal from scrap already: who says how much of it there is only splits it in two."""

    def at_home(problem: SourcingProblem) -> float:
        return sum(s.capacity_tonnes[0] for s in problem.sources if s.kind is not SourceKind.IMPORT)

    own = (OwnFigure("copper", KIND.RECYCLED_PRODUCTION, 2024, 1.5, "Mt"),)
    plain, given = build("EU27", material_ids=("copper",)), build("EU27", material_ids=("copper",), own_figures=own)
    # Members that are left with less than a thousandth of the demand are no sources.
    assert at_home(given.problem) == pytest.approx(at_home(plain.problem), rel=5e-3)
    assert any("the output from scrap given was taken off it" in remark for remark in given.remarks)
    assert not any("output from scrap is not in the data" in remark for remark in given.remarks)


def test_ore_mined_at_home_is_in_what_is_refined_there() -> None:
    """Zinc is bought as metal: members supply by their part in the sourcing of refined zinc, not by their mines."""
    zinc = build("EU27", material_ids=("zinc",)).problem
    refined = {s.iso3: s.figure.value for s in CATALOG.sourcing_shares("EU27", "zinc", Stage.REFINING)}
    at_home = {s.country: s.capacity_tonnes[0] for s in zinc.sources if s.kind is SourceKind.DOMESTIC}
    demand = sum(tier.demand_tonnes[0] for tier in zinc.materials[0].demand)
    assert at_home == pytest.approx(
        {c: refined[c] / sum(refined.values()) * demand for c in CATALOG.bloc("EU27") if c in refined}
    )
    assert "IRL" not in at_home
    # Sweden's lead may be of foreign ore, so that its reserves do not bound it; Germany's potash is its own.
    assert "SWE" in {row.iso3 for row in CATALOG.reserves("lead")}
    assert not [d for d in build("EU27", material_ids=("lead",)).problem.deposits if "domestic" in d.deposit_id]
    potash = build("EU27", material_ids=("potash",)).problem
    reserves = {row.iso3: row.figure.value for row in CATALOG.reserves("potash")}
    assert {d.deposit_id: d.reserves_tonnes for d in potash.deposits}["potash/DEU/domestic/reserves"] == reserves["DEU"]


def test_own_suppliers_go_before_published_ones() -> None:
    """Of the imports of the United States all that the caller names comes from Japan."""
    own = (OwnFigure("cobalt", KIND.IMPORTS_BY_COUNTRY, 2020, 100, "%", country="JPN"),)
    built = build("USA", material_ids=("cobalt",), own_figures=own)
    capacity = {s.country: s.capacity_tonnes[0] for s in built.problem.sources}
    imports = CATALOG.statistic("USA", "cobalt", Statistic.IMPORTS)[-1].figure.value
    assert capacity["JPN"] == pytest.approx(1.25 * imports)
    assert "NOR" not in capacity


def own_of_poland(unit: str, per_unit: float) -> tuple[OwnFigure, ...]:
    """Poland's copper in a unit."""
    by_country = KIND.IMPORTS_BY_COUNTRY
    return (
        OwnFigure("copper", KIND.CONSUMPTION, 2023, 290_000 / per_unit, unit),
        OwnFigure("copper", KIND.CONSUMPTION, 2024, 300_000 / per_unit, unit, source="ministry"),
        OwnFigure("copper", by_country, 2024, 20_000 / per_unit, unit, country="CHL"),
        OwnFigure("copper", by_country, 2024, 30_000 / per_unit, unit, country="DEU"),
        OwnFigure("copper", KIND.PRODUCTION, 2024, 560_000 / per_unit, unit),
    )


@pytest.mark.parametrize(("unit", "tonnes"), [("kt", 1000.0), ("lb", 0.00045359237)])
def test_a_country_with_its_own_figures_gives_the_same_problem_in_any_unit(unit: str, tonnes: float) -> None:
    in_tonnes = build("POL", own_figures=own_of_poland("t", 1.0)).problem
    in_unit = build("POL", own_figures=own_of_poland(unit, tonnes)).problem
    assert [m.material_id for m in in_tonnes.materials] == ["copper"]
    assert [s.source_id for s in in_unit.sources] == [s.source_id for s in in_tonnes.sources]
    for one, other in zip(in_unit.sources, in_tonnes.sources, strict=True):
        assert one.capacity_tonnes == pytest.approx(other.capacity_tonnes, rel=1e-12)
    demand = [sum(tier.demand_tonnes[0] for tier in p.materials[0].demand) for p in (in_unit, in_tonnes)]
    assert demand == pytest.approx([300_000, 300_000], rel=1e-12)
    capacity = {s.source_id: s.capacity_tonnes[0] for s in in_tonnes.sources}
    assert capacity["copper/POL/domestic"] == 560_000
    # A fifth of Germany's output is more than it delivers; Chile delivers less than that too.
    made = {row.iso3: row.figure.value for row in CATALOG.production("copper").rows}
    assert capacity["copper/DEU"] == pytest.approx(max(0.2 * made["DEU"], 1.25 * 30_000))
    assert capacity["copper/CHL"] == pytest.approx(max(0.2 * made["CHL"], 1.25 * 20_000))


def test_own_figures_leave_their_trace() -> None:
    built = build("POL", own_figures=own_of_poland("kt", 1000.0))
    demand = next(f for f in built.figures if f.field_path == "materials[copper].demand[0].demand_tonnes")
    assert CallerOrigin("own_figures[1].value", "ministry") in demand.origins


def test_own_consumption_alone_is_enough_and_can_be_planned() -> None:
    """Japan's lithium: suppliers are the world's refiners, imports what is not made at home."""
    own = (OwnFigure("lithium", KIND.CONSUMPTION, 2024, 40, "kt", "lithium carbonate"),)
    built = build("JPN", own_figures=own)
    assert any(u.default.default_id == "suppliers.part_of_world_output" for u in built.defaults)
    assert any("imports are not published" in remark for remark in built.remarks)
    assert optimize_sourcing(built.problem, 60.0).status.name == "OPTIMAL"


def test_own_figures_over_statistics_change_those_figures_alone() -> None:
    own = (OwnFigure("cobalt", KIND.PRICE, 2026, 50_000), OwnFigure("tin", KIND.EXPORTS, 2024, 7))
    before, after = build("USA"), build("USA", own_figures=own)
    changed = [
        new.field_path
        for old, new in zip(before.figures, after.figures, strict=True)
        if old.values != new.values or old.origins != new.origins
    ]
    assert changed
    assert all("cobalt" in path or path == "price_year" for path in changed)
    assert not [path for path in changed if "demand_tonnes" in path or "capacity" in path]
    assert after.problem.price_year == 2026
    undone = replace(after.problem, price_year=before.problem.price_year)
    assert [s for s in undone.sources if s.material_id != "cobalt"] == [
        s for s in before.problem.sources if s.material_id != "cobalt"
    ]


def test_a_buyer_without_consumption_is_told_what_to_give() -> None:
    with pytest.raises(NotFound, match="own_figures of kind CONSUMPTION"):
        build("POL")
    own = (OwnFigure("copper", KIND.CONSUMPTION, 2024, 300, "kt"),)
    with pytest.raises(NotFound, match="CONSUMPTION for tin"):
        build("POL", material_ids=("copper", "tin"), own_figures=own)
    with pytest.raises(NotFound, match="CONSUMPTION for lithium"):
        build("USA", material_ids=("cobalt", "lithium"))


def test_demand_to_come_of_the_callers_own_needs_no_past() -> None:
    built = build("POL", material_ids=("tin",), demand=(DemandPath("tin", (2_000.0,)),))
    assert sum(tier.demand_tonnes[1] for tier in built.problem.materials[0].demand) == pytest.approx(2_000)
    assert built.problem.periods[0].label == str(CATALOG.latest_price("tin").year + 1)


def test_faults_of_own_figures_come_with_all_others() -> None:
    with pytest.raises(InvalidRequest) as caught:
        build(
            "EU27",
            material_ids=("tin", "unobtainium"),
            own_figures=(OwnFigure("tin", KIND.IMPORTS, 2024, 1, "bushel"),),
            source_risk=SourceRiskChoice(overrides=(SourceRiskOverride("POL", 0.5),)),
            forecast_model="crystal ball",
        )
    paths = {violation.field_path for violation in caught.value.violations}
    assert paths == {"material_ids[1]", "own_figures[0].unit", "source_risks[0].country", "forecast_model"}


def test_the_spread_of_the_forecast_makes_scenarios() -> None:
    """The path at 0.9 is 1.4 times the median here, that at 0.1 0.6 times; a given demand does not spread."""
    spread = DemandUncertainty((0.1, 0.5, 0.9))
    given = (DemandPath("zinc", (1.0,)),)
    built = build("USA", material_ids=("cobalt", "zinc"), demand=given, demand_uncertainty=spread)
    found = {s.scenario_id: s for s in built.problem.scenarios}
    assert {name: s.probability for name, s in found.items()} == {
        "demand at quantile 0.1": pytest.approx(0.3),
        "demand at quantile 0.9": pytest.approx(0.3),
    }
    for name, factor in (("demand at quantile 0.9", 1.4), ("demand at quantile 0.1", 0.6)):
        (acts,) = found[name].demand_factors
        assert (acts.material_ids, acts.periods) == (("cobalt",), (0, 1))
        assert acts.factor == pytest.approx(factor)


def test_own_figures_that_make_no_sound_problem_are_named() -> None:
    """A price that the solver could take makes a shortage cost of fifty times as much, which it could not."""
    with pytest.raises(InvalidRequest) as caught:
        build("USA", material_ids=("cobalt",), own_figures=(OwnFigure("cobalt", KIND.PRICE, 2025, 5e11),))
    assert {violation.field_path for violation in caught.value.violations} == {"own_figures"}
    assert any("shortage_cost" in violation.description for violation in caught.value.violations)
