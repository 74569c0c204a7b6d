"""The scenario tree of the oracle, written from the page; shares no code with the product."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from lodestock_optimizers.problem import (
    Disruption,
    Material,
    MaterialState,
    Scenario,
    Source,
    SourcingProblem,
)

NEGLIGIBLE_PROBABILITY = 1e-12


@dataclass(frozen=True)
class NodeData:
    """All that can be seen at a node; scenarios with the same data so far share their nodes."""

    state: tuple[MaterialState, ...]  # by material
    floor_may_bind: tuple[bool, ...]  # by material
    availability: tuple[float, ...]  # by source
    price_factor: tuple[float, ...]  # by source
    demand_factor: tuple[float, ...]  # by material


@dataclass
class Node:
    """A situation in one period; `parent` is None for a root, `scenario_ids` leaves "nothing happens" out."""

    number: int
    parent: Node | None
    period: int
    data: NodeData
    on_trunk: bool
    probability: float = 0.0
    scenario_ids: set[str] = field(default_factory=set)
    children: list[Node] = field(default_factory=list)

    def ancestor(self, period: int) -> Node:
        """The node of `period` on the way to this one."""
        node = self
        while node.period > period:
            assert node.parent is not None
            node = node.parent
        return node

    def path(self) -> list[Node]:
        """From the root to this node."""
        return [*(self.parent.path() if self.parent else []), self]


def grow_tree(problem: SourcingProblem) -> list[Node]:
    """The prefix tree of the node data of all scenarios and "nothing happens"; parents come first."""
    count = len(problem.periods)
    kept = [s for s in problem.scenarios if s.probability > NEGLIGIBLE_PROBABILITY]
    nominal = _nominal(problem)
    paths: list[tuple[str | None, float, list[NodeData]]] = [
        (s.scenario_id, s.probability, [_data(problem, s, t) for t in range(count)]) for s in kept
    ]
    nothing = 1.0 - math.fsum(s.probability for s in kept)
    if nothing > NEGLIGIBLE_PROBABILITY:
        paths.append((None, nothing, [nominal] * count))
    nodes: dict[tuple[NodeData, ...], Node] = {}
    for t in range(count):
        for name, probability, data in paths:
            prefix = tuple(data[: t + 1])
            if prefix not in nodes:
                parent = nodes[prefix[:-1]] if t else None
                on_trunk = all(d == nominal for d in prefix)
                nodes[prefix] = Node(len(nodes), parent, t, data[t], on_trunk)
                if parent:
                    parent.children.append(nodes[prefix])
            nodes[prefix].probability += probability
            if name is not None:
                nodes[prefix].scenario_ids.add(name)
    return list(nodes.values())


def _nominal(problem: SourcingProblem) -> NodeData:
    materials, sources = len(problem.materials), len(problem.sources)
    return NodeData(
        state=(MaterialState.NORMAL,) * materials,
        floor_may_bind=(True,) * materials,
        availability=(1.0,) * sources,
        price_factor=(1.0,) * sources,
        demand_factor=(1.0,) * materials,
    )


def _data(problem: SourcingProblem, scenario: Scenario, t: int) -> NodeData:
    end = len(problem.periods) - 1 if scenario.end_period is None else scenario.end_period
    acts = scenario.onset_period <= t <= end
    rebuilding = scenario.rebuilding_periods
    if rebuilding is None:
        rebuilding = periods_in(problem, 2.0)
    rebuilds = scenario.state is not MaterialState.NORMAL and end < t <= end + rebuilding
    states, may_bind, availability, price_factor, demand_factor = [], [], [], [], []
    for m in problem.materials:
        concerned = _concerned(problem, scenario, m)
        states.append(scenario.state if acts and concerned else MaterialState.NORMAL)
        may_bind.append(not (rebuilds and concerned))
        factor = 1.0
        for f in scenario.demand_factors:
            if (not f.material_ids or m.material_id in f.material_ids) and (t in f.periods if f.periods else acts):
                factor *= f.factor
        demand_factor.append(round(factor, 12))
    for l in problem.sources:
        left, price = 1.0, 1.0
        for d in scenario.disruptions:
            if acts and _hits(d, l):
                left *= d.availability
                price *= d.price_factor
        availability.append(round(left, 12))
        price_factor.append(round(price, 12))
    return NodeData(tuple(states), tuple(may_bind), tuple(availability), tuple(price_factor), tuple(demand_factor))


def _concerned(problem: SourcingProblem, scenario: Scenario, m: Material) -> bool:
    """Whether the scenario's state is that of the material while the scenario acts."""
    if scenario.state_material_ids:
        return m.material_id in scenario.state_material_ids
    return any(
        d.availability < 1.0 and _hits(d, l)
        for d in scenario.disruptions
        for l in problem.sources
        if l.material_id == m.material_id
    )


def _hits(d: Disruption, l: Source) -> bool:
    return (
        (l.country in d.countries or not d.countries)
        and (l.material_id in d.material_ids or not d.material_ids)
        and (l.kind in d.kinds or not d.kinds)
        and (l.source_id in d.source_ids or not d.source_ids)
    )


def periods_in(problem: SourcingProblem, years: float) -> int:
    """Years as whole periods, rounded up, by the shortest period."""
    return math.ceil(years / min(p.length_years for p in problem.periods) - 1e-9)
