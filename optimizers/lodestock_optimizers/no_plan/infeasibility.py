"""Why there is no plan: a set of limits that contradict each other, and the cheapest way to make a plan possible."""

from __future__ import annotations

from contextlib import nullcontext

from lodestock_optimizers.no_plan.conflict import describe_conflict, find_conflict
from lodestock_optimizers.no_plan.elastic import ElasticModel
from lodestock_optimizers.no_plan.named_limits import NamedLimits
from lodestock_optimizers.no_plan.relaxation import broken, cheapest_give, read_relaxations
from lodestock_optimizers.plan import ConflictingRule, PlanStatus, Relaxation
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.solving.highs import Unanswered
from lodestock_optimizers.solving.mixed import MixedSession
from lodestock_optimizers.watch import Stopped, Timekeeper


def explain_infeasibility(
    answer: Answer, keeper: Timekeeper, session: MixedSession | None = None
) -> tuple[tuple[Relaxation, ...], tuple[ConflictingRule, ...]]:
    """Says what must give way for a plan to be possible, and which limits contradict each other.

    Args:
        answer: The instance that has no plan, and its model.
        keeper: Whom to ask, and the time that is left.
        session: Whose process solves where contracts are signed or not as a whole. None: one for this question.

    Returns:
        The smallest relaxation, and a conflict none of whose limits is too many; each is empty where the time, or the
        arithmetic of the solver, was not enough for it.

    Raises:
        Stopped: The caller cancelled.
        SolverFault: HiGHS fails.
    """
    relaxations: tuple[Relaxation, ...] = ()
    limits = NamedLimits(answer.instance, answer.rows, answer.arrays)
    try:
        with MixedSession() if session is None else nullcontext(session) as used:
            model = ElasticModel(limits, keeper, used)
            given = cheapest_give(limits, model)
            relaxations = read_relaxations(limits, given)
            return relaxations, describe_conflict(limits, find_conflict(limits, model, broken(limits, given)))
    except Stopped as stopped:
        if stopped.status is PlanStatus.CANCELLED:
            raise
        return relaxations, ()
    except Unanswered:
        return relaxations, ()
