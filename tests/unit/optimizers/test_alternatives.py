"""Plans that differ: within the limit on cost, farther from each other than any one direction alone finds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.parts import part
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    DemandTier,
    Disruption,
    Scenario,
    ShareFloor,
    SourceKind,
    SourcingProblem,
    StockPolicy,
    TierDemand,
    TradeRule,
)
from lodestock_optimizers.questions.alternatives import LEAST_NOVELTY, find_alternatives
from lodestock_optimizers.questions.changes import Change, ChangeKind, WhatIf
from lodestock_optimizers.questions.frontier import trace_frontier
from lodestock_optimizers.questions.what_if import ask_what_if
from lodestock_optimizers.solving.highs import Solution, Solver, Unanswered
from tests.oracle.model import solve as oracle
from tests.oracle.problems import unshrunk
from tests.unit.optimizers.problems import material, problem, source
from tests.unit.optimizers.test_resolving import LINEAR


@unshrunk(15)
@given(LINEAR, st.sampled_from((part.LEAST_COLUMNS, 0)))
def test_alternatives_keep_the_limit_and_differ(stated: SourcingProblem, least_part: int) -> None:
    """Every plan costs at most what it may, none is near another, and the first is the one that differs most."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part, "LEAST_COLUMNS", least_part)
        found = find_alternatives(stated, 0.1, 3)
    best = oracle(stated)
    assert (found.status is PlanStatus.OPTIMAL) == best.feasible
    if not best.feasible:
        assert found.relaxations
        return
    assert found.costs is not None
    assert found.costs.objective_usd == pytest.approx(best.objective, rel=1e-6, abs=1e-6)
    for alternative in found.alternatives:
        assert 0.0 <= alternative.increase <= 0.1
        assert alternative.costs.objective_usd <= best.objective * (1.1 + 1e-6) + 1e-4
        assert LEAST_NOVELTY <= alternative.novelty <= alternative.difference + 1e-9 <= 1.0 + 2e-9
    novelties = [alternative.novelty for alternative in found.alternatives]
    assert novelties == sorted(novelties, reverse=True)
    assert all(one.difference <= found.alternatives[0].difference + 1e-9 for one in found.alternatives)


def test_alternatives_by_hand() -> None:
    """Three sources of 100 t at 10, 11 and 11: ten per cent more buys all of it from either of the dear ones."""
    stated = problem((source("COD"), source("AUS", price=11.0), source("CHL", price=11.0)))
    found = find_alternatives(stated, 0.1, 2)
    assert [s.country for s in found.suppliers] == ["COD"]
    first, second = found.alternatives
    assert (first.difference, first.novelty, first.increase) == pytest.approx((1.0, 1.0, 0.1))
    assert (second.difference, second.novelty) == pytest.approx((1.0, 1.0))
    assert {tuple(s.country for s in one.suppliers) for one in found.alternatives} == {("AUS",), ("CHL",)}
    # Half of the increase pays for half of the tonnes.
    (half,) = find_alternatives(stated, 0.05, 1).alternatives
    assert half.difference == pytest.approx(0.5)


def test_a_material_counts_by_what_is_spent_on_it() -> None:
    """Nine tenths of the money go to cobalt: another source of tin alone is a tenth of a difference."""
    cobalt, tin = material("cobalt"), material("tin")
    offers = (
        source("COD", price=90.0),
        source("IDN", price=10.0, material_id="tin"),
        source("PER", price=10.5, material_id="tin"),
    )
    (only,) = find_alternatives(problem(offers, materials=(cobalt, tin)), 0.01, 3).alternatives
    assert only.difference == pytest.approx(0.1)


def test_the_same_question_has_the_same_answer() -> None:
    """Random directions have a fixed seed."""
    offers = tuple(source(f"{c}AA", price=10.0 + i / 10) for i, c in enumerate("ABCDEFG"))
    stated = problem(tuple(replace(offer, capacity_tonnes=(30.0,)) for offer in offers))
    assert find_alternatives(stated, 0.05, 5) == find_alternatives(stated, 0.05, 5)


def test_where_there_is_no_plan_the_reason_is_told() -> None:
    """A share floor that nobody can fulfil leaves neither a best plan nor alternatives."""
    floor = TradeRule("at home", ShareFloor(SourceKind.DOMESTIC, 0.5))
    found = find_alternatives(problem((source("COD"),), rules=(floor,)), 0.1, 2)
    assert (found.status, found.costs, found.alternatives) == (PlanStatus.INFEASIBLE, None, ())
    assert found.relaxations


def test_without_sources_there_is_nothing_to_differ_in() -> None:
    """A problem that nobody supplies has a plan, which is short of everything, and no alternative."""
    found = find_alternatives(problem(()), 0.1, 2)
    assert (found.status, found.alternatives) == (PlanStatus.OPTIMAL, ())


def far_apart(probability: float = 1e-4, price: float = 10.0) -> SourcingProblem:
    """Costs of a node from cents, of what is held, to millions, of what is missing."""
    stock = StockPolicy(opening_tonnes=10.0, floor_days=30.0, holding_usd_per_tonne_year=0.1)
    metal = replace(material(stock=stock), demand=(TierDemand(DemandTier.ESSENTIAL, (100.0,), 1e6),))
    stop = Scenario("stop", probability, 1, 1, (Disruption(("COD",), availability=0.0),))
    offers = (source("COD", price=price, capacity=80.0, risk=0.6), source("AUS", price=15.0, capacity=60.0))
    return problem(offers, materials=(metal,), periods=3, scenarios=(stop,))


@pytest.mark.parametrize(
    "stated", [far_apart(), far_apart(1e-7), far_apart(1e-9), far_apart(0.2, 1e10), far_apart(0.2, 1e12)]
)
def test_figures_far_apart_have_alternatives(stated: SourcingProblem) -> None:
    """HiGHS takes coefficients below 1e-9 for 0: in the limit on the objective none may become so small."""
    found = find_alternatives(stated, 0.02, 3)
    assert (found.status, optimize(stated).status) == (PlanStatus.OPTIMAL, PlanStatus.OPTIMAL)
    assert found.costs is not None
    for alternative in found.alternatives:
        assert alternative.increase <= 0.02
        assert alternative.costs.objective_usd <= found.costs.objective_usd * 1.02
    assert found.alternatives or stated.sources[0].unit_price_usd_per_tonne[0] >= 1e10


def test_without_an_increase_others_cost_the_same() -> None:
    """Two of three sources ask the same: the increase is 0 to the last digit, not what rounding leaves."""
    stated = problem((source("COD", price=10.1), source("AUS", price=10.1), source("CHL", price=11.0)))
    (only,) = find_alternatives(stated, 0.0, 3).alternatives
    assert (only.increase, only.difference) == pytest.approx((0.0, 1.0), abs=0.0, rel=1e-9)


def test_what_the_solver_does_not_answer_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """From some question on HiGHS has no verified answer: what was found before stands, and nothing fails."""
    stated = problem((source("COD"), source("AUS", price=11.0), source("CHL", price=11.0)))
    solve = Solver.solve
    answers = iter("")

    def failing(solver: Solver) -> Solution:
        if next(answers, None) is None:
            raise Unanswered("no")
        return solve(solver)

    monkeypatch.setattr(Solver, "solve", failing)
    question = WhatIf("more", (Change(ChangeKind.DEMAND_FACTOR, 1.1),))
    assert find_alternatives(stated, 0.1, 2).status is PlanStatus.NO_PLAN_FOUND
    assert trace_frontier(stated, 3).status is PlanStatus.NO_PLAN_FOUND
    assert ask_what_if(stated, (question,)).status is PlanStatus.NO_PLAN_FOUND
    answers = iter("12")
    found = find_alternatives(stated, 0.1, 2)
    assert (found.status, len(found.alternatives)) == (PlanStatus.FEASIBLE, 1)
    answers = iter("1")
    asked = ask_what_if(stated, (question,))
    assert (asked.status, asked.answers[0].status) == (PlanStatus.OPTIMAL, PlanStatus.NO_PLAN_FOUND)
