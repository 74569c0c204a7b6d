"""sourcing.proto, ExplainPlan: what is asked from its message, the explanation to its message."""

from __future__ import annotations

import lodestock_optimizers.explanation.values as domain
from lodestock.v1 import sourcing_pb2
from lodestock_server.converters.enums import EnumMap
from lodestock_server.converters.plan import STATUSES, conflicting_rule_to_proto, costs_to_proto, relaxation_to_proto

LANGUAGES = EnumMap(domain.Language, sourcing_pb2.Language, "LANGUAGE_")


def asked_from_proto(request: sourcing_pb2.ExplainPlanRequest) -> domain.Asked:
    """Read what is to be explained, apart from the problem."""
    return domain.Asked(
        firmness_increase=request.firmness_increase,
        firm_quantities=request.firm_quantities if request.HasField("firm_quantities") else None,
        why_not=tuple(
            domain.WhyNotQuestion(question.source_id, question.tonnes if question.HasField("tonnes") else None)
            for question in request.why_not
        ),
        value_of_perfect_information=(
            request.value_of_perfect_information if request.HasField("value_of_perfect_information") else None
        ),
        value_of_planning=request.value_of_planning if request.HasField("value_of_planning") else None,
        languages=tuple(LANGUAGES.from_proto(language) for language in request.languages),
    )


def explanation_to_proto(found: domain.Explanation) -> sourcing_pb2.ExplainPlanResponse:
    """Write an explanation."""
    return sourcing_pb2.ExplainPlanResponse(
        status=STATUSES.to_proto(found.status),
        costs=costs_to_proto(found.costs) if found.costs is not None else None,
        limits=[limit_to_proto(limit) for limit in found.limits],
        why_not=[why_not_to_proto(answer) for answer in found.why_not],
        firm_quantities=[firm_quantity_to_proto(quantity) for quantity in found.firm_quantities],
        firmness_increase=found.firmness_increase,
        costs_by_field=[
            sourcing_pb2.AttributedCost(field_path=part.field_path, subject_id=part.subject_id, cost_usd=part.cost_usd)
            for part in found.costs_by_field
        ],
        value_of_perfect_information_usd=found.value_of_perfect_information_usd,
        value_of_planning=(
            value_of_planning_to_proto(found.value_of_planning) if found.value_of_planning is not None else None
        ),
        texts=[
            sourcing_pb2.PlanText(language=LANGUAGES.to_proto(text.language), sentences=text.sentences)
            for text in found.texts
        ],
        left_out=found.left_out,
        limits_left_out=found.limits_left_out,
        has_yes_or_no=found.has_yes_or_no,
        are_choices_held=found.are_choices_held,
        relaxations=[relaxation_to_proto(relaxation) for relaxation in found.relaxations],
        conflict=[conflicting_rule_to_proto(rule) for rule in found.conflict],
    )


def limit_to_proto(limit: domain.LimitPrice) -> sourcing_pb2.LimitPrice:
    """Write a limit with its price and the range in which it holds."""
    return sourcing_pb2.LimitPrice(
        family=limit.family,
        field_path=limit.field_path,
        subject_id=limit.subject_id,
        material_id=limit.material_id,
        country=limit.country,
        unit=limit.unit,
        value=limit.value,
        is_most=limit.is_most,
        worth_per_unit_usd=limit.worth_per_unit_usd,
        least_value=limit.least_value,
        most_value=limit.most_value,
        relief_saves_usd=limit.relief_saves_usd,
        tightening_costs_usd=limit.tightening_costs_usd,
        is_degenerate=limit.is_degenerate,
        nodes=[
            sourcing_pb2.NodeLimitPrice(
                node_id=node.node_id,
                value_per_unit_usd=node.value_per_unit_usd,
                limit=node.limit,
                least_limit=node.least_limit,
                most_limit=node.most_limit,
            )
            for node in limit.nodes
        ],
    )


def why_not_to_proto(answer: domain.WhyNot) -> sourcing_pb2.WhyNot:
    """Write why a supplier is not in the plan."""
    return sourcing_pb2.WhyNot(
        source_id=answer.source_id,
        material_id=answer.material_id,
        country=answer.country,
        tonnes=answer.tonnes,
        forced_tonnes=answer.forced_tonnes,
        cost_difference_usd=answer.cost_difference_usd,
        period=answer.period,
        unit_price_usd_per_tonne=answer.unit_price_usd_per_tonne,
        break_even_price_usd_per_tonne=answer.break_even_price_usd_per_tonne,
        is_verified=answer.is_verified,
    )


def firm_quantity_to_proto(quantity: domain.FirmQuantity) -> sourcing_pb2.FirmQuantity:
    """Write how firm a quantity is."""
    return sourcing_pb2.FirmQuantity(
        family=quantity.family,
        material_id=quantity.material_id,
        country=quantity.country,
        source_id=quantity.source_id,
        node_id=quantity.node_id,
        tonnes=quantity.tonnes,
        least_tonnes=quantity.least_tonnes,
        most_tonnes=quantity.most_tonnes,
    )


def value_of_planning_to_proto(value: domain.ValueOfPlanning) -> sourcing_pb2.ValueOfPlanning:
    """Write what planning for disruption saves."""
    return sourcing_pb2.ValueOfPlanning(saved_usd=value.saved_usd, gap_usd=value.gap_usd)
