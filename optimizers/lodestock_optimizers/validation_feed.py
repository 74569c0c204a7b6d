"""What can be wrong with feeds; part of `lodestock_optimizers.validation`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from lodestock_optimizers.problem import Feed, Source, SourcingProblem
from lodestock_optimizers.violations import MOST_FACTOR, ROUNDING, Violation, number


def feed_violations(path: str, source: Source, materials: set[str]) -> Iterator[Violation]:
    """The feed of one source, whose path is given."""
    feed = source.feed
    if feed is None:
        return
    if feed.material_id not in materials:
        yield Violation(f"{path}.material_id", f"'{feed.material_id}' is no material of the problem")
    yield from number(f"{path}.tonnes_per_tonne", feed.tonnes_per_tonne, 1 / MOST_FACTOR, MOST_FACTOR)


def stage_violations(problem: SourcingProblem) -> Iterator[Violation]:
    """A loop of feeds, else stages that take too much or too little together."""
    plants: dict[str, list[tuple[int, Feed]]] = {}
    for i, source in enumerate(problem.sources):
        if source.feed is not None and 0 < source.feed.tonnes_per_tonne < math.inf:
            plants.setdefault(source.material_id, []).append((i, source.feed))
    made_of = {product: [feed.material_id for _, feed in makers] for product, makers in plants.items()}
    try:
        feeds_first = list(TopologicalSorter(made_of).static_order())
    except CycleError as error:
        yield from _loop(plants, error.args[1])
        return
    taken: dict[str, tuple[float, float]] = {}
    for product in feeds_first:
        least = most = 1.0
        for i, feed in plants.get(product, []):
            psi = feed.tonnes_per_tonne
            low, high = (psi * whole for whole in taken[feed.material_id])
            least, most = min(least, low), max(most, high)
            is_sound = 1 / MOST_FACTOR <= psi <= MOST_FACTOR
            if is_sound and not (1 - ROUNDING) / MOST_FACTOR <= low <= high <= MOST_FACTOR * (1 + ROUNDING):
                text = f"makes {low:g} to {high:g} with the stages before it, must make from 0.0001 to 10000"
                yield Violation(f"sources[{i}].feed.tonnes_per_tonne", text)
        taken[product] = least, most


def _loop(plants: dict[str, list[tuple[int, Feed]]], loop: list[str]) -> Iterator[Violation]:
    """The feeds of a loop, in which each material is made into the next."""
    following = dict(pairwise(loop))
    among = ", ".join(f"'{name}'" for name in loop[1:])
    for product in loop[1:]:
        for i, feed in plants[product]:
            if following.get(feed.material_id) == product:
                text = f"is '{feed.material_id}', which closes a loop: {among} cannot be made of each other"
                yield Violation(f"sources[{i}].feed.material_id", text)
