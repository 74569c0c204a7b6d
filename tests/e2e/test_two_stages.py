"""Ore, a refinery that can be built, and thousands of scenarios, over a real socket and as commands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson

from lodestock import Client, InvalidRequest
from lodestock.v1 import common_pb2, sourcing_pb2
from tests.e2e.test_command_line import lodestock
from tests.server_process import ServerProcess
from tests.toy_problem import supplier, toy_problem

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "refinery.py"
OPTIMUM_USD = 14_830_000
"""100 t bought at 40,000; then each year 60 t made for 5,000 + 1.25 · 20,000, 40 bought, and 60 · 3,500 of capacity."""


def refining() -> sourcing_pb2.SourcingProblem:
    """Four years without interest; a refinery of at most 60 t a year that stands a year after it is decided."""
    problem = toy_problem()
    del problem.periods[4:]
    problem.discount_rate = 0
    problem.materials[0].ClearField("stock")
    problem.materials.add(material_id="cobalt ore")
    bought, mined, made = (
        supplier(c, p, t) for c, p, t in (("CHN", 40_000, 100), ("COD", 20_000, 200), ("USA", 5e3, 0))
    )
    mined.source_id, mined.material_id = "ore/COD", "cobalt ore"
    made.kind = common_pb2.SOURCE_KIND_DOMESTIC
    made.feed.material_id, made.feed.tonnes_per_tonne = "cobalt ore", 1.25
    made.expansion.max_tonnes_per_year, made.expansion.capital_usd_per_tonne_year = 60, 30_000
    made.expansion.lead_periods, made.expansion.fixed_usd_per_tonne_year, made.expansion.life_years = 1, 500, 10
    del problem.sources[:]
    problem.sources.extend([bought, mined, made])
    for source in problem.sources:
        source.freight_usd_per_tonne, source.lead_periods = 0, 0
    return problem


def test_what_pays_is_built_and_fed(client: Client) -> None:
    """The optimum worked by hand, what is built, what it takes, and what a tonne more would cost later on."""
    plan = client.optimize_sourcing(refining())
    assert plan.status == "OPTIMAL"
    assert plan.plan.check.passed
    assert plan.costs.expected_cost_usd == pytest.approx(OPTIMUM_USD)
    assert plan.costs.investment_usd == pytest.approx(60 * 3_500 * 3)
    first, *later = plan.plan.expansions
    assert (first.source_id, first.period, first.ready_period, first.last_period) == ("cobalt/USA", 0, 1, 3)
    assert (first.tonnes_per_year, first.yearly_cost_usd_per_tonne_year) == pytest.approx((60, 3_500))
    assert [built.tonnes_per_year for built in later] == pytest.approx([0, 0])
    rows = {(row["material_id"], row["node_id"]): row for row in plan.rows("balances")}
    assert [rows["cobalt ore", n]["fed_tonnes"] for n in range(4)] == pytest.approx([0, 75, 75, 75])
    assert [row["ready_period"] for row in plan.rows("expansions")] == [1, 2, 3]
    limits = [rule for rule in plan.plan.binding_rules if rule.family == "expansion"]
    assert {rule.field_path for rule in limits} == {"sources[2].expansion.max_tonnes_per_year"}
    assert sum(rule.value_per_unit_usd for rule in limits) == pytest.approx(3 * (10_000 - 3_500))


def test_what_is_wrong_with_feeds_and_expansions_is_said_by_field(client: Client) -> None:
    """All at once: a loop, an unknown material, a negative capital, no life, and ore that nothing is made of."""
    problem = refining()
    problem.sources[1].feed.material_id, problem.sources[1].feed.tonnes_per_tonne = "cobalt", 1
    problem.sources[0].feed.material_id, problem.sources[0].feed.tonnes_per_tonne = "tin", 0
    problem.sources[2].expansion.life_years = 0
    problem.sources[2].expansion.capital_usd_per_tonne_year = -1
    problem.materials.add(material_id="scrap")
    with pytest.raises(InvalidRequest) as refused:
        client.optimize_sourcing(problem)
    assert {violation.field_path for violation in refused.value.violations} == {
        "problem.sources[0].feed.material_id",
        "problem.sources[0].feed.tonnes_per_tonne",
        "problem.sources[1].feed.material_id",
        "problem.sources[2].feed.material_id",
        "problem.sources[2].expansion.life_years",
        "problem.sources[2].expansion.capital_usd_per_tonne_year",
        "problem.materials[2].demand",
    }


def test_numbers_of_what_is_built_trace_to_the_fields_that_they_rest_on(client: Client) -> None:
    """The investment rests on capital, life and fixed cost; what is fed on the feed."""
    problem = refining()
    plan = client.optimize_sourcing(problem)
    traced = client.trace(
        plan,
        "costs.investment_usd",
        "balances[cobalt ore,1].fed_tonnes",
        "expansions[cobalt/USA,0].yearly_cost_usd_per_tonne_year",
    )
    investment, fed, yearly = (set(number.message.problem_fields) for number in traced)
    assert {
        f"sources[cobalt/USA].expansion.{name}" for name in ("capital_usd_per_tonne_year", "life_years")
    } <= investment
    assert "sources[cobalt/USA].feed.tonnes_per_tonne" in fed
    assert {"sources[cobalt/USA].expansion.fixed_usd_per_tonne_year", "discount_rate"} <= yearly


def test_a_refinery_is_put_into_a_problem_of_the_data(client: Client) -> None:
    """What the caller adds is planned with what the data hold, and traces to the caller."""
    built = client.build_problem("USA", ["cobalt"], horizon_years=4, price_of_risk=0, demand={"cobalt": [8_000.0]})
    hydroxide, refinery = refining().sources[1:]
    hydroxide.capacity_tonnes[:] = [9_000]
    refinery.expansion.max_tonnes_per_year, refinery.expansion.capital_usd_per_tonne_year = 3_000, 9_000
    hydroxide.unit_price_usd_per_tonne[:] = [9_000]
    built.problem.materials.add(material_id="cobalt ore")
    built.problem.sources.extend([hydroxide, refinery])
    plan = client.optimize_sourcing(built)
    assert plan.plan.expansions[0].tonnes_per_year == pytest.approx(3_000)
    (investment,) = client.trace(plan, "costs.investment_usd")
    given = {origin.caller.field_path for origin in investment.message.figure.origins if origin.HasField("caller")}
    position = len(built.problem.sources) - 1
    assert f"sources[{position}].expansion.capital_usd_per_tonne_year" in given


def test_the_example_of_a_refinery_runs(server: ServerProcess) -> None:
    """What can be built is built, and costs less than imports alone."""
    done = subprocess.run([sys.executable, str(EXAMPLE), server.address], capture_output=True, text=True, check=True)
    costs = [float(line.split()[-3].replace(",", "")) for line in done.stdout.splitlines() if "expected cost" in line]
    assert costs[1] < costs[0]
    assert done.stdout.count("build 6,000 t a year, decided 2027, running from 2030") == 1


def test_a_table_of_what_is_built_can_be_printed(server: ServerProcess, tmp_path: Path) -> None:
    path = tmp_path / "problem.json"
    path.write_text(MessageToJson(refining(), preserving_proto_field_name=True))
    shown = lodestock(server, "plan", str(path), "--table", "expansions").stdout
    assert "cobalt/USA" in shown
    assert "14,830,000" in shown


def with_scenarios(count: int, onsets: int = 4) -> sourcing_pb2.SourcingProblem:
    """The toy with so many stops of one supplier or the other, all as likely."""
    problem = toy_problem()
    for k in range(count):
        stopped: dict[str, Any] = {"countries": [("COD", "AUS")[k % 2]], "availability": (k % 97) / 97}
        made = problem.scenarios.add(scenario_id=f"{k}", probability=0.9 / count, onset_period=k % onsets)
        made.end_period = min(4, made.onset_period + k % 3)
        made.disruptions.add(**stopped)
    return problem


def test_ten_thousand_scenarios_are_reduced_and_planned(client: Client) -> None:
    """What remains is of those given, has their probability, and says how far it is from them."""
    problem = with_scenarios(10_000)
    reduced = client.reduce_scenarios(problem, most_scenarios=40)
    assert (reduced.message.given, reduced.message.possible, len(reduced)) == (10_000, 10_000, 40)
    assert sum(scenario.probability for scenario in reduced) == pytest.approx(0.9)
    assert 0 < reduced.relative_error < 0.2
    assert reduced.record.versions
    assert not reduced.remarks
    plan = client.optimize_sourcing(reduced.put_into(problem))
    assert plan.status == "OPTIMAL"
    assert list(reduced.to_frame()["scenario_id"]) == [scenario.scenario_id for scenario in reduced]


def test_what_cannot_be_reduced_is_refused_by_its_field(client: Client) -> None:
    """Probabilities beyond 1, and scenarios with more figures than a call may compare."""
    problem = with_scenarios(20)
    problem.scenarios[3].probability = 0.9
    with pytest.raises(InvalidRequest) as refused:
        client.reduce_scenarios(problem)
    assert [violation.field_path for violation in refused.value.violations] == ["problem.scenarios"]
    many = with_scenarios(10_000, onsets=1)
    del many.periods[:]
    many.periods.extend(sourcing_pb2.Period(label=f"{t}", length_years=1) for t in range(600))
    for m in range(5):
        many.materials.add(material_id=f"{m}").demand.add().CopyFrom(many.materials[0].demand[0])
    many.scenarios[0].demand_factors.add(factor=2)
    with pytest.raises(InvalidRequest, match="10,000 with 3,604 figures each, a call may give 8,324 of these"):
        client.reduce_scenarios(many)


def test_what_the_distance_does_not_see_is_remarked(client: Client) -> None:
    """States; and that one scenario is far from twenty."""
    problem = with_scenarios(20)
    problem.scenarios[3].state = common_pb2.MATERIAL_STATE_EXTREME
    reduced = client.reduce_scenarios(problem, most_scenarios=1)
    assert reduced.relative_error > 0.5
    far, states = reduced.remarks
    assert re.fullmatch(r"1 scenario is \d+% of the mean loss away from those given; more scenarios come nearer", far)
    assert "differ in state" in states


def test_scenarios_are_reduced_on_the_command_line(server: ServerProcess, tmp_path: Path) -> None:
    """The table and how far it is; with --json the problem, as 'plan' reads it."""
    path = tmp_path / "problem.json"
    path.write_text(MessageToJson(with_scenarios(30), preserving_proto_field_name=True))
    shown = lodestock(server, "reduce", str(path), "--most-scenarios", "5")
    assert "30 scenarios to 5, " in shown.stderr
    written = lodestock(server, "reduce", str(path), "--most-scenarios", "5", "--json")
    assert len(json.loads(written.stdout)["scenarios"]) == 5
