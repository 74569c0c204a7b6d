"""The product's optimum is the optimum: it agrees with an independent implementation on random problems.

And the comparison is able to fail: for every family of constraints and figures an error planted on one side is seen.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from lodestock_optimizers import planner
from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.problem import (
    DemandFactor,
    DemandTier,
    Material,
    Period,
    Quota,
    Scenario,
    Source,
    SourceKind,
    SourcingProblem,
    TierDemand,
    TradeRule,
)
from lodestock_optimizers.validation import validate
from tests.oracle.agreement import close, disagreement
from tests.oracle.model import Name, Oracle, solve
from tests.oracle.planted import PLANTED, base
from tests.oracle.problems import problems, unshrunk, yes_or_no_problems


@unshrunk(250)
@given(problems())
def test_status_and_optimum_agree_on_random_problems(problem: SourcingProblem) -> None:
    assert validate(problem) == []
    oracle = Oracle(problem)
    plan = planner.optimize(problem)
    assert disagreement(plan, oracle.solve()) == ""
    if plan.status is PlanStatus.OPTIMAL:
        assert plan.check is not None
        assert plan.check.passed
        assert plan.costs is not None
        weight, tail = problem.tail_weight, plan.cvar_usd or 0.0
        parts = (1 - weight) * plan.costs.expected_cost_usd + weight * tail
        parts += problem.price_of_risk * plan.costs.risk_charge_usd
        assert close(parts, plan.costs.objective_usd)
        assert close(sum(n.tail_share or 0.0 for n in plan.nodes), 1.0 if weight > 0 else 0.0)
        # The plan as it is told, put into the oracle: it can be carried out and costs what it says.
        told = oracle.solve(fixed=_levels(plan, oracle), slack=1e-6)
        assert told.feasible
        assert close(told.objective, plan.costs.objective_usd, 1e-5)


@unshrunk(15)
@given(yes_or_no_problems())
def test_status_and_optimum_agree_where_contracts_are_signed_as_a_whole(problem: SourcingProblem) -> None:
    assert_agreement_on_yes_or_no(problem)


@pytest.mark.slow
@unshrunk(300)
@given(yes_or_no_problems())
def test_status_and_optimum_agree_on_many_problems_of_yes_or_no(problem: SourcingProblem) -> None:
    assert_agreement_on_yes_or_no(problem)


def assert_agreement_on_yes_or_no(problem: SourcingProblem) -> None:
    assert validate(problem) == []
    plan = planner.optimize(problem)
    assert disagreement(plan, solve(problem)) == ""
    if plan.status is PlanStatus.OPTIMAL:
        assert plan.check is not None
        assert plan.check.passed
        assert plan.solver.relative_gap <= 1e-6


def _levels(plan: Plan, oracle: Oracle) -> dict[Name, float]:
    """The plan's levels by the oracle's names; nodes are matched by period and the scenarios that pass through."""
    nodes = {(n.period, frozenset(n.scenario_ids)): n.number for n in oracle.nodes}
    number = {n.node_id: nodes[n.period, frozenset(n.scenario_ids)] for n in plan.nodes}
    assert len(number) == len(oracle.nodes)
    levels: dict[Name, float] = {
        (letter, l.source_id, n): 0.0 for letter in "yz" for l in oracle.problem.sources for n in number.values()
    }
    for d in plan.deliveries:
        levels["y", d.source_id, number[d.node_id]] = d.contract_tonnes
        levels["z", d.source_id, number[d.node_id]] = d.spot_tonnes
    for b in plan.balances:
        n = number[b.node_id]
        levels["x", b.material_id, n] = b.disposed_tonnes
        if oracle.column("I", b.material_id, n) is not None:
            levels["I", b.material_id, n] = b.stock_tonnes
        tiers = {d.tier: 0.0 for m in oracle.problem.materials if m.material_id == b.material_id for d in m.demand}
        for tier, tonnes in (tiers | {s.tier: s.tonnes for s in b.shortages}).items():
            levels["u", b.material_id, tier.value, n] = tonnes
    for one in plan.expansions:
        levels["k", one.source_id, number[one.node_id]] = one.tonnes_per_year
    told = {(use.substitution_id, number[use.node_id]): use.tonnes for use in plan.substitutions}
    for j in oracle.problem.substitutions:
        for n in number.values():
            levels["w", j.substitution_id, n] = told.get((j.substitution_id, n), 0.0)
    return levels


def test_calm_scenario_given_or_left_over_is_the_same_problem() -> None:
    # With Σp = 1 the trunk has no nodes of its own, but shares those where nothing has happened yet.
    surge = Scenario("surge", 0.5, 1, demand_factors=(DemandFactor(2.0),))
    left_over = SourcingProblem(
        periods=(Period("2030"), Period("2031")),
        materials=(Material("cobalt", (TierDemand(DemandTier.GENERAL, (10.0,), 500.0),)),),
        sources=(Source("CHN", "cobalt", "CHN", SourceKind.IMPORT, (100.0,), (10.0,), lead_periods=1),),
        rules=(TradeRule("quota", Quota(5.0)),),
        scenarios=(surge,),
    )
    given = replace(left_over, scenarios=(surge, Scenario("calm", 0.5, 0)))
    assert close(solve(given).objective, solve(left_over).objective)
    assert disagreement(planner.optimize(left_over), solve(left_over)) == ""
    assert disagreement(planner.optimize(given), solve(given)) == ""


@pytest.mark.parametrize("family", PLANTED)
def test_error_planted_in_the_problem_is_seen(family: str) -> None:
    common, planted = PLANTED[family]
    right = common(base())
    wrong = planted(right)
    assert validate(right) == validate(wrong) == []
    plan = planner.optimize(right)
    assert plan.status is PlanStatus.OPTIMAL
    assert disagreement(plan, solve(right)) == ""
    assert disagreement(plan, solve(wrong)) != ""
    assert disagreement(planner.optimize(wrong), solve(wrong)) == ""
