"""Hazards of a problem's sources: what gives their probability, what goes before it, and what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lodestock_optimizers.problem import (
    DemandTier,
    Material,
    Period,
    Source,
    SourceKind,
    SourcingProblem,
    TierDemand,
)
from lodestock_optimizers.scenarios.hazards import load_hazards
from lodestock_server.catalog import BundledCatalog, DatasetOrigin
from lodestock_server.errors import InvalidRequest
from lodestock_server.usecases.country_hazards import CountryHazards, HazardOverride, HazardSource, TracedHazard
from lodestock_server.usecases.generate_scenarios import HazardEvent, ScenarioRequest, generate
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin

CATALOG = BundledCatalog()


def problem(*sources: tuple[str, str, SourceKind]) -> SourcingProblem:
    """Sources by material, country and kind; a demand of 100 t of each material."""
    materials = dict.fromkeys(material for material, _, _ in sources)
    return SourcingProblem(
        periods=(Period("2026"), Period("2027")),
        materials=tuple(Material(name, (TierDemand(DemandTier.GENERAL, (100.0,), 1.0),)) for name in materials),
        sources=tuple(
            Source(f"{material}/{country}/{kind.value}", material, country, kind, (1.0,), (80.0,))
            for material, country, kind in sources
        ),
        buyer="USA",
    )


IMPORT, HOME, SCRAP = SourceKind.IMPORT, SourceKind.DOMESTIC, SourceKind.RECYCLED
FOUR = problem(("cobalt", "CHN", IMPORT), ("cobalt", "CAN", IMPORT), ("tin", "CHN", IMPORT), ("cobalt", "USA", SCRAP))


def hazards(
    asked: SourcingProblem, source: HazardSource = HazardSource.GOVERNANCE, *overrides: HazardOverride
) -> tuple[dict[str, TracedHazard], list[str]]:
    """Hazards by name, and the remarks."""
    found = CountryHazards(CATALOG, source, overrides)
    return {one.hazard.hazard_id: one for one in found.of(asked)}, found.remarks


def test_governance_and_share_give_the_probability_and_scrap_has_none() -> None:
    """The coefficients of the record by hand, from the rows that the origins name."""
    found, _ = hazards(FOUR)
    assert list(found) == ["CHN cobalt", "CAN cobalt", "CHN tin"]
    governance = CATALOG.governance("CHN")
    assert governance is not None
    w = 2 * (2.5 - sum(figure.value for figure in governance.estimates.values()) / 6)
    share = next(s.share for s in CATALOG.production("cobalt").shares() if s.iso3 == "CHN")
    one = found["CHN cobalt"]
    assert one.estimate == load_hazards().of_country(w, share)
    datasets = {origin.dataset for origin in one.origins if isinstance(origin, DatasetOrigin)}
    assert datasets == {"governance", "world-supply"}
    assert one.hazard.region == "eastern_and_south_eastern_asia"
    assert one.hazard.kinds == (IMPORT, HOME)


def test_history_is_the_same_for_all() -> None:
    found, _ = hazards(FOUR, HazardSource.HISTORY)
    assert {one.hazard.probability_per_year for one in found.values()} == {load_hazards().anywhere().probability}
    assert all(isinstance(origin, DefaultOrigin) for one in found.values() for origin in one.origins)


def test_the_callers_figures_go_first_those_for_one_material_before_those_for_all() -> None:
    everything = HazardOverride("CHN", 0.3, reason="ours")
    tin = HazardOverride("CHN", 0.1, "tin", availability=0.25, duration_years=2.0)
    unused = HazardOverride("AUS", 0.5)
    found, remarks = hazards(FOUR, HazardSource.CALLER, tin, everything, unused)
    assert list(found) == ["CHN cobalt", "CHN tin"]
    assert found["CHN cobalt"].hazard.probability_per_year == 0.3
    assert found["CHN cobalt"].origins == (CallerOrigin("hazards[1].probability_per_year", "ours"),)
    assert found["CHN cobalt"].hazard.duration_years == load_hazards().duration_years
    assert found["CHN tin"].hazard.availabilities == (0.25,)
    assert found["CHN tin"].hazard.duration_years == (2.0,)
    assert remarks == ["hazards[2]: not used, no source of the problem asked for it"]


def test_what_the_data_lack_is_said() -> None:
    """Nameless suppliers, a material of the caller's own, a country without estimates."""
    asked = problem(("cobalt", "ZZZ", IMPORT), ("alloy", "NCL", IMPORT))
    found, remarks = hazards(asked)
    assert list(found) == ["NCL alloy"]
    assert found["NCL alloy"].estimate == load_hazards().of_country(5.0, load_hazards().least_share)
    said = "\n".join(remarks)
    assert "cobalt: suppliers without a name have no hazard" in said
    assert "W = 5 is taken: NCL" in said
    assert "2% is taken: NCL alloy" in said
    given, _ = hazards(asked, HazardSource.GOVERNANCE, HazardOverride("ZZZ", 0.1))
    assert "ZZZ cobalt" in given


def test_more_than_a_call_may_ask_for_is_refused_with_what_it_may() -> None:
    long = replace(FOUR, periods=(Period("x"),) * 600)
    events = tuple(HazardEvent(str(i), 0.1, 0.5, 1.0) for i in range(1000))
    with pytest.raises(InvalidRequest) as refused:
        generate(CATALOG, ScenarioRequest(long, futures=20_000, events=events))
    (violation,) = refused.value.violations
    assert violation.field_path == "futures"
    assert "a call may ask for 166" in violation.description


def test_an_event_that_hits_nothing_is_said() -> None:
    event = HazardEvent("far away", 0.5, 0.0, 1.0, countries=("CHL",))
    made = generate(CATALOG, ScenarioRequest(FOUR, futures=10, source=HazardSource.CALLER, events=(event,)))
    assert made.generated.scenarios == ()
    assert any("far away" in remark for remark in made.remarks)


def test_the_record_was_made_from_the_data_that_ship() -> None:
    """Else `scripts/build_hazards.py` makes it anew, and docs/scenarios.md says what changed."""
    versions = {f"{dataset.name}@{dataset.version}" for dataset in CATALOG.datasets()}
    assert set(load_hazards().sources) <= versions
