"""Of many crises the few that stand for all: candidates, the choice, and onsets that do not all lie in the middle.

Owns what is chosen from and what is put in place of what was chosen; the choice itself is `scenario_reduction`'s.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lodestock_optimizers.scenarios.distance import Floats, Ints
from lodestock_optimizers.scenarios.scenario_reduction import Reduction, forward_selection, redistribute

MOST_CANDIDATES = 2_000
"""Crises from which those that stand for all are chosen."""

GOLDEN_RATIO = (5**0.5 - 1) / 2
"""Its multiples, less whole numbers, fill 0 to 1 evenly however many there are (Kronecker's sequence)."""

MOST_STRETCH = 1.5
"""How much further a crisis with another onset may be from those that it is to stand for than the one in their middle.
Of thousands that were sampled some are alike but for their onset; of few that were given there may be none."""

DistancesFrom = Callable[[Ints], NDArray[np.float32]]
"""(N, C) how far each crisis is from C of them, given by their numbers."""


def candidates(losses: Floats, probability: Floats, most: int = MOST_CANDIDATES) -> Ints:
    """Numbers of at most `most` crises to choose from, spread evenly over the (N,) losses.

    Half of the evenness is by their number, half by their probability: so a crisis of 2/most of it all is among them.
    """
    if len(losses) <= most:
        return np.arange(len(losses))
    # Equal losses in no order: in one that repeats, as where callers list scenarios by onset, one of each would be met.
    by_loss = np.lexsort((np.random.default_rng(0).random(len(losses)), losses))
    reached = np.cumsum((1.0 / len(losses) + probability / probability.sum())[by_loss])
    return by_loss[np.unique(np.searchsorted(reached, np.linspace(0.0, reached[-1], most)))]


def choose(onset: Ints, probability: Floats, among: Ints, apart_from: DistancesFrom, most: int) -> Reduction:
    """Choose at most `most` crises that stand for all.

    Args:
        onset: (N,) first period of each.
        probability: (N,) of each, above 0.
        among: Numbers of the candidates.
        apart_from: How far the crises are from others.
        most: How many to choose, at least 1.

    Returns:
        What was chosen, by its number; one that is like another may stand for none.
    """
    apart = apart_from(among)
    found = forward_selection(apart, probability, most)
    middle, to_middle = among[found.chosen], apart[:, found.chosen]
    spread = _spread_onsets(onset, probability, to_middle, found)
    to_spread = apart_from(spread)
    is_near = _cost(to_spread, probability, found) <= MOST_STRETCH * _cost(to_middle, probability, found)
    return redistribute(
        np.where(is_near, to_spread, to_middle), probability, np.where(is_near, spread, middle).astype(np.int64)
    )


def _cost(apart: NDArray[np.floating], probability: Floats, reduced: Reduction) -> Floats:
    """(n,) how far those that each chosen one stands for are from what is in its place, by their probability."""
    way = probability * np.take_along_axis(apart, reduced.assigned[:, None], axis=1)[:, 0]
    return np.bincount(reduced.assigned, way, len(reduced.chosen)).astype(np.float64)


def _spread_onsets(onset: Ints, probability: Floats, apart: NDArray[np.floating], reduced: Reduction) -> Ints:
    """(n,) In place of each chosen crisis one that it stands for and that begins at another time.

    What stands for crises of many onsets is one from their middle. Were all chosen there, as they are where few stand
    for many, a plan would hold its stock only then; so the k-th takes the onset at the level frac(½ + k·golden ratio)
    of the probability of those that it stands for, and of the crises with that onset the one that is nearest to it.
    """
    found = np.empty_like(reduced.chosen)
    for rank, position in enumerate(np.argsort(-reduced.weight, kind="stable").tolist()):
        members = np.flatnonzero(reduced.assigned == position)
        in_order = members[np.argsort(onset[members], kind="stable")]
        reached = np.cumsum(probability[in_order])
        level = (0.5 + rank * GOLDEN_RATIO) % 1.0
        wanted = onset[in_order[np.searchsorted(reached, level * reached[-1], side="right")]]
        alike = members[onset[members] == wanted]
        found[position] = alike[np.argmin(apart[alike, position])]
    return found
