"""The supply risk of the Yale method: the mean of what geology, society and politics say.

    SR = (Wg·(DT + CF)/2 + Ws·(PPI + HDI)/2 + Wp·(PS + GSC)/2) / (Wg + Ws + Wp)        each indicator 0 … 100, 100 worst

*DT* is the depletion time and *CF* the companion share of the material; *PPI*, *HDI* and *PS* are means over the
countries that produce it, weighted by their output: 100 − policy perception index, 100 · human development index (who
has more puts up with fewer mines), 100 · political instability; *GSC* is the concentration of world supply.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lodestock_optimizers.risk.concentration import herfindahl_hirschman
from lodestock_optimizers.risk.scores import (
    Contribution,
    CountryShare,
    InvalidRiskInput,
    RiskMeasure,
    RiskScore,
    Scope,
    greatest_first,
    named_and_rest,
    out_of_range,
    share_violations,
)
from lodestock_optimizers.violations import Violation

YALE_SUPPLY_RISK = RiskMeasure(
    measure_id="yale_supply_risk",
    description="Mean of a geological, a social and a geopolitical component, each of two indicators; 100 is worst",
    formula="(Wg·(DT + CF)/2 + Ws·(PPI + HDI)/2 + Wp·(PS + GSC)/2)/(Wg + Ws + Wp)",
    scale_low=0.0,
    scale_high=100.0,
    source="Graedel et al. 2012, doi 10.1021/es203534z",
)

COUNTRY_INDICATORS = ("ability_to_supply", "human_development", "political_instability")
"""What has to be known of every named producer."""


@dataclass(frozen=True, slots=True)
class YaleWeights:
    """Weights of the components, ≥ 0 and not all 0; the paper weighs them alike."""

    geological: float = 1.0
    social: float = 1.0
    geopolitical: float = 1.0

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return self.geological + self.social + self.geopolitical


def depletion_score(years: float) -> float:
    """Risk of depletion, 100 (nothing left) … 0 (a century of output or more): 100 − 0.2·DT − 0.008·DT².

    Args:
        years: DT, reserves by yearly primary output that is not made good by recycling, ≥ 0.

    Source:
        Graedel et al. 2012, for the medium term.
    """
    return max(0.0, 100.0 - 0.2 * years - 0.008 * years**2)


def concentration_score(hhi: float) -> float:
    """Risk of a concentrated supply, 0 … 100: 17.5·ln(10⁴·HHI) − 61.18, not below 0.

    Args:
        hhi: concentration Σ S², 0 … 1.

    Source:
        Graedel et al. 2012; the paper's index is that of shares in per cent, up to 10,000.
    """
    return min(100.0, max(0.0, 17.5 * math.log(1e4 * hhi) - 61.18)) if hhi > 0 else 0.0


def yale_supply_risk(
    global_supply: Sequence[CountryShare],
    depletion_years: float,
    companion_share: float,
    weights: YaleWeights | None = None,
) -> RiskScore:
    """Supply risk of a material, 0 … 100.

    Args:
        global_supply: shares of world production, every named country with its `COUNTRY_INDICATORS`; 100 − policy
            perception index is 100 · `ability_to_supply`.
        depletion_years: DT, ≥ 0.
        companion_share: share of the material that is won as a by-product of another one, 0 … 1.
        weights: of the components. None: alike.

    Returns:
        The score; contributions are what policy, development and instability of a country add. Geology and
        concentration are of no single country, so contributions do not add up to the score; `inputs` hold every
        component.

    Raises:
        InvalidRiskInput: with every violation.

    Source:
        Graedel et al., Methodology of Metal Criticality Determination, Environ. Sci. Technol. 46 (2012) 1063-1070.
    """
    weigh = weights or YaleWeights()
    found = [*_violations(global_supply, depletion_years, companion_share), *weight_violations(weigh)]
    if found:
        raise InvalidRiskInput(found)
    named, _ = named_and_rest(global_supply)
    hhi = herfindahl_hirschman(global_supply).value
    produced = math.fsum(item.share for item in named)

    def mean(indicator: str) -> float:
        return 100.0 * math.fsum(item.share * getattr(item, indicator) for item in named) / produced

    components = {
        "depletion_time": depletion_score(depletion_years),
        "companion_metal": 100.0 * companion_share,
        "policy": mean("ability_to_supply"),
        "development": mean("human_development"),
        "political_instability": mean("political_instability"),
        "supply_concentration": concentration_score(hhi),
    }
    geological = (components["depletion_time"] + components["companion_metal"]) / 2
    social = (components["policy"] + components["development"]) / 2
    geopolitical = (components["political_instability"] + components["supply_concentration"]) / 2
    parts = weigh.geological * geological + weigh.social * social + weigh.geopolitical * geopolitical
    return RiskScore(
        measure=YALE_SUPPLY_RISK,
        scope=Scope.GLOBAL,
        value=parts / weigh.total,
        contributions=greatest_first([_contribution(item, produced, weigh) for item in named]),
        inputs={
            "depletion_years": depletion_years,
            "companion_share": companion_share,
            "weight_geological": weigh.geological / weigh.total,
            "weight_social": weigh.social / weigh.total,
            "weight_geopolitical": weigh.geopolitical / weigh.total,
            **components,
        },
        remarks=("geology and concentration are of no single country: contributions do not add up to the score",),
    )


def without_country_indicators(shares: Sequence[CountryShare]) -> list[str]:
    """Named countries of which an indicator is not known."""
    return [
        item.country
        for item in shares
        if item.country and any(getattr(item, name) is None for name in COUNTRY_INDICATORS)
    ]


def weight_violations(weights: YaleWeights, path: str = "weights") -> list[Violation]:
    """Weights that are negative or no numbers, or none above 0."""
    found = [
        violation
        for name in ("geological", "social", "geopolitical")
        for violation in out_of_range(f"{path}.{name}", getattr(weights, name), 0.0, math.inf)
    ]
    if not found and not 0 < weights.total < math.inf:
        found.append(Violation(path, f"add up to {weights.total:g}, must add up to a finite number above 0"))
    return found


def _violations(shares: Sequence[CountryShare], years: float, companion: float) -> Iterator[Violation]:
    yield from share_violations("global_supply", shares)
    yield from out_of_range("depletion_years", years, 0.0, math.inf)
    yield from out_of_range("companion_share", companion, 0.0, 1.0)
    lacking = set(without_country_indicators(shares))
    for i, item in enumerate(shares):
        for name in COUNTRY_INDICATORS:
            if item.country in lacking and getattr(item, name) is None:
                text = f"is missing for {item.country}, must be a number from 0 to 1"
                yield Violation(f"global_supply[{i}].{name}", text)
    if not any(item.share > 0 for item in shares if item.country):
        yield Violation("global_supply", "names no country that produces")


def _contribution(item: CountryShare, produced: float, weights: YaleWeights) -> Contribution:
    ability, development, instability = (getattr(item, name) or 0.0 for name in COUNTRY_INDICATORS)
    points = 50.0 * (weights.social * (ability + development) + weights.geopolitical * instability) / weights.total
    return Contribution(
        item.country,
        item.share,
        item.share / produced * points,
        political_instability=instability,
        ability_to_supply=ability,
        human_development=development,
    )
