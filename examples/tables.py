"""How figures are written and tables printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from lodestock.v1 import sourcing_pb2

console = Console(width=140)


def rounded(value: float) -> str:
    """Three significant digits: a forecast, and what is planned on it, is known to no more."""
    return f"{float(f'{value:.3g}'):,.15g}"


def million_usd(value: float) -> str:
    """USD in millions."""
    return f"{value / 1e6:,.0f}" if abs(value) >= 1e7 or value == 0 else f"{value / 1e6:,.2g}"


def cash_usd(costs: sourcing_pb2.CostBreakdown) -> float:
    """What is paid: without the charges for shortage and for stock below its floor or missing at the end."""
    return costs.contract_usd + costs.spot_usd + costs.fees_usd + costs.holding_usd + costs.disposal_usd


def shortfall_usd(costs: sourcing_pb2.CostBreakdown) -> float:
    """Charges for stock below its floor or missing at the end: they steer the plan, nobody pays them."""
    return costs.floor_shortfall_usd + costs.closing_shortfall_usd


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
    for row in rows:
        table.add_row(*row)
    if total is not None:
        table.add_section()
        table.add_row(*total)
    console.print(table)
    console.print()
