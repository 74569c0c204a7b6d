"""What a catalog can be asked. Use cases know this protocol only; the store behind it may be files or a database.

Conventions: minerals by id ("cobalt"), countries by ISO 3166-1 alpha-3 code, tonnes of the mineral's content, fractions
and not per cent. A question about something unknown raises a `CatalogError`; a figure that is not published is None or
an empty tuple where the method says so, never a zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from lodestock_server.catalog.figures import (
    HISTORICAL,
    Country,
    CountryFigure,
    CountryTable,
    Driver,
    Figure,
    Form,
    Governance,
    Mineral,
    Observation,
    Stage,
    Statistic,
    TradeFlow,
    UseFigure,
)
from lodestock_server.catalog.packages import DatasetInfo


class Catalog(Protocol):
    """Figures by mineral, country and year, each with its origin."""

    def datasets(self) -> tuple[DatasetInfo, ...]:
        """The datasets behind the figures, with versions, sources and known gaps."""
        ...

    def buyers(self) -> tuple[str, ...]:
        """Buyers whose consumption is in the data. Others can be asked about: what is not published is empty."""
        ...

    def bloc(self, buyer: str) -> tuple[str, ...]:
        """The countries that a buyer is made of, in the order of their codes: the 27 of "EU27", else the buyer itself.

        Raises:
            UnknownBuyerError: no country and no union has this code.
        """
        ...

    def demanded(self, buyer: str) -> tuple[str, ...]:
        """Ids of the minerals whose consumption by the buyer is in the data; empty if none is.

        Raises:
            UnknownBuyerError: no country and no union has this code.
        """
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

    def find_mineral(self, name: str) -> Mineral:
        """One mineral by its id or by any name that sources use; capitals and hyphens do not count.

        Raises:
            UnknownMineralError: no such name; the error lists names that look like it.
        """
        ...

    def names(self, mineral: str) -> tuple[str, ...]:
        """What sources call the mineral, beside its id and its own name, in alphabetical order.

        Raises:
            UnknownMineralError: no such id.
        """
        ...

    def forms(self, mineral: str) -> tuple[Form, ...]:
        """Forms that figures of the mineral may be given in, each with its content of what the tonnes count.

        Raises:
            UnknownMineralError: no such id.
        """
        ...

    def hs_codes(self, mineral: str) -> tuple[str, ...]:
        """Codes of the harmonised system, that of the planned form first.

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
        """Yearly consumption, oldest first, tonnes: the demand series; empty if not published.

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

        Empty if none are published for this buyer and mineral.

        Args:
            buyer: importing country.
            mineral: id of the mineral.
            form: form as published; the mineral's own `import_form` if None.

        Raises:
            UnknownBuyerError, UnknownMineralError: no such buyer or mineral.
            MissingFigureError: shares are published, but of other forms; the error lists them.
        """
        ...

    def sourcing_shares(self, buyer: str, mineral: str, stage: Stage | None = None) -> tuple[CountryFigure, ...]:
        """Shares in all that the buyer uses, output at home included, fractions; empty if none are published.

        Published by the European Commission for "EU27".

        Args:
            buyer: "EU27", or a country.
            mineral: id of the mineral.
            stage: default: the mineral's supply stage, else the other one.

        Raises:
            UnknownBuyerError, UnknownMineralError: no such buyer or mineral.
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
        """Yearly mean prices, oldest first, nominal USD per tonne; empty if not published.

        Raises:
            UnknownMineralError: no such mineral.
        """
        ...

    def latest_price(self, mineral: str) -> Observation:
        """The price of the last full year, USD per tonne.

        Raises:
            UnknownMineralError: no such mineral.
            MissingFigureError: no price is published.
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

    def world_trade(self, mineral: str) -> tuple[TradeFlow, ...]:
        """Trade between all countries under headings of the mineral alone, in the latest window of years, by heading
        and countries.

        Empty where no such trade is in the data: it is for the chains of cobalt and, in part, of nickel.

        Raises:
            UnknownMineralError: no such mineral.
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

    def countries(self) -> tuple[Country, ...]:
        """All countries, in the order of their codes."""
        ...

    def distance(self, iso3: str, to_iso3: str) -> Figure | None:
        """Great-circle distance between the main cities, weighted by population, km; None if not published.

        Raises:
            UnknownCountryError: no such code.
        """
        ...

    def driver(self, driver: Driver, iso3: str, scenario: str = HISTORICAL) -> tuple[Observation, ...]:
        """Population or product of a country by year, oldest first; empty if not published.

        GDP_PPP along a pathway is that of the OECD's model.

        Args:
            driver: what to read.
            iso3: country; the product of a union is the sum over `bloc`.
            scenario: "historical", or one of the shared socioeconomic pathways, "SSP1" to "SSP5".

        Raises:
            UnknownCountryError: no such code.
        """
        ...

    def published_uses(self, scenario: str) -> tuple[UseFigure, ...]:
        """Demand of the world by mineral, use and year in a scenario of the IEA, tonnes; the base year included.

        Uses are technologies and "TOTAL other uses"; "TOTAL clean technologies" and "TOTAL demand" are sums.

        Args:
            scenario: "STEPS", "APS" or "NZE"; none is published for another one.
        """
        ...

    def vehicle_sales(
        self, iso3: str, scenario: str, modes: Iterable[str], powertrains: Iterable[str]
    ) -> tuple[Observation, ...]:
        """Electric vehicles sold by mode and powertrain: recorded, then those of the scenario; one observation a row.

        Args:
            iso3: country or "EU27"; empty for the world.
            scenario: "STEPS" or "APS" of the IEA's outlook of 2024.
            modes: of "cars", "vans", "buses", "trucks".
            powertrains: of "bev", "phev", "fcev".
        """
        ...

    def technologies(self) -> tuple[str, ...]:
        """Technologies whose material intensities are published, in alphabetical order."""
        ...

    def intensities(self, technology: str, mineral: str) -> tuple[Figure, ...]:
        """Every published intensity of a mineral in a technology, kg per kWh or per MW; empty if none is.

        Args:
            technology: as `technologies` names it.
            mineral: as the table names it: our id where it is one of our minerals.
        """
        ...
