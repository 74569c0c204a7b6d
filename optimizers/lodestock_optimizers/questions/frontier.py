"""The frontier between cost and risk: from the cheapest plan to the one of least risk charge.

Owns what is asked of the compiled model: least expected cost at steps of the expected risk charge, found through the
corners of the frontier (`corners`). Neither buying less nor storing less is a way to be safe: shortage, floor and
closing shortfall each cost no more than in the cheapest plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from lodestock_optimizers.compiled import CompiledProblem, compile_problem
from lodestock_optimizers.no_plan.infeasibility import explain_infeasibility
from lodestock_optimizers.plan import ConflictingRule, CostBreakdown, PlanStatus, Relaxation
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.questions.corners import Corner, Edge, EdgePoint, chosen, refine, settle_end
from lodestock_optimizers.questions.face import optimal_face
from lodestock_optimizers.reading.charge import charge_cost
from lodestock_optimizers.reading.extraction import read_costs
from lodestock_optimizers.reading.suppliers import Suppliers, SupplierTonnes
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.elimination import without_firm_deliveries
from lodestock_optimizers.solving.highs import Solution, Unanswered
from lodestock_optimizers.solving.resolving import ArrayChange, WarmModel
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

CAPPED = ("u", "below_floor", "below_closing")
"""The variables whose cost no plan on the frontier may raise above the cheapest plan's, each for itself."""


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """The cheapest plan whose expected risk charge is at most `max_risk_charge_usd`.

    `price_of_risk` is what a dollar less of risk charge costs here: the λ at which this plan is the best.
    `cost_increase` is the expected cost above the cheapest plan's, as a fraction of it.
    """

    max_risk_charge_usd: float
    costs: CostBreakdown
    price_of_risk: float
    cost_increase: float
    suppliers: tuple[SupplierTonnes, ...]


@dataclass(frozen=True, slots=True)
class Frontier:
    """OPTIMAL with all points, the cheapest first; FEASIBLE with those found until time ended it or the solver had no
    answer; else why there is none.
    """

    status: PlanStatus
    points: tuple[FrontierPoint, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    conflict: tuple[ConflictingRule, ...] = ()


def trace_frontier(problem: SourcingProblem, points: int, keeper: Timekeeper | None = None) -> Frontier:
    """Traces the frontier of a valid problem without yes-or-no choices; its λ and β are set aside.

    Args:
        problem: The problem.
        points: Most points, both ends included, at least 2, at equal steps of charge; where the frontier has so many
            corners that those next to a step are not found, the nearest corner found stands for it. There is one point
            where the cheapest plan is the safest.
        keeper: Whom to tell and to ask, and the time that is left. None: nobody, and no limit.

    Raises:
        SolverFault: The solver failed.
    """
    try:
        compiled = compile_problem(replace(problem, price_of_risk=0.0, tail_weight=0.0), keeper)
        tracing = _Tracing(compiled, keeper or unlimited())
        cheapest = tracing.cheapest()
    except Stopped as stopped:
        return Frontier(stopped.status)
    except Unanswered:
        return Frontier(PlanStatus.NO_PLAN_FOUND)
    if cheapest.status is PlanStatus.INFEASIBLE:
        return Frontier(cheapest.status, (), *explain_infeasibility(compiled.answer(cheapest), tracing.keeper))
    return tracing.trace(cheapest, points)


class _Tracing:
    """One frontier: the model with rows for what is capped, all of them open at first."""

    def __init__(self, compiled: CompiledProblem, keeper: Timekeeper) -> None:
        self.keeper = keeper
        self._compiled = compiled
        self._suppliers = Suppliers(compiled.instance)
        self._reduced = reduced = without_firm_deliveries(compiled.arrays)
        self._cost = reduced.arrays.cost
        self._charge = reduced.cost(charge_cost(compiled.instance, compiled.arrays))
        self._capped = [reduced.cost(compiled.cost_of(name)) for name in CAPPED]
        self._scale = np.array([max(1e-12, float(row.max(initial=0.0))) for row in self._capped])
        self._model = WarmModel(_with_open_rows(reduced.arrays, self._capped, self._scale))
        self._limits = self._model.arrays.row_upper.copy()

    def cheapest(self) -> Solution:
        """The cheapest plan, of several the one of least charge, then of least shortage."""
        solution = self._model.solve(keeper=self.keeper)
        if solution.status is PlanStatus.OPTIMAL:
            solution = self._best_of(solution, self._charge, self._capped[0])
        return solution

    def trace(self, found: Solution, count: int) -> Frontier:
        """The frontier that begins at the cheapest plan."""
        caps = np.array([float(row @ found.column_value) for row in self._capped])
        self._limits[-len(caps) :] = (caps + ROOM * (1.0 + np.abs(caps))) / self._scale
        edge = Edge(self._corner(found, 0.0))
        targets: list[float] = []
        status = PlanStatus.OPTIMAL
        try:
            if edge.cheapest.charge > ROOM * (1.0 + edge.cheapest.cost):
                targets = self._refined(edge, count)
        except (Stopped, Unanswered):
            status = PlanStatus.FEASIBLE
        return Frontier(status, tuple(self._point(point, edge.cheapest, found) for point in chosen(edge, targets)))

    def _refined(self, edge: Edge, count: int) -> list[float]:
        """Finds the corners next to equal steps of charge; returns the charges of these steps."""
        unit = edge.cheapest.cost / edge.cheapest.charge
        for factor in SWEEP:
            edge.add(self._corner_at(factor * unit))
        edge.add(self._safest())
        is_small = self._compiled.arrays.shape[1] <= SMALL_COLUMNS
        passes = PASSES_IF_SMALL if is_small else PASSES
        targets: list[float] = np.linspace(edge.cheapest.charge, edge.safest.charge, count).tolist()
        # The safest plan was solved last, so its neighbourhood is looked at first.
        settle_end(edge, self._corner_at, passes)
        near = 0.0 if is_small else NEAR * (targets[0] - targets[1])
        refine(edge, targets[-2:0:-1], self._corner_at, passes, near)
        return targets

    def _corner_at(self, weight: float) -> Corner:
        """The plan of least cost + weight·charge within the caps."""
        change = ArrayChange(cost=self._cost + weight * self._charge, row_upper=self._limits)
        return self._corner(self._model.solve(change, self.keeper), weight)

    def _safest(self) -> Corner:
        """The plan of least charge within the caps, of several the cheapest."""
        least = self._model.solve(ArrayChange(cost=self._charge, row_upper=self._limits), self.keeper)
        return self._corner(self._best_of(least, self._cost), np.inf)

    def _best_of(self, solution: Solution, *costs: Floats) -> Solution:
        """Of the optima of the last solve the one of least further costs, the first of them first."""
        for cost in costs:
            face = optimal_face(self._model.solved, solution)
            solution = self._model.solve(replace(face, cost=cost), self.keeper)
        return solution

    def _corner(self, solution: Solution, weight: float) -> Corner:
        x = solution.column_value
        return Corner(x, float(self._cost @ x), float(self._charge @ x), weight, weight)

    def _point(self, point: EdgePoint, cheapest: Corner, found: Solution) -> FrontierPoint:
        answer = self._compiled.answer(replace(found, column_value=self._reduced.levels(point.values)))
        costs, _ = read_costs(answer)
        more = max(0.0, costs.expected_cost_usd - cheapest.cost)
        return FrontierPoint(
            max_risk_charge_usd=point.charge,
            costs=costs,
            price_of_risk=point.price,
            cost_increase=more / cheapest.cost if cheapest.cost > 0 else 0.0,
            suppliers=self._suppliers.listed(self._suppliers.tonnes(answer)),
        )


def _with_open_rows(arrays: LinearArrays, rows: list[Floats], scale: Floats) -> LinearArrays:
    """The arrays with rows below theirs, each divided by its scale, that limit nothing yet."""
    added = sparse.csc_array(np.stack(rows) / scale[:, None])
    return replace(
        arrays,
        matrix=sparse.csc_array(sparse.vstack([arrays.matrix, added], format="csc")),
        row_lower=np.append(arrays.row_lower, np.full(len(rows), -np.inf)),
        row_upper=np.append(arrays.row_upper, np.full(len(rows), np.inf)),
    )
