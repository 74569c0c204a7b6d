"""Risk ρ of one possible source, as the optimiser charges it: λ·ρ is a surcharge on landed cost.

The caller chooses which measure gives it; each is a fraction, 0 no risk, and 0 for domestic and recycled sources.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from lodestock_optimizers.problem import SourceKind
from lodestock_optimizers.risk.geopolitical import UNKNOWN_INSTABILITY
from lodestock_optimizers.risk.scores import (
    GREATEST_TRADE_PARAMETER,
    WORLD_MEAN_GOVERNANCE,
    InvalidRiskInput,
    RiskMeasure,
    out_of_range,
)
from lodestock_optimizers.violations import Violation

SOURCE_RISK = RiskMeasure(
    measure_id="source_risk",
    description="Risk of one source: governance of its country and restrictions of export; 0 at home and for scrap",
    formula="min(1, W/10 · t); 0 for domestic and recycled sources",
    scale_low=0.0,
    scale_high=1.0,
    source="Lodestock default, built from the weights of the EU method of 2017",
)


class SourceRiskMeasure(Enum):
    """What gives the risk ρ of an import source.

    GOVERNANCE_AND_TRADE: min(1, W/10·t), the default.
    GOVERNANCE: W/10, governance alone.
    POLITICAL_INSTABILITY: g of GeoPolRisk.
    TRADE: min(1, max(0, t − 1)), restrictions of export alone.
    NONE: 0, so that cost alone decides.
    """

    GOVERNANCE_AND_TRADE = "governance and trade"
    GOVERNANCE = "governance"
    POLITICAL_INSTABILITY = "political instability"
    TRADE = "trade"
    NONE = "none"

    @property
    def formula(self) -> str:
        """The formula as text."""
        return _FORMULAS[self]


_W = "W = 2·(2.5 − mean of the governance estimates)"
_FORMULAS = {
    SourceRiskMeasure.GOVERNANCE_AND_TRADE: f"min(1, W/10 · t), {_W}",
    SourceRiskMeasure.GOVERNANCE: f"W/10, {_W}",
    SourceRiskMeasure.POLITICAL_INSTABILITY: "g = (2.5 − estimate of political stability)/5, cut off at 0 and 1",
    SourceRiskMeasure.TRADE: "min(1, max(0, t − 1))",
    SourceRiskMeasure.NONE: "0: no measure of risk was asked for",
}


@dataclass(frozen=True, slots=True)
class SourceRisk:
    """Risk of one source.

    Attributes:
        risk: ρ, 0 … 1.
        governance: W that was used, 0 … 10; None where the measure or the kind of source does without.
        trade_parameter: t that was used; None as above.
        remarks: what was missing and how it was treated.
        political_instability: g that was used, 0 … 1; None as above.
    """

    risk: float
    governance: float | None
    trade_parameter: float | None
    remarks: tuple[str, ...] = ()
    political_instability: float | None = None


def default_source_risk(
    kind: SourceKind, governance: float | None = None, trade_parameter: float | None = None
) -> SourceRisk:
    """Default risk of a source: ρ = min(1, W/10·t) for imports, 0 for domestic and recycled sources.

    Arguments, result and errors as `source_risk`.
    """
    return source_risk(SourceRiskMeasure.GOVERNANCE_AND_TRADE, kind, governance, trade_parameter)


def source_risk(
    measure: SourceRiskMeasure,
    kind: SourceKind,
    governance: float | None = None,
    trade_parameter: float | None = None,
    political_instability: float | None = None,
) -> SourceRisk:
    """Risk ρ of a source by the measure chosen; 0 for domestic and recycled sources under each.

    Args:
        measure: what gives ρ.
        kind: how the source obtains its material.
        governance: W of its country, 0 (best) … 10 (worst); None: not known (or several unnamed countries), then the
            world mean is taken and a remark says so.
        trade_parameter: t as it holds for the buyer (`effective_trade_parameter`), above 0; None: 1.
        political_instability: g of its country, 0 (stable) … 1; None: not known, then 0.5 is taken and a remark says
            so.

    Returns:
        The risk, with the figures used.

    Raises:
        InvalidRiskInput: with every violation, also in figures that the measure does not use.

    Source:
        European Commission, Methodology for establishing the EU list of critical raw materials, 2017, for W and t;
        Koyamparambath et al., JOSS, doi 10.21105/joss.09600, for g.
    """
    found = list(out_of_range("governance", governance, 0.0, 10.0))
    t = 1.0 if trade_parameter is None else trade_parameter
    if not (math.isfinite(t) and 0 < t <= GREATEST_TRADE_PARAMETER):
        wanted = f"above 0 and at most {GREATEST_TRADE_PARAMETER:g}"
        found.append(Violation("trade_parameter", f"is {t:g}, must be a number {wanted}"))
    found += out_of_range("political_instability", political_instability, 0.0, 1.0)
    if found:
        raise InvalidRiskInput(found)
    if kind is not SourceKind.IMPORT or measure is SourceRiskMeasure.NONE:
        return SourceRisk(0.0, None, None)
    if measure is SourceRiskMeasure.TRADE:
        return SourceRisk(min(1.0, max(0.0, t - 1.0)), None, t)
    if measure is SourceRiskMeasure.POLITICAL_INSTABILITY:
        return _by_instability(political_instability)
    return _by_governance(governance, t if measure is SourceRiskMeasure.GOVERNANCE_AND_TRADE else None)


def _by_instability(political_instability: float | None) -> SourceRisk:
    if political_instability is not None:
        return SourceRisk(political_instability, None, None, (), political_instability)
    remark = f"no estimate of political stability: {UNKNOWN_INSTABILITY:g} was taken"
    return SourceRisk(UNKNOWN_INSTABILITY, None, None, (remark,), UNKNOWN_INSTABILITY)


def _by_governance(governance: float | None, t: float | None) -> SourceRisk:
    remarks = []
    if governance is None:
        remarks.append(f"no governance figures: the world mean {WORLD_MEAN_GOVERNANCE:g} was taken")
    w = WORLD_MEAN_GOVERNANCE if governance is None else governance
    return SourceRisk(min(1.0, w / 10 * (1.0 if t is None else t)), w, t, tuple(remarks))
