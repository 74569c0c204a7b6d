"""The page on risk: every measure stands on it, and the figures that it shows are those that come out."""

from __future__ import annotations

from pathlib import Path

import pytest

from lodestock_optimizers.problem import SourceKind
from lodestock_optimizers.risk import MEASURES, SourceRiskMeasure, source_risk
from lodestock_server.catalog import BundledCatalog, bundled_package
from lodestock_server.usecases.assess_supply_risk import LifeCycleStage, assess_supplies
from lodestock_server.usecases.country_risk import CountryRisks
from lodestock_server.usecases.stored_supply import stored_supplies

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "risk.md").read_text(encoding="utf-8")
CATALOG = BundledCatalog()


def cells(first: str) -> list[str]:
    """The cells of the page's row that starts with a text."""
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {first}"))
    return [cell.strip() for cell in row.strip("|").split("|")]


@pytest.mark.parametrize("measure", [measure.measure_id for measure in MEASURES])
def test_every_measure_stands_on_the_page(measure: str) -> None:
    assert cells(f"`{measure}`")


@pytest.mark.parametrize("mineral", ["cobalt", "copper", "gallium", "graphite", "niobium"])
def test_scores_of_minerals_come_out_as_printed(mineral: str) -> None:
    (risk, *_) = assess_supplies(stored_supplies(CATALOG, "USA", [mineral]), "USA", CountryRisks(CATALOG))
    scores = {score.measure.measure_id: score for score in risk.scores}
    score, factor = scores["geopolrisk"], scores["geopolrisk_characterisation_factor"]
    figures = (
        score.inputs["hhi"],
        score.inputs["import_risk"],
        score.value,
        factor.inputs["price_usd_per_tonne"],
        factor.value,
    )
    printed = cells(f"{mineral} (")[1:6]
    assert [f"{float(text.replace(',', '')):.3g}" for text in printed] == [f"{figure:.3g}" for figure in figures]


@pytest.mark.parametrize("mineral", ["cobalt", "copper", "gallium", "magnesium", "tungsten"])
def test_scores_of_the_union_come_out_as_printed(mineral: str) -> None:
    assessed = assess_supplies(stored_supplies(CATALOG, "EU27", [mineral]), "EU27", CountryRisks(CATALOG))
    (risk,) = (risk for risk in assessed if risk.stage is LifeCycleStage.REFINING)
    score = next(score for score in risk.scores if score.measure.measure_id == "eu_supply_risk")
    inputs = ("hhi_global", "hhi_sourcing", "import_reliance", "eol_recycling_input_rate")
    figures = [score.inputs[name] for name in inputs] + [score.value]
    printed = cells(f"EU27 {mineral}, refining")
    assert [f"{float(text):.3g}" for text in printed[1:6]] == [f"{figure:.3g}" for figure in figures]
    published = {
        row["mineral"]: row["supply_risk"]
        for row in bundled_package("eu_criticality").table("scores")
        if row["year"] == "2023"
    }
    assert float(printed[6].split()[0]) == float(published[mineral])


@pytest.mark.parametrize("measure", list(SourceRiskMeasure))
def test_risks_of_sources_come_out_as_printed(measure: SourceRiskMeasure) -> None:
    printed = [float(text) for text in cells(f"`{measure.name}`")[2:]]
    for country, risk in zip(("COD", "CHN", "NOR"), printed, strict=True):
        known = CountryRisks(CATALOG).of(country, "cobalt", "USA")
        found = source_risk(
            measure, SourceKind.IMPORT, known.governance, known.trade_parameter, known.political_instability
        )
        assert found.risk == pytest.approx(risk, abs=0.005)
