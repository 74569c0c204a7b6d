"""The scenario tree: who knows what when."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.problem import DemandFactor, Disruption, MaterialState, Period, Scenario, SourceKind
from lodestock_optimizers.scenario_tree import STATES, build_tree, years_to_periods
from tests.unit.optimizers.problems import material, problem, source, stop


def test_with_certainty_the_trunk_has_no_nodes_of_its_own() -> None:
    tree = build_tree(problem((source("COD"),), periods=3, scenarios=(stop("a", 0.5, 1), stop("b", 0.5, 2))))
    assert tree.period.tolist() == [0, 1, 1, 2, 2]
    # But what it shares with the scenarios until they begin is the trunk all the same.
    assert tree.on_trunk.tolist() == [True, False, True, False, False]


def test_a_scenario_at_the_start_makes_a_root_of_its_own() -> None:
    tree = build_tree(problem((source("COD"),), periods=2, scenarios=(stop("now", 0.25, 0),)))
    assert tree.parent.tolist() == [-1, -1, 0, 1]
    assert tree.probability.tolist() == [0.75, 0.25, 0.75, 0.25]


def test_a_negligible_scenario_is_dropped() -> None:
    tree = build_tree(problem((source("COD"),), periods=2, scenarios=(stop("never", 1e-13, 0),)))
    assert tree.node_count == 2


def test_scenarios_without_a_difference_are_one() -> None:
    tree = build_tree(problem((source("COD"),), periods=3, scenarios=(stop("a", 0.1, 1), stop("b", 0.2, 1))))
    assert tree.node_count == 3 + 2
    assert ("a", "b") in tree.scenario_ids


def test_disruptions_match_by_all_fields_given_and_multiply() -> None:
    sources = (
        source("COD"),
        source("COD-scrap", country="COD", kind=SourceKind.RECYCLED),
        source("AUS"),
    )
    scenario = Scenario(
        "s",
        1.0,
        0,
        disruptions=(
            Disruption(countries=("COD", "AUS"), availability=0.5, price_factor=2.0),
            Disruption(countries=("COD",), kinds=(SourceKind.IMPORT,), availability=0.5, price_factor=1.5),
        ),
    )
    tree = build_tree(problem(sources, scenarios=(scenario,)))
    assert tree.availability[0].tolist() == [0.25, 0.5, 0.5]
    assert tree.price_factor[0].tolist() == [3.0, 2.0, 2.0]


def test_the_state_is_that_of_the_materials_hit_or_named() -> None:
    materials = (material("cobalt"), material("nickel"))
    sources = (source("COD"), source("IDN", material_id="nickel"))
    hit = stop("hit", 0.1, 0, state=MaterialState.EXTREME)
    named = stop("named", 0.1, 0, state_material_ids=("nickel",))
    dearer = Scenario("dearer", 0.1, 0, disruptions=(Disruption(price_factor=2.0),))
    tree = build_tree(problem(sources, materials=materials, scenarios=(hit, named, dearer)))
    states = {names: [STATES[s] for s in row] for names, row in zip(tree.scenario_ids, tree.state, strict=True)}
    normal, emergency = MaterialState.NORMAL, MaterialState.EMERGENCY
    assert states == {
        (): [normal, normal],
        ("hit",): [MaterialState.EXTREME, normal],
        ("named",): [normal, emergency],
        ("dearer",): [normal, normal],
    }


def test_the_floor_waits_while_the_stock_is_rebuilt() -> None:
    scenario = stop("s", 1.0, 1, 1, rebuilding_periods=2)
    tree = build_tree(problem((source("COD"),), periods=5, scenarios=(scenario,)))
    assert tree.floor_may_bind[:, 0].tolist() == [True, True, False, False, True]


def test_a_demand_factor_with_periods_acts_in_them_before_the_onset_and_after_the_end() -> None:
    named = DemandFactor(1.5, periods=(0, 2, 3))
    while_it_acts = DemandFactor(2.0)
    crisis = stop("crisis", 0.25, 1, 2, demand_factors=(named, while_it_acts), rebuilding_periods=1)
    tree = build_tree(problem((source("COD"),), periods=4, scenarios=(crisis,)))
    path = [n for n in range(tree.node_count) if "crisis" in tree.scenario_ids[n]]
    assert tree.period[path].tolist() == [0, 1, 2, 3]
    assert tree.demand_factor[path, 0].tolist() == [1.5, 2.0, 3.0, 1.5]
    # Supply, state and floor go by onset and end alone.
    assert tree.availability[path, 0].tolist() == [1.0, 0.0, 0.0, 1.0]
    assert [STATES[s] for s in tree.state[path, 0]] == [
        MaterialState.NORMAL,
        MaterialState.EMERGENCY,
        MaterialState.EMERGENCY,
        MaterialState.NORMAL,
    ]
    assert tree.floor_may_bind[path, 0].tolist() == [True, True, True, False]
    # It shows from the first period on, so nothing is shared with "nothing happens".
    assert tree.probability.tolist() == [0.75, 0.25] * 4
    assert tree.on_trunk[path].tolist() == [False] * 4


def test_scenarios_with_the_same_factor_from_the_start_part_where_one_begins() -> None:
    high = DemandFactor(1.2, periods=(0, 1, 2))
    calm = Scenario("high", 0.3, 0, demand_factors=(high,))
    crisis = stop("high and crisis", 0.1, 2, demand_factors=(high,))
    tree = build_tree(problem((source("COD"),), periods=3, scenarios=(calm, crisis)))
    assert tree.period.tolist() == [0, 0, 1, 1, 2, 2, 2]
    assert tree.probability.tolist() == pytest.approx([0.6, 0.4, 0.6, 0.4, 0.6, 0.3, 0.1])


def test_a_node_is_settled_where_every_contract_was_signed_knowing_it() -> None:
    tree = build_tree(problem((source("COD"),), periods=4, scenarios=(stop("a", 0.1, 1),)))
    off_trunk = {int(tree.period[n]): bool(s) for n, s in enumerate(tree.settled(1)) if not tree.on_trunk[n]}
    assert off_trunk == {1: False, 2: True, 3: True}
    assert all(s for n, s in enumerate(tree.settled(3)) if tree.on_trunk[n])


def test_years_are_rounded_up_to_whole_periods() -> None:
    stated = problem((source("COD"),))
    quarters = type(stated)((Period("q", 0.25), Period("y", 1.0)), stated.materials, stated.sources)
    assert years_to_periods(1.0, quarters) == 4
    assert years_to_periods(2.0, stated) == 2


@given(
    st.lists(
        st.tuples(st.floats(0.0, 0.2), st.integers(0, 4), st.integers(0, 4), st.sampled_from([0.0, 0.5])), max_size=5
    )
)
def test_probabilities_add_up_in_every_period_and_children_to_their_parent(
    drawn: list[tuple[float, int, int, float]],
) -> None:
    scenarios = tuple(
        Scenario(
            f"s{i}",
            probability,
            min(onset, end),
            max(onset, end),
            (Disruption(availability=availability),),
            (DemandFactor(1.0 + availability),),
        )
        for i, (probability, onset, end, availability) in enumerate(drawn)
    )
    tree = build_tree(problem((source("COD"),), periods=5, scenarios=scenarios))
    for t in range(5):
        assert tree.probability[tree.period == t].sum() == pytest.approx(1.0)
    for n in range(tree.node_count):
        children = np.flatnonzero(tree.parent == n)
        if len(children):
            assert tree.probability[children].sum() == pytest.approx(tree.probability[n])
            assert (tree.period[children] == tree.period[n] + 1).all()
