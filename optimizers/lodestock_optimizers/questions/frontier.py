"""The frontier between cost and risk: from the cheapest plan to the one of least risk charge.

Owns what is asked of the compiled model: least expected cost at steps of the expected risk charge, found through the
corners of the frontier (`corners`). Neither buying less nor storing less is a way to be safe: shortage, floor and
closing shortfall each cost no more than in the cheapest plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lodestock_optimizers.compiled import compile_problem
from lodestock_optimizers.no_plan.infeasibility import explain_infeasibility
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.questions.corners import SAME, Corner, Edge, EdgePoint, answer, chosen, refine, settle_end
from lodestock_optimizers.questions.face import optimal_face
from lodestock_optimizers.questions.frontier_values import Frontier, FrontierPoint, capped
from lodestock_optimizers.questions.joint import Joint, Member, with_open_rows
from lodestock_optimizers.questions.mixed_frontier import trace_mixed_frontier
from lodestock_optimizers.reading.charge import charge_cost
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.highs import Solution, Unanswered, no_solution
from lodestock_optimizers.solving.resolving import WarmModel, solve_side_by_side
from lodestock_optimizers.watch import Stopped, Timekeeper, unlimited

ROOM = 1e-9
"""Of a cap, by which it is laid above the level that it holds: rounding must not make a plan impossible."""

SWEEP = (0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
"""Prices of risk at which the first corners are looked for, in units of the cheapest plan's cost over its charge."""

NEAR = 0.3
"""Of a step, by which a corner of a larger model may miss it."""

SMALL_COLUMNS = 20_000
"""Up to this size the corners next to each step are looked for until they are found, nearly always."""

PASSES, PASSES_IF_SMALL = 1, 6
"""Times that the neighbourhood of a step is looked at; then its nearest corner stands for it."""


def trace_frontier(problem: SourcingProblem, points: int, keeper: Timekeeper | None = None) -> Frontier:
    """Traces the frontier of a valid problem; its λ and β are set aside.

    Args:
        problem: The problem.
        points: Most points, both ends included, at least 2, at equal steps of charge; where the frontier has so many
            corners that those next to a step are not found, the nearest corner found stands for it. There is one point
            where the cheapest plan is the safest.
        keeper: Whom to tell and to ask, and the time that is left. None: nobody, and no limit.

    Raises:
        SolverFault: The solver failed.
    """
    keeper, without_risk = keeper or unlimited(), replace(problem, price_of_risk=0.0, tail_weight=0.0)
    try:
        joint = Joint(without_risk, keeper)
        trace = trace_mixed_frontier if len(joint.arrays.integer) else _trace_linear
        found = trace(joint, points, keeper)
        if found is None:
            refused = compile_problem(without_risk, keeper).answer(no_solution(PlanStatus.INFEASIBLE, ""))
            return Frontier(PlanStatus.INFEASIBLE, (), *explain_infeasibility(refused, keeper))
    except Stopped as stopped:
        return Frontier(stopped.status)
    except Unanswered:
        return Frontier(PlanStatus.NO_PLAN_FOUND)
    return found


def _trace_linear(joint: Joint, points: int, keeper: Timekeeper) -> Frontier | None:
    """The frontier where nothing is a yes or no; None where there is no plan."""
    tracing = _Tracing(joint, keeper)
    cheapest = tracing.cheapest()
    return None if cheapest is None else tracing.trace(cheapest, points)


class _Tracing:
    """One frontier: the model of each part with rows for what is capped in it, all of them open at first.

    A price of risk is the same for all parts, and beside it nothing ties them: each is asked for its own corner.
    """

    def __init__(self, joint: Joint, keeper: Timekeeper) -> None:
        self._keeper = keeper
        self._joint = joint
        self._parts = [_PartTracing(member) for member in joint.members]

    def cheapest(self) -> Corner | None:
        """The cheapest plan, of several the one of least charge, then of least shortage; None where there is none."""
        parts = self._parts
        found = self._solved([part.model.arrays for part in parts])
        if any(solution.status is PlanStatus.INFEASIBLE for solution in found):
            return None
        found = self._best_of(found, [part.charge for part in parts])
        found = self._best_of(found, [part.shortage for part in parts])
        for part, solution in zip(parts, found, strict=True):
            part.cap(solution.column_value)
        return self._corner([part.found(s, 0.0) for part, s in zip(parts, found, strict=True)], 0.0)

    def trace(self, cheapest: Corner, count: int) -> Frontier:
        """The frontier that begins at the cheapest plan."""
        edge = Edge(cheapest)
        targets: list[float] = []
        status = PlanStatus.OPTIMAL
        try:
            if cheapest.charge > ROOM * (1.0 + cheapest.cost):
                targets = self._refined(edge, count)
        except (Stopped, Unanswered):
            status = PlanStatus.FEASIBLE
        return Frontier(status, tuple(self._point(point, cheapest) for point in chosen(edge, targets)))

    def _refined(self, edge: Edge, count: int) -> list[float]:
        """Finds the corners next to equal steps of charge; returns the charges of these steps."""
        unit = edge.cheapest.cost / edge.cheapest.charge
        for factor in SWEEP:
            edge.add(self._corner_at(factor * unit))
        edge.add(self._safest())
        is_small = self._joint.column_count <= SMALL_COLUMNS
        passes = PASSES_IF_SMALL if is_small else PASSES
        targets: list[float] = np.linspace(edge.cheapest.charge, edge.safest.charge, count).tolist()
        # The safest plan was solved last, so its neighbourhood is looked at first.
        answer(settle_end(edge, passes), self._corner_at)
        near = 0.0 if is_small else NEAR * (targets[0] - targets[1])
        answer(refine(edge, targets[-2:0:-1], passes, near), self._corner_at)
        return targets

    def _corner_at(self, weight: float) -> Corner:
        """The plan of least cost + weight·charge within the caps."""
        asked = [part for part in self._parts if part.known(weight) is None]
        models, arrays = [part.model for part in asked], [part.at(weight) for part in asked]
        for part, solution in zip(asked, solve_side_by_side(models, arrays, self._keeper), strict=True):
            part.found(solution, weight)
        return self._corner([part.corner_at(weight) for part in self._parts], weight)

    def _safest(self) -> Corner:
        """The plan of least charge within the caps, of several the cheapest."""
        least = self._solved([replace(part.arrays, cost=part.charge) for part in self._parts])
        found = self._best_of(least, [part.cost for part in self._parts])
        return self._corner([part.found(s, np.inf) for part, s in zip(self._parts, found, strict=True)], np.inf)

    def _best_of(self, solutions: Sequence[Solution], costs: Sequence[Floats]) -> list[Solution]:
        """Of the optima of the last solve of each part those of least further costs."""
        return self._solved(
            [
                replace(optimal_face(part.model.solved, solution), cost=cost).of(part.model.solved)
                for part, solution, cost in zip(self._parts, solutions, costs, strict=True)
            ]
        )

    def _solved(self, arrays: Sequence[LinearArrays]) -> list[Solution]:
        return solve_side_by_side([part.model for part in self._parts], arrays, self._keeper)

    def _corner(self, corners: Sequence[Corner], weight: float) -> Corner:
        values = np.concatenate([corner.values for corner in corners])
        cost, charge = sum(corner.cost for corner in corners), sum(corner.charge for corner in corners)
        return Corner(values, cost, charge, weight, weight)

    def _point(self, point: EdgePoint, cheapest: Corner) -> FrontierPoint:
        joint, answers = self._joint, self._joint.answers(point.values)
        costs = joint.costs(answers)
        more = max(0.0, costs.expected_cost_usd - cheapest.cost)
        return FrontierPoint(
            max_risk_charge_usd=point.charge,
            costs=costs,
            price_of_risk=point.price,
            cost_increase=more / cheapest.cost if cheapest.cost > 0 else 0.0,
            suppliers=joint.suppliers.listed(joint.tonnes(answers)),
        )


class _PartTracing:
    """The model of one part, and the corners of its own edge that were found.

    Attributes:
        model: The model.
        arrays: The model with what is capped at the cheapest plan's.
        cost: (columns,) its cost.
        charge: (columns,) its charge.
        shortage: (columns,) what shortage costs.
    """

    def __init__(self, member: Member) -> None:
        compiled, reduced = member.compiled, member.reduced
        self.cost = reduced.arrays.cost
        self.charge = reduced.cost(charge_cost(compiled.instance, compiled.arrays))
        self.shortage = reduced.cost(compiled.cost_of("u"))
        rows = [reduced.cost(row) for row in capped(compiled)]
        self._rows = [row / row.max() for row in rows]
        self.model = WarmModel(with_open_rows(reduced.arrays, self._rows))
        self.arrays = self.model.arrays
        self._corners: dict[float, Corner] = {}
        self._bases: dict[float, Any] = {}
        self._last = 0.0

    def cap(self, values: Floats) -> None:
        """From now on what is capped is no more than in a plan."""
        limits = self.arrays.row_upper.copy()
        for i, row in enumerate(reversed(self._rows), start=1):
            limits[-i] = float(row @ values) + ROOM * (1.0 + abs(float(row @ values)))
        self.arrays = replace(self.arrays, row_upper=limits)

    def at(self, weight: float) -> LinearArrays:
        """The model in which charge has a weight, to start from the last solve or from a corner on the way from it."""
        ends = sorted((self._last, weight))
        on_the_way = [w for w in self._bases if ends[0] < w < ends[1]]
        if on_the_way:
            self.model.return_to(self._bases[(max if weight > self._last else min)(on_the_way)])
        return replace(self.arrays, cost=self.cost + weight * self.charge)

    def found(self, solution: Solution, weight: float) -> Corner:
        """Takes note of the plan at a weight."""
        x = solution.column_value
        corner = Corner(x, float(self.cost @ x), float(self.charge @ x), weight, weight)
        self._corners[weight], self._bases[weight], self._last = corner, self.model.basis, weight
        return corner

    def known(self, weight: float) -> Corner | None:
        """The corner at a weight, where it is that of a lower and of a higher one."""
        lower = max((w for w in self._corners if w <= weight), default=None)
        upper = min((w for w in self._corners if w >= weight), default=None)
        if lower is None or upper is None:
            return None
        one, other = self._corners[lower], self._corners[upper]
        return one if abs(one.charge - other.charge) <= SAME * (1.0 + abs(one.charge)) else None

    def corner_at(self, weight: float) -> Corner:
        """The corner at a weight that was asked for."""
        corner = self.known(weight)
        assert corner is not None
        return corner
