"""The commands that ask more of a problem, or of a stored plan, than its best plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from lodestock.printing import (
    Address,
    AsJson,
    complaints,
    connected,
    console,
    named_number,
    no_plan_lines,
    read_problem,
    show,
    show_headed,
)
from lodestock.question_calls import BaseLike
from lodestock.question_results import Alternatives, Frontier, WhatIfs

Base = Annotated[
    str, typer.Argument(help="Problem in proto's JSON form, as 'lodestock problem --json' gives; or plans/NAME.")
]
TimeLimit = Annotated[float | None, typer.Option("--time-limit-s", help="Most seconds.")]
BySupplier = Annotated[bool, typer.Option("--suppliers", help="Who supplies, in place of what it costs.")]
Points = Annotated[int, typer.Option(help="Plans between least cost and least risk, both included; 0: 10.")]
MaxIncrease = Annotated[float, typer.Option(help="By what fraction of the least it may cost more; 0: 0.01.")]
Count = Annotated[int, typer.Option(help="Most plans; 0: 3.")]
Without = Annotated[
    list[str] | None, typer.Option("--without", help="Country that delivers nothing; repeatable, a question each.")
]
Price = Annotated[
    list[str] | None, typer.Option("--price", help="Factor on the prices of a country, such as COD=1.5; repeatable.")
]
Capacity = Annotated[
    list[str] | None, typer.Option("--capacity", help="Factor on the capacity of a country, such as COD=0.5.")
]
Demand = Annotated[
    list[str] | None, typer.Option("--demand", help="Factor on the demand for a material, such as cobalt=1.2.")
]
Budget = Annotated[list[float] | None, typer.Option("--budget", help="Factor on the budget; repeatable.")]

SUPPLIER_COLUMNS = {
    "material_id": "material",
    "country": "country",
    "kind": "kind",
    "tonnes": "tonnes",
    "share": "share",
}


def frontier(
    base: Base,
    points: Points = 0,
    suppliers: BySupplier = False,
    time_limit_s: TimeLimit = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Trace what less risk costs: plans from the cheapest to the safest; exit 1 where there is none."""
    with connected(address) as client:
        result = client.trace_frontier(base_named(base), points=points, time_limit_s=time_limit_s)
    costs = {
        "expected_cost_usd": "expected\ncost",
        "risk_charge_usd": "risk\ncharge",
        "price_of_risk": "price\nof risk",
        "cost_increase": "dearer\nby",
    }
    print_answer(result, costs, {"point": "plan", **SUPPLIER_COLUMNS} if suppliers else None, as_json)


def alternatives(
    base: Base,
    max_increase: MaxIncrease = 0.0,
    count: Count = 0,
    suppliers: BySupplier = False,
    time_limit_s: TimeLimit = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Find plans that cost little more and buy elsewhere; exit 1 where there is no plan at all."""
    with connected(address) as client:
        result = client.find_alternatives(
            base_named(base), max_increase=max_increase, count=count, time_limit_s=time_limit_s
        )
    costs = {
        "alternative": "plan",
        "objective_usd": "objective",
        "increase": "dearer\nby",
        "difference": "other\nsuppliers",
        "novelty": "than those\nabove",
    }
    print_answer(result, costs, {"alternative": "plan", **SUPPLIER_COLUMNS} if suppliers else None, as_json)


def what_if(
    base: Base,
    without: Without = None,
    price: Price = None,
    capacity: Capacity = None,
    demand: Demand = None,
    budget: Budget = None,
    suppliers: BySupplier = False,
    time_limit_s: TimeLimit = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Say what a plan would become if some figures were others; exit 1 where the base has no plan.

    Every option is a question of its own.
    """
    with connected(address) as client:
        questions = {
            **{f"without {country}": {"countries": [country], "capacity_factor": 0} for country in without or ()},
            **questions_of("price", "countries", "price_factor", price),
            **questions_of("capacity", "countries", "capacity_factor", capacity),
            **questions_of("demand", "material_ids", "demand_factor", demand),
            **{f"budget {factor:g}": {"budget_factor": factor} for factor in budget or ()},
        }
        if not questions:
            raise typer.BadParameter("give at least one question, such as --without COD")
        result = client.ask_what_if(base_named(base), questions, time_limit_s=time_limit_s)
    costs = {
        "question_id": "question",
        "status": "status",
        "objective_difference_usd": "more than\nthe base",
        "expected_cost_usd": "expected\ncost",
        "shortage_usd": "shortage",
    }
    differences = {"question_id": "question", **SUPPLIER_COLUMNS, "more_tonnes": "more\ntonnes"}
    print_answer(result, costs, differences if suppliers else None, as_json)


def export(
    base: Base,
    to: Annotated[Path, typer.Option("--to", help="File to write, such as model.lp.")],
    address: Address = None,
) -> None:
    """Write the model as a file in the LP format, to check a plan without Lodestock; exit 2 where it cannot."""
    with connected(address) as client:
        text = client.export_model(base_named(base))
    try:
        to.write_text(text, encoding="utf-8")
    except OSError as error:
        complaints.print(f"{to}: {error}")
        raise typer.Exit(2) from error
    console.print(f"{to}: {len(text):,} characters")


def base_named(base: str) -> BaseLike:
    """A stored plan by its name, or the problem in a file."""
    return base if base.startswith("plans/") else read_problem(Path(base))


def questions_of(what: str, selection: str, field: str, texts: Sequence[str] | None) -> dict[str, Mapping[str, Any]]:
    """Questions given as COD=1.5, by their words.

    Raises:
        ValueError: A text is not of that form.
    """
    questions: dict[str, Mapping[str, Any]] = {}
    for text in texts or ():
        name, factor = named_number(text, "factor", "COD=1.5")
        questions[f"{what} {text}"] = {selection: [name], field: factor}
    return questions


def print_answer(
    result: Frontier | Alternatives | WhatIfs,
    costs: Mapping[str, str],
    suppliers: Mapping[str, str] | None,
    as_json: bool,
) -> None:
    """Print what plans cost, or who supplies where fields for that are given; exit 1 where there is no plan."""
    has_plan = result.status in ("OPTIMAL", "FEASIBLE")
    if as_json:
        show(result.message, (), None, as_json)
    elif not has_plan:
        print("\n".join(no_plan_lines(result.status, result.message)))
    elif suppliers is None:
        show_headed(result.rows(), costs)
    else:
        show_headed(result.supplier_rows(), suppliers)
    if not has_plan:
        raise typer.Exit(1)
