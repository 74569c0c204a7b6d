import json
from importlib import resources

import numpy as np
import pytest

import lodestock_forecasters as lf
from lodestock_forecasters.calibration import load_calibration, parse_calibration
from lodestock_forecasters.history import History
from lodestock_forecasters.intervals import error_scale, path_generator, sample_paths, step_distribution

from .conftest import yearly

TABLE = {
    "pooled_scale": 0.1,
    "prior_weight": 1.0,
    "dependence": 0.5,
    "growth": 0.5,
    "levels": [0.025, 0.1, 0.5, 0.9, 0.975],
    "classes": [
        {"minimum_points": 1, "first_step": [-4.0, -2.0, 0.0, 2.0, 4.0]},
        {"minimum_points": 5, "first_step": [-2.0, -1.0, 0.0, 1.0, 2.0]},
    ],
}


def test_scores_are_tabulated_by_length_and_grow_as_a_power_of_the_step() -> None:
    calibration = parse_calibration(TABLE)
    u = np.array([0.025, 0.5, 0.9])
    assert calibration.for_length(8).at(np.array([1.0, 4.0]), u) == pytest.approx(np.array([[-2, 0, 1], [-4, 0, 2]]))
    assert calibration.for_length(2).at(np.array([1.0]), u) == pytest.approx(np.array([[-4, 0, 2]]))


def test_the_scale_of_a_series_is_its_changes_with_the_pooled_one_as_one_more_change() -> None:
    calibration = parse_calibration(TABLE)
    history = History.of(yearly([1.0, 4, 9]))
    kept = 0.95
    assert error_scale(history, calibration) == pytest.approx(np.sqrt((kept + 1 + 0.1**2 * (14 / 3)) / (kept + 1 + 1)))
    single = History.of(yearly([9.0]))
    assert error_scale(single, calibration) == pytest.approx(0.1 * 3)
    holed = History.of(yearly([1.0, float("nan"), 9.0]))
    assert error_scale(holed, calibration) == pytest.approx(np.sqrt((2 + 0.1**2 * 5) / 2))


def test_what_is_believed_of_a_trend_is_no_error() -> None:
    calibration = parse_calibration({**TABLE, "prior_weight": 0.0})
    even = History.of(yearly([(10.0 + i) ** 2 for i in range(8)]))
    assert error_scale(even, calibration) == pytest.approx(0, abs=1e-9)
    shaken = History.of(yearly([(10.0 + i + (-1) ** i) ** 2 for i in range(8)]))
    assert 1 < error_scale(shaken, calibration) < 3


def test_old_unrest_weighs_less_than_new() -> None:
    calibration = parse_calibration(TABLE)
    calm, wild = [100.0, 101] * 10, [100.0, 180] * 10
    settled, unsettled = History.of(yearly(wild + calm)), History.of(yearly(calm + wild))
    assert error_scale(settled, calibration) < 0.75 * error_scale(unsettled, calibration)


def test_a_step_follows_the_formula_on_the_square_root_scale() -> None:
    calibration = parse_calibration(TABLE)
    u = np.array([0.025, 0.5, 0.975])
    quantiles = step_distribution(np.array([100.0, 100.0]), 1.5, 8, calibration, u)
    assert quantiles[0] == pytest.approx([(10 - 3) ** 2, 100, (10 + 3) ** 2])
    wide = 3 * np.sqrt(2)
    assert quantiles[1] == pytest.approx([(10 - wide) ** 2, 100, (10 + wide) ** 2])


def test_paths_hold_each_quantile_once_per_step_and_correlate_as_stated() -> None:
    calibration = parse_calibration(TABLE)
    point = np.full(4, 100.0)
    paths = sample_paths(point, 0.5, 8, calibration, 5000, path_generator(1, "a"))
    u = (np.arange(5000) + 0.5) / 5000
    assert np.sort(paths, axis=0) == pytest.approx(step_distribution(point, 0.5, 8, calibration, u).T)
    ranks = paths.argsort(axis=0).argsort(axis=0)
    # Spearman's ρ of a Gaussian copula is 6/π · asin(r/2).
    for j, k in ((1, 2), (1, 4), (3, 4)):
        expected = 6 / np.pi * np.arcsin((j / k) ** 0.5 / 2)
        assert np.corrcoef(ranks[:, j - 1], ranks[:, k - 1])[0, 1] == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize(
    ("frequency", "seasonal"),
    [*((frequency, False) for frequency in lf.Frequency), (lf.Frequency.QUARTERLY, True), (lf.Frequency.MONTHLY, True)],
)
def test_the_shipped_table_is_sound(frequency: lf.Frequency, seasonal: bool) -> None:
    calibration = load_calibration(frequency, seasonal)
    assert calibration.classes[0].minimum_points == 1
    assert calibration.pooled_scale > 0
    for one in calibration.classes:
        assert (np.diff(one.first_step) >= 0).all()
        assert one.first_step[one.levels == 0.5] == 0
        assert 0.25 <= one.growth <= 1


def test_the_shipped_table_says_where_it_comes_from() -> None:
    text = resources.files("lodestock_forecasters").joinpath("calibration.json").read_text(encoding="utf-8")
    document = json.loads(text)
    assert document["built_by"] == "scripts/build_calibration.py"
    assert all(len(source["sha256"]) == 64 for source in document["sources"])


def test_intervals_of_eight_points_cover_random_walks_as_they_say() -> None:
    rng = np.random.default_rng(7)
    walks = 1000 * np.exp(np.cumsum(rng.normal(0, 0.1, (300, 13)), axis=1))
    series = [yearly(walk[:8].tolist(), f"walk {i}") for i, walk in enumerate(walks)]
    request = lf.ForecastRequest(series, 5, (0.025, 0.1, 0.9, 0.975), sample_paths=0, backtest_origins=0)
    bounds = np.array([f.quantiles for f in lf.forecast(request).forecasts])
    inside_80 = np.mean((bounds[:, 1] <= walks[:, 8:]) & (walks[:, 8:] <= bounds[:, 2]))
    inside_95 = np.mean((bounds[:, 0] <= walks[:, 8:]) & (walks[:, 8:] <= bounds[:, 3]))
    assert 0.75 < inside_80 < 0.92
    assert 0.92 < inside_95 <= 1
