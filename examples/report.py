"""The national plan as tables that a minister's adviser can read: policy, needs, risks, plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tables import (
    CASH,
    Label,
    cash_usd,
    cell,
    costs_paths,
    joined,
    million_usd,
    print_table,
    rounded,
)

from lodestock.results import Assessment, BuiltProblem, Forecasts, Plan
from lodestock.v1 import common_pb2, risk_pb2, sourcing_pb2

UNNAMED = "ZZZ"
AT_HOME = {common_pb2.SOURCE_KIND_DOMESTIC: "home", common_pb2.SOURCE_KIND_RECYCLED: "scrap"}
STAGES = {common_pb2.LIFE_CYCLE_STAGE_MINING: "mining", common_pb2.LIFE_CYCLE_STAGE_REFINING: "refining"}


class Dominant(NamedTuple):
    """The country that dominates a material, and the stage that it dominates."""

    stage: str
    source: risk_pb2.SourceRisk


def print_policy(built: BuiltProblem, words: Mapping[str, str]) -> None:
    """What was assumed to happen, and the policy that the plan follows; `words` tell each scenario."""
    problem = built.problem
    years = [Label(period.label) for period in problem.periods]
    rows: list[tuple[str, ...]] = []
    for scenario in problem.scenarios:
        last = scenario.end_period if scenario.HasField("end_period") else len(years) - 1
        span = joined(*years[scenario.onset_period : last + 1 : max(1, last - scenario.onset_period)], by=" to ")
        chance = cell(f"{scenario.probability:.0%}", built, f"scenarios[{scenario.scenario_id}].probability")
        rows.append((scenario.scenario_id, words[scenario.scenario_id], span, chance))
    rest = 1 - sum(scenario.probability for scenario in problem.scenarios)
    chances = [f"scenarios[{scenario.scenario_id}].probability" for scenario in problem.scenarios]
    span = joined(years[0], years[-1], by=" to ")
    rows.append(("nothing happens", "Supply and demand as forecast", span, cell(f"{rest:.0%}", built, *chances)))
    columns = ("Scenario or rule", "What it means ", "Years ", "Value")
    note = (
        "The probabilities are planning assumptions; at most one scenario happens. Contracts are signed a year ahead, "
        "knowing only what has happened so far"
    )
    print_table("What is assumed: scenarios and policy", columns, [*rows, *policy_rows(built)], note)


def policy_rows(built: BuiltProblem) -> list[tuple[str, ...]]:
    """The rules of the problem: name, meaning, years, value."""
    problem = built.problem
    floor = " to ".join(f"{days:g}" for days in sorted({material.stock.floor_days for material in problem.materials}))
    floors = [f"materials[{material.material_id}].stock.floor_days" for material in problem.materials]
    hard = any(material.stock.floor_is_hard for material in problem.materials)
    floor_meaning = "Must be met" if hard else "May be missed at a charge"
    trade_meaning = "Those given with the request" if problem.rules else "No embargo or sanction in force is modelled"
    risk_meaning = "Risk ρ of a supplier adds λ·ρ of its landed cost when it is chosen; in no cost below"
    rows = [
        ("stock floor", f"{floor_meaning}; lifted where supply is hit, and two years after", f"{floor} days", floors),
        ("price of risk λ", risk_meaning, f"{problem.price_of_risk:g}", ["price_of_risk"]),
        (
            "discount rate",
            "A year; costs are discounted to the first",
            f"{problem.discount_rate:.1%}",
            ["discount_rate"],
        ),
        ("price year", "All money is in constant USD of that year", str(problem.price_year), ["price_year"]),
    ]
    told = [
        ("trade rules", trade_meaning, "", "as given" if problem.rules else "none"),
        ("budget", "Limit of spending by year", "", "given" if problem.HasField("budget") else "none"),
    ]
    return [*((name, meaning, "", cell(value, built, *paths)) for name, meaning, value, paths in rows), *told]


def print_forecast(forecasts: Forecasts) -> None:
    """What each material will be needed for, with the range that holds four times out of five."""
    rows = []
    for forecast in forecasts:
        message = forecast.message
        levels = [round(level, 6) for level in message.quantile_levels]
        low, high = levels.index(0.1), levels.index(0.9)
        observed, newest = message.history[-1], len(message.history) - 1
        path = f"forecasts[{message.series_id}]"
        row: list[str] = [
            message.series_id.partition("/")[0],
            joined(
                Label(observed.period),
                cell(rounded(observed.value), forecasts, f"{path}.history[{newest}].value"),
                by=": ",
            ),
        ]
        for k in (4, len(message.steps) - 1):
            step, at = message.steps[k], f"{path}.steps[{k}]"
            row.append(cell(rounded(step.median), forecasts, f"{at}.median"))
            ends = (cell(rounded(step.quantiles[q]), forecasts, f"{at}.quantiles[{q}]") for q in (low, high))
            row.append(joined(*ends, by=" to "))
        rows.append([*row, ", ".join(model.model for model in message.models if model.weight > 0)])
    first = forecasts.message.forecasts[0]
    fifth_year, last_year = Label(first.steps[4].period), Label(first.steps[-1].period)
    middle = cell("80 %", forecasts, f"forecasts[{first.series_id}].quantile_levels")
    ranges = [joined(middle, year, by=" ") for year in (fifth_year, last_year)]
    columns = ("Material", "Last year", fifth_year, ranges[0], last_year, ranges[1], "Models ")
    note = "Medians, and the ranges that hold four times out of five"
    print_table("Demand, tonnes a year", columns, rows, note)


def print_risks(assessment: Assessment, dominant: Mapping[str, Dominant], buyer: str) -> None:
    """How concentrated and how badly governed the supply is, and who dominates it."""
    stages: dict[str, list[tuple[int, risk_pb2.MaterialRisk]]] = defaultdict(list)
    for i, risk in enumerate(assessment):
        stages[risk.material_id].append((i, risk))
    worst = {material: max(risks, key=lambda risk: eu_supply_risk(risk[1])) for material, risks in stages.items()}
    rows = []
    for material, (i, risk) in sorted(worst.items(), key=lambda item: -eu_supply_risk(item[1][1])):
        stage, refiner = dominant[material]
        k = next(k for k, one in stages[material] if refiner in one.sources)
        j, supplier = max(
            ((j, source) for j, one in stages[material] for source in one.sources), key=lambda s: s[1].sourcing_share
        )
        abroad, bought = f"risks[{k}].sources[{refiner.country}]", f"risks[{j}].sources[{supplier.country}]"
        rows.append(
            (
                material,
                cell(
                    f"{eu_supply_risk(risk):.1f} {STAGES[risk.stage]}",
                    assessment,
                    f"risks[{i}].scores[eu_supply_risk].value",
                ),
                cell(f"{score_of(risk, 'hhi', 'global'):.2f}", assessment, f"risks[{i}].scores[hhi,global].value"),
                cell(f"{refiner.country} {refiner.global_share:.0%} {stage}", assessment, f"{abroad}.global_share"),
                cell(f"{refiner.risk:.2f}", assessment, f"{abroad}.risk"),
                cell(
                    f"{'home' if supplier.country == buyer else supplier.country} {supplier.sourcing_share:.0%}",
                    assessment,
                    f"{bought}.sourcing_share",
                ),
                cell(f"{supplier.risk:.2f}", assessment, f"{bought}.risk"),
            )
        )
    columns = ("Material", "EU risk ", "World HHI", "Dominant abroad ", "its risk", "Main supplier ", "its risk")
    note = (
        "EU risk: supply risk by the EU's method, the larger of mining and refining, critical from one on, highest "
        "first; HHI of that stage. Dominant: in refining where shares are known, else in mining; the buyer itself is "
        "left out. Risk of a country: nought is none, one the worst"
    )
    print_table("Supply risk", columns, rows, note)


def eu_supply_risk(risk: risk_pb2.MaterialRisk) -> float:
    """The EU's supply risk of a material at a stage; 0 where it has none."""
    return max((score.value for score in risk.scores if score.measure_id == "eu_supply_risk"), default=0.0)


def score_of(risk: risk_pb2.MaterialRisk, measure: str, scope: str) -> float:
    """A score, NaN where there is none."""
    return next((s.value for s in risk.scores if (s.measure_id, s.scope) == (measure, scope)), float("nan"))


def print_plan(built: BuiltProblem, plan: Plan) -> None:
    """From whom to buy for the next year, what to store, and what it costs."""
    message = plan.plan
    trunk = {node.period: node.node_id for node in message.nodes if node.on_trunk}
    sources = {s.source_id: s for s in built.problem.sources}
    bought: dict[str, list[sourcing_pb2.Delivery]] = defaultdict(list)
    for delivery in message.deliveries:
        if delivery.node_id == trunk[1]:
            bought[sources[delivery.source_id].material_id].append(delivery)
    cover = {(balance.material_id, balance.node_id): balance.days_of_cover for balance in message.balances}
    shown_years = (0, 1, 2, len(built.problem.periods) - 1)
    rows = []
    for summary in message.materials:
        material, costs = summary.material_id, summary.costs
        supply = sorted(bought[material], key=tonnes_of, reverse=True)
        amounts = amounts_paths(supply)
        total = sum(tonnes_of(delivery) for delivery in supply)
        by_country: dict[str, float] = defaultdict(float)
        for delivery in supply:
            by_country[sources[delivery.source_id].country] += tonnes_of(delivery)
        mix = [
            cell(f"{supplier_name(sources[d.source_id])} {tonnes_of(d) / total:.0%}", plan, *amounts)
            for d in supply[:3]
        ]
        days = [(cover[material, trunk[t]], f"balances[{material},{trunk[t]}].days_of_cover") for t in shown_years]
        charges = costs.expected_cost_usd - cash_usd(costs)
        everything = costs_paths(("expected_cost_usd", *CASH), material)
        rows.append(
            (
                material,
                joined(*mix, by=", "),
                cell(f"{concentration(by_country.values()):.2f}", plan, *amounts) if amounts else "",
                *(cell(f"{value:.0f}", plan, path) for value, path in days),
                cell(million_usd(cash_usd(costs)), plan, *costs_paths(CASH, material)),
                cell(million_usd(charges), plan, *everything),
            )
        )
    years = [Label(period.label) for period in built.problem.periods]
    columns = (
        "Material",
        joined("Supply in ", years[1], " "),
        "its HHI",
        *(joined("days ", years[t]) for t in shown_years),
        "Cost, M USD",
        "Charges, M USD",
    )
    note = joined(
        "The three largest suppliers, and the HHI of all supply of ",
        years[1],
        " by country (home and scrap are one country, the unnamed another). Days of demand in store at the end of the "
        "year. Cost: what is paid over the whole horizon, expected over all scenarios, discounted. Charges: what the "
        "plan counts for shortage and for stock below its floor or missing at the end; nobody pays them",
    )
    cash, charged = cash_usd(plan.costs), plan.costs.expected_cost_usd - cash_usd(plan.costs)
    sums = (
        cell(million_usd(cash), plan, *costs_paths(CASH)),
        cell(million_usd(charged), plan, *costs_paths(("expected_cost_usd", *CASH))),
    )
    print_table("The plan while nothing happens", columns, rows, note, ("total", "", "", "", "", "", "", *sums))


def tonnes_of(delivery: sourcing_pb2.Delivery) -> float:
    """Tonnes delivered, under contract and spot."""
    return delivery.contract_tonnes + delivery.spot_tonnes


def amounts_paths(deliveries: Iterable[sourcing_pb2.Delivery]) -> list[str]:
    """Paths of the tonnes of deliveries."""
    places = [f"deliveries[{d.source_id},{d.node_id}]" for d in deliveries]
    return [f"{place}.{kind}" for place in places for kind in ("contract_tonnes", "spot_tonnes")]


def supplier_name(source: sourcing_pb2.Source) -> str:
    """A source by its country, or as what it is at home."""
    return AT_HOME.get(source.kind, source.country).replace(UNNAMED, "unnamed")


def concentration(amounts: Iterable[float]) -> float:
    """Herfindahl–Hirschman index of amounts, 0 to 1; NaN where there are none."""
    shares = list(amounts)
    total = sum(shares)
    return sum((share / total) ** 2 for share in shares) if total else float("nan")
