"""The frontier between cost and risk: convex, falling, and the same as independent solves give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from lodestock_optimizers.compiled import CompiledProblem, compile_problem
from lodestock_optimizers.parts import part
from lodestock_optimizers.parts.restriction import problem_of
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.questions.frontier import SMALL_COLUMNS, trace_frontier
from lodestock_optimizers.reading.charge import charge_cost
from lodestock_optimizers.ties import material_groups
from lodestock_optimizers.watch import Timekeeper, Unwatched
from tests.oracle.model import solve as oracle
from tests.oracle.problems import unshrunk
from tests.unit.optimizers.problems import problem, source
from tests.unit.optimizers.test_resolving import LINEAR


def material_of(compiled: CompiledProblem, name: str, position: int) -> int:
    """The material that a column is about."""
    family = compiled.arrays.columns[name]
    first = int(family.index[family.position == position][0, 0])
    return compiled.instance.tiers[first].material if name == "u" else first


def least_cost(stated: SourcingProblem, charge: float, give: float = 1e-8) -> float:
    """Least expected cost within a charge and the caps, give or take, by SciPy; infinite where there is none."""
    compiled = compile_problem(replace(stated, price_of_risk=0.0, tail_weight=0.0))
    arrays = compiled.arrays
    rows, caps = [charge_cost(compiled.instance, arrays)], [charge]
    for group in set(material_groups(stated)):
        # What has nothing to do with the others has a frontier of its own, with caps of its own.
        cheapest = trace_frontier(problem_of(stated, sorted(group)), 2).points[0].costs
        for name, usd in (
            ("u", cheapest.shortage_usd),
            ("below_floor", cheapest.floor_shortfall_usd),
            ("below_closing", cheapest.closing_shortfall_usd),
        ):
            row = compiled.cost_of(name)
            for position in np.flatnonzero(row):
                row[position] *= material_of(compiled, name, int(position)) in group
            rows.append(row)
            caps.append(usd)
    extra, room = np.stack(rows), np.array(caps) * (1.0 + give) + 10 * give
    whole = np.zeros(arrays.shape[1])
    whole[arrays.integer] = 1
    limits = [
        LinearConstraint(arrays.matrix, arrays.row_lower, arrays.row_upper),
        LinearConstraint(extra, -np.inf, room),
    ]
    bounds = Bounds(arrays.lower, arrays.upper)
    found = milp(arrays.cost, constraints=limits, bounds=bounds, integrality=whole, options={"mip_rel_gap": 1e-8})
    assert found.status in (0, 2)
    return float(found.fun) if found.status == 0 else np.inf


@unshrunk(25)
@given(LINEAR, st.sampled_from((SMALL_COLUMNS, 0)), st.sampled_from((part.LEAST_COLUMNS, 0)))
def test_points_are_efficient_and_convex(stated: SourcingProblem, small: int, least_part: int) -> None:
    """It begins at the cheapest plan; cost rises and rises faster as charge falls; no point buys or stores less.

    The ways of large models, which look at each step once, and go by parts, are gone as well.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lodestock_optimizers.questions.frontier.SMALL_COLUMNS", small)
        patch.setattr(part, "LEAST_COLUMNS", least_part)
        frontier = trace_frontier(stated, 5)
    cheapest = oracle(replace(stated, price_of_risk=0.0, tail_weight=0.0))
    assert (frontier.status is PlanStatus.OPTIMAL) == cheapest.feasible
    if not cheapest.feasible:
        assert frontier.status is PlanStatus.INFEASIBLE
        assert frontier.relaxations
        return
    points = frontier.points
    assert len(points) in (1, 5) or (small == 0 and 1 < len(points) < 5)
    cost = np.array([p.costs.expected_cost_usd for p in points])
    charge = np.array([p.costs.risk_charge_usd for p in points])
    prices = np.array([p.price_of_risk for p in points])
    slack = 1e-6 * (1.0 + cost[0])
    assert cost[0] == pytest.approx(cheapest.objective, rel=1e-6, abs=1e-6)
    assert (np.diff(cost) >= -slack).all()
    assert (np.diff(prices) >= -1e-5 * (1.0 + prices[1:])).all()
    # Between two points cost rises by no less than the price at the one, by no more than that at the other.
    fall = charge[:-1] - charge[1:]
    assert (np.diff(cost) >= prices[:-1] * fall - slack).all()
    assert (np.diff(cost) <= prices[1:] * fall + slack).all()
    for point in points:
        assert point.costs.risk_charge_usd <= point.max_risk_charge_usd * (1.0 + 1e-6) + 1e-6
        for name in ("shortage_usd", "floor_shortfall_usd", "closing_shortfall_usd"):
            assert getattr(point.costs, name) <= getattr(points[0].costs, name) * (1.0 + 1e-6) + 1e-5
    for point in points[1:]:
        independent = least_cost(stated, point.max_risk_charge_usd)
        assert point.costs.expected_cost_usd == pytest.approx(independent, rel=1e-6, abs=1e-4)


def test_a_frontier_by_hand() -> None:
    """100 t from COD at 10, charge 0.8 of it, or from AUS at 12, charge 0.1 of it."""
    stated = problem((source("COD", risk=0.8), source("AUS", price=12.0, risk=0.1)))
    frontier = trace_frontier(stated, 3)
    cheapest, middle, safest = frontier.points
    # COD alone: cost 1000, charge 800. AUS alone: 1200, 120. Half of the way: 460.
    assert (cheapest.costs.expected_cost_usd, cheapest.costs.risk_charge_usd) == pytest.approx((1_000.0, 800.0))
    assert (middle.costs.expected_cost_usd, middle.costs.risk_charge_usd) == pytest.approx((1_100.0, 460.0))
    assert (safest.costs.expected_cost_usd, safest.costs.risk_charge_usd) == pytest.approx((1_200.0, 120.0))
    assert (cheapest.price_of_risk, middle.price_of_risk) == pytest.approx((0.0, 200.0 / 680.0))
    assert middle.cost_increase == pytest.approx(0.1)
    assert [supplier.country for supplier in middle.suppliers] == ["COD", "AUS"]
    assert [supplier.tonnes for supplier in middle.suppliers] == pytest.approx([50.0, 50.0])
    assert [supplier.share for supplier in middle.suppliers] == pytest.approx([0.5, 0.5])
    # At its own price of risk a plan of the frontier is the best one.
    priced = optimize(replace(stated, price_of_risk=middle.price_of_risk))
    assert priced.costs is not None
    expected = middle.costs.expected_cost_usd + middle.price_of_risk * middle.costs.risk_charge_usd
    assert priced.costs.objective_usd == pytest.approx(expected)


def test_where_the_cheapest_is_the_safest_there_is_one_point() -> None:
    """Of two equally cheap plans the one of less charge comes first, and nothing is safer."""
    frontier = trace_frontier(problem((source("COD", risk=0.8), source("AUS", risk=0.1))), 4)
    assert frontier.status is PlanStatus.OPTIMAL
    (only,) = frontier.points
    assert only.costs.risk_charge_usd == pytest.approx(100.0)


def test_time_leaves_the_points_that_were_found() -> None:
    """A frontier that meets its limit has its first points and says so; without any it says why."""
    stated = problem((source("COD", risk=0.8), source("AUS", price=12.0, risk=0.1)))
    calls = [0]

    def clock() -> float:
        calls[0] += 1
        return float(calls[0])

    whole = trace_frontier(stated, 3, Timekeeper(clock, None, Unwatched()))
    assert whole.status is PlanStatus.OPTIMAL
    seen = set()
    for limit_s in range(1, 200):
        calls[0] = 0
        part = trace_frontier(stated, 3, Timekeeper(clock, float(limit_s), Unwatched()))
        seen.add((part.status, len(part.points)))
        if part.status is PlanStatus.OPTIMAL:
            break
    assert {(PlanStatus.NO_PLAN_FOUND, 0), (PlanStatus.FEASIBLE, 1), (PlanStatus.OPTIMAL, 3)} <= seen
