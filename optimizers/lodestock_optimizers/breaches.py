"""Rules that are broken where they cannot bind.

At an unsettled node contracts deliver that were signed before anyone knew; a rule on contracts cannot bind there, but
the caller is told by how much it is broken.
"""

from __future__ import annotations

import numpy as np

from .answer import Answer
from .plan import RuleBreach


def read_breaches(answer: Answer) -> tuple[RuleBreach, ...]:
    """Every rule and budget that an unsettled node exceeds, node by node."""
    return (*_rule_breaches(answer), *_budget_breaches(answer))


def _rule_breaches(answer: Answer) -> list[RuleBreach]:
    problem = answer.instance.problem
    supply = answer.delivered + answer.spot
    least = answer.negligible
    found = []
    for row in answer.rows:
        name = problem.materials[row.material].material_id if row.material >= 0 else ""
        negligible = float(least[row.material] if row.material >= 0 else least.max())
        for limit in row.limits:
            if limit.binds:
                continue
            counted = float(supply[limit.node, list(row.numerator)].sum())
            allowed = limit.tonnes + limit.share * float(supply[limit.node, list(row.base)].sum())
            amount = allowed - counted if row.family == "share_floor" else counted - allowed
            if amount > negligible:
                rule_id = problem.rules[row.rule].rule_id
                found.append(RuleBreach(row.family, rule_id, name, row.country, limit.node, amount, "t"))
    return found


def _budget_breaches(answer: Answer) -> list[RuleBreach]:
    instance = answer.instance
    found = []
    for n in np.flatnonzero(~instance.settled).tolist():
        limit = instance.budget_limit(n)
        if limit is not None and answer.spend[n] > limit * (1 + 1e-9):
            found.append(RuleBreach("budget", "", "", "", n, float(answer.spend[n]) - limit, "USD"))
    return found
