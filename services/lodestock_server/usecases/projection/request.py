"""What can be projected, and what comes out; mirrors `lodestock.v1.ProjectDemandRequest` and its response.

Owns the values and the rules on paths through years. A path holds figures by year, straight lines between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

import lodestock_forecasters as forecasters
from lodestock_forecasters.laws.sectors import between
from lodestock_forecasters.laws.survival import Lifetime
from lodestock_forecasters.series import FloatArray
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.drivers import GdpScenario
from lodestock_server.usecases.origins import TracedField
from lodestock_server.usecases.vehicle_sales import EnergyScenario, VehicleSales

MOST_YEARS = 121
"""Years that one call may ask for."""

YearValues = tuple[tuple[int, float], ...]
"""A path: year and figure, rising in years."""


@dataclass(frozen=True, slots=True)
class PublishedUses:
    """The uses that the IEA publishes; no materials means all."""

    scenario: EnergyScenario
    material_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is deployed and the material in it: a path or vehicles, times units each, times kg or a technology's."""

    activity: YearValues | VehicleSales
    intensity: YearValues | str
    units_each: YearValues = ()


@dataclass(frozen=True, slots=True)
class MaterialUse:
    """One use of one material: tonnes, or a deployment."""

    material_id: str
    use_id: str
    amount: YearValues | Deployment


@dataclass(frozen=True, slots=True)
class SectorLaw:
    """Demand from the bottom up."""

    published: PublishedUses | None = None
    uses: tuple[MaterialUse, ...] = ()


@dataclass(frozen=True, slots=True)
class EconomySector:
    """A sector, and the material that it makes, if any."""

    sector_id: str
    material_id: str = ""


@dataclass(frozen=True, slots=True)
class InputOutputLaw:
    """A table of inputs, each from one sector into another, and final demand by sector."""

    sectors: tuple[EconomySector, ...]
    coefficients: tuple[tuple[str, str, float], ...]
    final_demand: tuple[tuple[str, YearValues], ...]


@dataclass(frozen=True, slots=True)
class StockPerHead:
    """Stock per head that follows GDP per head; drivers of the caller's own go before those of the country."""

    saturation_tonnes: float | None = None
    country: str = ""
    drivers: forecasters.Drivers | None = None
    gdp_scenario: GdpScenario | None = None


@dataclass(frozen=True, slots=True)
class StockLaw:
    """A stock in use: what entered, or the buyer whose consumption did; what is to be in use; what comes back."""

    material_id: str
    lifetime: Lifetime
    past: YearValues | str
    ahead: YearValues | StockPerHead
    collection: YearValues = ()
    recovery: YearValues = ()


@dataclass(frozen=True, slots=True)
class ProjectionRequest:
    """A law and the years to answer for."""

    first_year: int
    last_year: int
    law: SectorLaw | InputOutputLaw | StockLaw

    @property
    def years(self) -> range:
        """The years, rising."""
        return range(self.first_year, self.last_year + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a demand: tonnes by year, and the figure behind it."""

    use_id: str
    tonnes: FloatArray
    figure: TracedField


@dataclass(frozen=True, slots=True, eq=False)
class StockOutcome:
    """Stock and flows by year, tonnes."""

    stock: FloatArray
    outflow: FloatArray
    recovered: FloatArray
    lost: FloatArray
    primary: FloatArray
    surplus: FloatArray
    above_target: Sequence[bool]


@dataclass(frozen=True, slots=True, eq=False)
class MaterialProjection:
    """Demand for a material: the sum of its parts."""

    material_id: str
    parts: tuple[Part, ...]
    stock: StockOutcome | None = None

    @property
    def demand(self) -> FloatArray:
        """Tonnes by year."""
        return np.asarray(sum(part.tonnes for part in self.parts), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """What demand follows, in the order of the materials' names."""

    years: range
    materials: tuple[MaterialProjection, ...]
    further_figures: tuple[TracedField, ...] = ()
    remarks: tuple[str, ...] = ()

    def figures(self) -> Iterator[TracedField]:
        """Every figure behind, those of parts first."""
        for material in self.materials:
            yield from (part.figure for part in material.parts)
        yield from self.further_figures


def along(path: YearValues, years: Sequence[int]) -> FloatArray:
    """A path's values in years that it reaches."""
    return between(dict(path), years)


def path_violations(path: YearValues, field_path: str, years: Iterable[int]) -> Iterator[FieldViolation]:
    """What is wrong with a path: years that do not rise, or that end before those it is needed in."""
    given, needed = [year for year, _ in path], list(years)
    for i, (earlier, year) in enumerate(pairwise(given), start=1):
        if year <= earlier:
            text = f"{year} stands after {earlier}; years must rise, each given once"
            yield FieldViolation(f"{field_path}.values[{i}].year", text)
    if len(given) > 1 and needed and not (min(given) <= needed[0] and needed[-1] <= max(given)):
        text = (
            f"reaches from {min(given)} to {max(given)}, must reach from {needed[0]} to {needed[-1]}, or hold one year"
        )
        yield FieldViolation(field_path, text)


def shares_violations(path: YearValues, field_path: str) -> Iterator[FieldViolation]:
    """What is wrong with shares: values above 1."""
    for i, (_, value) in enumerate(path):
        if value > 1:
            yield FieldViolation(f"{field_path}.values[{i}].value", f"is a share, must be 0 to 1, got {value:g}")
