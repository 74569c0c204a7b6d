"""sourcing.proto, ListPolicies, PriceRules and the choices of BuildProblem: policies and prices to messages."""

from __future__ import annotations

from collections.abc import Iterable

from lodestock.v1 import common_pb2, sourcing_pb2
from lodestock_optimizers.questions.rule_groups import RuleFamily, RulePrice, RulePrices
from lodestock_server.catalog import Stage
from lodestock_server.converters.enums import EnumMap
from lodestock_server.converters.plan import STATUSES, costs_to_proto
from lodestock_server.converters.sourcing import given
from lodestock_server.usecases.policies import PolicyChoice
from lodestock_server.usecases.policy_table import Policy, PolicyDenominator, PolicyKind

POLICY_KINDS = EnumMap(PolicyKind, sourcing_pb2.PolicyKind, "POLICY_KIND_")
POLICY_DENOMINATORS = EnumMap(PolicyDenominator, sourcing_pb2.PolicyDenominator, "POLICY_DENOMINATOR_")
RULE_FAMILIES = EnumMap(RuleFamily, sourcing_pb2.RuleFamily, "RULE_FAMILY_")
STAGES = EnumMap(Stage, common_pb2.LifeCycleStage, "LIFE_CYCLE_STAGE_")


def choices_from_proto(messages: Iterable[sourcing_pb2.PolicyChoice]) -> tuple[PolicyChoice, ...]:
    """Read the policies that a caller chose."""
    return tuple(
        PolicyChoice(
            policy_id=message.policy_id,
            material_ids=tuple(message.material_ids),
            from_period=given(message, "from_period", message.from_period),
            value=given(message, "value", message.value),
            as_far_as_possible=message.as_far_as_possible,
        )
        for message in messages
    )


def policy_to_proto(policy: Policy) -> sourcing_pb2.Policy:
    """Write a policy."""
    stage = common_pb2.LIFE_CYCLE_STAGE_UNSPECIFIED if policy.stage is None else STAGES.to_proto(policy.stage)
    return sourcing_pb2.Policy(
        policy_id=policy.policy_id,
        name=policy.name,
        law=policy.law,
        description=policy.description,
        kind=POLICY_KINDS.to_proto(policy.kind),
        value=policy.value,
        unit=policy.unit,
        denominator=POLICY_DENOMINATORS.to_proto(policy.denominator),
        stage=stage,
        from_year=policy.from_year,
        country=policy.country,
        material_ids=policy.material_ids,
        url=policy.url,
        limits=policy.limits,
        certainty=policy.certainty,
    )


def prices_to_proto(found: RulePrices) -> sourcing_pb2.PriceRulesResponse:
    """Write what rules cost."""
    return sourcing_pb2.PriceRulesResponse(
        status=STATUSES.to_proto(found.status),
        costs=costs_to_proto(found.costs) if found.costs is not None else None,
        prices=[price_to_proto(price) for price in found.prices],
    )


def price_to_proto(price: RulePrice) -> sourcing_pb2.RulePrice:
    """Write what a group of rules costs."""
    return sourcing_pb2.RulePrice(
        family=RULE_FAMILIES.to_proto(price.group.family),
        name=price.group.name,
        rule_ids=price.group.rule_ids,
        material_ids=price.group.material_ids,
        status=STATUSES.to_proto(price.status),
        cost_usd=price.cost_usd,
        expected_cost_usd=price.expected_cost_usd,
        below_floor_tonnes=price.below_floor_tonnes,
        breaches=price.breaches,
    )
