"""sourcing.proto, the plan's side: plans to messages."""

from __future__ import annotations

from collections.abc import Iterable

import lodestock_optimizers.plan as domain
from lodestock.v1 import sourcing_pb2
from lodestock_server.converters.enums import EnumMap
from lodestock_server.converters.sourcing import STATES, TIERS

STATUSES = EnumMap(domain.PlanStatus, sourcing_pb2.PlanStatus, "PLAN_STATUS_")


def plan_to_proto(plan: domain.Plan) -> sourcing_pb2.Plan:
    """Write a plan."""
    message = sourcing_pb2.Plan(
        status=STATUSES.to_proto(plan.status),
        size=size_to_proto(plan.size),
        solver=solver_to_proto(plan.solver),
        check=check_to_proto(plan.check) if plan.check is not None else None,
        costs=costs_to_proto(plan.costs) if plan.costs is not None else None,
        nodes=[node_to_proto(node) for node in plan.nodes],
        balances=[balance_to_proto(balance) for balance in plan.balances],
        materials=[summary_to_proto(summary) for summary in plan.materials],
        binding_rules=[binding_rule_to_proto(rule) for rule in plan.binding_rules],
        breaches=[breach_to_proto(breach) for breach in plan.breaches],
        substitutions=[substitution_to_proto(substitution) for substitution in plan.substitutions],
        footprints=[footprint_to_proto(footprint) for footprint in plan.footprints],
        expansions=[built_to_proto(built) for built in plan.expansions],
        cvar_usd=plan.cvar_usd,
        has_yes_or_no=plan.has_yes_or_no,
        price_of_risk=plan.price_of_risk,
        relaxations=[relaxation_to_proto(relaxation) for relaxation in plan.relaxations],
        conflict=[conflicting_rule_to_proto(rule) for rule in plan.conflict],
    )
    # Of these a plan has tens of thousands: made in their place, they are not copied there.
    write_contracts(plan.contracts, message)
    write_deliveries(plan.deliveries, message)
    return message


def size_to_proto(size: domain.ModelSize) -> sourcing_pb2.ModelSize:
    """Write the size of a model."""
    return sourcing_pb2.ModelSize(
        columns=size.columns,
        rows=size.rows,
        nonzeros=size.nonzeros,
        nodes=size.nodes,
        materials=size.materials,
        sources=size.sources,
    )


def solver_to_proto(report: domain.SolverReport) -> sourcing_pb2.SolverReport:
    """Write the solver's report."""
    return sourcing_pb2.SolverReport(
        solver=report.solver,
        solver_status=report.solver_status,
        simplex_iterations=report.simplex_iterations,
        best_bound=report.best_bound,
        relative_gap=report.relative_gap,
        build_s=report.build_s,
        compile_s=report.compile_s,
        solve_s=report.solve_s,
        convert_s=report.convert_s,
    )


def check_to_proto(check: domain.AnswerCheck) -> sourcing_pb2.AnswerCheck:
    """Write the check of an answer."""
    return sourcing_pb2.AnswerCheck(
        passed=check.passed,
        tolerance=check.tolerance,
        primal_violation=check.primal_violation,
        dual_violation=check.dual_violation,
        complementarity_violation=check.complementarity_violation,
        duality_gap=check.duality_gap,
    )


def node_to_proto(node: domain.PlanNode) -> sourcing_pb2.PlanNode:
    """Write a node of the scenario tree."""
    return sourcing_pb2.PlanNode(
        node_id=node.node_id,
        parent_id=node.parent_id,
        period=node.period,
        probability=node.probability,
        scenario_ids=node.scenario_ids,
        on_trunk=node.on_trunk,
        settled=node.settled,
        states=[
            sourcing_pb2.NodeState(material_id=material, state=STATES.to_proto(state))
            for material, state in node.states
        ],
        spend_usd=node.spend_usd,
        path_cost_usd=node.path_cost_usd,
        tail_share=node.tail_share,
    )


def write_contracts(contracts: Iterable[domain.Contract], message: sourcing_pb2.Plan) -> None:
    """Write contracts into a plan."""
    add = message.contracts.add
    for contract in contracts:
        add(
            source_id=contract.source_id,
            period=contract.period,
            signed_period=contract.signed_period,
            signed_node_id=contract.signed_node_id,
            node_ids=contract.node_ids,
            contracted_tonnes=contract.contracted_tonnes,
            reduced_cost_usd_per_tonne=contract.reduced_cost_usd_per_tonne,
            break_even_price_usd_per_tonne=contract.break_even_price_usd_per_tonne,
            capacity_value_usd_per_tonne=contract.capacity_value_usd_per_tonne,
            from_book=contract.from_book,
            fixed_cost_usd=contract.fixed_cost_usd,
        )


def substitution_to_proto(use: domain.SubstitutionUse) -> sourcing_pb2.SubstitutionUse:
    """Write how much a substitution replaces at a node."""
    return sourcing_pb2.SubstitutionUse(substitution_id=use.substitution_id, node_id=use.node_id, tonnes=use.tonnes)


def footprint_to_proto(use: domain.FootprintUse) -> sourcing_pb2.FootprintUse:
    """Write what deliveries leave behind at a node."""
    return sourcing_pb2.FootprintUse(kind=use.kind, node_id=use.node_id, units=use.units, max_units=use.max_units)


def built_to_proto(built: domain.BuiltCapacity) -> sourcing_pb2.BuiltCapacity:
    """Write capacity to build."""
    return sourcing_pb2.BuiltCapacity(
        source_id=built.source_id,
        node_id=built.node_id,
        period=built.period,
        ready_period=built.ready_period,
        last_period=built.last_period,
        tonnes_per_year=built.tonnes_per_year,
        yearly_cost_usd_per_tonne_year=built.yearly_cost_usd_per_tonne_year,
        reduced_cost_usd_per_tonne_year=built.reduced_cost_usd_per_tonne_year,
    )


def write_deliveries(deliveries: Iterable[domain.Delivery], message: sourcing_pb2.Plan) -> None:
    """Write the deliveries of sources at nodes into a plan."""
    add = message.deliveries.add
    for delivery in deliveries:
        add(
            source_id=delivery.source_id,
            node_id=delivery.node_id,
            contract_tonnes=delivery.contract_tonnes,
            spot_tonnes=delivery.spot_tonnes,
            landed_cost_usd_per_tonne=delivery.landed_cost_usd_per_tonne,
            spot_cost_usd_per_tonne=delivery.spot_cost_usd_per_tonne,
        )


def tiers_to_proto(tiers: Iterable[domain.TierTonnes]) -> list[sourcing_pb2.TierTonnes]:
    """Write tonnes by tier."""
    return [sourcing_pb2.TierTonnes(tier=TIERS.to_proto(entry.tier), tonnes=entry.tonnes) for entry in tiers]


def balance_to_proto(balance: domain.MaterialBalance) -> sourcing_pb2.MaterialBalance:
    """Write the balance of a material at a node."""
    return sourcing_pb2.MaterialBalance(
        material_id=balance.material_id,
        node_id=balance.node_id,
        demand_tonnes=balance.demand_tonnes,
        supply_tonnes=balance.supply_tonnes,
        into_stock_tonnes=balance.into_stock_tonnes,
        out_of_stock_tonnes=balance.out_of_stock_tonnes,
        stock_tonnes=balance.stock_tonnes,
        floor_tonnes=balance.floor_tonnes,
        below_floor_tonnes=balance.below_floor_tonnes,
        closing_shortfall_tonnes=balance.closing_shortfall_tonnes,
        disposed_tonnes=balance.disposed_tonnes,
        shortages=tiers_to_proto(balance.shortages),
        days_of_cover=balance.days_of_cover,
        marginal_value_usd_per_tonne=balance.marginal_value_usd_per_tonne,
        marginal_risk_charge_usd_per_tonne=balance.marginal_risk_charge_usd_per_tonne,
        fed_tonnes=balance.fed_tonnes,
    )


def costs_to_proto(costs: domain.CostBreakdown) -> sourcing_pb2.CostBreakdown:
    """Write costs by kind."""
    return sourcing_pb2.CostBreakdown(
        objective_usd=costs.objective_usd,
        expected_cost_usd=costs.expected_cost_usd,
        risk_charge_usd=costs.risk_charge_usd,
        contract_usd=costs.contract_usd,
        spot_usd=costs.spot_usd,
        fees_usd=costs.fees_usd,
        holding_usd=costs.holding_usd,
        shortage_usd=costs.shortage_usd,
        floor_shortfall_usd=costs.floor_shortfall_usd,
        closing_shortfall_usd=costs.closing_shortfall_usd,
        disposal_usd=costs.disposal_usd,
        substitution_usd=costs.substitution_usd,
        footprint_usd=costs.footprint_usd,
        fixed_usd=costs.fixed_usd,
        investment_usd=costs.investment_usd,
    )


def summary_to_proto(summary: domain.MaterialSummary) -> sourcing_pb2.MaterialSummary:
    """Write a material over the whole plan."""
    return sourcing_pb2.MaterialSummary(
        material_id=summary.material_id,
        costs=costs_to_proto(summary.costs),
        expected_shortages=tiers_to_proto(summary.expected_shortages),
        supply_hhi=summary.supply_hhi,
        supply_risk=summary.supply_risk,
    )


def binding_rule_to_proto(rule: domain.BindingRule) -> sourcing_pb2.BindingRule:
    """Write a rule that binds."""
    return sourcing_pb2.BindingRule(
        family=rule.family,
        field_path=rule.field_path,
        subject_id=rule.subject_id,
        material_id=rule.material_id,
        node_id=rule.node_id,
        country=rule.country,
        value_per_unit_usd=rule.value_per_unit_usd,
        unit=rule.unit,
        limit=rule.limit,
    )


def breach_to_proto(breach: domain.RuleBreach) -> sourcing_pb2.RuleBreach:
    """Write a rule that is broken where it cannot bind."""
    return sourcing_pb2.RuleBreach(
        family=breach.family,
        subject_id=breach.subject_id,
        material_id=breach.material_id,
        country=breach.country,
        node_id=breach.node_id,
        amount=breach.amount,
        unit=breach.unit,
    )


def relaxation_to_proto(relaxation: domain.Relaxation) -> sourcing_pb2.Relaxation:
    """Write a limit that must give way."""
    return sourcing_pb2.Relaxation(
        family=relaxation.family,
        field_path=relaxation.field_path,
        subject_id=relaxation.subject_id,
        material_id=relaxation.material_id,
        country=relaxation.country,
        period=relaxation.period,
        required=relaxation.required,
        reachable=relaxation.reachable,
        unit=relaxation.unit,
        description=relaxation.description,
        field_value=relaxation.field_value,
        field_unit=relaxation.field_unit,
    )


def conflicting_rule_to_proto(rule: domain.ConflictingRule) -> sourcing_pb2.ConflictingRule:
    """Write a rule that contradicts others."""
    return sourcing_pb2.ConflictingRule(
        family=rule.family,
        field_path=rule.field_path,
        subject_id=rule.subject_id,
        material_id=rule.material_id,
        country=rule.country,
        node_ids=rule.node_ids,
        scenario_ids=rule.scenario_ids,
        periods=rule.periods,
        description=rule.description,
    )
