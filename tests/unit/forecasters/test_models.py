from collections.abc import Callable

import numpy as np
import pytest

import lodestock_forecasters as lf
from lodestock_forecasters.history import History
from lodestock_forecasters.models.registry import ForecasterPool

from .conftest import SeriesMaker, yearly

OUTPUT = [2410.0, 2640, 2080, 1900, 2100, 2300, 2000, 2200]
STATISTICAL = ["theta_log", "ces", "auto_ets", "dotm"]


def path(model: str, series: lf.DemandSeries, horizon: int = 5) -> np.ndarray:
    with ForecasterPool(lf.Unattended()) as pool:
        return pool[model].forecast(History.of(series), horizon)


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


def test_every_model_is_listed_with_what_a_caller_needs_to_choose() -> None:
    cards = lf.list_models()
    assert {c.name for c in cards} == {"naive", "seasonal_naive", "drift", "prophet", *STATISTICAL}
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
    make = yearly if yearly_too else make_monthly
    values = np.resize(OUTPUT, least).tolist()
    enough = forecast_one(make(values), model=card.name, backtest_origins=0)
    assert [w.model for w in enough.weights] == [card.name]
    assert enough.rejected == ()
    if least > 1:
        short = forecast_one(make(values[:-1]), model=card.name, backtest_origins=0)
        assert short.level in (lf.FallbackLevel.NAIVE, lf.FallbackLevel.LAST_VALUE)
        reason = f"needs {least} observed values, the series has {least - 1}"
        assert short.rejected == (lf.Rejection(card.name, reason),)
