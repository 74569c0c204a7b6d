"""Price the rules of a problem: the plan with all of them, and without each group of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.watch import Unwatched, Watcher
from lodestock_server.usecases.plan_questions import keeper_of, violations_named

if TYPE_CHECKING:
    from lodestock_optimizers.questions.rule_groups import RulePrices


def price_rules(problem: SourcingProblem, time_limit_s: float, watcher: Watcher | None = None) -> RulePrices:
    """Price the rules of a problem; at the limit those that are solved by then.

    Raises:
        InvalidRequest: The problem breaks rules.
    """
    # Pyomo and HiGHS are imported in the workers alone.
    from lodestock_optimizers.questions.rule_prices import price_rules as price

    heard = watcher or Unwatched()
    with violations_named("problem"):
        return price(problem, keeper_of(time_limit_s, heard), heard)
