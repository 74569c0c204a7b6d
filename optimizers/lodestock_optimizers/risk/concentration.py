"""Concentration of a supply, plain and weighted: sums of squared shares.

    H = Σc Sc² · weight(c)       weight 1, or W, or W·t

The rest without a name adds nothing by default (very many small suppliers); every score also carries what it would be
if the rest were one country, so that the two bounds are in view.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from lodestock_optimizers.risk.scores import (
    GREATEST_TRADE_PARAMETER,
    WORLD_MEAN_GOVERNANCE,
    Contribution,
    CountryShare,
    InvalidRiskInput,
    RestTreatment,
    RiskMeasure,
    RiskScore,
    Scope,
    greatest_first,
    named_and_rest,
    share_violations,
)

HHI = RiskMeasure(
    measure_id="hhi",
    description="Herfindahl-Hirschman index: how few countries share the supply; 1 is a single one",
    formula="Σc Sc²",
    scale_low=0.0,
    scale_high=1.0,
    source="Hirschman 1945; Herfindahl 1950",
)

GOVERNANCE_WEIGHTED_HHI = RiskMeasure(
    measure_id="governance_weighted_hhi",
    description="Concentration of the supply, each country weighted by how badly it is governed",
    formula="Σc Sc² · Wc",
    scale_low=0.0,
    scale_high=10.0,
    source="European Commission, Critical raw materials for the EU, 2010; governance: World Bank WGI",
)

EU_WEIGHTED_HHI = RiskMeasure(
    measure_id="eu_weighted_hhi",
    description="Concentration of the supply, weighted by governance and by restrictions of export",
    formula="Σc Sc² · Wc · tc",
    scale_low=0.0,
    scale_high=10.0 * GREATEST_TRADE_PARAMETER,
    source="European Commission, Methodology for establishing the EU list of critical raw materials, 2017",
)


def herfindahl_hirschman(
    shares: Sequence[CountryShare],
    scope: Scope = Scope.GLOBAL,
    rest: RestTreatment = RestTreatment.SPREAD,
    path: str = "shares",
) -> RiskScore:
    """Concentration Σ S², 0 … 1.

    Args:
        shares: the supply by country; governance and trade parameters are not used.
        scope: whose supply it is, for the answer.
        rest: how unnamed suppliers count.
        path: field path of `shares` in the caller's message, for violations.

    Returns:
        The score; contributions S² add up to it.

    Raises:
        InvalidRiskInput: with every violation in `shares`.

    Source:
        Hirschman, National Power and the Structure of Foreign Trade, 1945.
    """
    return _weighted(HHI, shares, scope, rest, path, lambda item: Contribution(item.country, item.share, 1.0))


def governance_weighted_hhi(
    shares: Sequence[CountryShare],
    scope: Scope = Scope.GLOBAL,
    rest: RestTreatment = RestTreatment.SPREAD,
    path: str = "shares",
) -> RiskScore:
    """Concentration weighted by governance, Σ S²·W, 0 … 10. Arguments, result and errors as `herfindahl_hirschman`.

    A country without governance counts with the world mean W = 5, which a remark says.
    """
    return _weighted(
        GOVERNANCE_WEIGHTED_HHI,
        shares,
        scope,
        rest,
        path,
        lambda item: Contribution(item.country, item.share, governance_or_mean(item), governance_or_mean(item)),
    )


def eu_weighted_hhi(
    shares: Sequence[CountryShare],
    scope: Scope = Scope.GLOBAL,
    rest: RestTreatment = RestTreatment.SPREAD,
    path: str = "shares",
) -> RiskScore:
    """Concentration weighted by governance and trade parameter, Σ S²·W·t. Otherwise as `governance_weighted_hhi`.

    A country without trade parameter counts with t = 1.

    Source:
        European Commission, Methodology for establishing the EU list of critical raw materials, 2017.
    """

    def weight(item: CountryShare) -> Contribution:
        w, t = governance_or_mean(item), 1.0 if item.trade_parameter is None else item.trade_parameter
        return Contribution(item.country, item.share, w * t, w, t)

    return _weighted(EU_WEIGHTED_HHI, shares, scope, rest, path, weight)


def governance_or_mean(item: CountryShare) -> float:
    """W of a country, or the world mean where it is not known."""
    return WORLD_MEAN_GOVERNANCE if item.governance is None else item.governance


def _weighted(
    measure: RiskMeasure,
    shares: Sequence[CountryShare],
    scope: Scope,
    rest: RestTreatment,
    path: str,
    weigh: Callable[[CountryShare], Contribution],
) -> RiskScore:
    """Σ S²·weight; `weigh` gives a contribution that holds the bare weight, which is multiplied by S² here."""
    found = share_violations(path, shares)
    if found:
        raise InvalidRiskInput(found)
    named, left = named_and_rest(shares)
    contributions = [_squared(weigh(item)) for item in named]
    named_value = math.fsum(item.contribution for item in contributions)
    of_rest = _squared(weigh(left))
    if left.share and rest is RestTreatment.ONE_COUNTRY:
        contributions.append(of_rest)
    return RiskScore(
        measure=measure,
        scope=scope,
        value=math.fsum(item.contribution for item in contributions),
        contributions=greatest_first(contributions),
        inputs={
            "unnamed_share": left.share,
            "value_if_unnamed_are_many": named_value,
            "value_if_unnamed_is_one_country": named_value + of_rest.contribution,
        },
        remarks=_remarks(measure, named, left, rest),
    )


def _squared(weight: Contribution) -> Contribution:
    value = weight.share**2 * weight.contribution
    return Contribution(weight.country, weight.share, value, weight.governance, weight.trade_parameter)


def _remarks(
    measure: RiskMeasure, named: Sequence[CountryShare], left: CountryShare, rest: RestTreatment
) -> tuple[str, ...]:
    remarks = []
    if left.share:
        how = {
            RestTreatment.SPREAD: "counted as very many small suppliers, adding nothing",
            RestTreatment.ONE_COUNTRY: "counted as one country",
        }[rest]
        remarks.append(f"{left.share:.1%} of the supply has no named country: {how}")
    if measure is HHI:
        return tuple(remarks)
    unknown = sorted(item.country for item in named if item.governance is None)
    if unknown:
        mean = f"the world mean {WORLD_MEAN_GOVERNANCE:g} was taken"
        remarks.append(f"no governance figures for {', '.join(unknown)}: {mean}")
    if left.share and rest is RestTreatment.ONE_COUNTRY and left.governance is None:
        remarks.append(f"governance of the unnamed suppliers: the world mean {WORLD_MEAN_GOVERNANCE:g} was taken")
    if measure is EU_WEIGHTED_HHI:
        untold = sorted(item.country for item in named if item.trade_parameter is None)
        if untold:
            remarks.append(f"no trade parameter for {', '.join(untold)}: 1 was taken, no measure known")
    return tuple(remarks)
