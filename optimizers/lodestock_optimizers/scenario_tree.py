"""The scenario tree: what may happen, and who knows it when.

Owns the data of the nodes (state, availability, price and demand factors, whether the stock floor may bind) and the
prefix tree of these data over all scenarios. Two scenarios whose data have been the same so far share their nodes, so
that nobody in the model knows a scenario before its data differ, nor its end before it comes.

Terms: the trunk is the path on which nothing happens; a node is settled where every contract that delivers in it was
signed by someone who could know that it would be reached, so that rules on contracts can bind.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lodestock_optimizers.problem import DemandFactor, MaterialState, Scenario, SourcingProblem, StateValue

NEGLIGIBLE_PROBABILITY = 1e-12
"""A scenario at or below this is dropped before the tree is built."""

DIGITS = 12
"""Node data are compared after rounding to so many digits."""

STATES = tuple(MaterialState)
"""States in order of severity; a node's state is an index into it."""

NOTHING_HAPPENS = ""
"""Name of the trunk among the paths; no scenario can bear it, since an empty name is refused."""

REBUILDING_YEARS = 2.0

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ScenarioTree:
    """The tree; N nodes, parents before children, ordered by period.

    Attributes:
        period: (N,) period of the node.
        parent: (N,) parent, −1 for a root.
        probability: (N,) adds up to 1 in every period.
        availability: (N, L) share of each source left by the disruptions, 0…1.
        price_factor: (N, L) factor on the price of each source.
        demand_factor: (N, M) factor on the demand of each material.
        state: (N, M) index into `STATES`.
        floor_may_bind: (N, M) False while a material's stock is being rebuilt.
        on_trunk: (N,) whether nothing has happened so far.
        scenario_ids: scenarios that pass through each node, "nothing happens" left out.
        ancestor: (N, T) the node's ancestor in each period up to its own, itself included; −1 beyond.
    """

    period: Ints
    parent: Ints
    probability: Floats
    availability: Floats
    price_factor: Floats
    demand_factor: Floats
    state: NDArray[np.int8]
    floor_may_bind: Bools
    on_trunk: Bools
    scenario_ids: tuple[tuple[str, ...], ...]
    ancestor: Ints

    @property
    def node_count(self) -> int:
        """N, the number of nodes."""
        return len(self.period)

    @property
    def leaves(self) -> Ints:
        """The nodes of the last period."""
        return np.flatnonzero(self.period == self.period[-1])

    def along_paths(self, values: Floats) -> Floats:
        """(N,) sums of (N,) values from the root to each node."""
        total = values.copy()
        for n, parent in enumerate(self.parent.tolist()):
            if parent >= 0:
                total[n] += total[parent]
        return total

    def below(self, values: Floats) -> Floats:
        """(N,) sums of (N,) values over each node and all that follow from it."""
        total = values.copy()
        for n in range(self.node_count - 1, -1, -1):
            parent = int(self.parent[n])
            if parent >= 0:
                total[parent] += total[n]
        return total

    def contract_groups(self, lead: int) -> list[tuple[int, int]]:
        """Names, for each node, the contract that delivers in it: (period of delivery, node of signing).

        The node of signing is −1 where the contract is signed at or before the start.
        """
        return [
            (int(t), int(self.ancestor[n, t - lead]) if t >= lead else -1) for n, t in enumerate(self.period.tolist())
        ]

    def settled(self, longest_lead: int) -> Bools:
        """(N,) whether rules on contracts can bind: on the trunk, or alone in its period below the signing node."""
        groups = self.contract_groups(longest_lead)
        together = Counter(groups)
        return np.array([together[group] == 1 for group in groups]) | self.on_trunk


@dataclass(frozen=True, slots=True)
class _NodeData:
    availability: Floats
    price_factor: Floats
    demand_factor: Floats
    state: NDArray[np.int8]
    floor_may_bind: Bools
    key: bytes = field(init=False)

    def __post_init__(self) -> None:
        parts = (self.availability, self.price_factor, self.demand_factor, self.state, self.floor_may_bind)
        object.__setattr__(self, "key", b"".join(part.tobytes() for part in parts))


def years_to_periods(years: float, problem: SourcingProblem) -> int:
    """Whole periods that cover `years` wherever they start: rounded up by the shortest period."""
    shortest = min(p.length_years for p in problem.periods)
    return math.ceil(years / shortest - 1e-9)


def build_tree(problem: SourcingProblem) -> ScenarioTree:
    """Builds the prefix tree of the node data over all scenarios of a valid problem, "nothing happens" included."""
    scenarios = [s for s in problem.scenarios if s.probability > NEGLIGIBLE_PROBABILITY]
    calm = 1.0 - math.fsum(s.probability for s in scenarios)
    calm_data = _calm(problem)
    count = len(problem.periods)
    paths: list[tuple[str, float, list[_NodeData]]] = [
        (s.scenario_id, s.probability, _path(s, problem, calm_data)) for s in scenarios
    ]
    if calm > NEGLIGIBLE_PROBABILITY:
        paths.insert(0, (NOTHING_HAPPENS, calm, [calm_data] * count))
    # Rounding may leave the sum a hair off 1; probabilities must add up exactly for a balanced tree.
    total = math.fsum(p for _, p, _ in paths)
    paths = [(name, p / total, data) for name, p, data in paths]
    return _merge(paths, count, calm_data.key)


def _merge(paths: list[tuple[str, float, list[_NodeData]]], count: int, calm: bytes) -> ScenarioTree:
    """The prefix tree of the paths' data; a node is on the trunk where all data up to it are those of a calm time."""
    period: list[int] = []
    parent: list[int] = []
    probability: list[list[float]] = []
    passing: list[list[str]] = []
    data: list[_NodeData] = []
    on_trunk: list[bool] = []
    at = [-1] * len(paths)
    for t in range(count):
        nodes: dict[tuple[int, bytes], int] = {}
        for i, (name, p, path) in enumerate(paths):
            key = (at[i], path[t].key)
            node = nodes.get(key)
            if node is None:
                node = nodes[key] = len(period)
                period.append(t)
                parent.append(at[i])
                probability.append([])
                passing.append([])
                data.append(path[t])
                on_trunk.append(path[t].key == calm and (at[i] < 0 or on_trunk[at[i]]))
            at[i] = node
            probability[node].append(p)
            passing[node].append(name)
    ancestor = np.full((len(period), count), -1, dtype=np.int64)
    for n, t in enumerate(period):
        if t:
            ancestor[n, :t] = ancestor[parent[n], :t]
        ancestor[n, t] = n
    return ScenarioTree(
        period=np.array(period),
        parent=np.array(parent),
        probability=np.array([math.fsum(p) for p in probability]),
        availability=np.array([d.availability for d in data]),
        price_factor=np.array([d.price_factor for d in data]),
        demand_factor=np.array([d.demand_factor for d in data]),
        state=np.array([d.state for d in data], dtype=np.int8),
        floor_may_bind=np.array([d.floor_may_bind for d in data]),
        on_trunk=np.array(on_trunk),
        scenario_ids=tuple(tuple(name for name in names if name != NOTHING_HAPPENS) for names in passing),
        ancestor=ancestor,
    )


def _calm(problem: SourcingProblem) -> _NodeData:
    sources, materials = len(problem.sources), len(problem.materials)
    return _NodeData(
        availability=np.ones(sources),
        price_factor=np.ones(sources),
        demand_factor=np.ones(materials),
        state=np.zeros(materials, dtype=np.int8),
        floor_may_bind=np.ones(materials, dtype=np.bool_),
    )


def _path(scenario: Scenario, problem: SourcingProblem, calm: _NodeData) -> list[_NodeData]:
    count = len(problem.periods)
    onset = scenario.onset_period
    end = count - 1 if scenario.end_period is None else scenario.end_period
    availability, price_factor = _supply_factors(scenario, problem)
    troubled = _troubled_materials(scenario, problem)
    state = np.where(troubled, STATES.index(scenario.state), 0).astype(np.int8)
    rebuilding = scenario.rebuilding_periods
    if rebuilding is None:
        rebuilding = years_to_periods(REBUILDING_YEARS, problem)
    recovering = np.asarray(state == 0)
    path = []
    for t in range(count):
        acts = onset <= t <= end
        demand = _demand_factors(scenario.demand_factors, problem, t, acts=acts)
        if acts:
            path.append(_NodeData(availability, price_factor, demand, state, calm.floor_may_bind))
        else:
            floor = recovering if end < t <= end + rebuilding else calm.floor_may_bind
            path.append(_NodeData(calm.availability, calm.price_factor, demand, calm.state, floor))
    return path


def _supply_factors(scenario: Scenario, problem: SourcingProblem) -> tuple[Floats, Floats]:
    availability, price_factor = np.ones(len(problem.sources)), np.ones(len(problem.sources))
    for disruption in scenario.disruptions:
        hit = np.array([disruption.hits(source) for source in problem.sources], dtype=np.bool_)
        availability[hit] *= disruption.availability
        price_factor[hit] *= disruption.price_factor
    return availability.round(DIGITS), price_factor.round(DIGITS)


def _troubled_materials(scenario: Scenario, problem: SourcingProblem) -> Bools:
    """(M,) the materials whose state the scenario changes: those it names, else those that lose availability."""
    named = set(scenario.state_material_ids)
    if not named:
        cuts = [d for d in scenario.disruptions if d.availability < 1]
        named = {s.material_id for s in problem.sources if any(d.hits(s) for d in cuts)}
    return np.array([m.material_id in named for m in problem.materials], dtype=np.bool_)


def _demand_factors(factors: tuple[DemandFactor, ...], problem: SourcingProblem, t: int, *, acts: bool) -> Floats:
    """(M,) factors at t: those that name periods hold in these alone, the others while the scenario acts."""
    result = np.ones(len(problem.materials))
    for factor in factors:
        if t in factor.periods if factor.periods else acts:
            hit = [not factor.material_ids or m.material_id in factor.material_ids for m in problem.materials]
            result[np.array(hit, dtype=np.bool_)] *= factor.factor
    return result.round(DIGITS)


def states_with_limit(
    base: float, states: tuple[MaterialState, ...], others: tuple[StateValue, ...]
) -> dict[int, float]:
    """The limit of a rule in each state (index into `STATES`) in which it binds: NORMAL unless said otherwise."""
    limits = {STATES.index(s): base for s in states or (MaterialState.NORMAL,)}
    return limits | {STATES.index(v.state): v.value for v in others}
