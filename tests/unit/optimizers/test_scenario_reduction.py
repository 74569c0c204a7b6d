"""Fast forward selection: weights, the stated distance, and how near it comes to the best choice."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.spatial.distance import cdist

from lodestock_optimizers.scenarios.scenario_reduction import Floats, forward_selection


def points(seed: int, count: int) -> tuple[Floats, Floats]:
    """Points in the plane and their probabilities."""
    generator = np.random.default_rng(seed)
    weights = generator.random(count) + 0.01
    return generator.normal(size=(count, 2)), weights / weights.sum()


@given(st.integers(0, 10_000), st.integers(2, 25))
def test_the_error_falls_to_nothing_and_weights_add_up(seed: int, count: int) -> None:
    place, probability = points(seed, count)
    apart = cdist(place, place)
    errors = []
    for most in range(1, count + 1):
        found = forward_selection(apart, probability, most)
        assert found.weight.sum() == pytest.approx(1.0)
        assert (found.weight > 0).all()
        assert len(set(found.chosen.tolist())) == len(found.chosen) == most
        errors.append(found.error)
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(errors))
    assert errors[-1] == pytest.approx(0.0, abs=1e-12)


@given(st.integers(0, 10_000), st.integers(3, 9), st.integers(1, 3))
def test_it_comes_near_the_best_choice(seed: int, count: int, most: int) -> None:
    """Greedy saves at least 1 − 1/e of what the best choice saves beyond the first (Nemhauser et al. 1978)."""
    place, probability = points(seed, count)
    apart = cdist(place, place)
    best = min(float(probability @ apart[:, list(chosen)].min(axis=1)) for chosen in combinations(range(count), most))
    first = forward_selection(apart, probability, 1).error
    found = forward_selection(apart, probability, most).error
    assert best - 1e-12 <= found
    assert first - found >= (1 - 1 / math.e) * (first - best) * (most - 1) / most - 1e-9


def test_the_error_is_the_kantorovich_distance() -> None:
    """The least cost of moving one distribution onto the other, by linear programming."""
    place, probability = points(4, 9)
    apart = cdist(place, place)
    found = forward_selection(apart, probability, 3)
    to = apart[:, found.chosen]
    rows = [np.kron(np.eye(9)[i], np.ones(3)) for i in range(9)] + [np.tile(np.eye(3)[j], 9) for j in range(3)]
    moved = linprog(to.ravel(), A_eq=np.array(rows), b_eq=np.concatenate([probability, found.weight]))
    assert found.error == pytest.approx(moved.fun)


def test_alike_futures_are_chosen_once() -> None:
    """Three points at two places need two scenarios, whatever may be chosen."""
    apart = cdist([[0.0], [0.0], [1.0]], [[0.0], [0.0], [1.0]])
    found = forward_selection(apart, np.full(3, 1 / 3), 3)
    assert found.weight.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert found.error == 0


def test_fewer_candidates_than_futures() -> None:
    apart = cdist([[0.0], [4.0], [5.0]], [[4.0]])
    found = forward_selection(apart, np.array([0.2, 0.3, 0.5]), 5)
    assert found.error == pytest.approx(0.2 * 4 + 0.5)
    assert found.weight.tolist() == [1.0]


def test_choosing_none_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        forward_selection(np.zeros((2, 0)), np.ones(2), 1)
