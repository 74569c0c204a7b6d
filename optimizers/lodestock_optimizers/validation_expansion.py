"""What can be wrong with expansions; part of `lodestock_optimizers.validation`."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lodestock_optimizers.expansions import annuity
from lodestock_optimizers.problem import Source, SourcingProblem
from lodestock_optimizers.violations import LEAST_PERIOD_YEARS, MOST, Violation, number

MOST_LIFE_YEARS = 1000.0


def expansion_violations(path: str, source: Source, problem: SourcingProblem) -> Iterator[Violation]:
    """The expansion of one source, whose path is given."""
    expansion = source.expansion
    if expansion is None:
        return
    for name in ("max_tonnes_per_year", "capital_usd_per_tonne_year", "fixed_usd_per_tonne_year"):
        yield from number(f"{path}.{name}", getattr(expansion, name))
    if expansion.lead_periods < 0:
        yield Violation(f"{path}.lead_periods", f"is {expansion.lead_periods}, must be 0 or more")
    lengths = [p.length_years for p in problem.periods if math.isfinite(p.length_years)]
    longest = max(LEAST_PERIOD_YEARS, *lengths) if lengths else LEAST_PERIOD_YEARS
    if not longest <= expansion.life_years <= max(longest, MOST_LIFE_YEARS):
        text = f"is {expansion.life_years:g}, must be from {longest:g}, the longest period, to {MOST_LIFE_YEARS:g}"
        yield Violation(f"{path}.life_years", text)
    elif problem.discount_rate > -1 and MOST >= expansion.capital_usd_per_tonne_year >= 0:
        cost = expansion.capital_usd_per_tonne_year * annuity(problem.discount_rate, expansion.life_years) * longest
        if not cost <= MOST:
            text = f"makes {cost:g} in the longest period, with interest within its life, must make {MOST:g} or less"
            yield Violation(f"{path}.capital_usd_per_tonne_year", text)
    if expansion.max_tonnes_per_year <= MOST < expansion.max_tonnes_per_year * longest:
        text = f"makes {expansion.max_tonnes_per_year * longest:g} in the longest period, must make {MOST:g} or less"
        yield Violation(f"{path}.max_tonnes_per_year", text)


def most_built(source: Source, problem: SourcingProblem) -> float:
    """Tonnes that all that can be built at a source adds to its capacity in a period, the longest; 0 for none."""
    expansion = source.expansion
    if expansion is None or not 0 <= expansion.lead_periods < len(problem.periods):
        return 0.0
    most = expansion.max_tonnes_per_year * max(p.length_years for p in problem.periods[expansion.lead_periods :])
    # Less than nothing is said of its own field; not a number stays one, of which nothing follows.
    return max(most, 0.0)
