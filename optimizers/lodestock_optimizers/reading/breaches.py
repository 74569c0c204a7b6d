"""Rules that are broken where they cannot bind.

At an unsettled node contracts deliver that were signed before anyone knew; a rule on contracts cannot bind there, but
the caller is told by how much it is broken.
"""

from __future__ import annotations

import numpy as np

from lodestock_optimizers.plan import RuleBreach
from lodestock_optimizers.reading.answer import Answer

SLACK = 1e-9
"""By how much a limit may be exceeded, relative to it: rounding."""


def read_breaches(answer: Answer) -> tuple[RuleBreach, ...]:
    """Every rule, budget and footprint cap that an unsettled node exceeds, node by node."""
    return (*_rule_breaches(answer), *_budget_breaches(answer), *_footprint_breaches(answer))


def _rule_breaches(answer: Answer) -> list[RuleBreach]:
    problem = answer.instance.problem
    supply = answer.delivered + answer.spot
    least = answer.negligible
    found = []
    for row in answer.rows:
        name = problem.materials[row.material].material_id if row.material >= 0 else ""
        negligible = float(least[row.material] if row.material >= 0 else least.max())
        limits = [limit for limit in row.limits if not limit.binds]
        nodes = np.array([limit.node for limit in limits], dtype=np.int64)
        counted = supply[nodes][:, list(row.numerator)].sum(axis=1)
        base = row.base_tonnes(supply[nodes])
        for limit, tonnes, of in zip(limits, counted.tolist(), base.tolist(), strict=True):
            allowed = limit.tonnes + limit.share * of
            amount = allowed - tonnes if row.family == "share_floor" else tonnes - allowed
            if amount > negligible:
                rule_id = problem.rules[row.rule].rule_id
                found.append(RuleBreach(row.family, rule_id, name, row.country, limit.node, amount, "t"))
    return found


def _budget_breaches(answer: Answer) -> list[RuleBreach]:
    instance = answer.instance
    found = []
    for n in np.flatnonzero(~instance.settled).tolist():
        limit = instance.budget_limit(n)
        if limit is not None and answer.spend[n] > limit * (1 + SLACK):
            found.append(RuleBreach("budget", "", "", "", n, float(answer.spend[n]) - limit, "USD"))
    return found


def _footprint_breaches(answer: Answer) -> list[RuleBreach]:
    footprints = answer.instance.footprints
    found = []
    for (x, n), limit in footprints.limits.items():
        over = float(answer.footprint[n, x]) - limit
        if not answer.instance.settled[n] and over > limit * SLACK + float(answer.negligible_footprint[x]):
            found.append(RuleBreach("footprint_cap", footprints.kinds[x], "", "", n, over, footprints.kinds[x]))
    return found
