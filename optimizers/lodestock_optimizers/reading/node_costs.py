"""What each material costs at each node, kind by kind: money as it is paid, neither discounted nor weighted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lodestock_optimizers.scenario_tree import Floats

if TYPE_CHECKING:
    from lodestock_optimizers.reading.answer import Answer

CHARGE = "risk_charge_usd"
"""The kind that is no money."""


def costs_at_nodes(answer: Answer) -> dict[str, Floats]:
    """(N, M) what each material costs at each node by kind, USD, neither discounted nor weighted; the risk charge too.

    A substitution is a cost of the material that is replaced; footprints and investments are costs of the one that is
    delivered.
    """
    instance, stocks = answer.instance, answer.instance.stocks
    length = instance.length[instance.tree.period][:, None]
    contract, spot = instance.contract_cost * answer.delivered, instance.spot_cost * answer.spot
    replaced: list[list[int]] = [[] for _ in range(instance.material_count)]
    for j, substitution in enumerate(instance.substitutions):
        replaced[substitution.material].append(j)
    by_source = {
        "risk_charge_usd": instance.risk * (contract + spot),
        "contract_usd": contract,
        "spot_usd": spot,
        "fees_usd": instance.fee * answer.of_contract(answer.contracted),
        "fixed_usd": answer.of_contract(answer.fixed_cost),
        "investment_usd": length * instance.expansions.yearly_cost * answer.standing,
        "footprint_usd": instance.footprints.cost * (answer.delivered + answer.spot),
    }
    shortage_cost = np.array([t.shortage_cost for t in instance.tiers])
    substitution_cost = np.array([j.cost_usd_per_tonne for j in instance.problem.substitutions])
    return {
        **{kind: by_material(costs, instance.sources_of) for kind, costs in by_source.items()},
        "shortage_usd": by_material(shortage_cost * answer.shortage, instance.tiers_of),
        "substitution_usd": by_material(substitution_cost * answer.replaced, replaced),
        "holding_usd": length * answer.stock * _each_stock(answer, lambda m: stocks[m].holding_usd_per_tonne_year),
        "floor_shortfall_usd": length * answer.below_floor * _each_stock(answer, instance.floor_shortfall_cost),
        "closing_shortfall_usd": answer.below_closing * _each_stock(answer, instance.closing_shortfall_cost),
        "disposal_usd": answer.disposed * _each_stock(answer, lambda m: stocks[m].disposal_usd_per_tonne),
    }


def by_material(values: Floats, members: list[list[int]]) -> Floats:
    """(N, M) sums over the members (sources or tiers) of each material."""
    return np.stack([values[:, index].sum(axis=1) for index in members], axis=1)


def _each_stock(answer: Answer, read: Callable[[int], float]) -> Floats:
    """(M,) a figure of each material's stock policy, 0 for materials without stock."""
    stocks = answer.instance.stocks
    return np.array([read(m) if m in stocks else 0.0 for m in range(answer.instance.material_count)])
