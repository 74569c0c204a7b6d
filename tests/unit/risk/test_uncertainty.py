"""Sampling what is uncertain, and the history of world supply."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import pytest

from lodestock_optimizers.risk import Component, CountryShare, Scope
from lodestock_server.catalog import BundledCatalog, Stage
from lodestock_server.usecases.assess_supply_risk import MaterialSupply, assess_supply
from lodestock_server.usecases.country_risk import CountryRisks
from lodestock_server.usecases.rank_supply_risk import CompositeChoice, interval, intervals
from lodestock_server.usecases.risk_history import risk_history
from lodestock_server.usecases.sample_supply_risk import (
    FigureRange,
    UncertainFigure,
    Uncertainty,
    sampled_supplies,
)

CATALOG = BundledCatalog()
COUNTRIES = CountryRisks(CATALOG)
SUPPLY = MaterialSupply(
    material_id="alloy",
    name="alloy",
    stage=None,
    global_supply=(CountryShare("CHN", 0.8, 5.0, 1.0, 0.5), CountryShare("AUS", 0.2, 2.0, 1.0, 0.3)),
    sourcing=(CountryShare("CHN", 0.5, 5.0, 1.0, 0.5), CountryShare("USA", 0.5, 1.0, 1.0, 0.2)),
    import_reliance=0.5,
)
OTHER = replace(SUPPLY, material_id="other", global_supply=(CountryShare("AUS", 1.0, 2.0, 1.0, 0.3),))
ALL_SIX = dict.fromkeys(
    (
        "control_of_corruption",
        "government_effectiveness",
        "political_stability",
        "regulatory_quality",
        "rule_of_law",
        "voice_and_accountability",
    ),
    0.2,
)


def certain(**changes: object) -> Uncertainty:
    """Nothing uncertain but what is changed."""
    return replace(Uncertainty({}, (), samples=400, seed=3), **changes)  # type: ignore[arg-type]


def test_standard_errors_come_to_those_of_w_and_g() -> None:
    """SE(W) = (2/6)·√(6·0.2²), SE(g) = 0.2/5: as the formulas propagate them."""
    drawn = [
        supplies[0].global_supply[0]
        for supplies in sampled_supplies([SUPPLY], certain(standard_errors={"CHN": ALL_SIX}, samples=4000))
    ]
    spread = statistics.stdev(share.governance or 0.0 for share in drawn)
    assert spread == pytest.approx(2 / 6 * math.sqrt(6 * 0.04), rel=0.05)
    assert statistics.stdev(share.political_instability or 0.0 for share in drawn) == pytest.approx(0.04, rel=0.05)
    assert statistics.fmean(share.governance or 0.0 for share in drawn) == pytest.approx(5.0, abs=0.02)


def test_a_country_is_drawn_once_for_every_supply_it_stands_in() -> None:
    uncertain = certain(standard_errors={"AUS": ALL_SIX}, samples=20)
    for first, second in sampled_supplies([SUPPLY, OTHER], uncertain):
        assert first.global_supply[1].governance == second.global_supply[0].governance
        assert first.global_supply[0].governance == 5.0


def test_figures_stay_in_their_range_and_shares_add_up() -> None:
    ranges = (
        FigureRange("alloy", UncertainFigure.IMPORT_RELIANCE, 0.4, 0.7),
        FigureRange("alloy", UncertainFigure.SUBSTITUTION_INDEX, 0.8, 0.9),
        FigureRange("alloy", UncertainFigure.GLOBAL_SHARE, 0.7, 0.9, "CHN"),
    )
    for alloy, other in sampled_supplies([SUPPLY, OTHER], certain(ranges=ranges)):
        assert 0.4 <= (alloy.import_reliance or 0.0) <= 0.7
        assert 0.8 <= (alloy.substitution_index or 0.0) <= 0.9
        assert sum(share.share for share in alloy.global_supply) == pytest.approx(1.0)
        assert other is not alloy
        assert other.import_reliance == 0.5


def test_the_same_seed_gives_the_same_intervals() -> None:
    uncertain = certain(standard_errors={"CHN": ALL_SIX}, samples=50)
    assert intervals([SUPPLY], "USA", COUNTRIES, uncertain) == intervals([SUPPLY], "USA", COUNTRIES, uncertain)
    other = replace(uncertain, seed=4)
    assert intervals([SUPPLY], "USA", COUNTRIES, uncertain) != intervals([SUPPLY], "USA", COUNTRIES, other)


def test_intervals_hold_the_score_and_what_is_certain_has_no_width() -> None:
    (found,) = intervals([SUPPLY], "USA", COUNTRIES, certain(standard_errors={"CHN": ALL_SIX}, samples=200))
    scores = {(s.measure.measure_id, s.scope): s.value for s in assess_supply(SUPPLY, "USA", COUNTRIES).scores}
    governed, plain = ("governance_weighted_hhi", Scope.GLOBAL), ("hhi", Scope.GLOBAL)
    assert found.scores[governed].low < scores[governed] < found.scores[governed].high
    assert found.scores[plain].low == found.scores[plain].high == scores[plain]


def test_ranks_that_are_uncertain_have_intervals() -> None:
    """Two supplies of one country each, alike but for a country whose governance is uncertain."""
    one = replace(SUPPLY, global_supply=(CountryShare("CHN", 1.0, 5.0, 1.0, 0.5),), sourcing=())
    two = replace(one, material_id="other", global_supply=(CountryShare("AUS", 1.0, 5.0, 1.0, 0.5),))
    choice = CompositeChoice((Component("governance_weighted_hhi", None, 1.0, 0.0, 10.0),))
    sure, unsure = intervals([one, two], "USA", COUNTRIES, certain(standard_errors={"CHN": ALL_SIX}), choice)
    assert sure.rank is not None
    assert unsure.rank is not None
    assert (sure.rank.low, sure.rank.high) == (unsure.rank.low, unsure.rank.high) == (1, 2)
    assert unsure.composite is not None
    assert unsure.composite.low == unsure.composite.high == 0.5


def test_the_interval_of_known_values() -> None:
    found = interval([float(value) for value in range(101)], 0.9)
    assert (found.low, found.median, found.high) == pytest.approx((5.0, 50.0, 95.0))


def test_history_is_the_table_of_each_year() -> None:
    history = list(risk_history(CATALOG, "cobalt", Stage.MINING, 2020))
    assert [year.year for year in history] == list(range(2020, history[-1].year + 1))
    table = CATALOG.production("cobalt", Stage.MINING, 2022).shares()
    of_2022 = next(year for year in history if year.year == 2022)
    assert of_2022.hhi == pytest.approx(sum(share.share**2 for share in table if share.iso3))
    assert (of_2022.largest_country, of_2022.governance_year) == ("COD", 2022)
    # The estimates end before the output does: later years keep the last ones, and say so.
    assert history[-1].governance_year == 2023 < history[-1].year
