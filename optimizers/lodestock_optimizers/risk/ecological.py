"""Ecological pressure of a source, and of a supply: what its making does to nature where it comes from.

    E  = Σk wk·min(1, xk/rk) / Σk wk          of a source: indicator x against the figure r that counts as the worst
    EP = Σc Sc·Ec / Σc Sc                     of a supply, over the countries whose pressure is known

It stands beside political risk and is no part of it. Indicators, worst figures and weights are the caller's: no data of
Lodestock's give them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lodestock_optimizers.risk.scores import (
    SHARE_SLACK,
    Contribution,
    CountryShare,
    InvalidRiskInput,
    RiskMeasure,
    RiskScore,
    Scope,
    greatest_first,
    out_of_range,
    share_violations,
)
from lodestock_optimizers.violations import Violation

ECOLOGICAL_PRESSURE = RiskMeasure(
    measure_id="ecological_pressure",
    description="Mean ecological pressure of the sources of a supply, by the caller's indicators; 1 is the worst",
    formula="Σc Sc·Ec/Σc Sc with Ec = Σk wk·min(1, xk/rk)/Σk wk",
    scale_low=0.0,
    scale_high=1.0,
    source="Weighted mean, after OECD/JRC, Handbook on Constructing Composite Indicators, 2008",
)


@dataclass(frozen=True, slots=True)
class EcologicalIndicator:
    """One figure of a source, such as kg of CO₂ or m³ of water per tonne.

    Attributes:
        name: what it is, with its unit.
        value: x, ≥ 0, greater is worse.
        worst: r, above 0, in the same unit: from here on the indicator counts as 1.
        weight: w, ≥ 0.
    """

    name: str
    value: float
    worst: float
    weight: float = 1.0

    @property
    def scaled(self) -> float:
        """The indicator on 0 … 1."""
        return min(1.0, self.value / self.worst)


def ecological_pressure(indicators: Sequence[EcologicalIndicator]) -> float:
    """Pressure of one source, 0 … 1.

    Args:
        indicators: at least one, each name once, weights not all 0.

    Raises:
        InvalidRiskInput: with every violation.
    """
    found = indicator_violations(indicators)
    if found:
        raise InvalidRiskInput(found)
    total = math.fsum(item.weight for item in indicators)
    return math.fsum(item.weight / total * item.scaled for item in indicators)


def ecological_pressure_of_shares(
    shares: Sequence[CountryShare], pressures: Mapping[str, float], scope: Scope = Scope.GLOBAL
) -> RiskScore | None:
    """Mean pressure of a supply, 0 … 1; None where the pressure of none of its countries is known.

    Args:
        shares: the supply by country.
        pressures: E by country, 0 … 1.
        scope: whose supply it is, for the answer.

    Returns:
        The score; contributions add up to it. `inputs` say of what part of the supply the pressure is known.

    Raises:
        InvalidRiskInput: with every violation in `shares`, or a pressure that is none.
    """
    found = share_violations("shares", shares)
    found += [v for country, value in pressures.items() for v in out_of_range(f"pressures[{country}]", value, 0.0, 1.0)]
    if found:
        raise InvalidRiskInput(found)
    known = [item for item in shares if item.country in pressures and item.share > 0]
    covered = math.fsum(item.share for item in known)
    if not covered:
        return None
    parts = [
        Contribution(
            item.country,
            item.share,
            item.share / covered * pressures[item.country],
            ecological_pressure=pressures[item.country],
        )
        for item in known
    ]
    left = max(0.0, 1.0 - covered)
    return RiskScore(
        measure=ECOLOGICAL_PRESSURE,
        scope=scope,
        value=math.fsum(part.contribution for part in parts),
        contributions=greatest_first(parts),
        inputs={"share_known": covered},
        remarks=(f"no ecological indicators for {left:.1%} of the supply: left out of the mean",)
        if left > SHARE_SLACK
        else (),
    )


def indicator_violations(indicators: Sequence[EcologicalIndicator], path: str = "indicators") -> list[Violation]:
    """Everything wrong with the indicators of a source: ranges, doubles, weights that are all 0, none at all."""
    found: list[Violation] = []
    first: dict[str, int] = {}
    for i, item in enumerate(indicators):
        here = f"{path}[{i}]"
        found += out_of_range(f"{here}.value", item.value, 0.0, math.inf)
        found += out_of_range(f"{here}.weight", item.weight, 0.0, math.inf)
        if not (math.isfinite(item.worst) and item.worst > 0):
            found.append(Violation(f"{here}.worst", f"is {item.worst:g}, must be a finite number above 0"))
        if item.name in first:
            found.append(Violation(f"{here}.name", f"'{item.name}' is already at {path}[{first[item.name]}]"))
        first.setdefault(item.name, i)
    if not indicators:
        found.append(Violation(path, "is empty, must hold at least one indicator"))
    elif not found and not 0 < sum(item.weight for item in indicators) < math.inf:
        found.append(Violation(path, "weights must add up to a finite number above 0"))
    return found
