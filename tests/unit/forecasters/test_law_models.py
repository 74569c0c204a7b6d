"""The laws as models beside the statistical ones: they follow their drivers, and say what they lack."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lodestock_forecasters as lf
from lodestock_forecasters import s_curves

YEARS = np.arange(1985, 2041)
LAST = 2019
OBSERVED = LAST + 1 - 1985
POPULATION = 50e6 * 1.005 ** (YEARS - 1985.0)
INCOME = 6_000.0 * 1.035 ** (YEARS - 1985.0) * np.exp(0.05 * np.sin(YEARS / 2.0))
PRICE = 5_000.0 * np.exp(0.3 * np.sin(YEARS / 3.0))
DEPLOYMENT = 1e6 / (1.0 + np.exp(-(YEARS - 2015.0) / 6.0))


def drivers(**paths: np.ndarray) -> lf.Drivers:
    return lf.Drivers([str(year) for year in YEARS], POPULATION, INCOME * POPULATION, **paths)


def series(values: np.ndarray, known: lf.Drivers | None) -> lf.DemandSeries:
    labels = [str(year) for year in YEARS[:OBSERVED]]
    return lf.DemandSeries("copper/XYZ", lf.Frequency.YEARLY, labels, values[:OBSERVED], "t", drivers=known)


def forecast(model: str, values: np.ndarray, known: lf.Drivers | None, horizon: int = 15) -> lf.SeriesForecast:
    asked = lf.ForecastRequest([series(values, known)], horizon, model=model, sample_paths=0, backtest_origins=0)
    return lf.forecast(asked).forecasts[0]


def reason(model: str, values: np.ndarray, known: lf.Drivers | None) -> str:
    answer = forecast(model, values, known)
    assert [weight.model for weight in answer.weights] == ["naive"]
    return answer.rejected[0].reason


def inverted_u() -> np.ndarray:
    """Intensity of use greatest at 12,000 a head, sinking by 1 % a year beside that."""
    log_intensity = -6.0 - 0.6 * (np.log(INCOME) - np.log(12_000.0)) ** 2 - 0.01 * (YEARS - 1985.0)
    return np.asarray(np.exp(log_intensity) * INCOME * POPULATION)


def two_lines() -> np.ndarray:
    return np.asarray((2e-6 * np.minimum(INCOME, 11_000.0) + 4e-7 * np.maximum(INCOME - 11_000.0, 0.0)) * POPULATION)


def adjusting(price_elasticity: float) -> np.ndarray:
    """ln u = k + 0.6 ln u₋₁ + 0.4 ln g + γ ln p, from where the first year's income would settle it."""
    log_use = np.empty(len(YEARS))
    log_use[0] = np.log(INCOME[0])
    for t in range(1, len(YEARS)):
        pull = 0.4 * np.log(INCOME[t]) + price_elasticity * np.log(PRICE[t] / 5_000.0)
        log_use[t] = 0.6 * log_use[t - 1] + pull
    return np.asarray(1e-6 * np.exp(log_use) * POPULATION)


@pytest.mark.parametrize(
    ("model", "values", "known"),
    [
        ("intensity_of_use", inverted_u(), drivers()),
        ("linear_decoupling", two_lines(), drivers()),
        ("partial_adjustment", adjusting(0.0), drivers()),
        ("partial_adjustment", adjusting(-0.1), drivers(price=PRICE)),
        ("deployment", 20_000.0 + 0.08 * DEPLOYMENT, drivers(deployment=DEPLOYMENT)),
    ],
    ids=["intensity_of_use", "linear_decoupling", "adjustment", "adjustment_with_price", "deployment"],
)
def test_demand_on_the_law_goes_on_along_it(model: str, values: np.ndarray, known: lf.Drivers) -> None:
    answer = forecast(model, values, known)
    assert [weight.model for weight in answer.weights] == [model]
    assert answer.median == pytest.approx(values[OBSERVED : OBSERVED + 15], rel=0.01)
    assert answer.median[0] == pytest.approx(values[OBSERVED], rel=0.005)


def test_a_price_that_is_not_known_ahead_is_left_out() -> None:
    """Known to the last observation alone, the price says nothing of the years ahead."""
    known = np.where(YEARS <= LAST, PRICE, np.nan)
    with_price, without = (
        forecast("partial_adjustment", adjusting(-0.1), drivers(**paths)).median for paths in ({"price": known}, {})
    )
    assert with_price.tolist() == without.tolist()


def test_a_scenario_of_the_drivers_moves_the_forecast() -> None:
    dear = np.where(YEARS > LAST, 4.0 * PRICE, PRICE)
    more = np.where(YEARS > LAST, 2.0 * DEPLOYMENT, DEPLOYMENT)
    cheap = forecast("partial_adjustment", adjusting(-0.1), drivers(price=PRICE)).median
    assert (forecast("partial_adjustment", adjusting(-0.1), drivers(price=dear)).median < cheap).all()
    use = 20_000.0 + 0.08 * DEPLOYMENT
    base = forecast("deployment", use, drivers(deployment=DEPLOYMENT)).median
    assert (forecast("deployment", use, drivers(deployment=more)).median > base).all()


def test_what_a_law_lacks_is_said() -> None:
    for model in ("intensity_of_use", "linear_decoupling", "partial_adjustment"):
        assert reason(model, inverted_u(), None).startswith("needs population and GDP")
    zeros = np.where(YEARS == 2000, 0.0, inverted_u())
    for model in ("intensity_of_use", "partial_adjustment"):
        assert reason(model, zeros, drivers()) == "needs values above zero, of which it takes logarithms"
    assert reason("deployment", inverted_u(), drivers()).startswith("needs what is deployed by year")
    short = np.where(YEARS <= LAST, DEPLOYMENT, np.nan)
    assert "in every year ahead" in reason("deployment", inverted_u(), drivers(deployment=short))
    every_other = np.where(YEARS[:OBSERVED] % 2 == LAST % 2, inverted_u()[:OBSERVED], np.nan)
    assert "pairs of years that follow each other" in reason("partial_adjustment", every_other, drivers())


def test_laws_and_statistical_models_stand_in_one_combination() -> None:
    """The median of the three statistical paths and of the laws that have an answer; the deployment has none here."""
    values, known = two_lines(), drivers()
    members = ("drift", "theta_log", "ces", "per_capita_s_curve", "intensity_of_use", "linear_decoupling")
    paths = [forecast(model, values, known).median for model in (*members, "partial_adjustment")]
    assert forecast("with_drivers", values, known).median == pytest.approx(np.median(paths, axis=0))
    assert "no law has an answer; per_capita_s_curve: needs population" in reason("with_drivers", values, None)


def test_laws_stand_in_the_same_backtest() -> None:
    """On a law's own data it beats no change at every origin, and the statistical models are scored beside it."""
    asked = lf.BacktestRequest(
        [series(inverted_u(), drivers())], 5, models=("naive", "drift", "intensity_of_use", "with_drivers")
    )
    scores = {score.model: score for score in lf.backtest(asked).series[0].scores}
    assert set(scores) == {"naive", "drift", "intensity_of_use", "with_drivers"}
    law, drift = scores["intensity_of_use"].owa, scores["drift"].owa
    assert law is not None
    assert drift is not None
    assert law < 0.1 < drift


def test_further_drivers_are_part_of_the_digest_and_checked() -> None:
    plain, priced, deployed = (
        lf.ForecastRequest([series(inverted_u(), drivers(**paths))], 3)
        for paths in ({}, {"price": PRICE}, {"deployment": PRICE})
    )
    assert len({lf.input_digest(request) for request in (plain, priced, deployed)}) == 3
    with pytest.raises(lf.InvalidInput) as caught:
        lf.Drivers(["2024", "2025"], [1e6, 1e6], [1e9, 1e9], price=[0.0, math.nan], deployment=[1.0])
    assert [violation.field for violation in caught.value.violations] == ["price[0]", "deployment"]


def learnt(model: str, values: np.ndarray, known: lf.Drivers | None) -> dict[str, float]:
    found = lf.law_coefficients(series(values, known), 15, model)
    assert all(one.unit for one in found)
    return {one.name: one.value for one in found}


def test_what_a_law_has_learnt_can_be_read() -> None:
    found = learnt("partial_adjustment", adjusting(-0.1), drivers(price=PRICE))
    assert found["persistence"] == pytest.approx(0.6, abs=0.01)
    assert found["long_run_income_elasticity"] == pytest.approx(1.0, abs=0.02)
    assert found["long_run_price_elasticity"] == pytest.approx(-0.25, abs=0.02)
    found = learnt("intensity_of_use", inverted_u(), drivers())
    assert found["turning_point"] == pytest.approx(12_000.0, rel=0.01)
    assert found["trend"] == pytest.approx(-0.01, abs=0.001)
    found = learnt("linear_decoupling", two_lines(), drivers())
    assert found["break_income"] == pytest.approx(11_000.0, rel=0.1)
    assert found["second_slope"] == pytest.approx(4e-7, rel=0.05)
    found = learnt("deployment", 20_000.0 + 0.08 * DEPLOYMENT, drivers(deployment=DEPLOYMENT))
    assert found == pytest.approx({"base": 20_000.0, "intensity": 0.08})
    found = learnt("per_capita_s_curve", POPULATION * 0.02 / (1.0 + (9_000.0 / INCOME) ** 2), drivers())
    assert found == pytest.approx({"saturation": 0.02, "half_saturation_income": 9_000.0}, rel=0.01)


@pytest.mark.parametrize("form", ["pehl", "exponential"])
def test_half_of_the_saturation_is_where_every_form_says(form: str) -> None:
    shape = {"pehl": s_curves.PEHL, "exponential": s_curves.EXPONENTIAL}[form]
    curve = s_curves.FittedCurve(shape, 3.0, (np.log(8_000.0),), 0.0)
    assert float(curve.at(curve.half_saturation_income)) == pytest.approx(1.5)


def test_what_is_no_law_or_has_no_answer_has_learnt_nothing() -> None:
    assert learnt("drift", two_lines(), drivers()) == {}
    assert learnt("default", two_lines(), drivers()) == {}
    assert learnt("with_drivers", two_lines(), drivers()) == {}
    assert learnt("intensity_of_use", two_lines(), None) == {}


LAWS = ("intensity_of_use", "linear_decoupling", "partial_adjustment", "deployment", "with_drivers")


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e9)), min_size=9, max_size=16),
    st.lists(st.floats(-0.2, 0.3), min_size=24, max_size=24),
    st.lists(st.one_of(st.just(math.nan), st.floats(1e-3, 1e6)), min_size=24, max_size=24),
    st.lists(st.floats(0.0, 1e9), min_size=24, max_size=24),
)
def test_any_use_and_any_drivers_get_an_answer(
    data: list[float], growth: list[float], price: list[float], deployed: list[float]
) -> None:
    """Finite and not negative, or refused with a reason, by every law."""
    labels = [str(year) for year in range(2000, 2024)]
    gdp = 5e9 * np.exp(np.cumsum(growth))
    known = lf.Drivers(labels, np.full(24, 1e6), gdp, price, deployed)
    one = lf.DemandSeries("a", lf.Frequency.YEARLY, labels[: len(data)], data, "t", drivers=known)
    for model in LAWS:
        asked = lf.ForecastRequest([one], 8, model=model, sample_paths=0, backtest_origins=0)
        answer = lf.forecast(asked).forecasts[0]
        assert np.isfinite(answer.quantiles).all()
        assert (answer.quantiles >= 0).all()
        assert answer.rejected or answer.weights[0].model == model
        assert all(math.isfinite(found.value) for found in lf.law_coefficients(one, 8, model))
