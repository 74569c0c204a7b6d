"""Problems that use every feature of the model, for the examples of requests."""

from __future__ import annotations

from lodestock.v1 import common_pb2, sourcing_pb2
from tests.toy_problem import supplier, toy_problem


def linear_problem() -> sourcing_pb2.SourcingProblem:
    """The full problem without contracts that are a yes or no."""
    problem = full_problem()
    for source in problem.sources:
        source.fixed_cost_usd = source.min_order_tonnes = 0
    return problem


def full_problem() -> sourcing_pb2.SourcingProblem:
    """A problem of two periods that uses every feature of the model."""
    problem = toy_problem()
    del problem.periods[2:]
    problem.price_of_risk = 1
    problem.materials[0].demand.add(
        tier=common_pb2.DEMAND_TIER_GENERAL, demand_tonnes=[50, 60], shortage_cost_usd_per_tonne=90_000
    )
    stock = problem.materials[0].stock
    stock.floor_days = 30
    stock.floor_days_by_state.add(state=common_pb2.MATERIAL_STATE_EMERGENCY, value=5)
    stock.capacity_tonnes, stock.loss_rate_per_year = 500, 0.01
    stock.max_in_tonnes, stock.max_out_tonnes, stock.disposal_usd_per_tonne = 200, 200, 10
    problem.sources.append(home_supplier())
    problem.deposits.add(deposit_id="d", source_ids=["cobalt/COD"], reserves_tonnes=300)
    problem.rules.extend(trade_rules())
    problem.budget.budget_usd.append(1e8)
    problem.budget.budget_usd_by_state.add(state=common_pb2.MATERIAL_STATE_EMERGENCY, value=2e8)
    problem.scenarios.append(scenario())
    add_other_burdens(problem)
    add_second_stage(problem)
    return problem


def add_other_burdens(problem: sourcing_pb2.SourcingProblem) -> None:
    """Nickel, in whose place cobalt may stand; what is signed already; what deliveries leave behind."""
    general = common_pb2.DEMAND_TIER_GENERAL
    demand = sourcing_pb2.TierDemand(tier=general, demand_tonnes=[5], shortage_cost_usd_per_tonne=80_000)
    problem.materials.add(material_id="nickel", demand=[demand])
    problem.substitutions.add(
        substitution_id="s",
        material_id="nickel",
        substitute_material_id="cobalt",
        tier=general,
        tonnes_per_tonne=1.2,
        cost_usd_per_tonne=500,
        max_share=0.5,
    )
    problem.book.add(source_id="cobalt/AUS", period=0, tonnes=20)
    problem.sources[0].footprints.add(kind="co2e_tonnes", per_tonne=12)
    policy = problem.footprint_policies.add(kind="co2e_tonnes", price_usd_per_unit=50, max_units=[1e5])
    policy.states.append(common_pb2.MATERIAL_STATE_NORMAL)
    policy.max_units_by_state.add(state=common_pb2.MATERIAL_STATE_EMERGENCY, value=2e5)


def add_second_stage(problem: sourcing_pb2.SourcingProblem) -> None:
    """Ore, which nobody but the supplier at home needs, who can build more capacity."""
    problem.materials.add(material_id="cobalt ore")
    ore = supplier("ZMB", 5_000, 60)
    ore.source_id, ore.material_id = "ore/ZMB", "cobalt ore"
    problem.sources.append(ore)
    (home,) = (source for source in problem.sources if source.kind == common_pb2.SOURCE_KIND_DOMESTIC)
    home.feed.material_id, home.feed.tonnes_per_tonne = ore.material_id, 1.4
    home.expansion.max_tonnes_per_year, home.expansion.capital_usd_per_tonne_year = 50, 40_000
    home.expansion.lead_periods, home.expansion.fixed_usd_per_tonne_year = 1, 100
    home.expansion.life_years = 15


def home_supplier() -> sourcing_pb2.Source:
    """A supplier at home with a spot market and an option to take less than contracted."""
    source = supplier("USA", 50_000, 20)
    source.kind = common_pb2.SOURCE_KIND_DOMESTIC
    source.spot_capacity_tonnes.append(10)
    source.spot_premium, source.risk = 0.2, 0.1
    source.take_or_pay, source.reservation_fee_usd_per_tonne = 0.8, 100
    source.tariff_rate.append(0.05)
    return source


def trade_rules() -> list[sourcing_pb2.TradeRule]:
    """One rule of each kind."""
    demand, supply = sourcing_pb2.SHARE_DENOMINATOR_DEMAND, sourcing_pb2.SHARE_DENOMINATOR_SUPPLY
    floor = sourcing_pb2.ShareFloor(kind=common_pb2.SOURCE_KIND_DOMESTIC, min_share=0.01, denominator=supply)
    emergency = sourcing_pb2.StateValue(state=common_pb2.MATERIAL_STATE_EMERGENCY, value=0.95)
    return [
        sourcing_pb2.TradeRule(rule_id="e", countries=["RUS"], embargo=sourcing_pb2.Embargo()),
        sourcing_pb2.TradeRule(rule_id="q", material_ids=["cobalt"], quota=sourcing_pb2.Quota(max_tonnes=1000)),
        sourcing_pb2.TradeRule(
            rule_id="c",
            countries=["COD"],
            periods=[0],
            limit_by_state=[emergency],
            share_cap=sourcing_pb2.ShareCap(max_share=0.9, denominator=demand),
        ),
        sourcing_pb2.TradeRule(rule_id="f", states=[common_pb2.MATERIAL_STATE_NORMAL], share_floor=floor),
    ]


def scenario() -> sourcing_pb2.Scenario:
    """A disruption that comes, goes, and moves demand."""
    return sourcing_pb2.Scenario(
        scenario_id="s",
        probability=0.2,
        onset_period=0,
        end_period=0,
        disruptions=[sourcing_pb2.Disruption(countries=["COD"], availability=0.2, price_factor=1.5)],
        demand_factors=[sourcing_pb2.DemandFactor(material_ids=["cobalt"], periods=[0], factor=1.1)],
        state=common_pb2.MATERIAL_STATE_EMERGENCY,
        state_material_ids=["cobalt"],
        rebuilding_periods=1,
    )
