"""Indicators of one series on hand-made ones: steps, spikes, trends, flat ones, too short ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.warning import (
    InvalidSeries,
    band_score,
    jump_score,
    structural_break,
    sudden_fall,
    trend,
    volatility,
)

FLAT = [100.0] * 12
TREND = [100.0 * 1.02**i for i in range(12)]
NOISY = [100.0, 102.0, 99.0, 101.0, 98.0, 100.0, 103.0, 99.0, 101.0, 100.0, 98.0, 102.0]
STEP = [*NOISY, *(2 * price for price in NOISY)]
SPIKE = [*NOISY, 160.0]
OF_PRICES: tuple[Callable[[Sequence[float]], object], ...] = (
    lambda prices: band_score(prices, 10),
    lambda prices: jump_score(prices, 10),
    lambda prices: volatility(prices, 10, 12),
    lambda prices: trend(prices, 10),
)


def of_returns(returns: Sequence[float]) -> list[float]:
    """Prices of such log returns."""
    return [100.0 * math.exp(total) for total in itertools.accumulate(returns, initial=0.0)]


def test_a_trend_is_its_growth_and_no_jump() -> None:
    assert trend(TREND, 10) == pytest.approx(0.02)
    assert jump_score(TREND, 10) == pytest.approx(0.0, abs=1e-9)
    assert volatility(TREND, 10, 12) == pytest.approx(0.0, abs=1e-9)
    assert trend(FLAT, 10) == pytest.approx(0.0)
    assert trend(list(reversed(TREND)), 10) == pytest.approx(1 / 1.02 - 1)


def test_a_trend_looks_at_its_window_alone() -> None:
    assert trend([5.0, 500.0, *FLAT], 12) == pytest.approx(0.0)
    assert trend(FLAT, 13) is None


def test_a_spike_is_a_jump_and_a_quiet_price_is_none() -> None:
    spike, quiet = jump_score(SPIKE, 12), jump_score(NOISY, 10)
    assert spike is not None
    assert quiet is not None
    assert spike > 6
    assert quiet < 2


def test_a_jump_by_hand() -> None:
    """Returns before it 0.02 and −0.03 in turn: median 0.02, quartiles −0.03 and 0.02."""
    assert jump_score(of_returns([0.02, -0.03, 0.02, -0.03, 0.02, 0.12]), 5) == pytest.approx(0.10 / (0.05 / 1.349))


def test_after_fixed_prices_the_least_deviation_counts() -> None:
    assert jump_score(of_returns([0.0] * 6 + [0.005]), 6) == pytest.approx(5.0)


def test_a_fall_is_as_much_a_jump_as_a_rise() -> None:
    down = [*NOISY, NOISY[-1] / 1.6]
    up = [*NOISY, NOISY[-1] * 1.6]
    assert jump_score(down, 11) == pytest.approx(jump_score(up, 11) or 0.0, rel=0.1)


def test_an_earlier_spike_does_not_hide_a_later_jump() -> None:
    calm, marked = [*NOISY, *NOISY, 160.0], [*NOISY, 400.0, *NOISY, 160.0]
    before, after = jump_score(calm, 24), jump_score(marked, 25)
    assert before is not None
    assert after is not None
    assert after > 0.6 * before


def test_the_band_by_hand() -> None:
    """Logs of 1, e, e², e³, e⁴: median 2, quartiles 1 and 3; e⁵ lies 3 above."""
    prices = [math.exp(i) for i in range(6)]
    assert band_score(prices, 5) == pytest.approx(3 / (2 / 1.349))
    below = [*(math.exp(i) for i in range(5)), math.exp(-1)]
    assert band_score(below, 5) == pytest.approx(-3 / (2 / 1.349))


def test_volatility_by_hand() -> None:
    """Returns of +1 % and −1 %, as many of each: standard deviation √(n/(n − 1))·0.01 in a step."""
    prices = [100.0]
    for i in range(10):
        prices.append(prices[-1] * math.exp(0.01 if i % 2 else -0.01))
    assert volatility(prices, 10, 12) == pytest.approx(0.01 * math.sqrt(10 / 9) * math.sqrt(12))


def test_a_fall_is_of_what_is_usual() -> None:
    assert sudden_fall([*FLAT, 40.0], 12) == pytest.approx(0.6)
    assert sudden_fall([*FLAT, 140.0], 12) == 0.0
    assert sudden_fall([*NOISY, 1000.0, 50.0], 12) == pytest.approx(0.5, abs=0.02)
    assert sudden_fall([*FLAT, 0.0], 12) == 1.0
    assert sudden_fall([0.0] * 12, 11) is None


def test_a_step_is_a_break_where_it_is_and_noise_is_none() -> None:
    step, noise = structural_break(STEP), structural_break(NOISY)
    assert step is not None
    assert noise is not None
    assert step.index == len(NOISY) - 1
    assert step.statistic > 1.36 > noise.statistic
    assert structural_break(FLAT) is None


@pytest.mark.parametrize("indicator", OF_PRICES)
def test_too_few_values_are_no_warning(indicator: Callable[[Sequence[float]], object]) -> None:
    assert indicator([100.0, 101.0, 250.0]) is None
    assert indicator([]) is None


@pytest.mark.parametrize("indicator", OF_PRICES)
@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_what_is_no_price_is_refused(indicator: Callable[[Sequence[float]], object], wrong: float) -> None:
    with pytest.raises(InvalidSeries, match="value 3"):
        indicator([*FLAT[:3], wrong, *FLAT])


def test_what_is_no_number_is_refused_in_flows_and_breaks() -> None:
    with pytest.raises(InvalidSeries, match="of 0 or more"):
        sudden_fall([*FLAT, -1.0], 5)
    with pytest.raises(InvalidSeries, match="finite number"):
        structural_break([*FLAT, math.nan])


@given(st.lists(st.floats(1.0, 1000.0), min_size=13, max_size=30), st.floats(0.01, 100.0))
def test_the_unit_of_a_price_does_not_matter(prices: list[float], factor: float) -> None:
    scaled = [price * factor for price in prices]
    for indicator in OF_PRICES:
        assert indicator(scaled) == pytest.approx(indicator(prices), rel=1e-6, abs=1e-6)
