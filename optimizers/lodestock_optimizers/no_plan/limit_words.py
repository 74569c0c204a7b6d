"""What a limit says, in words: one sentence a family, with its number, material or source, and period."""

from __future__ import annotations

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.no_plan.named_limits import NamedLimits
from lodestock_optimizers.numerals import plain
from lodestock_optimizers.problem import ShareFloor

DIGITS = 6
"""Significant digits of a number that is told."""

SENTENCES = {
    "stock_floor": "the stock of {material} at the end of {period} must be at least {number}",
    "closing_stock": "the closing stock of {material} must be at least {number}",
    "storage": "the store of {material} holds at most {number}",
    "stock_in": "at most {number} of {material} can be put into stock in {period}",
    "stock_out": "at most {number} of {material} can be taken out of stock in {period}",
    "quota": "rule '{subject}' allows deliveries of at most {number} in {period}",
    "share_cap": "rule '{subject}' allows {country} at most {share} of the {base} of {material} in {period}",
    "share_floor": "rule '{subject}' asks for at least {share} of the {base} of {material} as {kind} in {period}",
    "embargo": "rule '{subject}' is an embargo that stops {material} from {country}",
    "budget": "at most {number} may be spent in {period}",
    "footprint_cap": "at most {number} may be caused in {period}",
    "reserves": "deposit '{subject}' holds {number} for all periods together",
    "capacity": "source '{subject}' can deliver at most {number} in {period}",
    "spot_capacity": "source '{subject}' sells at most {number} spot in {period}",
    "min_order": "source '{subject}' sells at least {number} at a time in {period}",
    "book": "{number} of source '{subject}' are contracted already for {period}",
}


def sentence(limits: NamedLimits, i: int) -> str:
    """What the limit numbered `i` says."""
    limit = limits.named(i)
    problem = limits.instance.problem
    said = {
        "subject": limit.subject_id,
        "material": limit.material_id,
        "country": limit.country,
        "period": problem.periods[limit.period].label,
        "number": f"{plain(float(limits.limit[i]), DIGITS)} {limit.unit}",
    }
    if limit.family in ("share_cap", "share_floor"):
        row = limits.rows[int(limits.index[i, 0])]
        rule = problem.rules[row.rule].rule
        said["share"] = f"{plain(100 * _share(limits, i), DIGITS)} %"
        said["base"] = rule.denominator.value.lower()  # type: ignore[union-attr]
        said["kind"] = rule.kind.value.lower() if isinstance(rule, ShareFloor) else ""
    return SENTENCES[limit.family].format(**said)


def _share(limits: NamedLimits, i: int) -> float:
    instance: Instance = limits.instance
    row, n = limits.rows[int(limits.index[i, 0])], int(limits.node[i])
    limit = next(limit for limit in row.limits if limit.node == n)
    demand = float(instance.material_demand[n, row.material])
    return limit.tonnes / demand if limit.tonnes and demand > 0 else limit.share
