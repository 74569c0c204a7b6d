import math

import numpy as np
import pytest

import lodestock_forecasters as lf

from .conftest import yearly


def violations(make: object) -> dict[str, str]:
    with pytest.raises(lf.InvalidInput) as caught:
        make()  # type: ignore[operator]
    return {v.field: v.message for v in caught.value.violations}


def test_every_fault_of_a_series_is_told_at_once() -> None:
    found = violations(
        lambda: lf.DemandSeries(
            "", lf.Frequency.YEARLY, ["2020", "2020", "2019", "2021-Q1"], [1.0, -2.0, math.inf, 3.0], "", saturation=2.0
        )
    )
    assert set(found) == {
        "id",
        "unit",
        "periods[1]",
        "periods[2]",
        "periods[3]",
        "values[1]",
        "values[2]",
        "saturation",
    }
    assert "repeats 2020" in found["periods[1]"]
    assert "must rise" in found["periods[2]"]
    assert "a year such as '2025'" in found["periods[3]"]
    assert "negative" in found["values[1]"]
    assert "finite" in found["values[2]"]


def test_a_series_without_an_observation_is_refused_by_field() -> None:
    assert "at least one observed value" in violations(lambda: yearly([math.nan, math.nan]))["values"]
    assert "at least one period" in violations(lambda: yearly([]))["periods"]


def test_values_that_are_no_numbers_or_too_large_are_refused_by_field() -> None:
    labels = ["2020", "2021"]
    text = violations(lambda: lf.DemandSeries("a", lf.Frequency.YEARLY, labels, ["W", "2"], "t"))
    assert "must be a flat list of numbers" in text["values"]
    assert "choose a larger unit" in violations(lambda: yearly([1.0, 1e16]))["values[1]"]


def test_of_many_faults_the_first_thousand_are_told_and_the_rest_counted() -> None:
    labels, values = ["2020-01"] * 50_000, np.full(50_000, -1.0)
    with pytest.raises(lf.InvalidInput) as caught:
        lf.DemandSeries("tin", lf.Frequency.MONTHLY, labels, values, "t")
    assert len(caught.value.violations) == 1000
    # 49,999 labels repeat the one before, and 50,000 values are negative.
    assert caught.value.violations[-1].message.endswith("(and 98999 more violations)")


def test_periods_and_values_must_match_in_number() -> None:
    found = violations(lambda: lf.DemandSeries("a", lf.Frequency.YEARLY, ["2020", "2021"], [1.0], "t"))
    assert found == {"values": "must hold one value per period: 2 periods, 1 values"}


def test_every_fault_of_a_request_is_told_at_once() -> None:
    found = violations(
        lambda: lf.ForecastRequest(
            [yearly([1.0]), yearly([2.0])],
            horizon=0,
            quantile_levels=[0.5, 0.1, 1.0, math.nan],
            sample_paths=-1,
            seed=-1,
            model="crystal_ball",
            backtest_origins=101,
        )
    )
    assert set(found) == {
        "series[1].id",
        "horizon",
        "quantile_levels[1]",
        "quantile_levels[2]",
        "quantile_levels[3]",
        "sample_paths",
        "seed",
        "model",
        "backtest_origins",
    }
    assert found["horizon"] == "must be from 1 to 120, got 0"
    assert "theta_log" in found["model"]


def test_a_huge_horizon_and_an_empty_batch_are_refused() -> None:
    found = violations(lambda: lf.ForecastRequest([], horizon=10_000_000))
    assert set(found) == {"series", "horizon"}


def test_a_model_must_take_the_frequency() -> None:
    found = violations(lambda: lf.ForecastRequest([yearly([1.0, 2.0])], 1, model="seasonal_naive"))
    assert found["model"] == "seasonal_naive takes QUARTERLY, MONTHLY; series[0] is YEARLY"


def test_faults_can_be_placed_below_the_callers_path() -> None:
    with pytest.raises(lf.InvalidInput) as caught:
        yearly([-1.0])
    assert [v.field for v in caught.value.under("series[2]").violations] == ["series[2].values[0]"]


def test_values_are_kept_as_a_read_only_copy() -> None:
    mine = np.array([1.0, 2.0])
    series = yearly(mine)  # type: ignore[arg-type]
    mine[0] = 9.0
    assert series.observations.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        series.observations[0] = 5.0
