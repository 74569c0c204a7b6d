"""The problem of some of the materials alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lodestock_optimizers.problem import SourcingProblem, TradeRule


def problem_of(problem: SourcingProblem, materials: Iterable[int]) -> SourcingProblem:
    """The problem of some materials, with all that concerns them alone; scenarios and periods stay whole.

    Args:
        problem: The problem.
        materials: Positions of one or several groups of `lodestock_optimizers.ties`.
    """
    chosen = tuple(problem.materials[m] for m in materials)
    names = {m.material_id for m in chosen}
    sources = tuple(s for s in problem.sources if s.material_id in names)
    offered = {s.source_id for s in sources}
    return replace(
        problem,
        materials=chosen,
        sources=sources,
        deposits=tuple(d for d in problem.deposits if offered.issuperset(d.source_ids)),
        rules=tuple(_rule_of(rule, names) for rule in problem.rules if _concerns(rule, names)),
        substitutions=tuple(s for s in problem.substitutions if s.material_id in names),
        book=tuple(c for c in problem.book if c.source_id in offered),
    )


def _concerns(rule: TradeRule, names: set[str]) -> bool:
    return not rule.material_ids or not names.isdisjoint(rule.material_ids)


def _rule_of(rule: TradeRule, names: set[str]) -> TradeRule:
    return replace(rule, material_ids=tuple(name for name in rule.material_ids if name in names))
