"""The risk ρ of each source of a problem: by the measure that the caller chose, or the caller's own number.

Owns the choice and its record. The figures come from `country_risk`, the formulas from `lodestock_optimizers.risk`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from lodestock_optimizers.problem import SourceKind
from lodestock_optimizers.risk import SourceRiskMeasure, source_risk
from lodestock_server.catalog import Catalog, UnknownCountryError
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.country_risk import CountryRisk, CountryRisks
from lodestock_server.usecases.origins import CallerOrigin, Origin, Traced

_USES_GOVERNANCE = (SourceRiskMeasure.GOVERNANCE_AND_TRADE, SourceRiskMeasure.GOVERNANCE)
_USES_TRADE = (SourceRiskMeasure.GOVERNANCE_AND_TRADE, SourceRiskMeasure.TRADE)


@dataclass(frozen=True, slots=True)
class SourceRiskOverride:
    """The caller's own ρ for the import sources of a country, for one material or ("") for all."""

    country: str
    risk: float
    material_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SourceRiskChoice:
    """What gives ρ: a measure (None: the default one) and the caller's own numbers, which go before it."""

    measure: SourceRiskMeasure | None = None
    overrides: tuple[SourceRiskOverride, ...] = ()


def source_risk_violations(
    overrides: Sequence[SourceRiskOverride], home: Collection[str], materials: Collection[str]
) -> list[FieldViolation]:
    """List overrides for a country at home, or for a material that the problem does not hold."""
    found = []
    for i, override in enumerate(overrides):
        if override.country in home:
            what = "the buyer" if len(home) == 1 else "one of the buyer's own"
            text = f"'{override.country}' is {what}, must be another country: sources at home have risk 0"
            found.append(FieldViolation(f"source_risks[{i}].country", text))
        if override.material_id and override.material_id not in materials:
            text = f"'{override.material_id}' is no material of the problem"
            found.append(FieldViolation(f"source_risks[{i}].material_id", text))
    return found


@dataclass
class SourceRisks:
    """Gives the risk of each source with its origin, and notes which of the caller's numbers are used."""

    catalog: Catalog
    buyer: str
    choice: SourceRiskChoice
    _used: set[int] = field(default_factory=set)

    def of(self, material: str, country: str, kind: SourceKind) -> tuple[Traced, tuple[str, ...]]:
        """The risk of a source, and in words what was missing for it."""
        if kind is not SourceKind.IMPORT:
            return Traced(0.0, (), "0 at home"), ()
        i = self._own(material, country)
        if i is not None:
            self._used.add(i)
            override = self.choice.overrides[i]
            return Traced(override.risk, (CallerOrigin(f"source_risks[{i}].risk", override.reason),)), ()
        return self._measured(material, country, kind)

    def unused(self) -> Iterator[str]:
        """The caller's numbers that no source took, in words."""
        for i, override in enumerate(self.choice.overrides):
            if i not in self._used:
                of_what = override.material_id or "any material"
                yield f"source_risks[{i}]: not used, no import source of {of_what} in {override.country} asked for it"

    def _own(self, material: str, country: str) -> int | None:
        """The caller's number for a source: one for its material before one for all, the last one counts."""
        for wanted in (material, ""):
            for i in reversed(range(len(self.choice.overrides))):
                override = self.choice.overrides[i]
                if (override.material_id, override.country) == (wanted, country):
                    return i
        return None

    def _measured(self, material: str, country: str, kind: SourceKind) -> tuple[Traced, tuple[str, ...]]:
        measure = self.choice.measure or SourceRiskMeasure.GOVERNANCE_AND_TRADE
        known = self._known(material, country)
        found = source_risk(
            measure,
            kind,
            known.governance if known else None,
            known.trade_parameter if known else None,
            known.political_instability if known else None,
        )
        chosen = (CallerOrigin("source_risk_measure"),) if self.choice.measure else ()
        if known is None:
            return Traced(found.risk, chosen, "; ".join(found.remarks) or f"{measure.formula}; country not named"), ()
        origins: tuple[Origin, ...] = (*_origins(measure, known), *chosen)
        return Traced(found.risk, origins, measure.formula), found.remarks

    def _known(self, material: str, country: str) -> CountryRisk | None:
        """What the catalog knows of a country; None for suppliers without a name, whose code is no country's."""
        try:
            return CountryRisks(self.catalog).of(country, material, self.buyer)
        except UnknownCountryError:
            return None


def _origins(measure: SourceRiskMeasure, known: CountryRisk) -> Iterator[Origin]:
    """The rows that a measure reads of a country."""
    if measure in _USES_GOVERNANCE:
        yield from (figure.origin for figure in known.governance_figures)
    if measure in _USES_TRADE and known.trade_figure is not None:
        yield known.trade_figure.origin
    if measure is SourceRiskMeasure.POLITICAL_INSTABILITY and known.stability_figure is not None:
        yield known.stability_figure.origin
