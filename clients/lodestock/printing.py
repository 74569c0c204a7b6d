"""What the commands share: a client whose errors are told in words, answers as tables or as JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from google.protobuf.message import Message
from rich.console import Console
from rich.table import Table

from lodestock.client import Client
from lodestock.errors import InvalidRequest, JobFailed, LodestockError
from lodestock.results import PLAN_TABLES, Plan
from lodestock.tables import Row
from lodestock.v1 import sourcing_pb2

WIDE = 1000
"""Columns where no terminal is: whoever reads lines with a program wants each name and number in one piece."""
LONGEST_WORD = 16
"""Letters of a word that a column keeps together if it can; the rest goes into another line of the cell."""


def console_for(stderr: bool = False) -> Console:
    """Prints texts as they are: names are the callers' own, with brackets and colons in them that mean nothing."""
    made = Console(stderr=stderr, markup=False, emoji=False)
    if not made.file.isatty() and "COLUMNS" not in os.environ:
        made.width = WIDE
    return made


console = console_for()
complaints = console_for(stderr=True)

Address = Annotated[
    str | None, typer.Option("--address", envvar="LODESTOCK_ADDRESS", help="Host and port of the server.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")]

PLAN_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "contracts": {
        "source_id": "source",
        "period": "period",
        "contracted_tonnes": "tonnes",
        "from_book": "signed\nbefore",
        "reduced_cost_usd_per_tonne": "reduced\ncost\nUSD/t",
        "break_even_price_usd_per_tonne": "break-\neven\nUSD/t",
        "capacity_value_usd_per_tonne": "capacity\nworth\nUSD/t",
    },
    "deliveries": {
        "source_id": "source",
        "node_id": "node",
        "contract_tonnes": "contract\ntonnes",
        "spot_tonnes": "spot\ntonnes",
        "landed_cost_usd_per_tonne": "landed\nUSD/t",
        "spot_cost_usd_per_tonne": "spot\nUSD/t",
    },
    "balances": {
        "material_id": "material",
        "node_id": "node",
        "demand_tonnes": "demand\ntonnes",
        "supply_tonnes": "supply\ntonnes",
        "fed_tonnes": "fed\ntonnes",
        "stock_tonnes": "stock\ntonnes",
        "days_of_cover": "cover\ndays",
        "marginal_value_usd_per_tonne": "marginal\nUSD/t",
    },
    "nodes": {
        "node_id": "node",
        "parent_id": "parent",
        "period": "period",
        "probability": "probability",
        "spend_usd": "spend",
    },
    "materials": {
        "material_id": "material",
        "expected_cost_usd": "expected\ncost",
        "contract_usd": "contracts",
        "spot_usd": "spot",
        "shortage_usd": "shortage",
        "supply_hhi": "supply\nHHI",
        "supply_risk": "supply\nrisk",
    },
    "binding_rules": {
        "family": "rule",
        "subject_id": "of",
        "material_id": "material",
        "country": "country",
        "node_id": "node",
        "value_per_unit_usd": "worth",
        "unit": "per",
    },
    "breaches": {
        "family": "rule",
        "subject_id": "of",
        "material_id": "material",
        "country": "country",
        "node_id": "node",
        "amount": "amount",
        "unit": "unit",
    },
    "substitutions": {
        "substitution_id": "substitution",
        "node_id": "node",
        "tonnes": "tonnes\nreplaced",
    },
    "footprints": {
        "kind": "kind",
        "node_id": "node",
        "units": "units",
        "max_units": "most",
    },
    "expansions": {
        "source_id": "source",
        "node_id": "node",
        "period": "period",
        "ready_period": "stands\nfrom",
        "last_period": "stands\nto",
        "tonnes_per_year": "tonnes\na year",
        "yearly_cost_usd_per_tonne_year": "USD a year\nper t/year",
        "reduced_cost_usd_per_tonne_year": "reduced\ncost\nUSD",
    },
    "relaxations": {
        "material_id": "material",
        "period": "period",
        "required": "required",
        "reachable": "reachable",
        "description": "what cannot be met",
    },
    "conflict": {
        "family": "rule",
        "subject_id": "of",
        "material_id": "material",
        "country": "country",
        "description": "what contradicts the others",
    },
}
"""The fields of each of the plan's tables that fit 80 columns, with their headings; --json gives all."""

MILLION = 1e6

WHY_NO_PLAN = {
    "INFEASIBLE": "no plan meets all hard limits",
    "NO_PLAN_FOUND": "no plan was found; where time ended the search, a longer --time-limit-s may help",
    "CANCELLED": "stopped before a plan was found",
}


def known_table(name: str) -> str:
    """A table of the plan, checked before anything is solved."""
    if name not in PLAN_TABLES:
        raise typer.BadParameter(f"no table '{name}', must be one of {', '.join(PLAN_TABLES)}")
    return name


PlanTable = Annotated[str, typer.Option(callback=known_table, help=f"Table to print: {', '.join(PLAN_TABLES)}.")]


@contextmanager
def connected(address: str | None) -> Iterator[Client]:
    """A client whose errors are printed in words, exit 1."""
    try:
        with Client(address) as client:
            yield client
    except (InvalidRequest, JobFailed) as error:
        rows = [{"field": found.field_path, "what is wrong": found.description} for found in error.violations]
        complaints.print(table_of(rows, ("field", "what is wrong")) if rows else str(error))
        raise typer.Exit(1) from error
    except (LodestockError, OSError, ValueError) as error:
        complaints.print("\n".join((f"{type(error).__name__}: {error}", *notes_of(error))))
        raise typer.Exit(1) from error


def notes_of(error: BaseException) -> Sequence[str]:
    """What was noted on the way of an error, such as a job that could not be cancelled."""
    notes: Sequence[str] = getattr(error, "__notes__", ())
    return notes


def show(
    message: Message, rows: Sequence[Row], columns: Sequence[str] | None, as_json: bool, none: str = "none"
) -> None:
    """Print an answer, or that there is nothing in it."""
    if as_json:
        sys.stdout.write(MessageToJson(message, preserving_proto_field_name=True) + "\n")
    elif rows:
        console.print(table_of(rows, columns or tuple(rows[0])))
    else:
        print(none)


def show_named(message: Message, rows: Sequence[Row], as_json: bool, none: str) -> None:
    """Print a list whose first column holds names to copy: they stay whole, and columns without room are left out."""
    columns = fitting(rows, console.width)
    if as_json or not rows:
        show(message, rows, columns, as_json, none)
        return
    table = table_of(rows, columns)
    table.columns[0].no_wrap = True
    table.show_edge = False
    console.print(table)


def fitting(rows: Sequence[Row], width: int) -> tuple[str, ...]:
    """The first columns of rows that stand beside each other in a width without breaking the names in the first."""
    found: list[str] = []
    # A cell has a blank on both sides, and a line stands between two cells.
    left = width + 1
    for column in rows[0] if rows else ():
        texts = [column, *(text_of(row[column]) for row in rows)]
        needed = max((len(word) for text in texts for word in text.split()), default=0)
        left -= 3 + (min(needed, LONGEST_WORD) if found else needed)
        if left < 0 and found:
            break
        found.append(column)
    return tuple(found)


def print_plan(result: Plan, table: str, as_json: bool) -> None:
    """Print a plan, or why there is none; exit 1 where there is none."""
    if as_json:
        show(result.message, (), None, as_json)
    elif result:
        show_plan(result, table)
    else:
        print("\n".join(no_plan_lines(result.status, result.plan)))
        if result.status == "NO_PLAN_FOUND":
            print(f"The solver says: {result.plan.solver.solver_status}")
    if not result:
        raise typer.Exit(1)


def show_plan(result: Plan, table: str) -> None:
    """Print what a plan costs, and one of its tables."""
    print(f"{result.status}: expected cost {result.costs.expected_cost_usd:,.0f} USD")
    show_headed(result.rows(table), PLAN_COLUMNS[table], f"{table}: none")


class Reasons(Protocol):
    """An answer that says why there is no plan."""

    @property
    def conflict(self) -> Sequence[sourcing_pb2.ConflictingRule]:
        """What contradicts each other."""

    @property
    def relaxations(self) -> Sequence[sourcing_pb2.Relaxation]:
        """What must give way."""


def no_plan_lines(status: str, reasons: Reasons) -> list[str]:
    """Say why there is no plan: what contradicts what, and what must give way."""
    lines = [f"{status}: {WHY_NO_PLAN.get(status, 'no plan')}"]
    if reasons.conflict:
        lines.append("These contradict each other:")
        lines += [f"  {found.field_path}: {found.description}" for found in reasons.conflict]
    if reasons.relaxations:
        lines.append("A plan is possible where these give way:")
        lines += [f"  {found.field_path}: {found.description}" for found in reasons.relaxations]
    return lines


def read_problem(file: Path) -> sourcing_pb2.SourcingProblem:
    """Read a problem, exit 2 where the file holds none."""
    try:
        return Parse(file.read_text(encoding="utf-8"), sourcing_pb2.SourcingProblem())
    except (OSError, ParseError, UnicodeDecodeError) as error:
        complaints.print(f"{file}: {error}")
        raise typer.Exit(2) from error


def named_number(text: str, what: str, example: str) -> tuple[str, float]:
    """A name with its number, given as COD=0.9.

    Raises:
        ValueError: The text is not of that form; the error says what it is not, and shows an example.
    """
    name, _, number = text.partition("=")
    try:
        found = float(number)
    except ValueError:
        name = ""
    if not name:
        raise ValueError(f"'{text}' is no {what}, must be like {example}")
    return name, found


def show_headed(rows: Sequence[Row], headings: Mapping[str, str], none: str = "none") -> None:
    """Print the named fields of rows under their headings, or that there is nothing."""
    if rows:
        shown = headed(rows, headings)
        console.print(table_of(shown, tuple(shown[0])))
    else:
        print(none)


def headed(rows: Sequence[Row], headings: Mapping[str, str]) -> list[Row]:
    """The named fields of rows under their headings, money in millions where any of a column is a million or more."""
    shown: list[Row] = [{} for _ in rows]
    for field, heading in headings.items():
        values = [row[field] for row in rows]
        if field.endswith("_usd"):
            large = max((abs(value) for value in values), default=0) >= MILLION
            heading = f"{heading}\n{'M USD' if large else 'USD'}"
            values = [value / MILLION for value in values] if large else values
        for row, value in zip(shown, values, strict=True):
            row[heading] = without_noise(value)
    return shown


def without_noise(value: Any) -> Any:
    """A figure without the digits that a solver leaves behind a 0, and without the sign of a 0."""
    return round(value, 4) + 0.0 if isinstance(value, float) else value


def table_of(rows: Sequence[Row], columns: Sequence[str]) -> Table:
    """Rows as a table, numbers to the right."""
    table = Table()
    for column in columns:
        is_number = any(isinstance(row[column], int | float) for row in rows)
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(text_of(row[column]) for column in columns))
    return table


def text_of(value: Any) -> str:
    """A cell as text: figures to four digits, thousands apart."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return str(value)
