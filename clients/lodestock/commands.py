"""The commands: each makes one call and prints a table, or with --json the whole answer."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
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
from lodestock.results import PLAN_TABLES, Plan
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
Buyer = Annotated[str, typer.Option(help="Buyer, ISO 3166-1 alpha-3 or EU27.")]
Figures = Annotated[
    Path | None, typer.Option("--figures", help="The buyer's own figures, a CSV file; they go before the data.")
]
GdpScenario = Annotated[str, typer.Option(help="Path of GDP and population, SSP1 to SSP5.")]
ForecastModel = Annotated[str, typer.Option("--model", help="Forecasting model; see 'lodestock models'.")]
Horizon = Annotated[int, typer.Option(help="Years ahead.")]
Years = Annotated[int, typer.Option("--years", help="Years to plan.")]
FloorDays = Annotated[float | None, typer.Option(help="Stock floor in days of demand.")]
Seed = Annotated[int, typer.Option(help="Seed of the forecast.")]
SourceRisk = Annotated[
    str,
    typer.Option(
        "--source-risk",
        help="What gives a source's risk: governance-and-trade (default), governance, political-instability, trade, "
        "none.",
    ),
]
RiskOf = Annotated[
    list[str] | None, typer.Option("--risk-of", help="Your own risk of a country, 0 to 1, such as COD=0.9; repeatable.")
]
DemandQuantiles = Annotated[
    list[float] | None,
    typer.Option("--demand-quantile", help="Level of the demand forecast to plan for as a scenario; repeatable."),
]
ProblemFile = Annotated[Path, typer.Argument(help="Problem in proto's JSON form, as 'lodestock problem --json' gives.")]

PLAN_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "contracts": {
        "source_id": "source",
        "period": "period",
        "contracted_tonnes": "tonnes",
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
    "infeasibilities": {
        "material_id": "material",
        "period": "period",
        "required_tonnes": "required\ntonnes",
        "reachable_tonnes": "reachable\ntonnes",
        "description": "what cannot be met",
    },
}
"""The fields of each of the plan's tables that fit 80 columns, with their headings; --json gives all."""

MILLION = 1e6

WHY_NO_PLAN = {
    "INFEASIBLE": "no plan meets all hard limits",
    "NO_PLAN_FOUND": "no plan was found within the time; a longer --time-limit-s may help",
    "CANCELLED": "stopped before a plan was found",
}


def known_table(name: str) -> str:
    """A table of the plan, checked before anything is solved."""
    if name not in PLAN_TABLES:
        raise typer.BadParameter(f"no table '{name}', must be one of {', '.join(PLAN_TABLES)}")
    return name


@app.command()
def health(address: Address = None) -> None:
    """Say how the server is; exit 1 where it does not serve."""
    with connected(address) as client:
        state = client.health()
    print(state)
    if state != "SERVING":
        raise typer.Exit(1)


@app.command()
def datasets(address: Address = None, as_json: AsJson = False) -> None:
    """List the datasets that the server holds."""
    with connected(address) as client:
        result = client.list_datasets()
    show(result.message, result.rows(), ("dataset", "version", "title"), as_json)


@app.command()
def observations(
    dataset: Annotated[str, typer.Argument(help="Dataset; see 'lodestock datasets'.")],
    materials: Materials = None,
    resource: Annotated[str, typer.Option(help="Table of the dataset; none: all.")] = "",
    row: Annotated[int, typer.Option(help="Row of that table; 0: all.")] = 0,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Read the figures of a dataset, each with the row that it stands in."""
    with connected(address) as client:
        result = client.observations(dataset, materials or (), resource=resource, row=row)
    columns = ("resource", "row", "measure", "period", "value", "unit", "source_id", "flag")
    rows = [{"of": " ".join(point.keys.values()), **shown} for point, shown in zip(result, result.rows(), strict=True)]
    show(result.message, rows, ("of", *columns), as_json)


@app.command()
def materials(address: Address = None, as_json: AsJson = False) -> None:
    """List the materials with what their tonnes count, and the forms that figures may be given in."""
    with connected(address) as client:
        result = client.list_materials()
    show(result.message, result.rows(), ("material_id", "content", "forms", "hs_codes", "buyers"), as_json)


@app.command()
def changes(
    dataset: Annotated[str, typer.Argument(help="Dataset; see 'lodestock datasets'.")],
    earlier: Annotated[str, typer.Argument(help="The earlier version.")],
    later: Annotated[str, typer.Argument(help="The later version.")],
    material: Annotated[list[str] | None, typer.Option("--material", help="Material; repeatable; none: all.")] = None,
    most_changes: Annotated[int, typer.Option(help="Most changes to list; 0: 100.")] = 0,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Say what changed from one version of a dataset to another."""
    with connected(address) as client:
        result = client.compare_versions(dataset, earlier, later, material or (), most_changes=most_changes)
    summary = ("resource", "measure", "unchanged", "revised", "added", "removed")
    show(result.message, result.summary_rows(), summary, as_json)
    if not as_json:
        columns = ("of", "measure", "period", "earlier", "later", "unit", "relative_change")
        points = (change.later if change.HasField("later") else change.earlier for change in result)
        rows = [{"of": " ".join(p.keys.values()), **shown} for p, shown in zip(points, result.rows(), strict=True)]
        show(result.message, rows, columns, as_json)


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
    horizon: Horizon = 10,
    model: ForecastModel = "",
    seed: Seed = 0,
    figures: Figures = None,
    gdp_scenario: GdpScenario = "",
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Forecast a buyer's demand."""
    with connected(address) as client:
        result = client.forecast_demand(
            buyer=buyer,
            materials=materials or (),
            horizon=horizon,
            model=model,
            seed=seed,
            own_figures=figures or (),
            gdp_scenario=gdp_scenario,
        )
    show(result.message, result.rows(), None, as_json)
    for one in result:
        for rejected in one.message.models:
            if rejected.model == model and rejected.rejected_because:
                complaints.print(f"{one.series_id}: {model} was not used: {rejected.rejected_because}", highlight=False)


@app.command()
def backtest(
    materials: Materials = None,
    buyer: Buyer = "USA",
    horizon: Horizon = 3,
    model: Annotated[list[str] | None, typer.Option("--model", help="Model to score; repeatable; none: all.")] = None,
    most_origins: Annotated[int, typer.Option(help="Most points in time to forecast from; 0: 10.")] = 0,
    figures: Figures = None,
    gdp_scenario: GdpScenario = "",
    by_series: Annotated[bool, typer.Option("--by-series", help="Scores of each series, not their means.")] = False,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Score forecasting models on the past of a buyer's demand."""
    with connected(address) as client:
        result = client.backtest_models(
            buyer=buyer,
            materials=materials or (),
            horizon=horizon,
            models=model or (),
            most_origins=most_origins,
            own_figures=figures or (),
            gdp_scenario=gdp_scenario,
        )
    columns = ("model", "errors", "mase", "smape", "owa", "coverage_80", "coverage_95")
    if by_series:
        show(result.message, result.rows(), ("series_id", *columns), as_json)
    else:
        show(result.message, result.overall_rows(), columns, as_json)


@app.command()
def risk(
    materials: Materials = None,
    buyer: Buyer = "USA",
    figures: Figures = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Measure supply risk."""
    with connected(address) as client:
        result = client.assess_supply_risk(buyer, materials or (), own_figures=figures or ())
    columns = ("material_id", "stage", "measure_id", "scope", "value", "scale_high")
    show(result.message, result.rows(), columns, as_json)


@app.command()
def problem(
    materials: Materials = None,
    buyer: Buyer = "USA",
    years: Years = 10,
    floor_days: FloorDays = None,
    seed: Seed = 0,
    source_risk: SourceRisk = "",
    risk_of: RiskOf = None,
    figures: Figures = None,
    demand_quantile: DemandQuantiles = None,
    model: ForecastModel = "",
    gdp_scenario: GdpScenario = "",
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Make a problem from the server's data; with --json the problem alone, as 'plan' and 'validate' read it."""
    with connected(address) as client:
        result = client.build_problem(
            buyer,
            materials or (),
            horizon_years=years,
            floor_days=floor_days,
            seed=seed,
            source_risk_measure=source_risk,
            source_risks=risks_by_country(risk_of or ()),
            own_figures=figures or (),
            demand_quantiles=demand_quantile or (),
            forecast_model=model,
            gdp_scenario=gdp_scenario,
        )
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
        str, typer.Option(callback=known_table, help=f"Table to print: {', '.join(PLAN_TABLES)}.")
    ] = "materials",
    time_limit_s: Annotated[float | None, typer.Option(help="Most seconds to solve.")] = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Find the plan of least risk-weighted cost; exit 1 where there is none."""
    with connected(address) as client:
        result = client.optimize_sourcing(read_problem(file), time_limit_s=time_limit_s)
    if as_json:
        show(result.message, (), None, as_json)
    elif result:
        show_plan(result, table)
    else:
        print("\n".join(no_plan_lines(result)))
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
    except (LodestockError, OSError, ValueError) as error:
        complaints.print(f"{type(error).__name__}: {error}", markup=False)
        raise typer.Exit(1) from error


def risks_by_country(texts: Sequence[str]) -> dict[str, float]:
    """Risks given as COD=0.9.

    Raises:
        ValueError: A text is not of that form.
    """
    risks = {}
    for text in texts:
        country, equals, risk = text.partition("=")
        try:
            risks[country] = float(risk)
        except ValueError:
            equals = ""
        if not (country and equals):
            raise ValueError(f"'{text}' is no risk of a country, must be like COD=0.9")
    return risks


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


def show_plan(result: Plan, table: str) -> None:
    """Print what a plan costs, and one of its tables."""
    print(f"{result.status}: expected cost {result.costs.expected_cost_usd:,.0f} USD")
    rows = headed(result.rows(table), PLAN_COLUMNS[table])
    if rows:
        console.print(table_of(rows, tuple(rows[0])))
    else:
        print(f"{table}: none")


def no_plan_lines(result: Plan) -> list[str]:
    """Say why there is no plan, a line for each limit that cannot be met."""
    unmet = [f"  {found.field_path}: {found.description}" for found in result.plan.infeasibilities]
    return [f"{result.status}: {WHY_NO_PLAN.get(result.status, 'no plan')}", *unmet]


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
