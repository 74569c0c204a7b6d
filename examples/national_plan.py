"""The main job, end to end: forecast, risks, and a sourcing and stockpile plan under disruption, for one country.

    python examples/national_plan.py ADDRESS [BUYER]

Everything comes from a Lodestock server through the client: this script holds policy and scenarios, no data.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from reasons import print_basis, print_reasons
from report import STAGES, Dominant, print_forecast, print_plan, print_policy, print_risks
from savings import print_savings
from tables import cell, joined, say

from lodestock import Client
from lodestock.results import Assessment, BuiltProblem, Forecasts, Plan
from lodestock.v1 import common_pb2, risk_pb2, sourcing_pb2

HORIZON_YEARS = 10
FLOOR_DAYS = 90.0
TRACED = "cobalt"
SOUTHERN_AFRICA = ("AGO", "BWA", "COD", "MOZ", "NAM", "TZA", "ZAF", "ZMB", "ZWE")
WORDS = {
    "export stop": "The dominant country of each material (see supply risk) exports none of it, all materials together",
    "route lost": f"Railways and ports of southern Africa carry a fifth of their tonnes: {', '.join(SOUTHERN_AFRICA)}",
    "demand surge": "A quarter more demand for every material, and prices half as high again",
}


def dominant_refiner(risks: Iterable[risk_pb2.MaterialRisk], buyer: str) -> dict[str, Dominant]:
    """The country, other than the buyer, with the largest share of each material's refining (else of its mining)."""
    by_material: dict[str, risk_pb2.MaterialRisk] = {}
    for risk in risks:
        if risk.material_id not in by_material or risk.stage == common_pb2.LIFE_CYCLE_STAGE_REFINING:
            by_material[risk.material_id] = risk
    return {
        material: Dominant(
            STAGES[risk.stage],
            max((s for s in risk.sources if s.country not in ("", buyer)), key=lambda s: s.global_share),
        )
        for material, risk in by_material.items()
    }


def scenarios(refiners: dict[str, Dominant]) -> list[dict[str, Any]]:
    """Three things that may happen. The probabilities are planning assumptions, as a ministry would set them."""
    stops = [
        {"countries": [source.country], "material_ids": [material], "availability": 0.0}
        for material, (_, source) in refiners.items()
    ]
    return [
        # Every dominant refiner stops exporting for two years.
        {"scenario_id": "export stop", "probability": 0.10, "onset_period": 2, "end_period": 3, "disruptions": stops},
        # The railways and ports of southern Africa are lost for a year: four fifths of what they carry.
        {
            "scenario_id": "route lost",
            "probability": 0.05,
            "onset_period": 2,
            "end_period": 2,
            "disruptions": [{"countries": list(SOUTHERN_AFRICA), "availability": 0.2}],
        },
        # A quarter more demand everywhere for three years, and prices half as high again.
        {
            "scenario_id": "demand surge",
            "probability": 0.10,
            "onset_period": 2,
            "end_period": 4,
            "disruptions": [{"price_factor": 1.5}],
            "demand_factors": [{"factor": 1.25}],
        },
    ]


def without_stock(built: BuiltProblem) -> BuiltProblem:
    """The same problem, figures and origins, for a country that may store nothing."""
    bare = sourcing_pb2.BuildProblemResponse()
    bare.CopyFrom(built.message)
    for material in bare.problem.materials:
        material.ClearField("stock")
    return BuiltProblem(bare)


def main(address: str, buyer: str = "USA") -> None:
    """Do the whole job."""
    seconds: dict[str, float] = {}

    def timed(name: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        answer = call(*args, **kwargs)
        seconds[name] = time.perf_counter() - started
        return answer

    with Client(address) as client:
        forecasts: Forecasts = timed("forecast", client.forecast_demand, buyer=buyer, horizon=HORIZON_YEARS)
        risks: Assessment = timed("risk", client.assess_supply_risk, buyer)
        refiners = dominant_refiner(risks, buyer)
        built: BuiltProblem = timed(
            "problem",
            client.build_problem,
            buyer,
            horizon_years=HORIZON_YEARS,
            floor_days=FLOOR_DAYS,
            scenarios=scenarios(refiners),
        )
        plan: Plan = timed("plan", client.optimize_sourcing, built)
        bare: Plan = timed("plan without stock", client.optimize_sourcing, without_stock(built))

        print_title(built, buyer)
        print_policy(built, WORDS)
        print_forecast(forecasts)
        print_risks(risks, refiners, buyer)
        print_plan(built, plan)
        print_savings(built, plan, bare)
        print_reasons(built, plan)
        print_basis(built, plan, (built.record, risks.record, forecasts.record), seconds)
        print_trace(client, plan)


def print_title(built: BuiltProblem, buyer: str) -> None:
    """What this is."""
    horizon = [f"periods[{t}].length_years" for t in range(HORIZON_YEARS)]
    say(f"Strategic minerals: plan for {buyer}, ", cell(str(HORIZON_YEARS), built, *horizon), " years\n")


def print_trace(client: Client, plan: Plan) -> None:
    """Any number above can be traced like this one: to rows of datasets, defaults with their reasons, the caller."""
    planned = [material.material_id for material in plan.plan.materials]
    path = f"materials[{TRACED if TRACED in planned else planned[0]}].costs.holding_usd"
    told = str(client.trace(plan, path))
    say(joined("\nWhere does a number come from? One call: client.trace(plan, ", cell(repr(path), plan, path), ")\n"))
    say(cell(told, plan, path))


if __name__ == "__main__":
    main(*sys.argv[1:])
