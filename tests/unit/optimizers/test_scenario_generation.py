"""Futures sampled from hazards, the crisis of each, and the scenarios that stand for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import Feed, Period, SourcingProblem
from lodestock_optimizers.scenario_tree import build_tree
from lodestock_optimizers.scenarios.disruption_sampling import Strikes, sample_strikes
from lodestock_optimizers.scenarios.distance import distances
from lodestock_optimizers.scenarios.hazards import Hazard, load_hazards
from lodestock_optimizers.scenarios.sampled_crises import parts_of_demand, worst_crises
from lodestock_optimizers.scenarios.scenario_generation import Generated, Sampling, generate_scenarios
from lodestock_optimizers.validation import validate
from tests.unit.optimizers.problems import material, problem, source

SAMPLING = Sampling(futures=4_000, most_scenarios=8, correlation=0.0, least_part=0.05, seed=1)


def hazard(country: str = "COD", p: float = 0.1, left: float = 0.0, years: float = 1.0, region: str = "") -> Hazard:
    """Something that may strike a country, always as hard and as long."""
    return Hazard(f"{country} cobalt", p, (left,), (years,), (1.0,), (country,), ("cobalt",), region=region)


def two_suppliers(periods: int = 5) -> SourcingProblem:
    """Either could deliver half of the demand."""
    return problem((source("COD", capacity=50.0), source("AUS", capacity=50.0)), periods)


def test_each_hazard_keeps_its_probability_whatever_the_correlation() -> None:
    """Of 20,000 futures of one year a tenth is struck, alone or together."""
    both = [hazard("COD", region="africa"), hazard("ZMB", region="africa")]
    together = {}
    for correlation in (0.0, 0.9):
        strikes = sample_strikes(both, [1.0], correlation, 20_000, 7)
        struck = np.zeros((20_000, 2), dtype=bool)
        struck[strikes.future, strikes.hazard] = True
        assert struck.mean(axis=0) == pytest.approx([0.1, 0.1], abs=0.01)
        together[correlation] = struck.all(axis=1).mean()
    assert together[0.0] == pytest.approx(0.01, abs=0.004)
    assert together[0.9] > 0.05


def test_the_length_of_periods_does_not_move_the_probability_of_a_year() -> None:
    """Four quarters strike as often as a year."""
    one = [replace(hazard(p=0.3), duration_years=(10.0,))]
    year = len(sample_strikes(one, [1.0], 0.0, 20_000, 3).future) / 20_000
    quarters = len(sample_strikes(one, [0.25] * 4, 0.0, 20_000, 3).future) / 20_000
    assert [year, quarters] == pytest.approx([0.3, 0.3], abs=0.01)


def test_an_event_that_is_over_leaves_its_hazard_free_whatever_the_lengths_of_periods_add_up_to() -> None:
    """Sums of thirds miss whole years by rounding; events of a year begin at every third of them."""
    strikes = sample_strikes([hazard(p=1.0, years=1.0)], [1 / 3] * 30, 0.0, 1, 0)
    assert strikes.onset.tolist() == list(range(0, 30, 3))


def test_events_last_whole_periods_and_strike_again_only_when_they_are_over() -> None:
    """One that is certain and lasts a year and a half covers two years, and comes back in the next."""
    strikes = sample_strikes([hazard(p=1.0, years=1.5)], [1.0] * 5, 0.0, 1, 0)
    assert strikes.onset.tolist() == [0, 2, 4]
    assert strikes.end.tolist() == [1, 3, 4]


def test_a_future_is_the_crisis_of_its_worst_event() -> None:
    """What overlaps joins by the part of the time that it covers; what lies outside is left out."""
    strikes = Strikes(
        future=np.array([0, 0, 0]),
        hazard=np.array([0, 1, 1]),
        onset=np.array([1, 2, 4]),
        end=np.array([2, 2, 4]),
        availability=np.array([0.0, 0.5, 0.5]),
    )
    found = worst_crises(strikes, np.ones(3, dtype=bool), np.array([100.0, 80.0]), [1.0] * 5)
    assert (found.onset.tolist(), found.end.tolist(), found.worst.tolist()) == ([1], [2], [0])
    assert found.missing.tolist() == [[1.0, 0.25]]
    assert found.losses([1.0] * 5).tolist() == [200.0 + 40.0]
    assert found.carried == pytest.approx(240.0 / 280.0)


def test_distance_is_the_supply_that_one_lacks_and_the_other_has() -> None:
    """Laid on each other, 100 a year more in the first year, 100 in the second; by n of five years apart, n fifths of
    what they have in common is not the same.
    """
    strikes = Strikes(
        future=np.array([0, 1, 2]),
        hazard=np.array([0, 0, 0]),
        onset=np.array([0, 3, 1]),
        end=np.array([0, 4, 1]),
        availability=np.array([0.0, 0.5, 0.0]),
    )
    crises = worst_crises(strikes, np.ones(3, dtype=bool), np.array([200.0]), [1.0] * 5)
    apart = distances(crises, np.array([0, 1, 2]), [1.0] * 5)
    assert apart.ravel().tolist() == pytest.approx([0, 320, 80, 320, 0, 280, 80, 280, 0])


def test_parts_of_demand() -> None:
    """At most all of the demand, and of the sources that are hit alone."""
    sources = (source("COD", capacity=300.0), source("AUS", capacity=25.0))
    asked = problem(sources, 2, (material(demand=(100.0, 150.0)),))
    parts = parts_of_demand([hazard("COD"), hazard("AUS"), hazard("CHL")], asked)
    assert parts.ravel().tolist() == [1.0, pytest.approx(0.2), 0.0]


def test_parts_of_what_plants_take() -> None:
    """A refinery of 50 t a year takes 100 t of ore, which nobody else needs; a mine has 40 of them."""
    mine, plant = source("ZMB", capacity=40.0, material_id="ore"), source("FIN", capacity=50.0, feed=Feed("ore", 2.0))
    asked = problem((mine, plant), 2, (material(), replace(material("ore"), demand=())))
    shafts = Hazard("ZMB ore", 0.1, (0.0,), (1.0,), (1.0,), ("ZMB",), ("ore",))
    assert parts_of_demand([shafts, hazard("FIN")], asked).tolist() == [[0.0, pytest.approx(0.4)], [0.5, 0.0]]


def test_calm_keeps_its_probability_and_scenarios_make_a_tree() -> None:
    """Two hazards of 10 % a year leave 0.9^10 of the futures calm; the scenarios are valid as they are."""
    asked = two_suppliers()
    made = generate_scenarios(asked, [hazard("COD"), hazard("AUS", left=0.5)], replace(SAMPLING, most_scenarios=2))
    total = sum(scenario.probability for scenario in made.scenarios)
    assert total == pytest.approx(made.crises / made.futures)
    assert 1 - total == pytest.approx(0.9**10, abs=0.03)
    assert 0 < made.carried <= 1
    assert 0 < made.error_days < made.loss_days
    with_scenarios = replace(asked, scenarios=made.scenarios)
    assert not validate(with_scenarios)
    assert build_tree(with_scenarios).node_count > 5


def test_more_scenarios_are_nearer_and_the_seed_decides() -> None:
    hazards = [replace(hazard("COD"), availabilities=(0.0, 0.3, 0.6)), hazard("AUS", left=0.5)]
    errors = [generated(hazards, most).error_days for most in (1, 4, 12)]
    assert errors == sorted(errors, reverse=True)
    assert generated(hazards, 4) == generated(hazards, 4)
    assert generated(hazards, 4) != generate_scenarios(two_suppliers(), hazards, replace(SAMPLING, seed=2))


def generated(hazards: list[Hazard], most: int) -> Generated:
    """Scenarios of the two suppliers."""
    return generate_scenarios(two_suppliers(), hazards, replace(SAMPLING, most_scenarios=most))


def test_a_single_event_keeps_the_year_in_which_it_begins() -> None:
    """One event over ten years is ten crises: twelve scenarios leave nothing out, five do, and the error says so."""
    asked, strait = two_suppliers(10), hazard("COD", p=0.05)
    made = generate_scenarios(asked, [strait], replace(SAMPLING, futures=20_000, most_scenarios=12))
    found = {scenario.onset_period: scenario.probability for scenario in made.scenarios}
    assert found == pytest.approx({t: 0.05 * 0.95**t for t in range(10)}, abs=0.006)
    assert made.error_days == 0
    fewer = generate_scenarios(asked, [strait], replace(SAMPLING, futures=20_000, most_scenarios=5))
    assert len({scenario.onset_period for scenario in fewer.scenarios}) == 5
    assert 0.05 * fewer.loss_days < fewer.error_days < 0.2 * fewer.loss_days


def test_onsets_are_spread_over_the_horizon() -> None:
    """Were all in the middle, a plan would know that nothing comes before."""
    asked = two_suppliers(10)
    hazards = [replace(hazard("COD", p=0.05), availabilities=(0.0, 0.2, 0.4, 0.6)), hazard("AUS", 0.05, 0.3)]
    made = generate_scenarios(asked, hazards, replace(SAMPLING, most_scenarios=6))
    onsets = [scenario.onset_period for scenario in made.scenarios]
    assert min(onsets) <= 2
    assert max(onsets) >= 7


def test_ten_thousand_futures_make_a_plan() -> None:
    """Reduced to six scenarios they are solved like any others; the plan meets every one of them."""
    asked = two_suppliers()
    hazards = [replace(hazard("COD"), availabilities=(0.0, 0.3, 0.6)), hazard("AUS", left=0.5)]
    made = generate_scenarios(asked, hazards, replace(SAMPLING, futures=10_000, most_scenarios=6))
    assert (made.futures, made.candidates, len(made.scenarios)) == (10_000, 2_000, 6)
    plan = optimize(replace(asked, scenarios=made.scenarios))
    assert plan.status is PlanStatus.OPTIMAL
    met = {name for node in plan.nodes for name in node.scenario_ids}
    assert met == {scenario.scenario_id for scenario in made.scenarios}


def test_lesser_events_are_no_crises() -> None:
    """Half of half of the demand counts from a quarter on."""
    for least, counts in ((0.25, True), (0.26, False)):
        made = generate_scenarios(two_suppliers(), [hazard(left=0.5)], replace(SAMPLING, least_part=least))
        assert bool(made.scenarios) is counts


def test_what_is_too_little_to_write_makes_no_scenario() -> None:
    """Whatever part of demand counts: a scenario without a disruption would do nothing but lift stock floors."""
    for left, counts in ((0.9999, False), (0.99, True)):
        made = generate_scenarios(two_suppliers(), [hazard(p=0.5, left=left)], replace(SAMPLING, least_part=0.0))
        assert bool(made.scenarios) is counts
        assert all(scenario.disruptions for scenario in made.scenarios)


def test_certain_events_and_impossible_ones() -> None:
    assert generate_scenarios(two_suppliers(), [hazard(p=0.0)], SAMPLING).scenarios == ()
    assert generate_scenarios(two_suppliers(), [], SAMPLING).scenarios == ()
    (only,) = generate_scenarios(two_suppliers(1), [hazard(p=1.0)], SAMPLING).scenarios
    assert only.probability == pytest.approx(1.0)
    assert only.state_material_ids == ("cobalt",)
    assert not validate(replace(two_suppliers(1), scenarios=(only,)))


def test_one_period_and_long_ones() -> None:
    """An event of a month takes a twelfth of no period less than the whole: periods are the model's grain."""
    asked = replace(two_suppliers(), periods=(Period("decade", 10.0),))
    made = generate_scenarios(asked, [hazard(years=1 / 12)], SAMPLING)
    assert {(s.onset_period, s.end_period) for s in made.scenarios} == {(0, 0)}


def test_shipped_record_is_what_the_page_says() -> None:
    """1.9 % a year; governance tells countries apart by less than its standard error."""
    record = load_hazards()
    frequency = record.anywhere()
    assert frequency.probability == pytest.approx(record.events / record.cases, rel=1e-3)
    assert frequency.low < frequency.probability < frequency.high
    assert abs(record.coefficients[1]) < record.covariance[1][1] ** 0.5
    best, worst = record.of_country(1.0, 0.1), record.of_country(9.0, 0.1)
    assert best.probability < worst.probability < 2 * best.probability
    assert record.of_country(5.0, 0.0) == record.of_country(5.0, record.least_share)
    assert sum(record.duration_probabilities) == pytest.approx(1.0, abs=1e-5)
