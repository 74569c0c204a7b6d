"""A call's deadline and its caller's wish, as the forecasting core asks about them."""

from __future__ import annotations

import time
from typing import Protocol

SHARE_FOR_MODELS = 0.75
"""Share of the time in which models are fitted. A run looks at the time between series, and answers those that it has
no time for by their last value, which takes some time too, and more where the machine is busy."""


class Watcher(Protocol):
    """Who follows a run and may stop it."""

    def report(self, done: int, total: int) -> None:
        """Take note that `done` of `total` series are answered."""

    def cancelled(self) -> bool:
        """Return whether to stop now; asked often, so it must not wait."""


class TimeLeft:
    """A run's control: a deadline, and a watcher if there is one."""

    def __init__(self, limit_s: float, watcher: Watcher | None = None) -> None:
        self._ends_s = time.monotonic() + SHARE_FOR_MODELS * limit_s
        self._watcher = watcher

    def report(self, done: int, total: int) -> None:
        """Tell the watcher."""
        if self._watcher is not None:
            self._watcher.report(done, total)

    def cancelled(self) -> bool:
        """Ask the watcher."""
        return self._watcher is not None and self._watcher.cancelled()

    def remaining_s(self) -> float | None:
        """Return the seconds left."""
        return self._ends_s - time.monotonic()
