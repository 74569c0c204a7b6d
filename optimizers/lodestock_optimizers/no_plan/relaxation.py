"""The smallest relaxation that makes a plan possible: which limits must give way, and to what value of which field.

Owns what a unit given away is taken to cost, and the way from tonnes and USD at nodes to values of the fields.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from lodestock_optimizers.no_plan.elastic import ElasticModel, Given
from lodestock_optimizers.no_plan.limit_fields import Field
from lodestock_optimizers.no_plan.limit_words import sentence
from lodestock_optimizers.no_plan.named_limits import NamedLimit, NamedLimits
from lodestock_optimizers.numerals import plain
from lodestock_optimizers.plan import Relaxation
from lodestock_optimizers.problem import DemandTier
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.highs import Unanswered

LEAST_UNIT_COST = 1.0
"""USD for a unit of a limit, a dollar of a budget among them, and of one whose material has no greater cost."""
NEGLIGIBLE = (1e-7, 1e-10)
"""A limit that gives way by less, relative to itself, is kept if that can be: the solver's tolerance, and rounding."""
FORGIVEN = 5e-8
"""Tonnes, or USD, by which a field's value may miss: half of what HiGHS forgives."""
DIGITS = 6
"""Significant digits of a field's value, rounded to the side that makes a plan possible."""
ALL_DIGITS = 15
"""Of a value that has no such side, as the tonnes of a book, which a plan may need to be neither more nor less."""


def cheapest_give(limits: NamedLimits, model: ElasticModel) -> Given:
    """The least give that makes a plan possible, weighted by what it is taken to cost (docs/model.md, "No plan").

    Decisions alone are asked to give: without any of them buying nothing is a plan.

    Raises:
        Stopped: Caller or clock say so.
        Unanswered: It is none, which only the solver's arithmetic can have made of it.
        SolverFault: HiGHS fails.
    """
    cost = np.where(limits.is_policy, unit_costs(limits), np.inf)
    given = model.solve(cost)
    if given is None:
        raise Unanswered("HiGHS finds no plan even without any rule")
    for least in NEGLIGIBLE:
        is_much = given.amount > least * (1.0 + np.abs(limits.limit))
        if np.array_equal(is_much, given.amount > 0):
            break
        alone = model.solve(np.where(is_much, cost, np.inf))
        if alone is not None:
            return alone
    return given


def unit_costs(limits: NamedLimits) -> Floats:
    """(K,) what a unit of a decision that is given away is taken to cost, USD: docs/model.md, "No plan"."""
    instance = limits.instance
    materials = range(instance.material_count)
    lowest = [costs[DemandTier.GENERAL] for costs in instance.shortage_costs]
    tonne = np.maximum(LEAST_UNIT_COST, lowest)
    missing = [instance.closing_shortfall_cost(m) if m in instance.stocks else 0.0 for m in materials]
    stored = np.maximum(LEAST_UNIT_COST, missing)
    result = np.full(len(limits), LEAST_UNIT_COST)
    first = limits.index[:, 0]
    for_stock = limits.kind_is("floor", "closing")
    of_source = limits.kind_is("q", "z", "capacity")
    of_rule = limits.kind_is("rule_at_most", "rule_at_least")
    of_footprint = limits.kind_is("footprint_cap")
    result[for_stock] = stored[first[for_stock]]
    result[of_source] = tonne[instance.material_of[first[of_source]]]
    result[of_rule] = [tonne[limits.fields.materials_of_rule(k)].min() for k in first[of_rule].tolist()]
    result[of_footprint] = [limits.fields.cost_of_footprint(i, tonne) for i in first[of_footprint].tolist()]
    return result


def broken(limits: NamedLimits, given: Given) -> Ints:
    """(·,) the limits that gave way, by period and then in the order of the model."""
    found = np.flatnonzero(given.amount > 0)
    return found[np.argsort(limits.period[found], kind="stable")]


@dataclass(frozen=True, slots=True)
class _Broken:
    """A limit that gave way: what it demands and what it must come down, or up, to."""

    limit: NamedLimit
    required: float
    reachable: float
    value: float | None
    """Value of its field that lets it; None where no value of the field does."""
    sentence: str


def read_relaxations(limits: NamedLimits, given: Given) -> tuple[Relaxation, ...]:
    """One entry a field, material, country and period, in the order of the periods: the node that gives most.

    All entries of one field carry the same `field_value`, the one that makes all of them possible.
    """
    found = [
        one for i in broken(limits, given).tolist() for one in _all_embargoes(limits, _describe(limits, given, i), i)
    ]
    worst: dict[tuple[object, ...], _Broken] = {}
    value: dict[str, float | None] = {}
    for one in found:
        limit = one.limit
        key = (limit.field.path, limit.subject_id, limit.material_id, limit.country, limit.period)
        if key not in worst or _gap(one) > _gap(worst[key]):
            worst[key] = one
        path = limit.field.path
        value[path] = one.value if path not in value else _looser(value[path], one)
    return tuple(_relaxation(limits, replace(one, value=value[one.limit.field.path])) for one in worst.values())


def _all_embargoes(limits: NamedLimits, one: _Broken, i: int) -> list[_Broken]:
    """A limit, once for each embargo where it is one: all that stop a source must be lifted."""
    if one.limit.family != "embargo":
        return [one]
    rules = limits.instance.problem.rules
    return [
        replace(
            one,
            limit=replace(one.limit, subject_id=rules[r].rule_id, field=Field(f"rules[{r}].embargo", "t", 0.0)),
            sentence=one.sentence.replace(f"'{one.limit.subject_id}'", f"'{rules[r].rule_id}'", 1),
        )
        for r in limits.embargoes(i)
    ]


def _describe(limits: NamedLimits, given: Given, i: int) -> _Broken:
    limit, missing = limits.named(i), float(given.amount[i])
    # A 0 that stands on the other side of its row has a sign.
    required, share, per_unit = float(limits.limit[i]) + 0.0, None, limit.field.per_unit
    if limit.family in ("share_cap", "share_floor") and not per_unit:
        required, share, per_unit = _share_of_deliveries(limits, given, i)
    reachable = required + missing if limit.is_most else required - missing
    if abs(reachable) < FORGIVEN:
        reachable = 0.0
    if share is None:
        share = (reachable - limit.field.offset) / per_unit if per_unit else None
    value = None if share is None else _field_value(limit, share, FORGIVEN / per_unit)
    value = value if value is not None and 0 <= value <= limit.field.most else None
    return _Broken(limit, required, reachable, value, sentence(limits, [i]))


def _field_value(limit: NamedLimit, value: float, forgiven: float) -> float:
    """A value to write into the field of a limit, as short as can be."""
    if limit.family == "book":
        return float(f"{value:.{ALL_DIGITS}g}")
    return _rounded(value, forgiven, up=limit.is_most)


def _share_of_deliveries(limits: NamedLimits, given: Given, i: int) -> tuple[float, float | None, float]:
    """Tonnes that a share of deliveries asks for in this plan, the share that they come to in it, and what it is of."""
    row, n = limits.rows[int(limits.index[i, 0])], int(limits.node[i])
    delivered, limit = limits.delivered(given.level, n), row.at(n)
    counted, base = float(delivered[list(row.numerator)].sum()), float(row.base_tonnes(delivered)) + limit.demand
    return limit.share * base, counted / base if base > 0 else None, base


def _relaxation(limits: NamedLimits, one: _Broken) -> Relaxation:
    limit = one.limit
    return Relaxation(
        family=limit.family,
        field_path=limit.field.path,
        subject_id=limit.subject_id,
        material_id=limit.material_id,
        country=limit.country,
        period=limit.period,
        required=one.required,
        reachable=one.reachable,
        unit=limit.unit,
        field_value=one.value,
        field_unit=limit.field.unit,
        description=f"{one.sentence}; {_must(limits, one)}",
    )


def _must(limits: NamedLimits, one: _Broken) -> str:
    """What must be allowed or can be reached, and what to write into which field for that."""
    limit = one.limit
    # To the side that makes a plan possible, like the field's value.
    amount = f"{plain(_rounded(one.reachable, 0.0, up=limit.is_most), DIGITS)} {limit.unit}"
    text = f"{amount} must be allowed"
    if not limit.is_most:
        text = f"{amount} can be reached with the other limits kept as well as can be"
    if one.value is not None:
        return f"{text}: {limit.field.path} must become {plain(one.value, ALL_DIGITS)} {limit.field.unit}"
    if limit.family == "book":
        period = limits.instance.problem.periods[limit.period].label
        return f"{text}: no value of {limit.field.path} does that, '{limit.subject_id}' must leave the book in {period}"
    return f"{text}: no value of {limit.field.path} does that, rule '{limit.subject_id}' must go"


def _gap(one: _Broken) -> float:
    return abs(one.required - one.reachable)


def _looser(value: float | None, one: _Broken) -> float | None:
    """The value of a field that lets both; None where one of them has none."""
    if value is None or one.value is None:
        return None
    return max(value, one.value) if one.limit.is_most else min(value, one.value)


def _rounded(value: float, forgiven: float, *, up: bool) -> float:
    """A value of `DIGITS` significant digits, not below it (`up`), or not above it, but for what is forgiven."""
    if abs(value) <= forgiven:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) + 1 - DIGITS)
    steps = (value - forgiven if up else value + forgiven) / unit
    return float(f"{(math.ceil(steps) if up else math.floor(steps)) * unit:.{DIGITS}g}")
