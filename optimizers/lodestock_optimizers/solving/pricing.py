"""A whole that a few rows tie, by pricing those rows out first and then from the basis in which that ends.

1. Every part is solved alone, paying prices for what it uses of the tying rows. That is a bound on the whole
   (Lagrange), and a plan of each part.
2. The master mixes the plans of each part so that the tying rows are kept, and says what these are worth then
   (Dantzig & Wolfe, Operations Research 8, 1960). At these prices the parts are solved anew, from their bases, and so
   on until bound and mix are close.
3. The bases of the parts make one of the whole, in which all reduced costs are right and only tying rows are off: the
   dual simplex method brings these in order. What it ends with is the whole's own optimal basis.

Owns these steps; whatever goes wrong in the first two, the whole is solved from scratch. `decomposition` makes the
parts, `price_master` the mix.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import highspy
import numpy as np
from scipy import sparse

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.check import TOLERANCE, lower_bound, primal_violation
from lodestock_optimizers.solving.decomposition import Decomposition
from lodestock_optimizers.solving.highs import LEAST_OBJECTIVE, Solution, Solver, SolverFault, no_solution
from lodestock_optimizers.solving.implied_bounds import greatest_levels
from lodestock_optimizers.solving.price_master import Master, Mix, PartPlan
from lodestock_optimizers.watch import REASONS

THREADS = 2
"""As many as a solve has beside it elsewhere: the solver and the search for plans."""
LEAST_PARTS, LEAST_COLUMNS = 4, 40_000
"""Below that the whole is solved in a moment."""
MOST_TIES = 20
"""Tying rows for each part. Where all bind, the mix needs about as many plans as there are, and a round brings one of
each part: with more, so many rounds cost as much as the whole does."""
CLOSE = 1e-4
"""Gap between bound and mix, relative, from which on the simplex method is faster than more rounds: measured."""
MOST_ROUNDS = 80
HALVING = 20
"""Rounds in which what the master promises has to halve; else the whole is solved from scratch. Measured: up to ten
on the lowest rungs of the ladder."""
STEP_UP, MOST_STEPS = 1.5, 12
"""Factor from one common price to the next, in the search for the one to begin with, and how many are tried."""
RADIUS = 0.2
"""Of the first box, in units of a row's price: a fifth of what a unit of it costs in itself."""
GOOD, GROWTH, SHRINKAGE = 0.5, 1.5, 0.5
"""Share of what the master promised that a step must bring for the box to grow; by how much; and to shrink."""
LEAST_USE = 1e-9
"""Relative to a capacity; more than that above it is too much."""


def can_be_priced(parts: Decomposition) -> bool:
    """Whether there is something to gain, and every tying row is Σ a·x ≤ capacity with a ≥ 0."""
    if parts.count < LEAST_PARTS or parts.arrays.shape[1] < LEAST_COLUMNS:
        return False
    if not 0 < len(parts.tying) <= MOST_TIES * parts.count:
        return False
    is_open_below = np.isneginf(parts.arrays.row_lower[parts.tying]).all()
    return bool(is_open_below and (parts.use.data >= 0).all() and (parts.capacity >= 0).all())


def is_closing(gaps: Sequence[float], gap: float) -> bool:
    """Whether a gap, after those of the rounds before it, is half of what it was `HALVING` rounds ago."""
    return len(gaps) < HALVING or gap <= gaps[-HALVING] / 2.0


@dataclass(frozen=True, slots=True)
class _Priced:
    """What the parts answer to prices: the bound, offset apart, (ties,) what they use, and (rows,) duals."""

    bound: float
    use: Floats
    row_dual: Floats


class _Part:
    """One part in HiGHS, with prices on what it uses."""

    def __init__(self, parts: Decomposition, number: int) -> None:
        cut = parts.priced(number, np.zeros(len(parts.tying)))
        self.columns, self.rows, self._cost = cut.columns, cut.rows, cut.arrays.cost
        self._use = sparse.csr_array(parts.use[:, cut.columns])
        self._used = sparse.csr_array(self._use.T)
        self._number, self._every = number, np.arange(len(cut.columns))
        self.solver = Solver(cut.arrays)

    def solve(self, prices: Floats) -> tuple[PartPlan, Solution]:
        """The best plan at prices.

        Raises:
            SolverFault: There is none.
        """
        self.solver.change_costs(self._every, self._cost + self._used @ prices)
        solution = self.solver.solve()
        if solution.status is not PlanStatus.OPTIMAL:
            raise SolverFault("a part has no plan at these prices")
        # Costs alone change from here on, so that the plan stays one.
        self.solver.go_by_plan()
        return self.plan(solution.column_value), solution

    def plan(self, levels: Floats) -> PartPlan:
        """Levels of the part's columns as a plan for the master."""
        column = np.flatnonzero(levels)
        return PartPlan(self._number, float(self._cost @ levels), self._use @ levels, column, levels[column])


class PricedSolver:
    """Solves a whole by its parts, and answers as its solver would.

    Args:
        parts: The whole in parts, for which `can_be_priced` holds.
        unbought: (columns,) levels at which nothing is bought: a plan to begin with, if it is one.
    """

    def __init__(self, parts: Decomposition, unbought: Floats) -> None:
        self._parts, self._unbought = parts, unbought
        self._solvers: list[Solver] = []
        self._interrupted = False
        self._best: tuple[float, Floats] | None = None
        self._bound, self._bound_dual = LEAST_OBJECTIVE, np.zeros(self.arrays.shape[0])
        self._offer(unbought)

    @property
    def arrays(self) -> LinearArrays:
        """The model."""
        return self._parts.arrays

    @property
    def done(self) -> tuple[int, int] | None:
        """None: all parts are solved again in every round."""
        return None

    @property
    def known(self) -> tuple[float, float]:
        """Objective of the best plan so far, infinite where there is none, and the best bound."""
        return self._best[0] if self._best else np.inf, self._bound

    def solve(self) -> Solution:
        """Solve the whole; see the module."""
        try:
            with ThreadPoolExecutor(THREADS) as threads:
                search = _PriceSearch(self, self._parts, threads)
                prices, basis = search.run(self._unbought)
            del search
            solution = self._from_basis(prices, basis)
            if solution.status in (PlanStatus.OPTIMAL, PlanStatus.CANCELLED):
                return solution
        except SolverFault:
            pass
        if self._interrupted:
            return no_solution(PlanStatus.CANCELLED, REASONS[PlanStatus.CANCELLED])
        return self._afresh()

    def interrupt(self) -> None:
        """End a `solve` of another thread soon."""
        self._interrupted = True
        for solver in self._solvers:
            solver.interrupt()

    def stopped(self, status: PlanStatus) -> Solution:
        """What there is where caller or clock end it before: the best mix of plans, the bound of the best prices."""
        if status is PlanStatus.CANCELLED or self._best is None:
            return replace(no_solution(status, REASONS[status]), bound=self._bound)
        objective, values = self._best
        return Solution(
            status=PlanStatus.FEASIBLE,
            solver_status=REASONS[status],
            objective=objective,
            bound=self._bound,
            iterations=0,
            column_value=values,
            column_dual=np.zeros_like(values),
            row_dual=self._bound_dual,
        )

    def row_dual_of(self, cost: Floats) -> Floats:
        """(rows,) the part of the row duals that comes from a part of the costs; see `Solver.row_dual_of`."""
        return self._solvers[-1].row_dual_of(cost)

    def greatest_levels(self) -> Floats:
        """(columns,) what each column is at most in any plan, costs apart; see `implied_bounds`."""
        return greatest_levels(self.arrays)

    @property
    def whole(self) -> Solver:
        """The whole in HiGHS at its optimal basis, once it is solved; to go on with by the dual simplex method."""
        solver = self._solvers[-1]
        solver.go_by_prices()
        return solver

    def shown(self, solver: Solver) -> Solver:
        """A solver that `interrupt` can find."""
        self._solvers.append(solver)
        if self._interrupted:
            solver.interrupt()
        return solver

    def forget(self) -> None:
        """Let go of the solvers of the parts: the whole needs the memory."""
        self._solvers = []

    def note(self, values: Floats | None, priced: _Priced) -> None:
        """Take note of levels that may be a better plan, and of a bound that may be better."""
        if values is not None:
            self._offer(values)
        if priced.bound + self.arrays.offset > self._bound:
            bound, violation = lower_bound(self.arrays, priced.row_dual)
            if violation <= TOLERANCE:
                self._bound, self._bound_dual = max(bound, self._bound), priced.row_dual

    def _offer(self, values: Floats) -> None:
        objective = float((self.arrays.cost * values).sum()) + self.arrays.offset
        if (self._best is None or objective < self._best[0]) and primal_violation(self.arrays, values) <= TOLERANCE:
            self._best = objective, values

    def _afresh(self) -> Solution:
        """The whole, as if there were no parts."""
        return self.shown(Solver(self.arrays)).solve()

    def _from_basis(self, prices: Floats, basis: highspy.HighsBasis) -> Solution:
        """The whole from the joined basis: with prices in the costs and their rows held, then as it is.

        With both, the basis is optimal but for the tying rows, all basic in it. Taken back, prices become duals of
        their rows, of the right sign unless a price was wrong, which the primal simplex method mends.
        """
        parts, arrays = self._parts, self.arrays
        held = arrays.row_lower.copy()
        paid = parts.tying[prices > 0]
        held[paid] = arrays.row_upper[paid]
        cost = arrays.cost + parts.use.T @ prices
        whole = self.shown(Solver(replace(arrays, cost=cost, row_lower=held)))
        whole.start_from(basis)
        solution = whole.solve()
        if solution.status is not PlanStatus.OPTIMAL:
            return solution
        whole.change_costs(np.arange(len(arrays.cost)), arrays.cost)
        whole.change_row_bounds(paid, arrays.row_lower[paid], arrays.row_upper[paid])
        whole.go_by_plan()
        whole.arrays = arrays
        return whole.solve()


class _PriceSearch:
    """The rounds between parts and master."""

    def __init__(self, solver: PricedSolver, parts: Decomposition, threads: ThreadPoolExecutor) -> None:
        self._solver, self._whole, self._threads = solver, parts, threads
        self._parts = list(threads.map(lambda number: _Part(parts, number), range(parts.count)))
        for part in self._parts:
            solver.shown(part.solver)
        self._capacity = parts.capacity
        self._unit = _prices_of_use(parts)
        self._plans: list[PartPlan] = []

    def run(self, unbought: Floats) -> tuple[Floats, highspy.HighsBasis]:
        """Prices at which bound and mix are close, and the basis of the whole that those of the parts make at them.

        Raises:
            SolverFault: A part has no plan, bound and mix do not close, or HiGHS was told to end.
        """
        first = self._ask(np.zeros(len(self._capacity)))
        master = Master(self._capacity, self._unit, len(self._parts), max(1.0, abs(first.bound)) / 1e3)
        if primal_violation(self._whole.arrays, unbought) <= TOLERANCE:
            self._plans += [part.plan(unbought[part.columns]) for part in self._parts]
        self._tell(master, first)
        prices, best = self._common_price(master, first)
        radius, at = RADIUS, prices
        gaps: list[float] = []
        for _ in range(MOST_ROUNDS):
            mix = master.boxed(prices, radius)
            promised = mix.worth - best.bound
            if promised <= CLOSE * abs(best.bound):
                break
            if not is_closing(gaps, promised):
                raise SolverFault("bound and mix do not close")
            gaps.append(promised)
            at = mix.prices
            found = self._ask(at)
            self._tell(master, found)
            gained = found.bound - best.bound
            radius *= GROWTH if gained > GOOD * promised else SHRINKAGE if gained < 0 else 1.0
            if gained > 0:
                prices, best = at, found
        if at is not prices:
            self._ask(prices)
        basis = self._joined_basis()
        self._solver.forget()
        return prices, basis

    def _common_price(self, master: Master, first: _Priced) -> tuple[Floats, _Priced]:
        """The best multiple of the rows' units as prices of all rows that would be used too much without."""
        prices, best = np.zeros(len(self._capacity)), first
        wanted = first.use > self._capacity * (1.0 + LEAST_USE)
        multiple = 1.0
        for _ in range(MOST_STEPS if wanted.any() else 0):
            at = np.where(wanted, multiple * self._unit, 0.0)
            found = self._ask(at)
            self._tell(master, found)
            if found.bound > best.bound:
                prices, best = at, found
            if float((found.use - self._capacity) @ at) < 0:
                break
            multiple *= STEP_UP
        return prices, best

    def _ask(self, prices: Floats) -> _Priced:
        """Solve all parts at prices, side by side."""
        answers = list(self._threads.map(lambda part: part.solve(prices), self._parts))
        dual = np.zeros(self._whole.arrays.shape[0])
        dual[self._whole.tying] = -prices
        for part, (_, solution) in zip(self._parts, answers, strict=True):
            dual[part.rows] = solution.row_dual
        self._plans += [plan for plan, _ in answers]
        bound = sum(solution.objective for _, solution in answers) - float(prices @ self._capacity)
        use: Floats = np.sum([plan.use for plan, _ in answers], axis=0)
        return _Priced(bound, use, dual)

    def _tell(self, master: Master, found: _Priced) -> None:
        """Hand the newest plans of the parts to the master; the best mix of all is a plan of the whole."""
        for plan in self._plans:
            master.add(plan)
        self._plans = []
        self._solver.note(self._levels(master, master.open()), found)

    def _levels(self, master: Master, mix: Mix) -> Floats | None:
        """(columns,) levels of a mix; None where it needs more than there is."""
        if not mix.is_plan:
            return None
        values = np.zeros(self._whole.arrays.shape[1])
        for i in np.flatnonzero(mix.shares > 0).tolist():
            plan = master.plans[i]
            values[self._parts[plan.part].columns[plan.column]] += mix.shares[i] * plan.level
        return values

    def _joined_basis(self) -> highspy.HighsBasis:
        """The basis of the whole in which the tying rows are basic and all else is as in the parts."""
        rows, columns = self._whole.arrays.shape
        column_status = np.zeros(columns, dtype=object)
        row_status = np.full(rows, highspy.HighsBasisStatus.kBasic, dtype=object)
        for part in self._parts:
            basis = part.solver.basis
            column_status[part.columns], row_status[part.rows] = basis.col_status, basis.row_status
        joined = highspy.HighsBasis()
        joined.col_status, joined.row_status, joined.valid = column_status.tolist(), row_status.tolist(), True
        return joined


def _prices_of_use(parts: Decomposition) -> Floats:
    """(ties,) what a unit of each tying row costs in itself, USD: the median, over what uses it, of cost per use."""
    use = sparse.coo_array(parts.use)
    row, column = use.coords
    per_unit = parts.arrays.cost[column] / np.where(use.data == 0, np.inf, use.data)
    order = np.lexsort((per_unit, row))
    count = np.bincount(row, minlength=use.shape[0])
    middle = np.cumsum(count) - count + count // 2
    median = per_unit[order][np.minimum(middle, len(order) - 1)]
    greatest = float(median.max(initial=0.0)) or 1.0
    return np.where((count > 0) & (median > 0), median, greatest)
