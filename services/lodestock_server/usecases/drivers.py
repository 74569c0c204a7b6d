"""Population and GDP of a country from the past into a pathway: what models that follow the economy are given.

The past is the World Bank's (population, and GDP per head in constant international USD times population), the future a
shared socioeconomic pathway of release 3.0.1 (population of IIASA-WiC, GDP of the OECD), given every five years and
interpolated along constant growth in between. The two do not meet: years, prices and vintages differ. The pathway is
therefore multiplied by past / pathway of the last year that both have, for population and GDP apart, so that the past
stays as recorded and the pathway gives the growth.

The European Union is the sum over its members, in the years in which every one of them has a figure. Members without a
pathway (the OECD's has none for Romania) are left out of the pathway's sum, which still gives the growth of the rest,
where the others make nine tenths of the recorded GDP.

Each year carries what it rests on: the cells that it was read from, for a year ahead also those of the splice, and the
choice of the pathway.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

import numpy as np

import lodestock_forecasters as forecasters
from lodestock_server.catalog import HISTORICAL, Catalog, CatalogError, DatasetOrigin, Driver
from lodestock_server.errors import NotFound
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, Origin, Traced, TracedField, derive


class GdpScenario(StrEnum):
    """A shared socioeconomic pathway; mirrors `lodestock.v1.GdpScenario`."""

    SSP1 = "SSP1"
    SSP2 = "SSP2"
    SSP3 = "SSP3"
    SSP4 = "SSP4"
    SSP5 = "SSP5"


DEFAULT_SCENARIO = GdpScenario.SSP2
DEFAULT_SCENARIO_SOURCE = "O'Neill et al. (2017), doi:10.1016/j.gloenvcha.2015.01.004"

LEAST_REPRESENTED = 0.9
"""Share of a union's recorded GDP that members with a pathway must have for their growth to stand for all."""

ByYear = Mapping[int, Traced]


@dataclass(frozen=True)
class DriverPath:
    """Population (persons) and GDP (USD) of the same years, rising, and how they were put together.

    Vehicles sold have years of their own.
    """

    population: ByYear
    gdp: ByYear
    remark: str
    vehicles: ByYear = field(default_factory=dict)

    @cached_property
    def drivers(self) -> forecasters.Drivers:
        """Population and GDP as models take them."""
        return forecasters.Drivers(
            periods=[str(year) for year in self.gdp],
            population=[figure.value for figure in self.population.values()],
            gdp=[figure.value for figure in self.gdp.values()],
        )

    @property
    def origins(self) -> tuple[DatasetOrigin, ...]:
        """All cells that were read, each once."""
        figures = (*self.population.values(), *self.gdp.values(), *self.vehicles.values())
        cells = (origin for figure in figures for origin in figure.origins if isinstance(origin, DatasetOrigin))
        return tuple(dict.fromkeys(cells))

    def figures(self, first: int, last: int) -> tuple[TracedField, ...]:
        """What is known of it from one year to another: one figure for each driver, year by year."""
        named = (
            ("drivers.population", "persons", self.population, self.remark),
            ("drivers.gdp_usd", "USD", self.gdp, self.remark),
            ("drivers.deployment", "vehicles", self.vehicles, "recorded, and ahead those of the scenario"),
        )
        figures = (_figure(path, unit, by_year, range(first, last + 1), text) for path, unit, by_year, text in named)
        return tuple(figure for figure in figures if figure.values)


def _figure(path: str, unit: str, by_year: ByYear, span: range, text: str) -> TracedField:
    years = [year for year in by_year if year in span]
    figures = [by_year[year] for year in years]
    origins = dict.fromkeys(origin for figure in figures for origin in figure.origins)
    derivation = f"of {years[0]} to {years[-1]}, year by year: {text}" if years else ""
    return TracedField(path, tuple(figure.value for figure in figures), unit, derivation, tuple(origins))


def with_deployment(drivers: forecasters.Drivers, deployed: ByYear) -> forecasters.Drivers:
    """The same drivers with what is deployed in their years, as far as that is known."""
    years = [int(label) for label in drivers.periods]
    values = [deployed[year].value if year in deployed else math.nan for year in years]
    return replace(drivers, deployment=values)


@dataclass(frozen=True, slots=True)
class _Path:
    """Population (persons) and GDP (USD) by year."""

    population: ByYear
    gdp: ByYear

    @property
    def years(self) -> list[int]:
        """Years with both, rising."""
        return sorted(self.population.keys() & self.gdp.keys())


def driver_path(catalog: Catalog, country: str, scenario: GdpScenario | None = None) -> DriverPath | None:
    """Put the path of a country together.

    Args:
        catalog: The figures.
        country: ISO 3166-1 alpha-3, or "EU27".
        scenario: The pathway after the last recorded year, as the caller named it. None: the default.

    Returns:
        Recorded years and the pathway to 2100; what there is where one of the two is missing, or where they have no
        year in common (then the recorded ones). None where there is neither.

    Raises:
        NotFound: There is no such country.
    """
    name, choice = scenario or DEFAULT_SCENARIO, _choice(scenario)
    try:
        members = catalog.bloc(country)
        recorded = {member: _recorded(catalog, member) for member in members}
        pathways = {member: _pathway(catalog, member, name, choice) for member in members}
    except CatalogError as error:
        raise NotFound(str(error)) from error
    past = _sum(recorded.values())
    left_out = [member for member in members if not pathways[member].years]
    ahead = _yearly(_sum(_represented(recorded, pathways)))
    if not past.years and not ahead.years:
        return None
    if not past.years:
        return _remarked(ahead, f"population and GDP of {country}: {name} alone, none is recorded")
    last = past.years[-1]
    beginning = f"population and GDP of {country}: World Bank to {last}"
    if last not in ahead.years:
        why = f"{name} has no figures of that year" if ahead.years else f"none of {name}"
        return _remarked(past, f"{beginning}, {why}")
    persons = _ratio(past.population[last], ahead.population[last])
    money = _ratio(past.gdp[last], ahead.gdp[last])
    whose = f" without {', '.join(left_out)}" if left_out else ""
    splice = f"(population ×{persons.value:.4f}, GDP ×{money.value:.4f} to meet {last})"
    remark = f"{beginning}, then the growth of {name}{whose} {splice}"
    later = [year for year in ahead.years if year > last]
    spliced = _Path(
        _continued(past.population, ahead.population, later, persons), _continued(past.gdp, ahead.gdp, later, money)
    )
    return _remarked(spliced, remark)


def _choice(scenario: GdpScenario | None) -> Origin:
    """Who chose the pathway."""
    if scenario is not None:
        return CallerOrigin("gdp_scenario", scenario.value)
    reason = f"{DEFAULT_SCENARIO}, the middle of the road, where gdp_scenario is not given"
    return DefaultOrigin("", reason, DEFAULT_SCENARIO_SOURCE)


def _ratio(recorded: Traced, of_pathway: Traced) -> Traced:
    return derive(
        recorded.value / of_pathway.value, "recorded / pathway of the last recorded year", recorded, of_pathway
    )


def _continued(past: ByYear, ahead: ByYear, later: Iterable[int], factor: Traced) -> dict[int, Traced]:
    """The recorded years, and after the last of them the pathway times a factor."""
    text = "pathway × (recorded / pathway of the last recorded year)"
    return {**past, **{year: derive(factor.value * ahead[year].value, text, factor, ahead[year]) for year in later}}


def _remarked(path: _Path, remark: str) -> DriverPath:
    years = path.years
    return DriverPath({year: path.population[year] for year in years}, {year: path.gdp[year] for year in years}, remark)


def _recorded(catalog: Catalog, iso3: str) -> _Path:
    """What the World Bank has: years with both figures."""
    persons = _by_year(catalog, Driver.POPULATION, iso3, HISTORICAL)
    income = _by_year(catalog, Driver.GDP_PER_CAPITA_PPP, iso3, HISTORICAL)
    text = "GDP per head × population"
    gdp = {
        year: derive(figure.value * persons[year].value, text, figure, persons[year])
        for year, figure in income.items()
        if year in persons
    }
    return _Path({year: persons[year] for year in gdp}, gdp)


def _pathway(catalog: Catalog, iso3: str, scenario: GdpScenario, choice: Origin) -> _Path:
    """What a pathway has, every five years."""
    return _Path(
        _by_year(catalog, Driver.POPULATION, iso3, scenario.value, choice),
        _by_year(catalog, Driver.GDP_PPP, iso3, scenario.value, choice),
    )


def _by_year(catalog: Catalog, driver: Driver, iso3: str, scenario: str, *choice: Origin) -> dict[int, Traced]:
    observations = catalog.driver(driver, iso3, scenario)
    return {each.year: Traced(each.figure.value, (*choice, each.figure.origin)) for each in observations}


def _sum(paths: Iterable[_Path]) -> _Path:
    """The sum over countries, in the years that all of them have."""
    members = list(paths)
    years = sorted(set.intersection(*(set(member.years) for member in members))) if members else []

    def summed(parts: list[ByYear]) -> dict[int, Traced]:
        return {
            year: derive(sum(part[year].value for part in parts), "sum", *(part[year] for part in parts))
            for year in years
        }

    return _Path(summed([member.population for member in members]), summed([member.gdp for member in members]))


def _represented(recorded: Mapping[str, _Path], pathways: Mapping[str, _Path]) -> list[_Path]:
    """The pathways that there are, if those who have them make up enough of the recorded GDP; else none."""
    having = [member for member, path in pathways.items() if path.years]
    known = [member for member in recorded if recorded[member].years]
    if len(having) < len(pathways):
        gdp = {member: recorded[member].gdp[recorded[member].years[-1]].value for member in known}
        if sum(gdp.get(member, 0.0) for member in having) < LEAST_REPRESENTED * sum(gdp.values()):
            return []
    return [pathways[member] for member in having]


def _yearly(path: _Path) -> _Path:
    """The path with every year from its first to its last: straight lines through the logarithms."""
    years = path.years
    if not years:
        return path
    grid = np.arange(years[0], years[-1] + 1)

    def filled(figures: ByYear) -> dict[int, Traced]:
        logs = np.interp(grid, years, np.log([figures[year].value for year in years]))
        return {
            year: derive(value, "along constant growth", *(figures[each] for each in _around(years, year)))
            for year, value in zip(grid.tolist(), np.exp(logs).tolist(), strict=True)
        }

    return _Path(filled(path.population), filled(path.gdp))


def _around(years: list[int], year: int) -> set[int]:
    """The years, of some that rise, on both sides of a year within them; that year alone where it is one of them."""
    return {years[bisect_right(years, year) - 1], years[bisect_left(years, year)]}
