"""Which problems hold yes-or-no choices: contracts with a fixed cost or a least order are signed as a whole or not."""

from __future__ import annotations

from collections.abc import Iterator

from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.violations import Violation


def yes_or_no_violations(problem: SourcingProblem) -> Iterator[Violation]:
    """What keeps a problem from being linear, for questions that are answered for linear ones alone."""
    for i, source in enumerate(problem.sources):
        for name in ("fixed_cost_usd", "min_order_tonnes"):
            value = getattr(source, name)
            if value > 0:
                text = f"is {value:g}, must be 0: this question is not answered for contracts that are a yes or no"
                yield Violation(f"sources[{i}].{name}", text)
