"""Demand that runs high or low, crossed with what else may happen."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.problem import DemandFactor, Disruption, Scenario
from lodestock_server.usecases.demand_scenarios import (
    DemandUncertainty,
    cross_with_demand,
    nearest_level_probabilities,
    uncertainty_violations,
)

STOP = Scenario("stop", 0.2, 1, 1, disruptions=(Disruption(("COD",), availability=0.0),))
THREE = DemandUncertainty((0.1, 0.5, 0.9))
FACTORS = {0.1: {"cobalt": (1.0, 0.8, 0.8)}, 0.9: {"cobalt": (1.0, 1.2, 1.5)}}


def test_each_path_meets_each_scenario() -> None:
    """By hand: probabilities multiply, factors act in their own periods, the median alone is left to the trunk."""
    found = cross_with_demand((STOP,), THREE, FACTORS)
    assert [(each.level, each.given) for each in found] == [(0.1, None), (0.1, 0), (0.5, 0), (0.9, None), (0.9, 0)]
    crossed = {each.scenario.scenario_id: each.scenario for each in found}
    assert {name: round(s.probability, 12) for name, s in crossed.items()} == {
        "demand at quantile 0.1": 0.24,
        "stop, demand at quantile 0.1": 0.06,
        "stop, demand at quantile 0.5": 0.08,
        "demand at quantile 0.9": 0.24,
        "stop, demand at quantile 0.9": 0.06,
    }
    low = (DemandFactor(0.8, ("cobalt",), (1, 2)),)
    high = (DemandFactor(1.2, ("cobalt",), (1,)), DemandFactor(1.5, ("cobalt",), (2,)))
    assert crossed["demand at quantile 0.1"] == Scenario("demand at quantile 0.1", 0.3 * 0.8, 0, demand_factors=low)
    both = crossed["stop, demand at quantile 0.9"]
    assert both.demand_factors == high
    assert (both.onset_period, both.end_period, both.disruptions) == (1, 1, STOP.disruptions)
    assert crossed["stop, demand at quantile 0.5"].demand_factors == ()


def test_what_a_scenario_does_to_demand_itself_holds_on_every_path() -> None:
    """A boom of the caller's own, with factors of its own, stays one whether demand runs low, as expected or high."""
    own = (DemandFactor(1.3, ("tin",), (1, 2)), DemandFactor(0.9))
    boom = Scenario("boom", 0.2, 1, demand_factors=own)
    crossed = {each.level: each.scenario for each in cross_with_demand((boom,), THREE, FACTORS) if each.given == 0}
    assert crossed[0.5].demand_factors == own
    assert crossed[0.1].demand_factors == (*own, DemandFactor(0.8, ("cobalt",), (1, 2)))
    assert crossed[0.9].demand_factors[:2] == own
    assert len(crossed[0.9].demand_factors) == 4


def test_without_the_median_nothing_is_left_to_the_trunk() -> None:
    """The paths are then all that may happen."""
    crossed = cross_with_demand((), DemandUncertainty((0.1, 0.9), (0.25, 0.75)), FACTORS)
    assert [each.scenario.probability for each in crossed] == [0.25, 0.75]


@given(st.sets(st.integers(1, 99), min_size=2, max_size=9))
def test_levels_share_out_all_there_is(percents: set[int]) -> None:
    """Each level gets what is nearest to it, so together they get everything."""
    levels = [percent / 100 for percent in sorted(percents)]
    found = nearest_level_probabilities(levels)
    assert math.isclose(math.fsum(found), 1.0)
    nearest = [min((abs(level - k / 2000), i) for i, level in enumerate(levels))[1] for k in range(2001)]
    for i, part in enumerate(found):
        assert math.isclose(part, nearest.count(i) / 2001, abs_tol=2e-3)


@pytest.mark.parametrize(
    ("uncertainty", "paths"),
    [
        (DemandUncertainty((0.5, 0.1, 0.9)), ["demand_uncertainty.quantile_levels[1]"]),
        (DemandUncertainty((0.1, 0.9), (1.0,)), ["demand_uncertainty.probabilities"]),
        (DemandUncertainty((0.1, 0.9), (0.5, 0.4)), ["demand_uncertainty.probabilities"]),
        (THREE, []),
    ],
)
def test_levels_rise_and_probabilities_add_up(uncertainty: DemandUncertainty, paths: list[str]) -> None:
    """Each fault is named by its field."""
    assert [found.field_path for found in uncertainty_violations(uncertainty)] == paths
