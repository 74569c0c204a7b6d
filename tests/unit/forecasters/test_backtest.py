"""The public backtest: its scores against a second, naive implementation, and that it never sees the future."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lodestock_forecasters as lf
from lodestock_forecasters.backtest import Window, run_backtest

from .conftest import SeriesMaker, yearly
from .test_forecast import Attended
from .test_per_capita import demand

OUTPUT = [2410.0, 2640, 2080, 1900, 2100, 2300, 2000, 2200]


def run(series: lf.DemandSeries, horizon: int = 2, models: tuple[str, ...] = (), most: int = 10) -> lf.SeriesBacktest:
    return lf.backtest(lf.BacktestRequest([series], horizon, models, most)).series[0]


def by_model(tested: lf.SeriesBacktest) -> dict[str, lf.BacktestScore]:
    return {one.model: one for one in tested.scores}


def naive_errors(values: list[float], horizon: int, slope: bool) -> tuple[list[float], list[float]]:
    """Scaled and symmetric relative errors of naive, or of drift, from every origin after four values on."""
    scaled, relative = [], []
    for n in range(4, len(values)):
        known = values[:n]
        scale = sum(abs(known[i] - known[i - 1]) for i in range(1, n)) / (n - 1)
        step = (known[-1] - known[0]) / (n - 1) if slope else 0.0
        for ahead, came in enumerate(values[n : n + horizon], 1):
            path = max(known[-1] + ahead * step, 0.0)
            scaled.append(abs(came - path) / scale)
            relative.append(2 * abs(came - path) / (came + path))
    return scaled, relative


def test_scores_of_naive_and_drift_agree_with_a_naive_count() -> None:
    scores = by_model(run(yearly(OUTPUT), 2, ("naive", "drift")))
    flat, sloped = (naive_errors(OUTPUT, 2, slope) for slope in (False, True))
    for name, (scaled, relative) in (("naive", flat), ("drift", sloped)):
        assert (scores[name].origins, scores[name].errors) == (4, 7)
        assert scores[name].mase == pytest.approx(np.mean(scaled))
        assert scores[name].smape == pytest.approx(np.mean(relative))
    by_hand = (np.mean(sloped[0]) / np.mean(flat[0]) + np.mean(sloped[1]) / np.mean(flat[1])) / 2
    assert scores["drift"].owa == pytest.approx(by_hand)
    assert scores["naive"].owa == 1.0


def test_coverage_and_interval_score_agree_with_the_forecasts_that_were_made_then() -> None:
    """The intervals of `forecast` on each history as it stood, scored here once more by the definition."""
    values = [*OUTPUT[:6], 9000.0, 2200]
    inside_80, inside_95, scores = [], [], []
    for n in range(4, len(values)):
        request = lf.ForecastRequest([yearly(values[:n])], 2, (0.025, 0.1, 0.9, 0.975), 0, model="drift")
        quantiles = lf.forecast(request).forecasts[0].quantiles
        scale = np.mean(np.abs(np.diff(values[:n])))
        for came, (low, inner_low, inner_high, high) in zip(values[n : n + 2], quantiles.T, strict=False):
            inside_80.append(inner_low <= came <= inner_high)
            inside_95.append(low <= came <= high)
            missed = max(low - came, 0.0) + max(came - high, 0.0)
            scores.append((high - low + 2.0 / 0.05 * missed) / scale)
    assert not all(inside_95)
    found = by_model(run(yearly(values), 2, ("drift",)))["drift"]
    assert found.coverage_80 == pytest.approx(np.mean(inside_80))
    assert found.coverage_95 == pytest.approx(np.mean(inside_95))
    assert found.msis_95 == pytest.approx(np.mean(scores))


def test_the_default_combination_is_the_one_that_would_have_been_made_then() -> None:
    """At each origin with the gate of that day, which drops a drift at the later ones of this series."""
    values = [100.0, 98, 10, 11, 10, 11, 10, 11, 10, 11, 10, 11]
    errors, dropped = [], []
    for n in range(4, len(values)):
        answer = lf.forecast(lf.ForecastRequest([yearly(values[:n])], 3, (), 0)).forecasts[0]
        dropped.append("root_drift" in {one.model for one in answer.rejected})
        scale = np.mean(np.abs(np.diff(values[:n])))
        errors += [abs(came - answer.median[i]) / scale for i, came in enumerate(values[n : n + 3])]
    assert not dropped[0]
    assert dropped[-1]
    assert by_model(run(yearly(values), 3, ("default",)))["default"].mase == pytest.approx(np.mean(errors))


@pytest.mark.parametrize("model", ["default", "ces", "scum", "per_capita_s_curve", "drift"])
def test_no_model_sees_the_future(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value planted at the end changes no path from before it; only the errors against it."""
    paths: list[list[bytes]] = []

    def listening(*arguments: Any) -> list[Window]:
        windows = run_backtest(*arguments)
        paths.append([window.paths[model].tobytes() for window in windows])
        return windows

    monkeypatch.setattr("lodestock_forecasters.backtesting.run_backtest", listening)
    plain = demand(24)
    planted = plain.observations.copy()
    planted[-1] *= 50.0
    changed = lf.DemandSeries(plain.id, plain.frequency, plain.periods, planted, "t", drivers=plain.drivers)
    before, after = (by_model(run(one, 4, (model,), 6))[model] for one in (plain, changed))
    assert len(paths[0]) == 6
    assert paths[0] == paths[1]
    assert after.mase > before.mase


def test_drivers_are_those_that_came() -> None:
    """Ex post: the driver model is right at every origin where demand follows the planted curve."""
    tested = by_model(run(demand(30), 5, ("per_capita_s_curve", "naive")))
    assert tested["per_capita_s_curve"].owa < 1e-3
    assert tested["per_capita_s_curve"].coverage_95 == 1.0


def test_without_names_every_model_that_takes_the_series_is_scored(make_monthly: SeriesMaker) -> None:
    monthly = make_monthly(np.arange(1.0, 31.0))
    assert lf.BacktestRequest([yearly(OUTPUT)], 2).all_models == (
        "default",
        *("naive", "drift", "root_drift", "theta_log", "ces", "auto_ets", "dotm", "auto_arima"),
        *("croston", "tsb", "scum", "prophet"),
    )
    assert "per_capita_s_curve" in lf.BacktestRequest([demand()], 2).all_models
    assert "seasonal_naive" in lf.BacktestRequest([yearly(OUTPUT), monthly], 2).all_models


def test_what_has_no_scores_says_why() -> None:
    short = by_model(run(yearly(OUTPUT[:4]), 2, ("default", "naive")))
    for one in short.values():
        assert one.reason == "needs 4 periods before an origin and one after, the series has 4"
        assert math.isnan(one.owa)
    tested = by_model(run(yearly(OUTPUT), 2, ("seasonal_naive", "scum", "per_capita_s_curve", "naive")))
    assert tested["seasonal_naive"].reason == "takes QUARTERLY, MONTHLY; the series is YEARLY"
    assert tested["per_capita_s_curve"].reason.startswith("failed at every origin; at the last: needs")
    assert (tested["scum"].origins, tested["scum"].reason) == (1, "")
    assert tested["naive"].reason == ""


def test_the_overall_scores_are_the_means_over_the_series_that_have_them() -> None:
    series = [yearly(OUTPUT, "a"), yearly(OUTPUT[:4], "b"), yearly(OUTPUT[::-1], "c")]
    result = lf.backtest(lf.BacktestRequest(series, 2, ("drift", "seasonal_naive", "naive")))
    drift = [one.scores[0] for one in result.series]
    assert result.overall[0].errors == 14
    for name in ("mase", "smape", "coverage_80", "coverage_95", "msis_95"):
        mean = (getattr(drift[0], name) + getattr(drift[2], name)) / 2
        assert getattr(result.overall[0], name) == pytest.approx(mean)
    naive = result.overall[2]
    of_means = (result.overall[0].mase / naive.mase + result.overall[0].smape / naive.smape) / 2
    assert result.overall[0].owa == pytest.approx(of_means)
    assert result.overall[1].reason == "has scores on no series"


def test_gaps_are_neither_origins_nor_scored() -> None:
    holed = [*OUTPUT[:5], math.nan, *OUTPUT[6:]]
    found = by_model(run(yearly(holed), 2, ("naive",)))["naive"]
    # Origins after 4, 5 and 7 values, and not after the gap; of their steps 5, (gap, 7), 8: three are observed.
    assert (found.origins, found.errors) == (3, 3)


def test_a_horizon_that_ends_within_the_gap_leaves_nothing_to_score() -> None:
    holed = [*OUTPUT[:4], math.nan, math.nan, 2100.0]
    assert by_model(run(yearly(holed), 2, ("naive",)))["naive"].reason == (
        "no value is observed within the horizon of an origin"
    )
    assert by_model(run(yearly(holed), 3, ("naive",)))["naive"].errors == 1


def test_the_number_of_origins_is_limited_to_the_latest() -> None:
    values = np.cumsum(np.random.default_rng(1).normal(0, 1, 40)) + 100
    assert by_model(run(yearly(values.tolist()), 3, ("naive",), 7))["naive"].origins == 7


def test_intervals_cover_about_what_they_say_on_random_walks() -> None:
    """Geometric walks of 10 % a year; 80 % and 95 % of what came, give or take sampling and the pooled calibration."""
    draw = np.random.default_rng(4)
    series = [
        yearly((1000 * np.exp(np.cumsum(draw.normal(0.0, 0.1, 25)))).tolist(), f"walk {i}", 1995) for i in range(40)
    ]
    overall = lf.backtest(lf.BacktestRequest(series, 3, ("default", "naive"), 5)).overall
    for one in overall:
        assert 0.75 < one.coverage_80 < 0.95
        assert 0.93 < one.coverage_95 < 1.0


@settings(max_examples=15, deadline=None)
@given(st.lists(st.one_of(st.just(0.0), st.floats(0.01, 1e6)), min_size=1, max_size=14), st.integers(1, 6))
def test_every_model_has_scores_or_a_reason(data: list[float], horizon: int) -> None:
    models = tuple(card.name for card in lf.list_models() if card.name != "prophet")
    for one in run(yearly(data), horizon, ("default", *models), 3).scores:
        assert bool(one.errors) != bool(one.reason)
        if one.errors:
            assert one.smape <= 2.0 + 1e-9
            assert 0.0 <= one.coverage_80 <= one.coverage_95 <= 1.0


def test_the_same_request_gives_the_same_scores_and_digest() -> None:
    request = lf.BacktestRequest([demand(20)], 3, ("default", "scum", "per_capita_s_curve"))
    one, two = lf.backtest(request), lf.backtest(request)
    assert one == two
    other = lf.BacktestRequest([demand(20)], 4, ("default", "scum", "per_capita_s_curve"))
    assert lf.backtest(other).input_digest != one.input_digest


def test_progress_is_reported_cancellation_obeyed_and_the_deadline_said() -> None:
    request = lf.BacktestRequest([yearly(OUTPUT, name) for name in "abc"], 2, ("naive", "drift"))
    control = Attended()
    lf.backtest(request, control)
    assert control.reports == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(lf.ForecastCancelled, match="after 1 of 3"):
        lf.backtest(request, Attended(stop_after=1))
    late = lf.backtest(request, Attended(left_s=0.0))
    assert all("deadline" in score.reason for one in late.series for score in one.scores)


def test_every_fault_of_a_request_is_told_at_once() -> None:
    with pytest.raises(lf.InvalidInput) as caught:
        lf.BacktestRequest([yearly([1.0]), yearly([2.0])], 0, ["drift", "crystal_ball", "drift"], 101)
    found = {v.field: v.message for v in caught.value.violations}
    assert set(found) == {"series[1].id", "horizon", "most_origins", "models[1]", "models[2]"}
    assert "choose from default, naive" in found["models[1]"]
