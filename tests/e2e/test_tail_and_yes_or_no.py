"""A weight on the tail and contracts that are signed as a whole, over a real socket and in the server's processes."""

from __future__ import annotations

import pytest

from lodestock import Client, InvalidRequest
from tests.toy_problem import OPTIMUM_USD, toy_problem


def test_a_plan_with_a_tail_and_a_yes_or_no_comes_back_with_what_they_mean(client: Client) -> None:
    """Without scenarios the tail is all there is; the dearer supplier is not signed, whatever it costs besides."""
    problem = toy_problem()
    problem.tail_weight = 0.5
    problem.sources[1].fixed_cost_usd = 1_000
    problem.sources[1].min_order_tonnes = 20
    plan = client.optimize_sourcing(problem).plan
    assert plan.has_yes_or_no
    assert plan.check.passed
    assert plan.costs.objective_usd == pytest.approx(OPTIMUM_USD, abs=1)
    assert plan.cvar_usd == pytest.approx(OPTIMUM_USD, abs=1)
    (leaf,) = [node for node in plan.nodes if node.HasField("path_cost_usd")]
    assert (leaf.period, leaf.tail_share) == (4, 1.0)
    unsigned = [contract for contract in plan.contracts if contract.source_id == "cobalt/AUS"]
    assert unsigned
    assert not any(contract.HasField("reduced_cost_usd_per_tonne") for contract in unsigned)
    assert all(contract.fixed_cost_usd == 0 for contract in plan.contracts)


def test_a_fixed_cost_that_is_owed_is_in_the_costs(client: Client) -> None:
    """1,000 USD in each year in which the cheap supplier is signed, discounted."""
    problem = toy_problem()
    problem.sources[0].fixed_cost_usd = 1_000
    plan = client.optimize_sourcing(problem).plan
    signed = [contract for contract in plan.contracts if contract.fixed_cost_usd > 0]
    assert {contract.source_id for contract in signed} == {"cobalt/COD"}
    assert plan.costs.fixed_usd == pytest.approx(sum(1_000 * 1.03**-contract.period for contract in signed))


def test_a_least_quantity_beyond_every_capacity_is_refused_by_its_field(client: Client) -> None:
    """The field and what would be right."""
    problem = toy_problem()
    problem.sources[1].min_order_tonnes = 31
    with pytest.raises(InvalidRequest, match="largest capacity") as refused:
        client.optimize_sourcing(problem)
    assert [v.field_path for v in refused.value.violations] == ["problem.sources[1].min_order_tonnes"]
