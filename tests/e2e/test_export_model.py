"""The model as a file over a real socket: another solver reads it and comes to the same cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import highspy
import pytest
from google.protobuf.json_format import MessageToJson

from lodestock import Client, InvalidRequest
from lodestock.v1 import sourcing_pb2
from tests.e2e.test_command_line import lodestock
from tests.server_process import ServerProcess
from tests.toy_problem import OPTIMUM_USD, toy_problem


def optimum(file: Path) -> float:
    """What the solver that reads the file finds."""
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    assert solver.readModel(str(file)) == highspy.HighsStatus.kOk
    solver.run()
    return float(solver.getInfo().objective_function_value)


def problem_of_all_sorts() -> sourcing_pb2.SourcingProblem:
    """With yes-or-no contracts, a tail, a rule, a scenario, and a name with a line break."""
    problem = toy_problem()
    problem.sources[1].fixed_cost_usd, problem.sources[1].min_order_tonnes = 50_000, 20
    problem.sources[1].source_id = "cobalt/AUS\nend"
    problem.tail_weight = 0.5
    problem.rules.add(rule_id="cap", countries=["COD"], share_cap=sourcing_pb2.ShareCap(max_share=0.8))
    stop = problem.scenarios.add(scenario_id="stop", probability=0.3, onset_period=2)
    stop.disruptions.add(countries=["COD"], availability=0)
    return problem


@pytest.mark.parametrize("problem", [toy_problem(), problem_of_all_sorts()], ids=["toy", "all sorts"])
def test_another_solver_comes_to_the_same_cost(
    client: Client, tmp_path: Path, problem: sourcing_pb2.SourcingProblem
) -> None:
    file = tmp_path / "model.lp"
    file.write_text(client.export_model(problem), encoding="utf-8")
    plan = client.optimize_sourcing(problem).plan
    assert optimum(file) == pytest.approx(plan.costs.objective_usd, rel=1e-6)


def test_the_command_writes_the_file(server: ServerProcess, tmp_path: Path) -> None:
    given, file = tmp_path / "problem.json", tmp_path / "model.lp"
    given.write_text(MessageToJson(toy_problem()), encoding="utf-8")
    done = lodestock(server, "export", str(given), "--to", str(file))
    assert done.returncode == 0, done.stderr
    assert optimum(file) == pytest.approx(OPTIMUM_USD, rel=1e-6)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("\\     q[l,k]")
    assert "l = 0: cobalt/COD" in text
    assert "docs/model.md" not in text


def test_a_file_that_cannot_be_written_is_said_in_a_line(server: ServerProcess, tmp_path: Path) -> None:
    given, file = tmp_path / "problem.json", tmp_path / "nowhere" / "model.lp"
    given.write_text(MessageToJson(toy_problem()), encoding="utf-8")
    done = lodestock(server, "export", str(given), "--to", str(file))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_problem_with_violations_is_refused_by_field(client: Client) -> None:
    problem = toy_problem()
    problem.sources[0].material_id = "unobtainium"
    with pytest.raises(InvalidRequest, match=r"problem.sources\[0\].material_id"):
        client.export_model(problem)
