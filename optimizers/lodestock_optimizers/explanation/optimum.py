"""The optimum that is explained, as a linear model that goes on from its basis."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lodestock_optimizers.compiled import CompiledProblem
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.scenario_tree import Ints
from lodestock_optimizers.solving.highs import Solution
from lodestock_optimizers.solving.mixed import MixedSolver
from lodestock_optimizers.solving.race import solve
from lodestock_optimizers.solving.resolving import WarmModel
from lodestock_optimizers.watch import Stage, Stopped, Timekeeper


@dataclass(frozen=True)
class Optimum:
    """A solved model.

    Attributes:
        answer: The optimum of `model`.
        model: The model with choices of yes or no held as they are best, as it was solved last.
        bound: What no plan costs less than, whatever is chosen, USD.
    """

    answer: Answer
    model: WarmModel
    bound: float

    @property
    def objective(self) -> float:
        """Of the optimum, USD."""
        return self.answer.solution.objective

    @property
    def gap(self) -> float:
        """By how much the optimum may be dearer than the best there is, USD."""
        return max(0.0, self.objective - self.bound)


def optimum(compiled: CompiledProblem, keeper: Timekeeper) -> Optimum | None:
    """The optimum of a compiled problem; None where there is no plan.

    Raises:
        Stopped: Caller or clock say so before it is proven.
        SolverFault: The solver failed.
    """
    whole: Ints = compiled.arrays.integer
    bound: float | None = None
    if len(whole):
        chosen = _chosen(compiled, keeper)
        if chosen.status is PlanStatus.INFEASIBLE:
            return None
        bound = chosen.bound
        lower, upper = compiled.arrays.lower.copy(), compiled.arrays.upper.copy()
        lower[whole] = upper[whole] = np.round(chosen.column_value[whole])
        compiled = replace(compiled, arrays=replace(compiled.arrays, lower=lower, upper=upper, integer=whole[:0]))
    model = WarmModel(compiled.arrays)
    solution = model.solve(keeper=keeper)
    if solution.status is PlanStatus.INFEASIBLE:
        return None
    return Optimum(compiled.answer(solution), model, solution.bound if bound is None else bound)


def _chosen(compiled: CompiledProblem, keeper: Timekeeper) -> Solution:
    """The optimum of a model in which contracts are signed or not as a whole.

    Raises:
        Stopped: Caller or clock say so before it is proven.
    """
    solution = solve(MixedSolver(compiled.arrays, keeper.left()), keeper, Stage.SOLVING)
    if solution.status not in (PlanStatus.OPTIMAL, PlanStatus.INFEASIBLE):
        cancelled = solution.status is PlanStatus.CANCELLED
        raise Stopped(PlanStatus.CANCELLED if cancelled else PlanStatus.NO_PLAN_FOUND)
    return solution
