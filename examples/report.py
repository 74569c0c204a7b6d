"""The national plan as tables that a minister's adviser can read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from lodestock.results import Assessment, BuiltProblem, Forecasts, Plan
from lodestock.v1 import common_pb2, risk_pb2, sourcing_pb2

UNNAMED = "ZZZ"
AT_HOME = {common_pb2.SOURCE_KIND_DOMESTIC: "home", common_pb2.SOURCE_KIND_RECYCLED: "scrap"}

console = Console(width=140)


def tonnes(value: float) -> str:
    """Tonnes with as many digits as matter."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == 0 else f"{value:,.3g}"


def million_usd(value: float) -> str:
    """USD in millions."""
    return f"{value / 1e6:,.0f}" if abs(value) >= 1e7 or value == 0 else f"{value / 1e6:,.2g}"


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], note: str = "") -> None:
    """Print a table whose first column is text and whose other columns are figures."""
    table = Table(title=title, title_justify="left", title_style="bold", caption=note or None, caption_justify="left")
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 or column.endswith(" ") else "right")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print()


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
                f"{observed.period}: {tonnes(observed.value)}",
                tonnes(fifth.median),
                f"{tonnes(fifth.quantiles[low])} to {tonnes(fifth.quantiles[high])}",
                tonnes(last.median),
                f"{tonnes(last.quantiles[low])} to {tonnes(last.quantiles[high])}",
                used,
            )
        )
    steps = forecasts.message.forecasts[0].steps
    columns = ("Material", "Last year", steps[4].period, "80 % range", steps[-1].period, "80 % range", "Models ")
    print_table("Demand, tonnes a year", columns, rows)


def print_risks(assessment: Assessment, refiners: dict[str, risk_pb2.SourceRisk]) -> None:
    """How concentrated and how badly governed the supply is, and who dominates it."""
    best: dict[str, tuple[float, Sequence[str]]] = {}
    for risk in assessment:
        scores = {(s.measure_id, s.scope): s.value for s in risk.scores}
        eu = max((v for (measure, _), v in scores.items() if measure == "eu_supply_risk"), default=float("nan"))
        supplier = max(risk.sources, key=lambda s: s.sourcing_share)
        refiner = refiners[risk.material_id]
        row = (
            risk.material_id,
            f"{scores.get(('hhi', 'global'), float('nan')):.2f}",
            f"{eu:.1f}",
            f"{refiner.country} {refiner.global_share:.0%}",
            f"{refiner.risk:.2f}",
            f"{supplier.country} {supplier.sourcing_share:.0%}" if supplier.sourcing_share else "",
            f"{supplier.risk:.2f}" if supplier.sourcing_share else "",
        )
        if supplier.sourcing_share or risk.material_id not in best:
            best[risk.material_id] = (eu, row)
    ranked = [row for _, row in sorted(best.values(), key=lambda item: -item[0])]
    columns = (
        "Material",
        "World HHI",
        "EU supply risk",
        "Dominant in refining",
        "its risk",
        "Main supplier",
        "its risk",
    )
    note = "EU risk: supply risk by the EU's method, critical from 1.0; risk of a country from 0 to 1; highest first"
    print_table("Supply risk", columns, ranked, note)


def print_plan(built: BuiltProblem, plan: Plan) -> None:
    """From whom to buy for the next year, what to store, and what it costs."""
    message = plan.plan
    trunk = {node.period: node.node_id for node in message.nodes if node.on_trunk}
    source_country = {s.source_id: (s.material_id, s.country, s.kind) for s in built.problem.sources}
    bought: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for delivery in message.deliveries:
        if delivery.node_id == trunk[1]:
            material, country, kind = source_country[delivery.source_id]
            label = AT_HOME.get(kind, country).replace(UNNAMED, "unnamed")
            bought[material].append((delivery.contract_tonnes + delivery.spot_tonnes, label))
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
                f"{summary.supply_hhi:.2f}",
                *(f"{days[trunk[t]]:.0f}" for t in (0, 1, 2, len(built.problem.periods) - 1)),
                million_usd(summary.costs.expected_cost_usd),
            )
        )
    years = [period.label for period in built.problem.periods]
    columns = (
        "Material",
        f"Supply in {years[1]} ",
        "HHI",
        *(f"days {years[t]}" for t in (0, 1, 2)),
        f"days {years[-1]}",
        "Expected cost, M USD",
    )
    note = "Days of demand in store at the end of the year; cost over the whole horizon and all scenarios, discounted"
    print_table("The plan while nothing happens", columns, rows, note)


def print_savings(built: BuiltProblem, with_stock: Plan, bare: Plan) -> None:
    """What the stock saves: shortage by scenario with and without it."""

    def shortage(plan: Plan) -> dict[str, dict[str, float]]:
        names = {node.node_id: node.scenario_ids for node in plan.plan.nodes}
        short: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for balance in plan.plan.balances:
            # A node that several scenarios share happened to each of them.
            for name in names[balance.node_id]:
                short[balance.material_id][name] += sum(tier.tonnes for tier in balance.shortages)
        return short

    def charged(plan: Plan) -> dict[str, Any]:
        return {material.material_id: material.costs for material in plan.plan.materials}

    before, after = shortage(bare), shortage(with_stock)
    cost_before, cost_after = charged(bare), charged(with_stock)
    happenings = list(dict.fromkeys(s for node in bare.plan.nodes for s in node.scenario_ids))
    rows = []
    for name, costs in cost_before.items():
        saved = costs.shortage_usd - cost_after[name].shortage_usd
        if saved > 1e6:
            rows.append(
                (
                    saved,
                    (
                        name,
                        *(f"{tonnes(before[name][s])} → {tonnes(after[name][s])}" for s in happenings),
                        million_usd(saved),
                        million_usd(cost_after[name].holding_usd),
                    ),
                )
            )
    columns = ("Material", *happenings, "Shortage saved, M USD", "Holding, M USD")
    note = "Tonnes short in each scenario, without → with stock; money is expected over all scenarios and discounted"
    ranked = [row for _, row in sorted(rows, reverse=True)]
    print_table("What the stock saves", columns, ranked, note)
    total = bare.costs.shortage_usd - with_stock.costs.shortage_usd
    spent = with_stock.costs.expected_cost_usd - with_stock.costs.shortage_usd
    spent -= bare.costs.expected_cost_usd - bare.costs.shortage_usd
    left = left_in_store(built, with_stock)
    console.print(
        f"In all the stock saves {million_usd(total)} M USD of expected shortage. Buying and holding it costs "
        f"{million_usd(spent)} M USD more; {million_usd(left)} M USD worth of metal is in store at the end. So at "
        f"these probabilities the policy costs {million_usd(spent - left - total)} M USD over ten years.\n"
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


def print_reasons(built: BuiltProblem, plan: Plan) -> None:
    """Why the plan is as it is: what a tonne is worth when things happen, what limits cost, who is not bought."""
    situations = Situations(built, plan)
    print_scarcity(built, plan, situations)
    print_limits(plan, situations)
    print_not_bought(built, plan)


class Situations:
    """The nodes of the plan in words."""

    def __init__(self, built: BuiltProblem, plan: Plan) -> None:
        self._years = [period.label for period in built.problem.periods]
        self._nodes = {node.node_id: node for node in plan.plan.nodes}

    def __getitem__(self, node_id: int) -> str:
        node = self._nodes[node_id]
        happened = "nothing happened" if node.on_trunk else " or ".join(node.scenario_ids)
        return f"{self._years[node.period]}, {happened}"


def print_scarcity(built: BuiltProblem, plan: Plan, situations: Situations) -> None:
    """What one more tonne is worth where it is scarcest."""
    price = {s.material_id: s.unit_price_usd_per_tonne[0] for s in built.problem.sources}
    scarcest: dict[str, sourcing_pb2.MaterialBalance] = {}
    for balance in plan.plan.balances:
        held = scarcest.get(balance.material_id)
        if held is None or balance.marginal_value_usd_per_tonne > held.marginal_value_usd_per_tonne:
            scarcest[balance.material_id] = balance
    ranked = sorted(scarcest.values(), key=lambda b: -b.marginal_value_usd_per_tonne / price[b.material_id])
    rows = [
        (
            balance.material_id,
            situations[balance.node_id],
            f"{price[balance.material_id]:,.0f}",
            f"{balance.marginal_value_usd_per_tonne:,.0f}",
            f"{balance.marginal_value_usd_per_tonne / price[balance.material_id]:.1f} ×",
            f"{balance.marginal_risk_charge_usd_per_tonne:,.0f}",
        )
        for balance in ranked[:10]
    ]
    columns = ("Material", "when ", "price, USD/t", "a tonne more is worth", "", "of it risk charge")
    note = "If and when this happens; worth far more than its price: supply, spot and stock are at their end"
    print_table("Where supply is scarcest", columns, rows, note)


def print_limits(plan: Plan, situations: Situations) -> None:
    """What the rules and reserves that bind cost, the dearest of each kind and material."""
    dearest: dict[tuple[str, str], sourcing_pb2.BindingRule] = {}
    for rule in plan.plan.binding_rules:
        if rule.family not in ("spot_capacity", "stock_out"):
            dearest.setdefault((rule.family, rule.material_id or rule.subject_id), rule)
    rows = [
        (
            f"{rule.family.replace('_', ' ')}, {rule.subject_id or rule.material_id}",
            situations[rule.node_id],
            f"{tonnes(rule.limit)} {rule.unit}",
            f"{rule.value_per_unit_usd:,.0f}",
        )
        for rule in list(dearest.values())[:10]
    ]
    columns = ("Rule or reserve that binds", "when ", "limit", "one unit of relief saves, USD")
    print_table("What rules and reserves cost", columns, rows, "The dearest of each kind and material")


def print_not_bought(built: BuiltProblem, plan: Plan) -> None:
    """The largest source of each material that is not bought, and the price at which it would be."""
    sources = {source.source_id: source for source in built.problem.sources}
    largest: dict[str, tuple[sourcing_pb2.Source, float]] = {}
    for contract in plan.plan.contracts:
        source, price = sources[contract.source_id], contract.break_even_price_usd_per_tonne
        if contract.period != 1 or not contract.HasField("break_even_price_usd_per_tonne"):
            continue
        held = largest.get(source.material_id)
        if held is None or source.capacity_tonnes[0] > held[0].capacity_tonnes[0]:
            largest[source.material_id] = (source, price)
    rows = [
        (
            f"{source.material_id} from {source.country}",
            f"{source.risk:.2f}",
            f"{source.unit_price_usd_per_tonne[0]:,.0f}",
            f"{price:,.0f}",
            f"{price / source.unit_price_usd_per_tonne[0] - 1:+.0%}",
        )
        for source, price in sorted(largest.values(), key=lambda s: s[1] / s[0].unit_price_usd_per_tonne[0])[:12]
    ]
    columns = ("Largest source not bought", "its risk", "price, USD/t", "bought from, USD/t", "change")
    year = built.problem.periods[1].label
    print_table(f"Why not buy there? Contracts for {year}", columns, rows, "Price at which the plan would buy")


def print_basis(built: BuiltProblem, plan: Plan, seconds: dict[str, float]) -> None:
    """What all this stands on: assumptions, data versions, the check of the answer, the time it took."""
    rows = [
        (
            used.default_id,
            f"{used.value:g}",
            "" if used.unit == "1" else used.unit,
            used.reason,
        )
        for used in built.message.defaults
    ]
    print_table("Assumptions where the data hold no figure", ("Default", "value", "unit ", "reason "), rows)
    datasets = [(d.dataset, d.version, d.digest[:12]) for d in built.record.datasets]
    print_table("Data", ("Dataset", "version ", "digest "), datasets)
    message = plan.plan
    size, solver, check = message.size, message.solver, message.check
    console.print(
        f"{plan.status}: {size.materials} materials, {size.sources} sources, {size.nodes} nodes, {size.columns:,} "
        f"columns, {size.rows:,} rows; {solver.solver}. Check of the answer {'passed' if check.passed else 'FAILED'}: "
        f"gap {check.duality_gap:.1e}, rows {check.primal_violation:.1e}, prices {check.dual_violation:.1e}."
    )
    took = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
    console.print(
        f"Time: {took}; of the optimisation build {solver.build_s:.2f} s, compile {solver.compile_s:.2f} s, "
        f"solve {solver.solve_s:.2f} s, convert {solver.convert_s:.2f} s."
    )
