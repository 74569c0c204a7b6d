"""What a catalog can be asked. Use cases know this protocol only; the store behind it may be files or a database.

Conventions: minerals by id ("cobalt"), countries by ISO 3166-1 alpha-3 code, tonnes of the mineral's content, fractions
and not per cent. A question about something unknown raises a `CatalogError`; a figure that is not published is None or
an empty tuple where the method says so, never a zero.
"""

from __future__ import annotations

from typing import Protocol

from lodestock_server.catalog.figures import (
    Country,
    CountryFigure,
    CountryTable,
    Figure,
    Governance,
    Mineral,
    Observation,
    Stage,
    Statistic,
)
from lodestock_server.catalog.packages import DatasetInfo


class Catalog(Protocol):
    """Figures by mineral, country and year, each with its origin."""

    def datasets(self) -> tuple[DatasetInfo, ...]:
        """The datasets behind the figures, with versions, sources and known gaps."""
        ...

    def buyers(self) -> tuple[str, ...]:
        """Countries whose demand and imports are known."""
        ...

    def minerals(self) -> tuple[Mineral, ...]:
        """All minerals, in the order of their ids."""
        ...

    def mineral(self, mineral: str) -> Mineral:
        """One mineral.

        Raises:
            UnknownMineralError: no such id.
        """
        ...

    def statistic(self, buyer: str, mineral: str, statistic: Statistic) -> tuple[Observation, ...]:
        """A national statistic by year, oldest first, tonnes; empty if not published. Years may be missing.

        Raises:
            UnknownBuyerError, UnknownMineralError: no such buyer or mineral.
        """
        ...

    def consumption(self, buyer: str, mineral: str) -> tuple[Observation, ...]:
        """Yearly consumption, oldest first, tonnes: the demand series. Never empty.

        Raises:
            UnknownBuyerError, UnknownMineralError: no such buyer or mineral.
        """
        ...

    def domestic_production(self, buyer: str, mineral: str) -> Observation | None:
        """Latest primary output at home of the traded form, tonnes; None if no statistic supplies it or it is withheld.

        Raises:
            UnknownBuyerError, UnknownMineralError: no such buyer or mineral.
        """
        ...

    def recycled_production(self, buyer: str, mineral: str) -> Observation | None:
        """Latest output from scrap at home, tonnes; None if not published or no source of the planned form.

        Raises:
            UnknownBuyerError, UnknownMineralError: no such buyer or mineral.
        """
        ...

    def import_sources(self, buyer: str, mineral: str, form: str | None = None) -> tuple[CountryFigure, ...]:
        """Supplier shares in the buyer's imports, fractions, largest first, unnamed rest last; they add up to 1.

        Args:
            buyer: importing country.
            mineral: id of the mineral.
            form: form as published; the mineral's own `import_form` if None.

        Raises:
            UnknownBuyerError, UnknownMineralError: no such buyer or mineral.
            MissingFigureError: no such form; the error lists the forms.
        """
        ...

    def production_years(self, mineral: str, stage: Stage | None = None) -> tuple[int, ...]:
        """Years with world production of a stage (default: the mineral's supply stage), oldest first; may be empty.

        Raises:
            UnknownMineralError: no such mineral.
        """
        ...

    def production(self, mineral: str, stage: Stage | None = None, year: int | None = None) -> CountryTable:
        """World production by country, tonnes.

        Args:
            mineral: id of the mineral.
            stage: default: the mineral's supply stage.
            year: default: the latest.

        Raises:
            UnknownMineralError: no such mineral.
            MissingFigureError: no figures of that stage or year; the error lists the years.
        """
        ...

    def refining(self, mineral: str) -> CountryTable:
        """Who refines the mineral, as well as the data know: tonnes of the latest year, else the European Commission's
        processing shares of 2016-2020 (unit "1"), else mining; the table says which (`stage`, `period`, `basis`).

        Raises:
            UnknownMineralError: no such mineral.
        """
        ...

    def reserves(self, mineral: str) -> tuple[CountryFigure, ...]:
        """Reserves by country, tonnes, largest first; empty if none are published for the mineral.

        Raises:
            UnknownMineralError: no such mineral.
        """
        ...

    def prices(self, mineral: str) -> tuple[Observation, ...]:
        """Yearly mean prices, oldest first, nominal USD per tonne. Never empty.

        Raises:
            UnknownMineralError: no such mineral.
        """
        ...

    def latest_price(self, mineral: str) -> Observation:
        """The price of the last full year, USD per tonne.

        Raises:
            UnknownMineralError: no such mineral.
        """
        ...

    def governance(self, iso3: str, year: int | None = None) -> Governance | None:
        """World Bank governance estimates of a country (default: latest year); None if the country or year has none.

        Raises:
            UnknownCountryError: no such code.
        """
        ...

    def trade_parameter(self, mineral: str, iso3: str, stage: Stage | None = None) -> Figure | None:
        """Trade-restriction parameter t (0.8 EU member, 1 none, above 1 restricted); None if the country is not listed.

        Where the supply stage has no table, the other stage's is taken: the figure's origin shows the row.

        Raises:
            UnknownMineralError, UnknownCountryError: no such mineral or code.
        """
        ...

    def eol_recycling_input_rate(self, mineral: str) -> Figure | None:
        """End-of-life recycling input rate, a fraction; None if not published.

        Raises:
            UnknownMineralError: no such mineral.
        """
        ...

    def country(self, iso3: str) -> Country:
        """One country.

        Raises:
            UnknownCountryError: no such code.
        """
        ...

    def distance(self, iso3: str, buyer: str) -> Figure | None:
        """Great-circle distance between the main cities, weighted by population, km; None if not published.

        Raises:
            UnknownBuyerError, UnknownCountryError: no such buyer or code.
        """
        ...
