"""Explanations over a real socket, in Python and as a command."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToJson

from lodestock import Client, InvalidRequest, NotFound
from lodestock.v1 import common_pb2, sourcing_pb2
from tests.e2e.test_command_line import lodestock
from tests.server_process import ServerProcess
from tests.toy_problem import OPTIMUM_USD, toy_problem


def contradictory_problem() -> sourcing_pb2.SourcingProblem:
    """The toy with half of its demand to be recycled, for which there is no source."""
    problem = toy_problem()
    rule = problem.rules.add(rule_id="recycle")
    rule.share_floor.kind = common_pb2.SOURCE_KIND_RECYCLED
    rule.share_floor.min_share = 0.5
    return problem


def test_a_plan_is_explained_in_figures_and_words(client: Client) -> None:
    """COD delivers all, at 30,200 USD/t; AUS asks 36,000 and would have to ask 30,000."""
    found = client.explain_plan(
        toy_problem(), why_not={"cobalt/AUS": 10}, languages=("english", "chinese"), firm_quantities=2
    )
    assert found
    assert (found.status, list(found.message.left_out)) == ("OPTIMAL", [])
    assert found.message.costs.objective_usd == pytest.approx(OPTIMUM_USD, rel=1e-6)
    assert sum(row["cost_usd"] for row in found.rows("costs_by_field")) == pytest.approx(OPTIMUM_USD, rel=1e-6)
    (answer,) = found.rows("why_not")
    assert (answer["source_id"], answer["forced_tonnes"], answer["is_verified"]) == ("cobalt/AUS", 10.0, True)
    assert answer["break_even_price_usd_per_tonne"] == pytest.approx(30_000)
    # The last year's 10 t are discounted most.
    assert answer["cost_difference_usd"] == pytest.approx(10 * 6_000 / 1.03**4)
    firm = found.rows("firm_quantities")
    assert len(firm) == 2
    assert all(row["least_tonnes"] <= row["tonnes"] <= row["most_tonnes"] for row in firm)
    assert str(found) == found.text("english")
    assert "13.94 million USD" in found.text("english")
    assert "1,394 万美元" in found.text("chinese")
    assert list(found.to_frame("why_not")["source_id"]) == ["cobalt/AUS"]
    assert found.record.versions["highspy"]


def test_planning_for_disruption_is_priced_where_something_may_happen(client: Client) -> None:
    """COD stops for good in the third year, half of the time: who did not think of it bought from COD alone."""
    problem = toy_problem()
    assert client.explain_plan(problem, value_of_planning=True).value_of_planning_usd is None
    scenario = problem.scenarios.add(scenario_id="stop", probability=0.5, onset_period=2)
    scenario.disruptions.add(countries=["COD"], availability=0.0)
    found = client.explain_plan(problem, value_of_planning=True)
    saved = found.value_of_planning_usd
    assert saved is not None
    assert saved > 0
    assert "Planning for disruption saves" in str(found)
    assert client.explain_plan(problem, value_of_planning=False).value_of_planning_usd is None


def test_a_refusal_is_explained_by_its_conflict(client: Client) -> None:
    """What contradicts and what would help; the same in the explanation and in the plan itself."""
    found = client.explain_plan(contradictory_problem())
    assert (bool(found), found.status) == (False, "INFEASIBLE")
    plan = client.optimize_sourcing(contradictory_problem()).plan
    assert list(found.message.conflict) == list(plan.conflict)
    assert list(found.message.relaxations) == list(plan.relaxations)
    assert [rule.subject_id for rule in plan.conflict] == ["recycle"]
    assert {relaxation.field_value for relaxation in plan.relaxations} == {0.0}


def test_a_stored_plan_is_explained_by_its_name(client: Client) -> None:
    """The explanation is that of the problem; a name that is none is not found."""
    job = client.run_optimization(toy_problem(), time_limit_s=30)
    job.result(60)
    name = job.status().result_name
    by_name, by_problem = client.explain_plan(name), client.explain_plan(toy_problem())
    assert by_name.rows("limits") == by_problem.rows("limits")
    assert str(by_name) == str(by_problem)
    with pytest.raises(NotFound):
        client.explain_plan("plans/00000000-0000-5000-8000-000000000000")


def test_what_cannot_be_asked_is_refused_by_field(client: Client) -> None:
    """A source that is not there, and a language that there is not."""
    with pytest.raises(InvalidRequest, match="why_not"):
        client.explain_plan(toy_problem(), why_not=["cobalt/XYZ"])
    with pytest.raises(ValueError, match="known: ENGLISH, CHINESE"):
        client.explain_plan(toy_problem(), languages=["latin"])


def test_the_command_prints_the_text_or_a_table(server: ServerProcess, tmp_path: Path) -> None:
    """And ends with 1 where there is no plan."""
    file = tmp_path / "problem.json"
    file.write_text(MessageToJson(toy_problem()), encoding="utf-8")
    told = lodestock(server, "explain", str(file))
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("The plan is expected to cost 13.94 million USD")
    table = lodestock(server, "explain", str(file), "--table", "why_not")
    assert "cobalt/AUS" in table.stdout
    file.write_text(MessageToJson(contradictory_problem()), encoding="utf-8")
    refused = lodestock(server, "explain", str(file), "--language", "chinese")
    assert refused.returncode == 1
    assert "recycle" in refused.stdout
