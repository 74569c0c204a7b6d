"""A buyer's figures as the statistics in the data have them: today those of the United States."""

from __future__ import annotations

from lodestock_server.catalog import Catalog, Observation, Statistic
from lodestock_server.usecases.buyers.values import HomeOutput, Supplier, Yearly
from lodestock_server.usecases.origins import Traced


class Statistics:
    """The statistics of one buyer. What is not published is None or empty, and is not estimated."""

    def __init__(self, catalog: Catalog, buyer: str) -> None:
        self._catalog, self._buyer = catalog, buyer
        self._materials = frozenset(catalog.demanded(buyer))

    def cover(self, material: str) -> bool:
        """Whether there are statistics of a material."""
        return material in self._materials

    def materials(self) -> tuple[str, ...]:
        """Materials with statistics."""
        return self._catalog.demanded(self._buyer)

    def consumption(self, material: str) -> tuple[Yearly, ...]:
        """Consumption by year, oldest first."""
        return tuple(_yearly(observed) for observed in self._catalog.consumption(self._buyer, material))

    def latest(self, material: str, statistic: Statistic) -> Yearly | None:
        """The last year of a statistic."""
        observed = self._catalog.statistic(self._buyer, material, statistic)
        return _yearly(observed[-1]) if observed else None

    def production(self, material: str) -> tuple[HomeOutput, ...]:
        """Output at home of the traded form, in the last year published."""
        observed = self._catalog.domestic_production(self._buyer, material)
        return (HomeOutput(self._buyer, observed.year, Traced.read(observed.figure)),) if observed else ()

    def recycled(self, material: str) -> Yearly | None:
        """Output from scrap at home, in the last year published."""
        observed = self._catalog.recycled_production(self._buyer, material)
        return _yearly(observed) if observed else None

    def suppliers(self, material: str) -> tuple[Supplier, ...]:
        """Shares of the imports."""
        shares = self._catalog.import_sources(self._buyer, material)
        return tuple(Supplier(share.iso3, Traced.read(share.figure)) for share in shares)


def _yearly(observed: Observation) -> Yearly:
    return Yearly(observed.year, Traced.read(observed.figure))
