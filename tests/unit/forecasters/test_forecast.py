from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

import lodestock_forecasters as lf

from .conftest import SeriesMaker, yearly

OUTPUT = [2410.0, 2640, 2080, 1900, 2100, 2300, 2000, 2200]
ForecastOne = Callable[..., lf.SeriesForecast]


@pytest.mark.parametrize(
    ("n", "level"),
    [
        (1, lf.FallbackLevel.LAST_VALUE),
        (2, lf.FallbackLevel.NAIVE),
        (3, lf.FallbackLevel.SIMPLE),
        (8, lf.FallbackLevel.FULL),
    ],
)
def test_a_series_of_any_length_is_answered_with_its_level(
    n: int, level: lf.FallbackLevel, forecast_one: ForecastOne
) -> None:
    answer = forecast_one(yearly(OUTPUT[:n]))
    assert answer.level is level
    lower, upper = answer.quantiles[0], answer.quantiles[-1]
    assert (lower < answer.median).all()
    assert (upper > answer.median).all()
    assert answer.origin == str(2017 + n)


def test_the_annual_default_is_the_median_of_its_models_drawn_back_by_the_doubt_of_the_trend(
    forecast_one: ForecastOne,
) -> None:
    members = ("naive", "root_drift", "ces")
    rising = [2080.0, 1900, 2100, 2300, 2200, 2410, 2500, 2640]
    single = {m: forecast_one(yearly(rising), model=m).median for m in members}
    answer = forecast_one(yearly(rising), backtest_origins=0)
    changes = np.diff(np.sqrt(rising))
    doubt = round(0.25 / (7 * changes.mean() ** 2 / changes.var(ddof=1) + 0.25), 6)
    assert 0.05 < doubt < 0.5
    expected = np.median(list(single.values()), axis=0) * (1 - doubt) + rising[-1] * doubt
    assert answer.median == pytest.approx(expected, rel=1e-6)
    assert {w.model: w.weight for w in answer.weights} == pytest.approx(
        {"naive": (1 - doubt) / 3 + doubt, **dict.fromkeys(members[1:], (1 - doubt) / 3)}, abs=1e-6
    )


def test_the_seasonal_default_follows_the_season(make_monthly: SeriesMaker, forecast_one: ForecastOne) -> None:
    months = np.arange(72)
    noise = np.random.default_rng(0).normal(0, 1, 72)
    answer = forecast_one(make_monthly(100 + 20 * np.sin(2 * np.pi * months / 12) + noise), 12, backtest_origins=1)
    assert answer.rule is lf.CombinationRule.MEAN
    assert {w.model for w in answer.weights} == {"auto_ets", "dotm", "ces"}
    assert answer.median == pytest.approx(100 + 20 * np.sin(2 * np.pi * (72 + np.arange(12)) / 12), abs=5)
    assert answer.periods[0] == "2021-01"


def test_a_price_without_a_season_stays_near_no_change(make_monthly: SeriesMaker, forecast_one: ForecastOne) -> None:
    walk = 1000 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.04, 60)))
    answer = forecast_one(make_monthly(walk), 6)
    assert answer.rule is lf.CombinationRule.MEDIAN
    assert answer.median == pytest.approx(np.full(6, walk[-1]), rel=0.05)


def test_paths_are_joint_and_agree_with_the_quantiles_and_the_mean(forecast_one: ForecastOne) -> None:
    answer = forecast_one(yearly(OUTPUT), 10, sample_paths=4000)
    levels = np.array(answer.quantile_levels)
    assert np.quantile(answer.paths, levels, axis=0) == pytest.approx(answer.quantiles, rel=0.02, abs=2)
    assert answer.paths.mean(axis=0) == pytest.approx(answer.mean, rel=0.01)
    correlation: np.ndarray = np.asarray(np.corrcoef(answer.paths.T))
    assert correlation[8, 9] > correlation[0, 1] > correlation[0, 9] > 0.1
    # Joint paths: the sum over the years spreads far wider than independent years would, but less than if all moved as
    # one.
    spread = answer.paths.sum(axis=1).std()
    assert 1.5 * np.sqrt((answer.paths.std(axis=0) ** 2).sum()) < spread < answer.paths.std(axis=0).sum()


def test_paths_depend_on_seed_and_id_but_not_on_the_batch(forecast_one: ForecastOne) -> None:
    alone = forecast_one(yearly(OUTPUT, "a"), seed=3).paths
    request = lf.ForecastRequest([yearly(OUTPUT, "b"), yearly(OUTPUT, "a")], 5, sample_paths=200, seed=3)
    b, a = lf.forecast(request).forecasts
    assert a.paths.tobytes() == alone.tobytes()
    assert b.paths.tobytes() != alone.tobytes()
    assert forecast_one(yearly(OUTPUT, "a"), seed=4).paths.tobytes() != alone.tobytes()


def test_a_quarterly_series_is_answered_in_quarters(forecast_one: ForecastOne) -> None:
    labels = [f"{2021 + i // 4}-Q{i % 4 + 1}" for i in range(14)]
    season = np.array([10.0, 14, 9, 12])
    values = np.resize(season, 14) + np.random.default_rng(1).normal(0, 0.2, 14)
    answer = forecast_one(lf.DemandSeries("zinc", lf.Frequency.QUARTERLY, labels, values, "t"), 4)
    assert answer.periods == ("2024-Q3", "2024-Q4", "2025-Q1", "2025-Q2")
    assert answer.median == pytest.approx([9, 12, 10, 14], abs=1)


def test_missing_periods_and_nan_are_the_same_gap(forecast_one: ForecastOne) -> None:
    holed = [*OUTPUT[:3], math.nan, *OUTPUT[4:]]
    labels = [str(2018 + i) for i in range(8) if i != 3]
    dropped = lf.DemandSeries("cobalt/USA", lf.Frequency.YEARLY, labels, [v for v in holed if not math.isnan(v)], "t")
    assert forecast_one(yearly(holed)).quantiles.tobytes() == forecast_one(dropped).quantiles.tobytes()


def test_unknown_last_years_widen_the_forecast_and_do_not_move_its_start(forecast_one: ForecastOne) -> None:
    known = forecast_one(yearly(OUTPUT[:6]), 5)
    withheld = forecast_one(yearly([*OUTPUT[:6], math.nan, math.nan]), 3)
    assert (withheld.origin, withheld.periods[0]) == ("2023", "2026")
    assert withheld.quantiles == pytest.approx(known.quantiles[:, 2:])


def test_zeros_forecast_zero_with_certainty_and_do_not_fail(forecast_one: ForecastOne) -> None:
    answer = forecast_one(yearly([0.0] * 8))
    assert not answer.quantiles.any()
    assert not answer.paths.any()


def test_the_backtest_scores_every_candidate_and_the_combination(forecast_one: ForecastOne) -> None:
    answer = forecast_one(yearly(OUTPUT), 2)
    scores = {s.model: s for s in answer.backtest}
    assert set(scores) == {"naive", "root_drift", "ces", "default"}
    assert scores["naive"].owa == 1
    # Origins after 4, 5, 6 and 7 values; two steps each but for the last: naive errors by hand.
    windows = [(4, [2100, 2300]), (5, [2300, 2000]), (6, [2000, 2200]), (7, [2200])]
    errors = []
    for n, came in windows:
        scale = np.mean(np.abs(np.diff(OUTPUT[:n])))
        errors += [abs(v - OUTPUT[n - 1]) / scale for v in came]
    assert (scores["naive"].origins, scores["naive"].errors) == (4, 7)
    assert scores["naive"].mase == pytest.approx(np.mean(errors))
    assert 0 <= scores["default"].coverage_80 <= scores["default"].coverage_95 <= 1


def test_a_candidate_that_loses_clearly_is_dropped_with_the_reason(forecast_one: ForecastOne) -> None:
    # A level that fell once and stayed: a drift keeps falling.
    answer = forecast_one(yearly([100.0, 98, 10, 11, 10, 11, 10, 11, 10, 11]))
    reasons = {r.model: r.reason for r in answer.rejected}
    assert "loses to naive in the backtest: OWA" in reasons["root_drift"]
    assert "root_drift" not in {w.model for w in answer.weights}


def test_a_chosen_model_is_used_even_when_the_gate_would_drop_it(forecast_one: ForecastOne) -> None:
    answer = forecast_one(yearly([100.0, 98, 40, 41, 40, 41, 40, 41, 40, 41]), model="drift")
    assert [w.model for w in answer.weights] == ["drift"]
    assert next(s.owa for s in answer.backtest if s.model == "drift") > 2


def test_an_answer_records_seed_versions_and_a_digest_of_its_input() -> None:
    request = lf.ForecastRequest([yearly(OUTPUT)], 3, seed=11)
    result = lf.forecast(request)
    assert (result.seed, result.model) == (11, "default")
    assert {"calibration", "numpy", "statsforecast"} <= set(result.versions)
    assert result.input_digest == lf.input_digest(lf.ForecastRequest([yearly(OUTPUT)], 3, seed=11))
    assert result.input_digest != lf.input_digest(lf.ForecastRequest([yearly(OUTPUT)], 3, seed=12))
    changed = [*OUTPUT[:-1], 2201.0]
    assert result.input_digest != lf.input_digest(lf.ForecastRequest([yearly(changed)], 3, seed=11))


class Attended(lf.Unattended):
    """Writes down what is reported, stops after some series, and has a fixed time left."""

    def __init__(self, stop_after: int = 99, left_s: float | None = None) -> None:
        self.reports: list[tuple[int, int]] = []
        self.stop_after = stop_after
        self.left_s = left_s

    def report(self, done: int, total: int) -> None:
        self.reports.append((done, total))

    def cancelled(self) -> bool:
        return len(self.reports) >= self.stop_after

    def remaining_s(self) -> float | None:
        return self.left_s


def test_progress_is_reported_and_cancellation_obeyed() -> None:
    request = lf.ForecastRequest([yearly(OUTPUT, name) for name in "abc"], 2, sample_paths=0)
    control = Attended()
    lf.forecast(request, control)
    assert control.reports == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(lf.ForecastCancelled, match="after 1 of 3"):
        lf.forecast(request, Attended(stop_after=1))


def test_a_run_stops_between_two_fits_of_one_series() -> None:
    class Asked(lf.Unattended):
        def __init__(self, stop_at: float) -> None:
            self.count = 0
            self.stop_at = stop_at

        def cancelled(self) -> bool:
            self.count += 1
            return self.count >= self.stop_at

    request = lf.ForecastRequest([yearly(OUTPUT)], 2, sample_paths=0)
    whole = Asked(math.inf)
    lf.forecast(request, whole)
    assert whole.count > 3
    for at in range(1, whole.count + 1):
        with pytest.raises(lf.ForecastCancelled):
            lf.forecast(request, Asked(at))


def test_after_the_deadline_every_series_still_has_an_answer() -> None:
    request = lf.ForecastRequest([yearly(OUTPUT, name) for name in "ab"], 2)
    for answer in lf.forecast(request, Attended(left_s=0.0)).forecasts:
        assert answer.level is lf.FallbackLevel.NAIVE
        assert "deadline" in answer.rejected[0].reason
        assert answer.median.tolist() == [2200.0, 2200.0]


def test_a_model_that_breaks_on_one_series_spoils_neither_it_nor_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_options: object) -> np.ndarray:
        raise lf.ModelFailed("no model able to be fitted")

    monkeypatch.setattr("lodestock_forecasters.models.ces.call_statsforecast", broken)
    answer = lf.forecast(lf.ForecastRequest([yearly(OUTPUT)], 3)).forecasts[0]
    assert answer.level is lf.FallbackLevel.FULL
    assert [(r.model, r.reason) for r in answer.rejected if r.model == "ces"] == [("ces", "no model able to be fitted")]


def test_importing_the_package_loads_numpy_alone() -> None:
    program = (
        "import sys, lodestock_forecasters; "
        "sys.exit(len({'pandas', 'scipy', 'statsforecast', 'prophet'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_series_as_long_as_labels_reach_is_answered(forecast_one: ForecastOne) -> None:
    labels = [lf.period_label(12_000 + i, lf.Frequency.MONTHLY) for i in range(24_000)]
    walk = 1000 * np.exp(np.random.default_rng(4).normal(0, 0.001, 24_000).cumsum())
    answer = forecast_one(lf.DemandSeries("tin", lf.Frequency.MONTHLY, labels[:-9], walk[:-9], "t"), 9)
    assert answer.periods[-1] == "2999-12"
    assert answer.level is lf.FallbackLevel.FULL
    assert answer.median == pytest.approx(walk[-10], rel=0.02)
