"""Indicators of supplies, demand, stocks and plans by hand, and the list of all."""

from __future__ import annotations

import pytest

from lodestock_optimizers import risk, warning
from lodestock_optimizers.risk import CountryShare
from lodestock_optimizers.warning import (
    INDICATORS,
    Gap,
    days_of_cover,
    demand_at_risk,
    distance_from_floor,
    forecast_gap,
    growth_gap,
    largest_share,
    restricted_share,
    secondary_share,
    static_reserve_life,
)

SHARES = (
    CountryShare("", 0.5),
    CountryShare("CHN", 0.3, trade_parameter=1.1),
    CountryShare("COD", 0.1, trade_parameter=1.0),
    CountryShare("RUS", 0.1),
)


def test_the_mine() -> None:
    assert static_reserve_life(500.0, 20.0) == 25.0
    assert static_reserve_life(500.0, 0.0) is None


def test_the_refiner_and_trade() -> None:
    largest = largest_share(SHARES)
    assert largest is not None
    assert largest.country == "CHN"
    assert largest_share(SHARES[:1]) is None
    assert largest_share((CountryShare("RUS", 0.1), CountryShare("COD", 0.1))) == CountryShare("COD", 0.1)
    assert restricted_share(SHARES) == pytest.approx(0.3)


def test_demand_against_supply() -> None:
    assert growth_gap(0.10, 0.10) == 0.0
    assert growth_gap(0.21, 0.10) == pytest.approx(0.1)
    assert forecast_gap([80, 100, 120, 140], [100]) == Gap(60 / 440, 0.5)
    assert forecast_gap([80, 100], [100, 80]) == Gap(20 / 180, 0.5)
    assert forecast_gap([100], [100]) == Gap(0.0, 0.0)
    assert forecast_gap([], [100]) is None
    assert forecast_gap([0.0], [100]) is None
    with pytest.raises(ValueError, match="as many, or one"):
        forecast_gap([1, 2, 3], [1, 2])


def test_scrap_stock_and_plan() -> None:
    assert secondary_share(25, 75) == 0.25
    assert secondary_share(0, 0) is None
    assert days_of_cover(50, 365.25) == pytest.approx(50)
    assert days_of_cover(50, 0) is None
    assert distance_from_floor([120, 90, 0], [100, 100, 0]) == pytest.approx(-0.1)
    assert distance_from_floor([5], [0]) is None
    assert demand_at_risk([100, 300], [1.0, 0.2]) == pytest.approx(0.4)
    assert demand_at_risk([], []) is None


def test_every_indicator_names_a_function_that_there_is() -> None:
    assert len({indicator.indicator_id for indicator in INDICATORS}) == len(INDICATORS)
    for indicator in INDICATORS:
        assert callable(getattr(warning, indicator.made_by, None) or getattr(risk, indicator.made_by)), indicator
    assert {indicator.stage for indicator in INDICATORS} == {"MINING", "REFINING", "TRADE", "USE", "RECYCLING"}
