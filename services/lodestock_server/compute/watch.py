"""Who watches a task: hears how far it is, and may ask it to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lodestock_server.jobs.job import Progress

if TYPE_CHECKING:
    from lodestock_optimizers.watch import Progress as SolveProgress


class Watch(Protocol):
    """What a task may ask and say while it runs, from any of its threads."""

    def report(self, progress: Progress) -> None:
        """Say how far the task is."""

    def cancelled(self) -> bool:
        """Whether nobody wants the answer any more. Cheap: may be asked a thousand times a second."""


class Unwatched:
    """Hears nothing and never asks to stop."""

    def report(self, progress: Progress) -> None:
        """Ignore it."""

    def cancelled(self) -> bool:
        """Never."""
        return False


UNWATCHED = Unwatched()


class SolveWatch:
    """A watch as a solve sees it."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self.cancelled = watch.cancelled

    def report(self, progress: SolveProgress) -> None:
        """Pass on the stage, the parts that are solved, and the best plan so far with its bound."""
        done_parts, all_parts = progress.parts_done or (0, 0)
        found = Progress(
            progress.stage.value,
            done_parts,
            all_parts,
            objective_usd=progress.objective_usd,
            bound_usd=progress.bound_usd,
            relative_gap=progress.relative_gap,
        )
        self._watch.report(found)


class SeriesWatch:
    """A watch as a run over several series sees it."""

    def __init__(self, watch: Watch, stage: str) -> None:
        self._watch = watch
        self._stage = stage
        self.cancelled = watch.cancelled

    def report(self, done: int, total: int) -> None:
        """Pass on how many series are done."""
        self._watch.report(Progress(self._stage, done, total))
