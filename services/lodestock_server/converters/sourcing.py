"""sourcing.proto, the problem's side: problems from and to messages. The plan's side is in `plan`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from google.protobuf.message import Message

import lodestock_optimizers.problem as domain
from lodestock.v1 import common_pb2, sourcing_pb2
from lodestock_server.converters.enums import EnumMap

KINDS = EnumMap(domain.SourceKind, common_pb2.SourceKind, "SOURCE_KIND_")
TIERS = EnumMap(domain.DemandTier, common_pb2.DemandTier, "DEMAND_TIER_")
STATES = EnumMap(domain.MaterialState, common_pb2.MaterialState, "MATERIAL_STATE_")
DENOMINATORS = EnumMap(domain.ShareDenominator, sourcing_pb2.ShareDenominator, "SHARE_DENOMINATOR_")

Value = TypeVar("Value", float, int)


def given(message: Message, field: str, value: Value) -> Value | None:
    """The value of an optional field, None where it is not set."""
    return value if message.HasField(field) else None


def given_or(message: Message, field: str, value: Value, default: Value) -> Value:
    """The value of an optional field, the default where it is not set."""
    return value if message.HasField(field) else default


def problem_from_proto(message: sourcing_pb2.SourcingProblem) -> domain.SourcingProblem:
    """Read a problem, however broken."""
    return domain.SourcingProblem(
        periods=tuple(domain.Period(period.label, period.length_years) for period in message.periods),
        materials=tuple(material_from_proto(material) for material in message.materials),
        sources=tuple(source_from_proto(source) for source in message.sources),
        deposits=tuple(
            domain.Deposit(deposit.deposit_id, tuple(deposit.source_ids), deposit.reserves_tonnes)
            for deposit in message.deposits
        ),
        rules=tuple(rule_from_proto(rule) for rule in message.rules),
        budget=budget_from_proto(message.budget) if message.HasField("budget") else None,
        scenarios=tuple(scenario_from_proto(scenario) for scenario in message.scenarios),
        price_of_risk=given_or(message, "price_of_risk", message.price_of_risk, 1.0),
        discount_rate=given_or(message, "discount_rate", message.discount_rate, 0.03),
        substitutions=tuple(substitution_from_proto(substitution) for substitution in message.substitutions),
        book=tuple(domain.SignedContract(signed.source_id, signed.period, signed.tonnes) for signed in message.book),
        footprint_policies=tuple(footprint_policy_from_proto(policy) for policy in message.footprint_policies),
        tail_weight=message.tail_weight,
        tail_level=given_or(message, "tail_level", message.tail_level, 0.95),
        buyer=message.buyer,
        price_year=message.price_year,
    )


def material_from_proto(message: sourcing_pb2.Material) -> domain.Material:
    """Read a material."""
    return domain.Material(
        material_id=message.material_id,
        demand=tuple(
            domain.TierDemand(
                tier=TIERS.from_proto(demand.tier),
                demand_tonnes=tuple(demand.demand_tonnes),
                shortage_cost_usd_per_tonne=given(
                    demand, "shortage_cost_usd_per_tonne", demand.shortage_cost_usd_per_tonne
                ),
            )
            for demand in message.demand
        ),
        stock=stock_from_proto(message.stock) if message.HasField("stock") else None,
        name=message.name,
    )


def stock_from_proto(message: sourcing_pb2.StockPolicy) -> domain.StockPolicy:
    """Read a stock policy."""
    return domain.StockPolicy(
        opening_tonnes=message.opening_tonnes,
        capacity_tonnes=given(message, "capacity_tonnes", message.capacity_tonnes),
        closing_tonnes=given(message, "closing_tonnes", message.closing_tonnes),
        closing_is_hard=message.closing_is_hard,
        closing_shortfall_usd_per_tonne=given(
            message, "closing_shortfall_usd_per_tonne", message.closing_shortfall_usd_per_tonne
        ),
        floor_days=message.floor_days,
        floor_is_hard=message.floor_is_hard,
        floor_shortfall_usd_per_tonne_year=given(
            message, "floor_shortfall_usd_per_tonne_year", message.floor_shortfall_usd_per_tonne_year
        ),
        floor_states=STATES.all_from_proto(message.floor_states),
        floor_days_by_state=state_values_from_proto(message.floor_days_by_state),
        holding_usd_per_tonne_year=message.holding_usd_per_tonne_year,
        loss_rate_per_year=message.loss_rate_per_year,
        disposal_usd_per_tonne=message.disposal_usd_per_tonne,
        max_in_tonnes=given(message, "max_in_tonnes", message.max_in_tonnes),
        max_out_tonnes=given(message, "max_out_tonnes", message.max_out_tonnes),
    )


def source_from_proto(message: sourcing_pb2.Source) -> domain.Source:
    """Read a source."""
    return domain.Source(
        source_id=message.source_id,
        material_id=message.material_id,
        country=message.country,
        kind=KINDS.from_proto(message.kind),
        unit_price_usd_per_tonne=tuple(message.unit_price_usd_per_tonne),
        capacity_tonnes=tuple(message.capacity_tonnes),
        fixed_price=message.fixed_price,
        tariff_rate=tuple(message.tariff_rate) or (0.0,),
        freight_usd_per_tonne=message.freight_usd_per_tonne,
        spot_capacity_tonnes=tuple(message.spot_capacity_tonnes),
        spot_premium=message.spot_premium,
        risk=message.risk,
        take_or_pay=given_or(message, "take_or_pay", message.take_or_pay, 1.0),
        reservation_fee_usd_per_tonne=message.reservation_fee_usd_per_tonne,
        lead_periods=given(message, "lead_periods", message.lead_periods),
        fixed_cost_usd=message.fixed_cost_usd,
        min_order_tonnes=message.min_order_tonnes,
        footprints=tuple(domain.Footprint(footprint.kind, footprint.per_tonne) for footprint in message.footprints),
        feed=feed_from_proto(message.feed) if message.HasField("feed") else None,
        expansion=expansion_from_proto(message.expansion) if message.HasField("expansion") else None,
    )


def feed_from_proto(message: sourcing_pb2.Feed) -> domain.Feed:
    """Read what a source is made from."""
    return domain.Feed(message.material_id, message.tonnes_per_tonne)


def expansion_from_proto(message: sourcing_pb2.Expansion) -> domain.Expansion:
    """Read what can be built at a source."""
    return domain.Expansion(
        max_tonnes_per_year=message.max_tonnes_per_year,
        capital_usd_per_tonne_year=message.capital_usd_per_tonne_year,
        lead_periods=message.lead_periods,
        fixed_usd_per_tonne_year=message.fixed_usd_per_tonne_year,
        life_years=given_or(message, "life_years", message.life_years, 20.0),
    )


def rule_from_proto(message: sourcing_pb2.TradeRule) -> domain.TradeRule:
    """Read a trade rule."""
    return domain.TradeRule(
        rule_id=message.rule_id,
        rule=rule_kind_from_proto(message),
        material_ids=tuple(message.material_ids),
        countries=tuple(message.countries),
        periods=tuple(message.periods),
        states=STATES.all_from_proto(message.states),
        limit_by_state=state_values_from_proto(message.limit_by_state),
    )


def rule_kind_from_proto(
    message: sourcing_pb2.TradeRule,
) -> domain.Embargo | domain.Quota | domain.ShareCap | domain.ShareFloor:
    """Read what a trade rule demands; an embargo where nothing is given, which the contract's rules forbid."""
    match message.WhichOneof("rule"):
        case "quota":
            return domain.Quota(message.quota.max_tonnes)
        case "share_cap":
            cap = message.share_cap
            return domain.ShareCap(
                cap.max_share, DENOMINATORS.from_proto(cap.denominator, domain.ShareDenominator.DEMAND)
            )
        case "share_floor":
            floor = message.share_floor
            denominator = DENOMINATORS.from_proto(floor.denominator, domain.ShareDenominator.DEMAND)
            return domain.ShareFloor(KINDS.from_proto(floor.kind), floor.min_share, denominator)
        case _:
            return domain.Embargo()


def budget_from_proto(message: sourcing_pb2.Budget) -> domain.Budget:
    """Read a budget."""
    return domain.Budget(tuple(message.budget_usd), state_values_from_proto(message.budget_usd_by_state))


def footprint_policy_from_proto(message: sourcing_pb2.FootprintPolicy) -> domain.FootprintPolicy:
    """Read price and limits of a footprint."""
    return domain.FootprintPolicy(
        kind=message.kind,
        price_usd_per_unit=message.price_usd_per_unit,
        max_units=tuple(message.max_units),
        states=STATES.all_from_proto(message.states),
        max_units_by_state=state_values_from_proto(message.max_units_by_state),
    )


def substitution_from_proto(message: sourcing_pb2.Substitution) -> domain.Substitution:
    """Read a substitution."""
    return domain.Substitution(
        substitution_id=message.substitution_id,
        material_id=message.material_id,
        substitute_material_id=message.substitute_material_id,
        tier=TIERS.from_proto(message.tier),
        tonnes_per_tonne=message.tonnes_per_tonne,
        cost_usd_per_tonne=message.cost_usd_per_tonne,
        max_share=message.max_share,
    )


def state_values_from_proto(messages: Iterable[sourcing_pb2.StateValue]) -> tuple[domain.StateValue, ...]:
    """Read values by state."""
    return tuple(domain.StateValue(STATES.from_proto(message.state), message.value) for message in messages)


def scenario_from_proto(message: sourcing_pb2.Scenario) -> domain.Scenario:
    """Read a scenario."""
    return domain.Scenario(
        scenario_id=message.scenario_id,
        probability=message.probability,
        onset_period=message.onset_period,
        end_period=given(message, "end_period", message.end_period),
        disruptions=tuple(disruption_from_proto(disruption) for disruption in message.disruptions),
        demand_factors=tuple(
            domain.DemandFactor(factor.factor, tuple(factor.material_ids), tuple(factor.periods))
            for factor in message.demand_factors
        ),
        state=STATES.from_proto(message.state, domain.MaterialState.EMERGENCY),
        state_material_ids=tuple(message.state_material_ids),
        rebuilding_periods=given(message, "rebuilding_periods", message.rebuilding_periods),
    )


def disruption_from_proto(message: sourcing_pb2.Disruption) -> domain.Disruption:
    """Read a disruption."""
    return domain.Disruption(
        countries=tuple(message.countries),
        material_ids=tuple(message.material_ids),
        kinds=KINDS.all_from_proto(message.kinds),
        source_ids=tuple(message.source_ids),
        availability=given_or(message, "availability", message.availability, 1.0),
        price_factor=given_or(message, "price_factor", message.price_factor, 1.0),
    )


def problem_to_proto(problem: domain.SourcingProblem) -> sourcing_pb2.SourcingProblem:
    """Write a problem."""
    return sourcing_pb2.SourcingProblem(
        buyer=problem.buyer,
        price_year=problem.price_year,
        periods=[sourcing_pb2.Period(label=p.label, length_years=p.length_years) for p in problem.periods],
        materials=[material_to_proto(material) for material in problem.materials],
        sources=[source_to_proto(source) for source in problem.sources],
        deposits=[
            sourcing_pb2.Deposit(
                deposit_id=deposit.deposit_id, source_ids=deposit.source_ids, reserves_tonnes=deposit.reserves_tonnes
            )
            for deposit in problem.deposits
        ],
        rules=[rule_to_proto(rule) for rule in problem.rules],
        budget=budget_to_proto(problem.budget) if problem.budget is not None else None,
        scenarios=[scenario_to_proto(scenario) for scenario in problem.scenarios],
        price_of_risk=problem.price_of_risk,
        discount_rate=problem.discount_rate,
        substitutions=[substitution_to_proto(substitution) for substitution in problem.substitutions],
        book=[
            sourcing_pb2.SignedContract(source_id=signed.source_id, period=signed.period, tonnes=signed.tonnes)
            for signed in problem.book
        ],
        footprint_policies=[footprint_policy_to_proto(policy) for policy in problem.footprint_policies],
        tail_weight=problem.tail_weight,
        tail_level=problem.tail_level,
    )


def material_to_proto(material: domain.Material) -> sourcing_pb2.Material:
    """Write a material."""
    return sourcing_pb2.Material(
        material_id=material.material_id,
        name=material.name,
        demand=[
            sourcing_pb2.TierDemand(
                tier=TIERS.to_proto(demand.tier),
                demand_tonnes=demand.demand_tonnes,
                shortage_cost_usd_per_tonne=demand.shortage_cost_usd_per_tonne,
            )
            for demand in material.demand
        ],
        stock=stock_to_proto(material.stock) if material.stock is not None else None,
    )


def stock_to_proto(stock: domain.StockPolicy) -> sourcing_pb2.StockPolicy:
    """Write a stock policy."""
    return sourcing_pb2.StockPolicy(
        opening_tonnes=stock.opening_tonnes,
        capacity_tonnes=stock.capacity_tonnes,
        closing_tonnes=stock.closing_tonnes,
        closing_is_hard=stock.closing_is_hard,
        closing_shortfall_usd_per_tonne=stock.closing_shortfall_usd_per_tonne,
        floor_days=stock.floor_days,
        floor_is_hard=stock.floor_is_hard,
        floor_shortfall_usd_per_tonne_year=stock.floor_shortfall_usd_per_tonne_year,
        floor_states=STATES.all_to_proto(stock.floor_states),
        floor_days_by_state=state_values_to_proto(stock.floor_days_by_state),
        holding_usd_per_tonne_year=stock.holding_usd_per_tonne_year,
        loss_rate_per_year=stock.loss_rate_per_year,
        disposal_usd_per_tonne=stock.disposal_usd_per_tonne,
        max_in_tonnes=stock.max_in_tonnes,
        max_out_tonnes=stock.max_out_tonnes,
    )


def source_to_proto(source: domain.Source) -> sourcing_pb2.Source:
    """Write a source."""
    return sourcing_pb2.Source(
        source_id=source.source_id,
        material_id=source.material_id,
        country=source.country,
        kind=KINDS.to_proto(source.kind),
        unit_price_usd_per_tonne=source.unit_price_usd_per_tonne,
        fixed_price=source.fixed_price,
        tariff_rate=source.tariff_rate,
        freight_usd_per_tonne=source.freight_usd_per_tonne,
        capacity_tonnes=source.capacity_tonnes,
        spot_capacity_tonnes=source.spot_capacity_tonnes,
        spot_premium=source.spot_premium,
        risk=source.risk,
        take_or_pay=source.take_or_pay,
        reservation_fee_usd_per_tonne=source.reservation_fee_usd_per_tonne,
        lead_periods=source.lead_periods,
        fixed_cost_usd=source.fixed_cost_usd,
        min_order_tonnes=source.min_order_tonnes,
        footprints=[
            sourcing_pb2.Footprint(kind=footprint.kind, per_tonne=footprint.per_tonne)
            for footprint in source.footprints
        ],
        feed=feed_to_proto(source.feed) if source.feed is not None else None,
        expansion=expansion_to_proto(source.expansion) if source.expansion is not None else None,
    )


def feed_to_proto(feed: domain.Feed) -> sourcing_pb2.Feed:
    """Write what a source is made from."""
    return sourcing_pb2.Feed(material_id=feed.material_id, tonnes_per_tonne=feed.tonnes_per_tonne)


def expansion_to_proto(expansion: domain.Expansion) -> sourcing_pb2.Expansion:
    """Write what can be built at a source."""
    return sourcing_pb2.Expansion(
        max_tonnes_per_year=expansion.max_tonnes_per_year,
        capital_usd_per_tonne_year=expansion.capital_usd_per_tonne_year,
        lead_periods=expansion.lead_periods,
        fixed_usd_per_tonne_year=expansion.fixed_usd_per_tonne_year,
        life_years=expansion.life_years,
    )


def rule_to_proto(rule: domain.TradeRule) -> sourcing_pb2.TradeRule:
    """Write a trade rule."""
    message = sourcing_pb2.TradeRule(
        rule_id=rule.rule_id,
        material_ids=rule.material_ids,
        countries=rule.countries,
        periods=rule.periods,
        states=STATES.all_to_proto(rule.states),
        limit_by_state=state_values_to_proto(rule.limit_by_state),
    )
    match rule.rule:
        case domain.Embargo():
            message.embargo.SetInParent()
        case domain.Quota(max_tonnes):
            message.quota.max_tonnes = max_tonnes
            message.quota.SetInParent()
        case domain.ShareCap(max_share, denominator):
            cap = sourcing_pb2.ShareCap(max_share=max_share, denominator=DENOMINATORS.to_proto(denominator))
            message.share_cap.CopyFrom(cap)
        case domain.ShareFloor(kind, min_share, denominator):
            floor = sourcing_pb2.ShareFloor(
                kind=KINDS.to_proto(kind), min_share=min_share, denominator=DENOMINATORS.to_proto(denominator)
            )
            message.share_floor.CopyFrom(floor)
    return message


def budget_to_proto(budget: domain.Budget) -> sourcing_pb2.Budget:
    """Write a budget."""
    return sourcing_pb2.Budget(
        budget_usd=budget.budget_usd, budget_usd_by_state=state_values_to_proto(budget.budget_usd_by_state)
    )


def footprint_policy_to_proto(policy: domain.FootprintPolicy) -> sourcing_pb2.FootprintPolicy:
    """Write price and limits of a footprint."""
    return sourcing_pb2.FootprintPolicy(
        kind=policy.kind,
        price_usd_per_unit=policy.price_usd_per_unit,
        max_units=policy.max_units,
        states=STATES.all_to_proto(policy.states),
        max_units_by_state=state_values_to_proto(policy.max_units_by_state),
    )


def substitution_to_proto(substitution: domain.Substitution) -> sourcing_pb2.Substitution:
    """Write a substitution."""
    return sourcing_pb2.Substitution(
        substitution_id=substitution.substitution_id,
        material_id=substitution.material_id,
        substitute_material_id=substitution.substitute_material_id,
        tier=TIERS.to_proto(substitution.tier),
        tonnes_per_tonne=substitution.tonnes_per_tonne,
        cost_usd_per_tonne=substitution.cost_usd_per_tonne,
        max_share=substitution.max_share,
    )


def state_values_to_proto(values: Iterable[domain.StateValue]) -> list[sourcing_pb2.StateValue]:
    """Write values by state."""
    return [sourcing_pb2.StateValue(state=STATES.to_proto(value.state), value=value.value) for value in values]


def scenario_to_proto(scenario: domain.Scenario) -> sourcing_pb2.Scenario:
    """Write a scenario."""
    return sourcing_pb2.Scenario(
        scenario_id=scenario.scenario_id,
        probability=scenario.probability,
        onset_period=scenario.onset_period,
        end_period=scenario.end_period,
        disruptions=[
            sourcing_pb2.Disruption(
                countries=disruption.countries,
                material_ids=disruption.material_ids,
                kinds=KINDS.all_to_proto(disruption.kinds),
                source_ids=disruption.source_ids,
                availability=disruption.availability,
                price_factor=disruption.price_factor,
            )
            for disruption in scenario.disruptions
        ],
        demand_factors=[
            sourcing_pb2.DemandFactor(material_ids=factor.material_ids, periods=factor.periods, factor=factor.factor)
            for factor in scenario.demand_factors
        ],
        state=STATES.to_proto(scenario.state),
        state_material_ids=scenario.state_material_ids,
        rebuilding_periods=scenario.rebuilding_periods,
    )
