"""Generated scenarios and policies by name over a real socket, in Python and as commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToJson

from lodestock import BuiltProblem, Client, InvalidRequest, NotFound
from tests.e2e.test_command_line import lodestock
from tests.server_process import ServerProcess
from tests.toy_problem import OPTIMUM_USD, toy_problem

DEMAND = {"cobalt": [100.0], "gallium": [10.0]}


@pytest.fixture
def built(client: Client) -> BuiltProblem:
    """Two materials of the data, with demand given so that nothing is forecast."""
    return client.build_problem("USA", ["cobalt", "gallium"], horizon_years=5, demand=DEMAND)


def test_scenarios_of_a_built_problem_solve_as_they_stand(client: Client, built: BuiltProblem) -> None:
    """Built, generated, planned: the plan says what to do in each crisis."""
    made = client.generate_scenarios(built, seed=5, futures=1_000, most_scenarios=4)
    assert 1 <= len(made) <= 4
    assert made.reduction.futures == 1_000
    assert sum(scenario.probability for scenario in made) == pytest.approx(made.reduction.crises / 1_000)
    assert 0 < made.reduction.error_days < made.reduction.loss_days
    problem = made.put_into(built)
    assert client.validate_problem(problem)
    plan = client.optimize_sourcing(problem)
    assert plan.status == "OPTIMAL"
    met = {name for node in plan.plan.nodes for name in node.scenario_ids}
    assert met == {scenario.scenario_id for scenario in made}
    assert not built.problem.scenarios
    assert list(made.to_frame()["scenario_id"]) == [scenario.scenario_id for scenario in made]


def test_every_hazard_has_an_origin_and_the_seed_decides(client: Client, built: BuiltProblem) -> None:
    made = client.generate_scenarios(built, seed=5, futures=500)
    figures = {figure.field_path: figure for figure in made.message.figures}
    for hazard in made.message.hazards:
        figure = figures[f"hazards[{hazard.hazard_id}].probability_per_year"]
        assert figure.values[0] == hazard.probability_per_year
        assert {origin.WhichOneof("kind") for origin in figure.origins} == {"dataset", "default_value"}
        assert hazard.probability_low < hazard.probability_per_year < hazard.probability_high
    assert {dataset.dataset for dataset in made.record.datasets} >= {"governance", "world-supply"}
    assert made.record.seed == 5
    assert any("hardly tells countries apart" in remark for remark in made.remarks)
    assert list(client.generate_scenarios(built, seed=5, futures=500)) == list(made)
    assert list(client.generate_scenarios(built, seed=6, futures=500)) != list(made)


def test_the_callers_own_hazards_and_events(client: Client) -> None:
    """Alone they are all that may strike: one supplier of the toy, and both at once."""
    made = client.generate_scenarios(
        toy_problem(),
        hazard_source="caller",
        hazards=[{"country": "COD", "probability_per_year": 0.2, "availability": 0.5, "duration_years": 1}],
        events=[{"event_id": "strait", "probability_per_year": 0.1, "availability": 0.0, "duration_years": 2}],
        least_part_of_demand=0.2,
    )
    assert [row["hazard_id"] for row in made.hazard_rows()] == ["COD cobalt", "strait"]
    assert made.reduction.crises / made.reduction.futures == pytest.approx(1 - (0.8 * 0.9) ** 5, abs=0.03)
    cod = made.message.hazards[0]
    assert (cod.mean_availability, cod.mean_duration_years, cod.region) == (0.5, 1.0, "sub_saharan_africa")
    assert made.message.hazards[1].part_of_demand == 1.0
    assert client.optimize_sourcing(made.put_into(toy_problem())).status == "OPTIMAL"


def test_the_problems_own_scenarios_play_no_part(client: Client) -> None:
    """Not even ones that do not fit the problem; a remark says that there are some."""
    own = toy_problem()
    own.scenarios.add(scenario_id="late", probability=0.1, onset_period=99, end_period=99)
    made, calm = (client.generate_scenarios(problem, seed=1, futures=200) for problem in (own, toy_problem()))
    assert list(made) == list(calm)
    assert any("scenarios of its own" in remark for remark in made.remarks)


def test_what_is_wrong_is_said_by_field(client: Client, built: BuiltProblem) -> None:
    with pytest.raises(InvalidRequest) as refused:
        client.generate_scenarios(
            toy_problem(),
            hazards=[{"country": "COD", "material_id": "tin", "probability_per_year": 0.1}],
            events=[{"event_id": "a", "countries": ["QQQ"], "duration_years": 1}] * 2,
        )
    paths = {violation.field_path for violation in refused.value.violations}
    named = {"events[0].countries[0]", "events[1].countries[0]", "events[1].event_id"}
    assert paths == {"hazards[0].material_id", *named}
    broken = toy_problem()
    broken.sources[0].material_id = "tin"
    with pytest.raises(InvalidRequest) as refused:
        client.generate_scenarios(broken)
    assert refused.value.violations[0].field_path == "problem.sources[0].material_id"
    with pytest.raises(InvalidRequest, match="policies"):
        client.build_problem("USA", ["tin"], horizon_years=1, policies=["no such"])
    with pytest.raises(ValueError, match="GOVERNANCE, HISTORY, CALLER"):
        client.generate_scenarios(built, hazard_source="astrology")


def test_policies_bind_in_the_built_problem_with_their_law(client: Client) -> None:
    """The cap is a rule of the plan with a price where it binds; the floor is the stock's."""
    listed = {policy.policy_id: policy for policy in client.list_policies()}
    assert listed["eu-crma-single-country"].value == 0.65
    built = client.build_problem(
        "EU27",
        ["cobalt"],
        horizon_years=3,
        demand={"cobalt": [100_000.0]},
        policies=["jpn-rare-metals-60-days", {"policy_id": "eu-crma-single-country", "value": 0.01, "from_period": 1}],
    )
    (rule,) = built.problem.rules
    assert (rule.share_cap.max_share, list(rule.periods)) == (0.01, [1, 2])
    assert built.problem.materials[0].stock.floor_days == 60
    trace = client.trace(built, "materials[cobalt].stock.floor_days", f"rules[{rule.rule_id}].share_cap.max_share")
    floor, cap = (list(number.figure.origins) for number in trace.message.numbers)
    assert "JOGMEC" in floor[0].default_value.source
    assert cap[0].caller.field_path == "policies[1].value"
    assert any("policy of JPN" in remark for remark in built.message.remarks)
    plan = client.optimize_sourcing(built)
    assert plan.status == "OPTIMAL"
    assert any(binding.subject_id == rule.rule_id for binding in plan.plan.binding_rules)
    (cost,) = client.trace(plan, "costs.contract_usd", problem=built).message.numbers
    assert f"rules[{rule.rule_id}].share_cap.max_share" in cost.problem_fields
    assert "jpn-rare-metals-60-days" in {origin.default_value.default_id for origin in cost.figure.origins}


def test_what_each_policy_costs(client: Client) -> None:
    """Both policies are priced by the plan without them; a plan without the cap buys from the cheapest alone."""
    problem = toy_problem()
    cap = problem.rules.add(rule_id="cap/cobalt", material_ids=["cobalt"], countries=["COD"])
    cap.share_cap.max_share = 0.9
    found = client.price_rules(problem)
    assert (found.status, len(found), bool(found)) == ("OPTIMAL", 1, True)
    (row,) = found.rows()
    assert (row["family"], row["name"], row["status"]) == ("TRADE_RULE", "cap", "OPTIMAL")
    assert row["cost_usd"] == pytest.approx(found.message.costs.objective_usd - OPTIMUM_USD, rel=1e-6)
    assert row["cost_usd"] > 0
    assert list(found.to_frame()["name"]) == ["cap"]
    with pytest.raises(NotFound):
        client.price_rules("plans/no-such")
    broken = toy_problem()
    broken.rules.add(rule_id="x").quota.max_tonnes = 1
    broken.rules.add(rule_id="x").quota.max_tonnes = 1
    with pytest.raises(InvalidRequest, match=r"problem\.rules"):
        client.price_rules(broken)


def test_commands(server: ServerProcess, tmp_path: Path) -> None:
    """Scenarios put into a problem's file; policies listed."""
    file = tmp_path / "problem.json"
    file.write_text(MessageToJson(toy_problem()), encoding="utf-8")
    options = ("--hazards-from", "caller", "--hazard-of", "COD=0.3", "--futures", "200")
    done = lodestock(server, "scenarios", str(file), *options, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["scenarios"][0]["disruptions"][0]["countries"] == ["COD"]
    shown = lodestock(server, "scenarios", str(file), *options, "--by-hazard")
    assert "COD cobalt" in shown.stdout
    priced = lodestock(server, "price-rules", str(file))
    assert (priced.returncode, priced.stdout.strip()) == (0, "no rules")
    listed = lodestock(server, "policies")
    assert "eu-crma-extraction" in listed.stdout
