"""The deadline of a call as the forecasting core asks about it."""

from __future__ import annotations

import time

SHARE_FOR_MODELS = 0.75
"""Share of the time in which models are fitted. A run looks at the time between series, and answers those that it has
no time for by their last value, which takes some time too, and more where the machine is busy."""


class TimeLeft:
    """A run's control that knows a deadline and nothing else."""

    def __init__(self, limit_s: float) -> None:
        self._ends_s = time.monotonic() + SHARE_FOR_MODELS * limit_s

    def report(self, done: int, total: int) -> None:
        """Ignore the news: a short call reports no progress."""

    def cancelled(self) -> bool:
        """Return False: the process of a cancelled call is killed from outside."""
        return False

    def remaining_s(self) -> float | None:
        """Return the seconds left."""
        return self._ends_s - time.monotonic()
