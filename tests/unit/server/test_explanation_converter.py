"""Explanations to messages: every field of the value has its place in the message, and gets there."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from google.protobuf.message import Message

from lodestock.v1 import sourcing_pb2
from lodestock_optimizers.explanation.explain import explain
from lodestock_optimizers.explanation.values import Asked, Language, WhyNotQuestion
from lodestock_optimizers.problem import ShareFloor, SourceKind, TradeRule
from lodestock_server.converters.explanation import asked_from_proto, explanation_to_proto
from tests.unit.optimizers.problems import material, problem, source, stock


def same(value: Any, message: Any) -> bool:
    """Whether a message says what a value does, field by field."""
    if is_dataclass(value):
        assert isinstance(message, Message)
        names = {field.name for field in message.DESCRIPTOR.fields} - {"record"}
        properties = {name for name, member in vars(type(value)).items() if isinstance(member, property)}
        assert {field.name for field in fields(value)} | properties == names, type(value).__name__
        return all(
            same(getattr(value, name), getattr(message, name)) for name in names if getattr(value, name) is not None
        )
    if isinstance(value, tuple):
        return len(value) == len(message) and all(map(same, value, message))
    if hasattr(value, "value"):
        return isinstance(message, int) and message > 0
    return bool(value == message)


def test_a_plan_and_a_refusal_arrive_whole() -> None:
    """Both kinds of answers, between them with an entry in every list."""
    policy = stock(floor_days=73.0, floor_is_hard=True)
    stated = problem((source("COD", capacity=60.0), source("AUS", 25.0)), materials=(material(stock=policy),))
    asked = Asked(why_not=(WhyNotQuestion("AUS", 5.0),), languages=(Language.CHINESE,))
    plan = explain(stated, asked)
    assert plan.limits
    assert plan.why_not
    assert plan.firm_quantities
    assert same(plan, explanation_to_proto(plan))
    refusal = explain(problem((source("COD"),), rules=(TradeRule("r", ShareFloor(SourceKind.RECYCLED, 0.25)),)))
    assert refusal.conflict
    assert refusal.relaxations
    assert same(refusal, explanation_to_proto(refusal))


def test_what_is_asked_is_read_with_its_unset_fields() -> None:
    assert asked_from_proto(sourcing_pb2.ExplainPlanRequest()) == Asked()
    request = sourcing_pb2.ExplainPlanRequest(
        firmness_increase=0.05,
        firm_quantities=0,
        why_not=[sourcing_pb2.WhyNotQuestion(source_id="AUS"), sourcing_pb2.WhyNotQuestion(source_id="COD", tonnes=3)],
        value_of_perfect_information=False,
        languages=[sourcing_pb2.LANGUAGE_CHINESE],
    )
    assert asked_from_proto(request) == Asked(
        firmness_increase=0.05,
        firm_quantities=0,
        why_not=(WhyNotQuestion("AUS"), WhyNotQuestion("COD", 3.0)),
        value_of_perfect_information=False,
        languages=(Language.CHINESE,),
    )
