"""Answers about a buyer: what it uses, produces at home, imports and from whom."""

from __future__ import annotations

from lodestock_server.catalog.countries import EU27
from lodestock_server.catalog.errors import MissingFigureError
from lodestock_server.catalog.figures import CountryFigure, Observation, Stage, Statistic
from lodestock_server.catalog.packages import Record
from lodestock_server.catalog.supply import WorldSupply
from lodestock_server.catalog.tables import by_country, observations


class Buyers(WorldSupply):
    """The part of `Catalog` that is about buyers."""

    def demanded(self, buyer: str) -> tuple[str, ...]:
        """See `Catalog.demanded`."""
        self._check_buyer(buyer)
        return tuple(mineral.id for mineral in self.minerals() if self.consumption(buyer, mineral.id))

    def statistic(self, buyer: str, mineral: str, statistic: Statistic) -> tuple[Observation, ...]:
        """See `Catalog.statistic`."""
        rows = self._of_buyer(buyer, mineral, "us_statistics")
        return observations((row for row in rows if row["statistic"] == statistic.value), "tonnes")

    def consumption(self, buyer: str, mineral: str) -> tuple[Observation, ...]:
        """See `Catalog.consumption`."""
        return self.statistic(buyer, mineral, Statistic.CONSUMPTION)

    def domestic_production(self, buyer: str, mineral: str) -> Observation | None:
        """See `Catalog.domestic_production`."""
        self._check_buyer(buyer)
        statistic = self.mineral(mineral).domestic_statistic
        observed = self.statistic(buyer, mineral, statistic) if statistic else ()
        return observed[-1] if observed else None

    def recycled_production(self, buyer: str, mineral: str) -> Observation | None:
        """See `Catalog.recycled_production`."""
        observed = self.statistic(buyer, mineral, Statistic.PRODUCTION_SECONDARY)
        return observed[-1] if observed and self.mineral(mineral).secondary_supplies else None

    def import_sources(self, buyer: str, mineral: str, form: str | None = None) -> tuple[CountryFigure, ...]:
        """See `Catalog.import_sources`."""
        published = self._of_buyer(buyer, mineral, "import_sources")
        wanted = self.mineral(mineral).import_form if form is None else form
        rows = [row for row in published if row["form"] == wanted]
        if published and wanted and not rows:
            forms = sorted({row["form"] for row in published})
            raise MissingFigureError(f"import sources of {mineral} in the form {wanted!r}", forms)
        return by_country(rows, "share")

    def sourcing_shares(self, buyer: str, mineral: str, stage: Stage | None = None) -> tuple[CountryFigure, ...]:
        """See `Catalog.sourcing_shares`."""
        self._check_buyer(buyer)
        known = self.mineral(mineral)
        if buyer != EU27:
            return ()
        published = self._where("eu-minerals", "sourcing_shares", "mineral", known.id)
        others = (other for other in Stage if other is not known.supply_stage)
        for candidate in (stage,) if stage else (known.supply_stage, *others):
            rows = [row for row in published if row["stage"] == candidate.value]
            if rows:
                return by_country(rows, "share")
        return ()

    def _of_buyer(self, buyer: str, mineral: str, resource: str) -> tuple[Record, ...]:
        """The rows of a table of the United States; no other buyer's statistics are in the data."""
        self._check_buyer(buyer)
        known = self.mineral(mineral)
        return self._where("us-minerals", resource, "mineral", known.id) if buyer in self.buyers() else ()
