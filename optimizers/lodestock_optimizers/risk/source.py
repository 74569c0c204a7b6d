"""Risk ρ of one possible source, as the optimiser charges it: λ·ρ is a surcharge on landed cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lodestock_optimizers.problem import SourceKind
from lodestock_optimizers.risk.scores import (
    GREATEST_TRADE_PARAMETER,
    WORLD_MEAN_GOVERNANCE,
    InvalidRiskInput,
    RiskMeasure,
    out_of_range,
)
from lodestock_optimizers.validation import Violation

SOURCE_RISK = RiskMeasure(
    measure_id="source_risk",
    description="Risk of one source: governance of its country and restrictions of export; 0 at home and for scrap",
    formula="min(1, W/10 · t); 0 for domestic and recycled sources",
    scale_low=0.0,
    scale_high=1.0,
    source="Lodestock default, built from the weights of the EU method of 2017",
)


@dataclass(frozen=True, slots=True)
class SourceRisk:
    """Risk of one source.

    Attributes:
        risk: ρ, 0 … 1.
        governance: W that was used, 0 … 10; None where the kind of source alone decides.
        trade_parameter: t that was used; None where the kind of source alone decides.
        remarks: what was missing and how it was treated.
    """

    risk: float
    governance: float | None
    trade_parameter: float | None
    remarks: tuple[str, ...] = ()


def default_source_risk(
    kind: SourceKind, governance: float | None = None, trade_parameter: float | None = None
) -> SourceRisk:
    """Default risk of a source: ρ = min(1, W/10·t) for imports, 0 for domestic and recycled sources.

    Args:
        kind: how the source obtains its material.
        governance: W of its country, 0 (best) … 10 (worst); None: not known (or several unnamed countries), then the
            world mean is taken and a remark says so.
        trade_parameter: t as it holds for the buyer (`effective_trade_parameter`), above 0; None: 1.

    Returns:
        The risk, with the figures used.

    Raises:
        InvalidRiskInput: with every violation.

    Source:
        European Commission, Methodology for establishing the EU list of critical raw materials, 2017, for W and t.
    """
    found = list(out_of_range("governance", governance, 0.0, 10.0))
    t = 1.0 if trade_parameter is None else trade_parameter
    if not (math.isfinite(t) and 0 < t <= GREATEST_TRADE_PARAMETER):
        wanted = f"above 0 and at most {GREATEST_TRADE_PARAMETER:g}"
        found.append(Violation("trade_parameter", f"is {t:g}, must be a number {wanted}"))
    if found:
        raise InvalidRiskInput(found)
    if kind is not SourceKind.IMPORT:
        return SourceRisk(0.0, None, None)
    remarks = []
    if governance is None:
        remarks.append(f"no governance figures: the world mean {WORLD_MEAN_GOVERNANCE:g} was taken")
    w = WORLD_MEAN_GOVERNANCE if governance is None else governance
    return SourceRisk(min(1.0, w / 10 * t), w, t, tuple(remarks))
