"""Why the plan is as it is, and what it stands on."""

from __future__ import annotations

from collections.abc import Iterable

from tables import Label, cell, joined, print_table, rounded, say

from lodestock.results import BuiltProblem, Plan
from lodestock.v1 import common_pb2, sourcing_pb2


def print_reasons(built: BuiltProblem, plan: Plan) -> None:
    """Why the plan is as it is: what a tonne is worth when things happen, what limits cost, who is not bought."""
    if plan.status != "OPTIMAL":
        say(f"{plan.status}: a plan that a limit of time stopped has no prices, so nothing can be said of its reasons.")
        return
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
        return Label(f"{self._years[node.period]}, {happened}")


def print_scarcity(built: BuiltProblem, plan: Plan, situations: Situations) -> None:
    """What one more tonne is worth where it is scarcest."""
    first = {source.material_id: source for source in reversed(built.problem.sources)}
    price = {name: source.unit_price_usd_per_tonne[0] for name, source in first.items()}
    scarcest: dict[str, sourcing_pb2.MaterialBalance] = {}
    for balance in plan.plan.balances:
        held = scarcest.get(balance.material_id)
        if held is None or balance.marginal_value_usd_per_tonne > held.marginal_value_usd_per_tonne:
            scarcest[balance.material_id] = balance
    ranked = sorted(scarcest.values(), key=lambda b: -b.marginal_value_usd_per_tonne / price[b.material_id])
    rows = []
    for balance in ranked[:10]:
        name, worth = balance.material_id, balance.marginal_value_usd_per_tonne
        at = f"balances[{name},{balance.node_id}]"
        price_path = f"problem.sources[{first[name].source_id}].unit_price_usd_per_tonne[0]"
        worth_path = f"{at}.marginal_value_usd_per_tonne"
        charge = rounded(balance.marginal_risk_charge_usd_per_tonne)
        rows.append(
            (
                name,
                situations[balance.node_id],
                cell(f"{price[name]:,.0f}", plan, price_path),
                cell(rounded(worth), plan, worth_path),
                cell(f"{worth / price[name]:.1f} ×", plan, worth_path, price_path),
                cell(charge, plan, f"{at}.marginal_risk_charge_usd_per_tonne"),
            )
        )
    columns = ("Material", "when ", "price, USD/t", "a tonne more is worth", "times its price", "of it risk charge")
    note = "If and when this happens; worth far more than its price: supply, spot and stock are at their end"
    print_table("Where supply is scarcest", columns, rows, note)


def print_limits(plan: Plan, situations: Situations) -> None:
    """What the rules and reserves that bind cost, the dearest of each kind and material."""
    dearest: dict[tuple[str, str], tuple[int, sourcing_pb2.BindingRule]] = {}
    for i, rule in enumerate(plan.plan.binding_rules):
        if rule.family not in ("spot_capacity", "stock_out"):
            dearest.setdefault((rule.family, rule.material_id or rule.subject_id), (i, rule))
    rows = [
        (
            f"{rule.family.replace('_', ' ')}, {rule.subject_id or rule.material_id}",
            situations[rule.node_id],
            cell(f"{rounded(rule.limit)} {rule.unit}", plan, f"binding_rules[{i}].limit"),
            cell(rounded(rule.value_per_unit_usd), plan, f"binding_rules[{i}].value_per_unit_usd"),
        )
        for i, rule in list(dearest.values())[:10]
    ]
    columns = ("Rule or reserve that binds", "when ", "limit", "one unit of relief saves, USD")
    print_table("What rules and reserves cost", columns, rows, "The dearest of each kind and material")


def print_not_bought(built: BuiltProblem, plan: Plan) -> None:
    """The largest source of each material that is not bought, and the price at which it would be."""
    sources = {source.source_id: source for source in built.problem.sources}
    largest: dict[str, tuple[sourcing_pb2.Source, float, int]] = {}
    for i, contract in enumerate(plan.plan.contracts):
        source, price = sources[contract.source_id], contract.break_even_price_usd_per_tonne
        if contract.period != 1 or not contract.HasField("break_even_price_usd_per_tonne"):
            continue
        held = largest.get(source.material_id)
        if held is None or source.capacity_tonnes[0] > held[0].capacity_tonnes[0]:
            largest[source.material_id] = (source, price, i)
    rows = []
    for source, price, i in sorted(largest.values(), key=lambda s: s[1] / s[0].unit_price_usd_per_tonne[0])[:12]:
        now, at = source.unit_price_usd_per_tonne[0], f"problem.sources[{source.source_id}]"
        now_path, price_path = f"{at}.unit_price_usd_per_tonne[0]", f"contracts[{i}].break_even_price_usd_per_tonne"
        rows.append(
            (
                f"{source.material_id} from {source.country}",
                cell(f"{source.risk:.2f}", plan, f"{at}.risk"),
                cell(f"{now:,.0f}", plan, now_path),
                cell(rounded(price), plan, price_path),
                cell(f"{price / now - 1:+.0%}", plan, price_path, now_path),
            )
        )
    columns = ("Largest source not bought", "its risk", "price, USD/t", "bought from, USD/t", "change needed")
    title = joined("Why not buy there? Contracts for ", Label(built.problem.periods[1].label))
    print_table(title, columns, rows, "Price at which the plan would buy")


def print_basis(
    built: BuiltProblem, plan: Plan, records: Iterable[common_pb2.RunRecord], seconds: dict[str, float]
) -> None:
    """What all this stands on: assumptions, gaps of the data, their versions, the check of the answer, the time."""
    rows = []
    for used in built.message.defaults:
        value, path = f"{used.value:g}", f"defaults[{used.default_id}].value"
        unit = "" if used.unit == "1" else used.unit
        rows.append(
            (used.default_id, cell(value, built, path), cell(unit, built, path), cell(used.reason, built, path))
        )
    print_table("Assumptions where the data hold no figure", ("Default", "value", "unit ", "reason "), rows)
    remarks = [(line.partition(": ")[0], remark_cell(line, built)) for line in built.message.remarks]
    print_table("What the data lack, and what was done about it", ("Material", "remark "), remarks)
    datasets = sorted({(d.dataset, d.version, d.digest[:12]) for record in records for d in record.datasets})
    print_table("Data", ("Dataset", "version ", "digest "), [tuple(map(Label, dataset)) for dataset in datasets])
    size, solver, check = plan.plan.size, plan.plan.solver, plan.plan.check
    counts = [
        joined(cell(f"{getattr(size, name):,}", plan, f"size.{name}"), f" {name}")
        for name in ("materials", "sources", "nodes", "columns", "rows")
    ]
    violations = [
        joined(f"{word} ", cell(f"{getattr(check, name):.1e}", plan, f"check.{name}"))
        for word, name in (("gap", "duality_gap"), ("rows", "primal_violation"), ("prices", "dual_violation"))
    ]
    said = "passed" if check.passed else "FAILED"
    say(
        f"{plan.status}: ",
        joined(*counts, by=", "),
        Label(f"; {solver.solver}. "),
        f"Check of the answer {said}: ",
        joined(*violations, by=", "),
        ".",
    )
    took = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
    say(
        Label(
            f"Time: {took}; of the optimisation build {solver.build_s:.2f} s, compile {solver.compile_s:.2f} s, "
            f"solve {solver.solve_s:.2f} s, convert {solver.convert_s:.2f} s."
        )
    )


def remark_cell(remark: str, built: BuiltProblem) -> str:
    """What a remark says of a material, with the figures of its sources, which it is about."""
    material, _, text = remark.partition(": ")
    sources = [source.source_id for source in built.problem.sources if source.material_id == material]
    fields = ("capacity_tonnes", "unit_price_usd_per_tonne")
    return cell(text, built, *(f"sources[{name}].{field}" for name in sources for field in fields))
