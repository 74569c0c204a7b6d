"""The most of a contract that can be of use: what keeps a yes or no from being a matter of rounding.

A contract that is signed or not as a whole has the row q ≤ M·b. With M = K, a capacity of a million tonnes for a buyer
of ten lets a solver sign them with b = 0.00001, and tells it next to nothing of the fixed cost before it has decided.
"""

from __future__ import annotations

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.problem import ShareCap, ShareDenominator, ShareFloor, TradeRule
from lodestock_optimizers.scenario_tree import Bools, Floats
from lodestock_optimizers.trade_rules import embargoed

MARGIN = 1.001
"""So that M never binds where K does not, and nobody reads a worth of capacity from it."""


def order_limits(instance: Instance) -> Floats:
    """(K, L) M: no plan of least cost needs more than that of a contract.

    A source with a feed may be a way to be rid of it, so that M = K with all that can be built. Of the others, what is
    delivered beyond the demand (what a material can stand in for and plants can take of it included) and what storage
    holds is disposed of. Contracts that deliver more than that wherever they deliver can be made smaller, their
    deliveries and the disposal with them: no cost is below 0, and of the rules only shares of deliveries could be
    broken. So it holds for materials without such shares; for the others M = K.
    """
    tree = instance.tree
    capacity = np.where(embargoed(instance), 0.0, instance.most_capacity)[[t for t, _ in instance.contracts]]
    useful = _useful(instance)[:, instance.material_of]
    with np.errstate(divide="ignore", invalid="ignore"):
        enough = np.where(tree.availability > 0, MARGIN * useful / tree.availability, 0.0)
    most = np.zeros_like(capacity)
    for n, contracts in enumerate(instance.contract_of):
        columns = np.arange(instance.source_count)
        most[contracts, columns] = np.maximum(most[contracts, columns], enough[n])
    is_plant = instance.feeds.taken >= 0
    most = np.where(_of_deliveries(instance)[instance.material_of] | is_plant, np.inf, most)
    held = np.maximum(instance.min_order[None, :], np.nan_to_num(instance.booked))
    return np.minimum(capacity, np.maximum(most, held))


def least_availability(instance: Instance) -> Floats:
    """(contracts, L) the least part that disruptions leave of a contract where they leave any; else 1."""
    result = np.full((len(instance.contracts), instance.source_count), np.inf)
    available = np.where(instance.tree.availability > 0, instance.tree.availability, np.inf)
    columns = np.broadcast_to(np.arange(instance.source_count), available.shape)
    np.minimum.at(result, (instance.contract_of, columns), available)
    return np.where(np.isfinite(result), result, 1.0)


def least_share_of_deliveries(instance: Instance) -> list[float]:
    """(M,) the least part of the deliveries of a material that its shares speak of, or leave; 1 where there are none.

    A share of s asks for deliveries of 1/s, or of 1/(1−s), for each tonne that must be bought.
    """
    result = [1.0] * instance.material_count
    for rule in instance.problem.rules:
        for m, material in enumerate(instance.problem.materials):
            if _limits_share(rule, material.material_id):
                assert isinstance(rule.rule, ShareCap | ShareFloor)
                own = rule.rule.max_share if isinstance(rule.rule, ShareCap) else rule.rule.min_share
                shares = [own, *(by_state.value for by_state in rule.limit_by_state)]
                result[m] = min(result[m], *(part for s in shares for part in (s, 1.0 - s) if part > 0))
    return result


def _useful(instance: Instance) -> Floats:
    """(N, M) tonnes of each material that can be used or stored at a node."""
    useful = instance.material_demand + instance.feeds.fed(instance.most_capacity)[instance.tree.period]
    for m in instance.stocks:
        useful[:, m] += instance.storage(m)
    given = instance.problem.substitutions
    for j, (index, substitution) in enumerate(zip(instance.substitutions, given, strict=True)):
        useful[:, index.substitute] += substitution.tonnes_per_tonne * instance.most_replaced[:, j]
    return useful


def _of_deliveries(instance: Instance) -> Bools:
    """(M,) whether a share of the deliveries of a material is limited."""
    return np.array(
        [any(_limits_share(rule, m.material_id) for rule in instance.problem.rules) for m in instance.problem.materials]
    )


def _limits_share(rule: TradeRule, material_id: str) -> bool:
    if not isinstance(rule.rule, ShareCap | ShareFloor) or rule.rule.denominator is ShareDenominator.DEMAND:
        return False
    return not rule.material_ids or material_id in rule.material_ids
