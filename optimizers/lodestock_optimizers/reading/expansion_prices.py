"""What a tonne a year of capacity more adds to the cost of a plan, decision by decision.

Priced through the contracts that it lets be signed and the spot purchases that it makes room for, without the rows that
tie them to it: at a plan that builds nothing these may have any of several duals.
"""

from __future__ import annotations

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.reading.prices import price_contracts
from lodestock_optimizers.scenario_tree import Floats, Ints

SEVERAL = -1


def price_expansions(answer: Answer) -> Floats:
    """(N, L) reduced cost of capacity decided at each node, USD for a tonne a year if and when the node happens."""
    instance, expansions, tree = answer.instance, answer.instance.expansions, answer.instance.tree
    if not expansions.spans:
        return np.zeros((instance.node_count, instance.source_count))
    years = instance.length[tree.period][:, None]
    room = -tree.availability * answer.row_dual("capacity", instance.source_count)
    limit = np.maximum(0.0, -answer.column_dual("standing", instance.source_count))
    at_node = answer.weight[:, None] * years * expansions.yearly_cost + limit - years * room
    wanted = np.maximum(0.0, -price_contracts(answer).reduced_cost())
    period = np.array([t for t, _ in instance.contracts], dtype=np.int64)
    result = np.zeros_like(at_node)
    meetings = {lead: _meetings(instance, lead) for lead in set(instance.lead[expansions.sources].tolist())}
    for (l, s), span in expansions.spans.items():
        nodes = np.flatnonzero((span.ready <= tree.period) & (tree.period <= span.last))
        np.add.at(result[:, l], tree.ancestor[nodes, s], at_node[nodes, l])
        contracts, meeting = meetings[int(instance.lead[l])]
        stands = (span.ready <= period[contracts]) & (period[contracts] <= span.last)
        # What is decided beside other nodes of a contract lets none of it be signed alone.
        alone = stands & (meeting != SEVERAL) & (tree.period[meeting] >= s)
        contracts, meeting = contracts[alone], meeting[alone]
        saved = instance.length[period[contracts]] * wanted[contracts, l]
        np.add.at(result[:, l], tree.ancestor[meeting, s], -saved)
    return result / answer.weight[:, None]


def _meetings(instance: Instance, lead: int) -> tuple[Ints, Ints]:
    """(·,) the contracts of a lead, and the last node on the way to all nodes of each; −1 where they have none."""
    tree = instance.tree
    of_node = instance.contract_of[:, int(np.flatnonzero(instance.lead == lead)[0])]
    contracts, meeting = np.unique(of_node), []
    for contract in contracts.tolist():
        ways = tree.ancestor[of_node == contract]
        shared = np.flatnonzero((ways == ways[0]).all(axis=0) & (ways[0] >= 0))
        meeting.append(int(ways[0, shared[-1]]) if len(shared) else SEVERAL)
    return contracts, np.array(meeting, dtype=np.int64)
