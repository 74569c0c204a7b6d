"""What the methods that begin an operation share."""

from __future__ import annotations

from typing import Any, Protocol

from google.protobuf.message import Message

from lodestock_server.converters.operation import operation_to_proto
from lodestock_server.identity import current_caller
from lodestock_server.jobs.client import Jobs
from lodestock_server.jobs.kinds import JobKind


class Wish(Protocol):
    """What every request for an operation says beside what is to be computed."""

    @property
    def request_id(self) -> str:
        """Identifier under which the caller asks again for the same operation."""

    @property
    def display_name(self) -> str:
        """The caller's words for it."""


async def begin(jobs: Jobs, kind: JobKind, asked: Message, wish: Wish, limit_s: float = 0) -> Any:
    """Submit a job of the caller's; return its operation.

    Args:
        jobs: Where it is done.
        kind: What is to be done.
        asked: The request that the job answers.
        wish: The request for the operation.
        limit_s: seconds that computing may take; 0 for no limit.
    """
    content, caller = asked.SerializeToString(deterministic=True), current_caller()

    def submit() -> Any:
        return jobs.submit(
            kind,
            content,
            caller=caller,
            request_id=wish.request_id,
            display_name=wish.display_name,
            limit_s=limit_s,
        )

    return operation_to_proto(await jobs.in_thread(submit))
