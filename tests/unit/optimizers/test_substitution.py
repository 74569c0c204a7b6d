"""One material in place of another: optima worked by hand, what is refused, and what ties two materials."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lodestock_optimizers.formulation import formulate
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.problem import (
    Budget,
    DemandTier,
    Material,
    SourcingProblem,
    Substitution,
    TierDemand,
)
from lodestock_optimizers.solving.decomposition import Decomposition
from lodestock_optimizers.solving.incumbents import Search
from lodestock_optimizers.trade_rules import rule_rows
from lodestock_optimizers.validation import validate
from tests.pyomo_arrays import compile_model
from tests.unit.optimizers.problems import material, problem, source, stop
from tests.unit.optimizers.solved import solve

ESSENTIAL, GENERAL = DemandTier.ESSENTIAL, DemandTier.GENERAL


def in_place_of_cobalt(**changes: object) -> Substitution:
    """Two tonnes of nickel for one of cobalt, at 5 USD besides, for up to 40 % of the essential demand."""
    made = Substitution("Ni for Co", "cobalt", "nickel", ESSENTIAL, 2.0, 5.0, 0.4)
    return replace(made, **changes)  # type: ignore[arg-type]


def two_metals(*substitutions: Substitution, **changes: object) -> SourcingProblem:
    """100 t of cobalt at 90 USD/t and 100 t of nickel at 10 USD/t, each short at 1,000."""
    offered = (source("COD", price=90.0), source("IDN", material_id="nickel"))
    made = problem(offered, 1, (material(), material("nickel")), substitutions=substitutions)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_the_cheaper_material_takes_the_place_of_the_dearer_as_far_as_it_may() -> None:
    plan = solve(two_metals(in_place_of_cobalt()))
    # 40 t of 100 are replaced by 80 t of nickel: 2·10 + 5 = 25 in place of 90.
    assert plan.costs is not None
    assert plan.costs.objective_usd == pytest.approx(60 * 90 + 180 * 10 + 40 * 5)
    assert plan.costs.substitution_usd == pytest.approx(200.0)
    (use,) = plan.substitutions
    assert (use.substitution_id, use.node_id) == ("Ni for Co", 0)
    assert use.tonnes == pytest.approx(40.0)
    # It costs who is replaced; the nickel is nickel's.
    assert [m.costs.substitution_usd for m in plan.materials] == pytest.approx([200.0, 0.0])
    assert [m.costs.contract_usd for m in plan.materials] == pytest.approx([5_400.0, 1_800.0])
    assert [b.supply_tonnes for b in plan.balances] == pytest.approx([60.0, 180.0])


def test_a_share_that_binds_is_worth_what_a_tonne_more_replaced_saves() -> None:
    (binding,) = solve(two_metals(in_place_of_cobalt())).binding_rules
    assert (binding.family, binding.subject_id, binding.material_id) == ("substitution", "Ni for Co", "cobalt")
    assert binding.field_path == "substitutions[0].max_share"
    assert binding.value_per_unit_usd == pytest.approx(90 - 25)
    assert binding.limit == pytest.approx(40.0)


def test_what_costs_more_than_it_saves_is_left_alone() -> None:
    plan = solve(two_metals(in_place_of_cobalt(cost_usd_per_tonne=71.0)))
    assert plan.substitutions == ()
    assert plan.costs is not None
    assert plan.costs.objective_usd == pytest.approx(100 * 90 + 100 * 10)


def test_shortage_and_substitutes_together_are_no_more_than_the_tier() -> None:
    # No cobalt at all, two substitutes with a share of 0.7 each: 100 t, not 140, are met, and nothing is left over.
    second = in_place_of_cobalt(substitution_id="again", max_share=0.7, cost_usd_per_tonne=6.0)
    stated = two_metals(in_place_of_cobalt(max_share=0.7), second, sources=(source("IDN", material_id="nickel"),))
    plan = solve(stated)
    assert {use.substitution_id: use.tonnes for use in plan.substitutions} == {
        "Ni for Co": pytest.approx(70.0),
        "again": pytest.approx(30.0),
    }
    assert plan.costs is not None
    assert plan.costs.objective_usd == pytest.approx(300 * 10 + 70 * 5 + 30 * 6)


def test_no_more_is_replaced_than_the_tier_demands_even_where_it_would_rid_of_a_surplus() -> None:
    # Disposal of nickel costs 500 USD/t: cobalt's essential tier can take 40 t of 100 and no more.
    stated = two_metals(in_place_of_cobalt(tonnes_per_tonne=1.0, max_share=1.0, cost_usd_per_tonne=0.0))
    tiers = (TierDemand(ESSENTIAL, (30.0,), 1_000.0), TierDemand(GENERAL, (70.0,), 1_000.0))
    plan = solve(replace(stated, materials=(Material("cobalt", tiers), stated.materials[1])))
    assert plan.substitutions[0].tonnes == pytest.approx(30.0)


def test_a_substitute_steps_in_where_a_disruption_takes_the_material_away() -> None:
    stated = two_metals(in_place_of_cobalt(cost_usd_per_tonne=80.0), scenarios=(stop("stop", 0.25, 0),))
    plan = solve(stated)
    # 100 USD/t against 90: only in the crisis, where 60 t are short besides.
    assert plan.costs is not None
    calm, crisis = 100 * 90 + 100 * 10, 40 * 80 + 180 * 10 + 60 * 1_000
    assert plan.costs.objective_usd == pytest.approx(0.75 * calm + 0.25 * crisis)
    assert [plan.nodes[use.node_id].scenario_ids for use in plan.substitutions] == [("stop",)]


def paths(stated: SourcingProblem) -> dict[str, str]:
    return {found.field_path: found.description for found in validate(stated)}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"material_id": "tin"}, "material_id"),
        ({"substitute_material_id": "tin"}, "substitute_material_id"),
        ({"substitute_material_id": "cobalt", "tonnes_per_tonne": 1.0}, "substitute_material_id"),
        ({"tier": DemandTier.DEFENCE}, "tier"),
        ({"tonnes_per_tonne": 0.0}, "tonnes_per_tonne"),
        ({"tonnes_per_tonne": float("nan")}, "tonnes_per_tonne"),
        ({"cost_usd_per_tonne": -1.0}, "cost_usd_per_tonne"),
        ({"max_share": 1.5}, "max_share"),
        ({"substitution_id": ""}, "substitution_id"),
    ],
)
def test_what_is_no_substitution_is_refused_by_its_field(changes: dict[str, object], field: str) -> None:
    assert list(paths(two_metals(in_place_of_cobalt(**changes)))) == [f"substitutions[0].{field}"]


def test_a_loop_that_makes_material_of_nothing_is_refused_and_one_that_does_not_is_none() -> None:
    three = (material(), material("nickel"), material("tin"))

    def round_trip(*ratios: float) -> SourcingProblem:
        names = ("cobalt", "nickel", "tin", "cobalt")
        loop = [
            Substitution(f"{a} by {b}", a, b, ESSENTIAL, ratio)
            for a, b, ratio in zip(names, names[1:], ratios, strict=False)
        ]
        return two_metals(*loop, materials=three)

    assert "cobalt, nickel, tin" in paths(round_trip(2.0, 0.7, 0.7))["substitutions"]
    assert paths(round_trip(2.0, 0.7, 0.72)) == {}
    # 3 · 1/3 · 1 is 1 but for rounding; without the way back there is no loop at all.
    assert paths(round_trip(3.0, 1 / 3, 1.0)) == {}
    assert paths(round_trip(0.1, 0.1)) == {}
    # Of two ways between the same materials the better one counts.
    better = Substitution("better", "cobalt", "nickel", ESSENTIAL, 1.0)
    stated = round_trip(2.0, 0.7, 0.72)
    assert set(paths(replace(stated, substitutions=(*stated.substitutions, better)))) == {"substitutions"}


def test_materials_that_stand_in_for_each_other_are_one_part() -> None:
    third = source("CHL", material_id="tin")
    stated = two_metals(
        in_place_of_cobalt(),
        materials=(material("tin"), material(), material("nickel")),
        sources=(*two_metals().sources, third),
        budget=Budget((1e6,)),
    )
    instance = Instance(stated)
    rows = rule_rows(instance)
    arrays = compile_model(formulate(instance, rows))
    parts = Decomposition(instance, rows, arrays)
    assert parts.count == 2
    # What ties the parts is the budget alone, and each part solved by itself is as good as the whole.
    assert len(parts.tying) == 1
    columns = [set(parts.columns_of([part]).tolist()) for part in range(parts.count)]
    assert columns[0].isdisjoint(columns[1])
    assert set.union(*columns) == set(range(arrays.shape[1]))
    assert set(arrays.columns["w"].position.tolist()) <= columns[1]


@pytest.mark.parametrize(("budget", "is_exact"), [(1e6, True), (7_000.0, False)], ids=["slack", "tight"])
def test_a_search_by_parts_finds_a_plan_and_proves_its_bound(budget: float, is_exact: bool) -> None:
    stated = two_metals(
        in_place_of_cobalt(),
        materials=(material("tin"), material(), material("nickel")),
        sources=(*two_metals().sources, source("CHL", material_id="tin")),
        budget=Budget((budget,)),
    )
    instance = Instance(stated)
    rows = rule_rows(instance)
    search = Search(instance, rows, compile_model(formulate(instance, rows)))
    search.run()
    least = solve(stated).costs
    assert least is not None
    assert search.incumbent is not None
    assert 0 < search.bound.value <= least.objective_usd * (1 + 1e-9) <= search.incumbent.objective * (1 + 2e-9)
    if is_exact:
        assert search.bound.value == pytest.approx(search.incumbent.objective)
