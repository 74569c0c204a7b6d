from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lodestock_forecasters as lf
from lodestock_forecasters.history import History
from lodestock_forecasters.models.registry import ForecasterPool

from .conftest import SeriesMaker, yearly

OUTPUT = [2410.0, 2640, 2080, 1900, 2100, 2300, 2000, 2200]
STATISTICAL = ["theta_log", "ces", "auto_ets", "dotm", "auto_arima", "scum"]


def path(model: str, series: lf.DemandSeries, horizon: int = 5) -> np.ndarray:
    with ForecasterPool(lf.Unattended()) as pool:
        return pool[model].forecast(History.of(series), horizon)


def growing_economy() -> lf.Drivers:
    years = np.arange(2018, 2035)
    growth = 1.05 ** (years - 2018.0)
    return lf.Drivers([str(y) for y in years], np.full(17, 1e6), 1e10 * growth, deployment=1e3 * growth)


def test_simple_models_agree_with_their_one_line_formulas(make_monthly: SeriesMaker) -> None:
    assert path("naive", yearly(OUTPUT)).tolist() == [2200.0] * 5
    assert path("drift", yearly(OUTPUT)) == pytest.approx([2200 + k * (2200 - 2410) / 7 for k in range(1, 6)])
    months = np.arange(30.0) ** 2
    assert path("seasonal_naive", make_monthly(months), 14).tolist() == [*months[18:30], *months[18:20]]


def test_theta_on_logarithms_of_steady_growth_adds_half_of_the_growth_rate() -> None:
    rate = 0.05
    growing = path("theta_log", yearly(np.exp(rate * np.arange(30)).tolist()), 10)
    # Hyndman and Billah 2003: the trend of Theta is half of the fitted slope.
    assert np.diff(np.log(growing)) == pytest.approx(np.full(9, rate / 2), rel=1e-3)


@pytest.mark.parametrize("model", STATISTICAL)
def test_statistical_models_keep_a_constant_and_follow_the_unit(model: str) -> None:
    assert path(model, yearly([7.0] * 12)) == pytest.approx(np.full(5, 7.0))
    assert path(model, yearly([1000 * v for v in OUTPUT])) == pytest.approx(1000 * path(model, yearly(OUTPUT)))


@pytest.mark.parametrize("model", STATISTICAL)
def test_statistical_models_find_a_season(model: str, make_monthly: SeriesMaker) -> None:
    months = np.arange(84)
    noise = np.random.default_rng(3).normal(0, 1, 84)
    values = 100 + 20 * np.sin(2 * np.pi * months / 12)
    expected = 100 + 20 * np.sin(2 * np.pi * (84 + np.arange(12)) / 12)
    assert path(model, make_monthly(values + noise), 12) == pytest.approx(expected, abs=6)


def test_scum_is_the_median_of_its_four_members(forecast_one: Callable[..., lf.SeriesForecast]) -> None:
    """Petropoulos and Svetunkov's four, each floored at zero; of an even number the mean of the middle two."""
    falling = [900.0, 700, 720, 500, 480, 300, 250, 100, 60, 20]
    for values in (OUTPUT, falling):
        members = [forecast_one(yearly(values), model=m).median for m in ("auto_ets", "ces", "auto_arima", "dotm")]
        middle = np.sort(members, axis=0)[1:3].mean(axis=0)
        assert forecast_one(yearly(values), model="scum").median == pytest.approx(middle)


def test_scum_is_the_median_of_three_where_a_member_cannot_be_fitted_and_fails_below(
    forecast_one: Callable[..., lf.SeriesForecast], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_options: object) -> np.ndarray:
        raise lf.ModelFailed("no model able to be fitted")

    monkeypatch.setattr("lodestock_forecasters.models.ces.call_statsforecast", broken)
    rest = [forecast_one(yearly(OUTPUT), model=m).median for m in ("auto_ets", "auto_arima", "dotm")]
    assert forecast_one(yearly(OUTPUT), model="scum").median == pytest.approx(np.median(rest, axis=0))
    monkeypatch.setattr("lodestock_forecasters.models.dotm.call_statsforecast", broken)
    answer = forecast_one(yearly(OUTPUT), model="scum")
    assert answer.level is lf.FallbackLevel.NAIVE
    assert answer.rejected[0].reason == (
        "only 2 of 4 members could be fitted; ces: no model able to be fitted; dotm: no model able to be fitted"
    )


def test_every_model_is_listed_with_what_a_caller_needs_to_choose() -> None:
    cards = lf.list_models()
    assert {c.name for c in cards} == {
        *("naive", "seasonal_naive", "drift", "root_drift", "croston", "tsb", "prophet", "per_capita_s_curve"),
        *("intensity_of_use", "linear_decoupling", "partial_adjustment", "deployment", "with_drivers"),
        *STATISTICAL,
    }
    assert all(c.description and c.paper and c.family and c.minimum_points >= 1 for c in cards)
    seasonal = next(c for c in cards if c.name == "seasonal_naive")
    assert lf.Frequency.YEARLY not in seasonal.frequencies
    assert seasonal.least_points(lf.Frequency.MONTHLY) == 12


@pytest.mark.parametrize("card", lf.list_models(), ids=lambda card: card.name)
def test_a_model_answers_from_its_least_number_of_points(
    card: lf.ModelInfo, make_monthly: SeriesMaker, forecast_one: Callable[..., lf.SeriesForecast]
) -> None:
    yearly_too = lf.Frequency.YEARLY in card.frequencies
    least = card.least_points(lf.Frequency.YEARLY if yearly_too else lf.Frequency.MONTHLY)
    make: SeriesMaker = yearly if yearly_too else make_monthly
    values = np.resize(OUTPUT, least).tolist()
    more: dict[str, Any] = {"drivers": growing_economy()} if card.needs_drivers else {}
    enough = forecast_one(make(values, **more), model=card.name, backtest_origins=0)
    assert [w.model for w in enough.weights] == [card.name]
    assert enough.rejected == ()
    if least > 1:
        short = forecast_one(make(values[:-1], **more), model=card.name, backtest_origins=0)
        assert short.level in (lf.FallbackLevel.NAIVE, lf.FallbackLevel.LAST_VALUE)
        reason = f"needs {least} observed values, the series has {least - 1}"
        assert short.rejected == (lf.Rejection(card.name, reason),)


def test_the_square_root_drifts_on_and_ends_at_zero() -> None:
    assert path("root_drift", yearly([4.0, 10, 16]), 2) == pytest.approx([25, 36])
    assert path("root_drift", yearly([25.0, 20, 9]), 4) == pytest.approx([4, 1, 0, 0])
    assert path("root_drift", yearly([7.0]), 2) == pytest.approx([7, 7])


def test_intermittent_demand_is_forecast_by_size_and_chance() -> None:
    # Sizes of 10 every second period: half of 10, less a twentieth for the bias of the ratio.
    steady = yearly([0.0, 10] * 10)
    assert path("croston", steady, 2) == pytest.approx([4.75, 4.75], rel=0.01)
    # By hand: chances 1, .8, .64, … after the last demand; Croston's method does not see that it is gone.
    gone = yearly([10.0, 10, 10, 10, 0, 0, 0])
    assert path("tsb", gone, 2) == pytest.approx([10 * 0.8**3] * 2)
    assert path("croston", gone, 2) == pytest.approx([9.5] * 2)
