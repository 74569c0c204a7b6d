"""Limits that bind beside rules, stock and sources: substitutes' shares, footprints, expansions, the book, orders.

Each with what a unit of relief is worth where it binds (`lodestock_optimizers.reading.prices` for the others).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lodestock_optimizers.plan import BindingRule
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.scenario_tree import Floats

CAPACITY_UNIT = "t/year"
"""Unit of what can be built."""
NEGLIGIBLE_USD = 1e-6
"""A value per unit below this is the solver's rounding."""


def substitution_limits(answer: Answer) -> Iterator[BindingRule]:
    """Where a larger share of a tier's demand would be replaced if it might; a tonne more of it."""
    instance = answer.instance
    demand = instance.demand[:, [substitution.tier for substitution in instance.substitutions]]
    worths = -answer.column_dual("w", demand.shape[1]) / answer.weight[:, None]
    for n, j in np.argwhere((worths > NEGLIGIBLE_USD) & (demand > 0)).tolist():
        substitution = instance.problem.substitutions[j]
        yield BindingRule(
            family="substitution",
            field_path=f"substitutions[{j}].max_share",
            subject_id=substitution.substitution_id,
            material_id=substitution.material_id,
            node_id=n,
            country="",
            value_per_unit_usd=float(worths[n, j]),
            unit="t",
            limit=float(instance.most_replaced[n, j]),
        )


def footprint_limits(answer: Answer) -> Iterator[BindingRule]:
    """Where more of a footprint would save money; a unit of it."""
    footprints = answer.instance.footprints
    caps = answer.rows_of("footprint_cap")
    duals = answer.solution.row_dual[caps.position].tolist()
    for (x, n), dual in zip(caps.index.tolist(), duals, strict=True):
        kind = footprints.kinds[x]
        worth = -dual / float(answer.weight[n])
        path = f"footprint_policies[{x}].max_units"
        yield BindingRule("footprint_cap", path, kind, "", n, "", worth, kind, footprints.limits[x, n])


def expansion_limits(answer: Answer) -> Iterator[BindingRule]:
    """Where more capacity would be built if it might; a tonne a year more of what may stand, while it stands there."""
    instance = answer.instance
    worths = -answer.column_dual("standing", instance.source_count) / answer.weight[:, None]
    for n, l in np.argwhere(worths > NEGLIGIBLE_USD).tolist():
        source = instance.problem.sources[l]
        yield BindingRule(
            family="expansion",
            field_path=f"sources[{l}].expansion.max_tonnes_per_year",
            subject_id=source.source_id,
            material_id=source.material_id,
            node_id=n,
            country=source.country,
            value_per_unit_usd=float(worths[n, l]),
            unit=CAPACITY_UNIT,
            limit=float(instance.expansions.most[l]),
        )


def book_limits(answer: Answer, reduced_cost: Floats) -> Iterator[BindingRule]:
    """Contracts of the book that cost more than they are worth; what a tonne less would save when delivered.

    Args:
        answer: The solved model.
        reduced_cost: (K, L) what one more tonne contracted adds to the cost of the plan, USD/t when delivered.
    """
    instance = answer.instance
    first_entry: dict[tuple[str, int], int] = {}
    for i, signed in enumerate(instance.problem.book):
        first_entry.setdefault((signed.source_id, signed.period), i)
    for k, l in np.argwhere(~np.isnan(instance.booked)).tolist():
        entry = first_entry[instance.problem.sources[l].source_id, instance.contracts[k][0]]
        path, tonnes = f"book[{entry}].tonnes", float(instance.booked[k, l])
        yield _contract_limit(answer, "book", path, (k, l), float(reduced_cost[k, l]), tonnes)


def least_order_limits(answer: Answer, worths: Floats) -> Iterator[BindingRule]:
    """Contracts of which less would be signed if the least quantity were less; a tonne less of it.

    Args:
        answer: The solved model.
        worths: (K, L) what a tonne less would save, USD/t when delivered.
    """
    for k, l in np.argwhere(worths > NEGLIGIBLE_USD).tolist():
        path, tonnes = f"sources[{l}].min_order_tonnes", answer.instance.problem.sources[l].min_order_tonnes
        yield _contract_limit(answer, "min_order", path, (k, l), float(worths[k, l]), tonnes)


def _contract_limit(
    answer: Answer, family: str, path: str, contract: tuple[int, int], worth: float, tonnes: float
) -> BindingRule:
    """A limit of how much is contracted, told at the first node that the contract (k, l) delivers in."""
    k, l = contract
    instance = answer.instance
    source = instance.problem.sources[l]
    return BindingRule(
        family=family,
        field_path=path,
        subject_id=source.source_id,
        material_id=source.material_id,
        node_id=int(np.flatnonzero(instance.contract_of[:, l] == k)[0]),
        country=source.country,
        value_per_unit_usd=worth,
        unit="t",
        limit=tonnes,
    )
