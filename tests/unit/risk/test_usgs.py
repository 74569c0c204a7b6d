"""The USGS supply risk: worked examples by hand, a second way of computing it, and its properties.

No table with a mineral's factors beside its score was at hand, and the inputs (Policy Perception Index, trade ties,
shared values, operating profits) are not bundled: no published score is given back here. The second way is the
restatement of Nassar et al. 2020 in the ASKEM models (observables of the critical-minerals model):
TE = 1/(1 + production/net imports), EV = (Σ VA·EXP/OP)/GDP, SR = (DP·TE·EV)^(1/3).
"""

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.risk import (
    CountryShare,
    IndustryUse,
    InvalidRiskInput,
    RestTreatment,
    economic_vulnerability,
    herfindahl_hirschman,
    trade_exposure,
    usgs_supply_risk,
    usgs_supply_risk_of_shares,
    without_indices,
)

CODES = [f"{a}{b}X" for a in "ABCDEFGH" for b in "ABCDEFGH"]
FRACTION = st.floats(0.0, 1.0)


def producer(country: str, share: float, asi: float | None = None, wsi: float | None = None) -> CountryShare:
    return CountryShare(country, share, ability_to_supply=asi, willingness_to_supply=wsi)


WORLD = [producer("COD", 0.7, 0.8, 0.6), producer("CAN", 0.2, 0.2, 0.1), producer("USA", 0.1)]


def test_by_hand() -> None:
    # DP = 0.49·0.8·0.6 + 0.04·0.2·0.1 + 0.01·1·0 = 0.2352 + 0.0008 = 0.236; 0.236·0.75·0.5 = 0.0885.
    score = usgs_supply_risk_of_shares(WORLD, 0.75, 0.5, "USA")
    assert score.inputs["disruption_potential"] == pytest.approx(0.236)
    assert score.value == pytest.approx(0.0885 ** (1 / 3))
    first = score.contributions[0]
    assert (first.country, first.ability_to_supply, first.willingness_to_supply) == ("COD", 0.8, 0.6)
    assert first.contribution == pytest.approx(score.value * 0.2352 / 0.236)
    assert score.remarks == ("USA supplies itself: its own production adds nothing",)


def test_equal_factors_are_their_own_mean() -> None:
    # The threshold of the USGS, 0.40, is reached by three factors of 0.40.
    assert usgs_supply_risk(0.4, 0.4, 0.4) == pytest.approx(0.4)
    assert usgs_supply_risk(0.8, 0.1, 0.1) == pytest.approx(0.2)


class TestFactors:
    def test_trade_exposure_by_hand(self) -> None:
        # US cobalt in 2025: 14,000 t in, 4,500 t out, 2,000 t from scrap.
        assert trade_exposure(9_500, 11_500) == pytest.approx(9_500 / 11_500)

    @given(st.floats(1e-3, 1e9), st.floats(0.0, 1e9))
    def test_trade_exposure_the_second_way(self, net_imports: float, production: float) -> None:
        assert trade_exposure(net_imports, net_imports + production) == pytest.approx(
            1 / (1 + production / net_imports)
        )

    def test_a_net_exporter_is_not_exposed(self) -> None:
        assert trade_exposure(-500.0, 1000.0) == 0.0

    def test_economic_vulnerability_by_hand(self) -> None:
        # 2 % of GDP spends a tenth of its profit, 1 % of GDP half of it: 0.002 + 0.005.
        uses = [IndustryUse(0.02, 1e6, 1e7), IndustryUse(0.01, 3e6, 6e6)]
        assert economic_vulnerability(uses) == pytest.approx(0.007)

    @given(st.lists(st.tuples(st.floats(1e6, 1e9), st.floats(0, 1e9), st.floats(1e3, 1e9)), min_size=1, max_size=8))
    def test_economic_vulnerability_the_second_way(self, industries: list[tuple[float, float, float]]) -> None:
        gdp = 1e11
        uses = [IndustryUse(added / gdp, spent, profit) for added, spent, profit in industries]
        second = sum(added * spent / profit for added, spent, profit in industries) / gdp
        assert economic_vulnerability(uses) == pytest.approx(second)


class TestTreatmentOfWhatIsMissing:
    def test_countries_without_indices_are_named_and_refused(self) -> None:
        world = [producer("COD", 0.5, 0.8), producer("CAN", 0.3, 0.2, 0.1), producer("CHN", 0.2)]
        assert without_indices(world, "USA") == ["COD", "CHN"]
        with pytest.raises(InvalidRiskInput) as caught:
            usgs_supply_risk_of_shares(world, 0.5, 0.5)
        assert [v.field_path for v in caught.value.violations] == [
            "global_supply[0].willingness_to_supply",
            "global_supply[2].ability_to_supply",
            "global_supply[2].willingness_to_supply",
        ]

    def test_unnamed_producers_add_nothing_or_count_as_one_that_will_not_and_cannot(self) -> None:
        world = [producer("COD", 0.5, 0.8, 0.6)]
        many = usgs_supply_risk_of_shares(world, 1.0, 1.0)
        one = usgs_supply_risk_of_shares(world, 1.0, 1.0, rest=RestTreatment.ONE_COUNTRY)
        assert many.value == many.inputs["value_if_unnamed_are_many"] == pytest.approx(0.12 ** (1 / 3))
        assert one.value == many.inputs["value_if_unnamed_is_one_country"] == pytest.approx(0.37 ** (1 / 3))
        assert "50.0% of the supply has no named country" in many.remarks[0]

    def test_a_factor_of_zero_makes_no_risk_and_no_contributions(self) -> None:
        score = usgs_supply_risk_of_shares([producer("USA", 1.0)], 0.5, 0.5, "USA")
        assert score.value == 0.0
        assert [c.contribution for c in score.contributions] == [0.0]


@st.composite
def worlds(draw: st.DrawFn) -> list[CountryShare]:
    rows = draw(st.lists(st.tuples(st.floats(0.01, 1000.0), FRACTION, FRACTION), min_size=1, max_size=20))
    total = math.fsum(tonnes for tonnes, _, _ in rows)
    return [producer(code, t / total, asi, wsi) for code, (t, asi, wsi) in zip(CODES, rows, strict=False)]


@given(worlds(), FRACTION, FRACTION)
def test_it_agrees_with_the_naive_formula_and_its_contributions(
    world: list[CountryShare], exposure: float, vulnerability: float
) -> None:
    score = usgs_supply_risk_of_shares(world, exposure, vulnerability)
    potential = sum(w.share**2 * (w.ability_to_supply or 0.0) * (w.willingness_to_supply or 0.0) for w in world)
    assert score.value == pytest.approx((potential * exposure * vulnerability) ** (1 / 3), abs=1e-9)
    assert math.fsum(c.contribution for c in score.contributions) == pytest.approx(score.value, abs=1e-9)
    assert 0.0 <= score.value <= 1.0
    assert pickle.loads(pickle.dumps(score)) == score


@given(worlds())
def test_disruption_potential_of_the_unable_and_unwilling_is_the_hhi(world: list[CountryShare]) -> None:
    worst = [producer(w.country, w.share, 1.0, 1.0) for w in world]
    score = usgs_supply_risk_of_shares(worst, 1.0, 1.0)
    assert score.inputs["disruption_potential"] == pytest.approx(herfindahl_hirschman(world).value)


@given(worlds(), FRACTION, FRACTION, FRACTION)
def test_more_exposure_never_lowers_the_risk(
    world: list[CountryShare], first: float, second: float, vulnerability: float
) -> None:
    low, high = sorted((first, second))
    assert (
        usgs_supply_risk_of_shares(world, low, vulnerability).value
        <= usgs_supply_risk_of_shares(world, high, vulnerability).value + 1e-12
    )


class TestFaults:
    def test_all_violations_are_reported_at_once(self) -> None:
        with pytest.raises(InvalidRiskInput) as caught:
            usgs_supply_risk_of_shares([producer("COD", 1.5, 1.2, 0.5)], math.nan, -0.1)
        assert [v.field_path for v in caught.value.violations] == [
            "global_supply[0].share",
            "global_supply[0].ability_to_supply",
            "global_supply",
            "trade_exposure",
            "economic_vulnerability",
        ]
        with pytest.raises(InvalidRiskInput) as caught:
            usgs_supply_risk(2.0, 2.0, math.inf)
        assert len(caught.value.violations) == 3

    def test_impossible_trade_is_refused(self) -> None:
        with pytest.raises(InvalidRiskInput) as caught:
            trade_exposure(math.nan, 0.0)
        assert [v.field_path for v in caught.value.violations] == ["net_imports", "apparent_consumption"]
        with pytest.raises(InvalidRiskInput, match="at most the apparent consumption"):
            trade_exposure(2.0, 1.0)

    def test_impossible_industries_are_refused_together(self) -> None:
        with pytest.raises(InvalidRiskInput) as caught:
            economic_vulnerability([IndustryUse(0.7, -1.0, 0.0), IndustryUse(0.7, 1.0, math.nan)])
        assert [v.field_path for v in caught.value.violations] == [
            "industries[0].expenditure_usd",
            "industries[0].operating_profit_usd",
            "industries[1].operating_profit_usd",
            "industries",
        ]
        with pytest.raises(InvalidRiskInput, match="at least one industry"):
            economic_vulnerability([])
