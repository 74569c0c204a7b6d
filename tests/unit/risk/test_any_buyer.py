"""Risk of buyers other than the United States: the Union by the EU's own formula, countries with their own figures."""

from __future__ import annotations

import pytest

from lodestock_optimizers.risk import CountryShare, RiskScore
from lodestock_server.catalog import BundledCatalog, Stage
from lodestock_server.errors import NotFound
from lodestock_server.usecases.assess_supply_risk import MaterialRisk, MaterialSupply, assess_supplies, assess_supply
from lodestock_server.usecases.buyers import OwnFigure, OwnFigureKind
from lodestock_server.usecases.country_risk import CountryRisks
from lodestock_server.usecases.stored_supply import stored_supplies

CATALOG = BundledCatalog()
COUNTRIES = CountryRisks(CATALOG)
KIND = OwnFigureKind


def risks(buyer: str, material: str, *own: OwnFigure) -> list[MaterialRisk]:
    return assess_supplies(stored_supplies(CATALOG, buyer, [material], own), buyer, COUNTRIES)


def value(risk: MaterialRisk, measure: str) -> float:
    (found,) = (score.value for score in risk.scores if score.measure.measure_id == measure)
    return found


def weighted(shares: dict[str, float], material: str, stage: Stage) -> float:
    """Σ S²·W·t from the World Bank's estimates and the trade parameters, as the EU weighs for itself."""
    total = 0.0
    for country, share in shares.items():
        known = CATALOG.governance(country)
        estimates = [figure.value for figure in known.estimates.values()] if known else [0.0]  # W 5: the world's mean.
        mean = sum(estimates) / len(estimates)
        published = CATALOG.trade_parameter(material, country, stage)
        t = published.value if published else 1.0
        member = CATALOG.country(country).eu27
        total += share**2 * 2 * (2.5 - mean) * (t if t >= 1 or member else 1.0)
    return total


def at_stage(found: list[MaterialRisk], stage: Stage) -> MaterialRisk:
    (risk,) = (risk for risk in found if risk.stage and risk.stage.value == stage.name)
    return risk


@pytest.mark.parametrize(
    ("material", "stage"),
    [
        ("aluminium", Stage.REFINING),
        ("tin", Stage.MINING),
        ("tin", Stage.REFINING),
        ("nickel", Stage.MINING),
        ("tungsten", Stage.REFINING),
    ],
)
def test_the_unions_risk_is_that_of_the_eu_formula(material: str, stage: Stage) -> None:
    """Global supply and the Union's own sourcing, weighed by its import reliance, less what is recycled.

    The trade parameters are those of the stage: China's is 1.1 for tin ore and 1.5 for tin.
    """
    risk = at_stage(risks("EU27", material), stage)
    mined = CATALOG.production_years(material, stage)
    table = CATALOG.production(material, stage) if mined else CATALOG.refining(material)
    world = {row.iso3: row.figure.value / table.total for row in table.rows if row.iso3}
    sourcing = {s.iso3: s.figure.value for s in CATALOG.sourcing_shares("EU27", material, stage) if s.iso3}
    home = set(CATALOG.bloc("EU27"))
    reliance = sum(s for c, s in sourcing.items() if c not in home) / sum(sourcing.values())
    rate = CATALOG.eol_recycling_input_rate(material)
    assert rate is not None
    world_risk, sourcing_risk = weighted(world, material, stage), weighted(sourcing, material, stage)
    both = world_risk * reliance / 2 + sourcing_risk * (1 - reliance / 2)
    assert value(risk, "eu_supply_risk") == pytest.approx(both * (1 - rate.value))


@pytest.mark.parametrize(
    ("buyer", "material", "stage", "expected"),
    [
        ("EU27", "tin", Stage.REFINING, 0.926),
        ("EU27", "nickel", Stage.MINING, 0.803),
        ("EU27", "tungsten", Stage.REFINING, 1.227),
        ("USA", "nickel", Stage.MINING, 2.978),
        ("USA", "tin", Stage.REFINING, 2.357),
    ],
)
def test_stages_other_than_that_of_the_traded_form_have_their_own_trade_parameters(
    buyer: str, material: str, stage: Stage, expected: float
) -> None:
    """Reckoned by a review from the raw annexes of the Commission's study, without the product."""
    assert value(at_stage(risks(buyer, material), stage), "eu_supply_risk") == pytest.approx(expected, abs=5e-4)


def test_each_stage_with_published_sourcing_is_assessed() -> None:
    """The EU takes the larger of the stages, so both have to be there."""
    found = {risk.stage.value if risk.stage else "": risk for risk in risks("EU27", "tin")}
    assert set(found) == {"MINING", "REFINING"}
    for risk in found.values():
        score = next(score for score in risk.scores if score.measure.measure_id == "eu_supply_risk")
        assert not [remark for remark in score.remarks if "only one supply" in remark]


def test_what_members_supply_adds_no_risk_of_import() -> None:
    """GeoPolRisk by hand: HHI of the world × Σ g·share over suppliers outside, the unnamed rest with 0.5."""
    (risk,) = (risk for risk in risks("EU27", "copper") if risk.stage and risk.stage.value == "REFINING")
    table = CATALOG.production("copper")
    hhi = sum((row.figure.value / table.total) ** 2 for row in table.rows if row.iso3)
    home = set(CATALOG.bloc("EU27"))
    shares = {s.iso3: s.figure.value for s in CATALOG.sourcing_shares("EU27", "copper", Stage.REFINING) if s.iso3}
    import_risk = 0.5 * (1 - sum(shares.values()))
    for country, share in shares.items():
        if country not in home:
            known = CATALOG.governance(country)
            assert known is not None
            import_risk += share * (2.5 - known.estimates["political_stability"].value) / 5
    assert value(risk, "geopolrisk") == pytest.approx(hhi * import_risk)
    at_risk = {source.country: source.risk for source in risk.sources}
    assert at_risk["POL"] == 0
    assert at_risk["CHL"] > 0


def test_members_supply_their_union_willingly() -> None:
    """USGS: the members' production adds nothing, and they need no indices."""
    supply = MaterialSupply(
        material_id="my alloy",
        name="my alloy",
        stage=None,
        global_supply=(
            CountryShare("POL", 0.6),
            CountryShare("CHN", 0.4, ability_to_supply=0.5, willingness_to_supply=0.5),
        ),
        sourcing=(),
        trade_exposure=0.5,
        economic_vulnerability=0.5,
    )
    risk = assess_supply(supply, "EU27", COUNTRIES)
    assert value(risk, "usgs_2021_supply_risk") == pytest.approx((0.16 * 0.25 * 0.25) ** (1 / 3))


def test_flows_of_the_callers_own_weigh_imports_against_output() -> None:
    """60 t made and 40 t imported, three quarters of them from Chile, of which 10 t go out again."""
    own = (
        OwnFigure("copper", KIND.PRODUCTION, 2024, 60),
        OwnFigure("copper", KIND.IMPORTS, 2024, 40),
        OwnFigure("copper", KIND.EXPORTS, 2024, 10),
        OwnFigure("copper", KIND.IMPORTS_BY_COUNTRY, 2024, 75, "%", country="CHL"),
    )
    (risk, *_) = risks("POL", "copper", *own)
    shares = {source.country: source.sourcing_share for source in risk.sources if source.sourcing_share}
    assert shares == {"POL": pytest.approx(0.6), "CHL": pytest.approx(0.3)}
    score = next(score for score in risk.scores if score.measure.measure_id == "eu_supply_risk")
    assert score.inputs["import_reliance"] == pytest.approx(30 / 90)
    # The same figures over the Union's stand in place of its published sourcing.
    (risk, *_) = risks("EU27", "copper", *own)
    shares = {source.country: source.sourcing_share for source in risk.sources if source.sourcing_share}
    assert shares["CHL"] == pytest.approx(0.3)
    assert sum(share for country, share in shares.items() if country in CATALOG.bloc("EU27")) == pytest.approx(0.6)


def test_flows_of_the_callers_own_say_nothing_of_other_stages() -> None:
    """What the Union makes of refined copper leaves the Commission's sourcing of ore as it is."""
    own = OwnFigure("copper", KIND.PRODUCTION, 2024, 2500, "kt")
    assert at_stage(risks("EU27", "copper", own), Stage.MINING) == at_stage(risks("EU27", "copper"), Stage.MINING)
    refined = [at_stage(found, Stage.REFINING) for found in (risks("EU27", "copper", own), risks("EU27", "copper"))]
    assert refined[0] != refined[1]


def test_own_exports_that_shares_have_no_use_for_are_remarked_on() -> None:
    """At the stage of the traded form, whose exports they are; beside flows of the caller's own they count."""

    def score(stage: Stage, *figures: OwnFigure) -> RiskScore:
        risk = at_stage(risks("EU27", "copper", *figures), stage)
        return next(score for score in risk.scores if score.measure.measure_id == "eu_supply_risk")

    exports = OwnFigure("copper", KIND.EXPORTS, 2024, 500, "kt")
    assert "the exports given are not used" in " ".join(score(Stage.REFINING, exports).remarks)
    for not_concerned in (score(Stage.REFINING), score(Stage.MINING, exports)):
        assert "no tonnage of exports is published" in " ".join(not_concerned.remarks)
    flows = (
        OwnFigure("copper", KIND.IMPORTS, 2024, 1200, "kt"),
        OwnFigure("copper", KIND.PRODUCTION, 2024, 1000, "kt"),
    )
    used = score(Stage.REFINING, exports, *flows)
    assert "not used" not in " ".join(used.remarks)
    assert used.inputs["import_reliance"] == pytest.approx(700 / 1700)


def test_a_buyer_that_nobody_knows_is_told_what_to_give() -> None:
    with pytest.raises(NotFound, match="IMPORTS_BY_COUNTRY"):
        stored_supplies(CATALOG, "POL", [])
    with pytest.raises(NotFound, match="for copper, tin"):
        stored_supplies(CATALOG, "POL", ["copper", "tin"])


def test_output_of_no_member_in_particular_is_at_home() -> None:
    """The Union makes no beryllium in the data; what it says it makes is its own, and bears no risk of import."""
    own = (
        OwnFigure("beryllium", KIND.PRODUCTION, 2024, 30),
        OwnFigure("beryllium", KIND.IMPORTS, 2024, 10),
        OwnFigure("beryllium", KIND.IMPORTS_BY_COUNTRY, 2024, 1, country="KAZ"),
    )
    (risk, *_) = risks("EU27", "beryllium", *own)
    found = {source.country: source for source in risk.sources}
    assert found["EUE"].sourcing_share == pytest.approx(0.75)
    assert found["EUE"].risk == 0
    score = next(score for score in risk.scores if score.measure.measure_id == "geopolrisk")
    assert score.inputs["domestic_share"] == pytest.approx(0.75)


def test_what_is_taken_for_suppliers_is_said() -> None:
    """Consumption alone: imports are what is not made at home, suppliers the world's producers."""
    (risk, *_) = risks("JPN", "cobalt", OwnFigure("cobalt", KIND.CONSUMPTION, 2024, 10, "kt"))
    score = next(score for score in risk.scores if score.measure.measure_id == "geopolrisk")
    assert [remark for remark in score.remarks if "suppliers are not published" in remark]
    assert [remark for remark in score.remarks if "imports are not published" in remark]


def test_published_suppliers_count_without_published_consumption() -> None:
    """The United States publish who they buy lithium from, not how much they use."""
    (risk, *_) = risks("USA", "lithium")
    shares = {source.country: source.sourcing_share for source in risk.sources if source.sourcing_share}
    assert shares == {s.iso3: pytest.approx(s.figure.value) for s in CATALOG.import_sources("USA", "lithium") if s.iso3}


def test_every_material_of_the_union_can_be_assessed() -> None:
    """Shares that were rounded up to more than the whole are brought back to it."""
    rounded_up = [
        (mineral.id, stage)
        for mineral in CATALOG.minerals()
        for stage in Stage
        if sum(share.figure.value for share in CATALOG.sourcing_shares("EU27", mineral.id, stage)) > 1 + 1e-6
    ]
    assert rounded_up
    assessed = assess_supplies(stored_supplies(CATALOG, "EU27", []), "EU27", COUNTRIES)
    assert {risk.material_id for risk in assessed} >= {material for material, _ in rounded_up}
    for risk in assessed:
        assert sum(source.sourcing_share for source in risk.sources) <= 1 + 1e-9
