"""What a buyer uses, produces, imports and pays: the caller's own figures first, then statistics, then estimates.

The order holds figure by figure. Consumption of the caller's own takes the place of the same years of statistics, and
of the whole of an estimated series; of everything else the last year is asked for, and the caller's own goes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lodestock_optimizers.validation import BLOCS
from lodestock_server.catalog import Catalog, CatalogError, Stage, Statistic, UnknownBuyerError
from lodestock_server.errors import NotFound
from lodestock_server.usecases.buyers.codes import BLOC_AS_A_COUNTRY
from lodestock_server.usecases.buyers.estimates import Estimates
from lodestock_server.usecases.buyers.own import OwnTable
from lodestock_server.usecases.buyers.stored import Statistics
from lodestock_server.usecases.buyers.values import HomeOutput, OwnFigure, OwnFigureKind, Supplier, Yearly
from lodestock_server.usecases.defaults import DefaultsBook
from lodestock_server.usecases.origins import Traced, TracedField, derive

PORT_OF_BLOC = "NLD"
"""Freight to the European Union is counted to the country of its largest port, Rotterdam."""


class BuyerFigures:
    """The figures of one buyer; made by `buyer_figures`.

    Attributes:
        buyer: ISO 3166-1 alpha-3 or "EU27".
        home: The countries that the buyer is made of.
    """

    def __init__(self, catalog: Catalog, buyer: str, own: OwnTable, defaults: DefaultsBook) -> None:
        self.buyer = buyer
        self.home = frozenset(catalog.bloc(buyer))
        self._catalog, self._own, self._defaults = catalog, own, defaults
        self._statistics = Statistics(catalog, buyer)
        self._estimates = Estimates(catalog, buyer, self.home, defaults)

    def materials(self) -> tuple[str, ...]:
        """Materials with consumption, in the order of their ids: what is asked about where none is named."""
        known = self._statistics.materials() or self._estimates.materials()
        return tuple(sorted({*known, *self._own.materials(OwnFigureKind.CONSUMPTION)}))

    def who_is_known(self) -> str:
        """Of which buyers the data hold or estimate figures, in words."""
        return f"the data hold figures of {', '.join(self._catalog.buyers())} and estimate those of {', '.join(BLOCS)}"

    def known(self, material: str) -> bool:
        """Whether anything is known of the buyer and a material, by its own figures or the data."""
        in_data = self.buyer in self._catalog.buyers()
        return in_data or material in self._own.materials() or material in self._estimates.materials()

    def consumption(self, material: str) -> tuple[Yearly, ...]:
        """Tonnes by year, oldest first; empty where nobody says."""
        own = self._own.series(material, OwnFigureKind.CONSUMPTION)
        stored = self._statistics.consumption(material)
        if not stored:
            return own or self._estimates.consumption(material)
        by_year = {of_year.year: of_year for of_year in (*stored, *own)}
        return tuple(by_year[year] for year in sorted(by_year))

    def basis(self, material: str) -> TracedField | None:
        """What an estimated consumption rests on beside the world's output; None where it is not estimated."""
        return self._estimates.basis(material) if self._consumption_is_estimated(material) else None

    def imports(self, material: str) -> Yearly | None:
        """Imports of the last year, tonnes."""
        own = self._own.imports(material)
        if own is not None or self._statistics.cover(material):
            return own or self._statistics.latest(material, Statistic.IMPORTS)
        demand = self._demand(material)
        if demand is None:
            return None
        published = self._estimates.imports(material, demand.figure)
        return Yearly(demand.year, published or self._not_made_at_home(material, demand.figure))

    def imports_or_rest(self, material: str, demand: Traced) -> Traced:
        """Imports of the last year, tonnes; where they are not known, what is left of a demand for them to meet."""
        known = self.imports(material)
        return known.figure if known else self._not_made_at_home(material, demand)

    def exports(self, material: str) -> Yearly | None:
        """Exports of the last year, tonnes; never estimated."""
        own = self._own.latest(material, OwnFigureKind.EXPORTS)
        return own or self._statistics.latest(material, Statistic.EXPORTS)

    def production(self, material: str) -> tuple[HomeOutput, ...]:
        """Output at home from ore, in the traded form, by country: tonnes of the last year."""
        own = self._own.latest(material, OwnFigureKind.PRODUCTION)
        if own is not None:
            return self._shared_out(material, own)
        if self._statistics.cover(material):
            return self._statistics.production(material)
        recycled = self.recycled(material)
        return self._estimates.production(material, self._tonnes_used(material), recycled.figure if recycled else None)

    def recycled(self, material: str) -> Yearly | None:
        """Output at home from scrap, tonnes of the last year; never estimated."""
        own = self._own.latest(material, OwnFigureKind.RECYCLED_PRODUCTION)
        return own or self._statistics.recycled(material)

    def suppliers(self, material: str) -> tuple[Supplier, ...]:
        """Shares of the imports by country, fractions that add up to 1, the unnamed rest last."""
        known = self._own.suppliers(material) or self._statistics.suppliers(material)
        return known if known or self._statistics.cover(material) else self._estimates.suppliers(material)

    def sourcing(self, material: str, stage: Stage) -> tuple[Supplier, ...]:
        """Published shares in all that the buyer uses, home included; empty where flows of the caller's own go first.

        Whoever needs shares then computes them from imports and output at home. Flows are of the traded form, and say
        nothing of other stages.
        """
        flows = {OwnFigureKind.IMPORTS, OwnFigureKind.IMPORTS_BY_COUNTRY, OwnFigureKind.PRODUCTION}
        of_traded_form = stage is self._catalog.mineral(material).supply_stage
        if of_traded_form and any(material in self._own.materials(kind) for kind in flows):
            return ()
        return self._estimates.sourcing(material, stage)

    def price(self, material: str) -> Yearly:
        """Price before duty of the last year, USD/t.

        Raises:
            NotFound: Nobody says.
        """
        own = self._own.latest(material, OwnFigureKind.PRICE)
        if own is not None:
            return own
        try:
            observed = self._catalog.latest_price(material)
        except CatalogError as error:
            raise NotFound(f"{error}; give own_figures of kind PRICE for {material}") from error
        return Yearly(observed.year, Traced.read(observed.figure))

    def price_is_own(self, material: str) -> bool:
        """Whether the price is the caller's."""
        return self._own.latest(material, OwnFigureKind.PRICE) is not None

    def has_statistics(self, material: str) -> bool:
        """Whether statistics of the buyer are in the data, so that what they lack is lacking for a stated reason."""
        return self._statistics.cover(material)

    def distance(self, country: str, material: str) -> Traced | None:
        """Way of a tonne to the buyer, km; None where it is not published."""
        if len(self.home) == 1:
            known = self._catalog.distance(country, self.buyer)
            return Traced.read(known) if known else None
        to_port = self._catalog.distance(country, PORT_OF_BLOC)
        if to_port is None:
            return None
        inland = self._defaults.take("freight.km_from_port_of_bloc", material)
        text = f"distance to {PORT_OF_BLOC} + way from the port"
        return derive(to_port.value + inland.value, text, Traced.read(to_port), inland)

    def remarks_on_consumption(self, material: str) -> tuple[str, ...]:
        """How the consumption was estimated; empty where it was not."""
        return self._estimates.remarks_on_consumption(material) if self._consumption_is_estimated(material) else ()

    def remarks(self, material: str) -> tuple[str, ...]:
        """What was estimated, and how."""
        if self._statistics.cover(material):
            return ()
        found = [*self.remarks_on_consumption(material), *self._remarks_on_scrap(material)]
        if not self._own.suppliers(material) and not self._statistics.suppliers(material):
            found += self._estimates.remarks_on_suppliers(material)
        if self._own.imports(material) is None and not self._estimates.has_sourcing(material):
            found.append(imports_are_the_rest(material))
        return tuple(found)

    def _remarks_on_scrap(self, material: str) -> tuple[str, ...]:
        """Where output from scrap stands: nowhere, or what was made of the caller's own."""
        recycled = self.recycled(material)
        if recycled is None:
            said = f"{material}: output from scrap is not in the data, and no source of its own"
            return (said,) if self.remarks_on_consumption(material) else ()
        if self._own.latest(material, OwnFigureKind.PRODUCTION) is not None:
            return ()
        return self._estimates.remarks_on_recycled(material, self._tonnes_used(material), recycled.figure)

    def _consumption_is_estimated(self, material: str) -> bool:
        own = self._own.series(material, OwnFigureKind.CONSUMPTION)
        return not own and not self._statistics.cover(material)

    def _demand(self, material: str) -> Yearly | None:
        consumption = self.consumption(material)
        return consumption[-1] if consumption else None

    def _tonnes_used(self, material: str) -> Traced | None:
        demand = self._demand(material)
        return demand.figure if demand else None

    def _not_made_at_home(self, material: str, demand: Traced) -> Traced:
        """What is left of the demand for imports to meet."""
        recycled = self.recycled(material)
        at_home = [output.figure for output in self.production(material)] + ([recycled.figure] if recycled else [])
        needed = max(0.0, demand.value - sum(part.value for part in at_home))
        return derive(needed, "demand − production at home", demand, *at_home)

    def _shared_out(self, material: str, own: Yearly) -> tuple[HomeOutput, ...]:
        """The caller's output of a bloc by its members' parts in their output, else as one source."""
        if len(self.home) == 1:
            return (HomeOutput(self.buyer, own.year, own.figure),)
        known = self._estimates.production(material, None)
        whole = sum(output.figure.value for output in known)
        if whole <= 0:
            return (HomeOutput(BLOC_AS_A_COUNTRY, own.year, own.figure),)
        text = "part of the member in the members' output × own figure"
        return tuple(
            HomeOutput(
                output.country,
                own.year,
                derive(output.figure.value / whole * own.figure.value, text, output.figure, own.figure),
                output.from_its_reserves,
            )
            for output in known
        )


def buyer_figures(
    catalog: Catalog,
    buyer: str,
    own: Sequence[OwnFigure] = (),
    defaults: DefaultsBook | None = None,
    path: str = "own_figures",
) -> BuyerFigures:
    """The figures of a buyer.

    Args:
        catalog: The data.
        buyer: ISO 3166-1 alpha-3 or "EU27".
        own: The caller's own figures, with nothing wrong by `own_figure_violations`.
        defaults: Assumptions behind estimates, with the caller's overrides; None: as they stand.
        path: Field of the request that holds the own figures.

    Raises:
        NotFound: No country and no bloc has this code.
    """
    book = DefaultsBook(()) if defaults is None else defaults
    try:
        return BuyerFigures(catalog, buyer, OwnTable.read(catalog, own, path), book)
    except UnknownBuyerError as error:
        raise NotFound(str(error)) from error


def imports_are_the_rest(material: str) -> str:
    """That imports are not known, and what `imports_or_rest` takes them as."""
    return f"{material}: imports are not published; taken as demand less production at home"


def demand_history(figures: BuyerFigures, material: str) -> tuple[Yearly, ...]:
    """Consumption by year, oldest first, never empty; an estimated one with every row that it rests on.

    Raises:
        NotFound: Neither the data nor the caller say what the buyer uses.
    """
    history = figures.consumption(material)
    if not history:
        raise NotFound(no_consumption(figures, (material,)))
    basis = figures.basis(material)
    if basis is None:
        return history
    return tuple(
        Yearly(year, replace(figure, origins=tuple(dict.fromkeys((*figure.origins, *basis.origins)))))
        for year, figure in history
    )


def no_consumption(figures: BuyerFigures, materials: Sequence[str]) -> str:
    """What is missing where the consumption of materials is not known, and what would be right."""
    what = f" for {', '.join(materials)}" if materials else ""
    return (
        f"no consumption of buyer '{figures.buyer}' is in the data{what}: "
        f"give own_figures of kind CONSUMPTION{what or ' for each material'}; {figures.who_is_known()}"
    )
