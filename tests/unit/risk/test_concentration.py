"""Concentration: plain and weighted sums of squared shares, and what is said of the unnamed rest."""

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.risk import (
    CountryShare,
    InvalidRiskInput,
    RestTreatment,
    eu_weighted_hhi,
    governance_weighted_hhi,
    herfindahl_hirschman,
)

CODES = [f"{a}{b}X" for a in "ABCDEFGH" for b in "ABCDEFGH"]


@st.composite
def complete_supplies(draw: st.DrawFn) -> list[CountryShare]:
    tonnes = draw(st.lists(st.floats(0.01, 1000.0), min_size=1, max_size=30))
    governance = draw(st.lists(st.floats(0.0, 10.0), min_size=len(tonnes), max_size=len(tonnes)))
    total = math.fsum(tonnes)
    return [CountryShare(code, t / total, w) for code, t, w in zip(CODES, tonnes, governance, strict=False)]


@given(complete_supplies())
def test_hhi_lies_between_even_spread_and_one_supplier(shares: list[CountryShare]) -> None:
    score = herfindahl_hirschman(shares)
    assert 1 / len(shares) - 1e-12 <= score.value <= 1 + 1e-12


@given(complete_supplies())
def test_hhi_agrees_with_the_naive_sum_and_its_contributions(shares: list[CountryShare]) -> None:
    score = herfindahl_hirschman(shares)
    assert score.value == pytest.approx(sum(item.share * item.share for item in shares))
    assert math.fsum(item.contribution for item in score.contributions) == pytest.approx(score.value)
    assert [c.contribution for c in score.contributions] == sorted(
        (c.contribution for c in score.contributions), reverse=True
    )


@given(complete_supplies(), st.randoms(use_true_random=False))
def test_order_of_suppliers_does_not_matter(shares: list[CountryShare], random: object) -> None:
    shuffled = list(shares)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert herfindahl_hirschman(shuffled) == herfindahl_hirschman(shares)


@given(complete_supplies())
def test_a_merger_of_two_suppliers_never_lowers_the_hhi(shares: list[CountryShare]) -> None:
    if len(shares) < 2:
        return
    merged = [CountryShare(shares[0].country, min(1.0, shares[0].share + shares[1].share)), *shares[2:]]
    assert herfindahl_hirschman(merged).value >= herfindahl_hirschman(shares).value - 1e-12


@given(complete_supplies())
def test_equal_governance_only_scales_the_hhi(shares: list[CountryShare]) -> None:
    alike = [CountryShare(item.country, item.share, 4.0) for item in shares]
    assert governance_weighted_hhi(alike).value == pytest.approx(4.0 * herfindahl_hirschman(shares).value)


@given(complete_supplies(), st.floats(0.0, 0.9))
def test_the_value_lies_between_the_bounds_it_states(shares: list[CountryShare], unnamed: float) -> None:
    named = [CountryShare(s.country, s.share * (1 - unnamed), s.governance) for s in shares]
    for treatment in RestTreatment:
        score = governance_weighted_hhi(named, rest=treatment)
        low, high = score.inputs["value_if_unnamed_are_many"], score.inputs["value_if_unnamed_is_one_country"]
        assert low - 1e-9 <= score.value <= high + 1e-9
        assert score.inputs["unnamed_share"] == pytest.approx(unnamed, abs=1e-5)


def test_gallium_by_hand() -> None:
    # World output 2025: China 900 t, Russia 6 t, Japan 3 t.
    shares = [CountryShare("CHN", 900 / 909), CountryShare("RUS", 6 / 909), CountryShare("JPN", 3 / 909)]
    assert herfindahl_hirschman(shares).value == pytest.approx((900**2 + 6**2 + 3**2) / 909**2)


def test_weights_by_hand() -> None:
    shares = [CountryShare("COD", 0.6, 8.0, 1.1), CountryShare("AUS", 0.4, 2.0, None)]
    score = eu_weighted_hhi(shares)
    assert score.value == pytest.approx(0.36 * 8.0 * 1.1 + 0.16 * 2.0)
    assert {c.country: c.contribution for c in score.contributions} == pytest.approx({"COD": 3.168, "AUS": 0.32})
    assert score.remarks == ("no trade parameter for AUS: 1 was taken, no measure known",)


def test_the_unnamed_rest_is_stated_never_silent() -> None:
    shares = [CountryShare("NOR", 0.26), CountryShare("FIN", 0.16), CountryShare("", 0.58)]
    many = herfindahl_hirschman(shares)
    one = herfindahl_hirschman(shares, rest=RestTreatment.ONE_COUNTRY)
    assert many.value == pytest.approx(0.26**2 + 0.16**2)
    assert one.value == pytest.approx(0.26**2 + 0.16**2 + 0.58**2)
    assert many.remarks == (
        "58.0% of the supply has no named country: counted as very many small suppliers, adding nothing",
    )
    assert one.remarks == ("58.0% of the supply has no named country: counted as one country",)
    assert one.contributions[0].country == ""


def test_missing_governance_is_stated_never_silent() -> None:
    score = governance_weighted_hhi([CountryShare("NCL", 0.5), CountryShare("AUS", 0.5, 1.0)])
    assert score.value == pytest.approx(0.25 * 5.0 + 0.25 * 1.0)
    assert score.remarks == ("no governance figures for NCL: the world mean 5 was taken",)


def test_all_violations_are_reported_at_once() -> None:
    shares = [
        CountryShare("CHN", 1.2),
        CountryShare("CHN", -0.1, governance=11.0),
        CountryShare("AUS", math.nan, trade_parameter=0.0),
    ]
    with pytest.raises(InvalidRiskInput) as caught:
        herfindahl_hirschman(shares, path="global_supply")
    assert [violation.field_path for violation in caught.value.violations] == [
        "global_supply[0].share",
        "global_supply[1].share",
        "global_supply[1].governance",
        "global_supply[1].country",
        "global_supply[2].share",
        "global_supply[2].trade_parameter",
        "global_supply",
    ]


def test_no_supplier_at_all_is_refused() -> None:
    with pytest.raises(InvalidRiskInput, match="must hold at least one share"):
        herfindahl_hirschman([])


def test_scores_and_errors_cross_a_process_boundary() -> None:
    score = herfindahl_hirschman([CountryShare("CHN", 1.0)])
    assert pickle.loads(pickle.dumps(score)) == score
    with pytest.raises(InvalidRiskInput) as caught:
        herfindahl_hirschman([])
    assert pickle.loads(pickle.dumps(caught.value)).violations == caught.value.violations
