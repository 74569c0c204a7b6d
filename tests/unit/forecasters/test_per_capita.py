"""The driver model: use per head follows income, and the model says what it lacks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lodestock_forecasters as lf

MODEL = "per_capita_s_curve"
YEARS = np.arange(1990, 2041)
POPULATION = 300e6 * 1.008 ** (YEARS - 1990.0)
INCOME = 8_000.0 * 1.04 ** (YEARS - 1990.0)
ForecastOne = Callable[..., lf.SeriesForecast]


def drivers(years: np.ndarray = YEARS, growth: float = 0.0) -> lf.Drivers:
    """Income that grows by 4 % a year, and after 2019 by `growth` more."""
    place = np.searchsorted(YEARS, years)
    income = INCOME[place] * (1.0 + growth) ** np.maximum(years - 2019.0, 0.0)
    return lf.Drivers([str(y) for y in years], POPULATION[place], income * POPULATION[place])


def use_per_head(income: np.ndarray) -> np.ndarray:
    return 0.02 / (1.0 + (20_000.0 / income) ** 2)


def demand(n: int = 30, level: float = 1.0, known: lf.Drivers | None = None) -> lf.DemandSeries:
    """Tonnes by year from 1990 on a logistic of b = ½ whose half is at 20,000."""
    values = level * use_per_head(INCOME[:n]) * POPULATION[:n]
    labels = [str(y) for y in YEARS[:n]]
    return lf.DemandSeries("copper/XYZ", lf.Frequency.YEARLY, labels, values, "t", drivers=known or drivers())


def reason(series: lf.DemandSeries, horizon: int = 5) -> str:
    answer = lf.forecast(lf.ForecastRequest([series], horizon, model=MODEL, sample_paths=0)).forecasts[0]
    assert [w.model for w in answer.weights] == ["naive"]
    assert [r.model for r in answer.rejected] == [MODEL]
    return answer.rejected[0].reason


def test_demand_on_the_curve_goes_on_along_it(forecast_one: ForecastOne) -> None:
    answer = forecast_one(demand(), 10, model=MODEL, backtest_origins=0)
    assert answer.median == pytest.approx(use_per_head(INCOME[30:40]) * POPULATION[30:40], rel=1e-5)


def test_the_curve_is_moved_to_the_last_observation(forecast_one: ForecastOne) -> None:
    """The last value doubled: the path goes on from there, with the shape of the curve that was fitted."""
    plain = demand()
    values = plain.observations.copy()
    values[-1] *= 2.0
    raised = lf.DemandSeries("copper/XYZ", lf.Frequency.YEARLY, plain.periods, values, "t", drivers=plain.drivers)
    path = forecast_one(raised, 1, model=MODEL, backtest_origins=0).median
    assert 1.9 * plain.observations[-1] < path[0] < 2.4 * plain.observations[-1]


def test_higher_income_ahead_means_more_use_of_what_is_not_saturated(forecast_one: ForecastOne) -> None:
    low, high = (forecast_one(demand(known=drivers(growth=g)), 10, model=MODEL).median for g in (-0.02, 0.02))
    assert (high > low).all()
    # Half of the saturation is at 20,000, income ends at 55,000: at most 0.02 t a head.
    assert (high <= 0.0201 * POPULATION[30:40]).all()


def test_a_saturation_of_the_caller_is_a_ceiling(forecast_one: ForecastOne) -> None:
    plain = demand()
    ceiling = 1.05 * float(plain.observations.max())
    capped = lf.DemandSeries(
        "copper/XYZ", lf.Frequency.YEARLY, plain.periods, plain.values, "t", ceiling, drivers=plain.drivers
    )
    assert forecast_one(capped, 10, model=MODEL).median.max() == ceiling


def test_drivers_are_asked_for_in_the_years_that_are_needed(forecast_one: ForecastOne) -> None:
    """Years between observations, and years before the drivers begin, need none."""
    some = np.array([y for y in YEARS if y >= 2000 and y != 2010])
    series = demand(known=drivers(some))
    values = series.observations.copy()
    values[20] = math.nan
    holed = lf.DemandSeries("copper/XYZ", lf.Frequency.YEARLY, series.periods, values, "t", drivers=series.drivers)
    answer = forecast_one(holed, 5, model=MODEL, backtest_origins=0)
    assert answer.median == pytest.approx(use_per_head(INCOME[30:35]) * POPULATION[30:35], rel=1e-4)


def test_what_is_missing_is_said() -> None:
    without = demand()
    bare = lf.DemandSeries("a", lf.Frequency.YEARLY, without.periods, without.values, "t")
    assert reason(bare) == (
        "needs population and GDP; none are given, and none are known of a country that the series is of"
    )
    short = demand(known=drivers(YEARS[:33]))
    assert reason(short) == (
        "needs population and GDP of 2 years from 2023 to 2024 too; they are known for years from 1990 to 2022"
    )
    assert reason(demand(known=drivers(YEARS[30:]))).startswith("needs population and GDP of 2019 too")
    late = demand(known=drivers(YEARS[25:]))
    assert reason(late) == "needs 8 observed values in years with population and GDP, the series has 5"
    assert reason(demand(7)) == "needs 8 observed values, the series has 7"


def test_a_path_beyond_all_demand_is_no_answer() -> None:
    """A millionfold of the people from one year to the next would use more than any series may hold."""
    population = np.where(YEARS >= 2020, 1e12, POPULATION)
    swollen = lf.Drivers([str(y) for y in YEARS], population, INCOME * population)
    large = demand(level=1e8, known=swollen)
    assert reason(large).startswith("leads to demand above 1e+15")


@pytest.mark.parametrize(("population", "gdp"), [(0.9, 1e4), (1.1e12, 1e4), (1e6, 0.9), (1e6, 1.1e21), (1e6, math.nan)])
def test_drivers_stay_within_what_can_be_reckoned_with(population: float, gdp: float) -> None:
    with pytest.raises(lf.InvalidInput) as caught:
        lf.Drivers(["2024", "2025"], [1e6, population], [1e4, gdp])
    (violation,) = caught.value.violations
    assert violation.field == ("gdp[1]" if population == 1e6 else "population[1]")
    assert "must be a number from 1 to" in violation.message


def test_income_that_hardly_varies_shows_no_curve() -> None:
    flat = lf.Drivers([str(y) for y in YEARS], POPULATION, POPULATION * 30_000.0 * 1.002 ** (YEARS - 1990.0))
    assert reason(demand(known=flat)) == (
        "GDP per head varies by a factor of 1.06 over the observed years, which shows no curve; 1.22 is needed"
    )


def test_a_last_value_of_zero_stays(forecast_one: ForecastOne) -> None:
    plain = demand()
    values = plain.observations.copy()
    values[-1] = 0.0
    ended = lf.DemandSeries("a", lf.Frequency.YEARLY, plain.periods, values, "t", drivers=plain.drivers)
    assert not forecast_one(ended, 3, model=MODEL).median.any()


def test_drivers_are_part_of_the_digest() -> None:
    one, other = (lf.ForecastRequest([demand(known=drivers(growth=g))], 3, model=MODEL) for g in (0.0, 0.01))
    assert lf.input_digest(one) != lf.input_digest(other)


def test_every_fault_of_drivers_is_told_at_once() -> None:
    with pytest.raises(lf.InvalidInput) as caught:
        lf.Drivers(["2020", "2020", "20", "2019"], [1.0, 0.0, math.nan, 1.0], [1.0, -1.0, 1.0])
    found = {v.field: v.message for v in caught.value.violations}
    assert set(found) == {"periods[1]", "periods[2]", "periods[3]", "population[1]", "population[2]", "gdp", "gdp[1]"}
    assert found["periods[1]"] == "2020 repeats 2020; years must rise"
    assert found["gdp"] == "must hold one value a year: 4 years, 3 values"


def test_a_monthly_series_has_no_drivers() -> None:
    with pytest.raises(lf.InvalidInput, match="drivers: are given by year"):
        lf.DemandSeries("a", lf.Frequency.MONTHLY, ["2020-01"], [1.0], "t", drivers=drivers())


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.one_of(st.just(0.0), st.floats(0.01, 1e6)), min_size=1, max_size=20),
    st.lists(st.floats(-0.2, 0.2), min_size=28, max_size=28),
)
def test_any_use_and_any_income_get_an_answer(data: list[float], growth: list[float]) -> None:
    years = np.arange(2000, 2028)
    income = 5_000.0 * np.exp(np.cumsum(growth))
    path = lf.Drivers([str(y) for y in years], np.full(28, 1e6), income * 1e6)
    labels = [str(y) for y in years[: len(data)]]
    series = lf.DemandSeries("a", lf.Frequency.YEARLY, labels, data, "t", drivers=path)
    request = lf.ForecastRequest([series], 8, model=MODEL, sample_paths=50, backtest_origins=1)
    answer = lf.forecast(request).forecasts[0]
    for figures in (answer.mean, answer.median, answer.quantiles, answer.paths):
        assert np.isfinite(figures).all()
        assert (figures >= 0).all()
    assert (np.diff(answer.quantiles, axis=0) >= 0).all()
    assert answer.rejected or answer.weights[0].model == MODEL
