"""Answers about countries: who they are, how they are governed, how far apart, how rich and how many."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from lodestock_server.catalog.errors import UnknownBuyerError, UnknownCountryError
from lodestock_server.catalog.figures import HISTORICAL, Country, Driver, Figure, Governance, Observation
from lodestock_server.catalog.packages import Record
from lodestock_server.catalog.tables import Tables, observations

EU27 = "EU27"
WITH_CONSUMPTION = ("USA",)
"""Buyers whose yearly statistics are in the data: the package us-minerals."""

WGI_COLUMNS = (
    "control_of_corruption",
    "government_effectiveness",
    "political_stability",
    "regulatory_quality",
    "rule_of_law",
    "voice_and_accountability",
)
DRIVER_COLUMNS = {
    Driver.POPULATION: "persons",
    Driver.GDP_REAL: "usd_2015",
    Driver.GDP_PPP: "usd_2017_ppp",
    Driver.GDP_NOMINAL: "usd",
    Driver.GDP_PER_CAPITA_PPP: "usd_ppp",
    Driver.GDP_PER_CAPITA_REAL: "usd_2015",
}
GDP_MODEL = "OECD"
"""Of the two models that project GDP along the pathways; the other one, IIASA's, has fewer countries."""


class Countries(Tables):
    """The part of `Catalog` that is about countries."""

    def buyers(self) -> tuple[str, ...]:
        """See `Catalog.buyers`."""
        return WITH_CONSUMPTION

    def bloc(self, buyer: str) -> tuple[str, ...]:
        """See `Catalog.bloc`."""
        self._check_buyer(buyer)
        if buyer != EU27:
            return (buyer,)
        return tuple(sorted(country.iso3 for country in self._countries.values() if country.eu27))

    def countries(self) -> tuple[Country, ...]:
        """See `Catalog.countries`."""
        return tuple(self._countries[code] for code in sorted(self._countries))

    def country(self, iso3: str) -> Country:
        """See `Catalog.country`."""
        if iso3 not in self._countries:
            raise UnknownCountryError(iso3)
        return self._countries[iso3]

    def distance(self, iso3: str, to_iso3: str) -> Figure | None:
        """See `Catalog.distance`."""
        self.country(iso3)
        self.country(to_iso3)
        column = "population_weighted_km"
        rows = self._where("geography", "distances", "iso3", iso3)
        return next((row.figure(column) for row in rows if row["to_iso3"] == to_iso3 and row[column]), None)

    def governance(self, iso3: str, year: int | None = None) -> Governance | None:
        """See `Catalog.governance`."""
        self.country(iso3)
        listed = self._where("governance", "wgi", "iso3", iso3)
        rows = [row for row in listed if year is None or int(row["year"]) == year]
        if not rows:
            return None
        latest = max(rows, key=lambda row: int(row["year"]))
        estimates = {column: latest.figure(column) for column in WGI_COLUMNS if latest[column]}
        return Governance(iso3, int(latest["year"]), estimates)

    def driver(self, driver: Driver, iso3: str, scenario: str = HISTORICAL) -> tuple[Observation, ...]:
        """See `Catalog.driver`."""
        self.country(iso3)
        column = DRIVER_COLUMNS[driver]
        rows = self._where("drivers", driver.value, "iso3", iso3)
        return observations((row for row in rows if _is_of(row, scenario)), column)

    def _check_buyer(self, buyer: str) -> None:
        if buyer != EU27 and buyer not in self._countries:
            raise UnknownBuyerError(buyer, WITH_CONSUMPTION)

    @cached_property
    def _countries(self) -> Mapping[str, Country]:
        return {row["iso3"]: _country(row) for row in self._all("geography", "countries")}


def _is_of(row: Record, scenario: str) -> bool:
    """Whether a driver's row is of a scenario; a table without scenarios holds history alone."""
    return row.cells.get("scenario", HISTORICAL) == scenario and row.cells.get("model", "") in ("", GDP_MODEL)


def _country(row: Record) -> Country:
    landlocked = {"true": True, "false": False}.get(row["landlocked"])
    return Country(row["iso3"], row["name"], row["eu27"] == "true", landlocked, row["un_region"])
