"""A whole solved by pricing what ties its parts is the whole's own optimum, and what is found on the way is true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given

from lodestock_optimizers import planner
from lodestock_optimizers.formulation import arrays_of
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import Budget, SourcingProblem
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.reading.extraction import read_nodes
from lodestock_optimizers.solving import pricing
from lodestock_optimizers.solving.check import check_answer
from lodestock_optimizers.solving.decomposition import Decomposition
from lodestock_optimizers.solving.highs import Solver
from lodestock_optimizers.solving.pricing import PricedSolver, can_be_priced
from lodestock_optimizers.solving.unbought import levels_without_purchases
from lodestock_optimizers.trade_rules import rule_rows
from tests.oracle.planted import base
from tests.oracle.problems import problems, unshrunk
from tests.unit.optimizers.problems import material, problem, source, stock, stop


def tied(budget_usd: float = 40_000.0) -> SourcingProblem:
    """Four materials that a budget ties, and one source that may stop."""
    names = ("cobalt", "nickel", "copper", "tin")
    offers = (source("COD", price=300.0), source("AUS", price=400.0))
    others = tuple(
        source(country, price=100.0 * (i + 1), material_id=name)
        for i, (country, name) in enumerate(zip(("PHL", "CHL", "IDN"), names[1:], strict=True))
    )
    return problem(
        (*offers, *others),
        periods=3,
        materials=tuple(material(name, stock=stock(10.0)) for name in names),
        scenarios=(stop("stop", 0.2, 1),),
        budget=Budget((budget_usd,)),
    )


def priced(stated: SourcingProblem) -> PricedSolver:
    instance = Instance(stated)
    rows = rule_rows(instance)
    arrays = arrays_of(instance, rows)
    return PricedSolver(Decomposition(instance, rows, arrays), levels_without_purchases(instance, arrays))


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pricing, "LEAST_PARTS", 2)
    monkeypatch.setattr(pricing, "LEAST_COLUMNS", 0)
    monkeypatch.setattr(pricing, "MOST_TIES", 1_000)
    monkeypatch.setattr(planner, "LEAST_COLUMNS", 0)


@unshrunk(20)
@given(problems())
def test_the_optimum_is_the_wholes(stated: SourcingProblem) -> None:
    solver = priced(replace(stated, tail_weight=0.0))
    arrays = solver.arrays
    instance = Instance(replace(stated, tail_weight=0.0))
    with pytest.MonkeyPatch.context() as small:
        small.setattr(pricing, "LEAST_PARTS", 2)
        small.setattr(pricing, "LEAST_COLUMNS", 0)
        assume(can_be_priced(Decomposition(instance, rule_rows(instance), arrays)))
    whole, found = Solver(arrays).solve(), solver.solve()
    assert found.status is whole.status
    if whole.status is PlanStatus.OPTIMAL:
        slack = 1e-6 * (1.0 + abs(whole.objective))
        assert found.objective == pytest.approx(whole.objective, rel=1e-6, abs=1e-6)
        assert check_answer(arrays, found).passed
        plan, bound = solver.known
        assert bound <= whole.objective + slack
        assert plan >= whole.objective - slack


@pytest.mark.parametrize("stated", [base(), tied(), tied(1e9), tied(1.0)], ids=["base", "tied", "loose", "tight"])
def test_prices_lead_to_the_optimum_without_help(stated: SourcingProblem, monkeypatch: pytest.MonkeyPatch) -> None:
    # No solve from scratch comes to the rescue.
    optimum = Solver(priced(stated).arrays).solve().objective
    monkeypatch.setattr(PricedSolver, "_afresh", None)
    assert priced(stated).solve().objective == pytest.approx(optimum, rel=1e-9)


def test_what_too_many_rows_tie_is_not_priced(monkeypatch: pytest.MonkeyPatch) -> None:
    instance = Instance(tied())
    rows = rule_rows(instance)
    parts = Decomposition(instance, rows, arrays_of(instance, rows))
    monkeypatch.setattr(pricing, "MOST_TIES", len(parts.tying) / parts.count)
    assert can_be_priced(parts)
    monkeypatch.setattr(pricing, "MOST_TIES", (len(parts.tying) - 1) / parts.count)
    assert not can_be_priced(parts)


def test_a_gap_that_does_not_halve_in_time_is_not_closing() -> None:
    before = [1.0] * pricing.HALVING
    assert pricing.is_closing(before[1:], 2.0)
    assert pricing.is_closing(before, 0.5)
    assert not pricing.is_closing(before, 0.51)
    # What counts is where it was that many rounds ago, not at the beginning.
    assert pricing.is_closing([0.1, *before], 0.5)


def test_where_the_gap_does_not_close_the_whole_is_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    optimum = Solver(priced(tied()).arrays).solve().objective
    monkeypatch.setattr(pricing, "is_closing", lambda *_: False)
    monkeypatch.setattr(PricedSolver, "_from_basis", None)
    assert priced(tied()).solve().objective == pytest.approx(optimum, rel=1e-9)


def test_the_planner_prices_what_ties_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = optimize(tied())
    monkeypatch.setattr(planner, "LEAST_COLUMNS", 1_000_000)
    whole = optimize(tied())
    assert plan.status is whole.status is PlanStatus.OPTIMAL
    assert plan.costs is not None
    assert whole.costs is not None
    assert plan.costs.objective_usd == pytest.approx(whole.costs.objective_usd, rel=1e-9)
    found, expected = (
        {(b.node_id, b.subject_id): b.value_per_unit_usd for b in p.binding_rules} for p in (plan, whole)
    )
    assert found.keys() == expected.keys()


def test_what_cannot_be_met_is_refused_as_by_the_whole() -> None:
    policy = stock(closing_tonnes=5_000.0, closing_is_hard=True)
    stated = tied()
    stated = replace(stated, materials=(*stated.materials[:3], material("tin", stock=policy)))
    plan = optimize(stated)
    assert plan.status is PlanStatus.INFEASIBLE
    assert plan.relaxations


def test_there_is_a_plan_with_its_bound_at_any_moment() -> None:
    solver = priced(tied())
    begun = solver.stopped(PlanStatus.NO_PLAN_FOUND)
    assert begun.status is PlanStatus.FEASIBLE
    solver.solve()
    ended = solver.stopped(PlanStatus.NO_PLAN_FOUND)
    assert begun.objective > ended.objective
    assert check_answer(solver.arrays, ended).primal_violation <= 1e-6
    gap = (ended.objective - ended.bound) / ended.objective
    assert 0.0 <= gap < 0.01


def test_an_interrupted_solve_ends_as_cancelled() -> None:
    solver = priced(tied())
    solver.interrupt()
    assert solver.solve().status is PlanStatus.CANCELLED


def test_a_price_of_each_row_is_what_a_unit_of_it_costs() -> None:
    stated = tied()
    instance = Instance(stated)
    rows = rule_rows(instance)
    parts = Decomposition(instance, rows, arrays_of(instance, rows))
    # A dollar of the budget is a dollar of cost and what is charged for its risk.
    node = parts.arrays.rows["budget"].index[:, 0]
    per_dollar = pricing._prices_of_use(parts) / instance.weight[node]
    assert ((per_dollar >= 1.0) & (per_dollar <= 1.0 + np.max(instance.risk))).all()


def test_a_plan_that_could_not_be_written_in_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        now_s = 0.0

        def __call__(self) -> float:
            return self.now_s

    clock = Clock()

    def slowly(answer: Answer) -> object:
        clock.now_s += 60.0
        return read_nodes(answer)

    monkeypatch.setattr(planner, "read_nodes", slowly)
    monkeypatch.setattr(planner, "MOST_AT_ONCE", 0)
    assert optimize(tied(), time_limit_s=61.0, clock=clock).status is PlanStatus.OPTIMAL
    clock.now_s = 0.0
    late = optimize(tied(), time_limit_s=59.0, clock=clock)
    assert (late.status, late.solver.solver_status) == (PlanStatus.NO_PLAN_FOUND, "Time limit reached")
    assert late.contracts == ()
