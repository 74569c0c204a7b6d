"""The sources of a problem as supplies that what may happen hits or leaves as a whole, each held against the demand.

Owns what a supply is worth to the buyer: days of demand that it can deliver in a year, and what its price is beside the
cost of having nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.problem import DAYS_PER_YEAR, Disruption, Source, SourcingProblem
from lodestock_optimizers.scenarios.distance import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Supplies:
    """H supplies, each of one material.

    Attributes:
        examples: One source of each; what hits it hits all of the supply.
        weight: (H,) days of demand that each can deliver in a year, at most all.
        price_in_shortages: (H,) price of a tonne over the cost of a missing one; 0 where that costs nothing.
    """

    examples: Sequence[Source]
    weight: Floats
    price_in_shortages: Floats

    def hit_by(self, disruption: Disruption) -> Ints:
        """Numbers of the supplies that a disruption of the problem's scenarios hits."""
        return np.flatnonzero([disruption.hits(source) for source in self.examples])


def supplies_of(problem: SourcingProblem) -> Supplies:
    """The supplies that the scenarios of a valid problem can tell apart: by country, material, kind, or by name."""
    named = {name for s in problem.scenarios for disruption in s.disruptions for name in disruption.source_ids}
    members: dict[tuple[object, ...], list[int]] = {}
    for l, source in enumerate(problem.sources):
        name = source.source_id if source.source_id in named else ""
        members.setdefault((source.country, source.material_id, source.kind, name), []).append(l)
    calm = calm_instance(problem)
    part, price = part_of_use(calm), calm.price.mean(axis=0)
    shortage = np.array([min(costs.values(), default=0.0) for costs in calm.shortage_costs])
    deliverable = np.array([part[sources].sum() for sources in members.values()])
    paid = np.array([part[sources] @ price[sources] for sources in members.values()])
    least = np.array([shortage[calm.material_of[sources[0]]] for sources in members.values()])
    dearness = deliverable * least
    return Supplies(
        examples=[problem.sources[sources[0]] for sources in members.values()],
        weight=DAYS_PER_YEAR * np.minimum(1.0, deliverable),
        price_in_shortages=np.divide(paid, dearness, out=np.zeros_like(paid), where=dearness > 0),
    )


def calm_instance(problem: SourcingProblem) -> Instance:
    """The numbers of a problem in which nothing happens."""
    return Instance(replace(problem, scenarios=()))


def part_of_use(calm: Instance) -> Floats:
    """(L,) what each source can deliver over the horizon, over the use of its material; 0 where there is none.

    Use is demand, and what plants take (docs/model.md, "Feeds"); both count all that can be built.
    """
    use = (calm.length @ calm.most_yearly_use)[calm.material_of]
    part: Floats = np.divide(calm.most_capacity.sum(axis=0), use, out=np.zeros_like(use), where=use > 0)
    return part
