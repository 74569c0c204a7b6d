"""What is lost downstream when countries stop.

    s(n) = 1 where the country of n stops, else Σm f(m, n)·s(m) / (p(n) + Σm f(m, n))        p own output, f links

With W the shares of supply and G = (I − W)⁻¹, what arrives by every path, s = G[:, S]·G[S, S]⁻¹·1 for the nodes S that
stop: one inverse answers every stop, and trade that goes round in circles is followed to its end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lodestock_optimizers.dependence.network import Network, Node

LEAST_LOSS = 1e-9
LEAK = 1e-6
"""What a node loses of its supply that no producer is known to be behind, so that a circle of such nodes has an end."""


class SupplyShares:
    """What each node of a network draws from the others, made once for many stops.

    Source:
        Proportional sharing, as in input-output analysis (Leontief 1936) and for flows in networks (Bialek 1996); the
        solution is that of hitting probabilities in absorbing Markov chains (Kemeny & Snell 1960).
    """

    def __init__(self, network: Network) -> None:
        import numpy as np

        self._nodes = network.nodes()
        self._index = {node: i for i, node in enumerate(self._nodes)}
        shares = np.zeros((len(self._nodes), len(self._nodes)))
        for target, origins in network.supplies().items():
            whole = network.outputs.get(target, 0.0) + sum(origins.values())
            for origin, tonnes in origins.items():
                shares[self._index[target], self._index[origin]] = tonnes / whole
        shares[[self._index[node] for node in _without_producer(network)]] *= 1.0 - LEAK
        self._arriving = np.linalg.inv(np.eye(len(self._nodes)) - shares)

    def losses(self, stopped: Collection[str], but: Node | None = None) -> dict[Node, float]:
        """Share of each node's supply that is lost when countries stop, 0 … 1, by node.

        Args:
            stopped: countries of which every node stops.
            but: a node that does not stop with its country: the user that is asked about.
        """
        import numpy as np

        stops = [i for i, node in enumerate(self._nodes) if node.country in stopped and node != but]
        among = self._arriving[np.ix_(stops, stops)]
        lost = self._arriving[:, stops] @ np.linalg.solve(among, np.ones(len(stops)))
        return dict(zip(self._nodes, np.clip(lost, 0.0, 1.0).tolist(), strict=True))

    def losses_by_country(self, target: Node, home: Collection[str] = ()) -> dict[str, float]:
        """What a node loses when each country alone stops, greatest first; without those at home or of no effect."""
        countries = {node.country for node in self._nodes if node.country and node != target} - set(home)
        found = {country: self.losses((country,), target).get(target, 0.0) for country in countries}
        listed = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        return {country: loss for country, loss in listed if loss > LEAST_LOSS}


def _without_producer(network: Network) -> Iterator[Node]:
    """Nodes that nothing put out anywhere comes to."""
    import networkx as nx

    graph: nx.DiGraph[Node] = nx.DiGraph((link.origin, link.target) for link in network.links)
    graph.add_nodes_from(network.nodes())
    producing = [node for node, tonnes in network.outputs.items() if tonnes > 0]
    reached = nx.multi_source_dijkstra_path_length(graph, producing, weight=None) if producing else {}
    return (node for node in network.nodes() if node not in reached)
