"""How long a call may still take."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Self

from lodestock_server.errors import OutOfTime

SHARE_TO_USE = 0.95
"""Computing stops this early, so that the best answer so far can still be returned."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment at which the caller stops waiting, on the monotonic clock. None: it waits for ever."""

    at_s: float | None

    @classmethod
    def of_call(cls, context: Any) -> Self:
        """Return the deadline of a gRPC call."""
        left = context.time_remaining()
        return cls(None if left is None else time.monotonic() + left)

    def limit_s(self, most_s: float) -> float:
        """Seconds to compute: at most `most_s`, and 5 % less than what is left.

        Raises:
            OutOfTime: Nothing is left.
        """
        if self.at_s is None:
            return most_s
        left = SHARE_TO_USE * (self.at_s - time.monotonic())
        if left <= 0:
            raise OutOfTime("the call's deadline had passed before its computing could begin")
        return min(most_s, left)
