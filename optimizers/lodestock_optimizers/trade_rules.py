"""Trade rules as rows: which deliveries count, against what, where.

Owns the reading of quotas, share caps, share floors and embargoes (docs/model.md, "Trade rules" and "Where rules
bind"). A row says  Σ(numerator) − share·Σ(base) ≤ limit  (a floor: ≥), with deliveries y + z in both sums, so that one
shape serves every denominator: the base of DEMAND is what plants take as feed, SUPPLY and IMPORTS have no limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.problem import Embargo, Quota, ShareCap, ShareDenominator, ShareFloor, SourceKind, TradeRule
from lodestock_optimizers.scenario_tree import Bools, Floats, states_with_limit


@dataclass(frozen=True, slots=True)
class NodeLimit:
    """The limit of a rule at one node: share of the base, plus tonnes; `binds` is False where it is only reported.

    `demand`: tonnes of the denominator that are none of the base's.
    """

    node: int
    share: float
    tonnes: float
    binds: bool
    demand: float = 0.0


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule for one material (−1: one row over several) and country ("": all), with its limit node by node.

    `counted`: of each source of the base, the tonnes that a tonne delivered adds to it.
    """

    rule: int
    family: str
    material: int
    country: str
    numerator: tuple[int, ...]
    base: tuple[int, ...]
    counted: tuple[float, ...]
    limits: tuple[NodeLimit, ...]

    def at(self, node: int) -> NodeLimit:
        """The limit at a node that has one."""
        return next(limit for limit in self.limits if limit.node == node)

    def base_tonnes(self, delivered: Floats) -> Floats:
        """(…,) tonnes of the base, from (…, L) tonnes delivered."""
        tonnes: Floats = delivered[..., list(self.base)] @ np.array(self.counted)
        return tonnes


def embargoed(instance: Instance) -> Bools:
    """(T, L) whether an embargo stops deliveries of a source in a period."""
    stopped = np.zeros((instance.period_count, instance.source_count), dtype=np.bool_)
    for rule in instance.problem.rules:
        if isinstance(rule.rule, Embargo):
            hit = [l for l in range(instance.source_count) if names_source(rule, instance, l)]
            for t in _periods(rule, instance):
                stopped[t, hit] = True
    return stopped


def rule_rows(instance: Instance) -> list[RuleRow]:
    """All rows of all rules but embargoes, in the order of the rules."""
    return [row for r, rule in enumerate(instance.problem.rules) for row in _rows(r, rule, instance)]


def _rows(r: int, rule: TradeRule, instance: Instance) -> list[RuleRow]:
    materials = rule_materials(rule, instance)
    match rule.rule:
        case Quota():
            return [_quota_row(r, instance, materials)]
        case ShareCap():
            # A cap on what is nowhere to be had limits nothing.
            return [
                _share_row(r, instance, m, country)
                for m in materials
                for country in rule.countries
                if country in instance.countries_of[m]
            ]
        case ShareFloor():
            return [_share_row(r, instance, m) for m in materials]
        case _:
            return []


def _quota_row(r: int, instance: Instance, materials: list[int]) -> RuleRow:
    """The one row of a quota: it binds where every material is in a state that it lists, by the limit of the worst."""
    rule = instance.problem.rules[r]
    assert isinstance(rule.rule, Quota)
    limits = states_with_limit(rule.rule.max_tonnes, rule.states, rule.limit_by_state)
    nodes = []
    for n in _nodes(rule, instance):
        states = {int(instance.tree.state[n, m]) for m in materials}
        if states <= limits.keys():
            nodes.append(NodeLimit(n, 0.0, limits[max(states)], bool(instance.settled[n])))
    numerator = tuple(l for l in range(instance.source_count) if names_source(rule, instance, l))
    return RuleRow(r, "quota", materials[0] if len(materials) == 1 else -1, "", numerator, (), (), tuple(nodes))


def _share_row(r: int, instance: Instance, m: int, country: str = "") -> RuleRow:
    """The row of a share cap for one material and country, or of a share floor for one material."""
    rule = instance.problem.rules[r]
    share_rule = rule.rule
    assert isinstance(share_rule, ShareCap | ShareFloor)
    limits = states_with_limit(
        share_rule.max_share if isinstance(share_rule, ShareCap) else share_rule.min_share,
        rule.states,
        rule.limit_by_state,
    )
    sources = instance.problem.sources
    of_material = instance.sources_of[m]
    imports = [l for l in of_material if sources[l].kind is SourceKind.IMPORT]
    denominator = share_rule.denominator
    takers = instance.feeds.takers[m]
    base = {ShareDenominator.DEMAND: takers, ShareDenominator.SUPPLY: of_material, ShareDenominator.IMPORTS: imports}
    counted = imports if denominator is ShareDenominator.IMPORTS else of_material
    numerator = [
        l
        for l in counted
        if names_source(rule, instance, l)
        and (not country or sources[l].country == country)
        and (isinstance(share_rule, ShareCap) or sources[l].kind is share_rule.kind)
    ]
    of_demand = denominator is ShareDenominator.DEMAND
    nodes = []
    at = _nodes(rule, instance)
    states, demand = instance.tree.state[at, m].tolist(), instance.material_demand[at, m].tolist()
    for n, state, wanted, binds in zip(at, states, demand, instance.settled[at].tolist(), strict=True):
        share = limits.get(state)
        if share is not None:
            own = wanted if of_demand else 0.0
            nodes.append(NodeLimit(n, share, share * own, binds, own))
    family = "share_cap" if isinstance(share_rule, ShareCap) else "share_floor"
    whole = base[denominator]
    each: list[float] = instance.feeds.per_tonne[whole].tolist() if of_demand else [1.0] * len(whole)
    return RuleRow(r, family, m, country, tuple(numerator), tuple(whole), tuple(each), tuple(nodes))


def rule_materials(rule: TradeRule, instance: Instance) -> list[int]:
    """The materials that a rule names, whether or not they have a source that it counts: their states choose its limit.

    None named: all.
    """
    return [
        i
        for i, m in enumerate(instance.problem.materials)
        if not rule.material_ids or m.material_id in rule.material_ids
    ]


def _periods(rule: TradeRule, instance: Instance) -> list[int]:
    return sorted(rule.periods) if rule.periods else list(range(instance.period_count))


def _nodes(rule: TradeRule, instance: Instance) -> list[int]:
    if not rule.periods:
        return list(range(instance.node_count))
    return np.flatnonzero(np.isin(instance.tree.period, _periods(rule, instance))).tolist()


def names_source(rule: TradeRule, instance: Instance, l: int) -> bool:
    """Whether a rule holds for a source."""
    return rule.covers(instance.problem.sources[l])
