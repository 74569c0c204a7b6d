"""Properties that hold for whatever series comes in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lodestock_forecasters as lf

from .conftest import yearly

LEVELS = (0.025, 0.1, 0.3, 0.5, 0.7, 0.9, 0.975)
values = st.lists(st.one_of(st.just(0.0), st.floats(0.01, 1e6)), min_size=1, max_size=20)
some = settings(max_examples=40, deadline=None)


def run(series: lf.DemandSeries, seed: int = 1, horizon: int = 8) -> lf.SeriesForecast:
    request = lf.ForecastRequest([series], horizon, LEVELS, 101, seed, backtest_origins=2)
    return lf.forecast(request).forecasts[0]


def with_gaps(data: list[float], gaps: list[int]) -> list[float]:
    kept = [float("nan") if i in gaps else v for i, v in enumerate(data)]
    return kept if not np.isnan(kept).all() else data


@some
@given(values, st.lists(st.integers(0, 19), max_size=5))
def test_every_series_is_answered_with_ordered_non_negative_finite_figures(data: list[float], gaps: list[int]) -> None:
    answer = run(yearly(with_gaps(data, gaps)))
    for figures in (answer.mean, answer.median, answer.quantiles, answer.paths):
        assert np.isfinite(figures).all()
        assert (figures >= 0).all()
    assert (np.diff(answer.quantiles, axis=0) >= 0).all()
    assert answer.median == pytest.approx(answer.quantiles[LEVELS.index(0.5)])
    assert sum(w.weight for w in answer.weights) == pytest.approx(1)
    assert answer.periods[0] == str(2018 + len(data))


@some
@given(st.lists(st.floats(0, 1e15), min_size=1, max_size=12))
def test_values_of_any_size_are_answered_with_finite_figures(data: list[float]) -> None:
    answer = run(yearly(data), horizon=120)
    for figures in (answer.mean, answer.median, answer.quantiles, answer.paths):
        assert np.isfinite(figures).all()
        assert (figures >= 0).all()


@some
@given(values, st.floats(1e-3, 1e6))
def test_scaling_a_series_scales_its_forecast(data: list[float], factor: float) -> None:
    plain, scaled = run(yearly(data)), run(yearly([factor * v for v in data]))
    size = factor * max(data)
    assert scaled.weights == plain.weights
    for name in ("mean", "median", "quantiles", "paths"):
        assert getattr(scaled, name) == pytest.approx(factor * getattr(plain, name), rel=1e-5, abs=1e-7 * size)


@some
@given(st.floats(0, 1e9), st.integers(1, 15))
def test_a_constant_series_forecasts_itself(level: float, n: int) -> None:
    assert run(yearly([level] * n)).median == pytest.approx(np.full(8, level), rel=1e-9)


@some
@given(values)
def test_intervals_never_narrow_with_the_horizon_but_for_the_floor_at_zero(data: list[float]) -> None:
    answer = run(yearly(data), horizon=20)
    above = answer.quantiles - answer.median
    slack = 1e-9 * max(1.0, float(answer.quantiles.max()))
    for row, level in enumerate(LEVELS):
        if level > 0.5:
            assert (np.diff(above[row]) >= -slack).all()
        if level < 0.5:
            off_floor = answer.quantiles[row] > 0
            assert (np.diff(above[row])[off_floor[1:]] <= slack).all()


@some
@given(values, st.integers(0, 2**63 - 1))
def test_the_same_seed_gives_the_same_bytes(data: list[float], seed: int) -> None:
    one, two = run(yearly(data), seed), run(yearly(data), seed)
    for name in ("mean", "median", "quantiles", "paths"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    # Written out, because a NaN does not equal itself.
    assert repr((one.backtest, one.weights, one.rejected)) == repr((two.backtest, two.weights, two.rejected))


@pytest.mark.parametrize("model", [card.name for card in lf.list_models() if card.name != "prophet"])
@settings(max_examples=20, deadline=None)
@given(data=values)
def test_every_model_answers_any_series_or_says_why_not(model: str, data: list[float]) -> None:
    series = yearly(data)
    if model == "seasonal_naive":
        labels = [lf.period_label(2015 * 12 + i, lf.Frequency.MONTHLY) for i in range(len(data))]
        series = lf.DemandSeries("a", lf.Frequency.MONTHLY, labels, data, "t")
    request = lf.ForecastRequest([series], 6, LEVELS, 20, model=model, backtest_origins=1)
    answer = lf.forecast(request).forecasts[0]
    for figures in (answer.mean, answer.median, answer.quantiles, answer.paths):
        assert np.isfinite(figures).all()
        assert (figures >= 0).all()
    assert (np.diff(answer.quantiles, axis=0) >= 0).all()
    used = [w.model for w in answer.weights]
    assert used == [model] or [r.model for r in answer.rejected] == [model]
