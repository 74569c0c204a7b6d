"""A smallest set of limits that contradict each other: without any one of them the others can be kept.

Owns the search. The least give of one limit, all others held, has duals that prove that there is no less: the limits in
that proof, with the structure of the model, contradict each other. A basic solution of the duals is a vertex, whose
support is an irreducible infeasible subsystem of rows and bounds (Gleeson & Ryan, ORSA Journal on Computing 2, 1990,
61–63). Since only what a caller set is named, and balances and deliveries stay, the named ones are then tried one by
one (deletion filter: Chinneck & Dravnieks, ORSA Journal on Computing 3, 1991, 157–168).
"""

from __future__ import annotations

import numpy as np

from lodestock_optimizers.no_plan.elastic import ElasticModel, Given
from lodestock_optimizers.no_plan.limit_words import if_they_happen, sentence
from lodestock_optimizers.no_plan.named_limits import NamedLimits
from lodestock_optimizers.plan import ConflictingRule
from lodestock_optimizers.scenario_tree import Bools, Ints

NEGLIGIBLE, ROUNDING = 1e-7, 1e-12
"""What HiGHS takes for nothing, and what doubles leave of a limit, relative to it: a limit need not give less."""


def find_conflict(limits: NamedLimits, model: ElasticModel, broken: Ints) -> Ints:
    """Finds limits that contradict each other, with the structure of the model, none of them too many.

    Args:
        limits: The limits of a model without a plan.
        model: The model with give.
        broken: Limits without which there is a plan, in the order in which to try them.

    Returns:
        (·,) the limits of the set, rising.

    Raises:
        Stopped: Caller or clock say so.
        SolverFault: HiGHS fails.
    """
    found = _linear_conflict(limits, model, broken)
    # No proof stands on what HiGHS takes for nothing: there its word counts alone.
    return found if len(found) and not model.is_mixed else _halved(limits, model, found)


def _linear_conflict(limits: NamedLimits, model: ElasticModel, broken: Ints) -> Ints:
    """(·,) limits that contradict each other where contracts may be signed in part; none where they do not, or by less
    than can be proven.
    """
    kept = np.ones(len(limits), dtype=np.bool_)
    rules = limits.rule[broken]
    kept[np.isin(limits.rule, rules)] = False
    for rule in dict.fromkeys(rules.tolist()):
        given = _least_give(limits, model, kept, rule)
        if given is not None:
            return _filtered(limits, model, _proof(limits, given, kept, rule), rule)
        kept |= limits.rule == rule
    return np.zeros(0, dtype=np.int64)


def _least_give(limits: NamedLimits, model: ElasticModel, kept: Bools, rule: int) -> Given | None:
    """The least give of a rule with the limits of `kept` held; None where it need not give way, or would not help."""
    price = np.where(kept, np.inf, 0.0)
    own = np.flatnonzero(limits.rule == rule)
    size = 1.0 + np.abs(limits.limit[own])
    # Each in units of its limit, about 1 a unit: what counts as 0 in a price does not depend on the size of the limits.
    price[own] = size.max() / size
    given = model.solve(price, as_linear=True)
    if given is None or not (given.amount[own] > NEGLIGIBLE + ROUNDING * size).any():
        return None
    return given


def _proof(limits: NamedLimits, given: Given, kept: Bools, rule: int) -> Bools:
    """(K,) the rules among the limits of `kept` that the proof needs, and the one that it is about."""
    needed = np.append(limits.rule[given.certificate & kept], rule)
    return np.isin(limits.rule, needed)


def _filtered(limits: NamedLimits, model: ElasticModel, contradicting: Bools, rule: int) -> Ints:
    """Drop from contradicting rules what is too many. The rule itself is needed: the others can be kept."""
    left, tried = contradicting, limits.rule == rule
    model.narrow(left, tried)
    while (left & ~tried).any():
        candidate = limits.rule == limits.rule[np.flatnonzero(left & ~tried)[0]]
        tried |= candidate
        others = left & ~candidate & (limits.rule != rule)
        given = _least_give(limits, model, others, rule)
        if given is not None:
            left = _proof(limits, given, others, rule)
    return np.flatnonzero(left)


def _halved(limits: NamedLimits, model: ElasticModel, contradicting: Ints) -> Ints:
    """(·,) of limits that contradict each other where contracts are signed or not as a whole, those that are needed.

    Args:
        limits: The limits of a model without a plan.
        model: The model with give.
        contradicting: Limits that contradict each other even where contracts may be signed in part; none: all do.
    """
    members = contradicting if len(contradicting) else np.flatnonzero(limits.is_hard)
    needed = _needed(limits, model, np.zeros(0, dtype=np.int64), np.unique(limits.rule[members]), is_new=False)
    return np.flatnonzero(np.isin(limits.rule, needed) & limits.is_hard)


def _needed(limits: NamedLimits, model: ElasticModel, held: Ints, rules: Ints, *, is_new: bool) -> Ints:
    """The rules that are needed to contradict those held (QuickXplain: Junker, AAAI 2004, 167–172).

    Args:
        limits: The limits.
        model: The model with give.
        held: Rules that are in the set already.
        rules: Rules that contradict each other together with those held.
        is_new: Whether those held changed since they were last tried alone.
    """
    if is_new and _contradict(limits, model, held):
        return rules[:0]
    if len(rules) <= 1:
        return rules
    first, second = rules[: len(rules) // 2], rules[len(rules) // 2 :]
    of_second = _needed(limits, model, np.union1d(held, first), second, is_new=True)
    of_first = _needed(limits, model, np.union1d(held, of_second), first, is_new=len(of_second) > 0)
    return np.union1d(of_first, of_second)


def _contradict(limits: NamedLimits, model: ElasticModel, rules: Ints) -> bool:
    return model.solve(np.where(np.isin(limits.rule, rules), np.inf, 0.0)) is None


def describe_conflict(limits: NamedLimits, found: Ints) -> tuple[ConflictingRule, ...]:
    """The limits of a conflict, those of one rule at several nodes as one entry, by their first periods."""
    together: dict[tuple[str, ...], list[int]] = {}
    for i in found.tolist():
        limit = limits.named(i)
        # An embargo is one rule for all materials and countries that it names.
        apart = () if limit.family == "embargo" else (limit.material_id, limit.country)
        together.setdefault((limit.field.path, limit.subject_id, *apart), []).append(i)
    entries = []
    for members in together.values():
        said = [limits.named(i) for i in members]
        scenarios = _scenarios(limits, {limit.node for limit in said})
        entries.append(
            ConflictingRule(
                family=said[0].family,
                field_path=said[0].field.path,
                subject_id=said[0].subject_id,
                material_id=_the_one({limit.material_id for limit in said}),
                country=_the_one({limit.country for limit in said}),
                node_ids=tuple(sorted({limit.node for limit in said})),
                periods=tuple(sorted({limit.period for limit in said})),
                description=sentence(limits, members) + if_they_happen(scenarios),
                scenario_ids=scenarios,
            )
        )
    return tuple(sorted(entries, key=lambda entry: (entry.periods, entry.node_ids)))


def _scenarios(limits: NamedLimits, nodes: set[int]) -> tuple[str, ...]:
    """The scenarios that may have led to some nodes; none where nothing has happened yet at one of them."""
    tree = limits.instance.tree
    if any(tree.on_trunk[n] for n in nodes):
        return ()
    return tuple(dict.fromkeys(name for n in sorted(nodes) for name in tree.scenario_ids[n]))


def _the_one(names: set[str]) -> str:
    """The name that there is; empty where there are several."""
    return next(iter(names)) if len(names) == 1 else ""
