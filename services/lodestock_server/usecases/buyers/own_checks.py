"""What is wrong with the caller's own figures: every fault with its path, and what would be right."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from lodestock_optimizers.violations import MOST
from lodestock_server.catalog import Catalog, CatalogError, UnknownCountryError
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.buyers.codes import UNNAMED_COUNTRIES
from lodestock_server.usecases.buyers.conversion import as_counted, content_factor_of
from lodestock_server.usecases.buyers.values import OwnFigure, OwnFigureKind

SHARE_SLACK = 1e-6
"""Shares that add up to a little more than 1 were rounded."""

BY_COUNTRY = OwnFigureKind.IMPORTS_BY_COUNTRY


def own_figure_violations(catalog: Catalog, buyer: str, own: Sequence[OwnFigure], path: str) -> list[FieldViolation]:
    """List everything wrong with own figures.

    Args:
        catalog: Names and forms of the minerals, and the countries.
        buyer: The buyer, ISO 3166-1 alpha-3 or "EU27".
        own: The figures.
        path: Field of the request that holds them.
    """
    return _Checks(catalog, buyer, own, path).violations()


class _Checks:
    def __init__(self, catalog: Catalog, buyer: str, own: Sequence[OwnFigure], path: str) -> None:
        self._catalog, self._buyer, self._own, self._path = catalog, buyer, own, path
        self._home = _home(catalog, buyer)
        self._minerals: dict[str, str | FieldViolation] = {}
        self._counted: dict[int, tuple[float, bool]] = {}
        self._mineral_of: dict[int, str] = {}

    def violations(self) -> list[FieldViolation]:
        found = [violation for i, figure in enumerate(self._own) for violation in self._one(i, figure)]
        return [*found, *self._twice(), *self._sums()]

    def _one(self, i: int, figure: OwnFigure) -> Iterator[FieldViolation]:
        path = f"{self._path}[{i}]"
        mineral = self._mineral(figure.material)
        if isinstance(mineral, FieldViolation):
            yield mineral.under(path)
        else:
            self._mineral_of[i] = mineral
        yield from self._country(path, figure)
        factor = 1.0
        if isinstance(mineral, str):
            try:
                factor = content_factor_of(self._catalog, mineral, figure.form).value
            except ValueError as error:
                yield FieldViolation(f"{path}.form", str(error))
        try:
            value, is_share = as_counted(figure, factor)
        except ValueError as error:
            yield FieldViolation(f"{path}.unit", str(error))
            return
        self._counted[i] = (value, is_share)
        if is_share and figure.form:
            yield FieldViolation(f"{path}.form", "stands beside a share, must be empty: a share weighs nothing")
        if is_share and not value <= 1 + SHARE_SLACK:
            yield FieldViolation(f"{path}.value", f"is a share of {value:g}, must be from 0 to 1, or 100 %")
        elif not 0 <= value <= MOST:
            counted = "USD/t" if figure.kind is OwnFigureKind.PRICE else "t"
            yield FieldViolation(f"{path}.value", f"makes {value:g} {counted}, must make from 0 to {MOST:g}")
        elif figure.kind is OwnFigureKind.PRICE and value == 0:
            yield FieldViolation(f"{path}.value", "is a price of 0, must be above 0")

    def _mineral(self, name: str) -> str | FieldViolation:
        if name not in self._minerals:
            try:
                self._minerals[name] = self._catalog.find_mineral(name).id
            except CatalogError as error:
                text = f"{error}. A material of your own goes into OptimizeSourcing as it is"
                self._minerals[name] = FieldViolation("material", text)
        return self._minerals[name]

    def _country(self, path: str, figure: OwnFigure) -> Iterator[FieldViolation]:
        path = f"{path}.country"
        country = figure.country
        if figure.kind is not BY_COUNTRY:
            if country:
                text = f"is '{country}', must be empty: only figures of kind {BY_COUNTRY.value} are of a country"
                yield FieldViolation(path, text)
        elif not country:
            text = f"is empty, must be the supplier, ISO 3166-1 alpha-3, or '{UNNAMED_COUNTRIES}' for those not named"
            yield FieldViolation(path, text)
        elif country in self._home:
            text = f"'{country}' is at home for {self._buyer}, must be another country; "
            yield FieldViolation(path, text + f"output at home is of kind {OwnFigureKind.PRODUCTION.value}")
        elif country != UNNAMED_COUNTRIES:
            try:
                self._catalog.country(country)
            except UnknownCountryError:
                text = f"'{country}' is no country code, must be ISO 3166-1 alpha-3, such as 'COD'"
                yield FieldViolation(path, text)

    def _twice(self) -> Iterator[FieldViolation]:
        first: dict[tuple[str, OwnFigureKind, str, int], int] = {}
        for i, mineral in self._mineral_of.items():
            figure = self._own[i]
            j = first.setdefault((mineral, figure.kind, figure.country, figure.year), i)
            if j != i:
                text = f"is of the same material, kind, country and year as {self._path}[{j}], must stand once"
                yield FieldViolation(f"{self._path}[{i}]", text)

    def _sums(self) -> Iterator[FieldViolation]:
        """Shares of a year beyond 1, shares beside masses, masses beyond the imports they are part of."""
        imports = {
            (mineral, self._own[i].year): (i, self._counted[i][0])
            for i, mineral in self._mineral_of.items()
            if i in self._counted and self._own[i].kind is OwnFigureKind.IMPORTS
        }
        for (mineral, year), rows in self._imports_by_country().items():
            values = [self._counted[i] for i in rows]
            path = f"{self._path}[{rows[-1]}]"
            total = sum(value for value, _ in values)
            of_what = f"imports of {mineral} by country in {year}"
            if len({is_share for _, is_share in values}) > 1:
                yield FieldViolation(f"{path}.unit", f"{of_what} are shares and masses, must be one of the two")
            elif values[0][1]:
                if total > 1 + SHARE_SLACK and all(value <= 1 + SHARE_SLACK for value, _ in values):
                    text = f"shares in the {of_what} add up to {total:g}, must add up to at most 1"
                    yield FieldViolation(f"{path}.value", text)
            elif (mineral, year) in imports and total > imports[mineral, year][1] * (1 + SHARE_SLACK):
                i, whole = imports[mineral, year]
                text = f"{of_what} add up to {total:g} t, must add up to at most the {whole:g} t of {self._path}[{i}]"
                yield FieldViolation(f"{path}.value", text)

    def _imports_by_country(self) -> dict[tuple[str, int], list[int]]:
        groups: dict[tuple[str, int], list[int]] = {}
        for i, mineral in self._mineral_of.items():
            if self._own[i].kind is BY_COUNTRY and i in self._counted:
                groups.setdefault((mineral, self._own[i].year), []).append(i)
        return groups


def _home(catalog: Catalog, buyer: str) -> Collection[str]:
    """The countries at home; the code itself where no buyer has it, which is another check's to say."""
    try:
        return catalog.bloc(buyer)
    except CatalogError:
        return (buyer,)
