"""The Yale method: both ends of each transformation, the mean by hand, weights, and what is refused."""

import pytest

from lodestock_optimizers.risk import CountryShare, InvalidRiskInput, YaleWeights, yale_supply_risk
from lodestock_optimizers.risk.yale import concentration_score, depletion_score

SUPPLY = (
    CountryShare("CHN", 0.75, political_instability=0.6, ability_to_supply=0.4, human_development=0.8),
    CountryShare("AUS", 0.25, political_instability=0.2, ability_to_supply=0.2, human_development=0.9),
)
GEOLOGICAL = (100 - 0.2 * 50 - 0.008 * 50**2 + 30) / 2
SOCIAL = 50 * (0.75 * (0.4 + 0.8) + 0.25 * (0.2 + 0.9))
INSTABILITY = 100 * (0.75 * 0.6 + 0.25 * 0.2)


def test_transformations_meet_the_ends_of_the_scale() -> None:
    assert depletion_score(0) == 100
    assert depletion_score(100) == pytest.approx(0, abs=1e-9)
    assert depletion_score(1e6) == 0
    assert concentration_score(1.0) == pytest.approx(100, abs=0.01)
    assert concentration_score(0.0) == concentration_score(1e-6) == 0
    # 1,800 points of the index in per cent are called a concentrated market.
    assert concentration_score(0.18) == pytest.approx(70, abs=0.1)


def test_the_mean_of_three_components_by_hand() -> None:
    score = yale_supply_risk(SUPPLY, 50, 0.3)
    geopolitical = (INSTABILITY + concentration_score(0.75**2 + 0.25**2)) / 2
    assert score.value == pytest.approx((GEOLOGICAL + SOCIAL + geopolitical) / 3)
    assert score.inputs["depletion_time"] == pytest.approx(70)
    added = sum(part.contribution for part in score.contributions)
    assert added == pytest.approx((SOCIAL + INSTABILITY / 2) / 3)


def test_weights_choose_components() -> None:
    assert yale_supply_risk(SUPPLY, 50, 0.3, YaleWeights(2, 0, 0)).value == pytest.approx(GEOLOGICAL)
    mixed = yale_supply_risk(SUPPLY, 50, 0.3, YaleWeights(3, 1, 0))
    assert mixed.value == pytest.approx((3 * GEOLOGICAL + SOCIAL) / 4)
    assert mixed.inputs["weight_geological"] == 0.75


def test_shares_without_a_name_are_left_out_of_the_means() -> None:
    half = [CountryShare("CHN", 0.5, political_instability=0.6, ability_to_supply=0.4, human_development=0.8)]
    assert yale_supply_risk(half, 50, 0.3).inputs["policy"] == pytest.approx(40)


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidRiskInput) as caught:
        yale_supply_risk([CountryShare("CHN", 0.5, ability_to_supply=0.4)], -1, 2, YaleWeights(0, 0, 0))
    assert {violation.field_path for violation in caught.value.violations} == {
        "depletion_years",
        "companion_share",
        "global_supply[0].human_development",
        "global_supply[0].political_instability",
        "weights",
    }
