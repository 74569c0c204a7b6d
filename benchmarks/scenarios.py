"""How far a few scenarios are from thousands: by their number, and beside what no other choice would better by much.

python -m benchmarks.scenarios

The problem is that of docs/scenarios.md, two materials of the USA over ten years; errors are over the mean loss of a
future. Beside the choice as it is made stand two that take longer: forward selection with exchanges until none helps
(PAM; Kaufman & Rousseeuw 1990), and clusters whose medians stand for them in place of a member. What the scenarios are
for is a plan: its cost with some of them is held against that with the most. Last, 10,000 scenarios are given and
reduced, in a process of its own, so that the memory told is its own.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Measurement, report
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    DAYS_PER_YEAR,
    DemandFactor,
    DemandTier,
    Disruption,
    Material,
    Period,
    Scenario,
    Source,
    SourceKind,
    SourcingProblem,
    TierDemand,
)
from lodestock_optimizers.scenarios.choosing import candidates
from lodestock_optimizers.scenarios.disruption_sampling import sample_strikes
from lodestock_optimizers.scenarios.distance import Crises, distances
from lodestock_optimizers.scenarios.given_scenarios import reduce_scenarios
from lodestock_optimizers.scenarios.sampled_crises import SampledCrises, parts_of_demand, worst_crises
from lodestock_optimizers.scenarios.scenario_generation import LEAST_MISSING
from lodestock_optimizers.scenarios.scenario_reduction import Reduction, forward_selection
from lodestock_server.catalog import BundledCatalog
from lodestock_server.usecases.build_problem import build_problem
from lodestock_server.usecases.build_request import BuildRequest
from lodestock_server.usecases.buyers import known_countries
from lodestock_server.usecases.country_hazards import CountryHazards, HazardOverride
from lodestock_server.usecases.forecast_demand import demand_paths
from lodestock_server.usecases.generate_scenarios import (
    FUTURES,
    LEAST_PART_OF_DEMAND,
    SCENARIOS,
    ScenarioRequest,
    generate,
)

MATERIALS, YEARS = ("cobalt", "gallium"), 10
OWN_HAZARDS = {"hazards={'CHN': 0.1}": (HazardOverride("CHN", 0.1),), "without": ()}
SEEDS = (0, 1, 2)
COUNTS = (12, 20, 30, SCENARIOS, 200)
COMPARED = (12, 20, SCENARIOS)
PERCENT = 100.0
MOST_ERROR, MOST_COST = 50.0, 0.1
"""Percent: of the mean loss, and of the objective."""
GIVEN, FEW = 10_000, 20
MOST_CPU_S, MOST_GIGABYTES = 30.0, 2.0
LONG_S = 600.0
PAGE = Path(__file__).parents[1] / "docs" / "scenarios.md"
PACKAGES = ("lodestock-server", "numpy", "scipy")

Distances = NDArray[np.float32]


def planned() -> SourcingProblem:
    """The problem that scenarios are made for."""
    data = BundledCatalog()
    request = BuildRequest("USA", YEARS, MATERIALS, price_of_risk=0.0)
    return build_problem(data, request, demand_paths(data, "USA", LONG_S), known_countries(data)).problem


def of_calls(problem: SourcingProblem) -> Iterator[Measurement]:
    """Errors of calls by the number of scenarios, and what a plan with them costs."""
    data = BundledCatalog()
    for name, own in OWN_HAZARDS.items():
        costs: dict[int, tuple[float, ...]] = {}
        for count in COUNTS:
            asked = [ScenarioRequest(problem, seed, most_scenarios=count, overrides=own) for seed in SEEDS]
            made = [generate(data, request).generated for request in asked]
            errors = tuple(PERCENT * one.error_days / one.loss_days for one in made)
            limit = MOST_ERROR if count == SCENARIOS else None
            yield Measurement(f"{name}: {count} scenarios, error over mean loss", "%", errors, limit)
            costs[count] = tuple(cost_usd(replace(problem, scenarios=one.scenarios)) for one in made)
        for count in COUNTS[:-1]:
            misses = tuple(PERCENT * abs(a / b - 1) for a, b in zip(costs[count], costs[COUNTS[-1]], strict=True))
            text = f"{name}: {count} scenarios, objective of the plan off that with {COUNTS[-1]}"
            yield Measurement(text, "%", misses, MOST_COST if count == SCENARIOS else None)


def cost_usd(problem: SourcingProblem) -> float:
    """Objective of the plan of least cost.

    Raises:
        RuntimeError: There is none.
    """
    plan = optimize(problem)
    if plan.costs is None:
        raise RuntimeError(f"the problem ended with {plan.solver.solver_status}")
    return plan.costs.objective_usd


def of_choices(problem: SourcingProblem) -> Iterator[Measurement]:
    """Errors of the same crises with other choices, one seed: how much another way of choosing could gain."""
    years = [period.length_years for period in problem.periods]
    for name, own in OWN_HAZARDS.items():
        crises = sampled(problem, own, years)
        probability = np.full(len(crises.onset), 1.0 / FUTURES)
        losses = crises.losses(years)
        apart = distances(crises, candidates(losses, probability), years)
        for count in COMPARED:
            found = forward_selection(apart, probability, count)
            mean = float(probability @ losses)
            for way, error in (
                ("forward selection", found.error),
                ("exchanges", exchanged(apart, probability, count)),
                ("medians", with_medians(crises, found, probability, years)),
            ):
                yield Measurement(f"{name}: {count} of the same crises by {way}", "%", (PERCENT * error / mean,))


def sampled(problem: SourcingProblem, own: tuple[HazardOverride, ...], years: list[float]) -> SampledCrises:
    """The crises of the futures of a call with the seed 1."""
    of_countries = CountryHazards(BundledCatalog(), ScenarioRequest(problem).source, own)
    hazards = [one.hazard for one in of_countries.of(problem)]
    parts = parts_of_demand(hazards, problem)
    strikes = sample_strikes(hazards, years, 0.035, FUTURES, 1)
    missing = 1 - strikes.availability
    counts = (missing >= LEAST_MISSING) & (parts.max(axis=1)[strikes.hazard] * missing >= LEAST_PART_OF_DEMAND)
    return worst_crises(strikes, counts, DAYS_PER_YEAR * parts.sum(axis=1), years)


def exchanged(apart: Distances, probability: NDArray[np.float64], count: int) -> float:
    """Error of the choice that no exchange of one for another makes better."""
    first = forward_selection(apart, probability, count).chosen.tolist()
    chosen, weights = list(first), probability.astype(apart.dtype)
    while True:
        before = list(chosen)
        for k in range(count):
            others = np.min(apart[:, [u for j, u in enumerate(chosen) if j != k]], axis=1)
            errors = weights @ np.minimum(others[:, None], apart)
            best = int(np.argmin(errors))
            chosen[k] = best if errors[best] < errors[chosen[k]] * (1 - 1e-5) else chosen[k]
        if chosen == before:
            return float(probability @ apart[:, chosen].min(axis=1))


def with_medians(
    crises: Crises, found: Reduction, probability: NDArray[np.float64], years: list[float], rounds: int = 5
) -> float:
    """Error where clusters, begun with those of a choice, have crises of medians to stand for them."""
    assigned, error, last = found.assigned, found.error, len(years) - 1
    for _ in range(rounds):
        groups = [np.flatnonzero(assigned == k) for k in np.unique(assigned)]
        onset = np.array([int(np.median(crises.onset[group])) for group in groups])
        length = np.array([int(np.median((crises.end - crises.onset)[group])) for group in groups])
        middle = np.array([np.median(crises.missing[group], axis=0) for group in groups])
        both = Crises(
            onset=np.concatenate([crises.onset, onset]),
            end=np.concatenate([crises.end, np.minimum(onset + length, last)]),
            missing=np.vstack([crises.missing, middle]),
            weight=crises.weight,
        )
        apart = distances(both, len(crises.onset) + np.arange(len(groups)), years)[: len(crises.onset)]
        assigned = np.argmin(apart, axis=1)
        error = min(error, float(probability @ apart.min(axis=1)))
    return error


def given() -> SourcingProblem:
    """200 sources of ten materials, and 10,000 scenarios of up to three disruptions, half of them with other demand."""
    generator = np.random.default_rng(0)
    countries, materials = [f"C{c:02}" for c in range(20)], [f"m{m}" for m in range(10)]
    demand = (TierDemand(DemandTier.GENERAL, (100.0,), 1_000.0),)
    probability = 0.9 * generator.dirichlet(np.ones(GIVEN))
    scenarios = []
    for k in range(GIVEN):
        onset = int(generator.integers(20))
        cuts = tuple(
            Disruption(
                countries=(countries[int(generator.integers(20))],),
                availability=float(generator.random()),
                price_factor=float(1 + generator.random()),
            )
            for _ in range(int(generator.integers(1, 4)))
        )
        moved = DemandFactor(float(generator.uniform(0.8, 1.2)), (materials[int(generator.integers(10))],))
        end = min(19, onset + int(generator.integers(4)))
        scenarios.append(Scenario(f"{k}", float(probability[k]), onset, end, cuts, (moved,) if k % 2 else ()))
    return SourcingProblem(
        periods=tuple(Period(f"{t}") for t in range(20)),
        materials=tuple(Material(m, demand) for m in materials),
        sources=tuple(
            Source(f"{m}/{c}", m, c, SourceKind.IMPORT, (10.0,), (30.0,)) for m in materials for c in countries
        ),
        scenarios=tuple(scenarios),
    )


def reduction_of_given(_: int) -> tuple[float, float]:
    """Seconds of processor time to reduce what is given, and the most memory in use, gigabytes."""
    problem = given()
    began = time.process_time()
    reduce_scenarios(problem, FEW)
    return time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> int:
    """Measure and report."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        seconds, gigabytes = zip(*pool.map(reduction_of_given, range(3), chunksize=1), strict=True)
    problem = planned()
    found = [
        *of_calls(problem),
        *of_choices(problem),
        Measurement(f"{GIVEN:,} given to {FEW}: processor time", "s", seconds, MOST_CPU_S),
        Measurement(f"{GIVEN:,} given to {FEW}: memory", "GB", gigabytes, MOST_GIGABYTES),
    ]
    return report("scenarios", found, PACKAGES, page=PAGE)


if __name__ == "__main__":
    sys.exit(main())
