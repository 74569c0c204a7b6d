"""Progress, cancellation and time left: the one object through which a caller follows and steers a run.

The core reads no clock: whoever sets a deadline also says how much of it is left.
"""

from __future__ import annotations

from typing import Protocol


class Control(Protocol):
    """What a run asks of its caller, never from another thread: between series, and before and in long fits."""

    def report(self, done: int, total: int) -> None:
        """Take note that `done` of `total` series are answered."""

    def cancelled(self) -> bool:
        """Return whether to stop now; the run then raises `ForecastCancelled`. Asked often, so it must not wait."""

    def remaining_s(self) -> float | None:
        """Return the seconds left before the deadline (≤ 0: passed), or None without a deadline.

        After the deadline the remaining series are answered by the last value alone, with that reason.
        """


class Unattended:
    """A control that wants no news and never stops a run."""

    def report(self, done: int, total: int) -> None:
        """Ignore the news."""

    def cancelled(self) -> bool:
        """Return False."""
        return False

    def remaining_s(self) -> float | None:
        """Return None: no deadline."""
        return None
