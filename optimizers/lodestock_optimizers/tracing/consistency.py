"""Whether a plan can be that of a problem: its nodes, names and paths, before anything is traced through both."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lodestock_optimizers.field_paths import Document, UnknownPath
from lodestock_optimizers.plan import Plan
from lodestock_optimizers.problem import PROBABILITY_SLACK, SourcingProblem
from lodestock_optimizers.scenario_tree import ScenarioTree, build_tree
from lodestock_optimizers.violations import Violation

RULE_KIND = re.compile(r"(?<=\])\.(embargo|quota|share_cap|share_floor)\b")

NONE = -1
"""No node: signed at or before the start."""


def plan_violations(problem: SourcingProblem, plan: Plan) -> list[Violation]:
    """Lists where a plan is not one of `problem`, with paths that start at the plan.

    Args:
        problem: A problem without violations.
        plan: Any plan, however broken.
    """
    wrong = list(_nodes(build_tree(problem), plan))
    return wrong or [*_names(problem, plan), *_origins(problem, plan)]


def _nodes(tree: ScenarioTree, plan: Plan) -> Iterator[Violation]:
    """The nodes are those of the problem's tree; a plan that there is none of has no nodes."""
    if len(plan.nodes) not in (0, tree.node_count):
        text = f"holds {len(plan.nodes)} nodes, the problem makes {tree.node_count}: it is not the plan of this problem"
        yield Violation("nodes", text)
        return
    for n, node in enumerate(plan.nodes):
        if (node.node_id, node.parent_id, node.period) != (n, int(tree.parent[n]), int(tree.period[n])):
            text = f"is not node {n} of the problem's tree: parent {int(tree.parent[n])}, period {int(tree.period[n])}"
            yield Violation(f"nodes[{n}]", text)
        elif not abs(node.probability - float(tree.probability[n])) <= PROBABILITY_SLACK:
            text = f"is {node.probability:g}, the problem makes it {float(tree.probability[n]):g}"
            yield Violation(f"nodes[{n}].probability", text)
        elif node.scenario_ids != tree.scenario_ids[n] or node.on_trunk != bool(tree.on_trunk[n]):
            names = ", ".join(tree.scenario_ids[n]) or "nothing"
            yield Violation(f"nodes[{n}].scenario_ids", f"are not those of the problem's tree: {names}")


def _names(problem: SourcingProblem, plan: Plan) -> Iterator[Violation]:
    """Sources, materials, nodes and periods that the plan names are there."""
    sources = {s.source_id for s in problem.sources}
    materials = {m.material_id for m in problem.materials}
    substitutions = {j.substitution_id for j in problem.substitutions}
    nodes, periods = len(plan.nodes), len(problem.periods)
    for name in (
        "contracts",
        "deliveries",
        "balances",
        "materials",
        "binding_rules",
        "breaches",
        "relaxations",
        "substitutions",
        "footprints",
        "expansions",
    ):
        may_tie_several = name in ("binding_rules", "breaches", "relaxations")
        for i, element in enumerate(getattr(plan, name)):
            where = f"{name}[{i}]"
            source = getattr(element, "source_id", None)
            if source is not None and source not in sources:
                yield Violation(f"{where}.source_id", f"'{source}' is no source of the problem")
            material = getattr(element, "material_id", None)
            if material is not None and material not in materials and not (may_tie_several and not material):
                yield Violation(f"{where}.material_id", f"'{material}' is no material of the problem")
            substitution = getattr(element, "substitution_id", None)
            if substitution is not None and substitution not in substitutions:
                yield Violation(f"{where}.substitution_id", f"'{substitution}' is no substitution of the problem")
            period = getattr(element, "period", 0)
            if not 0 <= period < periods:
                yield Violation(f"{where}.period", f"is {period}, must be a period from 0 to {periods - 1}")
            for field, node in _node_numbers(element):
                if not 0 <= node < nodes and not (field == "signed_node_id" and node == NONE):
                    yield Violation(f"{where}.{field}", f"is {node}, the plan has {nodes} nodes")


def _node_numbers(element: object) -> Iterator[tuple[str, int]]:
    for field in ("node_id", "signed_node_id"):
        node = getattr(element, field, None)
        if node is not None:
            yield field, node
    for k, node in enumerate(getattr(element, "node_ids", ())):
        yield f"node_ids[{k}]", node


def _origins(problem: SourcingProblem, plan: Plan) -> Iterator[Violation]:
    """The fields that limits are said to come from are fields of the problem."""
    document = Document(problem, {})
    for name in ("binding_rules", "relaxations", "conflict"):
        for i, element in enumerate(getattr(plan, name)):
            # On the wire the kind of a rule stands in the path; here its fields are those of `rule`.
            path = RULE_KIND.sub(".rule", element.field_path)
            try:
                document.find(path)
            except UnknownPath as error:
                yield Violation(f"{name}[{i}].field_path", f"'{path}' is no field of the problem: {error}")
