"""The sourcing and stockpile model a second time: the oracle that the product's optimum is compared with.

Written from the specification (docs/model.md) alone, before and apart from the product's tree, formulation and arrays;
the two share nothing but the dataclasses of a problem. Plain loops write one row after the other, named as on the page,
and SciPy's own HiGHS solves them. Slow on purpose: nothing here is clever enough to hide a mistake.

Not covered: sizing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array

from lodestock_optimizers.problem import (
    Embargo,
    FootprintPolicy,
    Material,
    MaterialState,
    Quota,
    ShareCap,
    ShareDenominator,
    ShareFloor,
    Source,
    SourceKind,
    SourcingProblem,
    StockPolicy,
    TradeRule,
)
from tests.oracle.figures import (
    at,
    capacity_tonnes,
    closing_cost,
    closing_tonnes,
    floor_cost,
    floor_days,
    footprint,
    in_state,
    lead,
    shortage_cost,
    stands,
    used_per_year,
    yearly_cost,
)
from tests.oracle.tree import Node, grow_tree

SEVERITY = (MaterialState.NORMAL, MaterialState.EMERGENCY, MaterialState.EXTREME)

Name = tuple[str | int, ...]
"""The name of a variable: its letter on the page, then its indices, such as ("y", "cobalt/COD", 3)."""

Terms = dict[int, float]
"""A linear expression: coefficient by column."""


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
        self._whole: set[int] = set()
        self._paid: dict[int, Terms] = {node.number: {} for node in self.nodes}
        self._bounds: list[tuple[float, float]] = []
        self._at_most: list[tuple[Terms, float]] = []
        self._equal: list[tuple[Terms, float]] = []
        start = 0.0
        self._discount = []
        for period in problem.periods:
            self._discount.append((1 + problem.discount_rate) ** -start)
            start += period.length_years
        self._longest_lead = max((lead(problem, l) for l in problem.sources), default=0)
        for node in self.nodes:
            for i, l in enumerate(problem.sources):
                self._deliver(node, i, l)
            for i, m in enumerate(problem.materials):
                self._balance(node, i, m)
            for rule in problem.rules:
                self._rule(node, rule)
            self._budget(node)
            for policy in problem.footprint_policies:
                self._footprint_cap(node, policy)
        self._reserves()
        self._weigh_costs()

    def solve(self, fixed: Mapping[Name, float] | None = None, slack: float = 0.0) -> Optimum:
        """Solves the model, with some variables held at given levels, give or take `slack`."""
        bounds = list(self._bounds)
        for name, level in (fixed or {}).items():
            low, high = bounds[self._columns[name]]
            bounds[self._columns[name]] = (max(low, level - slack), max(low, min(high, level + slack)))
        a_ub, b_ub = self._matrix(self._at_most)
        a_eq, b_eq = self._matrix(self._equal)
        if self._whole:
            rows = [LinearConstraint(a, -np.inf, b) for a, b in ((a_ub, b_ub),) if a is not None]
            rows += [LinearConstraint(a, b, b) for a, b in ((a_eq, b_eq),) if a is not None]
            whole = [1 if j in self._whole else 0 for j in range(len(self._cost))]
            limits = Bounds([low for low, _ in bounds], [high for _, high in bounds])
            found = milp(self._cost, integrality=whole, bounds=limits, constraints=rows, options={"mip_rel_gap": 1e-8})
        else:
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
        """Adds a cost per unit to what is paid at a node."""
        paid = self._paid[node.number]
        paid[column] = paid.get(column, 0.0) + usd_per_unit

    def _worry(self, node: Node, column: int, usd_per_unit: float) -> None:
        """Adds a charge for risk per unit to the objective: expected and discounted, outside the tail."""
        per_unit = self.problem.price_of_risk * usd_per_unit
        self._cost[column] += node.probability * self._discount[node.period] * per_unit

    def _weigh_costs(self) -> None:
        """(1−β)·Σ π·C(leaf) + β·[η + 1/(1−α)·Σ π·v(leaf)] with v ≥ C − η, each C written out along its path."""
        beta = self.problem.tail_weight
        if beta > 0:
            # No path costs less than nothing, so that η needs no sign.
            threshold = self._variable("eta")
            self._cost[threshold] = beta
        for leaf in self.nodes:
            if leaf.children:
                continue
            cost: Terms = {}
            for node in leaf.path():
                for column, usd in self._paid[node.number].items():
                    cost[column] = cost.get(column, 0.0) + self._discount[node.period] * usd
            for column, usd in cost.items():
                self._cost[column] += (1 - beta) * leaf.probability * usd
            if beta > 0:
                over = self._variable("v", leaf.number)
                self._cost[over] = beta * leaf.probability / (1 - self.problem.tail_level)
                self._demand(_less({over: 1.0, threshold: 1.0}, 1.0, cost), 0.0)

    # Sources

    def _landed(self, node: Node, i: int, l: Source) -> tuple[float, float]:
        """Landed cost under contract and spot."""
        t, factor = node.period, node.data.price_factor[i]
        before, duty = at(l.unit_price_usd_per_tonne, t), 1 + at(l.tariff_rate, t)
        contract = before * (1.0 if l.fixed_price else factor) * duty + l.freight_usd_per_tonne
        spot = (before * factor * duty + l.freight_usd_per_tonne) * (1 + l.spot_premium)
        return contract, spot

    def _contract(self, node: Node, l: Source) -> int:
        """q: one value for all nodes of a period that share the node of signing, or the start."""
        signed = node.period - lead(self.problem, l)
        where = -1 if signed < 0 else node.ancestor(signed).number
        q = self._variable("q", l.source_id, node.period, where)
        entries = [b.tonnes for b in self.problem.book if (b.source_id, b.period) == (l.source_id, node.period)]
        if signed < 0 and entries:
            self._bounds[q] = (sum(entries), sum(entries))
        return q

    def _standing(self, node: Node, l: Source) -> Terms:
        """c: what was decided on the way to a node and stands there, t a year."""
        if l.expansion is None:
            return {}
        on_the_way = [n for n in node.path() if stands(self.problem, l.expansion, n.period, node.period)]
        return {self._variable("k", l.source_id, n.number): 1.0 for n in on_the_way}

    def _beyond_built(self, node: Node, l: Source, terms: Terms, per_tonne: float = 1.0) -> Terms:
        """terms − per_tonne·Δt·c."""
        years = self.problem.periods[node.period].length_years
        return _less(terms, per_tonne * years, self._standing(node, l))

    def _expand(self, node: Node, l: Source) -> None:
        """c ≤ H, and what is owed for it."""
        if l.expansion is None:
            return
        standing = self._standing(node, l)
        self._limit(standing, l.expansion.max_tonnes_per_year)
        years = self.problem.periods[node.period].length_years
        for column in standing:
            self._charge(node, column, yearly_cost(self.problem, l.expansion) * years)

    def _signed(self, node: Node, l: Source) -> int | None:
        """b: whether the contract of a node is signed; None where that is no yes or no."""
        if not (l.fixed_cost_usd > 0 or l.min_order_tonnes > 0):
            return None
        signed = node.period - lead(self.problem, l)
        where = -1 if signed < 0 else node.ancestor(signed).number
        name = ("b", l.source_id, node.period, where)
        is_new = name not in self._columns
        b = self._variable(*name, upper=1.0)
        if is_new:
            self._whole.add(b)
            q = self._contract(node, l)
            built = l.expansion.max_tonnes_per_year if l.expansion else 0.0
            years = self.problem.periods[node.period].length_years
            self._limit({q: 1.0, b: -at(l.capacity_tonnes, node.period) - built * years}, 0.0)
            self._demand({q: 1.0, b: -l.min_order_tonnes}, 0.0)
        return b

    def _deliver(self, node: Node, i: int, l: Source) -> None:
        t, left = node.period, node.data.availability[i]
        contract, spot = self._landed(node, i, l)
        q = self._contract(node, l)
        y = self._variable("y", l.source_id, node.number)
        z = self._variable("z", l.source_id, node.number)
        self._limit({y: 1.0, q: -left}, 0.0)
        self._demand({y: 1.0, q: -l.take_or_pay * left}, 0.0)
        self._limit({z: 1.0}, left * at(l.spot_capacity_tonnes, t))
        self._limit(self._beyond_built(node, l, {y: 1.0, z: 1.0}, left), left * at(l.capacity_tonnes, t))
        self._limit(self._beyond_built(node, l, {q: 1.0}), at(l.capacity_tonnes, t))
        self._expand(node, l)
        left_behind = sum(p.price_usd_per_unit * footprint(l, p.kind) for p in self.problem.footprint_policies)
        self._charge(node, y, contract + left_behind)
        self._charge(node, z, spot + left_behind)
        self._charge(node, q, l.reservation_fee_usd_per_tonne)
        self._worry(node, y, contract * l.risk)
        self._worry(node, z, spot * l.risk)
        b = self._signed(node, l)
        if b is not None:
            self._charge(node, b, l.fixed_cost_usd)

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

    def _taken(self, node: Node, m: Material) -> Terms:
        """Tonnes that plants take of a material at a node."""
        taken: Terms = {}
        for l in self.problem.sources:
            if l.feed and l.feed.material_id == m.material_id:
                for column in self._deliveries(node, [l]):
                    taken[column] = l.feed.tonnes_per_tonne
        return taken

    def _tonnes_demanded(self, node: Node, i: int, m: Material) -> float:
        return sum(at(d.demand_tonnes, node.period) for d in m.demand) * node.data.demand_factor[i]

    def _balance(self, node: Node, i: int, m: Material) -> None:
        terms = self._deliveries(node, (l for l in self.problem.sources if l.material_id == m.material_id))
        for column, tonnes in self._taken(node, m).items():
            terms[column] = terms.get(column, 0.0) - tonnes
        disposed = self._variable("x", m.material_id, node.number)
        terms[disposed] = -1.0
        self._charge(node, disposed, m.stock.disposal_usd_per_tonne if m.stock else 0.0)
        for d in m.demand:
            wanted = at(d.demand_tonnes, node.period) * node.data.demand_factor[i]
            missing = self._variable("u", m.material_id, d.tier.value, node.number)
            self._charge(node, missing, shortage_cost(m, d.tier))
            terms[missing] = 1.0
            unmet: Terms = {missing: 1.0}
            for j in self.problem.substitutions:
                if (j.material_id, j.tier) == (m.material_id, d.tier):
                    replaced = self._variable("w", j.substitution_id, node.number)
                    self._limit({replaced: 1.0}, j.max_share * wanted)
                    self._charge(node, replaced, j.cost_usd_per_tonne)
                    terms[replaced] = unmet[replaced] = 1.0
            self._limit(unmet, wanted)
        for j in self.problem.substitutions:
            if j.substitute_material_id == m.material_id:
                terms[self._variable("w", j.substitution_id, node.number)] = -j.tonnes_per_tonne
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
        self._limit({held: 1.0}, capacity_tonnes(problem, m, stock))
        if stock.max_in_tonnes is not None:
            self._limit({inflow: 1.0}, stock.max_in_tonnes)
        if stock.max_out_tonnes is not None:
            self._limit({outflow: 1.0}, stock.max_out_tonnes)
        self._charge(node, held, stock.holding_usd_per_tonne_year * years)
        days = floor_days(stock, node.data.state[i])
        if days is not None and node.data.floor_may_bind[i]:
            floor: Terms = {held: 1.0}
            if not stock.floor_is_hard:
                below = self._variable("s", m.material_id, node.number)
                self._charge(node, below, floor_cost(problem, m, stock) * years)
                floor[below] = 1.0
            used = used_per_year(problem, m.material_id, node.period, with_all_built=False)
            self._demand(floor, days / 365 * used)
        if not node.children:
            closing: Terms = {held: 1.0}
            if not stock.closing_is_hard:
                lacking = self._variable("s_end", m.material_id, node.number)
                self._charge(node, lacking, closing_cost(problem, m, stock))
                closing[lacking] = 1.0
            self._demand(closing, closing_tonnes(problem, m, stock))

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
        limits = [in_state(quota.max_tonnes, rule.states, rule.limit_by_state, state) for state in SEVERITY]
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
        share = in_state(own, rule.states, rule.limit_by_state, state)
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
            return self._taken(node, m), wanted
        of_material = [l for l in self.problem.sources if l.material_id == m.material_id]
        if denominator is ShareDenominator.IMPORTS:
            of_material = [l for l in of_material if l.kind is SourceKind.IMPORT]
        return self._deliveries(node, of_material), 0.0

    def _budget(self, node: Node) -> None:
        budget = self.problem.budget
        if budget is None or not self.settled(node):
            return
        worst = max(node.data.state, key=SEVERITY.index)
        most = at(budget.budget_usd, node.period)
        for other in budget.budget_usd_by_state:
            if other.state is worst:
                most = other.value
        spend: Terms = {}
        for i, l in enumerate(self.problem.sources):
            contract, spot = self._landed(node, i, l)
            spend[self._variable("y", l.source_id, node.number)] = contract
            spend[self._variable("z", l.source_id, node.number)] = spot
            spend[self._contract(node, l)] = l.reservation_fee_usd_per_tonne
            b = self._signed(node, l)
            if b is not None:
                spend[b] = l.fixed_cost_usd
        self._limit(spend, most)

    def _footprint_cap(self, node: Node, policy: FootprintPolicy) -> None:
        """Σ ε·(y + z) ≤ cap where every material is in a state with a cap, by that of the worst."""
        caps: dict[MaterialState, float] = {}
        if policy.max_units:
            caps = dict.fromkeys(policy.states or (MaterialState.NORMAL,), at(policy.max_units, node.period))
        caps.update({other.state: other.value for other in policy.max_units_by_state})
        if not self.settled(node) or any(state not in caps for state in node.data.state):
            return
        left_behind: Terms = {}
        for l in self.problem.sources:
            for column in self._deliveries(node, [l]):
                left_behind[column] = footprint(l, policy.kind)
        self._limit(left_behind, caps[max(node.data.state, key=SEVERITY.index)])


def _less(part: Terms, share: float, whole: Terms) -> Terms:
    """part − share × whole."""
    terms = dict(part)
    for column, amount in whole.items():
        terms[column] = terms.get(column, 0.0) - share * amount
    return terms


def solve(problem: SourcingProblem) -> Optimum:
    """Solves a valid problem; says only that it is infeasible where it is."""
    return Oracle(problem).solve()
