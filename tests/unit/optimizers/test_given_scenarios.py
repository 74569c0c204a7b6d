"""Scenarios that a caller gives, reduced to a few with weights: what is near, what remains, and the stated distance."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import DemandFactor, Disruption, Feed, Scenario, SourcingProblem
from lodestock_optimizers.scenarios.given_scenarios import reduce_scenarios
from lodestock_optimizers.validation import validate
from tests.unit.optimizers.problems import material, problem, source, stop

YEAR = 365.0


def two_suppliers(*scenarios: Scenario, periods: int = 5) -> SourcingProblem:
    """Either could deliver half of the demand, at a hundredth of what a missing tonne costs."""
    sources = (source("COD", capacity=50.0), source("AUS", capacity=50.0))
    return problem(sources, periods, scenarios=scenarios)


def apart(one: Scenario, other: Scenario) -> float:
    """Distance of two scenarios: what is left where one of both must stand for the other."""
    asked = two_suppliers(replace(one, probability=0.5), replace(other, probability=0.5))
    return reduce_scenarios(asked, 1).error_days / 0.5


def dearer(name: str, factor: float) -> Scenario:
    """A scenario in which the tonnes of COD cost more for the first year."""
    return Scenario(name, 0.1, 0, 0, (Disruption(countries=("COD",), price_factor=factor),))


def demanded(name: str, factor: float, *periods: int) -> Scenario:
    """A scenario that moves demand in some periods."""
    return Scenario(name, 0.1, 0, 0, (), (DemandFactor(factor, (), periods),))


def test_what_is_few_already_stays_as_it_is() -> None:
    given_ones = (stop("a", 0.2, 0, 1), stop("b", 0.3, 3, 4, country="AUS"))
    reduced = reduce_scenarios(two_suppliers(*given_ones), 5)
    assert reduced.scenarios == given_ones[::-1]
    assert (reduced.error_days, reduced.given, reduced.possible) == (0.0, 2, 2)
    assert reduced.loss_days == pytest.approx(0.2 * YEAR + 0.3 * YEAR)


def test_distances_by_hand() -> None:
    """Half of the demand for a year is 182.5 days; a price of 21 times ten dollars a fifth of a missing tonne."""
    half = YEAR / 2
    assert apart(stop("a", 0, 0, 0), stop("b", 0, 0, 1)) == pytest.approx(half)
    assert apart(stop("a", 0, 0, 0), stop("b", 0, 0, 0, country="AUS")) == pytest.approx(2 * half)
    assert apart(stop("a", 0, 0, 0), stop("b", 0, 1, 1)) == pytest.approx(0.2 * 2 * half)
    assert apart(dearer("a", 1.0), dearer("b", 21.0)) == pytest.approx(0.2 * half)
    assert apart(dearer("a", 0.5), dearer("b", 1.5)) == pytest.approx(0.01 * half)
    assert apart(demanded("a", 1.2, 1), demanded("b", 0.9, 1)) == pytest.approx(0.3 * YEAR)
    assert apart(demanded("a", 1.2, 1), demanded("b", 1.2, 4)) == pytest.approx(2 * 0.2 * YEAR)
    assert apart(demanded("a", 1.2), demanded("b", 1.2, 0)) == pytest.approx(0.0)


def test_disruptions_of_one_source_multiply_as_they_do_in_the_tree() -> None:
    """Half of a half, however it is said."""
    twice = (Disruption(countries=("COD",), availability=0.5), Disruption(source_ids=("COD",), availability=0.5))
    once = (Disruption(countries=("COD",), material_ids=("cobalt",), availability=0.25),)
    assert apart(stop("a", 0, 0, disruptions=twice), stop("b", 0, 0, disruptions=once)) == pytest.approx(0.0)


def test_nothing_happens_keeps_its_probability_and_impossible_scenarios_are_left_out() -> None:
    alike = tuple(stop(f"{k}", p, 1, 2) for k, p in enumerate((0.1, 0.0, 0.25)))
    reduced = reduce_scenarios(two_suppliers(*alike, stop("other", 0.05, 1, 2, country="AUS")), 2)
    assert [s.probability for s in reduced.scenarios] == pytest.approx([0.35, 0.05])
    assert "1" not in [s.scenario_id for s in reduced.scenarios]
    assert (reduced.given, reduced.possible, reduced.error_days) == (4, 3, 0.0)


@pytest.mark.parametrize("scenarios", [(), (stop("never", 0.0, 0),)], ids=["none", "impossible"])
def test_without_anything_possible_nothing_is_left(scenarios: tuple[Scenario, ...]) -> None:
    reduced = reduce_scenarios(two_suppliers(*scenarios), 3)
    assert (reduced.scenarios, reduced.possible, reduced.error_days, reduced.loss_days) == ((), 0, 0.0, 0.0)


def test_a_certain_scenario_stays_certain() -> None:
    """Of one that is sure to happen nothing is lost beside one that cannot."""
    asked = two_suppliers(stop("sure", 1.0, 0, 1), stop("never", 0.0, 3))
    reduced = reduce_scenarios(asked, 1)
    assert [(s.scenario_id, s.probability) for s in reduced.scenarios] == [("sure", 1.0)]
    assert optimize(replace(asked, scenarios=reduced.scenarios)).costs == optimize(asked).costs


def many(seed: int, count: int) -> SourcingProblem:
    """Stops of either country, of all severities and lengths."""
    generator = np.random.default_rng(seed)
    probability = 0.9 * generator.dirichlet(np.ones(count))
    scenarios = []
    for k in range(count):
        onset = int(generator.integers(5))
        cut = Disruption(
            countries=(("COD", "AUS")[int(generator.integers(2))],), availability=float(generator.random())
        )
        boom = DemandFactor(float(generator.uniform(0.8, 1.2)))
        end = int(generator.integers(onset, 5))
        scenarios.append(Scenario(f"{k}", float(probability[k]), onset, end, (cut,), (boom,)))
    return two_suppliers(*scenarios)


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 12))
def test_reduced_scenarios_are_of_those_given_and_their_weights_add_up(seed: int, count: int, most: int) -> None:
    asked = many(seed, count)
    reduced = reduce_scenarios(asked, most)
    original = {scenario.scenario_id: scenario for scenario in asked.scenarios}
    assert 1 <= len(reduced.scenarios) <= min(count, most)
    assert math.fsum(s.probability for s in reduced.scenarios) == pytest.approx(0.9)
    for scenario in reduced.scenarios:
        assert replace(original[scenario.scenario_id], probability=scenario.probability) == scenario
    assert validate(replace(asked, scenarios=reduced.scenarios)) == []
    # The best single one is at most twice the mean loss away from all, one with another onset half as much again.
    assert reduced.error_days <= reduced.loss_days * 3


def test_more_scenarios_bring_the_distance_and_the_plan_nearer() -> None:
    """Of 400, many say nearly all; with all of them the plan is that of all."""
    asked = many(3, 400)
    found = [reduce_scenarios(asked, most) for most in (1, 5, 25, 100, 400)]
    errors = [reduced.error_days for reduced in found]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == pytest.approx(0.0, abs=1e-3)
    assert errors[3] < 0.3 * found[3].loss_days
    assert found[2] == reduce_scenarios(asked, 25)
    costs = [optimize(replace(asked, scenarios=reduced.scenarios)).costs for reduced in (found[0], found[3])]
    full = optimize(asked).costs
    assert full is not None
    misses = [abs(cost.objective_usd / full.objective_usd - 1) for cost in costs if cost is not None]
    assert misses[1] < 0.05 < misses[0]


def test_a_likely_scenario_is_chosen_from_thousands() -> None:
    """More are given than are looked at; the one that is half of all is looked at, and stands for itself."""
    rare = tuple(
        stop(f"{k}", 0.4 / 4_000, k % 5, disruptions=(Disruption(("AUS",), availability=k / 4_000),))
        for k in range(4_000)
    )
    reduced = reduce_scenarios(two_suppliers(*rare, stop("likely", 0.5, 2, 3)), 4)
    assert reduced.candidates <= 2_000
    assert {s.scenario_id: s.probability for s in reduced.scenarios}["likely"] == pytest.approx(0.5)


def test_a_stop_of_ore_weighs_as_the_metal_that_is_made_of_it() -> None:
    """Nobody but the refinery needs ore; without it half of the metal is missing."""
    mine = source("ZMB", capacity=100.0, material_id="ore")
    plant = source("FIN", capacity=50.0, feed=Feed("ore", 2.0))
    asked = problem((mine, plant, source("COD", capacity=50.0)), 2, (material(), replace(material("ore"), demand=())))
    dry = replace(asked, scenarios=(stop("dry", 0.5, 0, 0, country="ZMB"),))
    assert reduce_scenarios(dry, 1).loss_days == pytest.approx(0.5 * YEAR)
