"""Linear problems solved for the first time, the fastest way there is, as models that go on from their bases."""

from __future__ import annotations

from collections.abc import Sequence

from lodestock_optimizers.compiled import CompiledProblem
from lodestock_optimizers.solving.decomposition import Decomposition
from lodestock_optimizers.solving.highs import Solution
from lodestock_optimizers.solving.pricing import LEAST_COLUMNS, PricedSolver, can_be_priced
from lodestock_optimizers.solving.race import prove
from lodestock_optimizers.solving.resolving import WarmModel, solve_side_by_side
from lodestock_optimizers.solving.unbought import levels_without_purchases
from lodestock_optimizers.watch import Stage, Timekeeper


def solved_first(compiled: Sequence[CompiledProblem], keeper: Timekeeper) -> list[tuple[WarmModel, Solution]]:
    """Solves linear problems that have nothing to do with each other, a whole by its parts where few rows tie them.

    Returns:
        The model of each, and its solution: OPTIMAL and confirmed, or INFEASIBLE.

    Raises:
        Stopped: Caller or clock say so.
        Unanswered: HiGHS comes to no end, or its optimum is not confirmed.
        SolverFault: HiGHS fails.
    """
    parts = _parts(compiled[0]) if len(compiled) == 1 else None
    if parts is None:
        models = [WarmModel(one.arrays) for one in compiled]
        return list(zip(models, solve_side_by_side(models, [one.arrays for one in compiled], keeper), strict=True))
    arrays = parts.arrays
    priced = PricedSolver(parts, levels_without_purchases(compiled[0].instance, arrays))
    found = prove(priced, keeper, Stage.SOLVING)
    model = WarmModel(arrays, priced.whole)
    return [(model, model.confirmed(found, keeper))]


def _parts(compiled: CompiledProblem) -> Decomposition | None:
    """The parts of a problem, where it is worth pricing what ties them."""
    if compiled.arrays.shape[1] < LEAST_COLUMNS or compiled.instance.problem.tail_weight > 0:
        return None
    parts = Decomposition(compiled.instance, compiled.rows, compiled.arrays)
    return parts if can_be_priced(parts) else None
