"""Reading the tables of the packages that a catalog stands on. Knows where tables are, not what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lodestock_server.catalog.figures import CountryFigure, Observation
from lodestock_server.catalog.packages import DatasetInfo, Package, Record


class Tables:
    """The tables of some packages. A table that none of them has reads as one without rows.

    Args:
        packages: one version of each dataset; of two with the same name the later one counts.
    """

    def __init__(self, packages: Iterable[Package]) -> None:
        self._packages: Mapping[str, Package] = {package.name: package for package in packages}

    def packages(self) -> tuple[Package, ...]:
        """The packages that the answers are read from."""
        return tuple(self._packages.values())

    def datasets(self) -> tuple[DatasetInfo, ...]:
        """See `Catalog.datasets`."""
        return tuple(package.info for package in self._packages.values())

    def _all(self, package: str, resource: str) -> tuple[Record, ...]:
        """All rows of a table."""
        return self._packages[package].table(resource) if self._has(package, resource) else ()

    def _where(self, package: str, resource: str, column: str, value: str) -> tuple[Record, ...]:
        """The rows of a table whose cell in a column is a value."""
        return self._packages[package].where(resource, column, value) if self._has(package, resource) else ()

    def _has(self, package: str, resource: str) -> bool:
        return package in self._packages and resource in self._packages[package].tables


def observations(rows: Iterable[Record], column: str) -> tuple[Observation, ...]:
    """Figures by year, oldest first in whatever order the rows stand; a row without a figure is no observation."""
    found = (Observation(int(row["year"]), row.figure(column)) for row in rows if row[column])
    return tuple(sorted(found, key=lambda item: item.year))


def by_country(rows: Iterable[Record], column: str) -> tuple[CountryFigure, ...]:
    """Figures by country, largest first, those of unnamed countries last; a row without a figure is left out."""
    figures = (CountryFigure(row["iso3"] or None, row["country"], row.figure(column)) for row in rows if row[column])
    return tuple(sorted(figures, key=lambda item: (item.iso3 is None, -item.figure.value, item.country)))
