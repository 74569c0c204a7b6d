"""The optimum that is explained, as a linear model that goes on from its basis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lodestock_optimizers.compiled import CompiledProblem
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.questions.first_solve import solved_first
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.solving.mixed import MixedSession
from lodestock_optimizers.solving.mixed_model import MixedModel, held
from lodestock_optimizers.solving.resolving import WarmModel
from lodestock_optimizers.watch import Timekeeper

FREE_COLUMNS, FREE_ITERATIONS = 5_000, 10_000
"""Columns of a model, and simplex iterations that its choices of yes or no took, up to which they are cheap: questions
about it are then asked with the choices free, some twenty solves."""


@dataclass(frozen=True)
class Optimum:
    """A solved model.

    Attributes:
        answer: The optimum of `model`.
        model: The model with choices of yes or no held as they are best, as it was solved last.
        asked: What questions are put to: the model with these choices free where that is cheap, else `model`.
        bound: What no plan costs less than, whatever is chosen, USD.
    """

    answer: Answer
    model: WarmModel
    asked: WarmModel | MixedModel
    bound: float

    @property
    def objective(self) -> float:
        """Of the optimum, USD."""
        return self.answer.solution.objective

    @property
    def gap(self) -> float:
        """By how much the optimum may be dearer than the best there is, USD."""
        return max(0.0, self.objective - self.bound)


def optimum(compiled: CompiledProblem, keeper: Timekeeper, session: MixedSession) -> Optimum | None:
    """The optimum of a compiled problem; None where there is no plan.

    Args:
        compiled: The problem.
        keeper: Whom to ask, and the time that is left.
        session: Whose process solves where contracts are signed or not as a whole, now and when it is asked about.

    Raises:
        Stopped: Caller or clock say so before it is proven.
        SolverFault: The solver failed.
    """
    found = optima([compiled], keeper, session)
    return None if found is None else found[0]


def optima(compiled: Sequence[CompiledProblem], keeper: Timekeeper, session: MixedSession) -> list[Optimum] | None:
    """The optima of problems that have nothing to do with each other; None where one has no plan; see `optimum`."""
    found = iter(solved_first([one for one in compiled if not len(one.arrays.integer)], keeper))
    optima: list[Optimum] = []
    for one in compiled:
        if len(one.arrays.integer):
            best = _mixed_optimum(one, keeper, session)
        else:
            model, solution = next(found)
            is_plan = solution.status is not PlanStatus.INFEASIBLE
            best = Optimum(one.answer(solution), model, model, solution.bound) if is_plan else None
        if best is None:
            return None
        optima.append(best)
    return optima


def _mixed_optimum(compiled: CompiledProblem, keeper: Timekeeper, session: MixedSession) -> Optimum | None:
    """The same where contracts are signed or not as a whole."""
    free = MixedModel(compiled.arrays, session)
    chosen = free.solve(keeper=keeper)
    if chosen.status is PlanStatus.INFEASIBLE:
        return None
    compiled = replace(compiled, arrays=held(compiled.arrays, chosen.column_value))
    model = WarmModel(compiled.arrays)
    solution = model.solve(keeper=keeper)
    is_cheap = compiled.arrays.shape[1] <= FREE_COLUMNS and chosen.iterations <= FREE_ITERATIONS
    return Optimum(compiled.answer(solution), model, free if is_cheap else model, chosen.bound)
