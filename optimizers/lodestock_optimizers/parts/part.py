"""A part of a problem: materials that nothing ties to the others, as an instance of its own on its own tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.scenario_tree import Ints
from lodestock_optimizers.size import COLUMNS_PER_MATERIAL, COLUMNS_PER_SOURCE
from lodestock_optimizers.ties import material_groups
from lodestock_optimizers.trade_rules import RuleRow, rule_rows

from .contraction import contracted, images
from .restriction import problem_of

LEAST_COLUMNS = 4_000
"""Columns that parts must have on the average to be worth their while: measured, some milliseconds each to state."""


@dataclass(frozen=True)
class Part:
    """Some materials of a whole.

    Attributes:
        instance: Their numbers, on the contracted tree.
        rules: The rows of their trade rules.
        image: (N,) the part's node that tells of each node of the whole.
        position: By what they are, the positions that the part's materials, sources and so on have in the whole.
    """

    instance: Instance
    rules: list[RuleRow]
    image: Ints
    position: dict[str, Ints]


def split(whole: Instance, rules: list[RuleRow]) -> list[Part]:
    """The parts of an instance, in the order of their first materials; none where it is better left whole.

    Args:
        whole: The instance.
        rules: The rows of its trade rules.
    """
    problem = whole.problem
    groups = sorted(tuple(sorted(group)) for group in set(material_groups(problem)))
    columns = whole.node_count * (COLUMNS_PER_SOURCE * whole.source_count + COLUMNS_PER_MATERIAL * whole.material_count)
    # Branch and cut of two choices that nothing ties tries all pairs of them: such parts are always worth their while.
    is_small = columns < LEAST_COLUMNS * len(groups) and not whole.ordered
    if len(groups) < 2 or is_small or _is_one(problem):
        return []
    return [_part(whole, rules, materials) for materials in groups]


def _is_one(problem: SourcingProblem) -> bool:
    """Whether a footprint has a cap, which binds by the state of all materials: a part does not know that."""
    return any(policy.max_units or policy.max_units_by_state for policy in problem.footprint_policies)


def _part(whole: Instance, rules: list[RuleRow], materials: tuple[int, ...]) -> Part:
    problem, tree = whole.problem, whole.tree
    sources = sorted(l for m in materials for l in whole.sources_of[m])
    # Where rules bind goes by who could know, which the data of a node do not say.
    concerned = [k for k, row in enumerate(rules) if _materials_of(row, whole).issubset(materials)]
    labels = whole.settled if concerned else np.zeros(whole.node_count, dtype=np.bool_)
    if set(whole.ordered).isdisjoint(sources):
        image = images(tree, sources, materials, labels)
    else:
        # Where something is bought wholly or not at all, the mean of two plans need not be one: no nodes are merged.
        image = np.arange(tree.node_count)
    settled = np.zeros(int(image.max()) + 1, dtype=np.bool_)
    settled[image] = labels
    own = problem_of(problem, materials)
    instance = Instance(own, contracted(tree, image, sources, materials), settled)
    position = {
        "material": materials,
        "source": sources,
        "tier": [d for m in materials for d in whole.tiers_of[m]],
        "rule": concerned,
        "deposit": _places(problem.deposits, own.deposits),
        "substitution": _places(problem.substitutions, own.substitutions),
    }
    numbers = {name: np.array(places, dtype=np.int64) for name, places in position.items()}
    return Part(instance, rule_rows(instance), image, numbers)


def _materials_of(row: RuleRow, whole: Instance) -> set[int]:
    """The materials that a rule's row is about."""
    named = whole.problem.rules[row.rule].material_ids
    if row.material >= 0:
        return {row.material}
    return {i for i, m in enumerate(whole.problem.materials) if not named or m.material_id in named}


def _places(whole: Sequence[object], own: Iterable[object]) -> list[int]:
    """Where a part's own elements stand in the whole's."""
    names = {id(element): i for i, element in enumerate(whole)}
    return [names[id(element)] for element in own]
