"""Assess supply risk: the measures of each material, what makes them, and the risk of each of its sources.

A supply is what the caller gives or what `stored_supply` finds in the catalog; either is completed with governance and
trade parameters from the catalog before it is measured. Terms are those of `lodestock_optimizers.risk`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from lodestock_optimizers.problem import SourceKind
from lodestock_optimizers.risk import (
    GEOPOLRISK,
    GEOPOLRISK_FACTOR,
    RECOMMENDED_FROM,
    USGS_SUPPLY_RISK,
    YALE_SUPPLY_RISK,
    CountryShare,
    IndustryUse,
    RiskScore,
    Scope,
    SupplyData,
    YaleWeights,
    default_source_risk,
    ecological_pressure_of_shares,
    economic_vulnerability,
    eu_supply_risk_of_shares,
    eu_weighted_hhi,
    geopolrisk,
    geopolrisk_factor,
    governance_weighted_hhi,
    herfindahl_hirschman,
    usgs_supply_risk_of_shares,
    without_country_indicators,
    without_indices,
    yale_supply_risk,
)
from lodestock_server.catalog import Figure, Stage
from lodestock_server.usecases.country_risk import CountryRisk, CountryRisks
from lodestock_server.usecases.home_shares import at_home_as_one, willing_at_home
from lodestock_server.usecases.origins import TracedField

MOST_NAMED = 8
"""Countries that a remark names before it counts the others."""


class LifeCycleStage(Enum):
    """A stage in the life of a mineral."""

    EXPLORATION = "EXPLORATION"
    MINING = "MINING"
    REFINING = "REFINING"
    TRADE = "TRADE"
    USE = "USE"
    RECYCLING = "RECYCLING"


TRADED_AT = {LifeCycleStage.MINING: Stage.MINING, LifeCycleStage.REFINING: Stage.REFINING}
"""Stages whose trade parameters are published; at any other that of the planned form is taken."""


@dataclass(frozen=True, slots=True)
class MaterialSupply:
    """The supply of one material at one stage; None and empty tuples stand for what is not known.

    `home_is_weighed` is False where the buyer produces, but its output cannot be weighed against its imports, so that
    `sourcing` is imports alone. `pressures` are ecological ones by country. `remarks` are of the EU's score,
    `sourcing_remarks` and `price_remarks` of GeoPolRisk.
    """

    material_id: str
    name: str
    stage: LifeCycleStage | None
    global_supply: tuple[CountryShare, ...]
    sourcing: tuple[CountryShare, ...]
    import_reliance: float | None = None
    recycling_input_rate: float | None = None
    substitution_index: float | None = None
    supply_data: SupplyData | None = None
    price_usd_per_tonne: float | None = None
    trade_exposure: float | None = None
    economic_vulnerability: float | None = None
    industries: tuple[IndustryUse, ...] = ()
    depletion_years: float | None = None
    companion_share: float | None = None
    yale_weights: YaleWeights | None = None
    pressures: Mapping[str, float] = field(default_factory=dict)
    home_is_weighed: bool = True
    remarks: tuple[str, ...] = ()
    sourcing_remarks: tuple[str, ...] = ()
    price_remarks: tuple[str, ...] = ()
    figures: tuple[TracedField, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceOfMaterial:
    """A country as a source: its risk ρ, what the risk rests on, and its shares."""

    country: str
    risk: float
    governance: float
    trade_parameter: float
    global_share: float
    sourcing_share: float
    political_instability: float | None = None
    ecological_pressure: float | None = None


@dataclass(frozen=True, slots=True)
class MaterialRisk:
    """The risk of one material at one stage; `remarks` say which scores are left out, and what they would need."""

    material_id: str
    name: str
    stage: LifeCycleStage | None
    scores: tuple[RiskScore, ...]
    sources: tuple[SourceOfMaterial, ...]
    figures: tuple[TracedField, ...]
    remarks: tuple[str, ...] = ()


def assess_supply(supply: MaterialSupply, buyer: str, countries: CountryRisks) -> MaterialRisk:
    """Measure one supply for one buyer.

    Raises:
        lodestock_optimizers.risk.InvalidRiskInput: Figures that no measure can take.
    """
    completed = completed_supply(supply, buyer, countries)
    named = {share.country for share in (*supply.global_supply, *supply.sourcing) if share.country}
    origins = [figure for country in sorted(named) for figure in governance_figures(countries, supply, buyer, country)]
    return MaterialRisk(
        material_id=supply.material_id,
        name=supply.name,
        stage=supply.stage,
        scores=tuple(scores(completed, buyer, countries.home(buyer))),
        sources=tuple(sources(completed, countries.home(buyer))),
        figures=(*supply.figures, *origins) if supply.figures else (),
        remarks=tuple(left_out(completed, buyer, countries.home(buyer))),
    )


def completed_supply(supply: MaterialSupply, buyer: str, countries: CountryRisks) -> MaterialSupply:
    """Fill in what the caller left to the catalog of every country in a supply."""
    return replace(
        supply,
        global_supply=tuple(complete(share, supply, buyer, countries) for share in supply.global_supply),
        sourcing=tuple(complete(share, supply, buyer, countries) for share in supply.sourcing),
    )


def complete(share: CountryShare, supply: MaterialSupply, buyer: str, countries: CountryRisks) -> CountryShare:
    """Fill in what the caller left to the catalog."""
    if not share.country:
        return share
    known = known_of(share.country, supply, buyer, countries)
    return replace(
        share,
        governance=known.governance if share.governance is None else share.governance,
        trade_parameter=known.trade_parameter if share.trade_parameter is None else share.trade_parameter,
        political_instability=(
            known.political_instability if share.political_instability is None else share.political_instability
        ),
    )


def known_of(country: str, supply: MaterialSupply, buyer: str, countries: CountryRisks) -> CountryRisk:
    """What the catalog knows of a country in a supply, with the trade parameter of the supply's stage."""
    return countries.of(country, supply.material_id, buyer, TRADED_AT.get(supply.stage) if supply.stage else None)


def scores(supply: MaterialSupply, buyer: str, home: frozenset[str]) -> Iterator[RiskScore]:
    """Every measure that the figures allow."""
    for scope, shares in ((Scope.GLOBAL, supply.global_supply), (Scope.SOURCING, supply.sourcing)):
        if shares:
            yield herfindahl_hirschman(shares, scope)
            yield governance_weighted_hhi(shares, scope)
            yield eu_weighted_hhi(shares, scope)
    yield eu_score(supply)
    if not missing_for_geopolrisk(supply):
        yield from geopolrisk_scores(supply, buyer, home)
    if not missing_for_usgs(supply, buyer, home):
        yield usgs_score(supply, buyer, home)
    if not missing_for_yale(supply):
        yield yale_supply_risk(
            supply.global_supply, supply.depletion_years or 0.0, supply.companion_share or 0.0, supply.yale_weights
        )
    for scope, shares in ((Scope.GLOBAL, supply.global_supply), (Scope.SOURCING, supply.sourcing)):
        pressure = ecological_pressure_of_shares(shares, supply.pressures, scope) if shares else None
        if pressure is not None:
            yield pressure


def eu_score(supply: MaterialSupply) -> RiskScore:
    """The EU's supply risk, with what was assumed for it in its remarks."""
    remarks = list(supply.remarks)
    data = supply.supply_data or supply_data_of(supply)
    if supply.supply_data is None and data is not SupplyData.GLOBAL_AND_SOURCING:
        remarks.append(f"only one supply could be used: {data.name.lower().replace('_', ' ')}")
    if supply.recycling_input_rate is None:
        remarks.append("no end-of-life recycling input rate: 0 was taken")
    if supply.substitution_index is None:
        remarks.append("no substitution index: 1 was taken, as if there were no substitute")
    score = eu_supply_risk_of_shares(
        supply.global_supply,
        supply.sourcing,
        supply.import_reliance,
        supply.recycling_input_rate or 0.0,
        1.0 if supply.substitution_index is None else supply.substitution_index,
        data,
    )
    return replace(score, remarks=(*score.remarks, *remarks))


def geopolrisk_scores(supply: MaterialSupply, buyer: str, home: frozenset[str]) -> Iterator[RiskScore]:
    """GeoPolRisk, and its characterisation factor where a price is known.

    What the members of a bloc supply is production at home, so it stands in the score as one share of the buyer's.
    """
    score = geopolrisk(supply.global_supply, at_home_as_one(supply.sourcing, buyer, home), buyer)
    score = replace(score, remarks=(*score.remarks, *supply.sourcing_remarks))
    yield score
    if supply.price_usd_per_tonne is not None:
        factor = geopolrisk_factor(score, supply.price_usd_per_tonne)
        yield replace(factor, remarks=(*factor.remarks, *supply.price_remarks))


def usgs_score(supply: MaterialSupply, buyer: str, home: frozenset[str]) -> RiskScore:
    """The supply risk of the USGS, with what was assumed for it in its remarks."""
    remarks = []
    exposure = supply.trade_exposure
    if exposure is None:
        exposure = supply.import_reliance or 0.0
        remarks.append("no trade exposure: the import reliance was taken, without scrap and changes of stocks")
    vulnerability = supply.economic_vulnerability
    if vulnerability is None:
        vulnerability = economic_vulnerability(supply.industries)
        remarks.append(
            "economic vulnerability is the sum over the industries given; "
            f"the USGS's threshold of {RECOMMENDED_FROM:g} is for its own factors"
        )
    shares = willing_at_home(supply.global_supply, buyer, home)
    if len(home) > 1 and any(share.country in home for share in shares):
        remarks.append(f"the members of {buyer} supply it willingly, unless the figures given say otherwise")
    score = usgs_supply_risk_of_shares(shares, exposure, vulnerability, buyer)
    return replace(score, remarks=(*score.remarks, *remarks))


def left_out(supply: MaterialSupply, buyer: str, home: frozenset[str]) -> Iterator[str]:
    """What each score that is left out would need."""
    for_geopolrisk = missing_for_geopolrisk(supply)
    if for_geopolrisk:
        yield f"{GEOPOLRISK.measure_id} is left out: {', '.join(for_geopolrisk)}"
    elif supply.price_usd_per_tonne is None:
        yield f"{GEOPOLRISK_FACTOR.measure_id} is left out: no price"
    for_usgs = missing_for_usgs(supply, buyer, home)
    if for_usgs:
        yield f"{USGS_SUPPLY_RISK.measure_id} is left out: {', '.join(for_usgs)}"
    for_yale = missing_for_yale(supply)
    if for_yale:
        yield f"{YALE_SUPPLY_RISK.measure_id} is left out: {', '.join(for_yale)}"


def missing_for_geopolrisk(supply: MaterialSupply) -> list[str]:
    """What GeoPolRisk lacks, in words; empty where it can be computed."""
    missing = []
    if not supply.global_supply:
        missing.append("no world supply by country")
    if not supply.sourcing:
        missing.append("no sourcing of the buyer by country at this stage")
    if not supply.home_is_weighed:
        missing.append("no tonnage of imports to weigh the production at home against")
    return missing


def missing_for_usgs(supply: MaterialSupply, buyer: str, home: frozenset[str]) -> list[str]:
    """What the USGS's score lacks, in words; empty where it can be computed."""
    missing = []
    if not supply.global_supply:
        missing.append("no world supply by country")
    unknown = without_indices(willing_at_home(supply.global_supply, buyer, home), buyer)
    if unknown:
        missing.append(f"no ability and willingness to supply of {first_few(sorted(unknown))}")
    if supply.trade_exposure is None and supply.import_reliance is None:
        missing.append("no trade exposure or import reliance")
    if supply.economic_vulnerability is None and not supply.industries:
        missing.append("no economic vulnerability or industries that use the material")
    return missing


def missing_for_yale(supply: MaterialSupply) -> list[str]:
    """What the Yale method lacks, in words; empty where it can be computed."""
    missing = []
    if not any(share.share > 0 for share in supply.global_supply if share.country):
        missing.append("no world supply by country")
    unknown = without_country_indicators(supply.global_supply)
    if unknown:
        missing.append(f"no ability to supply, human development or instability of {first_few(sorted(unknown))}")
    if supply.depletion_years is None:
        missing.append("no depletion time")
    if supply.companion_share is None:
        missing.append("no companion share")
    return missing


def first_few(names: Sequence[str]) -> str:
    """Names in a list that does not run over a line."""
    if len(names) <= MOST_NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"


def supply_data_of(supply: MaterialSupply) -> SupplyData:
    """Which supplies a score can use: both where both are given with the import reliance, else the one that is."""
    if supply.global_supply and supply.sourcing and supply.import_reliance is not None:
        return SupplyData.GLOBAL_AND_SOURCING
    return SupplyData.GLOBAL_ONLY if supply.global_supply else SupplyData.SOURCING_ONLY


def sources(supply: MaterialSupply, home: frozenset[str]) -> list[SourceOfMaterial]:
    """Every named country as a source, greatest share first."""
    world = {share.country: share for share in supply.global_supply if share.country}
    bought = {share.country: share for share in supply.sourcing if share.country}
    found = [
        replace(
            source(country, world.get(country), bought.get(country), home),
            ecological_pressure=supply.pressures.get(country),
        )
        for country in {**world, **bought}
    ]
    return sorted(found, key=lambda item: (-item.global_share, -item.sourcing_share, item.country))


def source(
    country: str, world: CountryShare | None, bought: CountryShare | None, home: frozenset[str]
) -> SourceOfMaterial:
    """One country as a source."""
    share = bought or world or CountryShare(country, 0.0)
    as_import = default_source_risk(SourceKind.IMPORT, share.governance, share.trade_parameter)
    return SourceOfMaterial(
        country=country,
        risk=0.0 if country in home else as_import.risk,
        governance=as_import.governance or 0.0,
        trade_parameter=as_import.trade_parameter or 1.0,
        global_share=world.share if world else 0.0,
        sourcing_share=bought.share if bought else 0.0,
        political_instability=share.political_instability,
    )


def governance_figures(
    countries: CountryRisks, supply: MaterialSupply, buyer: str, country: str
) -> Iterator[TracedField]:
    """Where governance, political instability and trade parameter of a country come from."""
    known = known_of(country, supply, buyer, countries)
    path = f"sources[{country}]"
    if known.governance is not None:
        derivation = "2·(2.5 − mean of the World Bank's governance estimates)"
        yield _figure(f"{path}.governance", known.governance, derivation, *known.governance_figures)
    if known.political_instability is not None and known.stability_figure is not None:
        derivation = "(2.5 − the World Bank's estimate of political stability)/5, cut off at 0 and 1"
        yield _figure(f"{path}.political_instability", known.political_instability, derivation, known.stability_figure)
    if known.trade_figure is not None:
        derivation = "as published; below 1 only where buyer and supplier are members of the EU"
        yield _figure(f"{path}.trade_parameter", known.trade_parameter, derivation, known.trade_figure)


def _figure(path: str, value: float, derivation: str, *figures: Figure) -> TracedField:
    return TracedField(path, (value,), "1", derivation, tuple(figure.origin for figure in figures))


def assess_supplies(supplies: Sequence[MaterialSupply], buyer: str, countries: CountryRisks) -> list[MaterialRisk]:
    """Measure several supplies for one buyer."""
    return [assess_supply(supply, buyer, countries) for supply in supplies]
