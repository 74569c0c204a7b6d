"""Reduces scenarios that a caller gives, thousands of them, to a few with weights, at a stated distance from all.

Each is read as a crisis: what it takes of each supply, and by how much it makes it dearer, from its onset to its end.
Demand that it moves is compared by the date, since it need not lie between them. "Nothing happens" keeps its
probability. States, and how long stocks are rebuilt, are those of the scenarios that remain: the distance does not see
them. docs/scenarios.md says what is near.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.problem import DAYS_PER_YEAR, Disruption, Scenario, SourcingProblem
from lodestock_optimizers.scenario_tree import NEGLIGIBLE_PROBABILITY
from lodestock_optimizers.scenarios.choosing import MOST_CANDIDATES, candidates, choose
from lodestock_optimizers.scenarios.distance import ROWS_AT_ONCE, Crises, Floats, Ints, distances
from lodestock_optimizers.scenarios.supplies import Supplies, calm_instance, supplies_of

MOST_DIFFERENCES = 8_000_000_000
"""Differences of single figures that distances are made of, some seconds: where scenarios have more figures, fewer
candidates."""


@dataclass(frozen=True, slots=True)
class ReducedScenarios:
    """Scenarios that stand for all that were given.

    Attributes:
        scenarios: Of the given ones, each with the probability of all that it stands for; the likeliest first.
        given: How many were given.
        possible: Those of them whose probability is above 0.
        candidates: Those from which the scenarios were chosen.
        error_days: Kantorovich distance of the scenarios from those given, days of demand.
        loss_days: Their distance from "nothing happens", which is what the error is to be held against.
    """

    scenarios: tuple[Scenario, ...]
    given: int
    possible: int
    candidates: int
    error_days: float
    loss_days: float


@dataclass(frozen=True, slots=True, eq=False)
class _Profiles:
    """N scenarios as figures: crises, and (N, D) days of demand by which they raise it at D materials and periods."""

    crises: Crises
    raised: Floats
    years: Sequence[float]

    def losses(self) -> Floats:
        """(N,) how far each is from "nothing happens", days of demand."""
        moved: Floats = np.abs(self.raised).sum(axis=1)
        return self.crises.losses(self.years) + moved

    def apart_from(self, others: Ints) -> NDArray[np.float32]:
        """(N, C) how far each is from others, days of demand."""
        apart = distances(self.crises, others, self.years)
        if self.raised.shape[1]:
            for first in range(0, len(apart), ROWS_AT_ONCE):
                rows = slice(first, first + ROWS_AT_ONCE)
                apart[rows] += cdist(self.raised[rows], self.raised[others], "cityblock")
        return apart


def figures_a_scenario(problem: SourcingProblem) -> int:
    """Most figures that a scenario of a problem is compared by: of supplies, of their prices, of demand by period."""
    moved = sum(1 for _ in _moved([material.material_id for material in problem.materials], problem.scenarios))
    return 2 * len(supplies_of(problem).weight) + moved * len(problem.periods)


def hits_to_find(problem: SourcingProblem) -> int:
    """How often it is asked whether a disruption hits a supply: each selection once, of each supply."""
    selections = {_selection(disruption) for s in problem.scenarios for disruption in s.disruptions}
    return len(selections) * len(supplies_of(problem).weight)


def reduce_scenarios(problem: SourcingProblem, most: int) -> ReducedScenarios:
    """Reduce the scenarios of a valid problem to at most `most`, at least 1.

    Needs memory for N × (`figures_a_scenario` + 2,000 candidates) numbers, N the scenarios.
    """
    possible = [scenario for scenario in problem.scenarios if scenario.probability > NEGLIGIBLE_PROBABILITY]
    if not possible:
        return ReducedScenarios((), len(problem.scenarios), 0, 0, 0.0, 0.0)
    profiles = _profiles(problem, possible)
    probability = np.array([scenario.probability for scenario in possible])
    losses = profiles.losses()
    figures = profiles.crises.missing.shape[1] + profiles.raised.shape[1]
    affordable = MOST_DIFFERENCES // (len(possible) * max(1, figures))
    among = candidates(losses, probability, max(most, min(MOST_CANDIDATES, affordable)))
    reduced = choose(profiles.crises.onset, probability, among, profiles.apart_from, most)
    order = np.argsort(-reduced.weight, kind="stable")
    return ReducedScenarios(
        scenarios=tuple(
            replace(possible[reduced.chosen[k]], probability=float(reduced.weight[k]))
            for k in order.tolist()
            if reduced.weight[k] > 0
        ),
        given=len(problem.scenarios),
        possible=len(possible),
        candidates=len(among),
        error_days=reduced.error,
        loss_days=float(probability @ losses),
    )


def _profiles(problem: SourcingProblem, scenarios: Sequence[Scenario]) -> _Profiles:
    supplies, last = supplies_of(problem), len(problem.periods) - 1
    end = np.array([last if scenario.end_period is None else scenario.end_period for scenario in scenarios])
    left, factor = _supply_factors(scenarios, supplies)
    dearer = np.minimum(1.0, (factor - 1.0) * supplies.price_in_shortages)
    missing = np.hstack([1.0 - left, dearer])
    told = missing.any(axis=0)
    return _Profiles(
        crises=Crises(
            onset=np.array([scenario.onset_period for scenario in scenarios]),
            end=end,
            missing=missing[:, told],
            weight=np.tile(supplies.weight, 2)[told],
        ),
        raised=_raised(problem, scenarios, end),
        years=[period.length_years for period in problem.periods],
    )


def _supply_factors(scenarios: Sequence[Scenario], supplies: Supplies) -> tuple[Floats, Floats]:
    """(N, H) what is left of each supply, and the factor on its price."""
    left, factor = (np.ones((len(scenarios), len(supplies.weight))) for _ in range(2))
    hit_by: dict[Disruption, Ints] = {}
    for i, scenario in enumerate(scenarios):
        for disruption in scenario.disruptions:
            selection = _selection(disruption)
            hit = hit_by.get(selection)
            if hit is None:
                hit = hit_by[selection] = supplies.hit_by(selection)
            left[i, hit] *= disruption.availability
            factor[i, hit] *= disruption.price_factor
    return left, factor


def _selection(disruption: Disruption) -> Disruption:
    """What a disruption hits, whatever it does to it."""
    return replace(disruption, availability=1.0, price_factor=1.0)


def _raised(problem: SourcingProblem, scenarios: Sequence[Scenario], end: Ints) -> Floats:
    """(N, D) days of mean demand by which demand is raised, materials and periods that stay calm left out."""
    names = [material.material_id for material in problem.materials]
    moved = {m: d for d, m in enumerate(_moved(names, scenarios))}
    factor = np.ones((len(scenarios), len(moved), len(problem.periods)))
    for i, scenario in enumerate(scenarios):
        window = range(scenario.onset_period, int(end[i]) + 1)
        for each in scenario.demand_factors:
            where = [moved[name] for name in each.material_ids or moved]
            factor[i, np.array(where)[:, None], np.array(each.periods or window)] *= each.factor
    days = _days(calm_instance(problem)).T[[names.index(name) for name in moved]]
    raised: Floats = ((factor - 1.0) * days).reshape(len(scenarios), -1)
    return raised[:, raised.any(axis=0)]


def _moved(names: Sequence[str], scenarios: Sequence[Scenario]) -> Iterator[str]:
    """Materials whose demand a scenario moves, in the problem's order."""
    moved = {name for s in scenarios for factor in s.demand_factors for name in factor.material_ids or names}
    return (name for name in names if name in moved)


def _days(calm: Instance) -> Floats:
    """(T, M) demand for a material in each period, in days of its mean use."""
    use, years = calm.length @ calm.most_yearly_use, float(calm.length.sum())
    demand = calm.material_demand
    days: Floats = np.divide(DAYS_PER_YEAR * years * demand, use, out=np.zeros_like(demand), where=use > 0)
    return days
