"""The lower left edge of two costs that one linear model can have: least of the one for every amount of the other.

Owns the search for its corners (weighted sums, refined at the slopes of chords; Aneja & Nair 1979). A weight changes
costs alone, so that each solve goes on from the basis of the one before with as few steps as there are corners between;
a row "at most so much of the other" would tie all columns together and make every step of the simplex method dear.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lodestock_optimizers.scenario_tree import Floats

SAME = 1e-9
"""Two amounts that differ by less, relative to the greatest, are one."""

EXACT = 1e-8
"""A chord is an edge where it lies above what is proven possible by less than this, relative to the cost."""


@dataclass(eq=False, slots=True)
class Corner:
    """A plan with the least cost + weight·charge for every weight from `low` to `high`, as far as is known."""

    values: Floats
    cost: float
    charge: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class EdgePoint:
    """A plan on the edge, and what a unit less of charge costs there."""

    values: Floats
    charge: float
    price: float


Probes = Generator[float, Corner, None]
"""A search that asks for the corner at a weight, is sent it, and asks on: several can be answered at once."""


def answer(probes: Probes, solve: Callable[[float], Corner]) -> None:
    """Answers a search to its end."""
    try:
        weight = next(probes)
        while True:
            weight = probes.send(solve(weight))
    except StopIteration:
        return


class Edge:
    """The corners found so far, the cheapest first: charge falls and cost rises along them.

    Args:
        cheapest: The plan of least cost, of several that of least charge.
    """

    def __init__(self, cheapest: Corner) -> None:
        self._corners = [cheapest]
        self._same = SAME * (1.0 + abs(cheapest.charge))

    def __iter__(self) -> Iterator[Corner]:
        return iter(self._corners)

    def __len__(self) -> int:
        return len(self._corners)

    @property
    def cheapest(self) -> Corner:
        """The first corner."""
        return self._corners[0]

    @property
    def safest(self) -> Corner:
        """The last corner."""
        return self._corners[-1]

    def add(self, corner: Corner) -> None:
        """Adds a corner, or what it tells of one that is there."""
        for known in self._corners:
            if abs(known.charge - corner.charge) <= self._same:
                known.low, known.high = min(known.low, corner.low), max(known.high, corner.high)
                return
        self._corners.append(corner)
        self._corners.sort(key=lambda one: -one.charge)

    def around(self, charge: float) -> tuple[Corner, Corner]:
        """The corners next to a charge between the ends: the cheaper and the safer one."""
        at = next((i for i, one in enumerate(self._corners) if i and one.charge <= charge), len(self) - 1)
        return self._corners[at - 1], self._corners[at]

    def probe(self, cheaper: Corner, safer: Corner) -> Probes:
        """Asks at the slope of a chord: there is a corner below it, or it is an edge."""
        weight = slope(cheaper, safer)
        found = yield weight
        chord = cheaper.cost + weight * cheaper.charge
        if found.cost + weight * found.charge < chord - EXACT * (1.0 + abs(cheaper.cost)):
            self.add(found)
        else:
            cheaper.high, safer.low = max(cheaper.high, weight), min(safer.low, weight)


def slope(cheaper: Corner, safer: Corner) -> float:
    """What a unit less of charge costs between two corners."""
    return max(0.0, safer.cost - cheaper.cost) / (cheaper.charge - safer.charge)


def is_edge(cheaper: Corner, safer: Corner, charge: float) -> bool:
    """Whether no plan of a charge between two corners can cost less than the chord, but for rounding."""
    chord = cheaper.cost + slope(cheaper, safer) * (cheaper.charge - charge)
    proven = cheaper.cost + cheaper.high * (cheaper.charge - charge)
    if math.isfinite(safer.low):
        proven = max(proven, safer.cost - safer.low * (charge - safer.charge))
    return chord - proven <= EXACT * (1.0 + abs(cheaper.cost))


def refine(edge: Edge, targets: Sequence[float], passes: int, near: float = 0.0) -> Probes:
    """Looks for the corners next to each of some charges until the chords around them are edges, or a corner is near.

    Args:
        edge: The corners.
        targets: Charges between the ends, in order: in one pass they are looked at in that order, in the next in the
            other, so that each corner is near the one before.
        passes: Most times that a target is looked at.
        near: Charge by which a corner may miss a target.
    """
    if len(edge) < 2:
        return
    for turn in range(passes):
        for charge in targets if turn % 2 == 0 else reversed(targets):
            cheaper, safer = edge.around(charge)
            missed = min(cheaper.charge - charge, charge - safer.charge)
            if missed > near and not is_edge(cheaper, safer, charge):
                yield from edge.probe(cheaper, safer)


def settle_end(edge: Edge, passes: int) -> Probes:
    """Looks for the last corner's own price, and the corners that are next to it."""
    for _ in range(passes if len(edge) > 1 else 0):
        cheaper, safer = list(edge)[-2:]
        if is_edge(cheaper, safer, 0.5 * (cheaper.charge + safer.charge)):
            return
        yield from edge.probe(cheaper, safer)


def chosen(edge: Edge, targets: Sequence[float]) -> list[EdgePoint]:
    """The points at falling charges, the ends among them; where a chord is not known to be an edge, its nearer corner.

    Where one corner stands for several charges, others that were found on the way make up for it. Without targets all
    corners, since the search was stopped before it had any.
    """
    corners = list(edge)
    ends = [EdgePoint(edge.cheapest.values, edge.cheapest.charge, 0.0)]
    if len(corners) > 1:
        ends.append(_point(edge, edge.safest))
    inner = corners[1:-1]
    if not targets:
        return _in_order([*ends, *(_point(edge, corner) for corner in inner)])
    points = list(ends)
    for charge in targets[1:-1] if len(corners) > 1 else ():
        cheaper, safer = edge.around(charge)
        if is_edge(cheaper, safer, charge):
            points.append(EdgePoint(_between(cheaper, safer, charge), charge, slope(cheaper, safer)))
        else:
            nearest = min(cheaper, safer, key=lambda one: abs(one.charge - charge))
            _add_new(points, edge, nearest)
    for _ in range(len(targets) - len(points) if len(corners) > 1 else 0):
        _add_new(points, edge, max(inner, key=lambda one: _distance(points, one), default=edge.cheapest))
    return _in_order(points)


def _in_order(points: list[EdgePoint]) -> list[EdgePoint]:
    return sorted(points, key=lambda point: -point.charge)


def _add_new(points: list[EdgePoint], edge: Edge, corner: Corner) -> None:
    """Adds a corner as a point, unless it is one already."""
    if _distance(points, corner) > 0:
        points.append(_point(edge, corner))


def _distance(points: list[EdgePoint], corner: Corner) -> float:
    """Charge between a corner and the nearest point."""
    return min(abs(point.charge - corner.charge) for point in points)


def _point(edge: Edge, corner: Corner) -> EdgePoint:
    """A corner as a point; the price of one that was only found as the end is at least that of the last chord."""
    if math.isfinite(corner.low):
        return EdgePoint(corner.values, corner.charge, corner.low)
    corners = list(edge)
    before = corners[corners.index(corner) - 1]
    return EdgePoint(corner.values, corner.charge, slope(before, corner))


def _between(cheaper: Corner, safer: Corner, charge: float) -> Floats:
    """(columns,) the plan of a charge between two corners: as much of the one and of the other as that takes."""
    part = (charge - safer.charge) / (cheaper.charge - safer.charge)
    return np.asarray(part * cheaper.values + (1.0 - part) * safer.values)
