"""What may strike the sources of a problem: by country and material, with the origin of every probability.

Owns which figure gives a hazard: the caller's own, or the calibrated record with the country's governance and its
share of world output. The formulas are in `lodestock_optimizers.scenarios.hazards`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache

from lodestock_optimizers.problem import SourceKind, SourcingProblem
from lodestock_optimizers.scenarios.hazards import Estimate, Hazard, HazardCalibration, load_hazards
from lodestock_server.catalog import Catalog, CatalogError, CountryShare, UnknownCountryError
from lodestock_server.usecases.buyers import UNNAMED_COUNTRIES
from lodestock_server.usecases.country_risk import CountryRisk, CountryRisks
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, Origin

KINDS = (SourceKind.IMPORT, SourceKind.DOMESTIC)
"""Kinds of sources that the hazards of countries hit: scrap is not tied to mines and refineries."""
WORLD_MEAN_GOVERNANCE = 5.0
CALIBRATION = "scenarios.hazard_calibration"


class HazardSource(Enum):
    """What gives the probability of a country's hazard."""

    GOVERNANCE = "GOVERNANCE"
    HISTORY = "HISTORY"
    CALLER = "CALLER"


@dataclass(frozen=True, slots=True)
class HazardOverride:
    """The caller's own figures for the sources of a country, for one material or ("") for all; None: as observed."""

    country: str
    probability_per_year: float
    material_id: str = ""
    availability: float | None = None
    duration_years: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TracedHazard:
    """A hazard, the interval of its probability, and what that rests on."""

    hazard: Hazard
    estimate: Estimate
    derivation: str
    origins: tuple[Origin, ...]


def countries_and_materials(problem: SourcingProblem) -> list[tuple[str, str]]:
    """What hazards of countries are asked for, in the order of the sources."""
    return list(dict.fromkeys((s.country, s.material_id) for s in problem.sources if s.kind in KINDS))


@dataclass
class CountryHazards:
    """Gives the hazard of each country and material of a problem, and notes what is missing.

    Attributes:
        catalog: Governance and output.
        source: What gives the probabilities.
        overrides: The caller's own, which go before it.
        remarks: What was missing, and which overrides no source asked for, once `of` has been read.
    """

    catalog: Catalog
    source: HazardSource
    overrides: tuple[HazardOverride, ...]
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._calibration = load_hazards()
        self._known: dict[str, CountryRisk] = {}
        self._ungoverned: dict[str, None] = {}
        self._without_output: dict[str, None] = {}
        self._shares = cache(self._read_shares)
        self._own_by_name = {(own.country, own.material_id): i for i, own in enumerate(self.overrides)}

    def of(self, problem: SourcingProblem) -> list[TracedHazard]:
        """The hazards, in the order of the sources."""
        used: set[int] = set()
        found = []
        for country, material in countries_and_materials(problem):
            i = self._own(country, material)
            if i is not None:
                used.add(i)
                found.append(self._given(country, material, i))
            elif country == UNNAMED_COUNTRIES:
                self.remarks.append(f"{material}: suppliers without a name have no hazard; give one for {country}")
            elif self.source is not HazardSource.CALLER:
                found.append(self._calibrated(country, material, problem.buyer))
        self.remarks += self._on_what_is_missing()
        for i in sorted(set(range(len(self.overrides))) - used):
            self.remarks.append(f"hazards[{i}]: not used, no source of the problem asked for it")
        return found

    def _on_what_is_missing(self) -> Iterator[str]:
        if self._ungoverned:
            named = ", ".join(self._ungoverned)
            yield f"no governance estimates, the world mean W = {WORLD_MEAN_GOVERNANCE:g} is taken: {named}"
        if self._without_output:
            named = ", ".join(self._without_output)
            yield f"no output of their own is known, a share of {self._calibration.least_share:.0%} is taken: {named}"

    def _own(self, country: str, material: str) -> int | None:
        """The caller's figures for a source: those for its material before those for all, the last ones count."""
        return self._own_by_name.get((country, material), self._own_by_name.get((country, "")))

    def _given(self, country: str, material: str, i: int) -> TracedHazard:
        own = self.overrides[i]
        p = own.probability_per_year
        origin = CallerOrigin(f"hazards[{i}].probability_per_year", own.reason)
        hazard = self._hazard(country, material, p, own.availability, own.duration_years)
        return TracedHazard(hazard, Estimate(p, p, p), "", (origin,))

    def _calibrated(self, country: str, material: str, buyer: str) -> TracedHazard:
        record = record_origin(self._calibration)
        if self.source is HazardSource.HISTORY:
            estimate = self._calibration.anywhere()
            hazard = self._hazard(country, material, estimate.probability)
            return TracedHazard(hazard, estimate, "falls / cases of the record", (record,))
        estimate, text, origins = self._by_governance(country, material, buyer, record)
        return TracedHazard(self._hazard(country, material, estimate.probability), estimate, text, origins)

    def _by_governance(
        self, country: str, material: str, buyer: str, record: Origin
    ) -> tuple[Estimate, str, tuple[Origin, ...]]:
        known = self._governance(country, material, buyer)
        share = self._shares(material).get(country)
        if known.governance is None:
            self._ungoverned[country] = None
        if share is None:
            self._without_output[f"{country} {material}"] = None
        estimate = self._calibration.of_country(
            WORLD_MEAN_GOVERNANCE if known.governance is None else known.governance,
            self._calibration.least_share if share is None else share.share,
        )
        rows = [figure.origin for figure in known.governance_figures]
        rows += [share.figure.origin] if share else []
        text = "logistic regression on governance W and log10 of the share of world output"
        return estimate, text, (*rows, record)

    def _hazard(
        self, country: str, material: str, p: float, left: float | None = None, years: float | None = None
    ) -> Hazard:
        record = self._calibration
        return Hazard(
            hazard_id=f"{country} {material}",
            probability_per_year=p,
            availabilities=tuple(1 - fall for fall in record.falls) if left is None else (left,),
            duration_years=record.duration_years if years is None else (years,),
            duration_probabilities=record.duration_probabilities if years is None else (1.0,),
            countries=(country,),
            material_ids=(material,),
            kinds=KINDS,
            region=self._region(country),
        )

    def _governance(self, country: str, material: str, buyer: str) -> CountryRisk:
        """What is known of a country; its governance is the same for every material, and read once."""
        if country not in self._known:
            self._known[country] = CountryRisks(self.catalog).of(country, material, buyer)
        return self._known[country]

    def _region(self, country: str) -> str:
        try:
            return self.catalog.country(country).region
        except UnknownCountryError:
            return ""

    def _read_shares(self, material: str) -> Mapping[str, CountryShare]:
        """Shares of world output by country; empty for what the catalog does not know."""
        try:
            table = self.catalog.production(material)
        except CatalogError:
            return {}
        return {share.iso3: share for share in table.shares() if share.iso3}


def record_origin(record: HazardCalibration) -> DefaultOrigin:
    """The record as the origin of a figure."""
    reason = (
        f"{record.events} falls of a country's output by 30 % or more that came back within three years, in "
        f"{record.cases:,} cases of {record.first_year} to {record.last_year}: docs/scenarios.md"
    )
    return DefaultOrigin(CALIBRATION, reason, f"table {record.version}; USGS and World Mining Data, World Bank WGI")


def evidence(record: HazardCalibration) -> Iterator[str]:
    """How far the record is to be trusted, in words."""
    slope, error = record.coefficients[1], record.covariance[1][1] ** 0.5
    yield (
        f"probabilities rest on {record.events} falls of output in {record.cases:,} cases; governance hardly tells "
        f"countries apart (log-odds {slope:+.3f} ± {error:.3f} per point of W), so they are orders of magnitude"
    )
    yield (
        "a stop of exports that leaves the output as it is, is not in the record: give such a country a hazard or an "
        "event of your own"
    )
