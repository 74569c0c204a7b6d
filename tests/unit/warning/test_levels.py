"""Levels on hand-made series: edges of thresholds, hysteresis, gaps, both directions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.warning import Direction, Level, Thresholds, level_after, levels, threshold_violations

HIGH = Thresholds(1.0, 2.0, 3.0, Direction.HIGH_IS_BAD, release=0.25)
LOW = Thresholds(90.0, 60.0, 30.0, Direction.LOW_IS_BAD, release=5.0)
NONE, ATTENTION, WARNING, ALARM = Level


def after(values: list[float | None], thresholds: Thresholds) -> list[Level]:
    return list(levels(values, thresholds))


def test_a_level_begins_at_its_threshold() -> None:
    assert after([0.999, 1.0, 1.999, 2.0, 2.999, 3.0], HIGH) == [NONE, ATTENTION, ATTENTION, WARNING, WARNING, ALARM]
    assert after([90.001, 90.0, 60.0, 30.0], LOW) == [NONE, ATTENTION, WARNING, ALARM]


def test_a_value_on_the_edge_does_not_flap() -> None:
    """Around 2.0 by less than the release: a warning that stays; without a release it comes and goes."""
    edge: list[float | None] = [1.9, 2.0, 1.9, 2.0, 1.76, 2.1]
    assert after(edge, HIGH) == [ATTENTION, WARNING, WARNING, WARNING, WARNING, WARNING]
    bare = Thresholds(1.0, 2.0, 3.0, Direction.HIGH_IS_BAD)
    assert after(edge, bare) == [ATTENTION, WARNING, ATTENTION, WARNING, ATTENTION, WARNING]


def test_a_level_ends_behind_the_release_and_not_on_it() -> None:
    assert after([2.0, 1.75], HIGH) == [WARNING, WARNING]
    assert after([2.0, 1.7499], HIGH) == [WARNING, ATTENTION]
    assert after([30.0, 35.0, 35.1], LOW) == [ALARM, ALARM, WARNING]


def test_a_step_goes_through_all_levels_at_once() -> None:
    assert after([0.0, 5.0, 0.0], HIGH) == [NONE, ALARM, NONE]


def test_a_spike_leaves_nothing_behind() -> None:
    assert after([0.5, 3.5, 0.5, 0.9], HIGH)[2:] == [NONE, NONE]


def test_what_cannot_be_told_leaves_the_level() -> None:
    assert after([2.0, None, math.nan, 0.0], HIGH) == [WARNING, WARNING, WARNING, NONE]


def test_a_release_does_not_raise_a_level() -> None:
    """Just below a threshold, coming from beneath: nothing was there that could stay."""
    assert after([1.9, 1.99], HIGH) == [ATTENTION, ATTENTION]
    assert level_after(Level.NONE, 0.99, HIGH) is Level.NONE


@given(st.lists(st.floats(-5, 5), max_size=30), st.floats(0, 1))
def test_hysteresis_only_ever_keeps_a_level_longer(values: list[float], release: float) -> None:
    bare = Thresholds(1.0, 2.0, 3.0, Direction.HIGH_IS_BAD)
    slow = Thresholds(1.0, 2.0, 3.0, Direction.HIGH_IS_BAD, release)
    for without, with_release in zip(levels(values, bare), levels(values, slow), strict=True):
        assert with_release >= without


@given(st.lists(st.floats(-5, 5), max_size=30))
def test_low_is_high_upside_down(values: list[float]) -> None:
    mirrored = Thresholds(-1.0, -2.0, -3.0, Direction.LOW_IS_BAD, release=0.25)
    assert list(levels(values, HIGH)) == list(levels([-value for value in values], mirrored))


@pytest.mark.parametrize(
    ("thresholds", "paths"),
    [
        (HIGH, []),
        (LOW, []),
        (Thresholds(1, 1, 1, Direction.HIGH_IS_BAD), []),
        (Thresholds(2, 1, 3, Direction.HIGH_IS_BAD, -1), ["t.release", "t.warning"]),
        (Thresholds(1, 2, 3, Direction.LOW_IS_BAD), ["t.warning", "t.alarm"]),
        (Thresholds(math.nan, 2, math.inf, Direction.HIGH_IS_BAD), ["t.attention", "t.alarm"]),
    ],
)
def test_thresholds_out_of_order_are_told(thresholds: Thresholds, paths: list[str]) -> None:
    assert [violation.field_path for violation in threshold_violations(thresholds, "t")] == paths
