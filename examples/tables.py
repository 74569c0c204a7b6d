"""How figures are written and tables printed: every number in a cell that knows where it comes from.

`cell` ties a text to the paths of the numbers in it, so that `client.trace` can follow each to its rows; `label` marks
digits that are no figures, such as years. `shown` keeps what has been printed, for those who check it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from lodestock.traces import Traceable
from lodestock.v1 import sourcing_pb2

console = Console(width=140)
shown: list[str] = []

CASH = ("contract_usd", "spot_usd", "fees_usd", "holding_usd", "disposal_usd")
SHORTFALL = ("floor_shortfall_usd", "closing_shortfall_usd")


class Cell(str):
    """A text with numbers that were read from, or reckoned from, numbers of answers."""

    sources: tuple[tuple[Traceable, str], ...]


class Label(str):
    """A text whose digits are a name: a year, a version, a time that the machine took."""


class Joined(str):
    """Texts in a row, each of its own kind."""

    parts: tuple[str, ...]


def cell(text: str, answer: Traceable, *paths: str) -> Cell:
    """A text with a number that stands at a path of an answer, or follows from several."""
    return cell_of(text, *((answer, path) for path in paths))


def cell_of(text: str, *sources: tuple[Traceable, str]) -> Cell:
    """A text with a number that follows from numbers of several answers."""
    made = Cell(text)
    made.sources = sources
    return made


def joined(*parts: str, by: str = "") -> Joined:
    """Texts in a row, separated by one without digits."""
    made = Joined(by.join(parts))
    made.parts = parts
    return made


def rounded(value: float) -> str:
    """Three significant digits: a forecast, and what is planned on it, is known to no more."""
    return f"{float(f'{value:.3g}'):,.15g}"


def million_usd(value: float) -> str:
    """USD in millions."""
    return f"{value / 1e6:,.0f}" if abs(value) >= 1e7 or value == 0 else f"{value / 1e6:,.2g}"


def cash_usd(costs: sourcing_pb2.CostBreakdown) -> float:
    """What is paid: without the charges for shortage and for stock below its floor or missing at the end."""
    return float(sum(getattr(costs, kind) for kind in CASH))


def shortfall_usd(costs: sourcing_pb2.CostBreakdown) -> float:
    """Charges for stock below its floor or missing at the end: they steer the plan, nobody pays them."""
    return float(sum(getattr(costs, kind) for kind in SHORTFALL))


def costs_paths(kinds: Iterable[str], material: str = "") -> list[str]:
    """Paths of kinds of cost, of the whole plan or of one material."""
    prefix = f"materials[{material}]." if material else ""
    return [f"{prefix}costs.{kind}" for kind in kinds]


def say(*parts: str) -> None:
    """Print a line."""
    shown.extend(parts)
    console.print("".join(parts), markup=False, highlight=False)


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    note: str = "",
    total: Sequence[str] | None = None,
) -> None:
    """Print a table whose first column is text and whose others are figures, but for those named with a space last."""
    table = Table(title=title, title_justify="left", title_style="bold", caption=note or None, caption_justify="left")
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 or column.endswith(" ") else "right")
    listed = list(rows)
    for row in listed:
        table.add_row(*row)
    if total is not None:
        table.add_section()
        table.add_row(*total)
    shown.extend((title, *columns, note, *(text for row in (*listed, total or ()) for text in row)))
    console.print(table)
    console.print()
