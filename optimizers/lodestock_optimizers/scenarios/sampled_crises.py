"""From sampled futures, in which much may strike at once and again, to one crisis each.

In the scenario tree at most one scenario happens on a path, from one onset to one end. So a future becomes the crisis
of its worst event, by the supply that it takes: onset and end are that event's, every other event that is under way
joins with the part of that time which it covers, and what happens outside is left out. `SampledCrises.carried` says how
much of all that is lost remains. The weight of a hazard is summed over its materials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestock_optimizers.problem import Disruption, SourcingProblem
from lodestock_optimizers.scenarios.disruption_sampling import Strikes
from lodestock_optimizers.scenarios.distance import Crises, Floats, Ints
from lodestock_optimizers.scenarios.hazards import Hazard
from lodestock_optimizers.scenarios.supplies import calm_instance, part_of_use


@dataclass(frozen=True, slots=True, eq=False)
class SampledCrises(Crises):
    """One crisis for each future in which something strikes that counts; the supplies are those that hazards hit.

    Attributes:
        worst: (N,) hazard of the event that the crisis is made of.
        carried: Loss of the crises over that of all events of all futures, 0…1; 1 where nothing is lost.
    """

    worst: Ints
    carried: float


def parts_of_demand(hazards: Sequence[Hazard], problem: SourcingProblem) -> Floats:
    """(H, M) part of the use of each material that the sources which a hazard hits can deliver, at most 1."""
    calm = calm_instance(problem)
    part = part_of_use(calm)
    by_country: dict[str, list[int]] = {}
    for l, source in enumerate(problem.sources):
        by_country.setdefault(source.country, []).append(l)
    parts = np.zeros((len(hazards), len(problem.materials)))
    for h, hazard in enumerate(hazards):
        selection = Disruption(hazard.countries, hazard.material_ids, hazard.kinds)
        for country in dict.fromkeys(hazard.countries) or by_country:
            for l in by_country.get(country, ()):
                if selection.hits(problem.sources[l]):
                    parts[h, calm.material_of[l]] += part[l]
    return np.minimum(1.0, parts)


def worst_crises(
    strikes: Strikes, counts: NDArray[np.bool_], weight: Floats, period_years: Sequence[float]
) -> SampledCrises:
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
    return SampledCrises(onset, end, missing, weight, strikes.hazard[worst], kept / lost if lost else 1.0)
