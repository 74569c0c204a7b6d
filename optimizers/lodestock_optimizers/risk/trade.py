"""Trade figures that the measures need: import reliance, and the trade parameter as it holds for one buyer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lodestock_optimizers.risk.scores import InvalidRiskInput, out_of_range
from lodestock_optimizers.violations import Violation


@dataclass(frozen=True, slots=True)
class ImportReliance:
    """Import reliance with what it was computed from.

    Attributes:
        value: 0 (self-sufficient or net exporter) … 1.
        net_imports: imports − exports, in the unit given; negative for a net exporter.
        domestic_production: in the unit given.
        remarks: in words, where the value was cut off at 0.
    """

    value: float
    net_imports: float
    domestic_production: float
    remarks: tuple[str, ...] = ()


def import_reliance(domestic_production: float, imports: float, exports: float) -> ImportReliance:
    """How much of the apparent supply is net imports: (M − X) / (P + M − X), not below 0.

    Args:
        domestic_production: P, of the traded form, ≥ 0, in any unit that is the same for all three.
        imports: M, ≥ 0.
        exports: X, ≥ 0.

    Returns:
        The reliance, a fraction.

    Raises:
        InvalidRiskInput: a negative figure or none; or nothing is left to consume (P + M − X = 0) without net exports.

    Source:
        European Commission, Methodology for establishing the EU list of critical raw materials, 2017.
    """
    figures = {"domestic_production": domestic_production, "imports": imports, "exports": exports}
    found = [violation for name, value in figures.items() for violation in out_of_range(name, value, 0.0, math.inf)]
    net = imports - exports
    if not found and net >= 0 and domestic_production + net == 0:
        found.append(Violation("domestic_production", "no production and no net imports: there is nothing to rely on"))
    if found:
        raise InvalidRiskInput(found)
    if net <= 0:
        why = ("net exporter: import reliance is 0",) if net < 0 else ()
        return ImportReliance(0.0, net, domestic_production, why)
    return ImportReliance(net / (domestic_production + net), net, domestic_production)


def effective_trade_parameter(published: float | None, supplier_in_eu: bool, buyer_in_eu: bool) -> float:
    """The trade parameter t as it holds for a buyer.

    Published below 1 (0.8), t rewards trade inside the EU's single market: it holds between EU members only, and is 1
    for any other pair. Above 1 it is an export restriction, which hits every buyer. Not published, it is 1.

    Args:
        published: t of the exporting country for the material; None if the country is not listed.
        supplier_in_eu: whether the exporting country is a member of the EU.
        buyer_in_eu: whether the buyer is.

    Returns:
        t, above 0.

    Raises:
        InvalidRiskInput: `published` is no positive number.

    Source:
        European Commission, Methodology for establishing the EU list of critical raw materials, 2017.
    """
    if published is None:
        return 1.0
    if not math.isfinite(published) or published <= 0:
        raise InvalidRiskInput([Violation("published", f"is {published:g}, must be a number above 0")])
    return published if published >= 1 or (supplier_in_eu and buyer_in_eu) else 1.0
