"""Which of two models is better, on losses whose law is known."""

import math

import numpy as np
import pytest
from scipy import stats

import lodestock_forecasters as lf
from lodestock_forecasters.comparison import compare_models, overlapping, p_of_origins, p_of_series

from .conftest import yearly


def by_origin(values: np.ndarray) -> dict[int, float]:
    return {10 + i: float(value) for i, value in enumerate(values)}


def test_one_step_ahead_the_test_is_that_of_student_on_the_differences() -> None:
    differences = np.random.default_rng(1).normal(0.3, 1, 12)
    expected = stats.ttest_1samp(differences, 0).pvalue
    assert p_of_origins([differences], [0]) == pytest.approx(expected)
    assert p_of_series(differences) == pytest.approx(expected)


def test_overlapping_forecasts_are_tested_by_their_long_run_variance() -> None:
    # By hand: n = 6, one lag, correction of Harvey, Leybourne and Newbold for two steps.
    d = np.array([1.0, 2, 2, 1, 3, -1])
    c = d - d.mean()
    variance = (c @ c + 2 * (c[1:] @ c[:-1])) / 36 / ((6 + 1 - 4 + 2 * 1 / 6) / 6)
    expected = 2 * stats.t.sf(d.mean() / math.sqrt(variance), 5)
    assert p_of_origins([d], [1]) == pytest.approx(expected)


@pytest.mark.parametrize(("origins", "horizon", "lags"), [([5, 6, 7, 8], 3, 2), ([5, 10, 15], 5, 0), ([5], 9, 0)])
def test_forecasts_overlap_as_far_as_their_steps_reach(origins: list[int], horizon: int, lags: int) -> None:
    assert overlapping(origins, horizon) == lags


def test_equally_good_models_are_told_apart_as_seldom_as_promised() -> None:
    generator = np.random.default_rng(3)
    told = 0
    for _ in range(400):
        # Differences over three steps each, so that neighbours share two of them.
        shocks = generator.standard_normal(42)
        shared = np.convolve(shocks, np.ones(3), "valid")
        told += p_of_origins([shared], [2]) < 0.05
    assert told / 400 < 0.1


def test_of_few_origins_nothing_is_said() -> None:
    assert math.isnan(p_of_origins([np.ones(4)], [0]))
    assert math.isnan(p_of_origins([np.arange(5.0)], [4]))


def test_only_common_origins_count_and_models_without_any_are_not_compared() -> None:
    losses = {
        "a": [{4: 1.0, 5: 2.0}, {}],
        "b": [{5: 3.0, 6: 9.0}, {7: 1.0}],
        "c": [{9: 1.0}, {}],
    }
    (found,) = compare_models(losses, 1)
    assert (found.model, found.other, found.series, found.origins, found.difference) == ("a", "b", 1, 1, -1.0)
    assert math.isnan(found.p_value)
    assert found.better == ""


def test_with_many_pairs_one_small_p_value_is_no_proof() -> None:
    generator = np.random.default_rng(6)
    base = generator.normal(1, 0.1, 30)
    same = {f"m{i}": [by_origin(base + generator.normal(0, 0.1, 30))] for i in range(8)}
    assert any(one.p_value < 0.05 for one in compare_models(same, 1))
    assert all(one.better == "" for one in compare_models(same, 1))
    worse = {**same, "bad": [by_origin(base + 1 + generator.normal(0, 0.1, 30))]}
    named = [(one.model, one.other, one.better) for one in compare_models(worse, 1) if one.better]
    assert named == [(f"m{i}", "bad", f"m{i}") for i in range(8)]


def test_the_backtest_names_a_trend_the_better_model_of_a_trend_and_none_on_random_walks() -> None:
    generator = np.random.default_rng(2)
    trend = 1000 + 40 * np.arange(30) + generator.normal(0, 15, 30)
    request = lf.BacktestRequest([yearly(trend.tolist())], 2, ("naive", "drift"), most_origins=20)
    (found,) = lf.backtest(request).comparisons
    assert (found.better, found.series, found.origins) == ("drift", 1, 20)
    assert found.difference > 0
    walks = [yearly((500 + generator.normal(0, 10, 20).cumsum()).tolist(), f"walk {i}") for i in range(12)]
    (level,) = lf.backtest(lf.BacktestRequest(walks, 2, ("naive", "drift"))).comparisons
    assert (level.better, level.series) == ("", 12)
