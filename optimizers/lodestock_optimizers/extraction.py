"""The plan itself, read from a solved model: what to buy, what to store, what it costs.

Owns quantities and costs. Prices (duals) are the matter of `lodestock_optimizers.prices`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .answer import Answer
from .plan import Contract, CostBreakdown, Delivery, MaterialBalance, MaterialSummary, PlanNode, TierTonnes
from .prices import ContractPrices, NodePrices
from .problem import DAYS_PER_YEAR
from .scenario_tree import STATES, Floats


def read_nodes(answer: Answer) -> tuple[PlanNode, ...]:
    """The tree, node by node."""
    instance, tree = answer.instance, answer.instance.tree
    names = [m.material_id for m in instance.problem.materials]
    return tuple(
        PlanNode(
            node_id=n,
            parent_id=int(tree.parent[n]),
            period=int(tree.period[n]),
            probability=float(tree.probability[n]),
            scenario_ids=tree.scenario_ids[n],
            on_trunk=bool(tree.on_trunk[n]),
            settled=bool(instance.settled[n]),
            states=tuple((names[m], STATES[tree.state[n, m]]) for m in np.flatnonzero(tree.state[n])),
            spend_usd=float(answer.spend[n]),
        )
        for n in range(instance.node_count)
    )


def read_contracts(answer: Answer, prices: ContractPrices | None) -> tuple[Contract, ...]:
    """Every contract that could be signed, signed or not, with its prices; `prices` None: it has none."""
    instance = answer.instance
    least = answer.negligible[instance.material_of]
    nodes_of: dict[tuple[int, int], list[int]] = {}
    for n, row in enumerate(instance.contract_of.tolist()):
        for l, k in enumerate(row):
            nodes_of.setdefault((k, l), []).append(n)
    contracts = []
    for k, l in sorted(nodes_of, key=lambda pair: (pair[1], instance.contracts[pair[0]])):
        period, signed_node = instance.contracts[k]
        tonnes = float(answer.contracted[k, l])
        signed = bool(tonnes > least[l])
        reduced_cost, break_even, capacity_value = _contract_prices(prices, k, l, signed)
        contracts.append(
            Contract(
                source_id=instance.problem.sources[l].source_id,
                period=period,
                signed_period=period - int(instance.lead[l]),
                signed_node_id=signed_node,
                node_ids=tuple(nodes_of[k, l]),
                contracted_tonnes=tonnes if signed else 0.0,
                reduced_cost_usd_per_tonne=reduced_cost,
                break_even_price_usd_per_tonne=break_even,
                capacity_value_usd_per_tonne=capacity_value,
            )
        )
    return tuple(contracts)


def _contract_prices(
    prices: ContractPrices | None, k: int, l: int, signed: bool
) -> tuple[float | None, float | None, float | None]:
    """Reduced cost, break-even price and worth of capacity of one contract."""
    if prices is None:
        return None, None, None
    reduced_cost, break_even = float(prices.reduced_cost[k, l]), float(prices.break_even[k, l])
    has_none = signed or np.isnan(break_even)
    return 0.0 if signed else reduced_cost, None if has_none else break_even, float(prices.capacity_value[k, l])


def read_deliveries(answer: Answer) -> tuple[Delivery, ...]:
    """Deliveries above 0, node by node."""
    instance = answer.instance
    least = answer.negligible[instance.material_of]
    sold_spot = set(instance.spot_sources)
    found = np.argwhere((answer.delivered > least) | (answer.spot > least))
    return tuple(
        Delivery(
            source_id=instance.problem.sources[l].source_id,
            node_id=n,
            contract_tonnes=float(answer.delivered[n, l]),
            spot_tonnes=float(answer.spot[n, l]),
            landed_cost_usd_per_tonne=float(instance.contract_cost[n, l]),
            spot_cost_usd_per_tonne=float(instance.spot_cost[n, l]) if l in sold_spot else None,
        )
        for n, l in found.tolist()
    )


def read_balances(answer: Answer, prices: NodePrices | None) -> tuple[MaterialBalance, ...]:
    """Every material at every node, with what one more tonne is worth there; `prices` None: it has none."""
    instance, tree = answer.instance, answer.instance.tree
    least = answer.negligible

    def clean(values: Floats) -> Floats:
        return np.where(np.abs(values) <= least, 0.0, values)

    supply = _by_material(answer.delivered + answer.spot, instance.sources_of)
    stock, net, disposed = clean(answer.stock), clean(answer.into_stock), clean(answer.disposed)
    below_floor, below_closing = clean(answer.below_floor), clean(answer.below_closing)
    result = []
    for n in range(instance.node_count):
        for m, material in enumerate(instance.problem.materials):
            demand = float(instance.material_demand[n, m])
            short = [(instance.tiers[d].tier, float(answer.shortage[n, d])) for d in instance.tiers_of[m]]
            floor = instance.floor(n, m) if m in instance.stocks else None
            result.append(
                MaterialBalance(
                    material_id=material.material_id,
                    node_id=n,
                    demand_tonnes=demand,
                    supply_tonnes=float(supply[n, m]),
                    into_stock_tonnes=max(0.0, float(net[n, m])),
                    out_of_stock_tonnes=max(0.0, -float(net[n, m])),
                    stock_tonnes=float(stock[n, m]),
                    floor_tonnes=floor,
                    below_floor_tonnes=float(below_floor[n, m]),
                    closing_shortfall_tonnes=float(below_closing[n, m]),
                    disposed_tonnes=float(disposed[n, m]),
                    shortages=tuple(TierTonnes(tier, tonnes) for tier, tonnes in short if tonnes > least[m]),
                    days_of_cover=_days(float(stock[n, m]), demand, float(instance.length[tree.period[n]])),
                    marginal_value_usd_per_tonne=None if prices is None else float(prices.marginal_value[n, m]),
                    marginal_risk_charge_usd_per_tonne=None
                    if prices is None
                    else float(prices.marginal_risk_charge[n, m]),
                )
            )
    return tuple(result)


def read_costs(answer: Answer) -> tuple[CostBreakdown, tuple[MaterialSummary, ...]]:
    """Expected discounted costs of the whole plan, and of each material with what it is supplied by."""
    instance = answer.instance
    weight, length = instance.weight[:, None], instance.length[instance.tree.period][:, None]
    contract = _by_material(weight * instance.contract_cost * answer.delivered, instance.sources_of)
    spot = _by_material(weight * instance.spot_cost * answer.spot, instance.sources_of)
    fees = _by_material(weight * instance.fee * answer.of_contract(answer.contracted), instance.sources_of)
    bought = instance.contract_cost * answer.delivered + instance.spot_cost * answer.spot
    charge = _by_material(weight * instance.risk * bought, instance.sources_of)
    shortage_cost = np.array([t.shortage_cost for t in instance.tiers])
    shortage = _by_material(weight * shortage_cost * answer.shortage, instance.tiers_of)
    holding_cost = _each_stock(answer, lambda m: instance.stocks[m].holding_usd_per_tonne_year)
    holding = weight * length * answer.stock * holding_cost
    floor = weight * length * answer.below_floor * _each_stock(answer, instance.floor_shortfall_cost)
    closing = weight * answer.below_closing * _each_stock(answer, instance.closing_shortfall_cost)
    disposal = weight * answer.disposed * _each_stock(answer, lambda m: instance.stocks[m].disposal_usd_per_tonne)
    kinds = [a.sum(axis=0) for a in (charge, contract, spot, fees, holding, shortage, floor, closing, disposal)]
    price_of_risk = instance.problem.price_of_risk
    of_material = [_breakdown([float(k[m]) for k in kinds], price_of_risk) for m in range(instance.material_count)]
    whole = _breakdown([float(k.sum()) for k in kinds], price_of_risk)
    return whole, tuple(_summary(answer, m, costs) for m, costs in enumerate(of_material))


def _breakdown(kinds: list[float], price_of_risk: float) -> CostBreakdown:
    charge, contract, spot, fees, holding, shortage, floor, closing, disposal = kinds
    return CostBreakdown(
        objective_usd=sum(kinds[1:]) + price_of_risk * charge,
        risk_charge_usd=charge,
        contract_usd=contract,
        spot_usd=spot,
        fees_usd=fees,
        holding_usd=holding,
        shortage_usd=shortage,
        floor_shortfall_usd=floor,
        closing_shortfall_usd=closing,
        disposal_usd=disposal,
    )


def _summary(answer: Answer, m: int, costs: CostBreakdown) -> MaterialSummary:
    instance = answer.instance
    probability = instance.tree.probability[:, None]
    sources = instance.sources_of[m]
    supplied = (probability * (answer.delivered + answer.spot))[:, sources].sum(axis=0)
    total = float(supplied.sum())
    share = supplied / total if total > 0 else supplied
    by_country: dict[str, float] = {}
    for l, s in zip(sources, share.tolist(), strict=True):
        country = instance.problem.sources[l].country
        by_country[country] = by_country.get(country, 0.0) + s
    short = (probability * answer.shortage).sum(axis=0)
    least = answer.negligible[m]
    return MaterialSummary(
        material_id=instance.problem.materials[m].material_id,
        costs=costs,
        expected_shortages=tuple(
            TierTonnes(instance.tiers[d].tier, float(short[d])) for d in instance.tiers_of[m] if short[d] > least
        ),
        supply_hhi=sum(s * s for s in by_country.values()),
        supply_risk=float(share @ instance.risk[sources]),
    )


def _each_stock(answer: Answer, read: Callable[[int], float]) -> Floats:
    """(M,) a figure of each material's stock policy, 0 for materials without stock."""
    stocks = answer.instance.stocks
    return np.array([read(m) if m in stocks else 0.0 for m in range(answer.instance.material_count)])


def _by_material(values: Floats, members: list[list[int]]) -> Floats:
    """(N, M) sums over the members (sources or tiers) of each material."""
    return np.stack([values[:, index].sum(axis=1) for index in members], axis=1)


def _days(stock: float, demand: float, years: float) -> float:
    if stock <= 0:
        return 0.0
    return stock / demand * years * DAYS_PER_YEAR if demand > 0 else float("inf")
