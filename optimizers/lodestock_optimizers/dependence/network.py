"""The network of a material: countries at stages as nodes, what they put out, and what goes between them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from lodestock_optimizers.violations import Violation

LEAST_RE_EXPORT = 0.1
"""Share of a producer's exports from which on it is marked as a re-exporter. A judgement: less is mostly returns."""


class Node(NamedTuple):
    """A country at a stage; "" stands for suppliers without a name, or for a pool that all draw from."""

    stage: str
    country: str


@dataclass(frozen=True, slots=True)
class Link:
    """Tonnes that go from one node to another, > 0; `product` tells goods apart in a stage."""

    origin: Node
    target: Node
    tonnes: float
    product: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """What nodes put out of their own, in tonnes, and the links between them."""

    outputs: Mapping[Node, float]
    links: tuple[Link, ...]

    def nodes(self) -> list[Node]:
        """Every node, in the order of stage and country."""
        linked = (node for link in self.links for node in (link.origin, link.target))
        return sorted({*self.outputs, *linked})

    def supplies(self) -> dict[Node, dict[Node, float]]:
        """What comes to each node, by where it comes from; links between the same nodes are added up."""
        found: dict[Node, dict[Node, float]] = defaultdict(lambda: defaultdict(float))
        for link in self.links:
            found[link.target][link.origin] += link.tonnes
        return {target: dict(origins) for target, origins in found.items()}


class Role(Enum):
    """What a country is in the trade of a material.

    TRANSIT: it exports what it is not known to put out or to process.
    RE_EXPORTER: it puts out or processes, and part of what it exports it may have imported in the same form.
    PRODUCER: it puts out or processes, and trades of its own.
    USER: none of these.
    """

    TRANSIT = "transit"
    RE_EXPORTER = "re-exporter"
    PRODUCER = "producer"
    USER = "user"


def re_exports(network: Network) -> dict[str, float]:
    """Share of a country's exports that may be re-exports: Σ min(imports, exports) by product / Σ exports, 0 … 1.

    Links within a country are no trade. What is imported and exported in the same form may still be another lot: it is
    the most that can be re-exported.
    """
    imports: dict[tuple[str, str, str], float] = defaultdict(float)
    exports: dict[tuple[str, str, str], float] = defaultdict(float)
    for link in network.links:
        if _is_trade(link):
            exports[link.origin.country, link.origin.stage, link.product] += link.tonnes
            imports[link.target.country, link.target.stage, link.product] += link.tonnes
    total: dict[str, float] = defaultdict(float)
    passed: dict[str, float] = defaultdict(float)
    for key, tonnes in exports.items():
        total[key[0]] += tonnes
        passed[key[0]] += min(tonnes, imports.get(key, 0.0))
    return {country: passed[country] / tonnes for country, tonnes in sorted(total.items())}


def roles(network: Network, used_at: str) -> dict[str, Role]:
    """What each named country is in the trade.

    Args:
        network: who feeds whom.
        used_at: stage at which the material is used: to be there is not to process it.
    """
    passed = re_exports(network)
    elsewhere = {link.origin.stage for link in network.links if _is_trade(link)} | {used_at}
    making = {node.country for node in network.nodes() if node.stage not in elsewhere}
    return {country: _role(country in making, passed.get(country)) for country in _countries(network)}


def _role(makes: bool, passed: float | None) -> Role:
    if makes:
        return Role.RE_EXPORTER if (passed or 0.0) >= LEAST_RE_EXPORT else Role.PRODUCER
    return Role.USER if passed is None else Role.TRANSIT


def _is_trade(link: Link) -> bool:
    """Whether a link goes from one country to another within a stage."""
    origin, target = link.origin, link.target
    return origin.stage == target.stage and bool(origin.country and target.country) and origin != target


def _countries(network: Network) -> list[str]:
    return sorted({node.country for node in network.nodes() if node.country})


def network_violations(
    outputs: Sequence[tuple[Node, float]], links: Sequence[Link], path: str = "network"
) -> Iterator[Violation]:
    """Everything wrong with a network: tonnages, outputs given twice, links from a node to itself."""
    first: dict[Node, int] = {}
    for i, (node, tonnes) in enumerate(outputs):
        if not (math.isfinite(tonnes) and tonnes >= 0):
            yield Violation(f"{path}.outputs[{i}].tonnes", f"is {tonnes:g}, must be a finite number of 0 or more")
        if node in first:
            yield Violation(f"{path}.outputs[{i}].country", f"is already at {path}.outputs[{first[node]}]")
        first.setdefault(node, i)
    for i, link in enumerate(links):
        if not (math.isfinite(link.tonnes) and link.tonnes > 0):
            text = f"is {link.tonnes:g}, must be a finite number above 0"
            yield Violation(f"{path}.links[{i}].tonnes", text)
        if link.origin == link.target:
            yield Violation(f"{path}.links[{i}].to_country", "is the node that the link comes from")
