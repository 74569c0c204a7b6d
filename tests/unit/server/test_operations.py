"""Jobs and stored results as messages, and the rules that Google's messages cannot carry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from google.longrunning import operations_pb2
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2

from lodestock.v1 import forecast_pb2, results_pb2, sourcing_pb2
from lodestock.v1 import operations_pb2 as v1
from lodestock_server.converters.comparison import compare_answers
from lodestock_server.converters.operation import (
    event_to_proto,
    list_violations,
    name_violations,
    operation_to_proto,
    states_from_proto,
    wait_violations,
)
from lodestock_server.converters.results import info_to_proto, summary_of
from lodestock_server.converters.wire import with_parts
from lodestock_server.errors import FieldViolation
from lodestock_server.jobs.job import Job, JobError, JobEvent, JobState, Progress
from lodestock_server.jobs.kinds import BATCH_FORECAST, RUN_BACKTEST, RUN_OPTIMIZATION
from lodestock_server.store.results import StoredResult
from tests.toy_problem import toy_problem

AT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


def job(state: JobState, **given: object) -> Job:
    """A job in a state."""
    about: dict[str, Any] = {"caller": "me", "display_name": "words", "request_digest": "d", "attempts": 2, **given}
    return Job(job_id="a-b", kind=RUN_OPTIMIZATION.name, state=state, created_at=AT, **about)


def answer(status: int, contracts: dict[tuple[str, int], float], costs: float = 7.0) -> bytes:
    """A plan by what is contracted of each source, and at which node."""
    found = status in (sourcing_pb2.PLAN_STATUS_OPTIMAL, sourcing_pb2.PLAN_STATUS_FEASIBLE)
    plan = sourcing_pb2.Plan(
        status=status,  # type: ignore[arg-type]
        costs=sourcing_pb2.CostBreakdown(expected_cost_usd=costs) if found else None,
        solver=sourcing_pb2.SolverReport(relative_gap=0.25),
        contracts=[
            sourcing_pb2.Contract(source_id=source, signed_node_id=node, contracted_tonnes=tonnes)
            for (source, node), tonnes in contracts.items()
        ],
        balances=[sourcing_pb2.MaterialBalance(material_id="cobalt", node_id=0, stock_tonnes=costs)],
    )
    return sourcing_pb2.OptimizeSourcingResponse(plan=plan).SerializeToString()


def test_states_of_jobs_are_states_of_operations() -> None:
    """Each state has its counterpart, and only ends are done."""
    for state in JobState:
        operation = operation_to_proto(job(state, result="plans/a-b", error=JobError("INTERNAL", "INTERNAL", "x")))
        metadata = v1.OperationMetadata()
        assert operation.metadata.Unpack(metadata)
        assert v1.OperationState.Name(metadata.state) == f"OPERATION_STATE_{state.name}"
        assert operation.done == state.is_end
        assert (operation.WhichOneof("result") is not None) == state.is_end
    assert operation.name == "operations/a-b"
    assert (metadata.method, metadata.caller, metadata.attempts) == ("RunOptimization", "me", 2)
    assert metadata.create_time.ToDatetime(UTC) == AT


def test_success_names_the_result_and_says_what_is_known_of_it() -> None:
    request = sourcing_pb2.OptimizeSourcingRequest(problem=toy_problem()).SerializeToString()
    summary = summary_of(RUN_OPTIMIZATION.name, request, answer(sourcing_pb2.PLAN_STATUS_FEASIBLE, {}))
    operation = operation_to_proto(job(JobState.SUCCEEDED, result="plans/a-b", summary=summary))
    response = sourcing_pb2.RunOptimizationResponse()
    assert operation.response.Unpack(response)
    plan = response.plan
    assert plan.info.request_digest == "d"
    assert (plan.info.name, plan.info.display_name, plan.info.operation) == ("plans/a-b", "words", "operations/a-b")
    assert plan.status == sourcing_pb2.PLAN_STATUS_FEASIBLE
    assert (plan.expected_cost_usd, plan.relative_gap) == (7.0, 0.25)
    assert (list(plan.material_ids), plan.periods, plan.scenarios) == (["cobalt"], 5, 1)


def test_no_plan_is_a_success_without_costs() -> None:
    request = sourcing_pb2.OptimizeSourcingRequest(problem=toy_problem()).SerializeToString()
    summary = summary_of(RUN_OPTIMIZATION.name, request, answer(sourcing_pb2.PLAN_STATUS_INFEASIBLE, {}))
    assert "expected_cost_usd" not in summary
    assert "relative_gap" not in summary
    assert summary["status"] == "PLAN_STATUS_INFEASIBLE"


def test_summaries_of_forecasts_and_backtests_count_their_series() -> None:
    forecasts = forecast_pb2.ForecastDemandResponse(
        forecasts=[forecast_pb2.SeriesForecast(series_id="a")], failures=[forecast_pb2.SeriesFailure(series_id="b")]
    )
    asked = forecast_pb2.ForecastDemandRequest(horizon=3)
    assert summary_of(BATCH_FORECAST.name, asked.SerializeToString(), forecasts.SerializeToString()) == {
        "series": 1,
        "failures": 1,
        "horizon": 3,
        "model": "default",
    }
    scores = forecast_pb2.BacktestModelsResponse(
        series=[forecast_pb2.SeriesBacktest()], overall=[forecast_pb2.ModelScore(model="naive")]
    )
    backtest = forecast_pb2.BacktestModelsRequest(horizon=2)
    assert summary_of(RUN_BACKTEST.name, backtest.SerializeToString(), scores.SerializeToString()) == {
        "series": 1,
        "models": ["naive"],
        "horizon": 2,
    }


def test_failure_carries_reason_and_violations_as_a_call_would() -> None:
    error = JobError("INVALID_ARGUMENT", "INVALID_REQUEST", "wrong", (FieldViolation("problem.sources", "is empty"),))
    operation = operation_to_proto(job(JobState.FAILED, error=error))
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    assert operation.error.code == code_pb2.INVALID_ARGUMENT
    assert any(detail.Unpack(info) for detail in operation.error.details)
    assert info.reason == "INVALID_REQUEST"
    assert any(detail.Unpack(bad) for detail in operation.error.details)
    assert [(found.field, found.description) for found in bad.field_violations] == [("problem.sources", "is empty")]


def test_cancelled_is_an_error_of_its_own() -> None:
    operation = operation_to_proto(job(JobState.CANCELLED))
    assert operation.done
    assert operation.error.code == code_pb2.CANCELLED


def test_last_event_carries_the_operation() -> None:
    """The others carry progress alone, with what is not known left unset."""
    progress = Progress("SOLVING", 3, 9, objective_usd=5.0)
    event = event_to_proto(JobEvent(4, AT, JobState.RUNNING, 1, progress))
    assert (event.sequence, event.attempt, event.state) == (4, 1, v1.OPERATION_STATE_RUNNING)
    assert (event.progress.stage, event.progress.done_parts, event.progress.all_parts) == ("SOLVING", 3, 9)
    assert event.progress.objective_usd == 5.0
    assert not event.progress.HasField("bound_usd")
    assert not event.HasField("operation")
    last = event_to_proto(JobEvent(5, AT, JobState.CANCELLED, 1, None, job(JobState.CANCELLED)))
    assert not last.HasField("progress")
    assert last.operation.done


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("", ()),
        ("  ", ()),
        ("state = RUNNING", (JobState.RUNNING,)),
        ("state=QUEUED OR state = RUNNING", (JobState.QUEUED, JobState.RUNNING)),
        ("state = FAILED OR state = FAILED", (JobState.FAILED,)),
    ],
)
def test_filters_name_states(text: str, states: tuple[JobState, ...]) -> None:
    assert states_from_proto(text) == states


@pytest.mark.parametrize(
    "text",
    ["RUNNING", "state = running", "state = ANY", "state = RUNNING AND state = FAILED", "done = true", "OR", "state ="],
)
def test_filters_of_another_form_are_refused(text: str) -> None:
    """With what would be right."""
    (found,) = list_violations(operations_pb2.ListOperationsRequest(filter=text))
    assert found.field_path == "filter"
    assert "must be like 'state = RUNNING'" in found.description


def test_every_broken_rule_of_a_list_is_named() -> None:
    request = operations_pb2.ListOperationsRequest(name="plans", filter="x" * 501, page_size=1001, page_token="t" * 201)
    assert [found.field_path for found in list_violations(request)] == ["name", "page_size", "page_token", "filter"]
    assert list_violations(operations_pb2.ListOperationsRequest(name="operations", page_size=1000)) == []
    assert list_violations(operations_pb2.ListOperationsRequest(page_size=-1)) != []


@pytest.mark.parametrize("name", ["", "operations/", "operations/a/b", "plans/a", "operations/ä", "operations/a\n"])
def test_names_that_are_no_operations_are_refused(name: str) -> None:
    assert [found.field_path for found in name_violations(operations_pb2.GetOperationRequest(name=name))] == ["name"]


def test_negative_waits_are_refused() -> None:
    request = operations_pb2.WaitOperationRequest(name="operations/a-1", timeout=Duration(seconds=-1))
    assert [found.field_path for found in wait_violations(request)] == ["timeout"]
    assert wait_violations(operations_pb2.WaitOperationRequest(name="operations/a-1", timeout=Duration())) == []


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 3_000_000])
def test_stored_bytes_go_into_an_answer_as_they_are(size: int) -> None:
    """Whatever their length, the answer reads as if they had been a message in it."""
    inner = sourcing_pb2.OptimizeSourcingResponse()
    inner.record.input_digest = "x" * size
    head = sourcing_pb2.GetPlanResponse(plan=sourcing_pb2.PlanInfo(periods=3))
    wire = with_parts(head, {"answer": inner.SerializeToString(), "request": b""})
    read = sourcing_pb2.GetPlanResponse.FromString(wire)
    assert (read.plan.periods, read.answer) == (3, inner)
    assert read.HasField("request")


def test_what_is_stored_of_a_result_is_said_of_it() -> None:
    """With times and digests; fields that a newer version has added are passed over."""
    summary = {"periods": 4, "status": "PLAN_STATUS_OPTIMAL", "of_the_future": 1}
    stored = StoredResult("plans/x", "plans", "me", "words", "operations/x", AT, None, "d1", "d2", 10, 20, summary)
    plan = info_to_proto(stored)
    assert isinstance(plan, sourcing_pb2.PlanInfo)
    assert plan.periods == 4
    assert plan.info == results_pb2.ResultInfo(
        name="plans/x",
        display_name="words",
        caller="me",
        operation="operations/x",
        create_time=plan.info.create_time,
        request_digest="d1",
        answer_digest="d2",
        request_bytes=10,
        answer_bytes=20,
    )
    assert plan.info.create_time.ToDatetime(UTC) == AT


def test_plans_are_compared_figure_by_figure() -> None:
    """Costs come before tonnes; what one plan does not have is NaN."""
    optimal = sourcing_pb2.PLAN_STATUS_OPTIMAL
    first = answer(optimal, {("cobalt/COD", -1): 10, ("cobalt/AUS", -1): 5})
    second = answer(optimal, {("cobalt/COD", -1): 90}, costs=9)
    found = sourcing_pb2.ComparePlansResponse.FromString(compare_answers("plans", [first, second], 2))
    assert [(figure.path, figure.unit, list(figure.values)) for figure in found.figures] == [
        ("costs.expected_cost_usd", "USD", [7.0, 9.0]),
        ("contracts[cobalt/COD,0,-1].contracted_tonnes", "t", [10.0, 90.0]),
    ]
    # And the contract that the second lacks, with its prices, and the stock.
    assert found.differing_figures > 3


def test_nodes_of_different_trees_are_not_compared() -> None:
    """Their numbers mean other situations; what is signed at the start, and costs, can be."""
    contracts = {("cobalt/COD", -1): 10.0, ("cobalt/COD", 0): 5.0}
    first = answer(sourcing_pb2.PLAN_STATUS_OPTIMAL, contracts)
    other = sourcing_pb2.OptimizeSourcingResponse.FromString(
        answer(sourcing_pb2.PLAN_STATUS_OPTIMAL, {key: 2 * tonnes for key, tonnes in contracts.items()}, costs=9)
    )
    same = sourcing_pb2.ComparePlansResponse.FromString(compare_answers("plans", [first, other.SerializeToString()], 9))
    assert {"balances[cobalt,0].stock_tonnes", "contracts[cobalt/COD,0,0].contracted_tonnes"} <= {
        figure.path for figure in same.figures
    }
    other.plan.nodes.add(node_id=0, scenario_ids=["s"])
    apart = sourcing_pb2.ComparePlansResponse.FromString(
        compare_answers("plans", [first, other.SerializeToString()], 9)
    )
    assert [figure.path for figure in apart.figures] == [
        "costs.expected_cost_usd",
        "contracts[cobalt/COD,0,-1].contracted_tonnes",
    ]


def test_forecasts_are_compared_by_period_and_level() -> None:
    def forecast(median: float) -> bytes:
        step = forecast_pb2.ForecastStep(period="2030", mean=1, median=median, quantiles=[0.5, 2.0])
        one = forecast_pb2.SeriesForecast(series_id="a", unit="kt", quantile_levels=[0.1, 0.9], steps=[step])
        return forecast_pb2.ForecastDemandResponse(forecasts=[one]).SerializeToString()

    wire = compare_answers("forecasts", [forecast(1.0), forecast(1.5), forecast(1.0)], 9)
    found = forecast_pb2.CompareForecastsResponse.FromString(wire)
    assert [(figure.path, figure.unit, list(figure.values)) for figure in found.figures] == [
        ("forecasts[a].steps[2030].median", "kt", [1.0, 1.5, 1.0])
    ]
