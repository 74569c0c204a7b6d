"""The tail: plans and prices worked by hand, and what holds for every plan with a tail weight."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lodestock_optimizers import planner
from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.problem import Budget, Deposit, SourcingProblem
from lodestock_optimizers.tail import tail_shares
from lodestock_optimizers.validation import validate
from tests.unit.optimizers.problems import material, problem, source, stock, stop
from tests.unit.optimizers.test_limits import Endless


def gamble(beta: float, alpha: float) -> SourcingProblem:
    """100 t from COD at 10, which one time in ten does not deliver, or from AUS at 30; a tonne short costs 130.

    Both are signed before anyone knows. With x t from COD the calm costs 3,000 − 20·x, the stop 3,000 + 100·x.
    """
    tier = replace(material().demand[0], shortage_cost_usd_per_tonne=130.0)
    return problem(
        (source("COD", lead_periods=1), source("AUS", price=30.0, lead_periods=1)),
        materials=(replace(material(), demand=(tier,)),),
        scenarios=(stop("stop", 0.1, 0),),
        tail_weight=beta,
        tail_level=alpha,
    )


def solved(stated: SourcingProblem) -> Plan:
    assert validate(stated) == []
    plan = planner.optimize(stated)
    assert plan.status is PlanStatus.OPTIMAL
    assert plan.check is not None
    assert plan.check.passed
    return plan


def bought(plan: Plan, source_id: str) -> float:
    return sum(c.contracted_tonnes for c in plan.contracts if c.source_id == source_id)


@pytest.mark.parametrize(
    ("beta", "alpha", "from_cod", "objective", "cvar"),
    [
        # Expected cost alone: 3,000 − 8·x.
        (0.0, 0.95, 100.0, 2_200.0, None),
        # The worst tenth is the stop: 0.95·(3,000 − 8·x) + 0.05·(3,000 + 100·x) falls with x,
        (0.05, 0.9, 100.0, 2_740.0, 13_000.0),
        # with a weight of 0.1 it rises;
        (0.1, 0.9, 0.0, 3_000.0, 3_000.0),
        # of the worst fifth the stop is half, and it falls again: 0.9·(3,000 − 8·x) + 0.1·(3,000 + 40·x).
        (0.1, 0.8, 100.0, 2_680.0, 7_000.0),
        # The worst of all at a level of 0 is everything.
        (0.9, 0.0, 100.0, 2_200.0, 2_200.0),
    ],
)
def test_a_gamble_is_taken_as_far_as_the_tail_lets(
    beta: float, alpha: float, from_cod: float, objective: float, cvar: float | None
) -> None:
    plan = solved(gamble(beta, alpha))
    assert bought(plan, "COD") == pytest.approx(from_cod)
    assert plan.costs is not None
    assert plan.costs.objective_usd == pytest.approx(objective)
    assert plan.costs.expected_cost_usd == pytest.approx(3_000 - 8 * from_cod)
    assert plan.cvar_usd == (None if cvar is None else pytest.approx(cvar))
    assert [n.path_cost_usd for n in plan.nodes] == pytest.approx([3_000 - 20 * from_cod, 3_000 + 100 * from_cod])


def test_prices_are_by_what_a_dollar_weighs_where_the_tail_is() -> None:
    plan = solved(gamble(0.1, 0.8))
    calm, crisis = plan.nodes
    assert [calm.tail_share, crisis.tail_share] == pytest.approx([0.5, 0.5])
    # A tonne more in the stop, where some are short, saves 130 there and then.
    assert plan.balances[1].marginal_value_usd_per_tonne == pytest.approx(130.0)
    # W is 0.9·0.9 + 0.1·0.5 = 0.86 and 0.9·0.1 + 0.1·0.5 = 0.14. A tonne more of COD is 0.86·10, and would take the
    # place of one of AUS if there were any: bought below the price at which both are worth the same, P = 8.6 + 18.2.
    (unsigned,) = [c for c in plan.contracts if c.source_id == "AUS"]
    assert unsigned.break_even_price_usd_per_tonne == pytest.approx(0.86 * 10 + 0.14 * 130)


def test_without_scenarios_a_tail_weight_changes_nothing() -> None:
    stated = problem((source("COD"),), periods=2, discount_rate=0.1, materials=(material(stock=stock(10.0)),))
    plain, weighed = solved(stated), solved(replace(stated, tail_weight=0.7))
    assert weighed.costs == plain.costs
    assert weighed.balances == plain.balances
    assert weighed.cvar_usd == pytest.approx(plain.costs.objective_usd if plain.costs else None)


def rich() -> SourcingProblem:
    """Two materials, a budget and a deposit that bind, uneven paths, a price of risk, and a tail."""
    return problem(
        (
            source("COD", capacity=90.0, risk=0.5, lead_periods=1),
            source("AUS", price=31.0, capacity=60.0, lead_periods=1, risk=0.1),
            source("PHL", price=20.0, material_id="nickel", country="PHL"),
        ),
        periods=3,
        materials=(material(stock=stock(17.0, holding_usd_per_tonne_year=2.0)), material("nickel")),
        deposits=(Deposit("mine", ("COD",), 210.0),),
        budget=Budget((4_400.0,)),
        scenarios=(stop("a", 0.2, 1, 1), stop("b", 0.1, 2), stop("c", 0.1, 0, 0, country="PHL")),
        price_of_risk=1.0,
        discount_rate=0.03,
        tail_weight=0.4,
        tail_level=0.75,
    )


def objective(stated: SourcingProblem) -> float:
    plan = planner.optimize(stated)
    assert plan.costs is not None
    return plan.costs.objective_usd


def test_what_is_told_of_the_tail_fits_together() -> None:
    stated = rich()
    plan = solved(stated)
    leaves = [n for n in plan.nodes if n.period == 2]
    assert all(n.path_cost_usd is None and n.tail_share is None for n in plan.nodes if n.period < 2)
    shares = np.array([n.tail_share for n in leaves])
    costs = np.array([n.path_cost_usd for n in leaves])
    probabilities = np.array([n.probability for n in leaves])
    assert shares.sum() == pytest.approx(1.0)
    assert (shares <= probabilities / 0.25 + 1e-9).all()
    assert plan.costs is not None
    assert plan.costs.expected_cost_usd == pytest.approx(float(probabilities @ costs))
    assert plan.cvar_usd == pytest.approx(float(shares @ costs))
    # The mean of the worst quarter, counted from the worst on.
    assert plan.cvar_usd == pytest.approx(float(tail_shares(costs, probabilities / 0.25) @ costs))
    made = 0.6 * plan.costs.expected_cost_usd + 0.4 * float(shares @ costs) + plan.costs.risk_charge_usd
    assert plan.costs.objective_usd == pytest.approx(made)
    assert sum(m.costs.objective_usd for m in plan.materials) == pytest.approx(made)


@pytest.mark.parametrize("family", ["budget", "reserves"])
def test_the_worth_of_a_limit_is_what_a_unit_more_saves(family: str) -> None:
    stated, step = rich(), 1e-3
    plan = solved(stated)
    tail = {n.node_id: n.tail_share or 0.0 for n in plan.nodes}
    for n in reversed(plan.nodes):
        if n.parent_id >= 0:
            tail[n.parent_id] += tail[n.node_id]

    def weight(node: int) -> float:
        """W without the discount."""
        return 0.6 * plan.nodes[node].probability + 0.4 * tail[node]

    def discount(node: int) -> float:
        return 1.03 ** -plan.nodes[node].period if family == "budget" else 1.0

    worth = sum(
        rule.value_per_unit_usd * weight(rule.node_id) * discount(rule.node_id)
        for rule in plan.binding_rules
        if rule.family == family
    )
    assert worth > 0

    def changed(by: float) -> SourcingProblem:
        if family == "budget":
            return replace(stated, budget=Budget((4_400.0 + by,)))
        return replace(stated, deposits=(Deposit("mine", ("COD",), 210.0 + by),))

    base = objective(stated)
    left, right = (base - objective(changed(-step))) / step, (objective(changed(step)) - base) / step
    slack = 1e-4 * (1 + worth)
    assert min(left, right) - slack <= -worth <= max(left, right) + slack


def test_the_marginal_value_holds_the_charge_for_risk_that_stands_outside_the_tail() -> None:
    # One source, whose tonne costs κ = 10 and is charged λ·ρ·κ = 5 by its probability alone.
    stated = problem(
        (source("COD", risk=0.5),),
        scenarios=(stop("dear", 0.2, 0, country="AUS"),),
        price_of_risk=1.0,
        tail_weight=0.5,
        tail_level=0.8,
    )
    dear = replace(stated.scenarios[0], disruptions=(replace(stated.scenarios[0].disruptions[0], price_factor=2.0),))
    dear = replace(dear, disruptions=(replace(dear.disruptions[0], countries=("COD",), availability=1.0),))
    plan = solved(replace(stated, scenarios=(dear,)))
    # The dear leaf is all of the tail: W = 0.5·0.8 = 0.4 and 0.5·0.2 + 0.5 = 0.6.
    assert [n.tail_share for n in plan.nodes] == pytest.approx([0.0, 1.0])
    charges = [b.marginal_risk_charge_usd_per_tonne for b in plan.balances]
    values = [b.marginal_value_usd_per_tonne for b in plan.balances]
    assert charges == pytest.approx([5 * 0.8 / 0.4, 10 * 0.2 / 0.6])
    assert values == pytest.approx([10 + 5 * 0.8 / 0.4, 20 + 10 * 0.2 / 0.6])


def test_at_a_limit_the_plan_that_buys_nothing_tells_its_tail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Endless, "limit_s", 0.0)
    monkeypatch.setattr(planner, "Solver", Endless)
    plan = planner.optimize(rich(), time_limit_s=1_000.0)
    assert plan.status is PlanStatus.FEASIBLE
    assert plan.check is not None
    assert plan.check.primal_violation <= plan.check.tolerance
    assert plan.costs is not None
    assert plan.cvar_usd is not None
    made = 0.6 * plan.costs.expected_cost_usd + 0.4 * plan.cvar_usd
    assert plan.costs.objective_usd == pytest.approx(made)
    assert sum(n.tail_share or 0.0 for n in plan.nodes) == pytest.approx(1.0)


@pytest.mark.parametrize(("field", "value"), [("tail_weight", 1.0), ("tail_weight", -0.1), ("tail_level", 1.0)])
def test_weight_and_level_are_from_0_to_below_1(field: str, value: float) -> None:
    changes: dict[str, Any] = {field: value}
    (violation,) = validate(replace(gamble(0.1, 0.9), **changes))
    assert violation.field_path == field
