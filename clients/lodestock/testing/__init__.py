"""For tests of programs that use the client: a channel that answers without a server, and sample results.

    from lodestock import Client, Overloaded
    from lodestock.testing import MockChannel, sample_plan

    channel = MockChannel({"OptimizeSourcing": [Overloaded("come again"), sample_plan()]})
    client = Client(channel=channel)

Methods that are given no answer give the recorded one, which a real server gave to a small request. What was asked
stands in `channel.calls`.
"""

from lodestock.testing.channel import Call, MockChannel, NoAnswer
from lodestock.testing.samples import (
    sample_answer,
    sample_assessment,
    sample_forecasts,
    sample_plan,
    sample_problem,
)

__all__ = [
    "Call",
    "MockChannel",
    "NoAnswer",
    "sample_answer",
    "sample_assessment",
    "sample_forecasts",
    "sample_plan",
    "sample_problem",
]
