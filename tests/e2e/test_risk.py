"""GeoPolRisk, the USGS score and the choice of a source's risk, through the client and the command line."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lodestock import Client, InvalidRequest
from lodestock.v1 import risk_pb2, sourcing_pb2
from tests.server_process import ServerProcess

OWN = {
    "material_id": "my alloy",
    "global_supply": [
        {"country": "CHN", "share": 0.8, "ability_to_supply": 0.5, "willingness_to_supply": 0.5},
        {"country": "AUS", "share": 0.2, "ability_to_supply": 0.1, "willingness_to_supply": 0.1},
    ],
    "sourcing": [
        {"country": "CHN", "share": 0.5, "political_instability": 0.6},
        {"country": "USA", "share": 0.5},
    ],
    "price_usd_per_tonne": 10_000,
    "trade_exposure": 0.5,
    "economic_vulnerability": 0.4,
}

HHI = {"measure_id": "hhi", "weight": 1}


def problem_table(server: ServerProcess, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `lodestock problem` for cobalt."""
    return lodestock(server, "problem", "cobalt", "--years", "1", "--json", *options)


def risk_table(server: ServerProcess, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `lodestock risk`."""
    return lodestock(server, "risk", *options)


def lodestock(server: ServerProcess, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the client."""
    command = [str(Path(sys.executable).parent / "lodestock"), *words]
    environment = {**os.environ, "LODESTOCK_ADDRESS": server.address}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_measures_are_listed_with_their_scale(client: Client) -> None:
    """A factor without a greatest value says so."""
    listed = {measure.measure_id: measure for measure in client.list_risk_measures().message.measures}
    assert listed["geopolrisk"].scale_high == 1.0
    assert math.isinf(listed["geopolrisk_characterisation_factor"].scale_high)
    assert "10.1126/sciadv.aay8647" in listed["usgs_2021_supply_risk"].source


def test_own_figures_give_every_score(client: Client) -> None:
    """What the bundle lacks is the caller's to give."""
    assessment = client.assess_supply_risk("USA", supplies=[OWN])
    scores = {row["measure_id"]: row["value"] for row in assessment.rows()}
    assert scores["geopolrisk"] == pytest.approx(0.68 * 0.3)
    assert scores["geopolrisk_characterisation_factor"] == pytest.approx(0.68 * 0.3 * 10 / 0.409412948)
    assert scores["usgs_2021_supply_risk"] == pytest.approx((0.1604 * 0.5 * 0.4) ** (1 / 3))
    assert [remark.split()[0] for remark in next(iter(assessment)).remarks] == ["yale_supply_risk"]


def test_materials_rank_with_intervals_pressure_and_history(client: Client) -> None:
    """All that may be asked beside the scores, in one call; and the ranking says what it hangs on."""
    found = client.assess_supply_risk(
        "EU27",
        ["cobalt", "gallium", "tungsten"],
        composite={
            "components": [{"measure_id": "eu_supply_risk", "weight": 2, "high": 5}, {"measure_id": "hhi", "weight": 1}]
        },
        uncertainty={
            "governance": [{"country": "CHN", "political_stability": 0.2, "rule_of_law": 0.2}],
            "ranges": [
                {"material_id": "gallium", "figure": "global_share", "country": "CHN", "low": 0.9, "high": 0.99}
            ],
            "samples": 20,
            "seed": 5,
        },
        pressures=[{"country": "CHN", "indicators": [{"name": "CO2, t/t", "value": 10, "worst": 20}]}],
        history_from_year=2018,
    )
    ranking = found.ranking_rows()
    assert [row["rank"] for row in ranking] == sorted(row["rank"] for row in ranking)
    assert ranking[0]["material_id"] == "gallium"
    assert all(row["best_rank"] <= row["rank"] <= row["worst_rank"] for row in ranking)
    gallium = next(risk for risk in found if risk.material_id == "gallium")
    assert sum(part.contribution for part in gallium.composite.parts) == pytest.approx(gallium.composite.value)
    eu = next(score for score in gallium.scores if score.measure_id == "eu_supply_risk")
    assert eu.interval.low < eu.value < eu.interval.high
    china = next(source for source in gallium.sources if source.country == "CHN")
    assert china.ecological_pressure == pytest.approx(0.5)
    years = [row for row in found.history_rows() if (row["material_id"], row["stage"]) == ("gallium", "REFINING")]
    assert years[-1]["hhi"] == pytest.approx(next(score for score in gallium.scores if score.measure_id == "hhi").value)
    path = "risks[gallium,REFINING].sources[CHN].ecological_pressure"
    (traced,) = client.trace(found, path)
    assert [given.field_path for given in traced.caller] == ["pressures"]


def test_the_yale_method_takes_the_callers_figures_and_weights(client: Client) -> None:
    """Geology alone, by its weight."""
    shares = [{"country": "CHN", "share": 1.0, "ability_to_supply": 0.4, "human_development": 0.8}]
    supply = {"material_id": "alloy", "global_supply": shares, "depletion_years": 50, "companion_share": 0.3}
    found = client.assess_supply_risk("USA", supplies=[supply], yale_weights={"geological": 2})
    (score,) = (row for row in found.rows() if row["measure_id"] == "yale_supply_risk")
    assert score["value"] == pytest.approx((70 + 30) / 2)


def test_faults_of_what_is_asked_beside_the_scores_are_refused_together(client: Client) -> None:
    """Measures that are none, ends that cross, weights that say nothing, countries that are none."""
    with pytest.raises(InvalidRequest) as caught:
        client.assess_supply_risk(
            "USA",
            ["cobalt"],
            composite={"components": [{"measure_id": "mood", "weight": 1}, {"measure_id": "hhi", "low": 2}]},
            uncertainty={
                "governance": [{"country": "QQQ"}, {"country": "CHN"}, {"country": "CHN"}],
                "ranges": [
                    {"material_id": "cobalt", "figure": "IMPORT_RELIANCE", "low": 0.5, "high": 0.4},
                    {"material_id": "cobalt", "figure": "GLOBAL_SHARE", "low": 0.5, "high": 1.4},
                ],
            },
            pressures=[{"country": "CHN", "indicators": [{"name": "CO2", "value": 1, "worst": 0, "weight": 0}]}],
            yale_weights={"social": 0},
        )
    assert {violation.field_path for violation in caught.value.violations} == {
        "composite.components[0].measure_id",
        "composite.components[1].high",
        "uncertainty.governance[0].country",
        "uncertainty.governance[2].country",
        "uncertainty.ranges[0].high",
        "uncertainty.ranges[1].high",
        "uncertainty.ranges[1].country",
        "pressures[0].indicators[0].worst",
        "yale_weights",
    }


def test_the_command_line_ranks_and_tells_the_years(server: ServerProcess) -> None:
    """--weigh and --history-from; what is no weight is told in words."""
    ranked = risk_table(server, "cobalt", "gallium", "--weigh", "hhi/global=1", "--json")
    composite = json.loads(ranked.stdout)["risks"][0]["composite"]
    assert composite["parts"][0]["scope"] == "global"
    assert "2022" in risk_table(server, "cobalt", "--history-from", "2020").stdout
    refused = risk_table(server, "cobalt", "--weigh", "hhi")
    assert refused.returncode == 1
    assert "must be like hhi=1" in " ".join(refused.stderr.split())


def test_stored_scores_have_origins_and_say_what_is_left_out(client: Client) -> None:
    """GeoPolRisk comes from the data; what the USGS's score would need is named."""
    risk = next(iter(client.assess_supply_risk("USA", ["gallium"])))
    score = next(score for score in risk.scores if score.measure_id == "geopolrisk")
    assert sum(part.contribution for part in score.contributions) == pytest.approx(score.value)
    paths = {figure.field_path for figure in risk.figures}
    for source in risk.sources:
        assert source.HasField("political_instability")
        assert f"risks[0].sources[{source.country}].political_instability" in paths
    assert "risks[0].scores[geopolrisk_characterisation_factor].inputs[price_usd_per_tonne]" in paths
    assert any(remark.startswith("usgs_2021_supply_risk is left out") for remark in risk.remarks)


def test_faults_of_the_new_figures_are_refused_together(client: Client) -> None:
    """Ranges, and a vulnerability given twice."""
    supply = risk_pb2.MaterialSupply(
        material_id="my alloy",
        global_supply=[risk_pb2.CountryShare(country="CHN", share=0.8, political_instability=2, ability_to_supply=-1)],
        price_usd_per_tonne=-1,
        trade_exposure=math.nan,
        economic_vulnerability=0.5,
        industries=[risk_pb2.IndustryUse(value_added_share=2, expenditure_usd=math.inf)],
    )
    with pytest.raises(InvalidRequest) as caught:
        client.assess_supply_risk("USA", supplies=[supply])
    assert {violation.field_path for violation in caught.value.violations} == {
        f"inline.supplies[0].{path}"
        for path in (
            "global_supply[0].political_instability",
            "global_supply[0].ability_to_supply",
            "price_usd_per_tonne",
            "trade_exposure",
            "industries",
            "industries[0].value_added_share",
            "industries[0].expenditure_usd",
            "industries[0].operating_profit_usd",
        )
    }


def test_the_buyer_chooses_what_gives_a_source_its_risk(client: Client) -> None:
    """By measure, by country, or both; the figure says which."""
    built = client.build_problem(
        "USA",
        ["cobalt"],
        horizon_years=1,
        source_risk_measure="political-instability",
        source_risks={"CHN": 0.95, "ZZZ": 0.25},
    )
    risks = {source.country: source.risk for source in built.problem.sources}
    assert risks["ZZZ"] == 0.25
    assessed = next(iter(client.assess_supply_risk("USA", ["cobalt"])))
    assert risks["CHN"] == 0.95
    norway = next(source for source in assessed.sources if source.country == "NOR")
    assert risks["NOR"] == pytest.approx(norway.political_instability)
    figures = {figure.field_path: figure for figure in built.message.figures}
    assert figures["sources[cobalt/CHN].risk"].origins[0].caller.field_path == "source_risks[0].risk"
    callers = [origin.caller.field_path for origin in figures["sources[cobalt/NOR].risk"].origins]
    assert "source_risk_measure" in callers


def test_risks_of_nowhere_and_of_the_buyer_are_refused(client: Client) -> None:
    """Codes that are none, the buyer, a material that is none, a risk above 1: all at once."""
    own = [
        sourcing_pb2.SourceRiskOverride(country="QQQ", risk=0.5),
        sourcing_pb2.SourceRiskOverride(country="USA", risk=1.5),
        sourcing_pb2.SourceRiskOverride(country="CHN", material_id="unobtainium"),
    ]
    with pytest.raises(InvalidRequest) as caught:
        client.build_problem("USA", ["cobalt"], horizon_years=1, source_risks=own)
    assert {violation.field_path for violation in caught.value.violations} == {
        "source_risks[0].country",
        "source_risks[1].country",
        "source_risks[1].risk",
        "source_risks[2].material_id",
    }
    with pytest.raises(ValueError, match="known: GOVERNANCE_AND_TRADE"):
        client.build_problem("USA", ["cobalt"], horizon_years=1, source_risk_measure="mood")


def test_the_command_line_takes_measure_and_numbers(server: ServerProcess) -> None:
    """--source-risk and --risk-of; what is neither is told in words."""
    done = problem_table(server, "--source-risk", "none", "--risk-of", "CHN=0.9")
    assert done.returncode == 0, done.stderr
    risks = {source["country"]: source.get("risk", 0.0) for source in json.loads(done.stdout)["sources"]}
    assert risks.pop("CHN") == 0.9
    assert set(risks.values()) == {0.0}
    for options, said in ((("--source-risk", "mood"), "no measure"), (("--risk-of", "CHN"), "must be like COD=0.9")):
        refused = problem_table(server, *options)
        assert refused.returncode == 1
        assert said in " ".join(refused.stderr.split())
        assert "Traceback" not in refused.stderr
