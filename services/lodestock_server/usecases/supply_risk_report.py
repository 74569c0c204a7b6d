"""Assess supplies with all that a caller may ask beside the scores: ranks, intervals, ecological pressure, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lodestock_optimizers.risk import YaleWeights
from lodestock_server.catalog import Catalog
from lodestock_server.usecases.assess_supply_risk import TRADED_AT, MaterialRisk, MaterialSupply, assess_supplies
from lodestock_server.usecases.country_risk import CountryRisks
from lodestock_server.usecases.rank_supply_risk import CompositeChoice, Intervals, Ranked, intervals, ranked
from lodestock_server.usecases.risk_history import RiskYear, risk_history
from lodestock_server.usecases.sample_supply_risk import Uncertainty


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What is asked beside the scores; `pressures` are by country and material, "" for any material."""

    composite: CompositeChoice | None = None
    uncertainty: Uncertainty | None = None
    pressures: Mapping[tuple[str, str], float] = field(default_factory=dict)
    yale_weights: YaleWeights | None = None
    history_from_year: int | None = None


@dataclass(frozen=True, slots=True)
class RiskReport:
    """The risk of one material at one stage, and what was asked beside it."""

    risk: MaterialRisk
    ranked: Ranked | None = None
    intervals: Intervals = field(default_factory=Intervals)
    history: tuple[RiskYear, ...] = ()


def report_supplies(
    supplies: Sequence[MaterialSupply], buyer: str, catalog: Catalog, options: ReportOptions
) -> list[RiskReport]:
    """Assess supplies for one buyer.

    Raises:
        lodestock_optimizers.risk.InvalidRiskInput: Figures that no measure can take.
    """
    countries = CountryRisks(catalog)
    asked = [with_options(supply, options) for supply in supplies]
    risks = assess_supplies(asked, buyer, countries)
    places = ranked([risk.scores for risk in risks], options.composite) if options.composite else [None] * len(risks)
    lie = [Intervals() for _ in risks]
    if options.uncertainty:
        lie = intervals(asked, buyer, countries, options.uncertainty, options.composite)
    return [
        RiskReport(risk, place, around, history_of(catalog, risk, options.history_from_year))
        for risk, place, around in zip(risks, places, lie, strict=True)
    ]


def with_options(supply: MaterialSupply, options: ReportOptions) -> MaterialSupply:
    """A supply with the caller's weights and ecological pressures: those of its material go before those of any."""
    of_any = {country: value for (country, material), value in options.pressures.items() if not material}
    own = {country: value for (country, material), value in options.pressures.items() if material == supply.material_id}
    return replace(supply, pressures={**of_any, **own}, yale_weights=options.yale_weights)


def history_of(catalog: Catalog, risk: MaterialRisk, first_year: int | None) -> tuple[RiskYear, ...]:
    """The history of a stored supply at a stage that has world output by year; else empty."""
    stage = TRADED_AT.get(risk.stage) if risk.stage else None
    if first_year is None or stage is None:
        return ()
    return tuple(risk_history(catalog, risk.material_id, stage, first_year))
