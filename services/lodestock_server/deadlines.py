"""How long a call may still take."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Self

from lodestock_server.errors import OutOfTime

SHARE_IN_RESERVE = 0.05
"""Computing stops this early, so that the best answer so far can still be returned."""

LEAST_RESERVE_S = 0.3
"""Seconds in reserve at least: converting the answer and sending it take time however short the call is."""

LAST_WORDS_SHARE = 0.2
"""Of the reserve: the time to send an error where neither computing nor reading ended in time."""

MOST_SHARE_IN_RESERVE = 0.5
"""A call of less than twice the least reserve still gets half of its time to compute."""


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
        """Seconds to compute: at most `most_s`, and what is left without the reserve.

        Raises:
            OutOfTime: Nothing is left.
        """
        if self.at_s is None:
            return most_s
        left = self.at_s - time.monotonic()
        if left <= 0:
            raise OutOfTime("the call's deadline had passed before its computing could begin")
        return min(most_s, left - reserve_s(left))

    def give_up_s(self) -> float | None:
        """Seconds until the call is ended with an error, just before the caller stops waiting for it."""
        if self.at_s is None:
            return None
        left = self.at_s - time.monotonic()
        return left - LAST_WORDS_SHARE * reserve_s(max(left, 0.0))


def reserve_s(left_s: float) -> float:
    """Seconds to keep back of those that are left: 5 %, but at least 0.3 s, but at most half."""
    return max(SHARE_IN_RESERVE * left_s, min(LEAST_RESERVE_S, MOST_SHARE_IN_RESERVE * left_s))
