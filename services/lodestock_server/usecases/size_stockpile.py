"""Size a stockpile: the opening stock with which named tiers are not short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.questions.stockpile import SizeRequest
from lodestock_optimizers.watch import Unwatched, Watcher
from lodestock_server.usecases.plan_questions import keeper_of, refuse_invalid, violations_named

if TYPE_CHECKING:
    from lodestock_optimizers.questions.stockpile import StockpileSizes


def size_stockpile(
    problem: SourcingProblem, request: SizeRequest, time_limit_s: float, watcher: Watcher | None = None
) -> StockpileSizes:
    """Size a stockpile; at the limit those for the probabilities that are solved by then.

    Raises:
        InvalidRequest: The problem breaks rules, or the question cannot be put to it.
    """
    # Pyomo and HiGHS are imported in the workers alone.
    from lodestock_optimizers.questions.stockpile_sizes import size_stockpile as size

    refuse_invalid(problem)
    heard = watcher or Unwatched()
    with violations_named():
        return size(problem, request, keeper_of(time_limit_s, heard), heard)
