"""Materials in stages: optima worked by hand, defaults that go by use, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import Plan
from lodestock_optimizers.problem import (
    DemandTier,
    Expansion,
    Feed,
    Material,
    ShareCap,
    Source,
    SourceKind,
    SourcingProblem,
    StockPolicy,
    TierDemand,
    TradeRule,
)
from lodestock_optimizers.ties import material_groups
from lodestock_optimizers.validation import validate
from tests.unit.optimizers.problems import material, problem, source, stock, stop
from tests.unit.optimizers.solved import objective, solve


def ore(policy: StockPolicy | None = None, **changes: Any) -> Material:
    """A material that nobody wants but plants."""
    return replace(Material("ore", (), policy), **changes)


def mine(name: str = "COD", price: float = 10.0, capacity: float = 1_000.0, **changes: Any) -> Source:
    return source(name, price, capacity, material_id="ore", **changes)


def plant(name: str = "DEU", price: float = 5.0, capacity: float = 1_000.0, **changes: Any) -> Source:
    """Two tonnes of ore make one of cobalt."""
    return source(name, price, capacity, kind=SourceKind.DOMESTIC, feed=Feed("ore", 2.0), **changes)


def staged(*sources: Source, periods: int = 1, policy: StockPolicy | None = None, **changes: Any) -> SourcingProblem:
    return problem(sources, periods, (material(), ore(policy)), **changes)


def stocks(plan: Plan, material_id: str) -> list[float]:
    return [round(b.stock_tonnes, 6) for b in plan.balances if b.material_id == material_id]


def test_a_plant_takes_its_ore_and_both_are_paid() -> None:
    plan = solve(staged(mine(), plant(), source("AUS", 100.0)))
    # 100 t × 5 for the conversion, 200 t of ore × 10
    assert objective(plan) == pytest.approx(2_500.0)
    cobalt, of_ore = plan.balances
    assert (of_ore.demand_tonnes, of_ore.supply_tonnes, of_ore.fed_tonnes) == (0.0, 200.0, 200.0)
    assert cobalt.fed_tonnes == 0.0
    assert cobalt.marginal_value_usd_per_tonne == pytest.approx(25.0)
    assert of_ore.marginal_value_usd_per_tonne == pytest.approx(10.0)


def test_ore_that_is_short_leaves_the_plant_without() -> None:
    plan = solve(staged(mine(capacity=120.0), plant(), source("AUS", 100.0)))
    assert objective(plan) == pytest.approx(120 * 10 + 60 * 5 + 40 * 100)
    # A tonne of ore more spares half a tonne from abroad, and costs half a conversion.
    assert plan.balances[1].marginal_value_usd_per_tonne == pytest.approx((100 - 5) / 2)
    assert plan.contracts[0].capacity_value_usd_per_tonne == pytest.approx((100 - 5) / 2 - 10)


@pytest.mark.parametrize(("holding_cobalt", "ore_held", "cobalt_held"), [(3.0, 200.0, 0.0), (1.5, 0.0, 100.0)])
def test_what_is_cheaper_to_hold_is_stored_against_a_stop_of_ore(
    holding_cobalt: float, ore_held: float, cobalt_held: float
) -> None:
    held = material(stock=stock(holding_usd_per_tonne_year=holding_cobalt))
    stored = ore(stock(holding_usd_per_tonne_year=1.0))
    stated = problem((mine(), plant()), 2, (held, stored), scenarios=(stop("stop", 0.5, 1),))
    plan = solve(stated)
    assert objective(plan) == pytest.approx(2 * 2_500 + min(200 * 1.0, 100 * holding_cobalt))
    assert stocks(plan, "ore")[0] == ore_held
    assert stocks(plan, "cobalt")[0] == cobalt_held


def test_a_firm_contract_of_a_plant_is_no_more_than_the_ore_that_is_sure() -> None:
    stop_of_ore = (stop("stop", 0.5, 1),)
    firm = staged(mine(), plant(lead_periods=1), source("AUS", 100.0), periods=2, scenarios=stop_of_ore)
    assert objective(solve(firm)) == pytest.approx(2_500 + 100 * 100)
    option = plant(lead_periods=1, take_or_pay=0.0, reservation_fee_usd_per_tonne=1.0)
    free = staged(mine(), option, source("AUS", 100.0), periods=2, scenarios=stop_of_ore)
    assert objective(solve(free)) == pytest.approx(2_600 + 0.5 * 2_600 + 0.5 * 10_100)


def test_a_share_of_demand_is_one_of_all_that_is_consumed() -> None:
    cap = TradeRule("cap", ShareCap(0.65), ("ore",), ("COD",))
    plan = solve(staged(mine(), mine("CHL", 30.0), plant(), rules=(cap,)))
    assert objective(plan) == pytest.approx(130 * 10 + 70 * 30 + 100 * 5)
    (binding,) = plan.binding_rules
    assert binding.family == "share_cap"
    assert binding.limit == pytest.approx(130.0)
    assert binding.value_per_unit_usd == pytest.approx(20.0)


def test_each_stage_is_charged_for_its_own_risk() -> None:
    plan = solve(staged(mine(risk=0.5), plant(risk=0.2), price_of_risk=1.0))
    assert plan.costs is not None
    assert plan.costs.risk_charge_usd == pytest.approx(0.5 * 200 * 10 + 0.2 * 100 * 5)


def test_three_stages_follow_each_other() -> None:
    metal = Material("metal", (TierDemand(DemandTier.ESSENTIAL, (10.0,), 1_000.0),))
    smelter = source("BEL", 7.0, material_id="metal", feed=Feed("cobalt", 1.25))
    plan = solve(problem((mine(), plant(), smelter), 1, (metal, replace(material(), demand=()), ore())))
    assert objective(plan) == pytest.approx(10 * (7 + 1.25 * (5 + 2 * 10)))


def test_spot_deliveries_take_ore_too() -> None:
    spot = plant(lead_periods=2, spot_capacity_tonnes=(100.0,), capacity=100.0)
    plan = solve(staged(mine(), replace(spot, spot_premium=1.0)))
    delivered = plan.deliveries[1]
    assert 2 * (delivered.contract_tonnes + delivered.spot_tonnes) == pytest.approx(plan.balances[1].fed_tonnes)


def test_days_of_cover_count_what_is_taken() -> None:
    plan = solve(staged(mine(), plant(), policy=stock(200.0, closing_tonnes=100.0, closing_is_hard=True)))
    assert plan.balances[1].days_of_cover == pytest.approx(365.0 / 2)


def test_a_floor_of_ore_is_for_what_plants_there_are_can_use() -> None:
    days = stock(floor_days=365.0, floor_shortfall_usd_per_tonne_year=0.0)
    floors = {
        (60.0,): 120.0,
        # Both together could make more than the 100 t that are wanted.
        (80.0, 80.0): 200.0,
        (): None,
    }
    for capacities, floor in floors.items():
        plants = tuple(plant(f"P{i}", capacity=capacity) for i, capacity in enumerate(capacities))
        option = plant("option", capacity=0.0, expansion=Expansion(50.0, 1e6, 0))
        plan = solve(staged(mine(), *plants, option, source("AUS", 100.0), policy=days))
        told = plan.balances[1].floor_tonnes
        assert told == pytest.approx(0.0 if floor is None else floor)


def test_a_store_of_ore_has_room_for_plants_that_may_be_built() -> None:
    option = plant("option", capacity=0.0, expansion=Expansion(50.0, 1e6, 0))
    stated = staged(mine(), option, policy=StockPolicy())
    assert Instance(stated).storage(1) == pytest.approx(2 * 2 * 50.0)
    later = replace(stated, sources=(mine(), replace(option, expansion=Expansion(50.0, 1e6, 1))))
    assert Instance(later).storage(1) == 0.0


def test_ore_that_is_missing_at_the_end_costs_what_it_makes_missing() -> None:
    stated = staged(mine(), plant(), policy=StockPolicy(closing_tonnes=1.0))
    # A quarter of 1,000 + 1,000 USD for a tonne of cobalt is half as much for a tonne of ore.
    assert Instance(stated).closing_shortfall_cost(1) == pytest.approx(250.0)
    cheap = replace(stated, materials=(material(stock=StockPolicy()), ore(StockPolicy())))
    dear = replace(cheap, sources=(mine(price=400.0), plant()))
    # The dearest tonne of cobalt has two of ore in it.
    assert Instance(dear).closing_shortfall_cost(0) == pytest.approx(5 + 2 * 400.0)
    assert Instance(dear).closing_shortfall_cost(1) == pytest.approx(400.0)


def test_a_feed_ties_materials_and_an_expansion_does_not() -> None:
    nickel = material("nickel")
    apart = problem((mine(), source("IDN", material_id="nickel", expansion=Expansion(1.0, 1.0, 0))), 1, (ore(), nickel))
    assert material_groups(apart) == (frozenset({0}), frozenset({1}))
    assert material_groups(staged(mine(), plant())) == (frozenset({0, 1}),) * 2


def refused(stated: SourcingProblem) -> list[str]:
    return [violation.field_path for violation in validate(stated)]


def test_what_cannot_be_is_refused_by_its_field() -> None:
    where = "sources[1].feed"
    assert refused(staged(mine(), replace(plant(), feed=None))) == ["materials[1].demand"]
    unknown = staged(mine(), replace(plant(), feed=Feed("rock", 2.0)))
    assert refused(unknown) == ["materials[1].demand", f"{where}.material_id"]
    for tonnes in (0.0, -1.0, float("nan"), float("inf"), 1e5):
        assert refused(staged(mine(), replace(plant(), feed=Feed("ore", tonnes)))) == [f"{where}.tonnes_per_tonne"]


def test_loops_of_feeds_are_refused() -> None:
    own = staged(mine(), plant(), replace(plant("loop"), feed=Feed("cobalt", 1.0)))
    assert refused(own) == ["sources[2].feed.material_id"]
    back = staged(replace(mine(), feed=Feed("cobalt", 1.0)), plant())
    assert sorted(refused(back)) == ["sources[0].feed.material_id", "sources[1].feed.material_id"]


def test_stages_that_multiply_beyond_all_measure_are_refused() -> None:
    metal = Material("metal", (TierDemand(DemandTier.ESSENTIAL, (10.0,), 1_000.0),))
    smelter = source("BEL", 7.0, material_id="metal", feed=Feed("cobalt", 9e3))
    stated = problem((mine(), plant(), smelter), 1, (metal, replace(material(), demand=()), ore()))
    assert refused(stated) == ["sources[2].feed.tonnes_per_tonne"]
