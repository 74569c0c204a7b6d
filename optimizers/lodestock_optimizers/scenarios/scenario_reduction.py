"""From thousands of sampled futures to a few with weights, at a stated distance from all of them.

Owns the choice, given distances; what a distance means is the caller's. Fast forward selection takes, one by one, the
future that brings all others nearest to those chosen so far, and every future gives its probability to the chosen one
nearest to it: for a fixed choice no other weights are nearer, and the mean way is the Kantorovich (Wasserstein-1)
distance of the reduced distribution from the full one, exactly.

Sources: Dupačová, Gröwe-Kuska and Römisch 2003, Mathematical Programming 95, theorem 2 (weights, distance); Heitsch and
Römisch 2003, Computational Optimization and Applications 24, algorithm 2.4 (forward selection).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """What was chosen.

    Attributes:
        chosen: (n,) what was chosen, in the order in which it was.
        weight: (n,) probability that each stands for; they add up to that of all futures.
        assigned: (N,) for each future the position in `chosen` of the one that stands for it.
        error: Kantorovich distance of the chosen with their weights from all futures, in the unit of the distances,
            times the probability of all futures where that is not 1.
    """

    chosen: Ints
    weight: Floats
    assigned: Ints
    error: float


def forward_selection(distances: NDArray[np.floating], probability: Floats, most: int) -> Reduction:
    """Choose at most `most` of C candidates to stand for N futures.

    Args:
        distances: (N, C) distance of each future from each candidate, not negative. Candidates are futures, too: all
            of them, or fewer where N × C would not fit into memory.
        probability: (N,) of each future.
        most: How many to choose, at least 1; fewer are chosen where one more would change nothing.

    Raises:
        ValueError: There is no candidate, or none is to be chosen.
    """
    if most < 1 or not distances.shape[1]:
        raise ValueError("must choose at least one of at least one candidate")
    weights = probability.astype(distances.dtype)
    chosen = [int(np.argmin(weights @ distances))]
    nearest = distances[:, chosen[0]]
    # What a candidate saves never grows as others are chosen (it is submodular), so that an old figure is a bound and
    # most candidates need not be looked at again: Minoux 1978, accelerated greedy algorithms.
    bounds = [(-saved, u, 0) for u, saved in enumerate((weights @ _nearer(nearest[:, None], distances)).tolist())]
    heapq.heapify(bounds)
    while len(chosen) < most and bounds:
        saved, u, of = heapq.heappop(bounds)
        if of < len(chosen) - 1:
            now = float(weights @ _nearer(nearest, distances[:, u]))
            heapq.heappush(bounds, (-now, u, len(chosen) - 1))
        elif saved < 0:
            chosen.append(u)
            nearest = np.minimum(nearest, distances[:, u])
        else:
            break
    return redistribute(distances[:, chosen], probability, np.array(chosen))


def _nearer(nearest: NDArray[np.floating], distances: NDArray[np.floating]) -> NDArray[np.floating]:
    """By how much other distances are below the nearest ones so far, 0 where they are not."""
    return np.maximum(nearest - distances, 0)


def redistribute(distances: NDArray[np.floating], probability: Floats, chosen: Ints) -> Reduction:
    """Give the probability of each of N futures to the nearest of n chosen ones.

    Args:
        distances: (N, n) distance of each future from each chosen one.
        probability: (N,) of each future.
        chosen: (n,) what the chosen ones are called in the answer.
    """
    assigned = np.argmin(distances, axis=1)
    return Reduction(
        chosen=chosen,
        weight=np.bincount(assigned, probability, len(chosen)).astype(np.float64),
        assigned=assigned,
        error=float(probability @ distances.min(axis=1).astype(np.float64)),
    )
