"""From sampled futures, in which much may strike at once and again, to one crisis each, and how far two are apart.

In the scenario tree at most one scenario happens on a path, from one onset to one end. So a future becomes the crisis
of its worst event, by the supply that it takes: onset and end are that event's, every other event that is
under way joins with the part of that time which it covers, and what happens outside is left out. `Crises.carried` says
how much of all that is lost remains.

Terms: the *weight* of a hazard is what its sources can deliver in a year, in days of the buyer's demand and at most all
of it, summed over materials; a loss is weight × what is not available × years. So a loss reads "days of demand", and a
material of a small market counts as much as one of a large one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from lodestock_optimizers.problem import Disruption, PerPeriod, Source, SourcingProblem, by_period
from lodestock_optimizers.scenarios.disruption_sampling import Strikes
from lodestock_optimizers.scenarios.hazards import Hazard

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROWS_AT_ONCE = 1000
"""Distances computed together: more would only take memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Crises:
    """One crisis for each future in which something strikes that counts; N of them, H hazards.

    Attributes:
        onset, end: (N,) first and last period, both included.
        worst: (N,) hazard of the event that the crisis is made of.
        missing: (N, H) part of each hazard's supply that is missing from onset to end.
        weight: (H,) of each hazard, days of demand per year.
        carried: Loss of the crises over that of all events of all futures, 0…1; 1 where nothing is lost.
    """

    onset: Ints
    end: Ints
    worst: Ints
    missing: Floats
    weight: Floats
    carried: float

    def losses(self, period_years: Sequence[float]) -> Floats:
        """(N,) what each crisis takes, days of demand."""
        lost: Floats = self.missing @ self.weight * self.years(period_years)
        return lost

    def years(self, period_years: Sequence[float]) -> Floats:
        """(N,) how long each lasts, years."""
        return np.cumsum(period_years)[self.end] - self.began(period_years)

    def began(self, period_years: Sequence[float]) -> Floats:
        """(N,) when each begins, years from the start of the horizon."""
        starts: Floats = np.cumsum(period_years) - np.array(period_years)
        return starts[self.onset]


def parts_of_demand(hazards: Sequence[Hazard], problem: SourcingProblem) -> Floats:
    """(H, M) part of the demand for each material that the sources which a hazard hits can deliver, at most 1."""
    position = {material.material_id: m for m, material in enumerate(problem.materials)}
    demand = np.array(
        [sum(_per_year(problem, tier.demand_tonnes) for tier in material.demand) for material in problem.materials]
    )
    capacity = {source.source_id: _per_year(problem, source.capacity_tonnes) for source in problem.sources}
    by_country: dict[str, list[Source]] = {}
    for source in problem.sources:
        by_country.setdefault(source.country, []).append(source)
    tonnes = np.zeros((len(hazards), len(problem.materials)))
    for h, hazard in enumerate(hazards):
        selection = Disruption(hazard.countries, hazard.material_ids, hazard.kinds)
        for country in dict.fromkeys(hazard.countries) or by_country:
            for source in by_country.get(country, ()):
                if selection.hits(source):
                    tonnes[h, position[source.material_id]] += capacity[source.source_id]
    parts: Floats = np.minimum(1.0, np.divide(tonnes, demand, out=np.zeros_like(tonnes), where=demand > 0))
    return parts


def _per_year(problem: SourcingProblem, values: PerPeriod) -> float:
    """A quantity per period as one per year."""
    count = len(problem.periods)
    return sum(by_period(values, count)) / sum(period.length_years for period in problem.periods)


def worst_crises(strikes: Strikes, counts: NDArray[np.bool_], weight: Floats, period_years: Sequence[float]) -> Crises:
    """Make of each future the crisis of its worst event.

    Args:
        strikes: The E events of all futures.
        counts: (E,) which of them count; the others make no crisis and join none.
        weight: (H,) of each hazard, days of demand per year.
        period_years: Length of each period, years.
    """
    ends_at = np.cumsum(period_years)
    began_at = ends_at - np.array(period_years)
    loss = weight[strikes.hazard] * (1 - strikes.availability) * (ends_at[strikes.end] - began_at[strikes.onset])
    events = np.flatnonzero(counts & (loss > 0))
    events = events[np.lexsort((events, -loss[events], strikes.future[events]))]
    _, first, mine = np.unique(strikes.future[events], return_index=True, return_inverse=True)
    worst = events[first]
    onset, end = strikes.onset[worst], strikes.end[worst]
    years = ends_at[end] - began_at[onset]
    covered = np.minimum(ends_at[strikes.end[events]], ends_at[end][mine]) - np.maximum(
        began_at[strikes.onset[events]], began_at[onset][mine]
    )
    missing = np.zeros((len(worst), len(weight)))
    part = np.maximum(covered, 0) / years[mine] * (1 - strikes.availability[events])
    np.add.at(missing, (mine, strikes.hazard[events]), part)
    kept, lost = float((missing @ weight) @ years), float(loss.sum())
    return Crises(onset, end, strikes.hazard[worst], missing, weight, kept / lost if lost else 1.0)


def distances(crises: Crises, others: Ints, period_years: Sequence[float]) -> NDArray[np.float32]:
    """(N, C) how far each crisis is from those numbered `others`: days of demand that one lacks and the other has.

    With both laid on each other from their onsets on, that is ∫ Σ over hazards |difference of what is missing| dt. Of
    what they have in common then, the part (time between the onsets) / horizon is not the same loss either:

        distance = (1 − δ)·aligned + δ·(loss + other loss), δ = |onset − other onset| / horizon.

    It is the L1 distance, and so a metric, of losses as functions of hazard, time since the onset and date, each spread
    evenly over the dates from its onset to one horizon later. So moving a crisis by a tenth of the horizon costs a
    fifth of its loss, by half of it as much as leaving it out, and never more than leaving out one and adding another.
    """
    weighted = (crises.missing * crises.weight).astype(np.float32)
    size, years = weighted.sum(axis=1), crises.years(period_years).astype(np.float32)
    loss = size * years
    began = (crises.began(period_years) / sum(period_years)).astype(np.float32)
    found = np.empty((len(size), len(others)), dtype=np.float32, order="F")
    for first in range(0, len(size), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        both = np.minimum(years[rows, None], years[others])
        apart = cdist(weighted[rows], weighted[others], "cityblock").astype(np.float32)
        longer = (years[rows, None] - both) * size[rows, None] + (years[others] - both) * size[others]
        moved = np.abs(began[rows, None] - began[others])
        found[rows] = (1 - moved) * (both * apart + longer) + moved * (loss[rows, None] + loss[others])
    return found
