"""What can be wrong with footprints, their prices and their limits; part of `lodestock_optimizers.validation`."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lodestock_optimizers.problem import FootprintPolicy, SourcingProblem
from lodestock_optimizers.violations import MOST, MOST_USD, Violation, by_state, number, series, unique

MOST_PER_TONNE = 1e6
"""Largest footprint of a tonne, and one over the least: whoever needs others takes another unit."""
MOST_KINDS = 50
"""Most kinds of footprint of all sources together: each is told at every node."""


def footprint_violations(problem: SourcingProblem) -> Iterator[Violation]:
    """Footprints of sources, their prices and their limits."""
    price = {policy.kind: policy.price_usd_per_unit for policy in problem.footprint_policies}
    kinds = len({footprint.kind for source in problem.sources for footprint in source.footprints})
    if kinds > MOST_KINDS:
        yield Violation("sources", f"have footprints of {kinds} kinds, must have {MOST_KINDS} or fewer")
    for i, source in enumerate(problem.sources):
        path = f"sources[{i}].footprints"
        yield from unique(path, "kind", (footprint.kind for footprint in source.footprints))
        for k, footprint in enumerate(source.footprints):
            least = 1 / MOST_PER_TONNE
            if footprint.per_tonne != 0 and not least <= footprint.per_tonne <= MOST_PER_TONNE:
                text = f"is {footprint.per_tonne:g}, must be 0, or a number from {least:g} to {MOST_PER_TONNE:g}"
                yield Violation(f"{path}[{k}].per_tonne", text)
        cost = sum(price.get(footprint.kind, 0.0) * footprint.per_tonne for footprint in source.footprints)
        if MOST < cost < math.inf:
            yield Violation(path, f"cost {cost:g} USD/t at their prices, must stay at {MOST:g} or less")
    yield from unique("footprint_policies", "kind", (policy.kind for policy in problem.footprint_policies))
    for i, policy in enumerate(problem.footprint_policies):
        yield from _footprint_policy(f"footprint_policies[{i}]", policy, len(problem.periods))


def _footprint_policy(path: str, policy: FootprintPolicy, count: int) -> Iterator[Violation]:
    yield from number(f"{path}.price_usd_per_unit", policy.price_usd_per_unit)
    yield from series(f"{path}.max_units", policy.max_units, count, required=False, most=MOST_USD)
    yield from by_state(f"{path}.max_units_by_state", policy.max_units_by_state, most=MOST_USD)
    if policy.states and not policy.max_units:
        yield Violation(f"{path}.states", "say where max_units binds, which is not given; must be empty")
