"""The page on risk: every measure stands on it, and the figures that it shows are those that come out."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
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


def ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1, the mean of them where values are alike."""
    return [sum(other < value for other in values) + (1 + values.count(value)) / 2 for value in values]


def agreement(scores: Mapping[str, float], published: Mapping[str, float]) -> tuple[int, float, float]:
    """Materials that both have, Spearman's correlation, and the median ratio."""
    both = [material for material in scores if material in published]
    ours, theirs = [scores[material] for material in both], [published[material] for material in both]
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return len(both), statistics.correlation(ranks(ours), ranks(theirs)), statistics.median(ratios)


def test_the_agreement_with_the_commission_comes_out_as_printed() -> None:
    """The larger of the stages against the score of 2023: of all stages, and of those with sourcing."""
    published = {
        row["mineral"]: float(row["supply_risk"])
        for row in bundled_package("eu_criticality").table("scores")
        if row["year"] == "2023" and row["supply_risk"]
    }
    largest: dict[str, float] = {}
    with_sourcing: dict[str, float] = {}
    for risk in assess_supplies(stored_supplies(CATALOG, "EU27", []), "EU27", CountryRisks(CATALOG)):
        score = next(score.value for score in risk.scores if score.measure.measure_id == "eu_supply_risk")
        largest[risk.material_id] = max(score, largest.get(risk.material_id, 0.0))
        if any(source.sourcing_share for source in risk.sources):
            with_sourcing[risk.material_id] = max(score, with_sourcing.get(risk.material_id, 0.0))
    found = (agreement(largest, published), agreement(with_sourcing, published))
    (count, spearman, ratio), (_, spearman_with_sourcing, ratio_with_sourcing) = found
    printed = " ".join(PAGE.split())
    assert f"Over the {count} materials that both have, the larger of the stages ranks like" in printed
    assert f"(Spearman {spearman:.2f}, or {spearman_with_sourcing:.2f} without stages that have world" in printed
    assert f"the median ratio is {ratio:.2f}, or {ratio_with_sourcing:.2f})" in printed


@pytest.mark.parametrize("measure", list(SourceRiskMeasure))
def test_risks_of_sources_come_out_as_printed(measure: SourceRiskMeasure) -> None:
    printed = [float(text) for text in cells(f"`{measure.name}`")[2:]]
    for country, risk in zip(("COD", "CHN", "NOR"), printed, strict=True):
        known = CountryRisks(CATALOG).of(country, "cobalt", "USA")
        found = source_risk(
            measure, SourceKind.IMPORT, known.governance, known.trade_parameter, known.political_instability
        )
        assert found.risk == pytest.approx(risk, abs=0.005)
