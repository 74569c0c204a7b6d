"""Trade rules as rows: which deliveries count, against what, where.

Owns the reading of quotas, share caps, share floors and embargoes (docs/model.md, "Trade rules" and "Where rules
bind"). A row says  Σ(numerator) − share·Σ(base) ≤ limit  (a floor: ≥), with deliveries y + z in both sums, so that one
shape serves every denominator: DEMAND has no base, SUPPLY and IMPORTS have no limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .instance import Instance, states_with_limit
from .problem import Embargo, Quota, ShareCap, ShareDenominator, ShareFloor, SourceKind, TradeRule
from .scenario_tree import Bools


@dataclass(frozen=True, slots=True)
class NodeLimit:
    """The limit of a rule at one node: share of the base, plus tonnes; `binds` is False where it is only reported."""

    node: int
    share: float
    tonnes: float
    binds: bool


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule for one material (−1: one row over several) and country ("": all), with its limit node by node."""

    rule: int
    family: str
    material: int
    country: str
    numerator: tuple[int, ...]
    base: tuple[int, ...]
    limits: tuple[NodeLimit, ...]


def embargoed(instance: Instance) -> Bools:
    """(T, L) whether an embargo stops deliveries of a source in a period."""
    stopped = np.zeros((instance.period_count, instance.source_count), dtype=np.bool_)
    for rule in instance.problem.rules:
        if isinstance(rule.rule, Embargo):
            hit = [l for l in range(instance.source_count) if _names(rule, instance, l)]
            for t in _periods(rule, instance):
                stopped[t, hit] = True
    return stopped


def rule_rows(instance: Instance) -> list[RuleRow]:
    """All rows of all rules but embargoes, in the order of the rules."""
    return [row for r, rule in enumerate(instance.problem.rules) for row in _rows(r, rule, instance)]


def _rows(r: int, rule: TradeRule, instance: Instance) -> list[RuleRow]:
    materials = _materials(rule, instance)
    match rule.rule:
        case Quota(max_tonnes):
            limits = states_with_limit(max_tonnes, rule.states, rule.limit_by_state)
            numerator = tuple(l for l in range(instance.source_count) if _names(rule, instance, l))
            nodes = [
                NodeLimit(n, 0.0, limits[worst], bool(instance.settled[n]))
                for n in _nodes(rule, instance)
                if all(int(instance.tree.state[n, m]) in limits for m in materials)
                and (worst := int(instance.tree.state[n, materials].max(initial=0))) in limits
            ]
            material = materials[0] if len(materials) == 1 else -1
            return [RuleRow(r, "quota", material, "", numerator, (), tuple(nodes))]
        case ShareCap(max_share, denominator):
            limits = states_with_limit(max_share, rule.states, rule.limit_by_state)
            return [
                _share_row(r, rule, instance, limits, denominator, "share_cap", m, country, None)
                for m in materials
                for country in rule.countries
            ]
        case ShareFloor(kind, min_share, denominator):
            limits = states_with_limit(min_share, rule.states, rule.limit_by_state)
            return [_share_row(r, rule, instance, limits, denominator, "share_floor", m, "", kind) for m in materials]
        case _:
            return []


def _share_row(
    r: int,
    rule: TradeRule,
    instance: Instance,
    limits: dict[int, float],
    denominator: ShareDenominator,
    family: str,
    m: int,
    country: str,
    kind: SourceKind | None,
) -> RuleRow:
    sources = instance.problem.sources
    of_material = instance.sources_of[m]
    imports = [l for l in of_material if sources[l].kind is SourceKind.IMPORT]
    base = {ShareDenominator.DEMAND: [], ShareDenominator.SUPPLY: of_material, ShareDenominator.IMPORTS: imports}
    counted = imports if denominator is ShareDenominator.IMPORTS else of_material
    numerator = [
        l
        for l in counted
        if _names(rule, instance, l)
        and (not country or sources[l].country == country)
        and (kind is None or sources[l].kind is kind)
    ]
    nodes = []
    for n in _nodes(rule, instance):
        share = limits.get(int(instance.tree.state[n, m]))
        if share is not None:
            of_demand = denominator is ShareDenominator.DEMAND
            tonnes = share * float(instance.material_demand[n, m]) if of_demand else 0.0
            nodes.append(NodeLimit(n, 0.0 if of_demand else share, tonnes, bool(instance.settled[n])))
    return RuleRow(r, family, m, country, tuple(numerator), tuple(base[denominator]), tuple(nodes))


def _materials(rule: TradeRule, instance: Instance) -> list[int]:
    return [
        i
        for i, m in enumerate(instance.problem.materials)
        if not rule.material_ids or m.material_id in rule.material_ids
    ]


def _periods(rule: TradeRule, instance: Instance) -> list[int]:
    return sorted(rule.periods) if rule.periods else list(range(instance.period_count))


def _nodes(rule: TradeRule, instance: Instance) -> list[int]:
    return np.flatnonzero(np.isin(instance.tree.period, _periods(rule, instance))).tolist()


def _names(rule: TradeRule, instance: Instance, l: int) -> bool:
    source = instance.problem.sources[l]
    return (not rule.material_ids or source.material_id in rule.material_ids) and (
        not rule.countries or source.country in rule.countries
    )
