"""Which materials are decided together: those that a budget, a rule, a deposit, a substitution or a feed ties.

What nothing ties is a problem of its own: its least cost, and every number of its plan, rest on its own figures. The
scenario tree is shared by all (see `lodestock_optimizers.scenario_tree`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lodestock_optimizers.problem import Quota, SourcingProblem


def material_groups(problem: SourcingProblem) -> tuple[frozenset[int], ...]:
    """The group of each material, by position: those that are decided together with it, itself among them."""
    return merged(len(problem.materials), _ties(problem))


def balance_groups(problem: SourcingProblem) -> tuple[frozenset[int], ...]:
    """The group of each material, by position: those that stand in for each other or are made of each other."""
    position = {m.material_id: i for i, m in enumerate(problem.materials)}
    return merged(len(problem.materials), _balance_ties(problem, position))


def merged(count: int, ties: Iterable[Iterable[int]]) -> tuple[frozenset[int], ...]:
    """The group of each of `count` members, where those of one tie belong together."""
    groups = [frozenset((m,)) for m in range(count)]
    for tie in ties:
        if len({id(groups[m]) for m in tie}) == 1:
            continue
        joined = frozenset().union(*(groups[m] for m in tie))
        for m in joined:
            groups[m] = joined
    return tuple(groups)


def _ties(problem: SourcingProblem) -> Iterator[list[int]]:
    position = {m.material_id: i for i, m in enumerate(problem.materials)}
    of_source = {s.source_id: position[s.material_id] for s in problem.sources}
    everything = list(range(len(problem.materials)))
    # The tail is one of the whole cost, to which every material adds.
    if problem.budget is not None or problem.tail_weight > 0:
        yield everything
    for rule in problem.rules:
        if isinstance(rule.rule, Quota):
            yield [position[name] for name in rule.material_ids] or everything
    for deposit in problem.deposits:
        yield [of_source[name] for name in deposit.source_ids]
    yield from _balance_ties(problem, position)
    for policy in problem.footprint_policies:
        if policy.max_units or policy.max_units_by_state:
            leaving = (s for s in problem.sources if any(f.kind == policy.kind for f in s.footprints))
            yield [position[s.material_id] for s in leaving]


def _balance_ties(problem: SourcingProblem, position: dict[str, int]) -> Iterator[list[int]]:
    for substitution in problem.substitutions:
        yield [position[substitution.material_id], position[substitution.substitute_material_id]]
    for source in problem.sources:
        if source.feed is not None:
            yield [position[source.material_id], position[source.feed.material_id]]
