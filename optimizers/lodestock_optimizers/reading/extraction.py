"""The plan itself, read from a solved model: what to buy, what to store, what it costs.

Owns quantities and costs. Prices (duals) are the matter of `lodestock_optimizers.reading.prices`.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from lodestock_optimizers.plan import (
    BuiltCapacity,
    Contract,
    CostBreakdown,
    Delivery,
    FootprintUse,
    MaterialBalance,
    MaterialSummary,
    PlanNode,
    SubstitutionUse,
    TierTonnes,
)
from lodestock_optimizers.problem import DAYS_PER_YEAR
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.reading.feature_limits import NEGLIGIBLE_USD
from lodestock_optimizers.reading.node_costs import CHARGE, by_material
from lodestock_optimizers.reading.prices import ContractPrices, NodePrices
from lodestock_optimizers.scenario_tree import STATES, Bools, Floats, Ints


def read_nodes(answer: Answer) -> tuple[PlanNode, ...]:
    """The tree, node by node."""
    instance, tree = answer.instance, answer.instance.tree
    leaves, has_tail = set(tree.leaves.tolist()), instance.problem.tail_weight > 0
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
            path_cost_usd=float(answer.path_cost[n]) if n in leaves else None,
            tail_share=float(answer.tail_share[n]) if n in leaves and has_tail else None,
        )
        for n in range(instance.node_count)
    )


def read_contracts(answer: Answer, prices: ContractPrices | None) -> tuple[Contract, ...]:
    """Every contract that could be signed, signed or not, with its prices; `prices` None: it has none."""
    instance = answer.instance
    k, l, nodes = _by_source(answer)
    tonnes = answer.contracted[k, l]
    signed = tonnes > answer.negligible[instance.material_of][l]
    contracts = np.array(instance.contracts, dtype=np.int64).reshape(-1, 2)
    period, signed_node = contracts[k].T
    names = [s.source_id for s in instance.problem.sources]
    # Whole columns become lists at once: a contract is one of some hundred thousand.
    return tuple(
        map(
            Contract,
            [names[i] for i in l.tolist()],
            period.tolist(),
            (period - instance.lead[l]).tolist(),
            signed_node.tolist(),
            nodes,
            np.where(signed, tonnes, 0.0).tolist(),
            *_contract_prices(prices, k, l, signed),
            (~np.isnan(instance.booked[k, l])).tolist(),
            answer.fixed_cost[k, l].tolist(),
        )
    )


def _by_source(answer: Answer) -> tuple[Ints, Ints, list[tuple[int, ...]]]:
    """Contract and source of each contract that could be signed, by source, period and signing, and its nodes."""
    instance = answer.instance
    cells = (instance.contract_of * instance.source_count + np.arange(instance.source_count)).ravel()
    order = np.argsort(cells, kind="stable")
    found, first = np.unique(cells[order], return_index=True)
    k, l = np.divmod(found, max(1, instance.source_count))
    node = (order // max(1, instance.source_count)).tolist()
    bounds = [*first.tolist(), len(node)]
    nodes = [tuple(node[begin:end]) for begin, end in pairwise(bounds)]
    contracts = np.array(instance.contracts, dtype=np.int64).reshape(-1, 2)
    rank = np.lexsort((contracts[k, 1], contracts[k, 0], l))
    return k[rank], l[rank], [nodes[i] for i in rank.tolist()]


def _contract_prices(
    prices: ContractPrices | None, k: Ints, l: Ints, signed: Bools
) -> tuple[list[float | None], list[float | None], list[float | None]]:
    """Reduced cost, break-even price and worth of capacity of contracts."""
    if prices is None:
        nothing: list[float | None] = [None] * len(k)
        return nothing, nothing, nothing
    reduced_cost = prices.reduced_cost[k, l]
    return (
        _known(np.where(signed & ~np.isnan(reduced_cost), 0.0, reduced_cost)),
        _known(np.where(signed, np.nan, prices.break_even[k, l])),
        _known(prices.capacity_value[k, l]),
    )


def _known(values: Floats) -> list[float | None]:
    """Values as a list, None in place of NaN."""
    return [
        None if is_none else value for is_none, value in zip(np.isnan(values).tolist(), values.tolist(), strict=True)
    ]


def read_deliveries(answer: Answer) -> tuple[Delivery, ...]:
    """Deliveries above 0, node by node."""
    instance = answer.instance
    least = answer.negligible[instance.material_of]
    n, l = np.nonzero((answer.delivered > least) | (answer.spot > least))
    sold_spot = np.zeros(instance.source_count, dtype=np.bool_)
    sold_spot[instance.spot_sources] = True
    names = [s.source_id for s in instance.problem.sources]
    return tuple(
        map(
            Delivery,
            [names[i] for i in l.tolist()],
            n.tolist(),
            answer.delivered[n, l].tolist(),
            answer.spot[n, l].tolist(),
            instance.contract_cost[n, l].tolist(),
            _known(np.where(sold_spot[l], instance.spot_cost[n, l], np.nan)),
        )
    )


def read_balances(answer: Answer, prices: NodePrices | None) -> tuple[MaterialBalance, ...]:
    """Every material at every node, with what one more tonne is worth there; `prices` None: it has none."""
    instance, tree = answer.instance, answer.instance.tree
    least = answer.negligible

    def clean(values: Floats) -> Floats:
        return np.where(np.abs(values) <= least, 0.0, values)

    supply = by_material(answer.delivered + answer.spot, instance.sources_of)
    stock, net, disposed = clean(answer.stock), clean(answer.into_stock), clean(answer.disposed)
    taken = clean(answer.fed)
    below_floor, below_closing = clean(answer.below_floor), clean(answer.below_closing)
    result = []
    for n in range(instance.node_count):
        for m, material in enumerate(instance.problem.materials):
            demand, fed = float(instance.material_demand[n, m]), float(taken[n, m])
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
                    days_of_cover=_days(float(stock[n, m]), demand + fed, float(instance.length[tree.period[n]])),
                    marginal_value_usd_per_tonne=None if prices is None else float(prices.marginal_value[n, m]),
                    marginal_risk_charge_usd_per_tonne=None
                    if prices is None
                    else float(prices.marginal_risk_charge[n, m]),
                    fed_tonnes=fed,
                )
            )
    return tuple(result)


def read_substitutions(answer: Answer) -> tuple[SubstitutionUse, ...]:
    """What stands in for what, node by node; uses of 0 are left out."""
    instance = answer.instance
    least = answer.negligible[[j.material for j in instance.substitutions]]
    return tuple(
        SubstitutionUse(instance.problem.substitutions[j].substitution_id, n, float(answer.replaced[n, j]))
        for n, j in np.argwhere(answer.replaced > least).tolist()
    )


def read_expansions(answer: Answer, reduced_cost: Floats | None) -> tuple[BuiltCapacity, ...]:
    """Capacity at every node at which it can be decided, built or not; `reduced_cost` None: it has no prices."""
    instance, expansions = answer.instance, answer.instance.expansions
    least = answer.negligible[instance.material_of]
    found = []
    for l, n in answer.columns("built").index.tolist():
        period = int(instance.tree.period[n])
        span, tonnes = expansions.spans[l, period], float(answer.built[n, l])
        is_built = tonnes > least[l]
        found.append(
            BuiltCapacity(
                source_id=instance.problem.sources[l].source_id,
                node_id=n,
                period=period,
                ready_period=span.ready,
                last_period=span.last,
                tonnes_per_year=tonnes if is_built else 0.0,
                yearly_cost_usd_per_tonne_year=float(expansions.yearly_cost[l]),
                reduced_cost_usd_per_tonne_year=None
                if reduced_cost is None
                else _least(float(reduced_cost[n, l]), is_built),
            )
        )
    return tuple(sorted(found, key=lambda one: one.node_id))


def _least(reduced: float, is_built: bool) -> float:
    """A reduced cost without rounding: what is built costs what it brings."""
    return 0.0 if is_built or reduced < NEGLIGIBLE_USD else reduced


def read_footprints(answer: Answer) -> tuple[FootprintUse, ...]:
    """What the deliveries of each node leave of every kind, and the limit where one binds."""
    instance, footprints = answer.instance, answer.instance.footprints
    return tuple(
        FootprintUse(kind, n, float(answer.footprint[n, x]), footprints.limits.get((x, n)) if settled else None)
        for n, settled in enumerate(instance.settled.tolist())
        for x, kind in enumerate(footprints.kinds)
    )


def read_costs(answer: Answer) -> tuple[CostBreakdown, tuple[MaterialSummary, ...]]:
    """Expected discounted costs of the whole plan, and of each material with what it is supplied by.

    The objective of a material weighs its costs as that of the whole does: by the paths that the tail is made of.
    """
    instance, problem = answer.instance, answer.instance.problem
    expected = {kind: instance.weight @ costs for kind, costs in answer.costs.items()}
    weighed = instance.weight_with(answer.tail_share) @ answer.money
    objective = weighed + problem.price_of_risk * expected[CHARGE]
    of_material = [
        CostBreakdown(float(objective[m]), **{kind: float(costs[m]) for kind, costs in expected.items()})
        for m in range(instance.material_count)
    ]
    whole = CostBreakdown(float(objective.sum()), **{kind: float(costs.sum()) for kind, costs in expected.items()})
    return whole, tuple(_summary(answer, m, costs) for m, costs in enumerate(of_material))


def read_cvar(answer: Answer) -> float | None:
    """Mean cost of the tail, USD; None where it has no weight."""
    if answer.instance.problem.tail_weight == 0:
        return None
    return float(answer.tail_share @ answer.path_cost)


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


def _days(stock: float, used: float, years: float) -> float:
    if stock <= 0:
        return 0.0
    return stock / used * years * DAYS_PER_YEAR if used > 0 else float("inf")
