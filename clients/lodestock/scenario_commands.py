"""The commands for scenarios and policies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from lodestock.printing import Address, AsJson, complaints, connected, named_number, read_problem, show
from lodestock.question_commands import Base, TimeLimit, base_named

ProblemFile = Annotated[Path, typer.Argument(help="Problem in proto's JSON form, as 'lodestock problem --json' gives.")]
Seed = Annotated[int, typer.Option(help="Seed of the sample.")]
Futures = Annotated[int, typer.Option(help="Futures to sample; 0: 5,000.")]
MostScenarios = Annotated[int, typer.Option(help="Most scenarios; 0: 60.")]
Source = Annotated[
    str, typer.Option("--hazards-from", help="What gives probabilities: governance (default), history, caller.")
]
HazardOf = Annotated[
    list[str] | None,
    typer.Option("--hazard-of", help="Your own probability per year for a country, such as CHN=0.05; repeatable."),
]
ByHazard = Annotated[bool, typer.Option("--by-hazard", help="What may strike, in place of the scenarios.")]

SCENARIO_COLUMNS = ("scenario_id", "probability", "onset_period", "end_period", "disruptions")


def scenarios(
    file: ProblemFile,
    seed: Seed = 0,
    futures: Futures = 0,
    most_scenarios: MostScenarios = 0,
    hazards_from: Source = "",
    hazard_of: HazardOf = None,
    by_hazard: ByHazard = False,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Sample disruptions and reduce them to scenarios; with --json the problem with them, as 'plan' reads it."""
    problem = read_problem(file)
    with connected(address) as client:
        result = client.generate_scenarios(
            problem,
            seed=seed,
            futures=futures,
            most_scenarios=most_scenarios,
            hazard_source=hazards_from,
            hazards=numbers_by_country(hazard_of or ()),
        )
    columns = SCENARIO_COLUMNS
    if by_hazard:
        columns = ("hazard_id", "probability_per_year", "probability_low", "probability_high", "part_of_demand")
    rows = result.hazard_rows() if by_hazard else result.rows()
    show(result.put_into(problem), rows, columns, as_json, "no scenario: nothing strikes that counts")
    for remark in result.remarks:
        complaints.print(remark, highlight=False)


def reduce_scenarios(
    file: ProblemFile, most_scenarios: MostScenarios = 0, address: Address = None, as_json: AsJson = False
) -> None:
    """Reduce the scenarios of a problem to a few; with --json the problem with them, as 'plan' reads it."""
    problem = read_problem(file)
    with connected(address) as client:
        result = client.reduce_scenarios(problem, most_scenarios=most_scenarios)
    show(result.put_into(problem), result.rows(), SCENARIO_COLUMNS, as_json, "no scenario has a probability above 0")
    error = f"{result.message.given:,} scenarios to {len(result)}, {result.relative_error:.0%} of the mean loss away"
    for remark in (error, *result.remarks):
        complaints.print(remark, highlight=False)


def policies(address: Address = None, as_json: AsJson = False) -> None:
    """List the policies on stocks and trade that 'problem --policy' knows."""
    with connected(address) as client:
        result = client.list_policies()
    columns = ("policy_id", "kind", "value", "unit", "denominator", "from_year", "law")
    show(result.message, result.rows(), columns, as_json)


def price_rules(
    base: Base,
    time_limit_s: TimeLimit = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Say what each rule of a problem costs, policies by name among them; exit 1 where there is no plan."""
    with connected(address) as client:
        result = client.price_rules(base_named(base), time_limit_s=time_limit_s)
    columns = ("family", "name", "status", "cost_usd", "expected_cost_usd", "below_floor_tonnes", "breaches")
    show(result.message, result.rows(), columns, as_json, "no rules")
    if not result:
        complaints.print(f"no plan with all of them: {result.status}")
        raise typer.Exit(1)


def numbers_by_country(texts: Sequence[str], what: str = "hazard") -> dict[str, float]:
    """Numbers given as COD=0.9.

    Raises:
        ValueError: A text is not of that form.
    """
    return dict(named_number(text, f"{what} of a country", "COD=0.9") for text in texts)
