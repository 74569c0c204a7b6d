import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lodestock_forecasters import metrics

demand = arrays(np.float64, 6, elements=st.floats(0, 1e6))


@given(demand, demand)
def test_metrics_agree_with_naive_sums(y: np.ndarray, f: np.ndarray) -> None:
    scale = sum(abs(y[i] - y[i - 1]) for i in range(1, 6)) / 5
    assert metrics.naive_scale(y) == pytest.approx(scale)
    by_hand = sum(abs(a - b) for a, b in zip(y, f, strict=True)) / 6
    if scale > 0:
        assert metrics.mase(y, f, scale) == pytest.approx(by_hand / scale)
    terms = [0.0 if a == b == 0 else 2 * abs(a - b) / (a + b) for a, b in zip(y, f, strict=True)]
    assert metrics.smape(y, f) == pytest.approx(sum(terms) / 6)


@given(demand, demand, demand)
def test_interval_measures_agree_with_naive_sums(y: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    low, high = np.minimum(a, b), np.maximum(a, b)
    assert metrics.coverage(y, low, high) == sum(lo <= v <= hi for v, lo, hi in zip(y, low, high, strict=True)) / 6
    penalty = 2 / (1 - 0.8)
    terms = [
        hi - lo + (penalty * (lo - v) if v < lo else 0) + (penalty * (v - hi) if v > hi else 0)
        for v, lo, hi in zip(y, low, high, strict=True)
    ]
    assert metrics.interval_score(y, low, high, 0.8) == pytest.approx(sum(terms) / 6)


def test_a_seasonal_scale_compares_with_the_year_before() -> None:
    y = np.array([1.0, 5.0, 2.0, 7.0])
    assert metrics.naive_scale(y, 2) == 1.5
    assert np.isnan(metrics.naive_scale(y, 4))


def test_owa_is_the_mean_of_the_two_ratios_and_leaves_out_a_perfect_naive() -> None:
    assert metrics.owa(1.0, 2.0, 0.3, 0.4) == pytest.approx(0.625)
    assert metrics.owa(1.0, 2.0, 0.3, 0.0) == pytest.approx(0.5)
    assert np.isnan(metrics.owa(float("nan"), float("nan"), 0.0, 0.0))
    assert np.isnan(metrics.mase(np.ones(2), np.ones(2), 0.0))
