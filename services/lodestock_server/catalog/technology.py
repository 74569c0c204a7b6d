"""Answers about technology: what energy scenarios ask for, what is deployed, what a unit of it holds."""

from __future__ import annotations

from collections.abc import Iterable

from lodestock_server.catalog.figures import HISTORICAL, Figure, Observation, UseFigure
from lodestock_server.catalog.tables import Tables, observations

WORLD = "WLD"
INTENSITY_TABLES = {"battery": "kg_per_kwh", "power_generation": "kg_per_mw"}


class Technology(Tables):
    """The part of `Catalog` that is about technology."""

    def published_uses(self, scenario: str) -> tuple[UseFigure, ...]:
        """See `Catalog.published_uses`."""
        rows = self._where("iea-scenarios", "demand", "dataset", "total demand")
        return tuple(
            UseFigure(row["mineral"], row["sector"], int(row["year"]), row.figure("tonnes"))
            for row in rows
            if row["scenario"] in (scenario, "base year") and row["tonnes"]
        )

    def vehicle_sales(
        self, iso3: str, scenario: str, modes: Iterable[str], powertrains: Iterable[str]
    ) -> tuple[Observation, ...]:
        """See `Catalog.vehicle_sales`."""
        kinds, drives = set(modes), set(powertrains)
        rows = [
            row
            for row in self._where("clean-technology", "ev_sales", "iso3", iso3 or WORLD)
            if row["mode"] in kinds and row["powertrain"] in drives
        ]
        recorded = observations((row for row in rows if row["scenario"] == HISTORICAL), "vehicles")
        last = recorded[-1].year if recorded else 0
        ahead = (row for row in rows if row["scenario"] == f"IEA_{scenario}_2024" and int(row["year"]) > last)
        return (*recorded, *observations(ahead, "vehicles"))

    def technologies(self) -> tuple[str, ...]:
        """See `Catalog.technologies`."""
        rows = (row for resource in INTENSITY_TABLES for row in self._all("intensities", resource))
        return tuple(sorted({row["technology"] for row in rows}))

    def intensities(self, technology: str, mineral: str) -> tuple[Figure, ...]:
        """See `Catalog.intensities`."""
        return tuple(
            row.figure(column)
            for resource, column in INTENSITY_TABLES.items()
            for row in self._where("intensities", resource, "technology", technology)
            if row["mineral"] == mineral and row[column]
        )
