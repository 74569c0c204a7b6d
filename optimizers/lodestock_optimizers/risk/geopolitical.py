"""GeoPolRisk: concentration of world supply times the political instability of those the buyer imports from.

    score = HHI · Σi gi · fi / (p + F)
    CF    = score · price / 0.409412948          price in USD per kg, CF in kg copper-equivalent per kg

Terms: *g* is political instability, 0 … 1; *f* are imports from a country, *F* all imports, *p* production at home, so
that f/(p + F) is the country's share in the buyer's sourcing. The buyer's own share counts in p + F and adds nothing.
With demand fixed the score is linear in the flows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lodestock_optimizers.risk.concentration import herfindahl_hirschman
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

COPPER_USD_PER_KG = 0.409412948
"""Score · price of copper, mean over the OECD countries 2017-2021: what makes a characterisation factor 1."""

UNKNOWN_INSTABILITY = 0.5
"""g of a country without an estimate, as the reference implementation has it: the middle of the scale."""

KG_PER_TONNE = 1000.0

GEOPOLRISK = RiskMeasure(
    measure_id="geopolrisk",
    description="Concentration of world supply times the political instability of the countries imported from",
    formula="HHI · Σi gi·fi/(p + F)",
    scale_low=0.0,
    scale_high=1.0,
    source="Gemechu et al. 2015; Koyamparambath et al., geopolrisk-py, JOSS, doi 10.21105/joss.09600",
)

GEOPOLRISK_FACTOR = RiskMeasure(
    measure_id="geopolrisk_characterisation_factor",
    description="Geopolitical supply risk potential: value at risk in a kilogram, in kg copper-equivalent per kg",
    formula="HHI · Σi gi·fi/(p + F) · price / 0.409412948, price in USD per kg",
    scale_low=0.0,
    scale_high=math.inf,
    source="Santillán-Saldivar et al. 2022; Koyamparambath et al. 2024; JOSS, doi 10.21105/joss.09600",
)


def sourcing_of_flows(
    imports: Mapping[str, float], domestic_production: float = 0.0, buyer: str = ""
) -> tuple[CountryShare, ...]:
    """Shares in the buyer's sourcing from quantities: fi/(p + F) for each supplier, p/(p + F) for the buyer itself.

    Args:
        imports: f by country, ≥ 0, in any unit that is the same for all; "" for suppliers without a name.
        domestic_production: p, ≥ 0, in the same unit.
        buyer: country that imports; needed where `domestic_production` is above 0.

    Returns:
        The shares, suppliers in the order given, the buyer last where it produces.

    Raises:
        InvalidRiskInput: with every violation: a negative figure or none, a buyer that is not named or supplies
            itself, nothing sourced at all.
    """
    found = [v for country, tonnes in imports.items() for v in out_of_range(f"imports[{country}]", tonnes, 0, math.inf)]
    found += out_of_range("domestic_production", domestic_production, 0.0, math.inf)
    if buyer and buyer in imports:
        found.append(Violation(f"imports[{buyer}]", "is the buyer itself, must be another country"))
    if domestic_production > 0 and not buyer:
        found.append(Violation("buyer", "is empty, must be named where it produces itself"))
    total = sum((domestic_production, *imports.values())) if not found else 0.0
    if math.isinf(total):
        found.append(Violation("imports", "add up to more than any number can hold"))
    if not found and total <= 0:
        found.append(Violation("imports", "no imports and no production at home: nothing is sourced"))
    if found:
        raise InvalidRiskInput(found)
    shares = [CountryShare(country, tonnes / total) for country, tonnes in imports.items()]
    if domestic_production > 0:
        shares.append(CountryShare(buyer, domestic_production / total))
    return tuple(shares)


def geopolrisk(
    global_supply: Sequence[CountryShare],
    sourcing: Sequence[CountryShare],
    buyer: str = "",
    rest: RestTreatment = RestTreatment.SPREAD,
) -> RiskScore:
    """GeoPolRisk score, 0 … 1.

    Args:
        global_supply: world supply by country, for the concentration.
        sourcing: the buyer's sourcing, production at home included (`sourcing_of_flows` makes it from quantities),
            with the political instability of each country. What the shares leave of 1 is imported from countries
            without a name.
        buyer: country whose own share adds nothing; "" if it does not produce.
        rest: how unnamed suppliers of the world count in the concentration.

    Returns:
        The score; contributions HHI·g·share of each supplier add up to it, the buyer's own with g = 0.

    Raises:
        InvalidRiskInput: with every violation in both supplies.

    Source:
        Koyamparambath, Schraml, Helbig, Sonnemann, geopolrisk-py, JOSS, doi 10.21105/joss.09600, equation 1; a
        country without estimate counts with 0.5, as in the reference implementation.
    """
    found = [*share_violations("global_supply", global_supply), *share_violations("sourcing", sourcing)]
    if found:
        raise InvalidRiskInput(found)
    concentration = herfindahl_hirschman(global_supply, Scope.GLOBAL, rest, "global_supply")
    named, left = named_and_rest(sourcing)
    suppliers = [*named, left] if left.share else named
    contributions = [_contribution(item, concentration.value, buyer) for item in suppliers]
    import_risk = math.fsum(item.share * (item.political_instability or 0.0) for item in contributions)
    bounds = ("value_if_unnamed_are_many", "value_if_unnamed_is_one_country")
    return RiskScore(
        measure=GEOPOLRISK,
        scope=Scope.COMBINED,
        value=math.fsum(item.contribution for item in contributions),
        contributions=greatest_first(contributions),
        inputs={
            "hhi": concentration.value,
            "import_risk": import_risk,
            "domestic_share": math.fsum(item.share for item in named if buyer and item.country == buyer),
            "unnamed_share": left.share,
            **{name: concentration.inputs[name] * import_risk for name in bounds},
        },
        remarks=_remarks(concentration, named, left, buyer),
    )


def geopolrisk_factor(score: RiskScore, price_usd_per_tonne: float) -> RiskScore:
    """Characterisation factor of a material, in kg copper-equivalent per kg.

    Args:
        score: what `geopolrisk` gave.
        price_usd_per_tonne: price, ≥ 0, USD/t.

    Returns:
        The factor; contributions of the score, scaled, add up to it.

    Raises:
        InvalidRiskInput: a price that is none, or a score of another measure.

    Source:
        As `geopolrisk`, equations 2 and 3. The reference computes with USD per kg: a thousandth of USD/t.
    """
    found = list(out_of_range("price_usd_per_tonne", price_usd_per_tonne, 0.0, math.inf))
    if score.measure is not GEOPOLRISK:
        found.append(Violation("score", f"is of {score.measure.measure_id}, must be of {GEOPOLRISK.measure_id}"))
    if found:
        raise InvalidRiskInput(found)
    per_score = price_usd_per_tonne / KG_PER_TONNE / COPPER_USD_PER_KG
    return RiskScore(
        measure=GEOPOLRISK_FACTOR,
        scope=score.scope,
        value=score.value * per_score,
        contributions=tuple(replace(item, contribution=item.contribution * per_score) for item in score.contributions),
        inputs={
            "geopolrisk": score.value,
            "price_usd_per_tonne": price_usd_per_tonne,
            "copper_reference_usd_per_kg": COPPER_USD_PER_KG,
        },
        remarks=score.remarks,
    )


def _contribution(item: CountryShare, concentration: float, buyer: str) -> Contribution:
    g = 0.0 if buyer and item.country == buyer else instability_or_middle(item)
    return Contribution(item.country, item.share, concentration * g * item.share, political_instability=g)


def instability_or_middle(item: CountryShare) -> float:
    """Political instability of a country, or the middle of the scale where it is not known."""
    return UNKNOWN_INSTABILITY if item.political_instability is None else item.political_instability


def _remarks(
    concentration: RiskScore, named: Sequence[CountryShare], left: CountryShare, buyer: str
) -> tuple[str, ...]:
    remarks = [f"world supply: {remark}" for remark in concentration.remarks]
    unknown = sorted(item.country for item in named if item.political_instability is None and item.country != buyer)
    taken = f"{UNKNOWN_INSTABILITY:g} was taken"
    if unknown:
        remarks.append(f"no estimate of political stability for {', '.join(unknown)}: {taken}")
    if left.share and left.political_instability is None:
        remarks.append(f"{left.share:.1%} of the sourcing has no named country: political instability {taken}")
    return tuple(remarks)
