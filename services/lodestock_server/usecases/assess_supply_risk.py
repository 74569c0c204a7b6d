"""Assess supply risk: the measures of each material, what makes them, and the risk of each of its sources.

A supply is what the caller gives or what `stored_supply` finds in the catalog; either is completed with governance and
trade parameters from the catalog before it is measured. Terms are those of `lodestock_optimizers.risk`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from lodestock_optimizers.problem import SourceKind
from lodestock_optimizers.risk import (
    CountryShare,
    RiskScore,
    Scope,
    SupplyData,
    default_source_risk,
    eu_supply_risk_of_shares,
    eu_weighted_hhi,
    governance_weighted_hhi,
    herfindahl_hirschman,
)
from lodestock_server.catalog import Figure
from lodestock_server.usecases.country_risk import CountryRisk, CountryRisks


class LifeCycleStage(Enum):
    """A stage in the life of a mineral."""

    EXPLORATION = "EXPLORATION"
    MINING = "MINING"
    REFINING = "REFINING"
    TRADE = "TRADE"
    USE = "USE"
    RECYCLING = "RECYCLING"


@dataclass(frozen=True, slots=True)
class DerivedFigure:
    """A figure of an answer, how it follows, and the figures of the catalog that it follows from."""

    field_path: str
    value: float
    unit: str
    derivation: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class MaterialSupply:
    """The supply of one material at one stage; None and empty tuples stand for what is not known."""

    material_id: str
    name: str
    stage: LifeCycleStage | None
    global_supply: tuple[CountryShare, ...]
    sourcing: tuple[CountryShare, ...]
    import_reliance: float | None = None
    recycling_input_rate: float | None = None
    substitution_index: float | None = None
    supply_data: SupplyData | None = None
    remarks: tuple[str, ...] = ()
    figures: tuple[DerivedFigure, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceOfMaterial:
    """A country as a source: its risk ρ, what the risk rests on, and its shares."""

    country: str
    risk: float
    governance: float
    trade_parameter: float
    global_share: float
    sourcing_share: float


@dataclass(frozen=True, slots=True)
class MaterialRisk:
    """The risk of one material at one stage."""

    material_id: str
    name: str
    stage: LifeCycleStage | None
    scores: tuple[RiskScore, ...]
    sources: tuple[SourceOfMaterial, ...]
    figures: tuple[DerivedFigure, ...]


def assess_supply(supply: MaterialSupply, buyer: str, countries: CountryRisks) -> MaterialRisk:
    """Measure one supply for one buyer.

    Raises:
        lodestock_optimizers.risk.InvalidRiskInput: Figures that no measure can take.
    """
    completed = replace(
        supply,
        global_supply=tuple(complete(share, supply.material_id, buyer, countries) for share in supply.global_supply),
        sourcing=tuple(complete(share, supply.material_id, buyer, countries) for share in supply.sourcing),
    )
    named = {share.country for share in (*supply.global_supply, *supply.sourcing) if share.country}
    origins = [figure for country in sorted(named) for figure in governance_figures(countries, supply, buyer, country)]
    return MaterialRisk(
        material_id=supply.material_id,
        name=supply.name,
        stage=supply.stage,
        scores=tuple(scores(completed)),
        sources=tuple(sources(completed, buyer)),
        figures=(*supply.figures, *origins) if supply.figures else (),
    )


def complete(share: CountryShare, material: str, buyer: str, countries: CountryRisks) -> CountryShare:
    """Fill in what the caller left to the catalog."""
    if not share.country:
        return share
    known = countries.of(share.country, material, buyer)
    return replace(
        share,
        governance=known.governance if share.governance is None else share.governance,
        trade_parameter=known.trade_parameter if share.trade_parameter is None else share.trade_parameter,
    )


def scores(supply: MaterialSupply) -> Iterator[RiskScore]:
    """Every measure that the figures allow."""
    for scope, shares in ((Scope.GLOBAL, supply.global_supply), (Scope.SOURCING, supply.sourcing)):
        if shares:
            yield herfindahl_hirschman(shares, scope)
            yield governance_weighted_hhi(shares, scope)
            yield eu_weighted_hhi(shares, scope)
    yield eu_score(supply)


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


def supply_data_of(supply: MaterialSupply) -> SupplyData:
    """Which supplies a score can use: both where both are given with the import reliance, else the one that is."""
    if supply.global_supply and supply.sourcing and supply.import_reliance is not None:
        return SupplyData.GLOBAL_AND_SOURCING
    return SupplyData.GLOBAL_ONLY if supply.global_supply else SupplyData.SOURCING_ONLY


def sources(supply: MaterialSupply, buyer: str) -> list[SourceOfMaterial]:
    """Every named country as a source, greatest share first."""
    world = {share.country: share for share in supply.global_supply if share.country}
    bought = {share.country: share for share in supply.sourcing if share.country}
    found = [source(country, world.get(country), bought.get(country), buyer) for country in {**world, **bought}]
    return sorted(found, key=lambda item: (-item.global_share, -item.sourcing_share, item.country))


def source(country: str, world: CountryShare | None, bought: CountryShare | None, buyer: str) -> SourceOfMaterial:
    """One country as a source."""
    share = bought or world or CountryShare(country, 0.0)
    as_import = default_source_risk(SourceKind.IMPORT, share.governance, share.trade_parameter)
    return SourceOfMaterial(
        country=country,
        risk=0.0 if country == buyer else as_import.risk,
        governance=as_import.governance or 0.0,
        trade_parameter=as_import.trade_parameter or 1.0,
        global_share=world.share if world else 0.0,
        sourcing_share=bought.share if bought else 0.0,
    )


def governance_figures(
    countries: CountryRisks, supply: MaterialSupply, buyer: str, country: str
) -> Iterator[DerivedFigure]:
    """Where governance and trade parameter of a country come from."""
    known: CountryRisk = countries.of(country, supply.material_id, buyer)
    path = f"sources[{country}]"
    if known.governance is not None:
        derivation = "2·(2.5 − mean of the World Bank's governance estimates)"
        yield DerivedFigure(f"{path}.governance", known.governance, "1", derivation, known.governance_figures)
    if known.trade_figure is not None:
        derivation = "as published; below 1 only where buyer and supplier are members of the EU"
        yield DerivedFigure(f"{path}.trade_parameter", known.trade_parameter, "1", derivation, (known.trade_figure,))


def assess_supplies(supplies: Sequence[MaterialSupply], buyer: str, countries: CountryRisks) -> list[MaterialRisk]:
    """Measure several supplies for one buyer."""
    return [assess_supply(supply, buyer, countries) for supply in supplies]
