"""The caller's own figures, brought to what the data count, each with the field of the request that held it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lodestock_server.catalog import Catalog
from lodestock_server.usecases.buyers.codes import UNNAMED_COUNTRIES
from lodestock_server.usecases.buyers.conversion import as_counted, content_factor_of
from lodestock_server.usecases.buyers.values import OwnFigure, OwnFigureKind, Supplier, Yearly
from lodestock_server.usecases.origins import CallerOrigin, Traced, derive

NOTHING_LEFT = 1e-9
"""A part of the imports below this is the rounding of shares that add up to 1, not suppliers without a name."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """A figure in tonnes, as a fraction, or in USD/t."""

    year: int
    country: str
    figure: Traced
    is_share: bool


@dataclass
class OwnTable:
    """The caller's figures by material and kind."""

    _rows: dict[tuple[str, OwnFigureKind], list[_Counted]] = field(default_factory=dict)

    @classmethod
    def read(cls, catalog: Catalog, own: Sequence[OwnFigure], path: str) -> OwnTable:
        """Convert figures that `own_figure_violations` found nothing wrong with.

        Args:
            catalog: Names and forms of the minerals.
            own: The figures.
            path: Field of the request that holds them.
        """
        table = cls()
        for i, given in enumerate(own):
            mineral = catalog.find_mineral(given.material).id
            factor = content_factor_of(catalog, mineral, given.form)
            value, is_share = as_counted(given, factor.value)
            origins = (CallerOrigin(f"{path}[{i}].value", given.source), *factor.origins)
            counted = _Counted(given.year, given.country, Traced(value, origins, _words(given)), is_share)
            table._rows.setdefault((mineral, given.kind), []).append(counted)
        return table

    def materials(self, kind: OwnFigureKind | None = None) -> tuple[str, ...]:
        """Materials with figures of a kind, or of any."""
        return tuple(dict.fromkeys(material for material, of in self._rows if kind is None or of is kind))

    def series(self, material: str, kind: OwnFigureKind) -> tuple[Yearly, ...]:
        """Figures of a kind by year, oldest first."""
        rows = self._rows.get((material, kind), ())
        return tuple(Yearly(row.year, row.figure) for row in sorted(rows, key=lambda row: row.year))

    def latest(self, material: str, kind: OwnFigureKind) -> Yearly | None:
        """The figure of the last year, if there is any."""
        series = self.series(material, kind)
        return series[-1] if series else None

    def imports(self, material: str) -> Yearly | None:
        """Imports of the last year: as given, else what they add up to by country where these are masses."""
        given = self.latest(material, OwnFigureKind.IMPORTS)
        year, rows = self._by_country(material)
        if given is not None or not rows or rows[0].is_share:
            return given
        return Yearly(year, _sum(rows))

    def suppliers(self, material: str) -> tuple[Supplier, ...]:
        """Shares of the imports by country in the last year with any, largest first, the rest without a name."""
        year, rows = self._by_country(material)
        if not rows:
            return ()
        shares = [Supplier(row.country, row.figure) for row in rows]
        if not rows[0].is_share:
            whole = self._whole(material, year, rows)
            if whole.value <= 0:
                return ()
            text = "imports from the country ÷ imports"
            shares = [
                Supplier(row.country, derive(row.figure.value / whole.value, text, row.figure, whole)) for row in rows
            ]
        return _with_rest(shares)

    def _whole(self, material: str, year: int, rows: Sequence[_Counted]) -> Traced:
        """The imports that masses by country are parts of."""
        given = [of_year for of_year in self.series(material, OwnFigureKind.IMPORTS) if of_year.year == year]
        return given[0].figure if given else _sum(rows)

    def _by_country(self, material: str) -> tuple[int, list[_Counted]]:
        rows = self._rows.get((material, OwnFigureKind.IMPORTS_BY_COUNTRY), [])
        year = max((row.year for row in rows), default=0)
        return year, [row for row in rows if row.year == year]


def _sum(rows: Iterable[_Counted]) -> Traced:
    parts = [row.figure for row in rows]
    return derive(sum(part.value for part in parts), "sum of the imports by country", *parts)


def _with_rest(shares: Sequence[Supplier]) -> tuple[Supplier, ...]:
    """The named suppliers, largest first, and one for all others."""
    named = [share for share in shares if share.country != UNNAMED_COUNTRIES]
    named.sort(key=lambda supplier: (-supplier.share.value, supplier.country or ""))
    parts = [share.share for share in shares]
    unnamed = sum(share.share.value for share in shares if share.country == UNNAMED_COUNTRIES)
    rest = unnamed + max(0.0, 1.0 - sum(part.value for part in parts))
    if rest <= NOTHING_LEFT:
        return tuple(named)
    return (*named, Supplier(None, derive(rest, "what the named countries leave of 1", *parts)))


def _words(figure: OwnFigure) -> str:
    """How the figure was brought to what the data count; empty where it was given so."""
    if not figure.form and figure.unit in ("", "t", "1", "USD/t"):
        return ""
    of_form = f" of {figure.form}" if figure.form else ""
    return f"converted from {figure.unit or 't'}{of_form}"
