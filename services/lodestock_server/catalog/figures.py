"""Values the catalog hands out. A figure never travels without its origin.

Terms: a *figure* is one number with its unit and the cell it was read from; an *observation* is a figure of a year; a
*country figure* is a figure of a country, or of the unnamed rest ("Other countries"), whose code is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Stage of world production."""

    MINING = "mining"
    REFINING = "refining"


class Statistic(StrEnum):
    """A yearly national statistic in tonnes of the mineral's content."""

    CONSUMPTION = "consumption"
    PRODUCTION_MINE = "production_mine"
    PRODUCTION_REFINED = "production_refined"
    PRODUCTION_SECONDARY = "production_secondary"
    IMPORTS = "imports"
    EXPORTS = "exports"
    STOCKS_INDUSTRY = "stocks_industry"
    STOCKS_EXCHANGE = "stocks_exchange"


class Driver(StrEnum):
    """A yearly figure of a country's economy or people that demand may follow; the unit is in the figure."""

    POPULATION = "population"
    GDP_REAL = "gdp_real"
    GDP_PPP = "gdp_ppp"
    GDP_NOMINAL = "gdp_nominal"
    GDP_PER_CAPITA_PPP = "gdp_per_capita_ppp"
    GDP_PER_CAPITA_REAL = "gdp_per_capita_real"


HISTORICAL = "historical"
"""The scenario of a driver's figures that are no pathway's."""


@dataclass(frozen=True, slots=True)
class DatasetOrigin:
    """The cell a figure was read from.

    Attributes:
        dataset: name of the data package, such as "us-minerals".
        version: version of the data package; the part after "+" is a digest of its content.
        resource: table of the package, such as "us_statistics".
        row: number of the row in the table, the first one below the header being 1.
        column: name of the column.
        source_id: key into the sources of the package: publisher, repository and commit.
        flag: remarks of the row, such as "estimated"; empty if none.
    """

    dataset: str
    version: str
    resource: str
    row: int
    column: str
    source_id: str
    flag: str = ""

    def __str__(self) -> str:
        return f"{self.dataset}@{self.version}/{self.resource}#row={self.row};column={self.column}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, its unit ("t", "USD/t", "1", "km") and where it stands."""

    value: float
    unit: str
    origin: DatasetOrigin


@dataclass(frozen=True, slots=True)
class Observation:
    """A figure of a calendar year."""

    year: int
    figure: Figure


@dataclass(frozen=True, slots=True)
class UseFigure:
    """A figure of one use of a mineral in a year; both by the name that the table gives them."""

    mineral: str
    use: str
    year: int
    figure: Figure


@dataclass(frozen=True, slots=True)
class CountryFigure:
    """A figure of a country; `iso3` is None for the rest that the publisher does not name."""

    iso3: str | None
    country: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class CountryShare:
    """Share of a country, a fraction of the table's total, and the figure it was computed from."""

    iso3: str | None
    country: str
    share: float
    figure: Figure


@dataclass(frozen=True, slots=True)
class CountryTable:
    """Figures of all countries for one stage and period, largest first, the unnamed rest last.

    Attributes:
        stage: the stage the figures are of.
        period: a year, or a span of years for averages.
        basis: what is measured, in the publisher's words.
        rows: figures by country; at most one row has no code.
    """

    stage: Stage
    period: str
    basis: str
    rows: tuple[CountryFigure, ...]

    @property
    def total(self) -> float:
        """Sum of the rows, in their unit; not the publisher's rounded world total."""
        return sum(row.figure.value for row in self.rows)

    def shares(self) -> tuple[CountryShare, ...]:
        """Each row as a fraction of the sum of the rows, so that they add up to 1.

        Raises:
            ValueError: the rows sum to zero.
        """
        total = self.total
        if total <= 0:
            raise ValueError(f"the {self.stage} figures of {self.period} sum to {total}: there are no shares")
        return tuple(CountryShare(row.iso3, row.country, row.figure.value / total, row.figure) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Mineral:
    """One mineral in the one traded form that is planned.

    What concerns national statistics (`import_form`, `consumption_kind`, `domestic_statistic`) is empty, or None, for a
    mineral without them.

    Attributes:
        id: key in every table, such as "cobalt".
        content: what a tonne counts in every table, such as "cobalt content".
        supply_stage: stage whose producers stand for world supply.
        import_form: form of the import shares that matches the demand.
        consumption_kind: apparent, reported or estimated.
        domestic_statistic: statistic that supplies the traded form at home; None if none does.
        domestic_note: why that statistic, or why none.
        secondary_supplies: whether recycled output is a source of the planned form.
        price_fit: "same form", or "proxy" where the price is of another form than the demand.
        origin: row of the table of minerals (column "mineral").
    """

    id: str
    name: str
    symbol: str
    form: str
    content: str
    hs6: str
    supply_stage: Stage
    import_form: str
    consumption_kind: str
    domestic_statistic: Statistic | None
    domestic_note: str
    secondary_supplies: bool
    price_fit: str
    price_note: str
    note: str
    gaps: str
    origin: DatasetOrigin


@dataclass(frozen=True, slots=True)
class Form:
    """A form that figures of a mineral may be given in.

    Attributes:
        form: name, such as "Li2CO3".
        content_factor: tonnes of what the mineral's tonnes count in a tonne of the form.
        hs_code: customs code; empty where there is none.
        reason: where the factor comes from.
    """

    form: str
    content_factor: Figure
    hs_code: str
    reason: str


@dataclass(frozen=True, slots=True)
class TradeFlow:
    """Tonnes of a product, gross weight, that went from one country to another in a window of years.

    Attributes:
        hs_code: heading of the Harmonized System.
        iso3: exporter.
        to_iso3: importer.
        period: the years, such as "2018-2020", that the tonnes are summed over.
        figure: the tonnes.
    """

    hs_code: str
    iso3: str
    to_iso3: str
    period: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Country:
    """A country; `landlocked` is None and `region`, of the United Nations, empty where the source does not say."""

    iso3: str
    name: str
    eu27: bool
    landlocked: bool | None
    region: str


@dataclass(frozen=True, slots=True)
class Governance:
    """The six World Bank estimates of a country and year, −2.5 (weak) … 2.5 (strong), by name.

    An estimate that is not published is absent from `estimates`.
    """

    iso3: str
    year: int
    estimates: Mapping[str, Figure]
