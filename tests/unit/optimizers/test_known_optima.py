"""Plans whose optimum is worked by hand in the test itself."""

from __future__ import annotations

import pytest

from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    Budget,
    DemandFactor,
    DemandTier,
    Deposit,
    Disruption,
    Embargo,
    Material,
    MaterialState,
    Period,
    Quota,
    Scenario,
    ShareCap,
    ShareDenominator,
    ShareFloor,
    SourceKind,
    SourcingProblem,
    StateValue,
    TierDemand,
    TradeRule,
)
from tests.unit.optimizers.problems import material, problem, source, stock, stop, worked_toy
from tests.unit.optimizers.solved import objective, solve


def stock_by_node(plan: Plan) -> list[float]:
    return [round(b.stock_tonnes, 6) for b in plan.balances]


def supplied(plan: Plan, source_id: str) -> float:
    return sum(d.contract_tonnes + d.spot_tonnes for d in plan.deliveries if d.source_id == source_id)


def test_one_source_serves_the_demand_at_its_landed_cost() -> None:
    # 100 t × (10·1.05 + 2)
    plan = solve(problem((source("COD", tariff_rate=(0.05,), freight_usd_per_tonne=2.0),)))
    assert objective(plan) == pytest.approx(1_250.0)
    assert plan.balances[0].marginal_value_usd_per_tonne == pytest.approx(12.5)


def test_a_share_cap_that_binds_sends_the_rest_to_the_dearer_source() -> None:
    cap = TradeRule("cap", ShareCap(0.65), countries=("COD",))
    plan = solve(problem((source("COD"), source("AUS", price=30.0)), rules=(cap,)))
    # 65 t × 10 + 35 t × 30; a tonne more allowed saves 30 − 10
    assert objective(plan) == pytest.approx(1_700.0)
    (binding,) = plan.binding_rules
    assert (binding.family, binding.subject_id, binding.country) == ("share_cap", "cap", "COD")
    assert binding.value_per_unit_usd == pytest.approx(20.0)
    assert binding.limit == pytest.approx(65.0)


def test_a_share_cap_of_supply_and_of_imports() -> None:
    recycled = source("USA", price=50.0, capacity=20.0, kind=SourceKind.RECYCLED)
    cap = TradeRule("cap", ShareCap(0.5, ShareDenominator.IMPORTS), countries=("COD",))
    floor = TradeRule("floor", ShareFloor(SourceKind.RECYCLED, 0.1, ShareDenominator.SUPPLY))
    plan = solve(problem((source("COD"), source("AUS", price=30.0), recycled), rules=(cap, floor)))
    # 10 t recycled × 50; of 90 t imports half at 10 and half at 30
    assert objective(plan) == pytest.approx(500.0 + 45 * 10 + 45 * 30)


@pytest.mark.parametrize(("opening", "cost"), [(0.0, 100_000.0), (40.0, 60_000.0)])
def test_an_embargo_leaves_the_stock_and_then_the_shortage(opening: float, cost: float) -> None:
    embargo = TradeRule("embargo", Embargo(), countries=("COD",))
    stated = problem((source("COD"),), materials=(material(stock=stock(opening)),), rules=(embargo,))
    plan = solve(stated)
    assert objective(plan) == pytest.approx(cost)
    assert supplied(plan, "COD") == 0.0
    # Lifting it saves the shortage and costs the price.
    assert plan.contracts[0].capacity_value_usd_per_tonne == pytest.approx(990.0)


def test_a_soft_floor_is_built_up_as_soon_as_the_capacity_lets() -> None:
    # Floor 73 days = 20 t. Capacity 110 t: stock 10 t, then 20 t. v = 100 USD/t/year against 10 USD/t bought.
    policy = stock(floor_days=73.0, floor_shortfall_usd_per_tonne_year=100.0)
    plan = solve(problem((source("COD", capacity=110.0),), periods=2, materials=(material(stock=policy),)))
    assert stock_by_node(plan) == [10.0, 20.0]
    assert objective(plan) == pytest.approx(220 * 10 + 10 * 100)
    assert plan.balances[0].below_floor_tonnes == pytest.approx(10.0)


def test_a_soft_floor_that_costs_more_than_it_is_worth_is_used_up() -> None:
    policy = stock(floor_days=73.0, floor_shortfall_usd_per_tonne_year=4.0)
    plan = solve(problem((source("COD"),), periods=2, materials=(material(stock=policy),)))
    # The first year's floor costs nothing, since it is used up in the second; 20 t held to the end would cost 10 each.
    assert stock_by_node(plan) == [20.0, 0.0]
    assert objective(plan) == pytest.approx(2_000.0 + 20 * 4)


def test_a_hard_floor_is_met_at_the_cost_of_a_shortage() -> None:
    policy = stock(floor_days=73.0, floor_is_hard=True)
    plan = solve(problem((source("COD", capacity=110.0),), periods=2, materials=(material(stock=policy),)))
    # 20 t in store in the first year leave 90 t for use: 10 t short at 1,000. The second year needs no more.
    assert stock_by_node(plan) == [20.0, 20.0]
    assert objective(plan) == pytest.approx(210 * 10 + 10 * 1_000)


def test_a_hard_floor_out_of_reach_is_named_with_what_could_be_reached() -> None:
    policy = stock(floor_days=365.0, floor_is_hard=True)
    stated = problem((source("COD", capacity=60.0),), periods=3, materials=(material(stock=policy),))
    plan = optimize(stated)
    assert plan.status is PlanStatus.INFEASIBLE
    # Nothing used: 60 t after the first year; by the second 120 t are there, and 100 t is the floor.
    (reason,) = plan.relaxations
    assert reason.field_path == "materials[0].stock.floor_days"
    assert reason.field_value == pytest.approx(219.0)
    assert (reason.material_id, reason.period) == ("cobalt", 0)
    assert reason.required == pytest.approx(100.0)
    assert reason.reachable == pytest.approx(60.0)
    assert "2026" in reason.description
    # What contradicts it: the source has no more. No other limit stands in the way.
    assert [(rule.field_path, rule.periods) for rule in plan.conflict] == [
        ("materials[0].stock.floor_days", (0,)),
        ("sources[0].capacity_tonnes[0]", (0,)),
    ]


def test_a_share_floor_without_such_a_source_is_infeasible_by_name() -> None:
    rule = TradeRule("recycle", ShareFloor(SourceKind.RECYCLED, 0.25))
    plan = optimize(problem((source("COD"),), rules=(rule,)))
    assert plan.status is PlanStatus.INFEASIBLE
    assert plan.relaxations[0].field_path == "rules[0].share_floor.min_share"
    assert "recycle" in plan.relaxations[0].description
    assert plan.relaxations[0].required == pytest.approx(25.0)


def test_a_quota_across_two_materials_goes_to_the_dearer_shortage() -> None:
    nickel = Material("nickel", (TierDemand(DemandTier.ESSENTIAL, (100.0,), 500.0),))
    from_cod = (source("COD"), source("COD-Ni", material_id="nickel", country="COD"))
    quota = TradeRule("quota", Quota(120.0), countries=("COD",))
    plan = solve(problem(from_cod, materials=(material(), nickel), rules=(quota,)))
    # 100 t of cobalt first (1,000 short), then 20 t of nickel: 80 t short at 500.
    assert objective(plan) == pytest.approx(120 * 10 + 80 * 500)
    (binding,) = plan.binding_rules
    assert (binding.family, binding.material_id) == ("quota", "")
    assert binding.value_per_unit_usd == pytest.approx(490.0)


def test_a_contract_signed_before_the_crisis_is_lost_to_it_and_a_new_one_arrives_a_period_late() -> None:
    # COD (lead 1) is certain to stop from period 1 on: with probability 1 everyone knows, and AUS is signed in time.
    sources = (source("COD", lead_periods=1), source("AUS", price=30.0, lead_periods=1))
    known = solve(problem(sources, periods=3, scenarios=(stop("stop", 1.0, 1),)))
    assert objective(known) == pytest.approx(1_000.0 + 2 * 3_000.0)
    # With probability 1/2 the contracts for period 1 are signed before anyone knows, at a node that both futures share.
    # Per tonne for period 1: COD 0.5·10 + 0.5·1,000 = 505; AUS 30. Period 2 is signed knowing: 0.5·10 + 0.5·30.
    unknown = solve(problem(sources, periods=3, scenarios=(stop("stop", 0.5, 1),)))
    assert objective(unknown) == pytest.approx(1_000.0 + 3_000.0 + 2_000.0)
    # Where AUS costs 600, COD is signed for period 1, and the crisis finds nothing: AUS comes a period late.
    dear = (sources[0], source("AUS", price=600.0, lead_periods=1))
    late = solve(problem(dear, periods=3, scenarios=(stop("stop", 0.5, 1),)))
    assert objective(late) == pytest.approx(1_000.0 + 0.5 * 1_000 + 0.5 * 100_000 + 0.5 * 1_000 + 0.5 * 60_000)
    crisis = [b for b in late.balances if not late.nodes[b.node_id].on_trunk]
    assert [sum(s.tonnes for s in b.shortages) for b in crisis] == pytest.approx([100.0, 0.0])


def test_the_onset_of_a_scenario_makes_the_trunk_hoard() -> None:
    policy = stock(holding_usd_per_tonne_year=5.0)
    stated = problem(
        (source("COD"),), periods=2, materials=(material(stock=policy),), scenarios=(stop("stop", 0.1, 1),)
    )
    plan = solve(stated)
    # A tonne in store costs 10 + 5, saves 0.1·1,000 in the crisis and 0.9·10 without it.
    assert stock_by_node(plan)[0] == 100.0
    assert objective(plan) == pytest.approx(200 * 10 + 100 * 5)
    # Where a missing tonne costs less than what hoarding it does, nothing is stored: 15 > 0.1·50 + 0.9·10.
    cheap = Material("cobalt", (TierDemand(DemandTier.GENERAL, (100.0,), 50.0),), policy)
    indifferent = solve(problem((source("COD"),), periods=2, materials=(cheap,), scenarios=stated.scenarios))
    assert stock_by_node(indifferent)[0] == 0.0


def test_two_scenarios_that_differ_only_in_their_end_share_nodes_until_then() -> None:
    plan = solve(problem((source("COD"),), periods=4, scenarios=(stop("a", 0.1, 1, 1), stop("b", 0.2, 1, 2))))
    shared = [n for n in plan.nodes if n.scenario_ids == ("a", "b") and not n.on_trunk]
    assert [n.period for n in shared] == [1]
    assert shared[0].probability == pytest.approx(0.3)
    assert len(plan.nodes) == 4 + 1 + 2 + 2


def test_the_worked_toy_without_scenarios() -> None:
    assert objective(solve(worked_toy())) == pytest.approx(13_943_637, abs=1)


def test_the_worked_toy_with_two_scenarios() -> None:
    plan = solve(worked_toy(stop("a", 0.1, 2, 2), stop("b", 0.1, 2, 3)))
    assert objective(plan) == pytest.approx(14_391_887, abs=1)
    assert plan.size.nodes == 10
    trunk = [b for b in plan.balances if plan.nodes[b.node_id].on_trunk]
    assert trunk[1].stock_tonnes == pytest.approx(170.0)


def test_reserves_run_out_over_the_horizon_and_go_to_the_dearest_year() -> None:
    deposit = Deposit("mine", ("COD",), 150.0)
    plan = solve(problem((source("COD"), source("AUS", price=40.0)), periods=2, deposits=(deposit,)))
    assert objective(plan) == pytest.approx(150 * 10 + 50 * 40)
    (binding,) = plan.binding_rules
    assert (binding.family, binding.field_path) == ("reserves", "deposits[0].reserves_tonnes")
    assert binding.value_per_unit_usd == pytest.approx(30.0)


def test_spot_is_bought_where_a_contract_would_come_too_late() -> None:
    late = source("AUS", price=30.0, lead_periods=1, spot_capacity_tonnes=(60.0,), spot_premium=0.5)
    plan = solve(problem((source("COD", lead_periods=1), late), periods=2, scenarios=(stop("s", 0.01, 1),)))
    # Too rare to sign AUS for: 29 of 30 USD more. In the crisis 60 t spot at 45, 40 t short.
    assert objective(plan) == pytest.approx(1_000 + 0.99 * 1_000 + 0.01 * (60 * 45 + 40 * 1_000))


def test_take_or_pay_is_owed_only_for_what_is_available() -> None:
    option = source("COD", take_or_pay=0.5, reservation_fee_usd_per_tonne=1.0, lead_periods=1)
    surge = Scenario("slump", 0.5, 1, demand_factors=(DemandFactor(0.2),))
    plan = solve(problem((option,), periods=2, scenarios=(surge,)))
    # Period 0: 100 t. Period 1: with 100 t contracted 50 t must be taken in the slump, of which 30 t are not needed.
    # A tonne less contracted saves 1 fee and 0.5·(0.5·10) taken in vain, but leaves a tonne short in the other half.
    assert objective(plan) == pytest.approx((1_000 + 100) + 100 + 0.5 * 1_000 + 0.5 * 500)


def test_demand_may_run_high_before_its_scenario_begins() -> None:
    high = DemandFactor(1.5, periods=(0, 2))
    later = Scenario("stop", 0.5, 1, 1, (Disruption(("COD",), availability=0.0),), (high,))
    plan = solve(problem((source("COD"),), periods=3, scenarios=(later,)))
    # Half the time 150 t, then nothing for 100 t of demand, then 150 t; half the time 100 t three times.
    assert objective(plan) == pytest.approx(0.5 * (1_500 + 100 * 1_000 + 1_500) + 0.5 * 3 * 1_000)


def test_a_budget_that_binds_is_worth_what_it_saves() -> None:
    plan = solve(problem((source("COD"),), budget=Budget((600.0,))))
    assert objective(plan) == pytest.approx(600 + 40 * 1_000)
    (binding,) = plan.binding_rules
    assert (binding.family, binding.unit, binding.limit) == ("budget", "USD", 600.0)
    assert binding.value_per_unit_usd == pytest.approx(99.0)


def test_a_state_has_a_policy_of_its_own() -> None:
    cap = TradeRule(
        "cap", ShareCap(0.5), countries=("COD",), limit_by_state=(StateValue(MaterialState.EMERGENCY, 0.8),)
    )
    crisis = Scenario("crisis", 1.0, 1, state_material_ids=("cobalt",))
    plan = solve(problem((source("COD"), source("AUS", price=30.0)), periods=2, rules=(cap,), scenarios=(crisis,)))
    assert objective(plan) == pytest.approx((50 * 10 + 50 * 30) + (80 * 10 + 20 * 30))
    assert plan.nodes[1].states == (("cobalt", MaterialState.EMERGENCY),)


def test_a_floor_does_not_bind_in_an_emergency_nor_while_rebuilding() -> None:
    policy = stock(73.0 / 365 * 100, floor_days=73.0, floor_shortfall_usd_per_tonne_year=500.0)
    crisis = stop("stop", 1.0, 1, 1, rebuilding_periods=1)
    plan = solve(problem((source("COD", capacity=100.0),), 4, (material(stock=policy),), scenarios=(crisis,)))
    assert [b.floor_tonnes for b in plan.balances] == [pytest.approx(20.0), None, None, pytest.approx(20.0)]


def test_what_nobody_knew_when_signing_is_not_forbidden_but_reported() -> None:
    cap = TradeRule("cap", ShareCap(0.6), countries=("COD",))
    slump = Scenario("slump", 0.1, 1, demand_factors=(DemandFactor(0.5),))
    sources = (source("COD", lead_periods=1), source("AUS", price=30.0, lead_periods=1))
    plan = solve(problem(sources, periods=2, rules=(cap,), scenarios=(slump,)))
    (breach,) = plan.breaches
    assert (breach.family, breach.subject_id, breach.country) == ("share_cap", "cap", "COD")
    assert not plan.nodes[breach.node_id].settled
    # 60 t were signed; half the demand is 50 t, of which 60 % are 30 t.
    assert breach.amount == pytest.approx(30.0)


def test_discounting_counts_from_the_start_of_each_period() -> None:
    periods = (Period("2026", 1.0), Period("2027-28", 2.0), Period("2029", 1.0))
    stated = problem((source("COD"),), periods=3, discount_rate=0.1)
    plan = solve(SourcingProblem(periods, stated.materials, stated.sources, discount_rate=0.1, price_of_risk=0.0))
    assert objective(plan) == pytest.approx(1_000 * (1 + 1.1**-1 + 1.1**-3))


def test_the_price_of_risk_moves_the_plan_to_the_safer_source_and_stands_apart_in_the_answer() -> None:
    sources = (source("COD", risk=0.9), source("AUS", price=15.0, risk=0.1))
    bold = solve(problem(sources, price_of_risk=0.5))
    # 10·1.45 = 14.5 < 15·1.05 = 15.75
    assert supplied(bold, "COD") == pytest.approx(100.0)
    careful = solve(problem(sources, price_of_risk=1.0))
    # 10·1.9 = 19 > 15·1.1 = 16.5
    assert supplied(careful, "AUS") == pytest.approx(100.0)
    assert careful.costs is not None
    assert careful.costs.expected_cost_usd == pytest.approx(1_500.0)
    assert careful.costs.risk_charge_usd == pytest.approx(150.0)
    assert careful.costs.objective_usd == pytest.approx(1_650.0)
    balance = careful.balances[0]
    assert balance.marginal_value_usd_per_tonne == pytest.approx(16.5)
    assert balance.marginal_risk_charge_usd_per_tonne == pytest.approx(1.5)
    cod = next(c for c in careful.contracts if c.source_id == "COD")
    assert cod.reduced_cost_usd_per_tonne == pytest.approx(2.5)
    # At 16.5 / 1.9 it would be bought.
    assert cod.break_even_price_usd_per_tonne == pytest.approx(16.5 / 1.9)


def test_a_source_at_its_capacity_says_what_a_tonne_more_is_worth() -> None:
    plan = solve(problem((source("COD", capacity=70.0), source("AUS", price=30.0))))
    cod = next(c for c in plan.contracts if c.source_id == "COD")
    assert cod.contracted_tonnes == pytest.approx(70.0)
    assert cod.capacity_value_usd_per_tonne == pytest.approx(20.0)


def test_losses_and_disposal() -> None:
    policy = stock(100.0, loss_rate_per_year=0.1, disposal_usd_per_tonne=3.0, max_out_tonnes=50.0)
    plan = solve(problem((source("COD"),), periods=2, materials=(material(stock=policy),)))
    # 90 t are left after the first year, 50 t come out; 40·0.9 = 36 t come out in the second.
    assert objective(plan) == pytest.approx((100 - 50) * 10 + (100 - 36) * 10)


def test_a_demand_surge_and_a_price_jump_hit_together() -> None:
    boom = Scenario("boom", 0.5, 1, demand_factors=(DemandFactor(1.5),), disruptions=(Disruption(price_factor=2.0),))
    fixed = source("AUS", price=12.0, fixed_price=True, capacity=100.0)
    plan = solve(problem((source("COD"), fixed), periods=2, scenarios=(boom,)))
    # In the boom 150 t: COD at 20, AUS still at 12 for 100 t.
    assert objective(plan) == pytest.approx(1_000 + 0.5 * 1_000 + 0.5 * (100 * 12 + 50 * 20))
    # A price alone is no emergency.
    assert all(not node.states for node in plan.nodes)


def test_tiers_are_served_in_the_order_of_their_shortage_cost() -> None:
    tiers = (
        TierDemand(DemandTier.GENERAL, (60.0,), 100.0),
        TierDemand(DemandTier.DEFENCE, (10.0,)),
        TierDemand(DemandTier.ESSENTIAL, (30.0,), 1_000.0),
    )
    plan = solve(problem((source("COD", capacity=50.0),), materials=(Material("cobalt", tiers),)))
    assert {s.tier: s.tonnes for s in plan.balances[0].shortages} == {DemandTier.GENERAL: pytest.approx(50.0)}
    assert plan.materials[0].expected_shortages[0].tonnes == pytest.approx(50.0)


def test_without_any_source_the_stock_is_used_and_the_rest_is_short() -> None:
    plan = solve(problem((), materials=(material(stock=stock(30.0)),), budget=Budget((0.0,))))
    assert objective(plan) == pytest.approx(70 * 1_000)


def test_no_demand_costs_nothing() -> None:
    plan = solve(problem((source("COD"),), materials=(material(demand=(0.0,)),)))
    assert objective(plan) == 0.0
    assert plan.balances[0].days_of_cover == 0.0


def test_an_emptied_country_leaves_every_source_unused() -> None:
    everything = TradeRule("blockade", Embargo())
    plan = solve(problem((source("COD"), source("AUS", spot_capacity_tonnes=(10.0,))), rules=(everything,)))
    assert objective(plan) == pytest.approx(100 * 1_000)
    assert plan.deliveries == ()


@pytest.mark.parametrize(("probability", "difference"), [(1e-6, 0.05), (1e-8, 5.0), (1e-9, 50.0)])
def test_the_cheaper_source_is_taken_where_it_hardly_ever_matters(probability: float, difference: float) -> None:
    spot = (1_000.0,)
    offered = (
        source("COD"),
        source("dear", price=20.0 + difference, spot_capacity_tonnes=spot),
        source("cheap", price=20.0, spot_capacity_tonnes=spot),
    )
    plan = solve(problem(offered, scenarios=(stop("stop", probability, 0),)))
    (crisis,) = [node.node_id for node in plan.nodes if node.scenario_ids]
    bought = {d.source_id: d.spot_tonnes for d in plan.deliveries if d.node_id == crisis and d.spot_tonnes > 0}
    assert bought == pytest.approx({"cheap": 100.0})
