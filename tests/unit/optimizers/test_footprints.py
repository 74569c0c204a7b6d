"""Footprints: their price and their limit in optima worked by hand, where limits bind, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lodestock_optimizers.problem import (
    Budget,
    DemandFactor,
    Footprint,
    FootprintPolicy,
    MaterialState,
    Scenario,
    SourcingProblem,
    StateValue,
)
from lodestock_optimizers.validation import validate
from tests.unit.optimizers.problems import material, problem, source
from tests.unit.optimizers.solved import objective, solve

CO2 = "co2e_tonnes"
EMERGENCY = MaterialState.EMERGENCY


def dirty_and_clean(policy: FootprintPolicy | None = None, **changes: object) -> SourcingProblem:
    """100 t of cobalt: COD at 10 USD/t and 5 t of CO₂ a tonne, AUS at 30 USD/t and 1 t."""
    offered = (
        source("COD", footprints=(Footprint(CO2, 5.0),)),
        source("AUS", price=30.0, footprints=(Footprint(CO2, 1.0), Footprint("water_m3", 7.0))),
    )
    made = problem(offered, footprint_policies=() if policy is None else (policy,))
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_price_is_paid_besides_and_moves_the_plan_to_the_cleaner_source() -> None:
    # At 4 USD a tonne of CO₂: 10 + 20 against 30 + 4; at 6 USD: 10 + 30 against 30 + 6.
    cheap = solve(dirty_and_clean(FootprintPolicy(CO2, 4.0)))
    assert objective(cheap) == pytest.approx(100 * 30)
    assert cheap.costs is not None
    assert cheap.costs.footprint_usd == pytest.approx(2_000.0)
    assert cheap.materials[0].costs.footprint_usd == pytest.approx(2_000.0)
    dear = solve(dirty_and_clean(FootprintPolicy(CO2, 6.0)))
    assert objective(dear) == pytest.approx(100 * 36)
    assert dear.balances[0].marginal_value_usd_per_tonne == pytest.approx(36.0)
    # The landed cost is what it was, and so is the spending; COD would be bought at 36 − 5·6 = 6 USD.
    assert dear.deliveries[0].landed_cost_usd_per_tonne == pytest.approx(30.0)
    assert dear.nodes[0].spend_usd == pytest.approx(3_000.0)
    cod = next(c for c in dear.contracts if c.source_id == "COD")
    assert cod.reduced_cost_usd_per_tonne == pytest.approx(4.0)
    assert cod.break_even_price_usd_per_tonne == pytest.approx(6.0)


def test_a_price_counts_neither_in_the_budget_nor_in_the_charge_for_risk() -> None:
    stated = dirty_and_clean(FootprintPolicy(CO2, 4.0), budget=Budget((1_000.0,)), price_of_risk=1.0)
    stated = replace(stated, sources=(replace(stated.sources[0], risk=0.5), stated.sources[1]))
    plan = solve(stated)
    assert plan.costs is not None
    assert plan.costs.risk_charge_usd == pytest.approx(500.0)
    assert objective(plan) == pytest.approx(1_000 + 500 + 2_000)


def test_a_limit_is_worth_what_a_unit_more_saves() -> None:
    plan = solve(dirty_and_clean(FootprintPolicy(CO2, max_units=(300.0,))))
    # 50 t of each: 5·50 + 50 = 300. A unit more lets a quarter tonne go from 30 to 10 USD.
    assert objective(plan) == pytest.approx(50 * 10 + 50 * 30)
    (binding,) = plan.binding_rules
    assert (binding.family, binding.subject_id, binding.material_id, binding.unit) == ("footprint_cap", CO2, "", CO2)
    assert binding.field_path == "footprint_policies[0].max_units"
    assert binding.value_per_unit_usd == pytest.approx(5.0)
    assert binding.limit == pytest.approx(300.0)


def test_what_deliveries_leave_is_told_by_kind_with_the_limit_or_without() -> None:
    plan = solve(dirty_and_clean(FootprintPolicy(CO2, max_units=(300.0,))))
    assert {use.kind: use.units for use in plan.footprints} == pytest.approx({CO2: 300.0, "water_m3": 350.0})
    assert {use.kind: use.max_units for use in plan.footprints} == {CO2: 300.0, "water_m3": None}


def test_what_is_bought_spot_leaves_as_much() -> None:
    spot = source("COD", capacity=60.0, lead_periods=3, spot_capacity_tonnes=(60.0,), footprints=(Footprint(CO2, 5.0),))
    stated = dirty_and_clean(FootprintPolicy(CO2, 2.0, max_units=(100.0,)), sources=(spot,))
    plan = solve(stated)
    # 20 t, be they spot or under contract, at 10 + 5·2; 80 t short.
    assert objective(plan) == pytest.approx(20 * 20 + 80 * 1_000)


def test_a_limit_of_nothing_keeps_a_source_out_at_any_price() -> None:
    stated = dirty_and_clean(FootprintPolicy("water_m3", max_units=(0.0,)))
    aus = next(c for c in solve(stated).contracts if c.source_id == "AUS")
    assert aus.contracted_tonnes == 0.0
    assert aus.break_even_price_usd_per_tonne is None


def states(*values: StateValue, listed: tuple[MaterialState, ...] = ()) -> SourcingProblem:
    """A crisis of nickel that is certain in the second of two years; cobalt's CO₂ has a limit."""
    policy = FootprintPolicy(CO2, max_units=(300.0,), states=listed, max_units_by_state=values)
    crisis = Scenario("crisis", 1.0, 1, state_material_ids=("nickel",))
    metals = (material(), material("nickel", demand=(0.0,)))
    stated = dirty_and_clean(policy, materials=metals, scenarios=(crisis,))
    return replace(stated, periods=problem((), 2).periods)


@pytest.mark.parametrize(
    ("stated", "limits"),
    [
        (states(), [300.0, None]),
        (states(StateValue(EMERGENCY, 400.0)), [300.0, 400.0]),
        # Nickel's emergency and cobalt's NORMAL must both be listed.
        (states(listed=(EMERGENCY,)), [None, None]),
        (states(listed=(EMERGENCY, MaterialState.NORMAL)), [300.0, 300.0]),
    ],
    ids=["normal", "by state", "emergency alone", "both"],
)
def test_a_limit_binds_where_every_material_is_in_a_state_of_it(
    stated: SourcingProblem, limits: list[float | None]
) -> None:
    plan = solve(stated)
    assert [use.max_units for use in plan.footprints if use.kind == CO2] == limits
    for use in plan.footprints:
        assert use.max_units is None or use.units <= use.max_units + 1e-6


def test_a_limit_for_single_states_alone_binds_in_these() -> None:
    stated = states()
    policy = FootprintPolicy(CO2, max_units_by_state=(StateValue(MaterialState.NORMAL, 200.0),))
    plan = solve(replace(stated, footprint_policies=(policy,)))
    assert [use.max_units for use in plan.footprints if use.kind == CO2] == [200.0, None]


def test_what_nobody_knew_when_signing_is_not_forbidden_but_reported() -> None:
    slump = Scenario("slump", 0.1, 1, demand_factors=(DemandFactor(0.5),))
    surge = Scenario("surge", 0.1, 1, disruptions=(), demand_factors=(DemandFactor(1.5),))
    stated = dirty_and_clean(FootprintPolicy(CO2, max_units=(500.0, 400.0)), scenarios=(slump, surge))
    dirty = replace(stated.sources[0], lead_periods=1)
    spot = replace(dirty, source_id="COD spot", spot_capacity_tonnes=(100.0,), spot_premium=0.5)
    plan = solve(replace(stated, periods=problem((), 2).periods, sources=(dirty, spot)))
    (breach,) = plan.breaches
    assert (breach.family, breach.subject_id, breach.unit) == ("footprint_cap", CO2, CO2)
    assert plan.nodes[breach.node_id].scenario_ids == ("surge",)
    # 80 t on the trunk; in the surge 70 t more are bought spot.
    assert breach.amount == pytest.approx(5 * 150 - 400)


def test_more_kinds_than_can_be_told_are_refused() -> None:
    kinds = tuple(Footprint(f"kind {i}", 1.0) for i in range(51))
    assert [found.field_path for found in validate(problem((source("COD", footprints=kinds),)))] == ["sources"]
    assert validate(problem((source("COD", footprints=kinds[:50]),))) == []


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        (dirty_and_clean(FootprintPolicy(CO2, -1.0)), "footprint_policies[0].price_usd_per_unit"),
        (dirty_and_clean(FootprintPolicy(CO2, max_units=(1.0, 2.0))), "footprint_policies[0].max_units"),
        (dirty_and_clean(FootprintPolicy(CO2, states=(EMERGENCY,))), "footprint_policies[0].states"),
        (dirty_and_clean(FootprintPolicy("")), "footprint_policies[0].kind"),
        (dirty_and_clean(FootprintPolicy(CO2, 1e12)), "sources[0].footprints"),
        (
            dirty_and_clean(FootprintPolicy(CO2, max_units_by_state=(StateValue(EMERGENCY, -1.0),))),
            "footprint_policies[0].max_units_by_state[0].value",
        ),
        (
            dirty_and_clean(sources=(source("COD", footprints=(Footprint(CO2, -1.0),)),)),
            "sources[0].footprints[0].per_tonne",
        ),
        (
            dirty_and_clean(sources=(source("COD", footprints=(Footprint(CO2, 1e-9),)),)),
            "sources[0].footprints[0].per_tonne",
        ),
        (
            dirty_and_clean(sources=(source("COD", footprints=(Footprint(CO2, 1.0), Footprint(CO2, 2.0))),)),
            "sources[0].footprints[1].kind",
        ),
    ],
)
def test_what_is_no_footprint_is_refused_by_its_field(stated: SourcingProblem, path: str) -> None:
    assert [found.field_path for found in validate(stated)] == [path]
