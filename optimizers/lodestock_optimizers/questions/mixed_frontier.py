"""The frontier between cost and risk where contracts are signed or not as a whole.

Owns the search for it: the mean of two plans is no plan here, and a plan between two corners may be the best of no
price of risk, so that every point is a solve of its own with a limit on the risk charge (ε-constraint; Haimes, Lasdon &
Wismer 1971). What a point is, is the matter of `frontier`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.reading.charge import charge_cost
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.highs import Solution, Unanswered
from lodestock_optimizers.solving.resolving import ArrayChange
from lodestock_optimizers.watch import Stopped, Timekeeper

from .frontier_values import CAPPED, Frontier, FrontierPoint, capped
from .joint import Joint

ROOM = 1e-7
"""Of a limit, by which it is laid above what it holds: two plans that differ by less are as good."""

COST, CHARGE, SHORTAGE = 0, 1, 2
"""Rows of the search; behind them the others of `CAPPED`."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A plan with its expected cost and charge, USD."""

    values: Floats
    cost: float
    charge: float


def trace_mixed_frontier(joint: Joint, points: int, keeper: Timekeeper) -> Frontier | None:
    """Traces the frontier of a problem with yes-or-no choices, λ and β set aside; see `trace_frontier`.

    Args:
        joint: The model of the problem.
        points: Most points; there are fewer where one plan is the best at several steps.
        keeper: Whom to tell and to ask, and the time that is left.

    Returns:
        None where there is no plan.

    Raises:
        Stopped: Caller or clock say so before there is a point.
        Unanswered: The solver has no answer before there is one.
        SolverFault: The solver failed.
    """
    tracing = _Tracing(joint, keeper)
    found: list[_Plan] = []
    status = PlanStatus.OPTIMAL
    try:
        for plan in tracing.plans(points):
            found.append(plan)
    except (Stopped, Unanswered):
        if not found:
            raise
        status = PlanStatus.FEASIBLE
    return Frontier(status, tuple(tracing.points_of(found))) if found else None


class _Tracing:
    """One frontier: the model with rows for cost, charge and what is capped, all of them open at first."""

    def __init__(self, joint: Joint, keeper: Timekeeper) -> None:
        self._joint, self._keeper = joint, keeper
        charge = joint.cost(lambda part: charge_cost(part.instance, part.arrays))
        self._rows = [joint.arrays.cost, charge, joint.cost_of(CAPPED[0]), *joint.of_each(capped)]
        self._scale = [max(1e-12, float(row.max(initial=0.0))) for row in self._rows]

    def plans(self, count: int) -> Iterator[_Plan]:
        """The cheapest plan, then the cheapest at falling steps of charge, then that of least charge; none: no plan.

        Raises:
            Stopped: Caller or clock say so.
            Unanswered: The solver has no answer.
        """
        rows = [row / size for row, size in zip(self._rows, self._scale, strict=True)]
        model = self._joint.model(rows, self._keeper)
        first = None if model is None else model.solve(keeper=self._keeper)
        if model is None or first is None or first.status is PlanStatus.INFEASIBLE:
            return
        self._model, self._limits = model, model.arrays.row_upper.copy()
        cheapest = self._least_too(self._plan(first))
        # From here on neither buying less nor storing less is a way to be safe.
        for row in range(SHORTAGE, len(self._rows)):
            self._hold(row, float(self._rows[row] @ cheapest.values))
        yield cheapest
        if cheapest.charge <= ROOM * (1.0 + cheapest.cost):
            return
        self._hold(CHARGE, self._solved(CHARGE).charge)
        safest = self._solved(COST)
        reached = cheapest.charge
        for charge in np.linspace(cheapest.charge, safest.charge, count)[1:-1].tolist():
            # A plan with so little charge already is the best at this step too.
            if reached > charge:
                self._hold(CHARGE, charge, room=0.0)
                plan = self._solved(COST)
                reached = plan.charge
                yield plan
        yield safest

    def points_of(self, found: list[_Plan]) -> Iterator[FrontierPoint]:
        """The plans that no other is better than in both cost and charge, the cheapest first."""
        cheapest, kept = found[0], list[_Plan]()
        same = ROOM * (1.0 + cheapest.charge)
        for plan in sorted(found, key=lambda one: one.charge):
            if kept and plan.cost >= kept[-1].cost * (1.0 - ROOM):
                continue
            if kept and plan.charge - kept[-1].charge <= same:
                kept.pop()
            kept.append(plan)
        before = None
        for plan in reversed(kept):
            yield self._point(plan, cheapest, before)
            before = plan

    def _least_too(self, plan: _Plan) -> _Plan:
        """Of the plans that cost as much as one, that of least charge, then of least shortage cost."""
        limits = self._limits.copy()
        self._hold(COST, plan.cost)
        for row in (CHARGE, SHORTAGE):
            plan = self._solved(row)
            self._hold(row, float(self._rows[row] @ plan.values))
        self._limits = limits
        return plan

    def _hold(self, row: int, most: float, room: float = ROOM) -> None:
        """At most so much of what a row counts, from now on."""
        at = len(self._limits) - len(self._rows) + row
        self._limits[at] = (most + room * (1.0 + abs(most))) / self._scale[row]

    def _solved(self, row: int) -> _Plan:
        """The plan of least of what a row counts within the limits, which some plan is known to keep.

        Raises:
            Stopped: Caller or clock say so.
            Unanswered: The solver finds none.
        """
        cost = self._rows[row] / self._scale[row]
        solution = self._model.solve(ArrayChange(cost=cost, row_upper=self._limits), self._keeper)
        if solution.status is not PlanStatus.OPTIMAL:
            raise Unanswered("HiGHS does not find a plan within the limits that it keeps")
        return self._plan(solution)

    def _plan(self, solution: Solution) -> _Plan:
        x = solution.column_value
        return _Plan(x, float(self._rows[COST] @ x), float(self._rows[CHARGE] @ x))

    def _point(self, plan: _Plan, cheapest: _Plan, before: _Plan | None) -> FrontierPoint:
        joint, answers = self._joint, self._joint.answers(plan.values)
        more = max(0.0, plan.cost - cheapest.cost)
        return FrontierPoint(
            max_risk_charge_usd=plan.charge,
            costs=joint.costs(answers),
            price_of_risk=0.0 if before is None else max(0.0, plan.cost - before.cost) / (before.charge - plan.charge),
            cost_increase=more / cheapest.cost if cheapest.cost > 0 else 0.0,
            suppliers=joint.suppliers.listed(joint.tonnes(answers)),
        )
