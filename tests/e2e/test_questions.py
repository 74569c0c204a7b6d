"""Frontier, alternatives and what-ifs over a real socket, in Python and as commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToJson

from lodestock import Client, InvalidRequest, NotFound
from lodestock.question_calls import ChangeLike
from lodestock.v1 import sourcing_pb2
from tests.e2e.test_command_line import lodestock
from tests.server_process import ServerProcess
from tests.toy_problem import OPTIMUM_USD, supplier, toy_problem

COD, AUS = 30_200.0, 36_200.0
"""Landed costs of the toy, USD/t."""


def risky_problem() -> sourcing_pb2.SourcingProblem:
    """The toy with a supplier more, which is dearer and safer."""
    problem = toy_problem()
    problem.sources[0].risk = 0.8
    problem.sources.append(supplier("CAN", 33_000, 200))
    return problem


def test_a_frontier_leads_from_the_cheapest_plan_to_the_safest(client: Client) -> None:
    """The ends are all from COD and all from suppliers without risk; between them cost rises as the charge falls."""
    frontier = client.trace_frontier(risky_problem(), points=4)
    assert (frontier.status, len(frontier)) == ("OPTIMAL", 4)
    rows = frontier.rows()
    assert rows[0]["expected_cost_usd"] == pytest.approx(OPTIMUM_USD, rel=1e-6)
    assert rows[-1]["risk_charge_usd"] == pytest.approx(0.0, abs=1e-3)
    costs = [row["expected_cost_usd"] for row in rows]
    assert costs == sorted(costs)
    # A tonne from CAN in place of one from COD costs 3,000 more and saves a charge of 0.8 × 30,200.
    assert rows[-1]["price_of_risk"] == pytest.approx(3_000 / (0.8 * COD), rel=1e-6)
    assert {row["country"] for row in frontier.supplier_rows() if row["point"] == 0} == {"COD"}
    assert frontier.record.versions["highspy"]
    assert list(frontier.to_frame()["cost_increase"]) == [row["cost_increase"] for row in rows]


def test_alternatives_buy_elsewhere(client: Client) -> None:
    """Within half of the dearest increase half of the tonnes come from others."""
    found = client.find_alternatives(risky_problem(), max_increase=0.05, count=2)
    assert found
    assert found.status == "OPTIMAL"
    assert found.message.costs.objective_usd > 0
    assert len(found) >= 1
    for row in found.rows():
        assert 0 < row["increase"] <= 0.05 + 1e-6
        assert 0 < row["novelty"] <= row["difference"] <= 1
    assert {row["alternative"] for row in found.supplier_rows()} == set(range(len(found) + 1))


def test_what_ifs_are_put_to_the_base_alone(client: Client) -> None:
    """Each question has the answer of its changed problem; the second is not put to what the first made."""
    questions: dict[str, ChangeLike | Sequence[ChangeLike]] = {
        "no change of price": {"price_factor": 1},
        "without COD": {"countries": ["COD"], "capacity_factor": 0},
        "twice": [{"countries": ["COD"], "price_factor": 2}, {"countries": ["COD"], "price_factor": 0.5}],
        "worry": sourcing_pb2.Change(price_of_risk=1),
    }
    answers = client.ask_what_if(toy_problem(), questions)
    assert answers.message.costs.objective_usd == pytest.approx(OPTIMUM_USD, rel=1e-6)
    assert [answer.question_id for answer in answers] == list(questions)
    for name in ("no change of price", "twice", "worry"):
        assert answers[name].objective_difference_usd == pytest.approx(0.0, abs=1.0)
    without = toy_problem()
    del without.sources[0]
    alone = client.optimize_sourcing(without)
    assert answers["without COD"].costs.objective_usd == pytest.approx(alone.costs.objective_usd, rel=1e-6)
    lost = answers.supplier_rows()[0]
    assert (lost["question_id"], lost["country"], lost["tonnes"]) == ("without COD", "COD", 0.0)
    assert lost["more_tonnes"] < 0
    assert answers.shortage_rows()[0]["more_tonnes"] > 0
    assert list(answers.to_frame()["status"]) == ["OPTIMAL"] * 4
    with pytest.raises(KeyError):
        answers["never asked"]


def test_a_stored_plan_is_asked_by_its_name(client: Client) -> None:
    """The problem of the plan is what is asked about; a name that is nobody's is not found."""
    job = client.run_optimization(toy_problem(), time_limit_s=30)
    job.result(60)
    name = job.status().result_name
    by_name = client.ask_what_if(name, {"more": {"demand_factor": 1.1}})
    inline = client.ask_what_if(toy_problem(), {"more": {"demand_factor": 1.1}})
    assert by_name["more"].objective_difference_usd == pytest.approx(inline["more"].objective_difference_usd)
    assert client.trace_frontier(name, points=2).message.points[0].costs.objective_usd == pytest.approx(OPTIMUM_USD)
    assert client.find_alternatives(name).status == "OPTIMAL"
    with pytest.raises(NotFound, match="plans/none"):
        client.trace_frontier("plans/none")


def test_what_cannot_be_asked_is_refused_by_field(client: Client) -> None:
    """A broken problem, and questions that mean nothing."""
    broken = toy_problem()
    broken.sources[0].material_id = "tin"
    asked: dict[str, ChangeLike | Sequence[ChangeLike]] = {
        "a": {"countries": ["FRA"], "price_factor": 2},
        "b": {"budget_factor": 2},
    }
    refusals: dict[str, Callable[[], object]] = {
        "problem.sources[0].material_id": lambda: client.trace_frontier(broken),
        "questions[0].changes[0].price_factor": lambda: client.ask_what_if(toy_problem(), asked),
        "questions[0].changes": lambda: client.ask_what_if(toy_problem(), {"a": {"price_factor": 1e15}}),
        "points": lambda: client.trace_frontier(toy_problem(), points=1),
    }
    for path, ask in refusals.items():
        with pytest.raises(InvalidRequest) as refused:
            ask()
        assert path in [violation.field_path for violation in refused.value.violations]
    twice = sourcing_pb2.WhatIf(question_id="a", changes=[sourcing_pb2.Change(price_of_risk=1)])
    request = sourcing_pb2.AskWhatIfRequest(problem=toy_problem(), questions=[twice, twice])
    with pytest.raises(InvalidRequest, match="taken"):
        client._call(client._sourcing.AskWhatIf, request, 15)


def test_the_questions_are_commands(server: ServerProcess, tmp_path: Path) -> None:
    """Each prints a table; with --suppliers who supplies; without a question there is nothing to ask."""
    file = tmp_path / "risky.json"
    file.write_text(MessageToJson(risky_problem()), encoding="utf-8")
    for arguments, expected in (
        (["frontier", str(file), "--points", "3"], "of risk"),
        (["frontier", str(file), "--points", "3", "--suppliers"], "CAN"),
        (["alternatives", str(file), "--max-increase", "0.05"], "suppliers"),
        (["what-if", str(file), "--without", "COD", "--price", "CAN=0.5", "--demand", "cobalt=1.2"], "price CAN=0.5"),
        (["what-if", str(file), "--without", "COD", "--json"], '"objective_difference_usd"'),
    ):
        done = lodestock(server, *arguments)
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout
    assert lodestock(server, "what-if", str(file)).returncode == 2
    refused = lodestock(server, "what-if", str(file), "--price", "CAN")
    assert refused.returncode == 1
    assert "must be like COD=1.5" in refused.stderr
