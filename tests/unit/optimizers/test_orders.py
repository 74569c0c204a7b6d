"""Contracts that are signed or not as a whole: plans worked by hand, and every choice tried where there are few."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given

from lodestock_optimizers.compiled import compile_problem
from lodestock_optimizers.plan import Contract, Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import Budget, SignedContract, SourcingProblem
from lodestock_optimizers.solving.flat_model import flat_model
from lodestock_optimizers.solving.highs import Solver
from lodestock_optimizers.solving.mixed_child import solve as solve_here
from lodestock_optimizers.solving.mixed_messages import Task
from lodestock_optimizers.validation import validate
from tests.oracle.agreement import close
from tests.oracle.problems import unshrunk, yes_or_no_problems
from tests.unit.optimizers.problems import problem, source, stop

MOST_CHOICES = 6


def solved(stated: SourcingProblem) -> Plan:
    assert validate(stated) == []
    plan = optimize(stated)
    assert plan.status is PlanStatus.OPTIMAL
    assert plan.has_yes_or_no
    assert plan.check is not None
    assert plan.check.passed
    return plan


def objective(plan: Plan) -> float:
    assert plan.costs is not None
    assert plan.costs.objective_usd == pytest.approx(plan.solver.best_bound, rel=1e-6)
    return plan.costs.objective_usd


def contract(plan: Plan, source_id: str, period: int = 0) -> Contract:
    (found,) = [c for c in plan.contracts if (c.source_id, c.period) == (source_id, period)]
    return found


@pytest.mark.parametrize(
    ("price", "cost", "from_cod"),
    [
        # 150 t at 10, of which 50 t are disposed of, against 100 t at 14 or at 16.
        (14.0, 1_400.0, 0.0),
        (16.0, 1_500.0, 150.0),
    ],
)
def test_a_least_quantity_is_taken_whole_or_not_at_all(price: float, cost: float, from_cod: float) -> None:
    plan = solved(problem((source("COD", min_order_tonnes=150.0), source("AUS", price=price))))
    assert objective(plan) == pytest.approx(cost)
    assert contract(plan, "COD").contracted_tonnes == pytest.approx(from_cod)


def test_a_least_quantity_is_worth_what_a_tonne_less_saves() -> None:
    plan = solved(problem((source("COD", min_order_tonnes=150.0), source("AUS", price=16.0))))
    (rule,) = plan.binding_rules
    assert (rule.family, rule.field_path, rule.subject_id) == ("min_order", "sources[0].min_order_tonnes", "COD")
    assert rule.value_per_unit_usd == pytest.approx(10.0)
    assert (rule.limit, rule.unit) == (150.0, "t")


@pytest.mark.parametrize(("fixed", "cost", "signed"), [(300.0, 1_300.0, "COD"), (500.0, 1_400.0, "AUS")])
def test_a_fixed_cost_is_owed_by_who_signs(fixed: float, cost: float, signed: str) -> None:
    plan = solved(problem((source("COD", fixed_cost_usd=fixed), source("AUS", price=14.0))))
    assert objective(plan) == pytest.approx(cost)
    assert contract(plan, signed).contracted_tonnes == pytest.approx(100.0)
    assert contract(plan, "COD").fixed_cost_usd == (fixed if signed == "COD" else 0.0)
    assert plan.costs is not None
    assert plan.costs.fixed_usd == contract(plan, "COD").fixed_cost_usd


def test_what_is_not_signed_has_no_prices_and_what_is_has_those_with_the_choice_held() -> None:
    dear = solved(problem((source("COD", fixed_cost_usd=500.0), source("AUS", price=14.0, capacity=80.0))))
    # 100 t of COD with its 500 are dearer than 80 t of AUS and 20 t short, 21,120: COD is signed, AUS is not needed.
    assert objective(dear) == pytest.approx(1_500.0)
    assert contract(dear, "COD").reduced_cost_usd_per_tonne == 0.0
    assert contract(dear, "AUS").reduced_cost_usd_per_tonne == pytest.approx(4.0)
    other = solved(problem((source("COD", fixed_cost_usd=500.0), source("AUS", price=14.0))))
    unsigned = contract(other, "COD")
    assert unsigned.reduced_cost_usd_per_tonne is None
    assert unsigned.break_even_price_usd_per_tonne is None
    assert unsigned.capacity_value_usd_per_tonne is None
    assert other.balances[0].marginal_value_usd_per_tonne == pytest.approx(14.0)


def test_a_fixed_cost_is_part_of_the_spending_that_a_budget_limits() -> None:
    stated = problem((source("COD", fixed_cost_usd=300.0),), budget=Budget((1_200.0,)))
    plan = solved(stated)
    # 900 buy 90 t; 10 t are short at 1,000.
    assert contract(plan, "COD").contracted_tonnes == pytest.approx(90.0)
    assert objective(plan) == pytest.approx(1_200.0 + 10_000.0)
    assert plan.nodes[0].spend_usd == pytest.approx(1_200.0)


def test_a_fixed_cost_is_owed_in_every_period_and_whatever_is_available() -> None:
    late = source("COD", lead_periods=1, fixed_cost_usd=300.0)
    plan = solved(problem((late,), periods=2, scenarios=(stop("stop", 0.2, 1),)))
    # In the second period the contract is signed before anyone knows: 300 twice, 100 t bought, or missing.
    assert objective(plan) == pytest.approx(1_300.0 + 300.0 + 0.8 * 1_000.0 + 0.2 * 100_000.0)
    assert [n.spend_usd for n in plan.nodes] == pytest.approx([1_300.0, 1_300.0, 300.0])


def test_a_period_whose_capacity_is_below_the_least_quantity_cannot_be_signed() -> None:
    uneven = source("COD", min_order_tonnes=80.0, capacity_tonnes=(50.0, 200.0))
    plan = solved(problem((uneven,), periods=2))
    assert [contract(plan, "COD", t).contracted_tonnes for t in (0, 1)] == pytest.approx([0.0, 100.0])
    (violation,) = validate(problem((replace(uneven, capacity_tonnes=(50.0, 70.0)),), periods=2))
    assert violation.field_path == "sources[0].min_order_tonnes"


def test_a_capacity_beyond_all_use_does_not_let_tonnes_in_unsigned() -> None:
    plan = solved(problem((source("COD", capacity=1e12, fixed_cost_usd=5e4), source("AUS", price=14.0, capacity=60.0))))
    # Without COD 40 t are short: 60·14 + 40,000. With it 50,000 and a thousand.
    assert objective(plan) == pytest.approx(40_840.0)
    assert contract(plan, "COD").contracted_tonnes == 0.0
    cheap = solved(problem((source("COD", capacity=1e12, fixed_cost_usd=300.0),)))
    assert objective(cheap) == pytest.approx(1_300.0)
    assert contract(cheap, "COD").capacity_value_usd_per_tonne == 0.0


def test_what_the_book_has_signed_is_signed() -> None:
    booked = source("COD", lead_periods=1, fixed_cost_usd=300.0, price=200.0)
    stated = problem((booked, source("AUS", price=14.0)), book=(SignedContract("COD", 0, 40.0),))
    plan = solved(stated)
    assert objective(plan) == pytest.approx(300.0 + 40 * 200.0 + 60 * 14.0)
    assert contract(plan, "COD").fixed_cost_usd == 300.0


@unshrunk(15)
@given(yes_or_no_problems())
def test_no_other_choice_is_better(stated: SourcingProblem) -> None:
    arrays = compile_problem(stated).arrays
    free = [j for j in arrays.integer.tolist() if arrays.upper[j] > 0]
    assume(0 < len(free) <= MOST_CHOICES)
    costs = []
    for choice in itertools.product((0.0, 1.0), repeat=len(free)):
        lower, upper = arrays.lower.copy(), arrays.upper.copy()
        lower[free] = upper[free] = choice
        found = Solver(replace(arrays, lower=lower, upper=upper)).solve()
        costs += [found.objective] if found.status is PlanStatus.OPTIMAL else []
    ended = solve_here(Task(flat_model(arrays, relaxed=False), None), lambda _: None)
    assert (ended.status == "Optimal") == bool(costs)
    if costs:
        assert close(ended.objective, min(costs))
        assert ended.bound <= min(costs) + 1e-6 * (1 + abs(min(costs)))
        assert np.abs(ended.values[free] - np.round(ended.values[free])).max() < 1e-6
