"""The commands: each makes one call and prints a table, or with --json the whole answer."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from google.protobuf.message import Message
from rich.console import Console
from rich.table import Table

from lodestock.client import Client
from lodestock.errors import InvalidRequest, LodestockError
from lodestock.tables import Row
from lodestock.v1 import sourcing_pb2

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Forecasts, supply risk and sourcing plans for strategic minerals."
)
console = Console()
complaints = Console(stderr=True)

Address = Annotated[
    str | None, typer.Option("--address", envvar="LODESTOCK_ADDRESS", help="Host and port of the server.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")]
Materials = Annotated[list[str] | None, typer.Argument(help="Materials; none: all that the data hold.")]
Buyer = Annotated[str, typer.Option(help="Buyer, ISO 3166-1 alpha-3.")]
Years = Annotated[int, typer.Option("--years", help="Years to plan.")]
FloorDays = Annotated[float | None, typer.Option(help="Stock floor in days of demand.")]
Seed = Annotated[int, typer.Option(help="Seed of the forecast.")]
ProblemFile = Annotated[Path, typer.Argument(help="Problem in proto's JSON form, as 'lodestock problem --json' gives.")]


@app.command()
def health(address: Address = None) -> None:
    """Say how the server is; exit 1 where it does not serve."""
    with connected(address) as client:
        state = client.health()
    print(state)
    if state != "SERVING":
        raise typer.Exit(1)


@app.command()
def models(address: Address = None, as_json: AsJson = False) -> None:
    """List the forecasting models."""
    with connected(address) as client:
        result = client.list_models()
    show(result.message, result.rows(), ("name", "family", "least_points", "description"), as_json)


@app.command()
def forecast(
    materials: Materials = None,
    buyer: Buyer = "USA",
    horizon: Annotated[int, typer.Option(help="Years ahead.")] = 10,
    model: Annotated[str, typer.Option(help="Model; see 'lodestock models'.")] = "",
    seed: Seed = 0,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Forecast a buyer's demand."""
    with connected(address) as client:
        result = client.forecast_demand(buyer=buyer, materials=materials or (), horizon=horizon, model=model, seed=seed)
    show(result.message, result.rows(), None, as_json)


@app.command()
def risk(materials: Materials = None, buyer: Buyer = "USA", address: Address = None, as_json: AsJson = False) -> None:
    """Measure supply risk."""
    with connected(address) as client:
        result = client.assess_supply_risk(buyer, materials or ())
    columns = ("material_id", "stage", "measure_id", "scope", "value", "scale_high")
    show(result.message, result.rows(), columns, as_json)


@app.command()
def problem(
    materials: Materials = None,
    buyer: Buyer = "USA",
    years: Years = 10,
    floor_days: FloorDays = None,
    seed: Seed = 0,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Make a problem from the server's data; with --json the problem alone, as 'plan' and 'validate' read it."""
    with connected(address) as client:
        result = client.build_problem(buyer, materials or (), horizon_years=years, floor_days=floor_days, seed=seed)
    columns = (
        "source_id",
        "country",
        "kind",
        "unit_price_usd_per_tonne",
        "freight_usd_per_tonne",
        "capacity_tonnes",
        "risk",
    )
    show(result.problem, result.rows(), columns, as_json)


@app.command()
def validate(file: ProblemFile, address: Address = None, as_json: AsJson = False) -> None:
    """Say all that is wrong with a problem; exit 1 where something is."""
    with connected(address) as client:
        result = client.validate_problem(read_problem(file))
    if as_json or not result:
        show(result.message, result.rows(), None, as_json)
    else:
        print(f"sound: {result.size.columns if result.size else 0} decisions")
    if not result:
        raise typer.Exit(1)


@app.command()
def plan(
    file: ProblemFile,
    table: Annotated[
        str, typer.Option(help="Table to print: contracts, deliveries, balances, materials, …")
    ] = "materials",
    time_limit_s: Annotated[float | None, typer.Option(help="Most seconds to solve.")] = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Find the plan of least risk-weighted cost; exit 1 where there is none."""
    with connected(address) as client:
        result = client.optimize_sourcing(read_problem(file), time_limit_s=time_limit_s)
    if not as_json:
        print(f"{result.status}: expected cost {result.costs.expected_cost_usd:,.0f} USD")
    show(result.message, result.rows(table if result else "infeasibilities"), None, as_json)
    if not result:
        raise typer.Exit(1)


@contextmanager
def connected(address: str | None) -> Iterator[Client]:
    """A client whose errors are printed in words, exit 1."""
    try:
        with Client(address) as client:
            yield client
    except InvalidRequest as error:
        rows = [{"field": found.field_path, "what is wrong": found.description} for found in error.violations]
        complaints.print(table_of(rows, ("field", "what is wrong")) if rows else str(error))
        raise typer.Exit(1) from error
    except (LodestockError, ValueError) as error:
        complaints.print(f"{type(error).__name__}: {error}", markup=False)
        raise typer.Exit(1) from error


def read_problem(file: Path) -> sourcing_pb2.SourcingProblem:
    """Read a problem, exit 2 where the file holds none."""
    try:
        return Parse(file.read_text(encoding="utf-8"), sourcing_pb2.SourcingProblem())
    except (OSError, ParseError, UnicodeDecodeError) as error:
        complaints.print(f"{file}: {error}", markup=False)
        raise typer.Exit(2) from error


def show(message: Message, rows: Sequence[Row], columns: Sequence[str] | None, as_json: bool) -> None:
    """Print an answer."""
    if as_json:
        sys.stdout.write(MessageToJson(message, preserving_proto_field_name=True) + "\n")
    elif rows:
        console.print(table_of(rows, columns or tuple(rows[0])))


def table_of(rows: Sequence[Row], columns: Sequence[str]) -> Table:
    """Rows as a table, numbers to the right."""
    table = Table()
    for column in columns:
        is_number = isinstance(rows[0][column], int | float)
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(text_of(row[column]) for column in columns))
    return table


def text_of(value: Any) -> str:
    """A cell as text: figures to four digits, thousands apart."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)
