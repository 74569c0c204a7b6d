"""The EU's supply risk of a material, in the method of 2017 (used for the lists of 2017, 2020 and 2023).

    H  = Σc Sc² · Wc · tc                                  of world supply, and of the buyer's sourcing
    SR = [ H_global·IR/2 + H_sourcing·(1 − IR/2) ] · (1 − EoL_RIR) · SI_SR

Where the data support only one of the two H, SR uses that one alone, without IR. The EU calls a material critical where
SR ≥ 1.0 and its economic importance ≥ 2.8. A material's SR is the larger of its stages'.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from lodestock_optimizers.risk.concentration import eu_weighted_hhi
from lodestock_optimizers.risk.scores import (
    GREATEST_TRADE_PARAMETER,
    Contribution,
    CountryShare,
    InvalidRiskInput,
    RestTreatment,
    RiskMeasure,
    RiskScore,
    Scope,
    greatest_first,
    out_of_range,
    share_violations,
)
from lodestock_optimizers.violations import Violation

CRITICAL_FROM = 1.0
"""Supply risk from which the EU calls a material critical, if its economic importance is 2.8 or more."""

EU_SUPPLY_RISK = RiskMeasure(
    measure_id="eu_supply_risk",
    description="Risk of a disruption of supply after the EU's method; usually 0 to 10, critical from 1.0",
    formula="[H_global·IR/2 + H_sourcing·(1 − IR/2)]·(1 − EoL_RIR)·SI_SR with H = Σc Sc²·Wc·tc",
    scale_low=0.0,
    scale_high=10.0 * GREATEST_TRADE_PARAMETER,
    source="European Commission, Methodology for establishing the EU list of critical raw materials, 2017",
)


class SupplyData(Enum):
    """Which supply figures a score rests on."""

    GLOBAL_AND_SOURCING = "GS+EU"
    GLOBAL_ONLY = "GS"
    SOURCING_ONLY = "EU"


@dataclass(frozen=True, slots=True)
class ScopeWeights:
    """Factors by which the two concentrations enter the score."""

    global_supply: float
    sourcing: float


def scope_weights(supply_data: SupplyData, import_reliance: float | None) -> ScopeWeights:
    """Factors of H_global and H_sourcing: IR/2 and 1 − IR/2, or 1 and 0, or 0 and 1 where one is used alone.

    Args:
        supply_data: which figures are used.
        import_reliance: IR, 0 … 1; needed for `GLOBAL_AND_SOURCING` only.

    Raises:
        InvalidRiskInput: IR is needed and missing, or not from 0 to 1.
    """
    if supply_data is SupplyData.GLOBAL_ONLY:
        return ScopeWeights(1.0, 0.0)
    if supply_data is SupplyData.SOURCING_ONLY:
        return ScopeWeights(0.0, 1.0)
    found = list(_needed("import_reliance", import_reliance, 1.0))
    if found or import_reliance is None:
        raise InvalidRiskInput(found)
    return ScopeWeights(import_reliance / 2, 1 - import_reliance / 2)


def eu_supply_risk(
    hhi_global: float | None,
    hhi_sourcing: float | None,
    import_reliance: float | None,
    eol_recycling_input_rate: float,
    substitution_index: float = 1.0,
    supply_data: SupplyData = SupplyData.GLOBAL_AND_SOURCING,
) -> float:
    """Supply risk from weighted concentrations as they are published.

    Args:
        hhi_global: H of world supply, ≥ 0; needed unless `supply_data` is SOURCING_ONLY.
        hhi_sourcing: H of the buyer's sourcing, ≥ 0; needed unless `supply_data` is GLOBAL_ONLY.
        import_reliance: IR, 0 … 1; needed for GLOBAL_AND_SOURCING only.
        eol_recycling_input_rate: share of input from old scrap, 0 … 1.
        substitution_index: SI_SR, 0 … 1; 1 = no substitute.
        supply_data: which of the two H are used. The study says so per material; that both are printed does not mean
            that both are used.

    Returns:
        SR, from 0.

    Raises:
        InvalidRiskInput: with every violation.

    Source:
        European Commission, Methodology for establishing the EU list of critical raw materials, 2017; checked against
        the 78 materials of the Study on the review of the list of Critical Raw Materials, 2017, doi 10.2873/876644.
    """
    found: list[Violation] = []
    if supply_data is not SupplyData.SOURCING_ONLY:
        found += _needed("hhi_global", hhi_global, EU_SUPPLY_RISK.scale_high)
    if supply_data is not SupplyData.GLOBAL_ONLY:
        found += _needed("hhi_sourcing", hhi_sourcing, EU_SUPPLY_RISK.scale_high)
    if supply_data is SupplyData.GLOBAL_AND_SOURCING:
        found += _needed("import_reliance", import_reliance, 1.0)
    found += _mitigation_violations(eol_recycling_input_rate, substitution_index)
    if found:
        raise InvalidRiskInput(found)
    weights = scope_weights(supply_data, import_reliance)
    core = weights.global_supply * (hhi_global or 0.0) + weights.sourcing * (hhi_sourcing or 0.0)
    return core * _mitigation(eol_recycling_input_rate, substitution_index)


def eu_supply_risk_of_shares(
    global_supply: Sequence[CountryShare],
    sourcing: Sequence[CountryShare],
    import_reliance: float | None,
    eol_recycling_input_rate: float,
    substitution_index: float = 1.0,
    supply_data: SupplyData = SupplyData.GLOBAL_AND_SOURCING,
    rest: RestTreatment = RestTreatment.SPREAD,
) -> RiskScore:
    """Supply risk from shares by country, with what each country adds.

    Args:
        global_supply: world supply; not read if `supply_data` is SOURCING_ONLY.
        sourcing: the buyer's own sourcing, domestic supply included; not read if GLOBAL_ONLY.
        import_reliance: IR, 0 … 1; needed for GLOBAL_AND_SOURCING only.
        eol_recycling_input_rate: share of input from old scrap, 0 … 1.
        substitution_index: SI_SR, 0 … 1.
        supply_data: which supplies are used.
        rest: how unnamed suppliers count.

    Returns:
        The score; contributions over both supplies add up to it. `share` of a contribution is the country's share in
        world supply where that is used, else in the sourcing.

    Raises:
        InvalidRiskInput: with every violation.

    Source:
        As `eu_supply_risk`.
    """
    use_global = supply_data is not SupplyData.SOURCING_ONLY
    use_sourcing = supply_data is not SupplyData.GLOBAL_ONLY
    found: list[Violation] = []
    found += share_violations("global_supply", global_supply) if use_global else []
    found += share_violations("sourcing", sourcing) if use_sourcing else []
    if use_global and use_sourcing:
        found += _needed("import_reliance", import_reliance, 1.0)
    found += _mitigation_violations(eol_recycling_input_rate, substitution_index)
    if found:
        raise InvalidRiskInput(found)
    weights = scope_weights(supply_data, import_reliance)
    of_world = eu_weighted_hhi(global_supply, Scope.GLOBAL, rest, "global_supply") if use_global else None
    of_buyer = eu_weighted_hhi(sourcing, Scope.SOURCING, rest, "sourcing") if use_sourcing else None
    mitigation = _mitigation(eol_recycling_input_rate, substitution_index)
    parts = [
        (score, weight * mitigation)
        for score, weight in ((of_world, weights.global_supply), (of_buyer, weights.sourcing))
        if score is not None
    ]
    inputs = {
        "eol_recycling_input_rate": eol_recycling_input_rate,
        "substitution_index": substitution_index,
        "weight_of_global_supply": weights.global_supply,
        "weight_of_sourcing": weights.sourcing,
        "value_if_unnamed_are_many": math.fsum(s.inputs["value_if_unnamed_are_many"] * f for s, f in parts),
        "value_if_unnamed_is_one_country": math.fsum(s.inputs["value_if_unnamed_is_one_country"] * f for s, f in parts),
    }
    inputs |= {f"hhi_{score.scope.value}": score.value for score, _ in parts}
    if use_global and use_sourcing and import_reliance is not None:
        inputs["import_reliance"] = import_reliance
    return RiskScore(
        measure=EU_SUPPLY_RISK,
        scope=Scope.COMBINED if len(parts) == 2 else parts[0][0].scope,
        value=math.fsum(score.value * factor for score, factor in parts),
        contributions=_merged(parts),
        inputs=inputs,
        remarks=tuple(_remarks_by_scope(score for score, _ in parts)),
    )


def _merged(parts: Sequence[tuple[RiskScore, float]]) -> tuple[Contribution, ...]:
    """One contribution a country, over both supplies."""
    merged: dict[str, Contribution] = {}
    for score, factor in parts:
        for item in score.contributions:
            before = merged.get(item.country)
            merged[item.country] = Contribution(
                country=item.country,
                share=before.share if before else item.share,
                contribution=item.contribution * factor + (before.contribution if before else 0.0),
                governance=before.governance if before else item.governance,
                trade_parameter=before.trade_parameter if before else item.trade_parameter,
            )
    return greatest_first(list(merged.values()))


def _remarks_by_scope(scores: Iterable[RiskScore]) -> Iterator[str]:
    for score in scores:
        supply = "world supply" if score.scope is Scope.GLOBAL else "sourcing"
        yield from (f"{supply}: {remark}" for remark in score.remarks)


def _needed(path: str, value: float | None, most: float) -> Iterator[Violation]:
    if value is None:
        yield Violation(path, f"is missing, must be a number from 0 to {most:g} for this choice of supply data")
    yield from out_of_range(path, value, 0.0, most)


def _mitigation(eol_recycling_input_rate: float, substitution_index: float) -> float:
    return (1 - eol_recycling_input_rate) * substitution_index


def _mitigation_violations(eol_recycling_input_rate: float, substitution_index: float) -> list[Violation]:
    return [
        *out_of_range("eol_recycling_input_rate", eol_recycling_input_rate, 0.0, 1.0),
        *out_of_range("substitution_index", substitution_index, 0.0, 1.0),
    ]
