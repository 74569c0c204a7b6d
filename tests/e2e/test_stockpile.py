"""Sizing a stockpile over a real socket, in Python and as a command."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToJson

from lodestock import Client, InvalidRequest, NotFound
from lodestock.v1 import sourcing_pb2
from tests.e2e.test_command_line import lodestock
from tests.server_process import ServerProcess
from tests.toy_problem import toy_problem

PRICE = (200 * 30_200 + 30 * 36_200) / 230
"""Landed cost of the toy's suppliers in the first year, mean by capacity, USD/t."""


def stopped() -> sourcing_pb2.SourcingProblem:
    """The toy, where COD, which has more than AUS can give, may stop in the first year; AUS has 30 of 100 t."""
    problem = toy_problem()
    stop = problem.scenarios.add(scenario_id="stop", probability=0.2, onset_period=0, end_period=0)
    stop.disruptions.add(countries=["COD"], availability=0)
    return problem


def test_a_stockpile_is_sized_and_a_plan_with_it_is_not_short(client: Client) -> None:
    found = client.size_stockpile(stopped(), ["cobalt"], tiers=["essential"], min_probabilities=[1, 0.5])
    assert found
    assert (found.status, len(found)) == ("OPTIMAL", 2)
    whole, half = found
    assert whole.objective_usd >= half.objective_usd * (1 - 1e-9)
    (stock,) = whole.stocks
    assert stock.opening_tonnes >= 70 - 1e-6
    assert stock.owned_tonnes == 10
    assert stock.price_usd_per_tonne == pytest.approx(PRICE)
    assert whole.purchase_usd == pytest.approx((stock.opening_tonnes - 10) * PRICE)
    assert (whole.served_probability, len(whole.spared)) == (1, 0)
    assert whole.objective_usd == pytest.approx(whole.costs.objective_usd + whole.purchase_usd)
    difference = whole.objective_usd - found.message.costs.objective_usd
    assert whole.objective_difference_usd == pytest.approx(difference)
    assert found.deciding_rows()[0]["scenarios"] == "stop"
    assert list(found.to_frame()["min_probability"]) == [1, 0.5]
    assert found.record.versions["highspy"]
    problem = stopped()
    problem.materials[0].stock.opening_tonnes = stock.opening_tonnes
    assert client.optimize_sourcing(problem).costs.shortage_usd == pytest.approx(0, abs=1e-3)


def test_what_cannot_be_is_said_with_its_limits(client: Client) -> None:
    problem = stopped()
    problem.materials[0].stock.capacity_tonnes = 40
    found = client.size_stockpile(problem, min_probabilities=[1, 0.8])
    impossible, possible = found
    assert not found
    assert impossible.status == sourcing_pb2.PLAN_STATUS_INFEASIBLE
    assert possible.status == sourcing_pb2.PLAN_STATUS_OPTIMAL
    assert impossible.unreachable.most_probability == pytest.approx(0.8)
    assert "materials[0].stock.capacity_tonnes" in [limit.field_path for limit in impossible.unreachable.limits]
    (short,) = (row for row in found.short_rows() if not row["is_avoidable"])
    assert (short["scenarios"], short["tier"]) == ("stop", "ESSENTIAL")
    assert short["tonnes"] == pytest.approx(100 - 30 - 40)


def test_what_is_wrong_with_the_question_is_said_by_field(client: Client) -> None:
    refusals = {
        "material_ids[0]": {"materials": ["tin"]},
        "tiers": {"tiers": ["defence"]},
        "min_probabilities[1]": {"min_probabilities": [1, 1.5]},
    }
    for path, asked in refusals.items():
        with pytest.raises(InvalidRequest) as refused:
            client.size_stockpile(stopped(), **asked)  # type: ignore[arg-type]
        assert path in [violation.field_path for violation in refused.value.violations]
    broken = stopped()
    broken.scenarios[0].onset_period = 9
    with pytest.raises(InvalidRequest, match=r"problem\.scenarios"):
        client.size_stockpile(broken)
    with pytest.raises(NotFound):
        client.size_stockpile("plans/no-such")
    with pytest.raises(ValueError, match="tier"):
        client.size_stockpile(stopped(), tiers=["army"])


def test_it_is_a_command(server: ServerProcess, tmp_path: Path) -> None:
    file = tmp_path / "stopped.json"
    file.write_text(MessageToJson(stopped()), encoding="utf-8")
    for arguments, expected in (
        (["--probability", "1", "--probability", "0.8"], "cobalt"),
        (["--table", "deciding"], "stop"),
        (["--table", "costs", "--hold-contracts"], "OPTIMAL"),
        (["--json"], '"served_probability"'),
    ):
        done = lodestock(server, "size", str(file), *arguments)
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout
    problem = stopped()
    problem.materials[0].stock.capacity_tonnes = 40
    file.write_text(MessageToJson(problem), encoding="utf-8")
    refused = lodestock(server, "size", str(file))
    assert refused.returncode == 1
    assert "no opening stock is enough, at most 0.8 can be reached" in refused.stderr
