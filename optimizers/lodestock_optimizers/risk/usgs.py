"""The USGS supply risk of 2021, behind the U.S. list of critical minerals of 2022.

    SR = (DP · TE · EV)^(1/3)
    DP = Σc PSc² · ASIc · WSIc             disruption potential: a concentration, weighted by ability and willingness
    TE = net imports / apparent consumption, not below 0           trade exposure
    EV = Σj VAj/GDP · EXPj/OPj             economic vulnerability of the industries that use the material

Terms: *PS* is a country's share of world production; *ASI* and *WSI* are indices of its ability and its willingness to
supply the buyer, 0 … 1 with **1 worst**; *VA* is value added, *EXP* what an industry spends on the material, *OP* its
operating profit. A single factor of 0 makes the risk 0, since all three must come together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lodestock_optimizers.risk.scores import (
    Contribution,
    CountryShare,
    InvalidRiskInput,
    RestTreatment,
    RiskMeasure,
    RiskScore,
    Scope,
    greatest_first,
    named_and_rest,
    out_of_range,
    share_violations,
)
from lodestock_optimizers.violations import Violation

RECOMMENDED_FROM = 0.40
"""Supply risk from which the USGS recommended a mineral for the list, by its own scaling of the factors."""

USGS_SUPPLY_RISK = RiskMeasure(
    measure_id="usgs_2021_supply_risk",
    description="Risk that a foreign disruption meets dependence and vulnerable industries; USGS lists from 0.40",
    formula="(DP·TE·EV)^(1/3) with DP = Σc PSc²·ASIc·WSIc",
    scale_low=0.0,
    scale_high=1.0,
    source="Nassar et al. 2020, doi 10.1126/sciadv.aay8647; Nassar & Fortier 2021, USGS Open-File Report 2021-1045",
)


@dataclass(frozen=True, slots=True)
class IndustryUse:
    """An industry that uses the material.

    Attributes:
        value_added_share: its value added as a fraction of the gross domestic product, 0 … 1.
        expenditure_usd: what it spends on the material in a year, ≥ 0.
        operating_profit_usd: its operating profit in the same year, above 0.
    """

    value_added_share: float
    expenditure_usd: float
    operating_profit_usd: float


def trade_exposure(net_imports: float, apparent_consumption: float) -> float:
    """How far consumption depends on foreign supply: net imports / apparent consumption, 0 … 1.

    Args:
        net_imports: imports − exports ± change of stocks, in any unit; a net exporter's exposure is 0.
        apparent_consumption: production, primary and secondary, plus net imports, above 0, in the same unit.

    Returns:
        The exposure, a fraction.

    Raises:
        InvalidRiskInput: figures that are none, no consumption, or more net imports than consumption.

    Source:
        Nassar et al. 2020.
    """
    found = list(out_of_range("apparent_consumption", apparent_consumption, 0.0, math.inf))
    if not math.isfinite(net_imports):
        found.append(Violation("net_imports", f"is {net_imports:g}, must be a finite number"))
    if apparent_consumption == 0:
        found.append(Violation("apparent_consumption", "is 0, must be above 0"))
    if not found and net_imports > apparent_consumption:
        text = f"is {net_imports:g}, must be at most the apparent consumption {apparent_consumption:g}"
        found.append(Violation("net_imports", text))
    if found:
        raise InvalidRiskInput(found)
    return max(0.0, net_imports / apparent_consumption)


def economic_vulnerability(industries: Sequence[IndustryUse]) -> float:
    """How badly industries would take a disruption: Σ value-added share · expenditure / operating profit.

    Args:
        industries: the industries that use the material, at least one.

    Returns:
        EV, from 0. It stays below 1 as long as the material costs industries less than they earn.

    Raises:
        InvalidRiskInput: with every violation: no industry, figures out of range, value-added shares above 1 together.

    Source:
        Nassar et al. 2020.
    """
    found = industry_violations(industries)
    if found:
        raise InvalidRiskInput(found)
    # Not fsum, which refuses sums beyond all floats: such a vulnerability is infinite.
    return sum(use.value_added_share * (use.expenditure_usd / use.operating_profit_usd) for use in industries)


def usgs_supply_risk(disruption_potential: float, trade_exposure: float, economic_vulnerability: float) -> float:
    """Supply risk from its three factors: their geometric mean, 0 … 1.

    Args:
        disruption_potential: DP, 0 … 1.
        trade_exposure: TE, 0 … 1.
        economic_vulnerability: EV, 0 … 1.

    Raises:
        InvalidRiskInput: with every violation.

    Source:
        Nassar & Fortier 2021.
    """
    found = [
        *out_of_range("disruption_potential", disruption_potential, 0.0, 1.0),
        *_factor_violations(trade_exposure, economic_vulnerability),
    ]
    if found:
        raise InvalidRiskInput(found)
    return math.cbrt(disruption_potential * trade_exposure * economic_vulnerability)


def usgs_supply_risk_of_shares(
    global_supply: Sequence[CountryShare],
    trade_exposure: float,
    economic_vulnerability: float,
    buyer: str = "",
    rest: RestTreatment = RestTreatment.SPREAD,
) -> RiskScore:
    """Supply risk from shares of world production, with what each country adds.

    Args:
        global_supply: shares of world production; every named country but the buyer with its ability and willingness
            to supply.
        trade_exposure: TE, 0 … 1.
        economic_vulnerability: EV, 0 … 1.
        buyer: country whose own production no foreign disruption hits: its willingness counts as 0 unless given.
        rest: how unnamed producers count: adding nothing, or as one country, unable and unwilling unless given.

    Returns:
        The score. A cube root does not split into sums, so contributions share out the score as the countries' parts
        share out DP; they add up to it.

    Raises:
        InvalidRiskInput: with every violation.

    Source:
        Nassar et al. 2020; Nassar & Fortier 2021.
    """
    found = share_violations("global_supply", global_supply)
    found += _factor_violations(trade_exposure, economic_vulnerability)
    found += index_violations("global_supply", global_supply, buyer)
    if found:
        raise InvalidRiskInput(found)
    named, left = named_and_rest(global_supply)
    parts = [_disruption(item, buyer) for item in named]
    of_rest = _disruption(left, buyer)
    many = math.fsum(part.contribution for part in parts)
    if left.share and rest is RestTreatment.ONE_COUNTRY:
        parts.append(of_rest)
    potential = math.fsum(part.contribution for part in parts)

    def risk(disruption_potential: float) -> float:
        return usgs_supply_risk(min(1.0, disruption_potential), trade_exposure, economic_vulnerability)

    value = risk(potential)
    scale = value / potential if potential > 0 else 0.0
    return RiskScore(
        measure=USGS_SUPPLY_RISK,
        scope=Scope.COMBINED,
        value=value,
        contributions=greatest_first([_scaled(part, scale) for part in parts]),
        inputs={
            "disruption_potential": potential,
            "trade_exposure": trade_exposure,
            "economic_vulnerability": economic_vulnerability,
            "unnamed_share": left.share,
            "value_if_unnamed_are_many": risk(many),
            "value_if_unnamed_is_one_country": risk(many + of_rest.contribution),
        },
        remarks=tuple(_remarks(named, left, buyer, rest)),
    )


def without_indices(shares: Sequence[CountryShare], buyer: str) -> list[str]:
    """Named countries, the buyer apart, whose ability or willingness to supply is not known."""
    return [
        item.country
        for item in shares
        if item.country
        and item.country != buyer
        and (item.ability_to_supply is None or item.willingness_to_supply is None)
    ]


def index_violations(path: str, shares: Sequence[CountryShare], buyer: str) -> list[Violation]:
    """A violation for each index that a named country but the buyer lacks."""
    lacking = set(without_indices(shares, buyer))
    return [
        Violation(f"{path}[{i}].{name}", f"is missing for {item.country}, must be a number from 0 to 1")
        for i, item in enumerate(shares)
        if item.country in lacking
        for name in ("ability_to_supply", "willingness_to_supply")
        if getattr(item, name) is None
    ]


def industry_violations(industries: Sequence[IndustryUse], path: str = "industries") -> list[Violation]:
    """Everything wrong with the industries: none, ranges, value added of more than the whole economy."""
    found: list[Violation] = []
    for i, use in enumerate(industries):
        here = f"{path}[{i}]"
        found += out_of_range(f"{here}.value_added_share", use.value_added_share, 0.0, 1.0)
        found += out_of_range(f"{here}.expenditure_usd", use.expenditure_usd, 0.0, math.inf)
        if not (math.isfinite(use.operating_profit_usd) and use.operating_profit_usd > 0):
            text = f"is {use.operating_profit_usd:g}, must be a finite number above 0"
            found.append(Violation(f"{here}.operating_profit_usd", text))
    total = sum(use.value_added_share for use in industries if math.isfinite(use.value_added_share))
    if total > 1 + 1e-6:
        found.append(Violation(path, f"value-added shares add up to {total:g}, must add up to at most 1"))
    if not industries:
        found.append(Violation(path, "is empty, must hold at least one industry"))
    return found


def _factor_violations(exposure: float, vulnerability: float) -> list[Violation]:
    return [
        *out_of_range("trade_exposure", exposure, 0.0, 1.0),
        *out_of_range("economic_vulnerability", vulnerability, 0.0, 1.0),
    ]


def _disruption(item: CountryShare, buyer: str) -> Contribution:
    """PS²·ASI·WSI of one country."""
    at_home = bool(buyer) and item.country == buyer
    ability = 1.0 if item.ability_to_supply is None else item.ability_to_supply
    willingness = item.willingness_to_supply
    if willingness is None:
        willingness = 0.0 if at_home else 1.0
    value = item.share**2 * ability * willingness
    return Contribution(item.country, item.share, value, ability_to_supply=ability, willingness_to_supply=willingness)


def _scaled(part: Contribution, scale: float) -> Contribution:
    return Contribution(
        part.country,
        part.share,
        part.contribution * scale,
        ability_to_supply=part.ability_to_supply,
        willingness_to_supply=part.willingness_to_supply,
    )


def _remarks(named: Sequence[CountryShare], left: CountryShare, buyer: str, rest: RestTreatment) -> list[str]:
    remarks = []
    if left.share:
        how = {
            RestTreatment.SPREAD: "counted as very many small producers, adding nothing",
            RestTreatment.ONE_COUNTRY: "counted as one country",
        }[rest]
        remarks.append(f"world supply: {left.share:.1%} of the supply has no named country: {how}")
    at_home = [item for item in named if buyer and item.country == buyer and item.share > 0]
    if any(item.willingness_to_supply is None for item in at_home):
        remarks.append(f"{buyer} supplies itself: its own production adds nothing")
    return remarks
