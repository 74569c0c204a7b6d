"""Governance of a country from the World Bank's Worldwide Governance Indicators."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lodestock_optimizers.risk.scores import InvalidRiskInput, out_of_range
from lodestock_optimizers.violations import Violation

INDICATORS = (
    "control_of_corruption",
    "government_effectiveness",
    "political_stability",
    "regulatory_quality",
    "rule_of_law",
    "voice_and_accountability",
)

_LEAST, _MOST = -3.5, 3.5  # The World Bank names -2.5 ... 2.5 as the usual range; single estimates lie beyond it.


@dataclass(frozen=True, slots=True)
class GovernanceScore:
    """W of a country.

    Attributes:
        value: W, 0 (best) … 10 (worst).
        standard_error: of W; None unless the caller gave those of the estimates.
        missing: indicators without an estimate, left out of the mean.
    """

    value: float
    standard_error: float | None
    missing: tuple[str, ...]


def governance_score(
    estimates: Mapping[str, float], standard_errors: Mapping[str, float] | None = None
) -> GovernanceScore:
    """Scales the mean of the six estimates to 0 (best) … 10 (worst): W = 2·(2.5 − mean), cut off at the ends.

    Args:
        estimates: by name of the indicator (`INDICATORS`), −2.5 … 2.5; missing ones are left out of the mean and named
            in the result.
        standard_errors: of the estimates given, by name. They are taken as independent: SE(W) = (2/n)·√Σ se².

    Returns:
        W with its standard error and the missing indicators.

    Raises:
        InvalidRiskInput: no estimate, an unknown indicator, a figure out of range, a standard error without estimate.

    Source:
        World Bank, Worldwide Governance Indicators; scaling as in European Commission, Methodology for establishing the
        EU list of critical raw materials, 2017.
    """
    found = [
        Violation(f"estimates[{name}]", f"is no indicator, must be one of {', '.join(INDICATORS)}")
        for name in estimates
        if name not in INDICATORS
    ]
    for name, value in estimates.items():
        found += out_of_range(f"estimates[{name}]", value, _LEAST, _MOST)
    if not estimates:
        found.append(Violation("estimates", "is empty, must hold at least one indicator"))
    for name, spread in (standard_errors or {}).items():
        found += out_of_range(f"standard_errors[{name}]", spread, 0.0, math.inf)
    if standard_errors is not None and set(standard_errors) != set(estimates):
        found.append(Violation("standard_errors", "must be given for exactly the indicators that have an estimate"))
    if found:
        raise InvalidRiskInput(found)
    count = len(estimates)
    value = 2.0 * (2.5 - math.fsum(estimates.values()) / count)
    error = None if standard_errors is None else 2.0 / count * math.hypot(*standard_errors.values())
    missing = tuple(name for name in INDICATORS if name not in estimates)
    return GovernanceScore(min(10.0, max(0.0, value)), error, missing)


def political_instability(estimate: float) -> float:
    """Scales the estimate of political stability to 0 (stable) … 1 (unstable): g = (2.5 − PV)/5, cut off at the ends.

    Args:
        estimate: the World Bank's "political stability and absence of violence/terrorism", −2.5 … 2.5.

    Returns:
        g, a fraction.

    Raises:
        InvalidRiskInput: the estimate is no number, or out of the range in which estimates lie.

    Source:
        World Bank, Worldwide Governance Indicators; scaling as in the reference implementation of GeoPolRisk
        (geopolrisk-py, tools/rawdata2db.ipynb), JOSS, doi 10.21105/joss.09600.
    """
    found = list(out_of_range("political_stability", estimate, _LEAST, _MOST))
    if found:
        raise InvalidRiskInput(found)
    return min(1.0, max(0.0, (2.5 - estimate) / 5.0))
