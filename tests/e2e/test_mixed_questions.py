"""Questions to a plan with contracts that are signed as a whole, many plans at once, and a cancel, over a socket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import grpc
import pytest

from lodestock import Client
from lodestock.v1 import sourcing_pb2, sourcing_pb2_grpc
from lodestock_server.converters.sourcing import problem_to_proto
from tests.e2e.test_metrics import value
from tests.server_process import running_server, until_true
from tests.toy_problem import toy_problem
from tests.unit.optimizers.test_mixed import hard

PATIENCE_S = 60
AT_ONCE, DIFFERENT = 64, 16


def whole_orders() -> sourcing_pb2.SourcingProblem:
    """The toy with a supplier of risk that sells 120 t or nothing, and a safe one without such terms."""
    problem = toy_problem()
    problem.sources[0].risk = 0.8
    problem.sources[0].min_order_tonnes = 120
    problem.sources[1].capacity_tonnes[:] = [200]
    return problem


def test_every_question_is_answered(client: Client) -> None:
    """What is said of whole orders fits the plan that is made of them."""
    problem = whole_orders()
    plan = client.optimize_sourcing(problem).plan
    assert plan.has_yes_or_no
    least = pytest.approx(plan.costs.objective_usd, rel=1e-6)
    frontier = client.trace_frontier(problem, points=3)
    assert (frontier.status, frontier.rows()[0]["expected_cost_usd"]) == ("OPTIMAL", least)
    assert frontier.rows()[-1]["risk_charge_usd"] == pytest.approx(0.0, abs=1e-3)
    found = client.find_alternatives(problem, max_increase=0.2, count=1)
    assert found.status == "OPTIMAL"
    assert found.message.costs.objective_usd == least
    answers = client.ask_what_if(problem, {"dear": {"countries": ["COD"], "price_factor": 2}})
    # AUS delivers all then, as if there were no COD.
    alone = toy_problem()
    del alone.sources[0]
    alone.sources[0].capacity_tonnes[:] = [200]
    without = client.optimize_sourcing(alone).costs.objective_usd
    assert answers["dear"].costs.objective_usd == pytest.approx(without, rel=1e-6)
    assert client.stress_test(problem, each_country=True).status == "OPTIMAL"
    assert client.size_stockpile(problem).status == "OPTIMAL"
    told = client.explain_plan(problem, why_not=["cobalt/AUS"])
    assert told.message.has_yes_or_no
    assert not told.message.are_choices_held


def test_plans_asked_for_at_once_are_those_asked_for_one_by_one() -> None:
    """64 calls in 64 threads, linear and not: each has the answer of its own problem, to the last digit."""
    different = []
    for k in range(DIFFERENT):
        problem = toy_problem() if k % 4 else whole_orders()
        problem.sources[0].unit_price_usd_per_tonne[:] = [25_000 + 100 * k]
        different.append(problem)
    asked = different * (AT_ONCE // DIFFERENT)
    room = {"LODESTOCK_MAX_CALLS_PER_CALLER": str(AT_ONCE), "LODESTOCK_MAX_WAITING_CALLS": str(AT_ONCE)}
    with (
        running_server(environment=room) as server,
        Client(server.address) as client,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        together = list(pool.map(lambda one: client.optimize_sourcing(one, timeout_s=300).plan, asked))
        alone = [client.optimize_sourcing(one).plan for one in different]
    for one, other in zip(together, alone * (AT_ONCE // DIFFERENT), strict=True):
        assert one.costs == other.costs
        assert list(one.contracts) == list(other.contracts)
        assert list(one.deliveries) == list(other.deliveries)
        assert list(one.balances) == list(other.balances)
    assert len({plan.costs.objective_usd for plan in alone}) == DIFFERENT


@pytest.mark.slow
def test_a_cancel_ends_the_search_for_whole_numbers() -> None:
    """The one process of the server is free again long before the search would have come to its end."""
    request = sourcing_pb2.OptimizeSourcingRequest(
        problem=problem_to_proto(replace(hard(), buyer="USA", price_year=2024)), time_limit_s=300
    )
    settings = {"LODESTOCK_COMPUTE_WORKERS": "1", "LODESTOCK_METRICS_PORT": "0"}
    with (
        running_server(environment=settings) as server,
        grpc.insecure_channel(server.address, [("grpc.enable_retries", 0)]) as channel,
        Client(server.address) as client,
    ):
        assert client.optimize_sourcing(toy_problem()).status == "OPTIMAL"
        running = sourcing_pb2_grpc.SourcingServiceStub(channel).OptimizeSourcing.future(request, timeout=300)
        assert until_true(lambda: running.done() or value(server, "lodestock_calls_running") == 1), running.exception()
        assert not running.done(), running.exception()
        running.cancel()
        assert client.optimize_sourcing(toy_problem(), timeout_s=PATIENCE_S).status == "OPTIMAL"
