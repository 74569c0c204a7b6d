"""Composite scores by hand, ranks with ties, and what a change of weights does to them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.risk import (
    HHI,
    Component,
    Composite,
    CountryShare,
    InvalidRiskInput,
    RiskScore,
    Scope,
    component_violations,
    composite,
    governance_weighted_hhi,
    herfindahl_hirschman,
    rank_ranges,
    ranks,
)

SHARES = (CountryShare("CHN", 0.8, 5.0), CountryShare("AUS", 0.2, 1.0))
SCORES = (
    herfindahl_hirschman(SHARES),
    governance_weighted_hhi(SHARES),
    herfindahl_hirschman(SHARES[:1], Scope.SOURCING),
)
CONCENTRATION = Component("hhi", None, 3.0, 0.0, 1.0)
GOVERNED = Component("governance_weighted_hhi", Scope.GLOBAL, 1.0, 0.0, 10.0)


def of(*scaled: float) -> Composite:
    """A composite of scores on 0 to 1, weighed 3 to 1."""
    scores = [RiskScore(HHI, scope, z, ()) for scope, z in zip((Scope.GLOBAL, Scope.SOURCING), scaled, strict=True)]
    components = [Component("hhi", Scope.GLOBAL, 3, 0, 1), Component("hhi", Scope.SOURCING, 1, 0, 1)]
    found = composite(scores, components)
    assert found is not None
    return found


def test_the_mean_by_hand() -> None:
    found = composite(SCORES, (CONCENTRATION, GOVERNED))
    assert found is not None
    governed = (0.64 * 5 + 0.04 * 1) / 10
    assert found.value == pytest.approx((3 * 0.68 + governed) / 4)
    assert [part.weight for part in found.parts] == [0.75, 0.25]
    assert math.fsum(part.contribution for part in found.parts) == pytest.approx(found.value)
    assert found.parts[0].scope is Scope.GLOBAL


def test_sensitivity_is_the_derivative() -> None:
    found = composite(SCORES, (CONCENTRATION, GOVERNED))
    step = 1e-6
    moved = composite(SCORES, (Component("hhi", None, 3.0 + 4 * step, 0.0, 1.0), GOVERNED))  # 4: the sum of the weights
    assert found is not None
    assert moved is not None
    assert (moved.value - found.value) / step == pytest.approx(found.parts[0].sensitivity, rel=1e-3)


def test_what_is_missing_is_no_low_risk() -> None:
    assert composite(SCORES, (CONCENTRATION, Component("geopolrisk", None, 1.0, 0.0, 1.0))) is None


def test_scores_beyond_the_callers_scale_are_cut_off() -> None:
    found = composite(SCORES, (Component("hhi", Scope.GLOBAL, 1.0, 0.1, 0.5),))
    assert found is not None
    assert found.value == 1.0


@pytest.mark.parametrize(
    ("values", "tolerance", "expected"),
    [
        ([0.2, 0.9, 0.9, 0.1], 0.0, [3, 1, 1, 4]),
        ([0.2, 0.9, 0.85, 0.1], 0.05, [3, 1, 1, 4]),
        ([0.5], 0.0, [1]),
        ([], 0.0, []),
    ],
)
def test_ranks_are_shared(values: list[float], tolerance: float, expected: list[int]) -> None:
    assert ranks(values, tolerance + 1e-12) == expected


@given(st.lists(st.floats(0, 1), max_size=8), st.floats(0, 0.5))
def test_ranks_fall_as_values_rise(values: list[float], tolerance: float) -> None:
    found = ranks(values, tolerance)
    for mine, value in zip(found, values, strict=True):
        assert all(mine <= other for other, theirs in zip(found, values, strict=True) if theirs <= value)


def test_a_rank_that_hangs_on_a_weight_is_seen() -> None:
    """One is ahead by the heavy measure, the other by the light one; a third is behind by both."""
    entries = [of(0.6, 0.3), of(0.5, 0.65), of(0.1, 0.1)]
    assert ranks([one.value for one in entries]) == [2, 1, 3]
    assert rank_ranges(entries, 0.0) == [(2, 2), (1, 1), (3, 3)]
    assert rank_ranges(entries, 0.5) == [(1, 2), (1, 2), (3, 3)]


def test_a_doubled_weight_and_none_are_within_reach() -> None:
    assert rank_ranges([of(1.0, 0.0), of(0.0, 1.0)], 1.0) == [(1, 2), (1, 2)]


def test_components_that_say_nothing_are_refused() -> None:
    wrong = [Component("hhi", None, 0.0, 0.0, 1.0), Component("hhi", None, -1.0, 1.0, math.inf)]
    assert {violation.field_path for violation in component_violations(wrong)} == {
        "composite[1].weight",
        "composite[1].high",
        "composite[1].measure_id",
    }
    with pytest.raises(InvalidRiskInput, match="above 0"):
        composite(SCORES, (Component("hhi", None, 0.0, 0.0, 1.0),))
