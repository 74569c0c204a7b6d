"""GeoPolRisk against printed results of the reference implementation, worked examples by hand, and its properties.

The printed results are of examples/example_guide.ipynb of geopolrisk-py (JOSS, doi 10.21105/joss.09600), year 2022:
GeoPolRisk score, characterisation factor, HHI, import risk and price of each material, to nine digits.
"""

import math
import pickle

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lodestock_optimizers.risk import (
    COPPER_USD_PER_KG,
    CountryShare,
    InvalidRiskInput,
    RestTreatment,
    RiskScore,
    Scope,
    geopolrisk,
    geopolrisk_factor,
    herfindahl_hirschman,
    political_instability,
    sourcing_of_flows,
)

# material, economic unit, score, factor, HHI, import risk, price in USD/kg
PRINTED = [
    ("aluminium", "China", 0.00394487478, 0.0243566306, 0.353279205, 0.0111664506, 2.52781659),
    ("antimony", "China", 0.0761279303, 0.72241657, 0.276644236, 0.275183504, 3.88512726),
    ("cobalt", "China", 0.432569393, 17.1642438, 0.492897116, 0.877605852, 16.2454019),
    ("copper", "China", 0.0507238139, 0.331644309, 0.10368442, 0.489213461, 2.67683882),
    ("lithium", "China", 0.109397787, 12.002551, 0.319810954, 0.342070167, 44.9186398),
    ("niobium", "China", 0.477927206, 28.9565142, 0.869286218, 0.549792688, 24.8053923),
    ("palladium", "China", 0.16807696, 31723.1507, 0.32361209, 0.519377877, 77273.3433),
    ("tungsten", "China", 0.0305560016, 0.808946778, 0.600701751, 0.0508671758, 10.8388947),
    ("cobalt", "EFTA", 0.242374705, 31.3922661, 0.492897116, 0.491734882, 53.0269865),
    ("gold", "EFTA", 0.0317150804, 349.879226, 0.0493567771, 0.642567894, 4516.62376),
    ("graphite", "EFTA", 0.0171143539, 0.0709495534, 0.470663479, 0.036362188, 1.6972692),
    ("germanium", "EFTA", 0.0, 0.0, 0.876403913, 0.0, 0.0),
]

CODES = [f"{a}{b}X" for a in "ABCDEFGH" for b in "ABCDEFGH"]


@pytest.mark.parametrize(
    ("score", "factor", "hhi", "import_risk", "usd_per_kg"),
    [row[2:] for row in PRINTED],
    ids=[f"{material}, {unit}" for material, unit, *_ in PRINTED],
)
def test_printed_results_of_the_reference_are_given_back(
    score: float, factor: float, hhi: float, import_risk: float, usd_per_kg: float
) -> None:
    # One named producer and very many small ones have just this HHI; one wholly unstable supplier just this risk.
    world = [CountryShare("AAA", math.sqrt(hhi))]
    sourcing = [CountryShare("AAA", import_risk, political_instability=1.0), CountryShare("BUY", 1 - import_risk)]
    found = geopolrisk(world, sourcing, "BUY")
    assert found.value == pytest.approx(score, rel=1e-7)
    assert found.inputs["hhi"] == pytest.approx(hhi)
    assert geopolrisk_factor(found, usd_per_kg * 1000).value == pytest.approx(factor, rel=1e-7)


def company_nickel() -> RiskScore:
    """The notebook's example of a company: nickel in 2022 from five countries, nothing produced."""
    tonnes = {"DNK": 170.0, "NLD": 1.0, "PRT": 893.0, "EGY": 4.0, "USA": 498.0}
    g = {"DNK": 0.326998, "NLD": 0.356539, "PRT": 0.327856, "EGY": 0.705611, "USA": 0.507201}
    flows = [CountryShare(s.country, s.share, political_instability=g[s.country]) for s in sourcing_of_flows(tonnes)]
    return geopolrisk([CountryShare("IDN", math.sqrt(0.26749007657640966))], flows)


def test_a_company_by_hand() -> None:
    # Σ g·f = 55.58966 + 0.356539 + 292.775408 + 2.822444 + 252.586098 = 604.130149 of 1566 t.
    score = company_nickel()
    assert score.inputs["import_risk"] == pytest.approx(604.130149 / 1566)
    assert score.value == pytest.approx(0.26749007657640966 * 604.130149 / 1566)
    # 9519 thousand USD for 1566 t.
    assert geopolrisk_factor(score, 9_519_000 / 1566).value == pytest.approx(score.value * 6.078544 / 0.409412948)


def test_the_references_own_unit_test() -> None:
    # tests/test_core.py: Σ g·f = 1000 of 2000 t imported, 500 t produced at home, HHI 0.3.
    flows = sourcing_of_flows({"AAA": 2000.0}, 500.0, "BUY")
    sourcing = [CountryShare("AAA", flows[0].share, political_instability=0.5), flows[1]]
    score = geopolrisk([CountryShare("AAA", math.sqrt(0.3))], sourcing, "BUY")
    assert score.value == pytest.approx(0.3 * 1000 / 2500)
    assert score.inputs["domestic_share"] == pytest.approx(0.2)


class TestInstability:
    @pytest.mark.parametrize(
        ("estimate", "g"), [(2.5, 0.0), (0.0, 0.5), (-2.5, 1.0), (-1.0, 0.7), (2.9, 0.0), (-3.1, 1.0)]
    )
    def test_the_scale_is_turned_round_and_cut_off(self, estimate: float, g: float) -> None:
        assert political_instability(estimate) == pytest.approx(g)

    @pytest.mark.parametrize("estimate", [math.nan, 40.0])
    def test_what_is_no_estimate_is_refused(self, estimate: float) -> None:
        with pytest.raises(InvalidRiskInput, match="political_stability"):
            political_instability(estimate)


class TestTreatmentOfWhatIsMissing:
    WORLD = (CountryShare("AAA", 0.6), CountryShare("BBB", 0.4))

    def test_a_country_without_estimate_is_taken_from_the_middle_and_named(self) -> None:
        score = geopolrisk(self.WORLD, [CountryShare("AAA", 0.5), CountryShare("BBB", 0.5, political_instability=0.1)])
        assert score.value == pytest.approx(0.52 * (0.5 * 0.5 + 0.5 * 0.1))
        assert score.remarks == ("no estimate of political stability for AAA: 0.5 was taken",)

    def test_suppliers_without_a_name_count_with_the_middle(self) -> None:
        score = geopolrisk(self.WORLD, [CountryShare("BBB", 0.8, political_instability=0.1)])
        assert score.value == pytest.approx(0.52 * (0.8 * 0.1 + 0.2 * 0.5))
        assert score.inputs["unnamed_share"] == pytest.approx(0.2)
        assert any("20.0% of the sourcing has no named country" in remark for remark in score.remarks)

    def test_production_at_home_lowers_the_score_whatever_its_own_instability(self) -> None:
        sourcing = [CountryShare("AAA", 0.5, political_instability=0.8), CountryShare("BUY", 0.5)]
        score = geopolrisk(self.WORLD, sourcing, "BUY")
        assert score.value == pytest.approx(0.52 * 0.4)
        assert score.remarks == ()
        assert next(c for c in score.contributions if c.country == "BUY").contribution == 0.0

    def test_unnamed_producers_bound_the_score(self) -> None:
        world = [CountryShare("AAA", 0.6)]
        sourcing = [CountryShare("AAA", 1.0, political_instability=1.0)]
        many = geopolrisk(world, sourcing)
        one = geopolrisk(world, sourcing, rest=RestTreatment.ONE_COUNTRY)
        assert many.value == many.inputs["value_if_unnamed_are_many"] == pytest.approx(0.36)
        assert one.value == many.inputs["value_if_unnamed_is_one_country"] == pytest.approx(0.52)


@st.composite
def sourcings(draw: st.DrawFn) -> list[CountryShare]:
    tonnes = draw(st.lists(st.floats(0.01, 1000.0), min_size=1, max_size=20))
    g = draw(st.lists(st.floats(0.0, 1.0), min_size=len(tonnes), max_size=len(tonnes)))
    flows = sourcing_of_flows(dict(zip(CODES, tonnes, strict=False)))
    return [CountryShare(f.country, f.share, political_instability=x) for f, x in zip(flows, g, strict=True)]


@given(sourcings(), sourcings())
def test_it_agrees_with_the_naive_formula_and_its_contributions(
    world: list[CountryShare], sourcing: list[CountryShare]
) -> None:
    score = geopolrisk(world, sourcing)
    hhi = sum(w.share**2 for w in world)
    assert score.value == pytest.approx(hhi * sum((s.political_instability or 0.0) * s.share for s in sourcing))
    assert math.fsum(c.contribution for c in score.contributions) == pytest.approx(score.value)
    assert 0.0 <= score.value <= herfindahl_hirschman(world).value + 1e-12
    assert score.scope is Scope.COMBINED
    assert pickle.loads(pickle.dumps(score)) == score


@given(sourcings(), sourcings(), sourcings(), st.floats(0.0, 1.0))
def test_it_is_linear_in_the_flows(
    world: list[CountryShare], first: list[CountryShare], second: list[CountryShare], part: float
) -> None:
    g = {s.country: s.political_instability for s in (*second, *first)}
    flows = dict.fromkeys(g, 0.0)
    for weight, sourcing in ((part, first), (1 - part, second)):
        for s in sourcing:
            flows[s.country] += weight * s.share
    assume(math.fsum(flows.values()) > 0)

    def with_g(shares: list[CountryShare]) -> list[CountryShare]:
        return [CountryShare(s.country, s.share, political_instability=g[s.country]) for s in shares]

    mixed = geopolrisk(world, with_g(list(sourcing_of_flows(flows)))).value
    apart = part * geopolrisk(world, with_g(first)).value + (1 - part) * geopolrisk(world, with_g(second)).value
    assert mixed == pytest.approx(apart, abs=1e-9)


@given(sourcings(), st.floats(0.0, 1e9))
def test_the_factor_scales_score_and_contributions(sourcing: list[CountryShare], usd_per_tonne: float) -> None:
    score = geopolrisk(sourcing, sourcing)
    factor = geopolrisk_factor(score, usd_per_tonne)
    assert factor.value == pytest.approx(score.value * usd_per_tonne / 1000 / COPPER_USD_PER_KG)
    assert math.fsum(c.contribution for c in factor.contributions) == pytest.approx(factor.value)


class TestFaults:
    def test_all_violations_of_both_supplies_are_reported_at_once(self) -> None:
        with pytest.raises(InvalidRiskInput) as caught:
            geopolrisk([], [CountryShare("AAA", 1.2, political_instability=1.5), CountryShare("AAA", math.nan)])
        assert [v.field_path for v in caught.value.violations] == [
            "global_supply",
            "sourcing[0].share",
            "sourcing[0].political_instability",
            "sourcing[1].share",
            "sourcing[1].country",
            "sourcing",
        ]

    def test_all_violations_of_flows_are_reported_at_once(self) -> None:
        with pytest.raises(InvalidRiskInput) as caught:
            sourcing_of_flows({"AAA": -1.0, "BUY": 1.0}, math.inf, "BUY")
        assert [v.field_path for v in caught.value.violations] == [
            "imports[AAA]",
            "domestic_production",
            "imports[BUY]",
        ]
        with pytest.raises(InvalidRiskInput, match="nothing is sourced"):
            sourcing_of_flows({})
        with pytest.raises(InvalidRiskInput, match="must be named"):
            sourcing_of_flows({"AAA": 1.0}, 1.0)

    def test_a_factor_needs_a_price_and_a_score_of_geopolrisk(self) -> None:
        with pytest.raises(InvalidRiskInput) as caught:
            geopolrisk_factor(herfindahl_hirschman([CountryShare("AAA", 1.0)]), math.nan)
        assert [v.field_path for v in caught.value.violations] == ["price_usd_per_tonne", "score"]
