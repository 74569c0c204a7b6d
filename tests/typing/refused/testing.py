"""Mocks that a type checker refuses. Each line that must fail says so; every other line must pass."""

from lodestock import Client, Overloaded, Plan
from lodestock.testing import MockChannel, sample_plan

channel = MockChannel({"OptimizeSourcing": [Overloaded("come again"), sample_plan()], "ListModels": Overloaded("no")})
client = Client(channel=channel)
plan: Plan = sample_plan()

MockChannel({"ListModels": 3})  # error: [dict-item] "int"
MockChannel({"ListModels": ["models"]})  # error: [list-item] "str"
MockChannel([sample_plan()])  # error: [arg-type] "Mapping[str,
channel.calls[0].reply  # noqa: B018  # error: [attr-defined] "Call" has no attribute "reply"
wrong: str = sample_plan()  # error: [assignment] expression has type "Plan"
