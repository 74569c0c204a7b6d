"""Ecological pressure: by hand, cut off at the worst, over what is known alone."""

import pytest

from lodestock_optimizers.risk import (
    CountryShare,
    EcologicalIndicator,
    InvalidRiskInput,
    ecological_pressure,
    ecological_pressure_of_shares,
)


def test_a_source_by_hand() -> None:
    carbon, water = EcologicalIndicator("CO2, t/t", 5, 20, 3), EcologicalIndicator("water, m3/t", 900, 300)
    assert ecological_pressure([carbon, water]) == pytest.approx((3 * 0.25 + 1 * 1.0) / 4)


def test_a_supply_over_what_is_known() -> None:
    shares = (CountryShare("CHN", 0.6), CountryShare("AUS", 0.2), CountryShare("USA", 0.2))
    score = ecological_pressure_of_shares(shares, {"CHN": 0.5, "AUS": 0.1})
    assert score is not None
    assert score.value == pytest.approx((0.6 * 0.5 + 0.2 * 0.1) / 0.8)
    assert sum(part.contribution for part in score.contributions) == pytest.approx(score.value)
    assert score.inputs["share_known"] == pytest.approx(0.8)
    assert score.remarks == ("no ecological indicators for 20.0% of the supply: left out of the mean",)


def test_nothing_known_is_no_score() -> None:
    assert ecological_pressure_of_shares((CountryShare("CHN", 1.0),), {"AUS": 0.1}) is None


def test_everything_wrong_is_told_at_once() -> None:
    wrong = [EcologicalIndicator("CO2", -1, 0), EcologicalIndicator("CO2", 1, 1, -2)]
    with pytest.raises(InvalidRiskInput) as caught:
        ecological_pressure(wrong)
    assert {violation.field_path for violation in caught.value.violations} == {
        "indicators[0].value",
        "indicators[0].worst",
        "indicators[1].weight",
        "indicators[1].name",
    }
    with pytest.raises(InvalidRiskInput, match="above 0"):
        ecological_pressure([EcologicalIndicator("CO2", 1, 1, 0)])
