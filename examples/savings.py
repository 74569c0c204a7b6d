"""What the stock saves, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable

from tables import (
    CASH,
    SHORTFALL,
    cash_usd,
    cell,
    cell_of,
    costs_paths,
    joined,
    million_usd,
    print_table,
    rounded,
    say,
    shortfall_usd,
)

from lodestock.results import BuiltProblem, Plan


class Shortage:
    """Tonnes of a material short in a scenario of a plan, and where they stand."""

    def __init__(self, plan: Plan, material: str, scenario: str) -> None:
        self._plan = plan
        # A node that several scenarios share happened to each of them.
        nodes = {node.node_id for node in plan.plan.nodes if scenario in node.scenario_ids}
        of_material = [b for b in plan.plan.balances if b.material_id == material and b.node_id in nodes]
        short = [(b, i, tier.tonnes) for b in of_material for i, tier in enumerate(b.shortages)]
        self.tonnes = sum(tonnes for _, _, tonnes in short)
        # Where nothing is short the plan lists nothing: that demand is met in full says it.
        self._paths = [f"balances[{material},{b.node_id}].shortages[{i}].tonnes" for b, i, _ in short] or [
            f"balances[{material},{b.node_id}].demand_tonnes" for b in of_material
        ]

    def cell(self) -> str:
        """The tonnes with their paths."""
        return cell(rounded(self.tonnes), self._plan, *self._paths)


def print_savings(built: BuiltProblem, with_stock: Plan, bare: Plan) -> None:
    """What the stock saves: shortage by scenario with and without it."""
    costs = {material.material_id: material.costs for material in with_stock.plan.materials}
    happenings = list(dict.fromkeys(s for node in bare.plan.nodes for s in node.scenario_ids))
    ranked = sorted(
        ((m.costs.shortage_usd - costs[m.material_id].shortage_usd, m.material_id) for m in bare.plan.materials),
        reverse=True,
    )
    shown = [(saved, name) for saved, name in ranked if saved > 1e6]
    rows: list[tuple[str, ...]] = [
        (
            name,
            *(
                joined(Shortage(bare, name, s).cell(), Shortage(with_stock, name, s).cell(), by=" → ")
                for s in happenings
            ),
            saved_cell(saved, with_stock, bare, [name]),
            cell(million_usd(costs[name].holding_usd), with_stock, f"materials[{name}].costs.holding_usd"),
        )
        for saved, name in shown
    ]
    saved_in_all = bare.costs.shortage_usd - with_stock.costs.shortage_usd
    blank = [""] * len(happenings)
    others = [name for saved, name in ranked if saved <= 1e6]
    if others:
        held = sum(costs[name].holding_usd for name in others)
        rows.append(
            (
                cell(f"{len(others)} others", with_stock, *(f"materials[{m}].costs.shortage_usd" for m in others)),
                *blank,
                saved_cell(saved_in_all - sum(saved for saved, _ in shown), with_stock, bare, others),
                cell(million_usd(held), with_stock, *(f"materials[{m}].costs.holding_usd" for m in others)),
            )
        )
    holding = cell(million_usd(with_stock.costs.holding_usd), with_stock, "costs.holding_usd")
    total = ("total", *blank, saved_cell(saved_in_all, with_stock, bare), holding)
    columns = ("Material", *happenings, "Shortage saved, M USD", "Holding, M USD")
    note = "Tonnes short in each scenario, without → with stock; money is expected over all scenarios and discounted"
    print_table("What the stock saves", columns, rows, note, total)
    print_balance(built, with_stock, bare, saved_in_all)


def saved_cell(value: float, with_stock: Plan, bare: Plan, materials: Iterable[str] = ("",)) -> str:
    """Shortage that the stock saves: the cost of it without the stock less that with it."""
    paths = [path for material in materials for path in costs_paths(["shortage_usd"], material)]
    return cell_of(million_usd(value), *((plan, path) for plan in (bare, with_stock) for path in paths))


def print_balance(built: BuiltProblem, with_stock: Plan, bare: Plan, saved_usd: float) -> None:
    """What the stock saves against what it costs, in a few sentences."""
    spent = cash_usd(with_stock.costs) - cash_usd(bare.costs)
    left, closing_paths = left_in_store(built, with_stock)
    charged = shortfall_usd(with_stock.costs) - shortfall_usd(bare.costs)
    net = spent - left
    of_cash, of_charges, of_shortage = (
        [(plan, path) for plan in (with_stock, bare) for path in costs_paths(kinds)]
        for kinds in (CASH, SHORTFALL, ("shortage_usd",))
    )
    of_store = [(with_stock, path) for path in closing_paths]
    horizon = [f"periods[{t}].length_years" for t in range(len(built.problem.periods))]
    say(
        "In all the stock saves ",
        saved_cell(saved_usd, with_stock, bare),
        " M USD of expected shortage, at the assumed cost of shortage. Buying and holding it costs ",
        cell_of(million_usd(spent), *of_cash),
        " M USD more; ",
        cell_of(million_usd(left), *of_store),
        " M USD worth of metal is in store at the end. So at these probabilities the policy costs ",
        cell_of(million_usd(net), *of_cash, *of_store),
        " M USD over ",
        cell(str(len(built.problem.periods)), built, *horizon),
        " years; set the shortage that it saves against that, and ",
        cell_of(million_usd(net - saved_usd), *of_cash, *of_store, *of_shortage),
        " M USD remain.",
        *(
            (
                " Not in this: ",
                cell_of(million_usd(charged), *of_charges),
                " M USD that the plan charges itself for stock below its floor or missing at the end; nobody pays.",
            )
            if charged
            else ()
        ),
        "\n",
    )


def left_in_store(built: BuiltProblem, plan: Plan) -> tuple[float, list[str]]:
    """Expected value of the closing stock at today's prices, discounted to today, USD; and the numbers in it."""
    price = {s.material_id: s for s in reversed(built.problem.sources)}
    last = len(built.problem.periods) - 1
    probability = {node.node_id: node.probability for node in plan.plan.nodes if node.period == last}
    closing = [balance for balance in plan.plan.balances if balance.node_id in probability]
    value = sum(
        probability[b.node_id] * b.stock_tonnes * price[b.material_id].unit_price_usd_per_tonne[0] for b in closing
    )
    paths = [
        *(f"nodes[{node}].probability" for node in probability),
        *(f"balances[{b.material_id},{b.node_id}].stock_tonnes" for b in closing),
        *(f"problem.sources[{source.source_id}].unit_price_usd_per_tonne[0]" for source in price.values()),
        "problem.discount_rate",
    ]
    return value * (1 + built.problem.discount_rate) ** -last, paths
