"""What the duals mean in the caller's units: worth of a tonne, break-even prices, worth of every limit.

Owns the division of raw duals, which carry probability, discount and tail weight, by the weight of their nodes W(n)
(docs/model.md, "Reading the answer"). With whole numbers in the model all prices are those with these held.

A contract's reduced cost is priced through its deliveries, without the rows that tie the two together: those rows are
bookkeeping, and at a degenerate optimum the solver may leave the reduced cost on either side of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestock_optimizers.plan import BindingRule
from lodestock_optimizers.reading.answer import LINKS, ORDERS, ROOM, Answer
from lodestock_optimizers.reading.charge import charge_cost
from lodestock_optimizers.reading.feature_limits import (
    NEGLIGIBLE_USD,
    book_limits,
    expansion_limits,
    footprint_limits,
    least_order_limits,
    substitution_limits,
)
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.highs import AnySolver
from lodestock_optimizers.solving.implied_bounds import greatest_levels

MOST_STEPS = 60
"""Of Newton's method: as many as a contract's nodes change sign at different prices, in all but a few cases five."""
SAME_PRICE = 1e-13
"""Relative; a step that is smaller is rounding."""


@dataclass(frozen=True, slots=True)
class NodePrices:
    """(N, M) worth of one more tonne if and when the node happens, USD/t, and the part of it that is risk charge."""

    marginal_value: Floats
    marginal_risk_charge: Floats


def price_nodes(answer: Answer, solver: AnySolver) -> NodePrices:
    """Prices every material at every node; the split into money and risk is that of the costs of the basis."""
    instance = answer.instance
    weight = answer.weight[:, None]
    risk_dual = solver.row_dual_of(instance.problem.price_of_risk * charge_cost(instance, answer.arrays))
    materials = instance.material_count
    return NodePrices(
        marginal_value=answer.row_dual("balance", materials) / weight,
        marginal_risk_charge=answer.row_dual("balance", materials, risk_dual) / weight,
    )


@dataclass(frozen=True, slots=True)
class ContractPrices:
    """(K, L) reduced cost, break-even price and worth of capacity of contracts, USD/t; NaN where there is none.

    What the book has fixed has no reduced cost and no break-even price. What is signed as a whole or not, and is not,
    has none of the three: with that choice held, no price and no capacity changes it.
    """

    reduced_cost: Floats
    break_even: Floats
    capacity_value: Floats


def value_contracts(answer: Answer, most: Floats | None = None) -> ContractPrices:
    """Values every contract that could be signed, by the tonnes that it delivers.

    Args:
        answer: The solved model.
        most: (columns,) what each column is at most in any plan, where that is known already.
    """
    most = greatest_levels(answer.arrays) if most is None else most
    tree = answer.instance.tree
    pricing, booked = price_contracts(answer), ~np.isnan(answer.instance.booked)
    reduced = pricing.reduced_cost()
    scarcity = answer.sum_by_contract(-tree.availability * answer.row_dual("capacity", answer.instance.source_count))
    wanted = np.where(booked, 0.0, np.maximum(0.0, -reduced))
    left_out = _left_out(answer)
    return ContractPrices(
        reduced_cost=np.where(booked | left_out, np.nan, _without_rounding(_when_delivered(answer, reduced))),
        break_even=np.where(booked | left_out, np.nan, _break_even(pricing, most)),
        capacity_value=np.where(left_out, np.nan, _without_rounding(_when_delivered(answer, wanted + scarcity))),
    )


def _left_out(answer: Answer) -> NDArray[np.bool_]:
    """(K, L) whether a contract could be signed as a whole, and is not."""
    ordered = np.zeros_like(answer.signed, dtype=np.bool_)
    ordered[:, answer.instance.ordered] = True
    left_out: NDArray[np.bool_] = ordered & (answer.signed == 0)
    return left_out


def _when_delivered(answer: Answer, usd: Floats) -> Floats:
    """(K, L) what a contract weighs in the objective as USD/t when delivered: by the weight of the nodes it reaches."""
    weight = answer.sum_by_contract(np.broadcast_to(answer.weight[:, None], answer.delivered.shape))
    return usd / np.where(weight > 0, weight, 1.0)


def _without_rounding(usd: Floats) -> Floats:
    """Values below the solver's rounding, and below 0, as 0."""
    return np.where(usd < NEGLIGIBLE_USD, 0.0, usd)


@dataclass(frozen=True)
class ContractPricing:
    """What contracts add to the objective, priced through their deliveries without the rows that tie the two together.

    Attributes:
        answer: The solved model.
        delivered: (N, L) reduced cost of a delivered tonne.
        contracted: (K, L) reduced cost of a contracted one, apart from its deliveries.
        slope: (N, L) what a dollar more on the unit price adds to the objective by each tonne delivered.
    """

    answer: Answer
    delivered: Floats
    contracted: Floats
    slope: Floats

    def reduced_cost(self, price_change: Floats | None = None) -> Floats:
        """(K, L) cost of one more tonne contracted, where unit prices change by (K, L) USD/t, delivered as is best.

        An available tonne is taken whole where it saves, else as little as take-or-pay lets.
        """
        instance, cost = self.answer.instance, self._delivered_at(price_change)
        best = np.where(cost > 0, instance.take_or_pay * cost, cost)
        return self.contracted + self.answer.sum_by_contract(instance.tree.availability * best)

    def rise(self, price_change: Floats) -> Floats:
        """(K, L) what a dollar more on the unit price adds to `reduced_cost`."""
        instance = self.answer.instance
        taken = np.where(self._delivered_at(price_change) > 0, instance.take_or_pay, 1.0)
        return self.answer.sum_by_contract(instance.tree.availability * taken * self.slope)

    def _delivered_at(self, price_change: Floats | None) -> Floats:
        """(N, L) reduced cost of a delivered tonne, where unit prices change."""
        if price_change is None:
            return self.delivered
        return self.delivered + self.answer.of_contract(price_change) * self.slope


def price_contracts(answer: Answer) -> ContractPricing:
    """Prices every contract, signed or not."""
    instance, tree = answer.instance, answer.instance.tree
    dual = answer.solution.row_dual.copy()
    for name in (*LINKS, *ORDERS, *ROOM):
        dual[answer.rows_of(name).position] = 0.0
    reduced = answer.arrays.cost - answer.arrays.matrix.T @ dual
    budget = answer.rows_of("budget")
    relief = np.zeros(instance.node_count)
    relief[budget.index[:, 0]] = answer.solution.row_dual[budget.position]
    worry = instance.problem.price_of_risk * instance.weight[:, None] * instance.risk[None, :]
    dutiable = (1.0 + instance.tariff)[tree.period] * instance.contract_price_factor
    return ContractPricing(
        answer=answer,
        delivered=answer.columns("y").spread(reduced, instance.source_count, instance.node_count).T,
        contracted=answer.columns("q").spread(reduced, instance.source_count, len(instance.contracts)).T,
        slope=dutiable * (answer.weight[:, None] + worry - relief[:, None]),
    )


def _can_deliver(answer: Answer, most: Floats) -> NDArray[np.bool_]:
    """(K, L) whether there is any plan, however dear, in which a contract delivers something."""
    instance = answer.instance
    delivered = answer.columns("y").spread(most, instance.source_count, instance.node_count).T
    contracted = answer.columns("q").spread(most, instance.source_count, len(instance.contracts)).T
    within_reach = (delivered > 0) & (instance.tree.availability > 0)
    can: NDArray[np.bool_] = (contracted > 0) & (answer.sum_by_contract(within_reach.astype(np.float64)) > 0)
    return can


def _break_even(pricing: ContractPricing, most: Floats) -> Floats:
    """(K, L) greatest unit price at which a contract would be bought, USD/t; NaN where not even free, or never.

    The reduced cost rises with the price, piece by piece less steeply, so that Newton's method from below comes to the
    price at which it is 0 in a finite number of steps. At a degenerate optimum, whose duals are not unique, it is an
    upper bound.
    """
    answer, instance = pricing.answer, pricing.answer.instance
    price = instance.price[[t for t, _ in instance.contracts]]
    found = np.zeros_like(price)
    reduced = pricing.reduced_cost(-price)
    never = (reduced > 0) | ~_can_deliver(answer, most)
    for _ in range(MOST_STEPS):
        rise = pricing.rise(found - price)
        with np.errstate(divide="ignore", invalid="ignore"):
            following = np.where(rise > 0, found - np.minimum(reduced, 0.0) / rise, price)
        following = np.minimum(following, price)
        settled = bool((following - found <= SAME_PRICE * price).all())
        found = following
        if settled:
            break
        reduced = pricing.reduced_cost(found - price)
    return np.where(never, np.nan, found)


def read_binding_rules(answer: Answer) -> tuple[BindingRule, ...]:
    """Every limit that binds with what a unit of relief is worth, the most valuable first."""
    found = [rule for rule in _limits(answer) if rule.value_per_unit_usd > NEGLIGIBLE_USD]
    return tuple(sorted(found, key=lambda rule: -rule.value_per_unit_usd))


def _limits(answer: Answer) -> Iterator[BindingRule]:
    yield from _rule_limits(answer)
    yield from _stock_limits(answer)
    yield from _source_limits(answer)
    yield from least_order_limits(answer, _worth_of_smaller_orders(answer))
    yield from substitution_limits(answer)
    yield from footprint_limits(answer)
    yield from expansion_limits(answer)
    if answer.instance.problem.book:
        yield from book_limits(answer, _when_delivered(answer, price_contracts(answer).reduced_cost()))
    instance, problem = answer.instance, answer.instance.problem
    for (n,), value in _row_values(answer, "budget"):
        worth = -value / float(answer.weight[n])
        limit = instance.budget_limit(n) or 0.0
        yield BindingRule("budget", "budget.budget_usd", "", "", n, "", worth, "USD", limit)
    for (i, leaf), value in _row_values(answer, "reserves"):
        worth = -value / float(answer.leaf_weight[leaf])
        deposit = problem.deposits[i]
        path = f"deposits[{i}].reserves_tonnes"
        yield BindingRule("reserves", path, deposit.deposit_id, "", leaf, "", worth, "t", deposit.reserves_tonnes)


def _row_values(answer: Answer, name: str) -> Iterator[tuple[tuple[int, ...], float]]:
    """Index and dual of the rows of a family that have one: most do not bind."""
    family = answer.rows_of(name)
    duals = answer.solution.row_dual[family.position]
    priced = np.flatnonzero(duals)
    for index, value in zip(family.index[priced].tolist(), duals[priced].tolist(), strict=True):
        yield tuple(index), value


def _rule_limits(answer: Answer) -> Iterator[BindingRule]:
    instance = answer.instance
    problem = instance.problem
    supply = answer.delivered + answer.spot
    limits = {(k, limit.node): limit for k, row in enumerate(answer.rows) for limit in row.limits}
    for name, sign in (("rule_at_most", -1.0), ("rule_at_least", 1.0)):
        for (k, n), value in _row_values(answer, name):
            row = answer.rows[k]
            limit = limits[k, n]
            yield BindingRule(
                family=row.family,
                field_path=f"rules[{row.rule}]",
                subject_id=problem.rules[row.rule].rule_id,
                material_id=problem.materials[row.material].material_id if row.material >= 0 else "",
                node_id=n,
                country=row.country,
                value_per_unit_usd=sign * value / float(answer.weight[n]),
                unit="t",
                limit=limit.tonnes + limit.share * float(row.base_tonnes(supply[n])),
            )


def _stock_limits(answer: Answer) -> Iterator[BindingRule]:
    instance = answer.instance
    materials = instance.problem.materials
    for name, family, field in (("floor", "stock_floor", "floor_days"), ("closing", "closing_stock", "closing_tonnes")):
        for (m, n), value in _row_values(answer, name):
            limit = instance.floor(n, m) if name == "floor" else instance.closing(m)
            path = f"materials[{m}].stock.{field}"
            worth = value / float(answer.weight[n])
            yield BindingRule(family, path, "", materials[m].material_id, n, "", worth, "t", limit or 0.0)
    for name, family, field in (
        ("I", "storage", "capacity_tonnes"),
        ("g", "stock_in", "max_in_tonnes"),
        ("e", "stock_out", "max_out_tonnes"),
    ):
        worths = -answer.column_dual(name, instance.material_count) / answer.weight[:, None]
        limits = _limits_of(answer, name, instance.material_count)
        for n, m in np.argwhere(worths > NEGLIGIBLE_USD).tolist():
            limit = float(limits[n, m])
            path = f"materials[{m}].stock.{field}"
            yield BindingRule(family, path, "", materials[m].material_id, n, "", float(worths[n, m]), "t", limit)


def _source_limits(answer: Answer) -> Iterator[BindingRule]:
    instance = answer.instance
    worths = -answer.column_dual("z", instance.source_count) / answer.weight[:, None]
    limits = _limits_of(answer, "z", instance.source_count)
    for n, l in np.argwhere(worths > NEGLIGIBLE_USD).tolist():
        source = instance.problem.sources[l]
        path = f"sources[{l}].spot_capacity_tonnes"
        limit = float(limits[n, l])
        # Where nothing is let through or available, a tonne more of spot capacity is worth nothing.
        if limit == 0:
            continue
        worth = float(worths[n, l]) * float(instance.tree.availability[n, l])
        yield BindingRule(
            "spot_capacity", path, source.source_id, source.material_id, n, source.country, worth, "t", limit
        )


def _worth_of_smaller_orders(answer: Answer) -> Floats:
    """(K, L) what a tonne less of the least quantity would save at each contract that is signed, USD/t delivered."""
    instance = answer.instance
    family = answer.rows_of("order_least")
    duals = family.spread(answer.solution.row_dual, instance.source_count, len(instance.contracts)).T
    return np.where(answer.signed > 0, _when_delivered(answer, duals), 0.0)


def _limits_of(answer: Answer, name: str, first: int) -> Floats:
    """(N, first) upper bounds of a variable that is indexed by (·, n)."""
    return answer.columns(name).spread(answer.arrays.upper, first, answer.instance.node_count).T
