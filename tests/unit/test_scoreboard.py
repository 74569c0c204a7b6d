"""The scoreboard's data go together, and a replay knows nothing that came after its vintage."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import scoreboard

STEEL, COPPER, ALUMINIUM = "china-2019-steel", "china-2019-copper", "china-2019-aluminium"


def test_every_published_forecast_has_an_outcome_within_its_years() -> None:
    outcomes = scoreboard.came()
    published = {one.forecast_id: one for one in scoreboard.published_forecasts()}
    assert set(outcomes) == set(published) == {STEEL, COPPER, ALUMINIUM}
    for forecast_id, (last_year, tonnes) in outcomes.items():
        assert published[forecast_id].first_year <= last_year <= published[forecast_id].last_year
        assert tonnes > 0


def test_what_came_agrees_with_the_bundled_output() -> None:
    """Aluminium year by year; of steel the two years that the bundle lacks are what a year of that time was."""
    known, outcomes = scoreboard.known_output(), scoreboard.came()
    aluminium = sum(known[ALUMINIUM][year] for year in range(2018, 2026))
    assert aluminium == pytest.approx(outcomes[ALUMINIUM][1], rel=0.005)
    steel = {year: known[STEEL].get(year) for year in range(2018, 2026)}
    unknown = [year for year, tonnes in steel.items() if tonnes is None]
    assert unknown == [2019, 2020]
    rest = outcomes[STEEL][1] - sum(tonnes for tonnes in steel.values() if tonnes)
    assert 0.95e9 < rest / 2 < 1.1e9


def test_a_replay_ends_with_its_vintage() -> None:
    history = {year: float(year) for year in range(2000, 2026)}
    series = scoreboard.series_of("any", history)
    assert series.periods[-1] == str(scoreboard.LAST_KNOWN)
    del history[2016]
    assert np.isnan(scoreboard.series_of("any", history).observations[-2])


def test_sums_are_those_of_joint_paths() -> None:
    """Two years that always make up for each other: their sum is certain, which no sum of quantiles shows."""
    first = np.linspace(0.0, 10.0, 101)
    published = scoreboard.Published("any", "any", 2018, 2019, 10.0)
    replay = scoreboard.Replay(published, {}, {2018: 5.0, 2019: 99.0}, (2018, 2019), np.stack([first, 10 - first], 1))
    assert replay.sums(2019) == pytest.approx([10.0, 10.0, 10.0])
    assert replay.sums(2018) == pytest.approx([1.0, 5.0, 9.0])
    assert replay.years_inside() == "1 of 2"


def test_estimates_are_held_against_the_next_edition() -> None:
    estimates, no_change = scoreboard.estimate_errors()
    assert len(estimates) == len(no_change) > 100
    assert np.median(estimates) < np.median(no_change)
