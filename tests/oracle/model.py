"""The sourcing and stockpile model a second time: the oracle that the product's optimum is compared with.

Written from the specification (docs/model.md) alone, before and apart from the product's tree, formulation and arrays;
the two share nothing but the dataclasses of a problem. Plain loops write one row after the other, named as on the page,
and SciPy's own HiGHS solves them. Slow on purpose: nothing here is clever enough to hide a mistake.

Not covered: substitution, minimum orders, footprints, CVaR, book, sizing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from lodestock_optimizers.problem import (
    DemandTier,
    Embargo,
    Material,
    MaterialState,
    Quota,
    ShareCap,
    ShareDenominator,
    ShareFloor,
    Source,
    SourceKind,
    SourcingProblem,
    StateValue,
    StockPolicy,
    TradeRule,
)
from tests.oracle.tree import Node, grow_tree, periods_in

TIER_ORDER = (DemandTier.DEFENCE, DemandTier.ESSENTIAL, DemandTier.GENERAL)
SEVERITY = (MaterialState.NORMAL, MaterialState.EMERGENCY, MaterialState.EXTREME)

Name = tuple[str | int, ...]
"""The name of a variable: its letter on the page, then its indices, such as ("y", "cobalt/COD", 3)."""

Terms = dict[int, float]
"""A linear expression: coefficient by column."""


# --- Defaults and derived data ----------------------------------------------------------------------------------------


def _at(values: tuple[float, ...], t: int) -> float:
    """A value "by period" in period t; nothing given is 0."""
    if not values:
        return 0.0
    return values[0] if len(values) == 1 else values[t]


def _lead(problem: SourcingProblem, l: Source) -> int:
    return periods_in(problem, 1.0) if l.lead_periods is None else l.lead_periods


def _shortage_cost(m: Material, tier: DemandTier) -> float:
    """A tier's own cost, else that of the next tier that has one, else that of the last tier before that has one."""
    given = {d.tier: d.shortage_cost_usd_per_tonne for d in m.demand}
    place = TIER_ORDER.index(tier)
    for other in (*TIER_ORDER[place:], *reversed(TIER_ORDER[:place])):
        cost = given.get(other)
        if cost is not None:
            return cost
    raise ValueError(f"no tier of {m.material_id} has a shortage cost")


def _base_demand_per_year(problem: SourcingProblem, m: Material, t: int) -> float:
    return sum(_at(d.demand_tonnes, t) for d in m.demand) / problem.periods[t].length_years


def _floor_days(stock: StockPolicy, state: MaterialState) -> float | None:
    """Days of demand to be held in a state; None where no floor binds."""
    for other in stock.floor_days_by_state:
        if other.state is state:
            return other.value
    return stock.floor_days if state in (stock.floor_states or (MaterialState.NORMAL,)) else None


def _closing_tonnes(problem: SourcingProblem, m: Material, stock: StockPolicy) -> float:
    if stock.closing_tonnes is not None:
        return stock.closing_tonnes
    last = len(problem.periods) - 1
    return max(stock.opening_tonnes, stock.floor_days / 365 * _base_demand_per_year(problem, m, last))


def _capacity_tonnes(problem: SourcingProblem, m: Material, stock: StockPolicy) -> float:
    if stock.capacity_tonnes is not None:
        return stock.capacity_tonnes
    most = max(_base_demand_per_year(problem, m, t) for t in range(len(problem.periods)))
    return max(stock.opening_tonnes, 2 * most)


def _closing_cost(problem: SourcingProblem, m: Material, stock: StockPolicy) -> float:
    if stock.closing_shortfall_usd_per_tonne is not None:
        return stock.closing_shortfall_usd_per_tonne
    landed = [
        _at(l.unit_price_usd_per_tonne, t) * (1 + _at(l.tariff_rate, t)) + l.freight_usd_per_tonne
        for l in problem.sources
        if l.material_id == m.material_id
        for t in range(len(problem.periods))
    ]
    quarter = (_shortage_cost(m, DemandTier.GENERAL) + _shortage_cost(m, DemandTier.ESSENTIAL)) / 4
    return max(quarter, *landed) if landed else quarter


def _floor_cost(problem: SourcingProblem, m: Material, stock: StockPolicy) -> float:
    if stock.floor_shortfall_usd_per_tonne_year is not None:
        return stock.floor_shortfall_usd_per_tonne_year
    return _closing_cost(problem, m, stock) / sum(p.length_years for p in problem.periods)


def _in_state(
    own: float, states: tuple[MaterialState, ...], others: tuple[StateValue, ...], state: MaterialState
) -> float | None:
    """A limit in a state; None where it does not bind in it."""
    for other in others:
        if other.state is state:
            return other.value
    return own if state in (states or (MaterialState.NORMAL,)) else None


# --- The linear programme ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Optimum:
    """What the oracle found; objective and levels are those of the plan where it is feasible."""

    feasible: bool
    objective: float = math.nan
    levels: Mapping[Name, float] = field(default_factory=dict)


class Oracle:
    """The whole model of one problem, row by row; everything is written when it is made."""

    def __init__(self, problem: SourcingProblem) -> None:
        self.problem = problem
        self.nodes = grow_tree(problem)
        self._columns: dict[Name, int] = {}
        self._cost: list[float] = []
        self._bounds: list[tuple[float, float]] = []
        self._at_most: list[tuple[Terms, float]] = []
        self._equal: list[tuple[Terms, float]] = []
        start = 0.0
        self._discount = []
        for period in problem.periods:
            self._discount.append((1 + problem.discount_rate) ** -start)
            start += period.length_years
        self._longest_lead = max((_lead(problem, l) for l in problem.sources), default=0)
        for node in self.nodes:
            for i, l in enumerate(problem.sources):
                self._deliver(node, i, l)
            for i, m in enumerate(problem.materials):
                self._balance(node, i, m)
            for rule in problem.rules:
                self._rule(node, rule)
            self._budget(node)
        self._reserves()

    def solve(self, fixed: Mapping[Name, float] | None = None, slack: float = 0.0) -> Optimum:
        """Solves the model, with some variables held at given levels, give or take `slack`."""
        bounds = list(self._bounds)
        for name, level in (fixed or {}).items():
            low, high = bounds[self._columns[name]]
            bounds[self._columns[name]] = (max(low, level - slack), max(low, min(high, level + slack)))
        a_ub, b_ub = self._matrix(self._at_most)
        a_eq, b_eq = self._matrix(self._equal)
        found = linprog(self._cost, a_ub, b_ub, a_eq, b_eq, bounds, method="highs")
        if found.status == 2:
            return Optimum(feasible=False)
        if found.status != 0:
            raise RuntimeError(f"the oracle's solver failed: {found.message}")
        return Optimum(True, float(found.fun), {name: float(found.x[j]) for name, j in self._columns.items()})

    def column(self, *name: str | int) -> int | None:
        """The column of a variable; None where the model has none of that name."""
        return self._columns.get(name)

    def settled(self, node: Node) -> bool:
        """Whether rules on contracts bind: all that delivers here was signed knowing it."""
        if node.on_trunk:
            return True
        known = node.period - self._longest_lead
        same_period = [n for n in self.nodes if n.period == node.period]
        if known < 0:
            return len(same_period) == 1
        return [n for n in same_period if n.ancestor(known) is node.ancestor(known)] == [node]

    # Writing

    def _variable(self, *name: str | int, upper: float = math.inf) -> int:
        """The column of a variable ≥ 0, made when first asked for."""
        if name not in self._columns:
            self._columns[name] = len(self._cost)
            self._cost.append(0.0)
            self._bounds.append((0.0, upper))
        return self._columns[name]

    def _limit(self, terms: Terms, most: float) -> None:
        self._at_most.append((terms, most))

    def _demand(self, terms: Terms, least: float) -> None:
        self._at_most.append(({j: -a for j, a in terms.items()}, -least))

    def _matrix(self, rows: list[tuple[Terms, float]]) -> tuple[coo_array | None, np.ndarray | None]:
        if not rows:
            return None, None
        entries = [(i, j, a) for i, (terms, _) in enumerate(rows) for j, a in terms.items()]
        values = [a for _, _, a in entries]
        places = ([i for i, _, _ in entries], [j for _, j, _ in entries])
        return coo_array((values, places), shape=(len(rows), len(self._cost))), np.array([b for _, b in rows])

    def _charge(self, node: Node, column: int, usd_per_unit: float) -> None:
        """Adds a cost per unit and visit of the node to the objective: expected and discounted."""
        self._cost[column] += node.probability * self._discount[node.period] * usd_per_unit

    # Sources

    def _landed(self, node: Node, i: int, l: Source) -> tuple[float, float]:
        """Landed cost under contract and spot."""
        t, factor = node.period, node.data.price_factor[i]
        before, duty = _at(l.unit_price_usd_per_tonne, t), 1 + _at(l.tariff_rate, t)
        contract = before * (1.0 if l.fixed_price else factor) * duty + l.freight_usd_per_tonne
        spot = (before * factor * duty + l.freight_usd_per_tonne) * (1 + l.spot_premium)
        return contract, spot

    def _contract(self, node: Node, l: Source) -> int:
        """q: one value for all nodes of a period that share the node of signing, or the start."""
        signed = node.period - _lead(self.problem, l)
        at = -1 if signed < 0 else node.ancestor(signed).number
        return self._variable("q", l.source_id, node.period, at, upper=_at(l.capacity_tonnes, node.period))

    def _deliver(self, node: Node, i: int, l: Source) -> None:
        t, left = node.period, node.data.availability[i]
        contract, spot = self._landed(node, i, l)
        q = self._contract(node, l)
        y = self._variable("y", l.source_id, node.number)
        z = self._variable("z", l.source_id, node.number)
        self._limit({y: 1.0, q: -left}, 0.0)
        self._demand({y: 1.0, q: -l.take_or_pay * left}, 0.0)
        self._limit({z: 1.0}, left * _at(l.spot_capacity_tonnes, t))
        self._limit({y: 1.0, z: 1.0}, left * _at(l.capacity_tonnes, t))
        worry = 1 + self.problem.price_of_risk * l.risk
        self._charge(node, y, contract * worry)
        self._charge(node, z, spot * worry)
        self._charge(node, q, l.reservation_fee_usd_per_tonne)

    def _reserves(self) -> None:
        for deposit in self.problem.deposits:
            for leaf in (n for n in self.nodes if not n.children):
                drawn: Terms = {}
                for node in leaf.path():
                    for name in set(deposit.source_ids):
                        drawn[self._variable("y", name, node.number)] = 1.0
                        drawn[self._variable("z", name, node.number)] = 1.0
                self._limit(drawn, deposit.reserves_tonnes)

    # Materials

    def _deliveries(self, node: Node, sources: Iterable[Source]) -> Terms:
        return {self._variable(letter, l.source_id, node.number): 1.0 for l in sources for letter in "yz"}

    def _tonnes_demanded(self, node: Node, i: int, m: Material) -> float:
        return sum(_at(d.demand_tonnes, node.period) for d in m.demand) * node.data.demand_factor[i]

    def _balance(self, node: Node, i: int, m: Material) -> None:
        terms = self._deliveries(node, (l for l in self.problem.sources if l.material_id == m.material_id))
        disposed = self._variable("x", m.material_id, node.number)
        terms[disposed] = -1.0
        self._charge(node, disposed, m.stock.disposal_usd_per_tonne if m.stock else 0.0)
        for d in m.demand:
            wanted = _at(d.demand_tonnes, node.period) * node.data.demand_factor[i]
            missing = self._variable("u", m.material_id, d.tier.value, node.number)
            self._limit({missing: 1.0}, wanted)
            self._charge(node, missing, _shortage_cost(m, d.tier))
            terms[missing] = 1.0
        if m.stock:
            terms[self._variable("e", m.material_id, node.number)] = 1.0
            terms[self._variable("g", m.material_id, node.number)] = -1.0
            self._stock(node, i, m, m.stock)
        self._equal.append((terms, self._tonnes_demanded(node, i, m)))

    def _stock(self, node: Node, i: int, m: Material, stock: StockPolicy) -> None:
        problem, years = self.problem, self.problem.periods[node.period].length_years
        inflow = self._variable("g", m.material_id, node.number)
        outflow = self._variable("e", m.material_id, node.number)
        held = self._variable("I", m.material_id, node.number)
        keeps = (1 - stock.loss_rate_per_year) ** years
        if node.parent is None:
            self._equal.append(({held: 1.0, inflow: -1.0, outflow: 1.0}, keeps * stock.opening_tonnes))
        else:
            before = self._variable("I", m.material_id, node.parent.number)
            self._equal.append(({held: 1.0, inflow: -1.0, outflow: 1.0, before: -keeps}, 0.0))
        self._limit({held: 1.0}, _capacity_tonnes(problem, m, stock))
        if stock.max_in_tonnes is not None:
            self._limit({inflow: 1.0}, stock.max_in_tonnes)
        if stock.max_out_tonnes is not None:
            self._limit({outflow: 1.0}, stock.max_out_tonnes)
        self._charge(node, held, stock.holding_usd_per_tonne_year * years)
        days = _floor_days(stock, node.data.state[i])
        if days is not None and node.data.floor_may_bind[i]:
            floor: Terms = {held: 1.0}
            if not stock.floor_is_hard:
                below = self._variable("s", m.material_id, node.number)
                self._charge(node, below, _floor_cost(problem, m, stock) * years)
                floor[below] = 1.0
            self._demand(floor, days / 365 * _base_demand_per_year(problem, m, node.period))
        if not node.children:
            closing: Terms = {held: 1.0}
            if not stock.closing_is_hard:
                lacking = self._variable("s_end", m.material_id, node.number)
                self._charge(node, lacking, _closing_cost(problem, m, stock))
                closing[lacking] = 1.0
            self._demand(closing, _closing_tonnes(problem, m, stock))

    # Rules

    def _rule(self, node: Node, rule: TradeRule) -> None:
        if rule.periods and node.period not in rule.periods:
            return
        named = [
            (m, node.data.state[i], self._tonnes_demanded(node, i, m))
            for i, m in enumerate(self.problem.materials)
            if not rule.material_ids or m.material_id in rule.material_ids
        ]
        ids = {m.material_id for m, _, _ in named}
        sources = [
            l
            for l in self.problem.sources
            if l.material_id in ids and (not rule.countries or l.country in rule.countries)
        ]
        if isinstance(rule.rule, Embargo):
            for l in sources:
                self._limit({self._contract(node, l): 1.0}, 0.0)
                for column in self._deliveries(node, [l]):
                    self._limit({column: 1.0}, 0.0)
        elif self.settled(node):
            if isinstance(rule.rule, Quota):
                self._quota(node, rule, rule.rule, [state for _, state, _ in named], sources)
            else:
                for m, state, wanted in named:
                    of_material = [l for l in sources if l.material_id == m.material_id]
                    self._share(node, rule, rule.rule, (m, state, wanted), of_material)

    def _quota(
        self, node: Node, rule: TradeRule, quota: Quota, states: list[MaterialState], sources: list[Source]
    ) -> None:
        limits = [_in_state(quota.max_tonnes, rule.states, rule.limit_by_state, state) for state in SEVERITY]
        if any(limits[SEVERITY.index(state)] is None for state in states):
            return
        most = limits[max(SEVERITY.index(state) for state in states)]
        assert most is not None
        self._limit(self._deliveries(node, sources), most)

    def _share(
        self,
        node: Node,
        rule: TradeRule,
        share_rule: ShareCap | ShareFloor,
        material: tuple[Material, MaterialState, float],
        sources: list[Source],
    ) -> None:
        """Σ of the numerator − share × denominator, ≤ 0 per country for a cap, ≥ 0 for a floor."""
        m, state, wanted = material
        own = share_rule.max_share if isinstance(share_rule, ShareCap) else share_rule.min_share
        share = _in_state(own, rule.states, rule.limit_by_state, state)
        if share is None:
            return
        whole, fixed_whole = self._denominator(node, m, share_rule.denominator, wanted)
        if share_rule.denominator is ShareDenominator.IMPORTS:
            sources = [l for l in sources if l.kind is SourceKind.IMPORT]
        if isinstance(share_rule, ShareFloor):
            part = self._deliveries(node, (l for l in sources if l.kind is share_rule.kind))
            self._demand(_less(part, share, whole), share * fixed_whole)
        else:
            for country in sorted(set(rule.countries)):
                part = self._deliveries(node, (l for l in sources if l.country == country))
                self._limit(_less(part, share, whole), share * fixed_whole)

    def _denominator(
        self, node: Node, m: Material, denominator: ShareDenominator, wanted: float
    ) -> tuple[Terms, float]:
        """The denominator of a share as the deliveries that it adds up, and a constant."""
        if denominator is ShareDenominator.DEMAND:
            return {}, wanted
        of_material = [l for l in self.problem.sources if l.material_id == m.material_id]
        if denominator is ShareDenominator.IMPORTS:
            of_material = [l for l in of_material if l.kind is SourceKind.IMPORT]
        return self._deliveries(node, of_material), 0.0

    def _budget(self, node: Node) -> None:
        budget = self.problem.budget
        if budget is None or not self.settled(node):
            return
        worst = max(node.data.state, key=SEVERITY.index)
        most = _at(budget.budget_usd, node.period)
        for other in budget.budget_usd_by_state:
            if other.state is worst:
                most = other.value
        spend: Terms = {}
        for i, l in enumerate(self.problem.sources):
            contract, spot = self._landed(node, i, l)
            spend[self._variable("y", l.source_id, node.number)] = contract
            spend[self._variable("z", l.source_id, node.number)] = spot
            spend[self._contract(node, l)] = l.reservation_fee_usd_per_tonne
        self._limit(spend, most)


def _less(part: Terms, share: float, whole: Terms) -> Terms:
    """part − share × whole."""
    terms = dict(part)
    for column, amount in whole.items():
        terms[column] = terms.get(column, 0.0) - share * amount
    return terms


def solve(problem: SourcingProblem) -> Optimum:
    """Solves a valid problem; says only that it is infeasible where it is."""
    return Oracle(problem).solve()
