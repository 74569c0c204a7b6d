"""Stress tests over a real socket, in Python and as a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToJson

from lodestock import Client, InvalidRequest, NotFound
from lodestock.v1 import common_pb2
from tests.e2e.test_command_line import lodestock
from tests.server_process import ServerProcess
from tests.toy_problem import OPTIMUM_USD, supplier, toy_problem

STOPPED_USD = 90 * (300_000 - 30_200)
"""What a year without COD costs: 90 t that are signed with it are short, and not paid for."""


def test_the_worst_stop_comes_first(client: Client) -> None:
    """Without COD the stock serves 36.5 days of the first year; nothing is bought from AUS, which nobody misses."""
    found = client.stress_test(toy_problem(), 0)
    assert (found.status, len(found), bool(found)) == ("OPTIMAL", 2, True)
    assert found.message.undisturbed_cost_usd == pytest.approx(OPTIMUM_USD, rel=1e-6)
    worst, harmless = found.rows()
    assert (worst["kind"], worst["scenario_id"]) == ("COUNTRY", "COD")
    assert (worst["material_id"], worst["tier"]) == ("cobalt", "ESSENTIAL")
    assert worst["days_survived"] == pytest.approx(36.5)
    assert worst["money_at_risk_usd"] == pytest.approx(STOPPED_USD)
    assert (harmless["scenario_id"], harmless["material_id"]) == ("AUS", None)
    assert found.stock_rows() == [
        {"material_id": "cobalt", "tonnes": pytest.approx(10.0), "days_of_cover": pytest.approx(36.5)}
    ]
    assert [row["survives"] for row in found.tier_rows()] == [False, True]
    assert found.breach_rows() == []
    assert found.record.versions["highspy"]
    assert list(found.to_frame()["scenario_id"]) == ["COD", "AUS"]


def test_scenarios_pairs_and_routes_of_a_stored_plan(client: Client) -> None:
    """Each has its outcome; the plan is named, and so is one that is compared with it."""
    problem = toy_problem()
    # A plan that buys from both, since it may lose one.
    problem.scenarios.add(scenario_id="fear", probability=0.2, onset_period=0, end_period=0).disruptions.add(
        countries=["COD"], availability=0
    )
    job = client.run_optimization(problem, time_limit_s=30)
    job.result(60)
    wary = job.status().result_name
    found = client.stress_test(
        wary,
        0,
        scenarios=[
            {"scenarioId": "half", "probability": 0.1, "disruptions": [{"countries": ["COD"], "availability": 0.5}]}
        ],
        pairs_of=2,
        routes={"cape": ["COD"]},
        candidates={"bold": toy_problem(), "same": wary},
    )
    assert {(row["kind"], row["scenario_id"]) for row in found.rows()} == {
        ("SCENARIO", "half"),
        ("PAIR", "COD+AUS"),
        ("ROUTE", "cape"),
    }
    assert {row["candidate_id"] for row in found.regret_rows()} == {"", "bold", "same"}
    # The bold plan has signed nothing with AUS when it happens.
    assert found.least_regret in ("", "same")
    with pytest.raises(NotFound, match="plans/none"):
        client.stress_test("plans/none")
    with pytest.raises(NotFound, match="plans/none"):
        client.stress_test(toy_problem(), candidates={"none": "plans/none"})


def test_what_cannot_be_asked_is_refused_by_field(client: Client) -> None:
    """Problems, countries, periods and candidates that do not fit."""
    broken, other = toy_problem(), toy_problem()
    broken.sources[0].material_id = "tin"
    other.sources.append(supplier("CAN", 33_000, 200))
    refused: dict[str, Callable[[], object]] = {
        "problem.sources[0].material_id": lambda: client.stress_test(broken),
        "candidates[0].problem.sources[0].material_id": lambda: client.stress_test(
            toy_problem(), candidates={"broken": broken}
        ),
        "candidates[0]": lambda: client.stress_test(toy_problem(), candidates={"other": other}),
        "sweep.routes[0].countries[0]": lambda: client.stress_test(toy_problem(), routes={"sea": ["XXX"]}),
        "onset_period": lambda: client.stress_test(toy_problem(), 5),
    }
    for path, ask in refused.items():
        with pytest.raises(InvalidRequest) as error:
            ask()
        assert path in {violation.field_path for violation in error.value.violations}, path


def test_a_base_without_a_plan_says_why(client: Client) -> None:
    """Home production that nobody can deliver."""
    problem = toy_problem()
    rule = problem.rules.add(rule_id="home")
    rule.share_floor.kind = common_pb2.SOURCE_KIND_DOMESTIC
    rule.share_floor.min_share = 0.5
    found = client.stress_test(problem)
    assert (found.status, bool(found), len(found)) == ("INFEASIBLE", False, 0)
    assert found.message.conflict


def test_command(server: ServerProcess, tmp_path: Path) -> None:
    """The table tells the worst stop and the plan of least regret."""
    file = tmp_path / "problem.json"
    file.write_text(MessageToJson(toy_problem()), encoding="utf-8")
    shown = lodestock(server, "stress", str(file), "--onset", "0", "--candidate", str(file))
    assert shown.returncode == 0, shown.stderr
    assert "36.5" in shown.stdout
    assert "this plan: regrets at most 0 USD" in shown.stdout
    tiers = lodestock(server, "stress", str(file), "--onset", "0", "--route", "COD+AUS", "--tiers")
    assert "ESSENTIAL" in tiers.stdout
    asked = lodestock(server, "stress", str(file), "--onset", "0", "--json")
    assert json.loads(asked.stdout)["outcomes"][0]["scenario_id"] == "COD"
