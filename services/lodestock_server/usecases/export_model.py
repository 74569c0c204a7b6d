"""Export a model: a problem in, the text that other solvers read out."""

from __future__ import annotations

from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.watch import Stopped, Watcher
from lodestock_server.errors import OutOfTime
from lodestock_server.usecases.plan_questions import keeper_of


def export_model(problem: SourcingProblem, time_limit_s: float, watcher: Watcher | None = None) -> str:
    """The model of a valid problem in the LP format.

    Raises:
        OutOfTime: Caller or clock ended it.
    """
    # Pyomo is imported in the workers alone.
    from lodestock_optimizers.export import lp_text

    try:
        return lp_text(problem, keeper_of(time_limit_s, watcher))
    except Stopped as stopped:
        raise OutOfTime(f"writing the model out was ended: {stopped.reason}") from stopped
