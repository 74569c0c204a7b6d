"""The command for stress tests."""

from __future__ import annotations

from typing import Annotated

import typer

from lodestock.printing import Address, AsJson, connected, no_plan_lines, show, show_headed
from lodestock.question_commands import Base, TimeLimit, base_named
from lodestock.stress_results import StressTest

Onset = Annotated[int, typer.Option("--onset", help="First period, counted from 0, in which something may happen.")]
Pairs = Annotated[int, typer.Option("--pairs-of", help="Stop every pair of so many countries that most is paid to.")]
Routes = Annotated[
    list[str] | None, typer.Option("--route", help="Countries that stop together, such as CHN+MMR; repeatable.")
]
EachCountry = Annotated[bool, typer.Option("--each-country", help="Stop every country alone; so without an option.")]
Duration = Annotated[int | None, typer.Option("--periods", help="Periods that a stop lasts; a year if not given.")]
Availability = Annotated[float, typer.Option(help="What a stop leaves of supply, 0 to 1.")]
Candidates = Annotated[
    list[str] | None,
    typer.Option("--candidate", help="Problem's file or plans/NAME, to compare by regrets; repeatable."),
]
ByTier = Annotated[bool, typer.Option("--tiers", help="Every tier of every material, in place of the money at risk.")]

OUTCOMES = {
    "scenario_id": "stop",
    "status": "status",
    "money_at_risk_usd": "money\nat risk",
    "material_id": "first\nshort",
    "days_survived": "served\ndays",
    "shortage_tonnes": "short\ntonnes",
    "breaches": "rules\nbroken",
}
TIERS = {
    "scenario_id": "stop",
    "material_id": "material",
    "tier": "tier",
    "days_survived": "served\ndays",
    "shortage_tonnes": "short\ntonnes",
}


def stress(
    base: Base,
    onset: Onset = 1,
    each_country: EachCountry = False,
    pairs_of: Pairs = 0,
    route: Routes = None,
    periods: Duration = None,
    availability: Availability = 0.0,
    candidate: Candidates = None,
    tiers: ByTier = False,
    time_limit_s: TimeLimit = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Say what sudden stops would do to a plan, the worst first; exit 1 where there is no plan."""
    with connected(address) as client:
        result = client.stress_test(
            base_named(base),
            onset,
            each_country=each_country,
            pairs_of=pairs_of,
            routes={name: name.split("+") for name in route or ()},
            duration_periods=periods,
            availability=availability,
            candidates={name: base_named(name) for name in candidate or ()},
            time_limit_s=time_limit_s,
        )
    if as_json:
        show(result.message, (), None, as_json)
    elif result:
        print_outcomes(result, by_tier=tiers)
    else:
        print("\n".join(no_plan_lines(result.status, result.message)))
    if not result:
        raise typer.Exit(1)


def print_outcomes(result: StressTest, *, by_tier: bool) -> None:
    """Print what stops come to, and the plan of least greatest regret."""
    if by_tier:
        show_headed(result.tier_rows(), TIERS)
    else:
        show_headed(result.rows(), OUTCOMES)
    for plan in result.message.candidates:
        name = plan.candidate_id or "this plan"
        if plan.regrets:
            print(f"{name}: regrets at most {plan.greatest_regret_usd:,.0f} USD")
        else:
            print(f"{name}: no plan to compare")
