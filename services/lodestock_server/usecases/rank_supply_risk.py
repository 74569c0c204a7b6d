"""Weigh the measures of assessed supplies as the caller says, rank them, and say how sure scores and ranks are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lodestock_optimizers.risk import Component, Composite, RiskScore, Scope, composite, rank_ranges, ranks
from lodestock_server.usecases.assess_supply_risk import MaterialSupply, completed_supply, scores
from lodestock_server.usecases.country_risk import CountryRisks
from lodestock_server.usecases.sample_supply_risk import Uncertainty, sampled_supplies

DEFAULT_WEIGHT_CHANGE = 0.5

ScoreKey = tuple[str, Scope]


@dataclass(frozen=True, slots=True)
class CompositeChoice:
    """What is weighed, by how much weights are changed for the range of ranks, and how close scores share a rank."""

    components: tuple[Component, ...]
    weight_change: float = DEFAULT_WEIGHT_CHANGE
    tie_tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class Interval:
    """Where sampled values lie."""

    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A composite score with its rank, and the best and worst one while weights are changed."""

    score: Composite
    rank: int
    best_rank: int
    worst_rank: int


@dataclass(frozen=True, slots=True)
class Intervals:
    """Where the sampled scores of one entry lie, by measure and scope, and its composite score and rank."""

    scores: Mapping[ScoreKey, Interval] = field(default_factory=dict)
    composite: Interval | None = None
    rank: Interval | None = None


def ranked(risks: Sequence[Sequence[RiskScore]], choice: CompositeChoice) -> list[Ranked | None]:
    """Weigh and rank entries; None for one that lacks a measure that is weighed."""
    found = [composite(of_entry, choice.components) for of_entry in risks]
    known = [one for one in found if one is not None]
    ranking = ranks([one.value for one in known], choice.tie_tolerance)
    spread = rank_ranges(known, choice.weight_change, choice.tie_tolerance)
    placed = iter(zip(known, ranking, spread, strict=True))
    return [None if one is None else _ranked(*next(placed)) for one in found]


def _ranked(score: Composite, rank: int, spread: tuple[int, int]) -> Ranked:
    return Ranked(score, rank, *spread)


def intervals(
    supplies: Sequence[MaterialSupply],
    buyer: str,
    countries: CountryRisks,
    uncertainty: Uncertainty,
    choice: CompositeChoice | None = None,
) -> list[Intervals]:
    """Where the scores, composite scores and ranks of supplies lie when what is uncertain is sampled.

    Raises:
        lodestock_optimizers.risk.InvalidRiskInput: Figures that no measure can take.
    """
    completed = [completed_supply(supply, buyer, countries) for supply in supplies]
    home = countries.home(buyer)
    samples = [_Samples() for _ in supplies]
    for drawn in sampled_supplies(completed, uncertainty):
        measured = [tuple(scores(supply, buyer, home)) for supply in drawn]
        for sample, of_entry in zip(samples, measured, strict=True):
            sample.add(of_entry)
        if choice is not None:
            found = [composite(of_entry, choice.components) for of_entry in measured]
            known = [(sample, one.value) for sample, one in zip(samples, found, strict=True) if one is not None]
            placed = ranks([value for _, value in known], choice.tie_tolerance)
            for (sample, value), rank in zip(known, placed, strict=True):
                sample.composites.append(value)
                sample.ranks.append(rank)
    return [sample.intervals(uncertainty.level) for sample in samples]


class _Samples:
    """What was sampled of one entry."""

    def __init__(self) -> None:
        self.scores: dict[ScoreKey, list[float]] = {}
        self.composites: list[float] = []
        self.ranks: list[float] = []

    def add(self, of_entry: Iterable[RiskScore]) -> None:
        """Note a sample's scores."""
        for score in of_entry:
            self.scores.setdefault((score.measure.measure_id, score.scope), []).append(score.value)

    def intervals(self, level: float) -> Intervals:
        """Where they lie."""
        return Intervals(
            {key: interval(values, level) for key, values in self.scores.items()},
            interval(self.composites, level) if self.composites else None,
            interval(self.ranks, level) if self.ranks else None,
        )


def interval(values: Sequence[float], level: float) -> Interval:
    """The middle part of values that holds a fraction `level` of them, and their median."""
    ordered = sorted(values)
    return Interval(
        quantile(ordered, (1.0 - level) / 2.0), quantile(ordered, 0.5), quantile(ordered, (1.0 + level) / 2.0)
    )


def quantile(ordered: Sequence[float], fraction: float) -> float:
    """The quantile of values in rising order, linear between neighbours (Hyndman & Fan 1996, type 7)."""
    place = fraction * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
