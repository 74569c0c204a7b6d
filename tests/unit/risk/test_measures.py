"""Governance scale, import reliance, trade parameter, source risk, and the EU score from shares by country."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.problem import SourceKind
from lodestock_optimizers.risk import (
    INDICATORS,
    MEASURES,
    CountryShare,
    InvalidRiskInput,
    RestTreatment,
    Scope,
    SourceRiskMeasure,
    SupplyData,
    default_source_risk,
    effective_trade_parameter,
    eu_supply_risk,
    eu_supply_risk_of_shares,
    eu_weighted_hhi,
    governance_score,
    import_reliance,
    source_risk,
)

WORLD = [CountryShare("COD", 0.7, 8.2, 1.1), CountryShare("AUS", 0.1, 1.6, 1.0), CountryShare("RUS", 0.1, 7.0, 1.0)]
SOURCING = [CountryShare("NOR", 0.5, 1.4, 1.0), CountryShare("COD", 0.3, 8.2, 1.1), CountryShare("", 0.2)]


class TestGovernanceScale:
    @pytest.mark.parametrize(("mean", "expected"), [(2.5, 0.0), (0.0, 5.0), (-2.5, 10.0), (-1.6, 8.2)])
    def test_the_mean_is_turned_round_and_doubled(self, mean: float, expected: float) -> None:
        assert governance_score(dict.fromkeys(INDICATORS, mean)).value == pytest.approx(expected)

    def test_estimates_that_are_missing_are_named(self) -> None:
        score = governance_score({"rule_of_law": 1.0, "regulatory_quality": 0.0})
        assert score.value == pytest.approx(4.0)
        assert score.missing == tuple(n for n in INDICATORS if n not in ("rule_of_law", "regulatory_quality"))

    def test_standard_errors_are_propagated(self) -> None:
        # Six independent errors of 0.3: SE(mean) = 0.3/√6, doubled.
        score = governance_score(dict.fromkeys(INDICATORS, 0.5), dict.fromkeys(INDICATORS, 0.3))
        assert score.standard_error == pytest.approx(2 * 0.3 / math.sqrt(6))
        assert governance_score(dict.fromkeys(INDICATORS, 0.5)).standard_error is None

    def test_all_violations_are_reported_at_once(self) -> None:
        with pytest.raises(InvalidRiskInput) as caught:
            governance_score({"rule_of_law": math.nan, "happiness": 1.0}, {"rule_of_law": -1.0})
        assert {violation.field_path for violation in caught.value.violations} == {
            "estimates[rule_of_law]",
            "estimates[happiness]",
            "standard_errors[rule_of_law]",
            "standard_errors",
        }


class TestImportReliance:
    def test_us_cobalt_2025(self) -> None:
        # 2,000 t recycled, 14,000 t imported, 4,500 t exported.
        assert import_reliance(2000, 14000, 4500).value == pytest.approx(9500 / 11500)

    def test_a_net_exporter_relies_on_nobody_and_the_answer_says_so(self) -> None:
        reliance = import_reliance(40000, 26700, 33500)
        assert reliance.value == 0.0
        assert reliance.net_imports == -6800
        assert reliance.remarks == ("net exporter: import reliance is 0",)

    @given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e9))
    def test_it_is_a_fraction(self, production: float, imports: float, exports: float) -> None:
        if production == 0 and imports <= exports:
            return
        assert 0.0 <= import_reliance(production, imports, exports).value <= 1.0

    def test_impossible_figures_are_refused_at_once(self) -> None:
        with pytest.raises(InvalidRiskInput) as caught:
            import_reliance(-1.0, math.inf, math.nan)
        assert [v.field_path for v in caught.value.violations] == ["domestic_production", "imports", "exports"]
        with pytest.raises(InvalidRiskInput, match="nothing to rely on"):
            import_reliance(0.0, 5.0, 5.0)


class TestTradeParameter:
    @pytest.mark.parametrize(
        ("published", "supplier_in_eu", "buyer_in_eu", "expected"),
        [
            pytest.param(0.8, True, True, 0.8, id="inside the single market"),
            pytest.param(0.8, True, False, 1.0, id="an EU supplier of another buyer"),
            pytest.param(1.1, False, False, 1.1, id="a restriction hits every buyer"),
            pytest.param(1.1, False, True, 1.1, id="a restriction hits the EU too"),
            pytest.param(None, False, False, 1.0, id="no measure known"),
        ],
    )
    def test_it_holds_for_the_pair(
        self, published: float | None, supplier_in_eu: bool, buyer_in_eu: bool, expected: float
    ) -> None:
        assert effective_trade_parameter(published, supplier_in_eu, buyer_in_eu) == expected

    def test_a_senseless_one_is_refused(self) -> None:
        with pytest.raises(InvalidRiskInput):
            effective_trade_parameter(0.0, False, False)


class TestSourceRisk:
    def test_governance_and_trade_restriction_multiply(self) -> None:
        risk = default_source_risk(SourceKind.IMPORT, 8.2, 1.1)
        assert risk.risk == pytest.approx(0.902)
        assert (risk.governance, risk.trade_parameter) == (8.2, 1.1)

    def test_it_is_capped_at_one(self) -> None:
        assert default_source_risk(SourceKind.IMPORT, 9.8, 1.5).risk == 1.0

    @pytest.mark.parametrize("kind", [SourceKind.DOMESTIC, SourceKind.RECYCLED])
    def test_home_and_scrap_carry_none(self, kind: SourceKind) -> None:
        assert default_source_risk(kind, 9.0, 1.5).risk == 0.0

    def test_missing_governance_is_stated(self) -> None:
        risk = default_source_risk(SourceKind.IMPORT)
        assert risk.risk == 0.5
        assert risk.remarks == ("no governance figures: the world mean 5 was taken",)

    def test_impossible_figures_are_refused_at_once(self) -> None:
        with pytest.raises(InvalidRiskInput) as caught:
            default_source_risk(SourceKind.IMPORT, 12.0, -1.0)
        assert [v.field_path for v in caught.value.violations] == ["governance", "trade_parameter"]

    @pytest.mark.parametrize(
        ("measure", "expected"),
        [
            (SourceRiskMeasure.GOVERNANCE_AND_TRADE, 0.6 * 1.2),
            (SourceRiskMeasure.GOVERNANCE, 0.6),
            (SourceRiskMeasure.POLITICAL_INSTABILITY, 0.7),
            (SourceRiskMeasure.TRADE, 0.2),
            (SourceRiskMeasure.NONE, 0.0),
        ],
    )
    def test_the_caller_chooses_what_gives_it(self, measure: SourceRiskMeasure, expected: float) -> None:
        assert source_risk(measure, SourceKind.IMPORT, 6.0, 1.2, 0.7).risk == pytest.approx(expected)
        for kind in (SourceKind.DOMESTIC, SourceKind.RECYCLED):
            assert source_risk(measure, kind, 6.0, 1.2, 0.7).risk == 0.0

    @pytest.mark.parametrize(("t", "expected"), [(0.8, 0.0), (1.0, 0.0), (1.5, 0.5), (2.0, 1.0)])
    def test_trade_alone_counts_restrictions_only(self, t: float, expected: float) -> None:
        assert source_risk(SourceRiskMeasure.TRADE, SourceKind.IMPORT, None, t).risk == pytest.approx(expected)

    @given(
        st.sampled_from(SourceRiskMeasure),
        st.none() | st.floats(0, 10),
        st.none() | st.floats(0.01, 2),
        st.none() | st.floats(0, 1),
    )
    def test_each_is_a_fraction_and_says_what_was_missing(
        self, measure: SourceRiskMeasure, w: float | None, t: float | None, g: float | None
    ) -> None:
        found = source_risk(measure, SourceKind.IMPORT, w, t, g)
        assert 0.0 <= found.risk <= 1.0
        needed = {
            SourceRiskMeasure.GOVERNANCE_AND_TRADE: w,
            SourceRiskMeasure.GOVERNANCE: w,
            SourceRiskMeasure.POLITICAL_INSTABILITY: g,
        }.get(measure, 0.0)
        assert bool(found.remarks) == (needed is None)

    def test_a_senseless_instability_is_refused(self) -> None:
        with pytest.raises(InvalidRiskInput, match="political_instability"):
            source_risk(SourceRiskMeasure.NONE, SourceKind.IMPORT, political_instability=1.5)


class TestEuSupplyRiskOfShares:
    @pytest.mark.parametrize("rest", list(RestTreatment))
    @pytest.mark.parametrize("data", list(SupplyData))
    def test_it_agrees_with_the_formula_on_its_own_concentrations(self, data: SupplyData, rest: RestTreatment) -> None:
        score = eu_supply_risk_of_shares(WORLD, SOURCING, 0.8, 0.22, 0.95, data, rest)
        world = eu_weighted_hhi(WORLD, Scope.GLOBAL, rest).value
        sourcing = eu_weighted_hhi(SOURCING, Scope.SOURCING, rest).value
        assert score.value == pytest.approx(eu_supply_risk(world, sourcing, 0.8, 0.22, 0.95, data))

    @pytest.mark.parametrize("rest", list(RestTreatment))
    @pytest.mark.parametrize("data", list(SupplyData))
    def test_contributions_of_countries_add_up(self, data: SupplyData, rest: RestTreatment) -> None:
        score = eu_supply_risk_of_shares(WORLD, SOURCING, 0.8, 0.22, 0.95, data, rest)
        assert math.fsum(item.contribution for item in score.contributions) == pytest.approx(score.value)
        countries = [item.country for item in score.contributions]
        assert len(countries) == len(set(countries))

    def test_by_hand(self) -> None:
        score = eu_supply_risk_of_shares(WORLD, SOURCING, 0.8, 0.2)
        world = 0.49 * 8.2 * 1.1 + 0.01 * 1.6 + 0.01 * 7.0
        sourcing = 0.25 * 1.4 + 0.09 * 8.2 * 1.1
        assert score.value == pytest.approx((world * 0.4 + sourcing * 0.6) * 0.8)
        assert score.scope is Scope.COMBINED
        assert score.inputs["hhi_global"] == pytest.approx(world)
        how = "of the supply has no named country: counted as very many small suppliers, adding nothing"
        assert score.remarks == (f"world supply: 10.0% {how}", f"sourcing: 20.0% {how}")

    def test_one_supply_alone_needs_neither_the_other_nor_import_reliance(self) -> None:
        score = eu_supply_risk_of_shares(WORLD, [], None, 0.0, supply_data=SupplyData.GLOBAL_ONLY)
        assert score.value == pytest.approx(eu_weighted_hhi(WORLD).value)
        assert score.scope is Scope.GLOBAL
        assert "import_reliance" not in score.inputs

    def test_all_violations_are_reported_at_once(self) -> None:
        with pytest.raises(InvalidRiskInput) as caught:
            eu_supply_risk_of_shares([], [CountryShare("NOR", 2.0)], None, 1.5, -0.1)
        assert [violation.field_path for violation in caught.value.violations] == [
            "global_supply",
            "sourcing[0].share",
            "sourcing",
            "import_reliance",
            "eol_recycling_input_rate",
            "substitution_index",
        ]

    def test_the_formula_alone_reports_all_violations_at_once(self) -> None:
        with pytest.raises(InvalidRiskInput) as caught:
            eu_supply_risk(None, -1.0, 1.2, 0.0)
        assert [v.field_path for v in caught.value.violations] == ["hhi_global", "hhi_sourcing", "import_reliance"]


def test_every_measure_states_its_scale_formula_and_source() -> None:
    assert len({measure.measure_id for measure in MEASURES}) == len(MEASURES)
    for measure in MEASURES:
        assert measure.scale_low < measure.scale_high
        assert measure.formula
        assert measure.source
