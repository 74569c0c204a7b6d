"""The assessment of supplies: which scores the figures allow, what is said of those left out, and origins."""

from dataclasses import replace

import pytest

from lodestock.v1 import risk_pb2
from lodestock_optimizers.risk import CountryShare, IndustryUse, political_instability
from lodestock_server.catalog import BundledCatalog, DatasetOrigin, Stage, Statistic
from lodestock_server.converters.risk import supply_from_proto, supply_violations
from lodestock_server.usecases.assess_supply_risk import (
    LifeCycleStage,
    MaterialRisk,
    MaterialSupply,
    assess_supplies,
    assess_supply,
)
from lodestock_server.usecases.country_risk import CountryRisks
from lodestock_server.usecases.stored_supply import stored_supplies

CATALOG = BundledCatalog()
COUNTRIES = CountryRisks(CATALOG)

GEOPOLRISK, FACTOR, USGS = "geopolrisk", "geopolrisk_characterisation_factor", "usgs_2021_supply_risk"

OWN = MaterialSupply(
    material_id="my alloy",
    name="my alloy",
    stage=None,
    global_supply=(
        CountryShare("CHN", 0.8, 5.0, 1.0, 0.6, 0.5, 0.5),
        CountryShare("AUS", 0.2, 2.0, 1.0, 0.3, 0.1, 0.1),
    ),
    sourcing=(CountryShare("CHN", 0.5, 5.0, 1.0, 0.6), CountryShare("USA", 0.5)),
)


def by_measure(risk: MaterialRisk) -> dict[str, float]:
    return {score.measure.measure_id: score.value for score in risk.scores}


def stored(material: str) -> MaterialRisk:
    return assess_supplies(stored_supplies(CATALOG, "USA", [material]), "USA", COUNTRIES)[0]


def estimate(country: str) -> float:
    known = CATALOG.governance(country)
    assert known is not None
    return known.estimates["political_stability"].value


def test_stored_niobium_by_hand() -> None:
    # Nothing is produced at home: the sourcing is the imports.
    shares = {share.iso3: share.figure.value for share in CATALOG.import_sources("USA", "niobium")}
    world = CATALOG.production("niobium").shares()
    hhi = sum(share.share**2 for share in world if share.iso3)
    unnamed = shares.pop(None, 0.0)
    at_home = CATALOG.domestic_production("USA", "niobium")
    assert at_home is not None
    assert at_home.figure.value == 0.0
    import_risk = 0.5 * unnamed + sum(
        share * political_instability(estimate(country)) for country, share in shares.items() if country
    )
    scores = by_measure(stored("niobium"))
    assert scores[GEOPOLRISK] == pytest.approx(hhi * import_risk)
    price = CATALOG.latest_price("niobium").figure.value
    assert scores[FACTOR] == pytest.approx(hhi * import_risk * price / 1000 / 0.409412948)


def test_production_at_home_stands_in_the_denominator() -> None:
    risk = stored("beryllium")
    score = next(score for score in risk.scores if score.measure.measure_id == GEOPOLRISK)
    at_home = CATALOG.domestic_production("USA", "beryllium")
    imports = CATALOG.statistic("USA", "beryllium", Statistic.IMPORTS)[-1].figure.value
    assert at_home is not None
    share_at_home = at_home.figure.value / (at_home.figure.value + imports)
    assert score.inputs["domestic_share"] == pytest.approx(share_at_home)


@pytest.mark.parametrize("mineral", [mineral.id for mineral in CATALOG.minerals()])
def test_each_mineral_has_its_score_or_a_remark_why_not(mineral: str) -> None:
    for risk in assess_supplies(stored_supplies(CATALOG, "USA", [mineral]), "USA", COUNTRIES):
        found = by_measure(risk)
        said = " ".join(risk.remarks)
        for measure in (GEOPOLRISK, USGS):
            assert (measure in found) != (f"{measure} is left out" in said)
        assert (FACTOR in found) == (GEOPOLRISK in found)
        if GEOPOLRISK in found:
            assert 0.0 <= found[GEOPOLRISK] <= 1.0


def test_every_figure_of_a_stored_score_has_its_origin() -> None:
    risk = stored("cobalt")
    figures = {figure.field_path: figure for figure in risk.figures}
    score = next(score for score in risk.scores if score.measure.measure_id == GEOPOLRISK)
    for part in score.contributions:
        if part.country not in ("", "USA"):
            figure = figures[f"sources[{part.country}].political_instability"]
            assert figure.values == (part.political_instability,)
            (origin,) = figure.origins
            assert isinstance(origin, DatasetOrigin)
            assert (origin.dataset, origin.column) == ("governance", "political_stability")
            assert estimate(part.country) == pytest.approx(2.5 - 5 * figure.values[0])
            assert f"sources[{part.country}].sourcing_share" in figures
    price = figures[f"scores[{FACTOR}].inputs[price_usd_per_tonne]"]
    published = CATALOG.latest_price("cobalt").figure
    assert (price.values, price.origins) == ((published.value,), (published.origin,))


def test_the_callers_figures_are_measured_as_given() -> None:
    risk = assess_supply(
        replace(OWN, price_usd_per_tonne=10_000.0, trade_exposure=0.5, economic_vulnerability=0.4), "USA", COUNTRIES
    )
    scores = by_measure(risk)
    assert scores[GEOPOLRISK] == pytest.approx(0.68 * 0.5 * 0.6)
    assert scores[FACTOR] == pytest.approx(0.68 * 0.5 * 0.6 * 10 / 0.409412948)
    assert scores[USGS] == pytest.approx(((0.64 * 0.25 + 0.04 * 0.01) * 0.5 * 0.4) ** (1 / 3))
    assert [remark.split()[0] for remark in risk.remarks] == ["yale_supply_risk"]


@pytest.mark.parametrize(
    ("stage", "t"),
    [(None, 1.1), (LifeCycleStage.MINING, 1.1), (LifeCycleStage.REFINING, 1.5), (LifeCycleStage.TRADE, 1.1)],
)
def test_the_trade_parameter_is_that_of_the_stage(stage: LifeCycleStage | None, t: float) -> None:
    """China restricts exports of tin more than of its ore; where no stage is said, that of the planned form counts."""
    supply = MaterialSupply("tin", "tin", stage, (CountryShare("CHN", 0.8),), ())
    risk = assess_supply(supply, "USA", COUNTRIES)
    assert risk.sources[0].trade_parameter == t
    score = next(score for score in risk.scores if score.measure.measure_id == "eu_weighted_hhi")
    assert score.contributions[0].trade_parameter == t


@pytest.mark.parametrize(("stage", "t"), [(LifeCycleStage.MINING, 1.1), (LifeCycleStage.REFINING, 1.1)])
def test_a_supply_stage_without_trade_parameters_takes_the_others(stage: LifeCycleStage, t: float) -> None:
    """Platinum is supplied by mines, and the Commission lists it for refining alone."""
    supply = MaterialSupply("platinum", "platinum", stage, (CountryShare("RUS", 0.8),), ())
    assert assess_supply(supply, "USA", COUNTRIES).sources[0].trade_parameter == t


def test_the_row_of_the_trade_parameter_is_that_of_the_stage() -> None:
    """The figure that is named is the one that counts."""
    for risk in assess_supplies(stored_supplies(CATALOG, "EU27", ["tin"]), "EU27", COUNTRIES):
        figure = next(f for f in risk.figures if f.field_path == "sources[CHN].trade_parameter")
        assert risk.stage is not None
        published = CATALOG.trade_parameter("tin", "CHN", Stage[risk.stage.name])
        assert published is not None
        assert (figure.values, figure.origins) == ((published.value,), (published.origin,))


def test_what_stands_in_for_missing_factors_is_said() -> None:
    uses = (IndustryUse(0.1, 1e6, 1e6),)
    risk = assess_supply(replace(OWN, import_reliance=0.5, industries=uses), "USA", COUNTRIES)
    score = next(score for score in risk.scores if score.measure.measure_id == USGS)
    assert score.inputs["trade_exposure"] == 0.5
    assert score.inputs["economic_vulnerability"] == pytest.approx(0.1)
    assert any("import reliance was taken" in remark for remark in score.remarks)
    assert any("threshold of 0.4 is for its own factors" in remark for remark in score.remarks)
    assert risk.remarks[0] == f"{FACTOR} is left out: no price"


def test_a_score_that_is_left_out_says_what_it_would_need() -> None:
    world = (*OWN.global_supply[:1], CountryShare("AUS", 0.2))
    risk = assess_supply(replace(OWN, global_supply=world, sourcing=()), "USA", COUNTRIES)
    assert risk.remarks[:2] == (
        f"{GEOPOLRISK} is left out: no sourcing of the buyer by country at this stage",
        f"{USGS} is left out: no ability and willingness to supply of AUS, no trade exposure or import reliance, "
        "no economic vulnerability or industries that use the material",
    )
    risk = assess_supply(replace(OWN, home_is_weighed=False), "USA", COUNTRIES)
    assert risk.remarks[0].endswith("no tonnage of imports to weigh the production at home against")


def test_a_long_list_of_countries_is_cut() -> None:
    codes = ("AUS", "BRA", "CAN", "CHL", "CHN", "COD", "DEU", "FRA", "IND", "JPN")
    world = tuple(CountryShare(code, 0.1) for code in codes)
    risk = assess_supply(replace(OWN, global_supply=world), "USA", COUNTRIES)
    assert "AUS, BRA, CAN, CHL, CHN, COD, DEU, FRA and 2 more" in risk.remarks[-1]


def test_instability_that_the_caller_leaves_out_is_taken_from_the_catalog() -> None:
    risk = assess_supply(replace(OWN, sourcing=(CountryShare("CHN", 1.0),)), "USA", COUNTRIES)
    assert by_measure(risk)[GEOPOLRISK] == pytest.approx(0.68 * political_instability(estimate("CHN")))


class TestMessages:
    def test_a_message_becomes_the_supply_it_says(self) -> None:
        message = risk_pb2.MaterialSupply(
            material_id="my alloy",
            global_supply=[risk_pb2.CountryShare(country="CHN", share=0.8, ability_to_supply=0.5)],
            price_usd_per_tonne=0.0,
            trade_exposure=0.3,
            industries=[risk_pb2.IndustryUse(value_added_share=0.1, expenditure_usd=2, operating_profit_usd=4)],
        )
        supply = supply_from_proto(message)
        assert supply.global_supply == (CountryShare("CHN", 0.8, ability_to_supply=0.5),)
        assert (supply.price_usd_per_tonne, supply.trade_exposure) == (0.0, 0.3)
        assert supply.economic_vulnerability is None
        assert supply.industries == (IndustryUse(0.1, 2.0, 4.0),)

    def test_faults_of_industries_are_told_with_their_paths(self) -> None:
        message = risk_pb2.MaterialSupply(
            material_id="my alloy",
            global_supply=[risk_pb2.CountryShare(country="CHN", share=0.8)],
            economic_vulnerability=0.1,
            industries=[risk_pb2.IndustryUse(value_added_share=0.1, expenditure_usd=2)],
        )
        paths = [violation.field_path for violation in supply_violations(message, "s")]
        assert paths == ["s.industries[0].operating_profit_usd", "s.industries"]

    def test_figures_beyond_all_measure_are_refused_too(self) -> None:
        huge = risk_pb2.IndustryUse(value_added_share=1e308, expenditure_usd=1e308, operating_profit_usd=1e-308)
        message = risk_pb2.MaterialSupply(
            material_id="my alloy",
            global_supply=[risk_pb2.CountryShare(country=country, share=1e308) for country in ("CHN", "AUS")],
            industries=[huge, huge],
        )
        paths = {violation.field_path for violation in supply_violations(message, "s")}
        assert {"s.global_supply", "s.industries", "s.industries[0].value_added_share"} <= paths
        within = risk_pb2.IndustryUse(value_added_share=0.5, expenditure_usd=1e308, operating_profit_usd=1e-308)
        del message.industries[:]
        message.industries.extend([within, within])
        assert "s.industries" in {violation.field_path for violation in supply_violations(message, "s")}

    def test_industries_that_cannot_bear_their_costs_are_refused(self) -> None:
        message = risk_pb2.MaterialSupply(
            material_id="my alloy",
            global_supply=[risk_pb2.CountryShare(country="CHN", share=0.8)],
            industries=[risk_pb2.IndustryUse(value_added_share=0.5, expenditure_usd=9, operating_profit_usd=3)],
        )
        (violation,) = supply_violations(message, "s")
        assert violation.field_path == "s.industries"
        assert "vulnerability of 1.5" in violation.description
