"""Changes of a problem's figures, as data: what a question "what if" is made of.

Owns what a change selects and does, and what must hold for it to mean anything. A changed problem is a problem like any
other: what must hold for its figures is the matter of `validation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from lodestock_optimizers.problem import (
    Budget,
    Material,
    PerPeriod,
    Source,
    SourcingProblem,
    StateValue,
    TierDemand,
    by_period,
)
from lodestock_optimizers.violations import Violation


class ChangeKind(Enum):
    """What a change does; the names are those of the fields of the message `lodestock.v1.Change`."""

    PRICE_FACTOR = "price_factor"
    CAPACITY_FACTOR = "capacity_factor"
    DEMAND_FACTOR = "demand_factor"
    BUDGET_FACTOR = "budget_factor"
    OPENING_TONNES = "opening_tonnes"
    PRICE_OF_RISK = "price_of_risk"


SELECTIONS = {
    ChangeKind.PRICE_FACTOR: ("countries", "material_ids", "source_ids", "periods"),
    ChangeKind.CAPACITY_FACTOR: ("countries", "material_ids", "source_ids", "periods"),
    ChangeKind.DEMAND_FACTOR: ("material_ids", "periods"),
    ChangeKind.BUDGET_FACTOR: ("periods",),
    ChangeKind.OPENING_TONNES: ("material_ids",),
    ChangeKind.PRICE_OF_RISK: (),
}
"""The fields that select what each kind of change concerns."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: a factor, or for OPENING_TONNES and PRICE_OF_RISK the value itself.

    The selection works like a disruption's: fields are ANDed, values within a field ORed, an empty field matches all.
    """

    kind: ChangeKind
    value: float
    countries: tuple[str, ...] = ()
    material_ids: tuple[str, ...] = ()
    source_ids: tuple[str, ...] = ()
    periods: tuple[int, ...] = ()

    def selects(self, source: Source) -> bool:
        """Whether it concerns a source."""
        return (
            (not self.countries or source.country in self.countries)
            and (not self.material_ids or source.material_id in self.material_ids)
            and (not self.source_ids or source.source_id in self.source_ids)
        )

    def selects_material(self, material: Material) -> bool:
        """Whether it concerns a material; a new opening stock concerns only materials that can be stored."""
        named = not self.material_ids or material.material_id in self.material_ids
        return named and (self.kind is not ChangeKind.OPENING_TONNES or material.stock is not None)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One question: changes that are made together, one after the other."""

    question_id: str
    changes: tuple[Change, ...]


def changed(problem: SourcingProblem, changes: Iterable[Change]) -> SourcingProblem:
    """The problem with changes made in it, one after the other."""
    for change in changes:
        problem = _MAKE[change.kind](problem, change)
    return problem


def change_violations(problem: SourcingProblem, change: Change) -> Iterator[Violation]:
    """All that is wrong with a change of a problem, with paths that start at the change."""
    usable = SELECTIONS[change.kind]
    for name in ("countries", "material_ids", "source_ids", "periods"):
        if getattr(change, name) and name not in usable:
            yield Violation(name, f"must be empty: {change.kind.value} has no use for it")
    yield from _unknown("material_ids", change.material_ids, {m.material_id for m in problem.materials}, "material")
    yield from _unknown("source_ids", change.source_ids, {s.source_id for s in problem.sources}, "source")
    count = len(problem.periods)
    for i, t in enumerate(change.periods):
        if t >= count:
            yield Violation(f"periods[{i}]", f"is {t}, must be at most {count - 1}, the last period")
    if change.kind in (ChangeKind.PRICE_FACTOR, ChangeKind.CAPACITY_FACTOR):
        if not any(change.selects(s) for s in problem.sources):
            yield Violation(change.kind.value, "concerns no source: no source of the problem matches all that is given")
    elif change.kind is ChangeKind.BUDGET_FACTOR and problem.budget is None:
        yield Violation("budget_factor", "concerns nothing: the problem has no budget")
    elif change.kind is ChangeKind.OPENING_TONNES and not any(change.selects_material(m) for m in problem.materials):
        yield Violation("opening_tonnes", "concerns nothing: no material named has a stock")


def _unknown(path: str, names: Sequence[str], known: set[str], what: str) -> Iterator[Violation]:
    for i, name in enumerate(names):
        if name not in known:
            yield Violation(f"{path}[{i}]", f"'{name}' is no {what} of the problem")


def _price(problem: SourcingProblem, change: Change) -> SourcingProblem:
    def dearer(source: Source) -> Source:
        return replace(source, unit_price_usd_per_tonne=_times(source.unit_price_usd_per_tonne, change, problem))

    return _of_sources(problem, change, dearer)


def _capacity(problem: SourcingProblem, change: Change) -> SourcingProblem:
    def smaller(source: Source) -> Source:
        return replace(
            source,
            capacity_tonnes=_times(source.capacity_tonnes, change, problem),
            spot_capacity_tonnes=_times(source.spot_capacity_tonnes, change, problem),
        )

    return _of_sources(problem, change, smaller)


def _demand(problem: SourcingProblem, change: Change) -> SourcingProblem:
    def wanted(tier: TierDemand) -> TierDemand:
        return replace(tier, demand_tonnes=_times(tier.demand_tonnes, change, problem))

    return _of_materials(problem, change, lambda m: replace(m, demand=tuple(wanted(tier) for tier in m.demand)))


def _budget(problem: SourcingProblem, change: Change) -> SourcingProblem:
    """Limits of single states hold in all periods, so they change where all periods do."""
    budget = problem.budget
    if budget is None:
        return problem
    by_state = budget.budget_usd_by_state
    if not change.periods:
        by_state = tuple(StateValue(v.state, v.value * change.value) for v in by_state)
    return replace(problem, budget=Budget(_times(budget.budget_usd, change, problem), by_state))


def _opening(problem: SourcingProblem, change: Change) -> SourcingProblem:
    def opened(material: Material) -> Material:
        assert material.stock is not None
        return replace(material, stock=replace(material.stock, opening_tonnes=change.value))

    return _of_materials(problem, change, opened)


def _price_of_risk(problem: SourcingProblem, change: Change) -> SourcingProblem:
    return replace(problem, price_of_risk=change.value)


_MAKE: dict[ChangeKind, Callable[[SourcingProblem, Change], SourcingProblem]] = {
    ChangeKind.PRICE_FACTOR: _price,
    ChangeKind.CAPACITY_FACTOR: _capacity,
    ChangeKind.DEMAND_FACTOR: _demand,
    ChangeKind.BUDGET_FACTOR: _budget,
    ChangeKind.OPENING_TONNES: _opening,
    ChangeKind.PRICE_OF_RISK: _price_of_risk,
}


def _of_sources(problem: SourcingProblem, change: Change, make: Callable[[Source], Source]) -> SourcingProblem:
    return replace(problem, sources=tuple(make(s) if change.selects(s) else s for s in problem.sources))


def _of_materials(problem: SourcingProblem, change: Change, make: Callable[[Material], Material]) -> SourcingProblem:
    return replace(problem, materials=tuple(make(m) if change.selects_material(m) else m for m in problem.materials))


def _times(values: PerPeriod, change: Change, problem: SourcingProblem) -> PerPeriod:
    """Values by period times the factor, in the periods of the change."""
    if not values or not change.periods:
        return tuple(value * change.value for value in values)
    spread = by_period(values, len(problem.periods))
    return tuple(v * change.value if t in change.periods else v for t, v in enumerate(spread))
