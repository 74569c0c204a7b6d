"""The national plan as tables that a minister's adviser can read: policy, needs, risks, plan, what the stock saves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tables import cash_usd, console, million_usd, print_table, rounded, shortfall_usd

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
    years = [period.label for period in problem.periods]
    rows = []
    for scenario in problem.scenarios:
        last = scenario.end_period if scenario.HasField("end_period") else len(years) - 1
        span = years[scenario.onset_period] + (f" to {years[last]}" if last > scenario.onset_period else "")
        rows.append((scenario.scenario_id, words[scenario.scenario_id], span, f"{scenario.probability:.0%}"))
    rest = 1 - sum(scenario.probability for scenario in problem.scenarios)
    rows.append(("nothing happens", "Supply and demand as forecast", f"{years[0]} to {years[-1]}", f"{rest:.0%}"))
    columns = ("Scenario or rule", "What it means ", "Years ", "Value")
    note = (
        "The probabilities are planning assumptions; at most one scenario happens. Contracts are signed a year ahead, "
        "knowing only what has happened so far"
    )
    print_table("What is assumed: scenarios and policy", columns, [*rows, *policy_rows(problem)], note)


def policy_rows(problem: sourcing_pb2.SourcingProblem) -> list[tuple[str, str, str, str]]:
    """The rules of the problem: name, meaning, years, value."""
    floor = " to ".join(f"{days:g}" for days in sorted({material.stock.floor_days for material in problem.materials}))
    hard = any(material.stock.floor_is_hard for material in problem.materials)
    floor_meaning = "Must be met" if hard else "May be missed at a charge"
    trade = f"{len(problem.rules)} rules" if problem.rules else "none"
    trade_meaning = "Those given with the request" if problem.rules else "No embargo or sanction in force is modelled"
    risk_meaning = "Risk ρ of a supplier adds λ·ρ of its landed cost when it is chosen; in no cost below"
    rows = [
        ("stock floor", f"{floor_meaning}; lifted where supply is hit, and two years after", f"{floor} days"),
        ("price of risk λ", risk_meaning, f"{problem.price_of_risk:g}"),
        ("discount rate", "A year; costs are discounted to the first year", f"{problem.discount_rate:.1%}"),
        ("price year", "All money is in constant USD of that year", str(problem.price_year)),
        ("trade rules", trade_meaning, trade),
        ("budget", "Limit of spending by year", "given" if problem.HasField("budget") else "none"),
    ]
    return [(name, meaning, "", value) for name, meaning, value in rows]


def print_forecast(forecasts: Forecasts) -> None:
    """What each material will be needed for, with the range that holds four times out of five."""
    rows = []
    for forecast in forecasts:
        message = forecast.message
        levels = [round(level, 6) for level in message.quantile_levels]
        low, high = levels.index(0.1), levels.index(0.9)
        fifth, last = message.steps[4], message.steps[-1]
        observed = message.history[-1]
        used = ", ".join(model.model for model in message.models if model.weight > 0)
        rows.append(
            (
                message.series_id.partition("/")[0],
                f"{observed.period}: {rounded(observed.value)}",
                rounded(fifth.median),
                f"{rounded(fifth.quantiles[low])} to {rounded(fifth.quantiles[high])}",
                rounded(last.median),
                f"{rounded(last.quantiles[low])} to {rounded(last.quantiles[high])}",
                used,
            )
        )
    steps = forecasts.message.forecasts[0].steps
    fifth_year, last_year = steps[4].period, steps[-1].period
    columns = ("Material", "Last year", fifth_year, f"80 % {fifth_year}", last_year, f"80 % {last_year}", "Models ")
    note = "Medians, and the ranges that hold four times out of five"
    print_table("Demand, tonnes a year", columns, rows, note)


def print_risks(assessment: Assessment, dominant: Mapping[str, Dominant], buyer: str) -> None:
    """How concentrated and how badly governed the supply is, and who dominates it."""
    stages: dict[str, list[risk_pb2.MaterialRisk]] = defaultdict(list)
    for risk in assessment:
        stages[risk.material_id].append(risk)
    worst = {material: max(risks, key=eu_supply_risk) for material, risks in stages.items()}
    rows = []
    for material, risk in sorted(worst.items(), key=lambda item: -eu_supply_risk(item[1])):
        stage, refiner = dominant[material]
        supplier = max((s for one in stages[material] for s in one.sources), key=lambda s: s.sourcing_share)
        name = "home" if supplier.country == buyer else supplier.country
        rows.append(
            (
                material,
                f"{eu_supply_risk(risk):.1f} {STAGES[risk.stage]}",
                f"{score_of(risk, 'hhi', 'global'):.2f}",
                f"{refiner.country} {refiner.global_share:.0%} {stage}",
                f"{refiner.risk:.2f}",
                f"{name} {supplier.sourcing_share:.0%}",
                f"{supplier.risk:.2f}",
            )
        )
    columns = ("Material", "EU risk ", "World HHI", "Dominant abroad ", "its risk", "Main supplier ", "its risk")
    note = (
        "EU risk: supply risk by the EU's method, the larger of mining and refining, critical from 1.0, highest first; "
        "HHI of that stage. Dominant: in refining where shares are known, else in mining; the buyer itself is left "
        "out. Risk of a country from 0 to 1"
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
    source_country = {s.source_id: (s.material_id, s.country, s.kind) for s in built.problem.sources}
    bought: dict[str, list[tuple[float, str]]] = defaultdict(list)
    by_country: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for delivery in message.deliveries:
        if delivery.node_id == trunk[1]:
            material, country, kind = source_country[delivery.source_id]
            label = AT_HOME.get(kind, country).replace(UNNAMED, "unnamed")
            amount = delivery.contract_tonnes + delivery.spot_tonnes
            bought[material].append((amount, label))
            by_country[material][country] += amount
    cover: dict[str, dict[int, float]] = defaultdict(dict)
    for balance in message.balances:
        cover[balance.material_id][balance.node_id] = balance.days_of_cover
    rows = []
    for summary in message.materials:
        supply = sorted(bought[summary.material_id], reverse=True)
        total = sum(amount for amount, _ in supply)
        days = cover[summary.material_id]
        mix = ", ".join(f"{label} {amount / total:.0%}" for amount, label in supply[:3]) if total else ""
        rows.append(
            (
                summary.material_id,
                mix,
                f"{concentration(by_country[summary.material_id].values()):.2f}",
                *(f"{days[trunk[t]]:.0f}" for t in (0, 1, 2, len(built.problem.periods) - 1)),
                million_usd(cash_usd(summary.costs)),
                million_usd(summary.costs.expected_cost_usd - cash_usd(summary.costs)),
            )
        )
    years = [period.label for period in built.problem.periods]
    days_columns = [f"days {years[t]}" for t in (0, 1, 2, len(years) - 1)]
    columns = ("Material", f"Supply in {years[1]} ", "its HHI", *days_columns, "Cost, M USD", "Charges, M USD")
    note = (
        f"The three largest suppliers, and the HHI of all supply of {years[1]} by country (home and scrap are one "
        "country, the unnamed another). Days of demand in store at the end of the year. Cost: what is paid over the "
        "whole horizon, expected over all scenarios, discounted. Charges: what the plan counts for shortage and for "
        "stock below its floor or missing at the end; nobody pays them"
    )
    cash, everything = cash_usd(plan.costs), plan.costs.expected_cost_usd
    sums = ("total", "", "", "", "", "", "", million_usd(cash), million_usd(everything - cash))
    print_table("The plan while nothing happens", columns, rows, note, sums)


def concentration(amounts: Iterable[float]) -> float:
    """Herfindahl–Hirschman index of amounts, 0 to 1; NaN where there are none."""
    shares = list(amounts)
    total = sum(shares)
    return sum((share / total) ** 2 for share in shares) if total else float("nan")


def shortages(plan: Plan) -> dict[str, dict[str, float]]:
    """Tonnes short by material and scenario."""
    names = {node.node_id: node.scenario_ids for node in plan.plan.nodes}
    short: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for balance in plan.plan.balances:
        # A node that several scenarios share happened to each of them.
        for name in names[balance.node_id]:
            short[balance.material_id][name] += sum(tier.tonnes for tier in balance.shortages)
    return short


def print_savings(built: BuiltProblem, with_stock: Plan, bare: Plan) -> None:
    """What the stock saves: shortage by scenario with and without it."""
    before, after = shortages(bare), shortages(with_stock)
    cost_after = {material.material_id: material.costs for material in with_stock.plan.materials}
    happenings = list(dict.fromkeys(s for node in bare.plan.nodes for s in node.scenario_ids))
    ranked = sorted(
        ((m.costs.shortage_usd - cost_after[m.material_id].shortage_usd, m.material_id) for m in bare.plan.materials),
        reverse=True,
    )
    shown = [(saved, name) for saved, name in ranked if saved > 1e6]
    rows = [
        (
            name,
            *(f"{rounded(before[name][s])} → {rounded(after[name][s])}" for s in happenings),
            million_usd(saved),
            million_usd(cost_after[name].holding_usd),
        )
        for saved, name in shown
    ]
    saved_in_all = bare.costs.shortage_usd - with_stock.costs.shortage_usd
    blank = [""] * len(happenings)
    others_saved = saved_in_all - sum(saved for saved, _ in shown)
    others_held = with_stock.costs.holding_usd - sum(cost_after[name].holding_usd for _, name in shown)
    rows.append((f"{len(ranked) - len(shown)} others", *blank, million_usd(others_saved), million_usd(others_held)))
    total = ("total", *blank, million_usd(saved_in_all), million_usd(with_stock.costs.holding_usd))
    columns = ("Material", *happenings, "Shortage saved, M USD", "Holding, M USD")
    note = "Tonnes short in each scenario, without → with stock; money is expected over all scenarios and discounted"
    print_table("What the stock saves", columns, rows, note, total)
    print_balance(built, with_stock, bare, saved_in_all)


def print_balance(built: BuiltProblem, with_stock: Plan, bare: Plan, saved_usd: float) -> None:
    """What the stock saves against what it costs, in a few sentences."""
    spent = cash_usd(with_stock.costs) - cash_usd(bare.costs)
    left = left_in_store(built, with_stock)
    charged = shortfall_usd(with_stock.costs) - shortfall_usd(bare.costs)
    apart = (
        f" Not in this: {million_usd(charged)} M USD that the plan charges itself for stock below its floor or missing "
        "at the end, which nobody pays."
        if charged
        else ""
    )
    net = spent - left
    console.print(
        f"In all the stock saves {million_usd(saved_usd)} M USD of expected shortage, at the assumed cost of shortage. "
        f"Buying and holding it costs {million_usd(spent)} M USD more; {million_usd(left)} M USD worth of metal is in "
        f"store at the end. So at these probabilities the policy costs {million_usd(net)} M USD over "
        f"{len(built.problem.periods)} years; set the shortage that it saves against that, and "
        f"{million_usd(net - saved_usd)} M USD remain.{apart}\n"
    )


def left_in_store(built: BuiltProblem, plan: Plan) -> float:
    """Expected value of the closing stock at today's prices, discounted to today, USD."""
    price = {s.material_id: s.unit_price_usd_per_tonne[0] for s in built.problem.sources}
    last = len(built.problem.periods) - 1
    probability = {node.node_id: node.probability for node in plan.plan.nodes if node.period == last}
    value = sum(
        probability[b.node_id] * b.stock_tonnes * price[b.material_id]
        for b in plan.plan.balances
        if b.node_id in probability
    )
    return value * (1 + built.problem.discount_rate) ** -last
