"""The commands about stored results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from lodestock.printing import Address, AsJson, PlanTable, connected, print_plan, show, show_named
from lodestock.stored import Comparison
from lodestock.tables import Row

plans_app = typer.Typer(no_args_is_help=True, help="Stored plans: list, show, compare, delete.")
forecasts_app = typer.Typer(no_args_is_help=True, help="Stored forecasts: list, show, compare, delete.")
backtests_app = typer.Typer(no_args_is_help=True, help="Stored backtests: list, show, delete.")

PlanName = Annotated[str, typer.Argument(help="Name of the plan, such as plans/…, or what follows the slash.")]
PlanNames = Annotated[list[str], typer.Argument(help="Names of two to ten plans, the one to compare with first.")]
ForecastName = Annotated[str, typer.Argument(help="Name, such as forecasts/…, or what follows the slash.")]
ForecastNames = Annotated[list[str], typer.Argument(help="Two to ten names, the one to compare with first.")]
BacktestName = Annotated[str, typer.Argument(help="Name, such as backtests/…, or what follows the slash.")]
MostFigures = Annotated[int, typer.Option(help="Most figures to list; 0: 1000.")]


@plans_app.command("list")
def list_plans(address: Address = None, as_json: AsJson = False) -> None:
    """List your stored plans, the newest first."""
    with connected(address) as client:
        result = client.plans()
    rows = chosen(result.rows(), "status", "expected_cost_usd", "create_time", "relative_gap", "materials")
    show_named(result.message, rows, as_json, "no stored plans")


@plans_app.command("show")
def show_plan(name: PlanName, table: PlanTable = "materials", address: Address = None, as_json: AsJson = False) -> None:
    """Print a stored plan; exit 1 where the job found none."""
    with connected(address) as client:
        print_plan(client.plan(full_name("plans", name)), table, as_json)


@plans_app.command("compare")
def compare_plans(
    names: PlanNames, most_figures: MostFigures = 0, address: Address = None, as_json: AsJson = False
) -> None:
    """Put the figures of stored plans that differ side by side, costs first."""
    with connected(address) as client:
        result = client.compare_plans(*(full_name("plans", name) for name in names), most_figures=most_figures)
    print_comparison(result, as_json)


@plans_app.command("delete")
def delete_plan(name: PlanName, address: Address = None) -> None:
    """Delete a stored plan."""
    with connected(address) as client:
        client.delete_plan(full_name("plans", name))


@forecasts_app.command("list")
def list_forecasts(address: Address = None, as_json: AsJson = False) -> None:
    """List your stored forecasts, the newest first."""
    with connected(address) as client:
        result = client.forecasts()
    rows = chosen(result.rows(), "series", "failures", "horizon", "create_time", "model")
    show_named(result.message, rows, as_json, "no stored forecasts")


@forecasts_app.command("show")
def show_forecast(name: ForecastName, address: Address = None, as_json: AsJson = False) -> None:
    """Print stored forecasts."""
    with connected(address) as client:
        result = client.forecast(full_name("forecasts", name))
    show(result.message, result.rows(), None, as_json)


@forecasts_app.command("compare")
def compare_forecasts(
    names: ForecastNames, most_figures: MostFigures = 0, address: Address = None, as_json: AsJson = False
) -> None:
    """Put the figures of stored forecasts that differ side by side, the largest relative difference first."""
    with connected(address) as client:
        result = client.compare_forecasts(*(full_name("forecasts", name) for name in names), most_figures=most_figures)
    print_comparison(result, as_json)


@forecasts_app.command("delete")
def delete_forecast(name: ForecastName, address: Address = None) -> None:
    """Delete stored forecasts."""
    with connected(address) as client:
        client.delete_forecast(full_name("forecasts", name))


@backtests_app.command("list")
def list_backtests(address: Address = None, as_json: AsJson = False) -> None:
    """List your stored backtests, the newest first."""
    with connected(address) as client:
        result = client.backtests()
    rows = chosen(result.rows(), "series", "horizon", "create_time", "models")
    show_named(result.message, rows, as_json, "no stored backtests")


@backtests_app.command("show")
def show_backtest(name: BacktestName, address: Address = None, as_json: AsJson = False) -> None:
    """Print a stored backtest: means over its series."""
    with connected(address) as client:
        result = client.backtest(full_name("backtests", name))
    columns = ("model", "errors", "mase", "smape", "owa", "coverage_80", "coverage_95")
    show(result.message, result.overall_rows(), columns, as_json)


@backtests_app.command("delete")
def delete_backtest(name: BacktestName, address: Address = None) -> None:
    """Delete a stored backtest."""
    with connected(address) as client:
        client.delete_backtest(full_name("backtests", name))


HEADINGS = {
    "display_name": "what",
    "create_time": "stored",
    "expected_cost_usd": "expected cost USD",
    "relative_gap": "relative gap",
}


def chosen(rows: Sequence[Row], *fields: str) -> list[Row]:
    """Stored results as rows: the name, the caller's words, and some of what is known, what matters most first."""
    return [{HEADINGS.get(field, field): row[field] for field in ("name", "display_name", *fields)} for row in rows]


def full_name(collection: str, name: str) -> str:
    """The full name of a stored result."""
    return name if "/" in name else f"{collection}/{name}"


def print_comparison(result: Comparison, as_json: bool) -> None:
    """Print the figures that differ, each result under its number."""
    if not as_json:
        for number, name in enumerate(result.names, 1):
            print(f"{number}: {name}")
    rows: list[Row] = [
        {
            "figure": figure.path,
            "unit": figure.unit,
            **{str(number): value for number, value in enumerate(figure.values, 1)},
        }
        for figure in result.message.figures
    ]
    show(result.message, rows, None, as_json, "no figure differs")
    left_out = result.message.differing_figures - len(rows)
    if left_out and not as_json:
        print(f"and {left_out} more figures that differ")
