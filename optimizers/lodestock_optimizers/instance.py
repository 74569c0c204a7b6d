"""A problem as numbers: every default filled in, every symbol of docs/model.md as an array over the tree.

Owns the defaults of the model (closing stock, shortfall costs, lead, storage) and the numbers that rows and columns are
made of. Knows nothing of Pyomo or HiGHS.

Index order everywhere: n nodes, m materials, l sources, t periods as in the problem; d runs over the tier demands of
all materials in turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lodestock_optimizers.expansions import Expansions
from lodestock_optimizers.feeds import Feeds
from lodestock_optimizers.footprints import Footprints
from lodestock_optimizers.problem import (
    DAYS_PER_YEAR,
    Budget,
    DemandTier,
    Material,
    PerPeriod,
    Source,
    SourcingProblem,
    booked_tonnes,
    by_period,
)
from lodestock_optimizers.scenario_tree import (
    STATES,
    Bools,
    Floats,
    Ints,
    ScenarioTree,
    build_tree,
    states_with_limit,
    years_to_periods,
)
from lodestock_optimizers.sizing import Sizing

LEAD_YEARS = 1.0
STORAGE_YEARS = 2.0
TIERS = tuple(DemandTier)
SIGNED_AT_START = -1
"""In place of the node of signing, where a contract is signed at or before the start."""


@dataclass(frozen=True, slots=True)
class TierIndex:
    """One (material, tier) pair: index of the material, the tier, what a missing tonne costs."""

    material: int
    tier: DemandTier
    shortage_cost: float


@dataclass(frozen=True, slots=True)
class SubstitutionIndex:
    """One substitution: index of the material that is replaced, of its tier, and of the material in its place."""

    material: int
    tier: int
    substitute: int


class Instance:
    """The numbers of one problem.

    Args:
        problem: A problem without violations.
        sizing: What its opening stocks are sized for. None: they are what the problem says.
    """

    def __init__(
        self,
        problem: SourcingProblem,
        tree: ScenarioTree | None = None,
        settled: Bools | None = None,
        sizing: Sizing | None = None,
    ) -> None:
        self.problem = problem
        self.sizing = sizing
        self.tree: ScenarioTree = build_tree(problem) if tree is None else tree
        self._settled = settled
        self.period_count = len(problem.periods)
        self.material_of = _positions(
            [m.material_id for m in problem.materials], [s.material_id for s in problem.sources]
        )
        self.tiers = [tier for i, m in enumerate(problem.materials) for tier in _tiers(i, m)]
        self.tiers_of = [[d for d, t in enumerate(self.tiers) if t.material == m] for m in range(self.material_count)]
        self.stocks = {m: mat.stock for m, mat in enumerate(problem.materials) if mat.stock is not None}

    @property
    def material_count(self) -> int:
        """M."""
        return len(self.problem.materials)

    @property
    def source_count(self) -> int:
        """L."""
        return len(self.problem.sources)

    @property
    def node_count(self) -> int:
        """N."""
        return self.tree.node_count

    @cached_property
    def length(self) -> Floats:
        """(T,) Δt, years."""
        return np.array([p.length_years for p in self.problem.periods])

    @cached_property
    def discount(self) -> Floats:
        """(T,) δ = (1+r)^−(years from the horizon's start to the period's start)."""
        start = np.concatenate(([0.0], np.cumsum(self.length)[:-1]))
        return (1.0 + self.problem.discount_rate) ** -start

    @cached_property
    def weight(self) -> Floats:
        """(N,) π·δ: what a dollar at the node is expected to cost today."""
        return self.tree.probability * self.discount[self.tree.period]

    def weight_with(self, tail_share: Floats) -> Floats:
        """(N,) W = δ·[(1−β)·π + β·Σ tail of the leaves below], with the (N,) share of the tail that each leaf is."""
        tail_weight = self.problem.tail_weight
        if tail_weight == 0:
            return self.weight
        shares = (1.0 - tail_weight) * self.tree.probability + tail_weight * self.tree.below(tail_share)
        return shares * self.discount[self.tree.period]

    @cached_property
    def path_cost_unit(self) -> float:
        """USD in which the model counts the cost of a path: about its dearest tonne, so that it counts like tonnes.

        A power of 2, which rounds nothing.
        """
        landed = [float(costs.max(initial=1.0)) for costs in (self.contract_cost, self.spot_cost)]
        dearest = max(*landed, *(tier.shortage_cost for tier in self.tiers)) * float(self.discount.max())
        return 2.0 ** math.ceil(math.log2(dearest))

    @cached_property
    def most_tail_share(self) -> Floats:
        """(leaves,) the most of the tail that a leaf can be: π / (1−α), at most all of it."""
        probability = self.tree.probability[self.tree.leaves]
        return np.minimum(1.0, probability / (1.0 - self.problem.tail_level))

    @cached_property
    def sources_of(self) -> list[list[int]]:
        """The sources of each material."""
        return [np.flatnonzero(self.material_of == m).tolist() for m in range(self.material_count)]

    @cached_property
    def countries_of(self) -> list[frozenset[str]]:
        """The countries that each material can come from."""
        return [frozenset(self.problem.sources[l].country for l in sources) for sources in self.sources_of]

    # Sources

    @cached_property
    def capacity(self) -> Floats:
        """(T, L) K, tonnes."""
        return self._by_period(lambda s: s.capacity_tonnes)

    @cached_property
    def most_capacity(self) -> Floats:
        """(T, L) K with all that can be built, tonnes."""
        expansions = self.expansions
        return self.capacity + np.where(expansions.can_stand, self.length[:, None] * expansions.most, 0.0)

    @cached_property
    def spot_capacity(self) -> Floats:
        """(T, L) Kˢ, tonnes."""
        return self._by_period(lambda s: s.spot_capacity_tonnes or (0.0,))

    @cached_property
    def spot_sources(self) -> list[int]:
        """The sources that sell spot."""
        return np.flatnonzero(self.spot_capacity.max(axis=0, initial=0.0) > 0).tolist()

    @cached_property
    def price(self) -> Floats:
        """(T, L) P, USD/t."""
        return self._by_period(lambda s: s.unit_price_usd_per_tonne)

    @cached_property
    def tariff(self) -> Floats:
        """(T, L) τ."""
        return self._by_period(lambda s: s.tariff_rate or (0.0,))

    @cached_property
    def freight(self) -> Floats:
        """(L,) F, USD/t."""
        return self._each_source(lambda s: s.freight_usd_per_tonne)

    @cached_property
    def risk(self) -> Floats:
        """(L,) ρ."""
        return self._each_source(lambda s: s.risk)

    @cached_property
    def fee(self) -> Floats:
        """(L,) f, USD per contracted tonne."""
        return self._each_source(lambda s: s.reservation_fee_usd_per_tonne)

    @cached_property
    def fixed_cost(self) -> Floats:
        """(L,) φ, USD for each period under contract."""
        return self._each_source(lambda s: s.fixed_cost_usd)

    @cached_property
    def min_order(self) -> Floats:
        """(L,) q^min, tonnes."""
        return self._each_source(lambda s: s.min_order_tonnes)

    @cached_property
    def ordered(self) -> list[int]:
        """The sources whose contracts are signed or not as a whole."""
        return np.flatnonzero((self.fixed_cost > 0) | (self.min_order > 0)).tolist()

    @cached_property
    def take_or_pay(self) -> Floats:
        """(L,) θ."""
        return self._each_source(lambda s: s.take_or_pay)

    @cached_property
    def contract_price_factor(self) -> Floats:
        """(N, L) factor on the contract price: that of the node, or 1 for a fixed-price source."""
        fixed = np.array([s.fixed_price for s in self.problem.sources], dtype=np.bool_)
        return np.where(fixed[None, :], 1.0, self.tree.price_factor)

    @cached_property
    def contract_cost(self) -> Floats:
        """(N, L) κ, landed cost under contract, USD/t."""
        dutiable = (self.price * (1.0 + self.tariff))[self.tree.period]
        return dutiable * self.contract_price_factor + self.freight

    @cached_property
    def spot_cost(self) -> Floats:
        """(N, L) κˢ, landed cost spot, USD/t."""
        dutiable = (self.price * (1.0 + self.tariff))[self.tree.period]
        premium = self._each_source(lambda s: s.spot_premium)
        return (dutiable * self.tree.price_factor + self.freight) * (1.0 + premium)

    @cached_property
    def lead(self) -> Ints:
        """(L,) ν, periods."""
        default = years_to_periods(LEAD_YEARS, self.problem)
        leads = [default if s.lead_periods is None else s.lead_periods for s in self.problem.sources]
        return np.array(leads, dtype=np.int64)

    @cached_property
    def settled(self) -> Bools:
        """(N,) whether rules on contracts can bind."""
        if self._settled is not None:
            return self._settled
        return self.tree.settled(int(self.lead.max(initial=0)))

    # Contracts

    @cached_property
    def contracts(self) -> list[tuple[int, int]]:
        """(period of delivery, node of signing) of every group of nodes that one contract delivers in."""
        groups = {g: None for lead in sorted(set(self.lead.tolist())) for g in self.tree.contract_groups(lead)}
        return list(groups)

    @cached_property
    def contract_of(self) -> Ints:
        """(N, L) index into `contracts` of the contract of each source that delivers at each node."""
        index = {group: k for k, group in enumerate(self.contracts)}
        result = np.zeros((self.node_count, self.source_count), dtype=np.int64)
        for lead in set(self.lead.tolist()):
            column = np.array([index[g] for g in self.tree.contract_groups(lead)])
            result[:, self.lead == lead] = column[:, None]
        return result

    @cached_property
    def booked(self) -> Floats:
        """(K, L) tonnes that the book fixes for a contract, NaN where it is free."""
        booked = np.full((len(self.contracts), self.source_count), np.nan)
        index = {group: k for k, group in enumerate(self.contracts)}
        position = {s.source_id: l for l, s in enumerate(self.problem.sources)}
        for (source_id, period), tonnes in booked_tonnes(self.problem).items():
            booked[index[period, SIGNED_AT_START], position[source_id]] = tonnes
        return booked

    @cached_property
    def footprints(self) -> Footprints:
        """What deliveries leave besides."""
        return Footprints(self.problem, self.tree)

    @cached_property
    def expansions(self) -> Expansions:
        """What capacity can be built."""
        return Expansions(self.problem)

    @cached_property
    def feeds(self) -> Feeds:
        """What plants take of other materials."""
        return Feeds(self.problem)

    # Demand and stock

    @cached_property
    def base_demand(self) -> Floats:
        """(T, D) demand of each tier before demand factors, tonnes."""
        rows = [
            by_period(tier.demand_tonnes, self.period_count)
            for material in self.problem.materials
            for tier in sorted(material.demand, key=lambda d: TIERS.index(d.tier))
        ]
        return np.array(rows, dtype=np.float64).reshape(len(rows), self.period_count).T

    @cached_property
    def demand(self) -> Floats:
        """(N, D) demand of each tier at each node, tonnes."""
        materials = np.array([t.material for t in self.tiers], dtype=np.int64)
        return self.base_demand[self.tree.period] * self.tree.demand_factor[:, materials]

    @cached_property
    def material_demand(self) -> Floats:
        """(N, M) demand of each material at each node, all tiers, tonnes."""
        return _sum_by_material(self.demand, self.tiers_of)

    @cached_property
    def yearly_use(self) -> Floats:
        """(T, M) U, base demand of each material, all tiers, and what plants take of it for theirs, tonnes a year."""
        return self._yearly_use(self.capacity)

    @cached_property
    def most_yearly_use(self) -> Floats:
        """(T, M) the same with all plants that can be built, tonnes a year."""
        return self._yearly_use(self.most_capacity)

    def _yearly_use(self, capacity: Floats) -> Floats:
        demand = _sum_by_material(self.base_demand, self.tiers_of)
        return self.feeds.use(demand, capacity) / self.length[:, None]

    @cached_property
    def substitutions(self) -> list[SubstitutionIndex]:
        """(J) what replaces what, in the order of the problem."""
        materials = {m.material_id: i for i, m in enumerate(self.problem.materials)}
        tiers = {(t.material, t.tier): d for d, t in enumerate(self.tiers)}
        return [
            SubstitutionIndex(m, tiers[m, j.tier], materials[j.substitute_material_id])
            for j in self.problem.substitutions
            for m in (materials[j.material_id],)
        ]

    @cached_property
    def most_replaced(self) -> Floats:
        """(N, J) χ·D, the most of a tier's demand that each substitution may meet, tonnes."""
        share = np.array([j.max_share for j in self.problem.substitutions])
        most: Floats = self.demand[:, [j.tier for j in self.substitutions]] * share
        return most

    def storage(self, m: int) -> float:
        """Sm^max, tonnes; by default two years of the largest yearly use, and room for what is there already."""
        stock = self.stocks[m]
        if stock.capacity_tonnes is not None:
            return stock.capacity_tonnes
        return max(stock.opening_tonnes, STORAGE_YEARS * float(self.most_yearly_use[:, m].max()))

    def floor(self, n: int, m: int) -> float | None:
        """Stock floor at a node, tonnes; None where none binds."""
        days = self._floor_days[m].get(int(self.tree.state[n, m]))
        if days is None or not self.tree.floor_may_bind[n, m]:
            return None
        return days / DAYS_PER_YEAR * float(self.yearly_use[self.tree.period[n], m])

    @cached_property
    def _floor_days(self) -> dict[int, dict[int, float]]:
        """Of each material with stock the days of its floor by state."""
        return {
            m: states_with_limit(stock.floor_days, stock.floor_states, stock.floor_days_by_state)
            for m, stock in self.stocks.items()
        }

    def closing(self, m: int) -> float:
        """Sm^end, tonnes; by default the larger of the opening stock and the last floor."""
        stock = self.stocks[m]
        if stock.closing_tonnes is not None:
            return stock.closing_tonnes
        last_floor = stock.floor_days / DAYS_PER_YEAR * float(self.yearly_use[-1, m])
        return max(stock.opening_tonnes, last_floor)

    def closing_at(self, m: int, n: int) -> float | None:
        """Least stock at a leaf, tonnes, None where there is none; in a sizing what is left of the opening stock."""
        if self.sizing is not None and m in self.sizing.price:
            return self.kept_to(m, n) * self.stocks[m].opening_tonnes
        return closing if (closing := self.closing(m)) > 0 else None

    def closing_shortfall_cost(self, m: int) -> float:
        """vm^end, USD/t; by default low enough that filling a floor never takes an essential tonne."""
        return self._closing_costs[m]

    @cached_property
    def _closing_costs(self) -> dict[int, float]:
        return {m: self._closing_cost(m) for m in self.stocks}

    def _closing_cost(self, m: int) -> float:
        given = self.stocks[m].closing_shortfall_usd_per_tonne
        if given is not None:
            return given
        costs = self.shortage_costs[m]
        quarter = 0.25 * (costs[DemandTier.GENERAL] + costs[DemandTier.ESSENTIAL])
        return max(quarter, self._dearest[m])

    @cached_property
    def shortage_costs(self) -> list[dict[DemandTier, float]]:
        """Of each material what a missing tonne costs, by tier, USD/t: of a feed, the least that it makes missing."""
        return self.feeds.made_missing([shortage_costs(material) for material in self.problem.materials])

    @cached_property
    def _dearest(self) -> list[float]:
        """Of each material the dearest landed cost in a calm time, with the dearest feed in it, USD/t."""
        return self.feeds.dearest((self.price * (1.0 + self.tariff) + self.freight).max(axis=0))

    def floor_shortfall_cost(self, m: int) -> float:
        """vm, USD per tonne and year."""
        given = self.stocks[m].floor_shortfall_usd_per_tonne_year
        return self.closing_shortfall_cost(m) / float(self.length.sum()) if given is None else given

    def kept(self, m: int, n: int) -> float:
        """Share of the stock of `m` that a period leaves: (1−ω)^Δt."""
        return float((1.0 - self.stocks[m].loss_rate_per_year) ** self.length[self.tree.period[n]])

    def kept_to(self, m: int, n: int) -> float:
        """Share of the opening stock of `m` that all periods up to the end of a node leave."""
        return float(np.prod([self.kept(m, a) for a in self.tree.ancestor[n, : self.tree.period[n] + 1].tolist()]))

    def budget_limit(self, n: int) -> float | None:
        """B at a node, USD, by the worst state of any material; None without a budget. Binds at settled nodes only."""
        budget: Budget | None = self.problem.budget
        if budget is None:
            return None
        worst = int(self.tree.state[n].max(initial=0))
        by_state = {STATES.index(v.state): v.value for v in budget.budget_usd_by_state}
        return by_state.get(worst, by_period(budget.budget_usd, self.period_count)[int(self.tree.period[n])])

    def _by_period(self, read: Callable[[Source], PerPeriod]) -> Floats:
        rows = [by_period(read(s), self.period_count) for s in self.problem.sources]
        return np.array(rows, dtype=np.float64).reshape(len(rows), self.period_count).T

    def _each_source(self, read: Callable[[Source], float]) -> Floats:
        return np.array([read(s) for s in self.problem.sources], dtype=np.float64)


def shortage_costs(material: Material) -> dict[DemandTier, float]:
    """What a missing tonne of each tier costs, USD/t: where it is not given, as the next tier, else as the last.

    Empty for a material without demand.
    """
    given = {
        d.tier: d.shortage_cost_usd_per_tonne for d in material.demand if d.shortage_cost_usd_per_tonne is not None
    }
    costs: dict[DemandTier, float] = {}
    for i, tier in enumerate(TIERS if given else ()):
        following = [given[t] for t in TIERS[i:] if t in given]
        costs[tier] = following[0] if following else given[[t for t in TIERS if t in given][-1]]
    return costs


def _tiers(m: int, material: Material) -> list[TierIndex]:
    costs = shortage_costs(material)
    tiers = sorted((d.tier for d in material.demand), key=TIERS.index)
    return [TierIndex(m, tier, costs[tier]) for tier in tiers]


def _positions(names: list[str], wanted: list[str]) -> Ints:
    index = {name: i for i, name in enumerate(names)}
    return np.array([index[name] for name in wanted], dtype=np.int64)


def _sum_by_material(values: Floats, tiers_of: list[list[int]]) -> Floats:
    return np.stack([values[:, tiers].sum(axis=1) for tiers in tiers_of], axis=1)
