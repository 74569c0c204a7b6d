"""Population and GDP of a country from the past into a pathway: what models that follow the economy are given.

The past is the World Bank's (population, and GDP per head in constant international USD times population), the future a
shared socioeconomic pathway of release 3.0.1 (population of IIASA-WiC, GDP of the OECD), given every five years and
interpolated along constant growth in between. The two do not meet: years, prices and vintages differ. The pathway is
therefore multiplied by past / pathway of the last year that both have, for population and GDP apart, so that the past
stays as recorded and the pathway gives the growth.

The European Union is the sum over its members, in the years in which every one of them has a figure. Members without a
pathway (the OECD's has none for Romania) are left out of the pathway's sum, which still gives the growth of the rest,
where the others make nine tenths of the recorded GDP.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

import lodestock_forecasters as forecasters
from lodestock_server.catalog import Catalog, CatalogError, DatasetOrigin, Driver, Observation
from lodestock_server.errors import NotFound

HISTORICAL = "historical"


class GdpScenario(StrEnum):
    """A shared socioeconomic pathway; mirrors `lodestock.v1.GdpScenario`."""

    SSP1 = "SSP1"
    SSP2 = "SSP2"
    SSP3 = "SSP3"
    SSP4 = "SSP4"
    SSP5 = "SSP5"


DEFAULT_SCENARIO = GdpScenario.SSP2

LEAST_REPRESENTED = 0.9
"""Share of a union's recorded GDP that members with a pathway must have for their growth to stand for all."""


@dataclass(frozen=True, slots=True)
class DriverPath:
    """Population and GDP by year, how they were put together, and the cells that they were read from."""

    drivers: forecasters.Drivers
    remark: str
    origins: tuple[DatasetOrigin, ...]


@dataclass(frozen=True, slots=True)
class _Path:
    """Population (persons) and GDP (USD) by year, with what they were read from."""

    population: Mapping[int, float]
    gdp: Mapping[int, float]
    origins: tuple[DatasetOrigin, ...]

    @property
    def years(self) -> list[int]:
        """Years with both, rising."""
        return sorted(self.population.keys() & self.gdp.keys())


def driver_path(catalog: Catalog, country: str, scenario: GdpScenario = DEFAULT_SCENARIO) -> DriverPath | None:
    """Put the path of a country together.

    Args:
        catalog: The figures.
        country: ISO 3166-1 alpha-3, or "EU27".
        scenario: The pathway after the last recorded year.

    Returns:
        Recorded years and the pathway to 2100; what there is where one of the two is missing, or where they have no
        year in common (then the recorded ones). None where there is neither.

    Raises:
        NotFound: There is no such country.
    """
    try:
        members = catalog.bloc(country)
        recorded = {member: _recorded(catalog, member) for member in members}
        pathways = {member: _pathway(catalog, member, scenario) for member in members}
    except CatalogError as error:
        raise NotFound(str(error)) from error
    past = _sum(recorded.values())
    left_out = [member for member in members if not pathways[member].years]
    ahead = _yearly(_sum(_represented(recorded, pathways)))
    if not past.years and not ahead.years:
        return None
    if not past.years:
        return _as_drivers(ahead, f"population and GDP of {country}: {scenario} alone, none is recorded", ahead.origins)
    last = past.years[-1]
    beginning = f"population and GDP of {country}: World Bank to {last}"
    if last not in ahead.years:
        why = f"{scenario} has no figures of that year" if ahead.years else f"none of {scenario}"
        return _as_drivers(past, f"{beginning}, {why}", past.origins)
    persons, money = past.population[last] / ahead.population[last], past.gdp[last] / ahead.gdp[last]
    whose = f" without {', '.join(left_out)}" if left_out else ""
    splice = f"(population ×{persons:.4f}, GDP ×{money:.4f} to meet {last})"
    remark = f"{beginning}, then the growth of {scenario}{whose} {splice}"
    return _as_drivers(_spliced(past, ahead, last, persons, money), remark, past.origins + ahead.origins)


def _spliced(past: _Path, ahead: _Path, last: int, persons: float, money: float) -> _Path:
    """The recorded years, and after the last of them the pathway times a factor."""
    later = [year for year in ahead.years if year > last]
    return _Path(
        {**past.population, **{year: persons * ahead.population[year] for year in later}},
        {**past.gdp, **{year: money * ahead.gdp[year] for year in later}},
        (),
    )


def _as_drivers(path: _Path, remark: str, origins: Sequence[DatasetOrigin]) -> DriverPath:
    drivers = forecasters.Drivers(
        periods=[str(year) for year in path.years],
        population=[path.population[year] for year in path.years],
        gdp=[path.gdp[year] for year in path.years],
    )
    return DriverPath(drivers, remark, tuple(dict.fromkeys(origins)))


def _recorded(catalog: Catalog, iso3: str) -> _Path:
    """What the World Bank has: years with both figures."""
    population = catalog.driver(Driver.POPULATION, iso3, HISTORICAL)
    income = catalog.driver(Driver.GDP_PER_CAPITA_PPP, iso3, HISTORICAL)
    persons = _by_year(population)
    gdp = {year: value * persons[year] for year, value in _by_year(income).items() if year in persons}
    return _Path({year: persons[year] for year in gdp}, gdp, _origins(population, income, gdp))


def _pathway(catalog: Catalog, iso3: str, scenario: GdpScenario) -> _Path:
    """What a pathway has, every five years."""
    population = catalog.driver(Driver.POPULATION, iso3, scenario.value)
    gdp = catalog.driver(Driver.GDP_PPP, iso3, scenario.value)
    both = _by_year(population).keys() & _by_year(gdp).keys()
    return _Path(_by_year(population), _by_year(gdp), _origins(population, gdp, both))


def _by_year(observations: Iterable[Observation]) -> dict[int, float]:
    return {observation.year: observation.figure.value for observation in observations}


def _origins(
    one: Iterable[Observation], other: Iterable[Observation], years: Iterable[int]
) -> tuple[DatasetOrigin, ...]:
    used = set(years)
    return tuple(observation.figure.origin for observation in (*one, *other) if observation.year in used)


def _sum(paths: Iterable[_Path]) -> _Path:
    """The sum over countries, in the years that all of them have."""
    members = list(paths)
    years = sorted(set.intersection(*(set(member.years) for member in members))) if members else []
    return _Path(
        {year: sum(member.population[year] for member in members) for year in years},
        {year: sum(member.gdp[year] for member in members) for year in years},
        tuple(origin for member in members for origin in member.origins),
    )


def _represented(recorded: Mapping[str, _Path], pathways: Mapping[str, _Path]) -> list[_Path]:
    """The pathways that there are, if those who have them make up enough of the recorded GDP; else none."""
    having = [member for member, path in pathways.items() if path.years]
    known = [member for member in recorded if recorded[member].years]
    if len(having) < len(pathways):
        gdp = {member: recorded[member].gdp[recorded[member].years[-1]] for member in known}
        if sum(gdp.get(member, 0.0) for member in having) < LEAST_REPRESENTED * sum(gdp.values()):
            return []
    return [pathways[member] for member in having]


def _yearly(path: _Path) -> _Path:
    """The path with every year from its first to its last: straight lines through the logarithms."""
    if not path.years:
        return path
    grid = np.arange(path.years[0], path.years[-1] + 1)

    def filled(values: Mapping[int, float]) -> dict[int, float]:
        logs = np.interp(grid, path.years, np.log([values[year] for year in path.years]))
        return {int(year): float(value) for year, value in zip(grid, np.exp(logs), strict=True)}

    return _Path(filled(path.population), filled(path.gdp), path.origins)
