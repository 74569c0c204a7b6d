"""The values in which a buyer's figures are told, whatever they come from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from lodestock_server.usecases.origins import Traced


class Yearly(NamedTuple):
    """A figure of a calendar year: tonnes, or USD/t for prices."""

    year: int
    figure: Traced


class HomeOutput(NamedTuple):
    """What a country at home produces of the traded form: tonnes a year.

    `from_its_reserves` is False where it is known only as a part of what the buyer uses, which may be foreign ore.
    """

    country: str
    year: int
    figure: Traced
    from_its_reserves: bool = True


class Supplier(NamedTuple):
    """A country's part in a supply, a fraction; `country` is None for those that nobody names."""

    country: str | None
    share: Traced


class OwnFigureKind(Enum):
    """What a figure of the caller's own is of."""

    CONSUMPTION = "CONSUMPTION"
    IMPORTS = "IMPORTS"
    EXPORTS = "EXPORTS"
    PRODUCTION = "PRODUCTION"
    RECYCLED_PRODUCTION = "RECYCLED_PRODUCTION"
    IMPORTS_BY_COUNTRY = "IMPORTS_BY_COUNTRY"
    PRICE = "PRICE"


@dataclass(frozen=True, slots=True)
class OwnFigure:
    """One figure as the caller gave it; mirrors `lodestock.v1.OwnFigure`."""

    material: str
    kind: OwnFigureKind
    year: int
    value: float
    unit: str = ""
    form: str = ""
    country: str = ""
    source: str = ""
