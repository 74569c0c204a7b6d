"""Answers that are bytes already: computed in another process, or stored."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from google.protobuf.message import Message

from lodestock_server.compute import Task
from lodestock_server.deadlines import Deadline
from lodestock_server.dispatch import LIGHT, ComputeCalls

Answer = TypeVar("Answer", bound=Message)


async def computed(
    compute: ComputeCalls, task: Task, request: Message, kind: type[Answer], context: Any, weight: float = LIGHT
) -> Answer:
    """The answer that a task gives to the request of a call.

    Args:
        compute: Where the task is done.
        task: The task.
        request: What it is asked.
        kind: The answer's message.
        context: Of the call, whose caller waits no longer than it says.
        weight: Estimated size of the work; see `weights`.

    Raises:
        Other errors: As `ComputeCalls.run` raises them.
    """
    answer = await compute.run(task, request.SerializeToString(), Deadline.of_call(context), weight)
    return as_written(answer, kind)


def as_written(answer: bytes, kind: type[Answer]) -> Answer:
    """Pass an answer's bytes for its message: the interceptor sends bytes as they are.

    Reading them only to write them again would hold up every other call for as long as a large answer takes.
    """
    return cast(kind, answer)  # type: ignore[valid-type]
