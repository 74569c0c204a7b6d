"""Why the plan is as it is, and what it stands on."""

from __future__ import annotations

from collections.abc import Iterable

from tables import console, print_table, rounded

from lodestock.results import BuiltProblem, Plan
from lodestock.v1 import common_pb2, sourcing_pb2


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
            rounded(balance.marginal_value_usd_per_tonne),
            f"{balance.marginal_value_usd_per_tonne / price[balance.material_id]:.1f} ×",
            rounded(balance.marginal_risk_charge_usd_per_tonne),
        )
        for balance in ranked[:10]
    ]
    columns = ("Material", "when ", "price, USD/t", "a tonne more is worth", "times its price", "of it risk charge")
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
            f"{rounded(rule.limit)} {rule.unit}",
            rounded(rule.value_per_unit_usd),
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
            rounded(price),
            f"{price / source.unit_price_usd_per_tonne[0] - 1:+.0%}",
        )
        for source, price in sorted(largest.values(), key=lambda s: s[1] / s[0].unit_price_usd_per_tonne[0])[:12]
    ]
    columns = ("Largest source not bought", "its risk", "price, USD/t", "bought from, USD/t", "change needed")
    year = built.problem.periods[1].label
    print_table(f"Why not buy there? Contracts for {year}", columns, rows, "Price at which the plan would buy")


def print_basis(
    built: BuiltProblem, plan: Plan, records: Iterable[common_pb2.RunRecord], seconds: dict[str, float]
) -> None:
    """What all this stands on: assumptions, gaps of the data, their versions, the check of the answer, the time."""
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
    remarks = [(material, text) for material, _, text in (line.partition(": ") for line in built.message.remarks)]
    print_table("What the data lack, and what was done about it", ("Material", "remark "), remarks)
    datasets = sorted({(d.dataset, d.version, d.digest[:12]) for record in records for d in record.datasets})
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
