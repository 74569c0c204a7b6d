"""Composite scores: measures on one scale, weighed by the caller, and what their ranking owes to the weights.

    C = Σk wk·zk / Σk wk        z = (score − low) / (high − low), cut off at 0 and 1

Low and high are those of the measure's scale unless the caller sets nearer ones. ∂C/∂wk = (zk − C)/Σ w says how C moves
with a weight. Entries rank by C; closer ones than a tolerance share a rank, and the ranks after them are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lodestock_optimizers.risk.scores import InvalidRiskInput, RiskScore, Scope, out_of_range
from lodestock_optimizers.violations import Violation


@dataclass(frozen=True, slots=True)
class Component:
    """One score that a composite weighs.

    Attributes:
        measure_id: its measure.
        scope: whose supply it is of; None: the first that an entry has of global, sourcing and combined.
        weight: ≥ 0.
        low: score that counts as 0.
        high: score that counts as 1, above `low`.
    """

    measure_id: str
    scope: Scope | None
    weight: float
    low: float
    high: float

    def scaled(self, value: float) -> float:
        """A score on 0 … 1."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


@dataclass(frozen=True, slots=True)
class CompositePart:
    """What one component adds to a composite score: `weight` adds up to 1 over all, `contribution` to the score.

    `sensitivity` is ∂C/∂w of the component's weight, all weights taken as fractions of their sum.
    """

    measure_id: str
    scope: Scope
    value: float
    scaled: float
    weight: float
    contribution: float
    sensitivity: float


@dataclass(frozen=True, slots=True)
class Composite:
    """A composite score, 0 … 1, with its parts in the order of the components."""

    value: float
    parts: tuple[CompositePart, ...]


def composite(scores: Iterable[RiskScore], components: Sequence[Component]) -> Composite | None:
    """Weigh the scores of an entry; None where it lacks one of them, since what is missing is not a low risk.

    Args:
        scores: what is known of the entry.
        components: what to weigh.

    Raises:
        InvalidRiskInput: with every violation in the components.
    """
    found = component_violations(components)
    if found:
        raise InvalidRiskInput(found)
    listed = list(scores)
    chosen = [score_of(listed, component) for component in components]
    if None in chosen:
        return None
    total = math.fsum(component.weight for component in components)
    weights = [component.weight / total for component in components]
    given = [score for score in chosen if score is not None]
    scaled = [component.scaled(score.value) for component, score in zip(components, given, strict=True)]
    value = weighted(scaled, weights)
    return Composite(
        value,
        tuple(
            CompositePart(score.measure.measure_id, score.scope, score.value, z, w, w * z, z - value)
            for score, z, w in zip(given, scaled, weights, strict=True)
        ),
    )


def score_of(scores: Iterable[RiskScore], component: Component) -> RiskScore | None:
    """The score that a component weighs; None where there is none."""
    of_measure = {score.scope: score for score in scores if score.measure.measure_id == component.measure_id}
    wanted = Scope if component.scope is None else (component.scope,)
    return next((of_measure[scope] for scope in wanted if scope in of_measure), None)


def weighted(scaled: Sequence[float], weights: Sequence[float]) -> float:
    """Σ w·z / Σ w."""
    return math.fsum(w * z for w, z in zip(weights, scaled, strict=True)) / math.fsum(weights)


def ranks(values: Sequence[float], tolerance: float = 0.0) -> list[int]:
    """Rank of each value, 1 for the greatest: one more than there are values greater by more than the tolerance.

    So equal values share a rank and the next one is left out (1, 2, 2, 4).
    """
    return [1 + sum(other > value + tolerance for other in values) for value in values]


def rank_ranges(composites: Sequence[Composite], change: float, tolerance: float = 0.0) -> list[tuple[int, int]]:
    """Best and worst rank of each entry while each weight alone is raised and lowered by a fraction of itself.

    Args:
        composites: entries of the same components.
        change: fraction, 0 … 1; at 1 a weight is doubled, and left out.
        tolerance: as in `ranks`.
    """
    if not composites:
        return []
    weights = [part.weight for part in composites[0].parts]
    scaled = [[part.scaled for part in one.parts] for one in composites]
    rankings = [ranks([weighted(z, weights) for z in scaled], tolerance)]
    for k, factor in ((k, factor) for k in range(len(weights)) for factor in (1 - change, 1 + change)):
        changed = [w * factor if i == k else w for i, w in enumerate(weights)]
        if math.fsum(changed) > 0:
            rankings.append(ranks([weighted(z, changed) for z in scaled], tolerance))
    by_entry = list(zip(*rankings, strict=True))
    return [(min(of_one), max(of_one)) for of_one in by_entry]


def component_violations(components: Sequence[Component], path: str = "composite") -> list[Violation]:
    """Everything wrong with components: ranges, doubles, weights that are all 0, none at all."""
    found: list[Violation] = []
    first: dict[tuple[str, Scope | None], int] = {}
    for i, item in enumerate(components):
        here = f"{path}[{i}]"
        found += out_of_range(f"{here}.weight", item.weight, 0.0, math.inf)
        if not (math.isfinite(item.low) and math.isfinite(item.high) and item.low < item.high):
            text = f"is {item.high:g} beside a low of {item.low:g}, must be a finite number above it"
            found.append(Violation(f"{here}.high", text))
        key = (item.measure_id, item.scope)
        if key in first:
            found.append(Violation(f"{here}.measure_id", f"'{item.measure_id}' is already at {path}[{first[key]}]"))
        first.setdefault(key, i)
    if not components:
        found.append(Violation(path, "is empty, must hold at least one component"))
    elif not found and not 0 < sum(item.weight for item in components) < math.inf:
        found.append(Violation(path, "weights must add up to a finite number above 0"))
    return found
