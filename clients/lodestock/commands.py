"""The commands: each makes one call and prints a table, or with --json the whole answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lodestock.explanation_commands import explain
from lodestock.job_commands import jobs_app
from lodestock.jobs import Job
from lodestock.printing import (
    Address,
    AsJson,
    PlanTable,
    complaints,
    connected,
    notes_of,
    print_plan,
    read_problem,
    show,
)
from lodestock.projection_commands import project
from lodestock.question_commands import alternatives, export, frontier, what_if
from lodestock.results import Plan
from lodestock.risk_commands import Buyer, Figures, Materials, dependence, risk
from lodestock.scenario_commands import numbers_by_country, policies, price_rules, reduce_scenarios, scenarios
from lodestock.stockpile_commands import size
from lodestock.stored_commands import backtests_app, forecasts_app, plans_app
from lodestock.stress_commands import stress

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Forecasts, supply risk and sourcing plans for strategic minerals."
)
app.add_typer(jobs_app, name="jobs")
app.add_typer(plans_app, name="plans")
app.add_typer(forecasts_app, name="forecasts")
app.add_typer(backtests_app, name="backtests")
app.command("frontier")(frontier)
app.command("alternatives")(alternatives)
app.command("what-if")(what_if)
app.command("export")(export)
app.command("explain")(explain)
app.command("scenarios")(scenarios)
app.command("reduce")(reduce_scenarios)
app.command("policies")(policies)
app.command("price-rules")(price_rules)
app.command("stress")(stress)
app.command("size")(size)
app.command("project")(project)
app.command("risk")(risk)
app.command("dependence")(dependence)

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
PolicyName = Annotated[
    list[str] | None, typer.Option("--policy", help="Policy to keep; see 'lodestock policies'; repeatable.")
]
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
    policy: PolicyName = None,
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
            source_risks=numbers_by_country(risk_of or (), "risk"),
            own_figures=figures or (),
            demand_quantiles=demand_quantile or (),
            policies=policy or (),
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
    table: PlanTable = "materials",
    time_limit_s: Annotated[float | None, typer.Option(help="Most seconds to solve.")] = None,
    as_job: Annotated[bool, typer.Option("--job", help="Have it done as a job, show how far it is, store it.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Begin a job, print its name and leave.")] = False,
    display_name: Annotated[str, typer.Option("--name", help="Your words for the job and its plan.")] = "",
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Find the plan of least risk-weighted cost; exit 1 where there is none."""
    if as_job and detach:
        raise typer.BadParameter("--job waits for the job and --detach does not; give one of them")
    with connected(address) as client:
        problem = read_problem(file)
        if not (as_job or detach):
            print_plan(client.optimize_sourcing(problem, time_limit_s=time_limit_s), table, as_json)
            return
        job = client.run_optimization(problem, time_limit_s=time_limit_s, display_name=display_name)
        if detach:
            print(job.name)
            return
        complaints.print(f"{job.name}, Ctrl-C cancels it")
        print_plan(result_of(job), table, as_json)


def result_of(job: Job[Plan]) -> Plan:
    """The result of a job that is cancelled with Ctrl-C, and what became of it then."""
    try:
        with job:
            return job.result(progress=True)
    except KeyboardInterrupt as stopped:
        complaints.print("\n".join(notes_of(stopped)) or f"{job.name} is cancelled")
        raise
