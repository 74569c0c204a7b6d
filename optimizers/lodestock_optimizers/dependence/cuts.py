"""Which stops cut a user off: the fewest countries that sever every path to it, and small sets that cost it much."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lodestock_optimizers.dependence.losses import SupplyShares
from lodestock_optimizers.dependence.network import Network, Node

SOURCE, SINK = "source", "sink"
MOST_CANDIDATES = 15
"""Countries from which sets are made: those that cost most alone. 15 make 455 sets of three."""


@dataclass(frozen=True, slots=True)
class CutSet:
    """Countries whose stop together costs a user at least the loss asked for; no part of the set does alone."""

    countries: tuple[str, ...]
    loss: float


def cut_sets(
    supply: SupplyShares, target: Node, least_loss: float, most_countries: int, home: Collection[str] = ()
) -> list[CutSet]:
    """Least sets of countries whose stop together costs a node at least a share of its supply.

    Args:
        supply: what each node draws from the others.
        target: the node; it does not stop with its own country.
        least_loss: share of its supply, above 0 … 1.
        most_countries: the largest set to try, ≥ 1.
        home: countries that are in no set.

    Returns:
        The sets, the smallest first, among equal ones the costliest first; of the countries that cost most alone.
    """
    candidates = list(supply.losses_by_country(target, home))[:MOST_CANDIDATES]
    found: list[CutSet] = []
    for size in range(1, most_countries + 1):
        here = [
            CutSet(countries, loss)
            for countries in itertools.combinations(sorted(candidates), size)
            if not any(set(smaller.countries) <= set(countries) for smaller in found)
            # A rounding below the share asked for is no reason to ask for one more country.
            if (loss := supply.losses(countries, target).get(target, 0.0)) >= least_loss - 1e-9
        ]
        found += sorted(here, key=lambda one: (-one.loss, one.countries))
    return found


def severing_countries(
    network: Network, target: Node, least_share: float, home: Collection[str] = ()
) -> tuple[str, ...] | None:
    """Fewest countries through which every path from a named producer to a node goes.

    Args:
        network: who feeds whom.
        target: the node.
        least_share: links below this share of their target's supply are left out, 0 … 1: nearly every country sells a
            few tonnes to nearly every other one.
        home: countries that do not stop.

    Returns:
        The countries in the order of their codes; None where nothing can cut the node off, since it is fed from home;
        empty where no path is left.

    Source:
        Minimum cut by maximum flow (Ford & Fulkerson 1956), each country a unit of capacity.
    """
    import networkx as nx

    graph: nx.DiGraph[tuple[str, str]] = nx.DiGraph()
    graph.add_nodes_from([(SOURCE, ""), (SINK, "")])
    for country in {node.country for node in network.nodes() if node.country}:
        limit = {} if country in home else {"capacity": 1}
        graph.add_edge(("in", country), ("out", country), **limit)
    for tail, head in _steps(network, target, least_share):
        graph.add_edge(tail, head)
    if not nx.has_path(graph, (SOURCE, ""), (SINK, "")):
        return ()
    try:
        _, (before, after) = nx.minimum_cut(graph, (SOURCE, ""), (SINK, ""))
    except nx.NetworkXUnbounded:
        return None
    return tuple(sorted(country for side, country in before if side == "in" and ("out", country) in after))


def _steps(network: Network, target: Node, least_share: float) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Edges without a limit: from the source to producers, along links, and into the node."""

    def entry(node: Node) -> tuple[str, str]:
        return (SINK, "") if node == target else ("in", node.country) if node.country else ("pool", node.stage)

    def exit_of(node: Node) -> tuple[str, str]:
        return (SINK, "") if node == target else ("out", node.country) if node.country else ("pool", node.stage)

    yield from (((SOURCE, ""), entry(node)) for node, tonnes in network.outputs.items() if tonnes > 0 and node.country)
    for node, origins in network.supplies().items():
        whole = network.outputs.get(node, 0.0) + sum(origins.values())
        for origin, tonnes in origins.items():
            if tonnes >= least_share * whole and exit_of(origin) != entry(node):
                yield exit_of(origin), entry(node)
