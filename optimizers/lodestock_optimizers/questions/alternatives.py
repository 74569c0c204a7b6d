"""Plans that cost little more than the best and differ most from it, and from one another, in who supplies.

Owns the search (modelling to generate alternatives; Brill, Chang & Hopkins 1982) and the measure of difference. The
greatest difference itself would be the maximum of a convex function, which no linear programme finds: each candidate is
the optimum of one direction in the space of suppliers, mended until its own direction gives nothing better, and of all
candidates those are kept that are farthest from what is kept already.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lodestock_optimizers.compiled import compile_problem
from lodestock_optimizers.no_plan.infeasibility import explain_infeasibility
from lodestock_optimizers.plan import ConflictingRule, CostBreakdown, PlanStatus, Relaxation
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.questions.joint import Joint
from lodestock_optimizers.reading.suppliers import SupplierTonnes
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.highs import Solution, Unanswered, no_solution
from lodestock_optimizers.solving.resolving import ArrayChange
from lodestock_optimizers.watch import Stopped, Timekeeper, unlimited

SAME = 1e-9
"""Of the objective: what differs by less costs the same, as rounding must not make the best plan impossible."""

SEED = 20_260_101
"""Of the random directions: the same problem has the same alternatives."""

CANDIDATES_EACH = 2
"""Random directions that are tried for each alternative asked for, beside those that the best plan gives."""

MENDINGS = 2
"""Most times that a candidate's own direction is followed."""

MIXED_ROOM = 1e-4
"""Of the increase that is allowed, what is left to the solver's tolerance where contracts are signed as a whole."""

LEAST_NOVELTY = 1e-3
"""A plan nearer than that to one that is kept is the same plan."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A plan that buys elsewhere.

    Attributes:
        costs: Its costs.
        increase: Its objective above the least, as a fraction of it; 0 where that is rounding.
        difference: Share of the expected deliveries that other suppliers make than in the best plan, 0…1; each
            material counts by what the best plan spends on it.
        novelty: The same against the nearest of the plans before it, the best plan among them.
        suppliers: Who supplies.
    """

    costs: CostBreakdown
    increase: float
    difference: float
    novelty: float
    suppliers: tuple[SupplierTonnes, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """OPTIMAL where the search ran to its end, FEASIBLE where time ended it or the solver left directions unanswered;
    else why there is no plan at all. The first alternative is the one that differs most, each further one that which is
    farthest from all before it.
    """

    status: PlanStatus
    costs: CostBreakdown | None = None
    suppliers: tuple[SupplierTonnes, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    conflict: tuple[ConflictingRule, ...] = ()


def find_alternatives(
    problem: SourcingProblem, max_increase: float, count: int, keeper: Timekeeper | None = None
) -> Alternatives:
    """Finds plans that differ in who supplies, of a valid problem.

    Args:
        problem: The problem.
        max_increase: By how much the objective may exceed the least, as a fraction of it.
        count: Most alternatives; there are fewer where no more differ.
        keeper: Whom to tell and to ask, and the time that is left. None: nobody, and no limit.

    Raises:
        SolverFault: The solver failed.
    """
    keeper = keeper or unlimited()
    try:
        search = _Search(Joint(problem, keeper), keeper)
        best = search.best()
        if best is None:
            refused = compile_problem(problem, keeper).answer(no_solution(PlanStatus.INFEASIBLE, ""))
            return Alternatives(PlanStatus.INFEASIBLE, None, (), (), *explain_infeasibility(refused, keeper))
    except Stopped as stopped:
        return Alternatives(stopped.status)
    except Unanswered:
        return Alternatives(PlanStatus.NO_PLAN_FOUND)
    return search.alternatives(best, max_increase, count)


@dataclass(frozen=True)
class _Candidate:
    solution: Solution
    shares: Floats


class _Search:
    """One search: the model with its objective as a row that is open at first."""

    def __init__(self, joint: Joint, keeper: Timekeeper) -> None:
        self._joint = joint
        self._keeper = keeper
        self._random = np.random.default_rng(SEED)
        self._scale = _middle(joint.arrays.cost)

    def best(self) -> Solution | None:
        """The best plan; None where there is none."""
        model = self._joint.model([self._joint.arrays.cost / self._scale], self._keeper)
        if model is None:
            return None
        self._model = model
        solution = model.solve(keeper=self._keeper)
        return None if solution.status is PlanStatus.INFEASIBLE else solution

    def alternatives(self, best: Solution, max_increase: float, count: int) -> Alternatives:
        """What differs most from the best plan."""
        joint, suppliers = self._joint, self._joint.suppliers
        answers = joint.answers(best.column_value)
        costs, spent = joint.costs(answers), joint.spent(answers)
        self._tonnes = joint.tonnes(answers)
        self._best = _Candidate(best, suppliers.shares(self._tonnes))
        self._part = spent / spent.sum() if spent.sum() > 0 else np.full(len(spent), 1.0 / len(spent))
        self._least = self._objective(best)
        self._same = SAME * (1.0 + self._least)
        # A little less than allowed, so that no reckoning of the increase comes to more.
        self._room = max(self._same, max_increase * self._least - self._same)
        # Where no mean with the best plan mends it, the limit has room for the solver's tolerance.
        held = (1.0 - MIXED_ROOM) * self._room if len(joint.arrays.integer) else self._room
        self._limits = self._model.arrays.row_upper.copy()
        self._limits[-1] = (self._least - joint.arrays.offset + held) / self._scale
        found: list[_Candidate] = []
        status = PlanStatus.OPTIMAL
        try:
            for direction in self._directions(count):
                if not self._follow(direction, found):
                    status = PlanStatus.FEASIBLE
        except Stopped:
            status = PlanStatus.FEASIBLE
        kept = tuple(self._described(*one) for one in self._farthest(found, count))
        return Alternatives(status, costs, suppliers.listed(self._tonnes), kept)

    def _directions(self, count: int) -> Iterator[Floats]:
        """(S,) cost of a share of each supplier: away from all now used, from each of the largest, then at random."""
        used = self._best.shares
        if not len(used):
            return
        yield used
        yield np.where(used > 0, 1.0, -1.0)
        weight = used * self._part[self._joint.suppliers.material_of]
        for supplier in np.argsort(-weight, kind="stable")[:count].tolist():
            if used[supplier] > 0:
                yield (np.arange(len(used)) == supplier).astype(np.float64)
        for _ in range(CANDIDATES_EACH * count):
            yield self._random.standard_normal(len(used))

    def _follow(self, direction: Floats, found: list[_Candidate]) -> bool:
        """Adds the plan at the end of a direction, and those at the ends of the directions that lead on from it.

        Returns:
            Whether the solver had an answer to each.
        """
        farthest = -np.inf
        for _ in range(1 + MENDINGS):
            try:
                candidate = self._solved(direction)
            except Unanswered:
                return False
            distance = self._distance(candidate, self._best)
            if distance <= farthest + LEAST_NOVELTY:
                break
            found.append(candidate)
            farthest = distance
            direction = np.sign(self._best.shares - candidate.shares)
        return True

    def _solved(self, direction: Floats) -> _Candidate:
        """The plan of least Σ direction·share, shares being those of what the best plan delivers of the material."""
        suppliers = self._joint.suppliers
        whole = np.bincount(suppliers.material_of, self._tonnes, len(self._part))[suppliers.material_of]
        weight = self._part[suppliers.material_of]
        per_tonne = np.divide(direction * weight, whole, out=np.zeros_like(whole), where=whole > 0)
        cost = self._joint.supplier_cost(per_tonne)
        size = float(np.abs(cost).max(initial=0.0))
        scaled = cost / size if size > 0 else cost
        solution = self._model.solve(ArrayChange(cost=scaled, row_upper=self._limits), self._keeper)
        if solution.status is not PlanStatus.OPTIMAL:
            raise Unanswered("HiGHS does not find the best plan within the limit that it keeps")
        solution = self._within_limit(solution)
        return _Candidate(solution, suppliers.shares(self._joint.tonnes(self._joint.answers(solution.column_value))))

    def _within_limit(self, solution: Solution) -> Solution:
        """A plan that costs no more than allowed: what HiGHS' tolerance lets it exceed, towards the best plan.

        A mean of two plans is a plan, and costs what their mean does; but not where contracts are signed as a whole.

        Raises:
            Unanswered: There it costs more than allowed.
        """
        more = self._objective(solution) - self._least
        if more <= self._room:
            return solution
        if len(self._joint.arrays.integer):
            raise Unanswered("HiGHS has no plan within the limit, but for its tolerance")
        best, kept = self._best.solution.column_value, self._room / more
        return replace(solution, column_value=best + kept * (solution.column_value - best))

    def _distance(self, one: _Candidate, other: _Candidate) -> float:
        """Half the sum of the differences of shares, materials weighed: 0 for the same suppliers, 1 for all others."""
        differences = np.bincount(self._joint.suppliers.material_of, np.abs(one.shares - other.shares), len(self._part))
        return 0.5 * float(self._part @ differences)

    def _farthest(self, found: list[_Candidate], count: int) -> Iterator[tuple[_Candidate, float]]:
        """Candidates with their novelty, each the farthest from the best plan and those before it."""
        nearest = [self._distance(candidate, self._best) for candidate in found]
        for _ in range(count):
            i = int(np.argmax(nearest)) if nearest else -1
            if i < 0 or nearest[i] < LEAST_NOVELTY:
                return
            yield found[i], nearest[i]
            nearest = [min(d, self._distance(c, found[i])) for c, d in zip(found, nearest, strict=True)]

    def _described(self, candidate: _Candidate, novelty: float) -> Alternative:
        joint, answers = self._joint, self._joint.answers(candidate.solution.column_value)
        more = self._objective(candidate.solution) - self._least
        return Alternative(
            costs=joint.costs(answers),
            increase=more / self._least if more > 2.0 * self._same and self._least > 0 else 0.0,
            difference=self._distance(candidate, self._best),
            novelty=novelty,
            suppliers=joint.suppliers.listed(joint.tonnes(answers)),
        )

    def _objective(self, solution: Solution) -> float:
        arrays = self._joint.arrays
        return float(arrays.cost @ solution.column_value) + arrays.offset


def _middle(cost: Floats) -> float:
    """A power of two in the middle of the costs' magnitudes: by it as many digits are left to the least as can be."""
    size = cost[cost > 0]
    return float(2.0 ** np.round(0.5 * (np.log2(size.min()) + np.log2(size.max())))) if len(size) else 1.0
