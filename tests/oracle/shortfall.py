"""Sequential shortfall: the state of practice in stockpile studies, which decides nothing.

Per material and period, supply is what each supplier delivers times what is available of it, less what is lost in
transit, plus what is made at home; the stock gives what is missing as long as it lasts; tiers are served in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Flow:
    """What one supplier sends in every period, tonnes, the share of it that is available, and that is lost."""

    sent: Sequence[float]
    available: Sequence[float]
    lost: float = 0.0

    def arrives(self, t: int) -> float:
        """What of it arrives in a period, tonnes."""
        return self.sent[t] * self.available[t] * (1.0 - self.lost)


@dataclass(frozen=True)
class Shortfall:
    """Unmet demand by tier and period, the stock at the end of each, and the largest unmet demand up to any period."""

    unmet: list[list[float]]
    stock: list[float]
    requirement: float


def sequential_shortfall(flows: Sequence[Flow], demand: Sequence[Sequence[float]], stock: float) -> Shortfall:
    """Serves tiers in order, period by period.

    Args:
        flows: Suppliers abroad and at home.
        demand: Tonnes of each tier in every period, the tier that is served first in front.
        stock: What there is at the start; what arrives beyond demand is not kept.
    """
    unmet: list[list[float]] = [[] for _ in demand]
    held, total, requirement = [], 0.0, 0.0
    for t in range(len(demand[0])):
        arrived = sum(flow.arrives(t) for flow in flows)
        released = min(stock, max(0.0, sum(tier[t] for tier in demand) - arrived))
        stock, left = stock - released, arrived + released
        held.append(stock)
        for missing, tier in zip(unmet, demand, strict=True):
            served = min(left, tier[t])
            left -= served
            missing.append(tier[t] - served)
            total += missing[-1]
        requirement = max(requirement, total)
    return Shortfall(unmet, held, requirement)
