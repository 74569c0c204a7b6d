"""Good plans long before the optimum, with a proven bound, for a solve that meets a limit.

The simplex method has no plan before its last iteration. Material by material the same model is solved in a fraction of
the time, so the search goes, over and over, through parts of it (`Decomposition`):

1. nothing is bought: a plan at once, unless a hard rule forbids it (`unbought`);
2. every material as if it were alone: a bound, and what each would use of budgets, quotas and shared reserves;
3. every material with its share of these, by what it would use: a plan, and what more of them is worth to each;
4. every material paying that worth, weighted by use: a bound by weak duality (Lagrange);
5. groups of a few materials anew with what the others leave: better plans, then 3's worth and 4 again.

A material here is a part of `decomposition`: materials that stand in for each other go together. Owns these steps.
Every plan is verified against all rows and every bound recomputed from the whole model's arrays, so that nothing rests
on the reasoning above (`check`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.check import TOLERANCE, lower_bound, primal_violation
from lodestock_optimizers.solving.decomposition import Decomposition, Part
from lodestock_optimizers.solving.highs import LEAST_OBJECTIVE, Solution, Solver, SolverFault
from lodestock_optimizers.solving.unbought import levels_without_purchases
from lodestock_optimizers.tail import complete
from lodestock_optimizers.trade_rules import RuleRow
from lodestock_optimizers.watch import relative_gap

GROUP = 4
"""Materials that are solved together: measured, more take longer than they gain."""

SMALL_GAP = 1e-6
"""Relative gap at which there is nothing left to gain: that of the check."""

SEED = 0
"""Of the order in which materials come together."""


@dataclass(frozen=True, slots=True)
class Incumbent:
    """A plan that can be carried out: (columns,) levels and their objective, USD."""

    values: Floats
    objective: float


@dataclass(frozen=True, slots=True)
class Bound:
    """What no plan costs less than, USD, and the (rows,) duals that prove it."""

    value: float
    row_dual: Floats


class Search:
    """The search on one model; `run` it in one thread, read `incumbent` and `bound` and `stop` it from any.

    Args:
        instance: The instance.
        rules: The rows of its trade rules.
        arrays: Its model, compiled.
    """

    def __init__(self, instance: Instance, rules: list[RuleRow], arrays: LinearArrays) -> None:
        self._instance, self._rules, self.arrays = instance, rules, arrays
        self._cost = arrays.cost
        self._random = np.random.default_rng(SEED)
        self._solver: Solver | None = None
        self._stopped = False
        self.incumbent: Incumbent | None = None
        self.bound = Bound(LEAST_OBJECTIVE, np.zeros(arrays.shape[0]))

    @cached_property
    def _parts(self) -> Decomposition:
        """The model in parts, made in the thread of the search: it takes a while."""
        return Decomposition(self._instance, self._rules, self.arrays)

    @property
    def _is_one(self) -> bool:
        """Whether parts gain nothing: the tail ties all, and for whole numbers HiGHS has a search of its own."""
        return self._instance.problem.tail_weight > 0 or len(self.arrays.integer) > 0

    @cached_property
    def _unbought(self) -> Floats:
        """(columns,) levels at which nothing is bought."""
        return complete(self._instance, self.arrays, levels_without_purchases(self._instance, self.arrays))

    @cached_property
    def _dearest_first(self) -> Ints:
        """The materials by what it costs to buy nothing of them: where most is to be gained first."""
        costs = np.bincount(self._parts.owner, self._cost * self._unbought, self._parts.count)
        return np.argsort(-costs, kind="stable")

    @cached_property
    def _worth(self) -> Floats:
        """(parts, ties) what one more unit of each tying row was worth to each part when last solved; 0 or less."""
        return np.zeros((self._parts.count, len(self._parts.tying)))

    def best(self) -> Incumbent | None:
        """The best plan so far; before the first step, the one that buys nothing, if it can be carried out."""
        return self.incumbent or self._checked(self._unbought)

    def stop(self) -> None:
        """End the search soon."""
        self._stopped = True
        if self._solver is not None:
            self._solver.interrupt()

    def run(self) -> None:
        """Search until there is nothing left to gain or `stop` is called."""
        for _ in self.steps():
            if self._stopped:
                return

    def steps(self) -> Iterator[None]:
        """Search; yields after each step that may have changed plan or bound."""
        try:
            yield from self._steps()
        except (_NoSolution, SolverFault):
            # What has been found so far stays; whether there is a plan at all is for the whole model to say.
            return

    def _steps(self) -> Iterator[None]:
        self._offer(self._unbought)
        yield
        if self._is_one or self._parts.count == 1:
            # The part is the whole, on which HiGHS works already.
            return
        alone = yield from self._alone()
        if not len(self._parts.tying):
            return
        yield from self._rationed(alone)
        while not self._done():
            yield from self._priced()
            if self._parts.count == 2:
                # A group would be the whole model, and what it leaves is what there was.
                return
            for group in self._groups():
                self._improve(group)
                yield

    def _done(self) -> bool:
        return self.incumbent is not None and relative_gap(self.incumbent.objective, self.bound.value) <= SMALL_GAP

    def _alone(self) -> Generator[None, None, Floats]:
        """(columns,) levels where nothing ties the materials."""
        values = yield from self._pay(np.zeros(len(self._parts.tying)))
        self._offer(values)
        return values

    def _rationed(self, alone: Floats) -> Iterator[None]:
        parts = self._parts
        wanted = parts.use_by_part(alone)
        left, still_wanted = parts.capacity.copy(), wanted.sum(axis=0)
        # Materials whose turn has not come buy nothing.
        values = self._unbought.copy()
        for m in range(parts.count):
            share = left / np.maximum(np.maximum(still_wanted, left), np.finfo(np.float64).tiny)
            ration = np.maximum(wanted[m] * share, left - (still_wanted - wanted[m]))
            part, solution = self._limited([m], ration)
            if solution.status is not PlanStatus.OPTIMAL:
                # A hard rule asks for more than the share: first come, first served.
                part, solution = self._limited([m], left)
            if solution.status is not PlanStatus.OPTIMAL:
                raise _NoSolution
            values[part.columns] = solution.column_value
            left = np.maximum(left - parts.use[:, part.columns] @ solution.column_value, 0.0)
            still_wanted = np.maximum(still_wanted - wanted[m], 0.0)
            self._offer(values)
            yield

    def _priced(self) -> Iterator[None]:
        if self.incumbent is None:
            return
        used = self._parts.use_by_part(self.incumbent.values)
        total = used.sum(axis=0)
        worth = (used * self._worth).sum(axis=0) / np.where(total > 0, total, 1.0)
        # Where nothing is used nothing can be had: the dearest word costs nothing and says most.
        prices = np.where(total > 0, worth, self._worth.min(axis=0))
        yield from self._pay(np.minimum(prices, 0.0))

    def _groups(self) -> list[Ints]:
        """All materials in groups, others each time."""
        size = min(GROUP, (self._parts.count + 1) // 2)
        count = -(-self._parts.count // size)
        order = self._random.permutation(self._parts.count)
        return [order[i::count] for i in range(count)]

    def _improve(self, group: Ints) -> None:
        if self.incumbent is None:
            raise _NoSolution
        values = self.incumbent.values.copy()
        values[self._parts.columns_of(group)] = 0.0
        left = np.maximum(self._parts.capacity - self._parts.use @ values, 0.0)
        part, solution = self._limited(group, left)
        if solution.status is PlanStatus.OPTIMAL:
            values[part.columns] = solution.column_value
            self._offer(values)

    def _limited(self, materials: Iterable[int], capacity: Floats) -> tuple[Part, Solution]:
        """Solve materials within a capacity, and note what more of it would be worth to them."""
        part = self._parts.limited(materials, capacity)
        solution = self._solve(part)
        if solution.status is PlanStatus.OPTIMAL:
            self._worth[list(materials)] = solution.row_dual[len(part.rows) :]
        return part, solution

    def _pay(self, prices: Floats) -> Generator[None, None, Floats]:
        """(columns,) levels where every material pays prices for the tying rows; their duals give a bound."""
        values, dual = np.zeros_like(self._cost), np.zeros(self.arrays.shape[0])
        dual[self._parts.tying] = prices
        is_first = not prices.any()
        for m in self._dearest_first:
            part = self._parts.priced(m, prices)
            solution = self._solve(part)
            if solution.status is not PlanStatus.OPTIMAL:
                raise _NoSolution
            values[part.columns], dual[part.rows] = solution.column_value, solution.row_dual
            self._offer_part(part, solution)
            if is_first:
                # The other parts cost at least nothing, which is all that is known of them yet.
                self._prove(dual)
            yield
        self._prove(dual)
        return values

    def _prove(self, dual: Floats) -> None:
        """Take the bound of (rows,) duals, if it is better and they prove it."""
        bound, violation = lower_bound(self.arrays, dual)
        if violation <= TOLERANCE and bound > self.bound.value:
            self.bound = Bound(bound, dual.copy())

    def _offer_part(self, part: Part, solution: Solution) -> None:
        """Offer the best plan so far with another part: long before all parts are solved it may fit the rest."""
        values = (self._unbought if self.incumbent is None else self.incumbent.values).copy()
        values[part.columns] = solution.column_value
        self._offer(values)

    def _offer(self, values: Floats) -> None:
        """Take a plan that is better and can be carried out."""
        if self.incumbent is None or self._objective(values) < self.incumbent.objective:
            self.incumbent = self._checked(values) or self.incumbent

    def _checked(self, values: Floats) -> Incumbent | None:
        """The plan of these levels, if it can be carried out."""
        if not primal_violation(self.arrays, values) <= TOLERANCE:
            return None
        return Incumbent(values.copy(), self._objective(values))

    def _objective(self, values: Floats) -> float:
        # Not BLAS' dot, whose threads would wait for a processor that the solver beside it has.
        return float((self._cost * values).sum()) + self.arrays.offset

    def _solve(self, part: Part) -> Solution:
        self._solver = solver = Solver(part.arrays)
        # Whoever stops sets the mark first and then interrupts the solver that it finds.
        if self._stopped:
            raise _NoSolution
        solution = solver.solve()
        if solution.status is PlanStatus.CANCELLED:
            raise _NoSolution
        return solution


class _NoSolution(Exception):
    """The search cannot go on."""
