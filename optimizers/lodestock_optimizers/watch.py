"""Progress, cancellation and time: how a caller follows and steers a solve.

Owns the protocol that callers implement, and the one object through which the steps of a solve ask whether to go on.
The core reads no clock of its own: it is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar

from lodestock_optimizers.plan import PlanStatus

POLL_EVERY = 1_000
"""Elements of a long loop between two looks at the clock: some milliseconds of Pyomo's work."""

T = TypeVar("T")


class Stage(Enum):
    """The steps of a solve, in their order; EXPLAINING in place of READING where there is no plan."""

    BUILDING = "BUILDING"
    COMPILING = "COMPILING"
    SOLVING = "SOLVING"
    EXPLAINING = "EXPLAINING"
    READING = "READING"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a solve is.

    Attributes:
        stage: The step.
        objective_usd: Objective of the best plan so far; None where there is none yet.
        bound_usd: What no plan can cost less than, as far as is proven; None where nothing is.
        parts_done: Parts of the model that are solved, of how many; None where it is solved whole.
    """

    stage: Stage
    objective_usd: float | None = None
    bound_usd: float | None = None
    parts_done: tuple[int, int] | None = None

    @property
    def relative_gap(self) -> float | None:
        """(objective − bound) / |objective|; None where one of them is not known."""
        if self.objective_usd is None or self.bound_usd is None:
            return None
        return relative_gap(self.objective_usd, self.bound_usd)


class Watcher(Protocol):
    """What a solve asks of its caller, always from the thread that called it."""

    def report(self, progress: Progress) -> None:
        """Take note of the progress: once at each stage, and where plan or bound got better."""

    def cancelled(self) -> bool:
        """Return whether to stop now; asked often, so it must not wait."""


class Unwatched:
    """A watcher that wants no news and never stops a solve."""

    def report(self, progress: Progress) -> None:
        """Ignore the news."""

    def cancelled(self) -> bool:
        """Return False."""
        return False


class Stopped(Exception):
    """A solve ends before it has a plan: CANCELLED, or NO_PLAN_FOUND at the time limit."""

    def __init__(self, status: PlanStatus) -> None:
        self.status = status
        super().__init__(REASONS[status])

    @property
    def reason(self) -> str:
        """Why, in the words of the solver."""
        return REASONS[self.status]


REASONS = {PlanStatus.CANCELLED: "Interrupted by user", PlanStatus.NO_PLAN_FOUND: "Time limit reached"}
"""HiGHS' own words, so that a report reads alike whoever stopped."""


def relative_gap(objective: float, bound: float) -> float:
    """(objective − bound) / |objective|; 0 where rounding leaves a bound a hair above the plan that it proves."""
    return max(0.0, objective - bound) / max(1e-9, abs(objective))


class Timekeeper:
    """Seconds between laps and seconds left by the caller's clock, and whether to go on.

    Args:
        clock: Seconds.
        limit_s: Seconds that the whole may take. None: no limit.
        watcher: Whom to tell and to ask.
    """

    def __init__(self, clock: Callable[[], float], limit_s: float | None, watcher: Watcher) -> None:
        self._clock = clock
        self._last = self._began = clock()
        self._limit_s = limit_s
        self._watcher = watcher
        self._told: Progress | None = None

    def lap(self) -> float:
        """Seconds since the last lap."""
        now = self._clock()
        elapsed, self._last = now - self._last, now
        return elapsed

    def left(self, reserve_s: float = 0.0) -> float | None:
        """Seconds left but for a reserve, not below 0; None without a limit."""
        if self._limit_s is None:
            return None
        return max(0.0, self._limit_s - (self._clock() - self._began) - reserve_s)

    def report(
        self,
        stage: Stage,
        objective_usd: float | None = None,
        bound_usd: float | None = None,
        parts_done: tuple[int, int] | None = None,
    ) -> None:
        """Tell the watcher, unless it was told the same last."""
        progress = Progress(stage, objective_usd, bound_usd, parts_done)
        if progress != self._told:
            self._told = progress
            self._watcher.report(progress)

    def cancelled(self) -> bool:
        """Whether the caller wants it to stop."""
        return self._watcher.cancelled()

    def heed_caller(self) -> None:
        """Go on, unless the caller cancelled.

        Raises:
            Stopped: It did.
        """
        if self.cancelled():
            raise Stopped(PlanStatus.CANCELLED)

    def heed(self) -> None:
        """Go on, unless the caller cancelled or the time is over.

        Raises:
            Stopped: One of them.
        """
        self.heed_caller()
        if self.left() == 0.0:
            raise Stopped(PlanStatus.NO_PLAN_FOUND)

    def heeding(self, elements: Iterable[T]) -> Iterator[T]:
        """The elements, heeding caller and clock between them.

        Raises:
            Stopped: As `heed`.
        """
        for i, element in enumerate(elements):
            if i % POLL_EVERY == 0:
                self.heed()
            yield element


def unlimited() -> Timekeeper:
    """A timekeeper without limit or watcher, for what nobody waits on."""
    return Timekeeper(lambda: 0.0, None, Unwatched())
