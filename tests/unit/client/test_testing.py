"""lodestock.testing: programs that use the client can be tested without a server."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from lodestock import Client, InvalidRequest, Overloaded, Plan, Violation
from lodestock.testing import (
    MockChannel,
    NoAnswer,
    sample_answer,
    sample_assessment,
    sample_forecasts,
    sample_plan,
    sample_problem,
)
from lodestock.testing.methods import FILES, methods
from lodestock.v1 import forecast_pb2, sourcing_pb2

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", sorted(methods()))
def test_every_method_has_a_recorded_answer(name: str) -> None:
    """Where this fails for a new method: add its request to scripts/record_samples.py and run make samples."""
    answer = sample_answer(name)
    assert answer.ByteSize() > 0 or not answer.DESCRIPTOR.fields


def test_samples_are_answers_of_the_kind_that_a_server_gives() -> None:
    """They go together, name their origins, and hold no time of the machine that recorded them."""
    problem, plan, forecasts = sample_problem(), sample_plan(), sample_forecasts()
    assert plan.status == "OPTIMAL"
    assert plan.plan.check.passed
    sources = {source.source_id for source in problem.problem.sources}
    assert {row["source_id"] for row in plan.rows("contracts")} <= sources
    assert problem.message.figures
    assert [row["period"] for row in forecasts.rows()] == sorted(row["period"] for row in forecasts.rows())
    assert {risk.material_id for risk in sample_assessment()} == {"cobalt"}
    assert {result.record.created_at.ToSeconds() for result in (problem, plan, forecasts)} == {1_767_225_600}
    assert {result.record.compute_s for result in (problem, plan, forecasts)} == {0.0}


def test_sample_that_a_test_changes_is_changed_for_it_alone() -> None:
    sample_plan().plan.contracts.clear()
    assert len(sample_plan().plan.contracts) > 0


def test_client_without_a_server_answers_everything() -> None:
    """Every method of the client goes through the channel as it goes through a real one."""
    channel = MockChannel()
    with Client(channel=channel) as client:
        assert client.health() == "SERVING"
        assert client.list_datasets()
        assert len(client.list_models()) > 1
        assert len(client.list_risk_measures()) > 1
        assert client.list_series("us-minerals", ["cobalt"])
        assert client.observations("us-minerals", ["cobalt"])
        assert client.forecast_demand(buyer="USA", materials=["cobalt"], horizon=3)["cobalt/USA"].rows()
        assert len(client.assess_supply_risk("USA", ["cobalt"])) >= 1
        problem = client.build_problem("USA", ["cobalt"], horizon_years=3)
        assert client.validate_problem(problem)
        plan = client.optimize_sourcing(problem, time_limit_s=19, timeout_s=20)
    assert plan.message == sample_plan().message
    last = channel.calls[-1]
    assert (last.method, last.timeout_s, last.request.time_limit_s) == ("OptimizeSourcing", 20, 19)
    assert last.request.problem == problem.problem


def test_jobs_end_at_once_without_a_server() -> None:
    """A recorded job has ended, so that a program that runs jobs goes through; an identifier is made for each."""
    channel = MockChannel()
    client = Client(channel=channel)
    with client.run_optimization(sample_problem()) as job:
        assert job.result(progress=True).status == "OPTIMAL"
    assert job.result().built == sample_problem().message
    assert client.batch_forecast_demand(buyer="USA", materials=["cobalt"], horizon=3).result()["cobalt/USA"].rows()
    assert client.run_backtest(buyer="USA", materials=["cobalt"], horizon=2).result().rows()
    assert len(client.jobs()) == 3
    assert client.job(job.name).result().status == "OPTIMAL"
    assert [event.HasField("operation") for event in job.watch()] == [True]
    assert client.plans().rows()[0]["status"] == "OPTIMAL"
    assert client.forecasts().rows()[0]["series"] == 1
    assert client.backtests().rows()[0]["models"] == "naive, drift"
    assert client.compare_plans("plans/a", "plans/b").rows()
    assert client.compare_forecasts("forecasts/a", "forecasts/b").names
    for delete, name in (
        (client.delete_plan, "plans/a"),
        (client.delete_forecast, "forecasts/a"),
        (client.delete_backtest, "backtests/a"),
    ):
        delete(name)
    job.cancel()
    job.delete()
    begun = [
        call.request.request_id for call in channel.calls if "request_id" in call.request.DESCRIPTOR.fields_by_name
    ]
    assert len(begun) == len({uuid.UUID(request_id) for request_id in begun}) == 3


def test_answers_come_in_turn_and_run_out() -> None:
    """An error, then a plan, as a program that tries again would see them."""
    client = Client(channel=MockChannel({"OptimizeSourcing": [Overloaded("come again"), sample_plan()]}))
    with pytest.raises(Overloaded, match="come again"):
        client.optimize_sourcing(sample_problem())
    assert client.optimize_sourcing(sample_problem())
    with pytest.raises(NoAnswer, match="OptimizeSourcing was called once more"):
        client.optimize_sourcing(sample_problem())


def test_answer_may_depend_on_the_request() -> None:
    """A function sees the request as a server would."""

    def judge(request: sourcing_pb2.OptimizeSourcingRequest) -> Plan | InvalidRequest:
        if request.problem.sources:
            return sample_plan()
        return InvalidRequest("refused", violations=(Violation("problem.sources", "is empty"),))

    client = Client(channel=MockChannel({"OptimizeSourcing": judge}))
    assert client.optimize_sourcing(sample_problem())
    with pytest.raises(InvalidRequest) as caught:
        client.optimize_sourcing({"buyer": "USA"})
    assert caught.value.violations[0].field_path == "problem.sources"


def test_answers_that_no_server_would_give_are_refused_at_once() -> None:
    """Names that are no methods, and messages of another method, given or returned."""
    with pytest.raises(ValueError, match=r"no method 'OptimiseSourcing', must be one of .*OptimizeSourcing"):
        MockChannel({"OptimiseSourcing": sample_plan()})
    with pytest.raises(TypeError, match=r"answers with lodestock\.v1\.OptimizeSourcingResponse, not with"):
        MockChannel({"OptimizeSourcing": sample_problem()})
    with pytest.raises(TypeError, match="not by 'plan'"):
        MockChannel({"OptimizeSourcing": ["plan"]})  # type: ignore[list-item]
    client = Client(channel=MockChannel({"ListModels": lambda _request: sample_plan()}))
    with pytest.raises(TypeError, match="ListModels answers with"):
        client.list_models()


def test_request_that_cannot_be_sent_fails_as_it_would() -> None:
    """The bytes are made: a wrong type does not pass because no network is there."""
    client = Client(channel=MockChannel())
    with pytest.raises(TypeError):
        client.forecast_demand(buyer="USA", horizon="three")  # type: ignore[arg-type]
    assert client.list_models().message == sample_answer("ListModels")
    assert forecast_pb2.DESCRIPTOR in FILES


def test_environment_does_not_reach_a_mock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token for a far server would otherwise be refused for want of encryption."""
    monkeypatch.setenv("LODESTOCK_ADDRESS", "far.example:50051")
    monkeypatch.setenv("LODESTOCK_TOKEN", "sixteen characters")
    assert Client(channel=MockChannel()).health() == "SERVING"


def test_users_of_the_client_do_not_pay_for_it() -> None:
    """Importing the client imports nothing of it."""
    code = "import sys, lodestock; print([name for name in sys.modules if name.startswith('lodestock.testing')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_example_in_the_readme_is_a_test_that_passes(tmp_path: Path) -> None:
    """As it is written, by pytest, with no server anywhere."""
    page = (ROOT / "clients" / "README.md").read_text(encoding="utf-8")
    (example,) = [block for block in EXAMPLE.findall(page) if "lodestock.testing" in block]
    (tmp_path / "test_example.py").write_text(example, encoding="utf-8")
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_example.py"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
