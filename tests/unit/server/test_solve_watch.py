"""What a solve tells becomes what a job tells."""

from __future__ import annotations

from lodestock_optimizers.watch import Progress as SolveProgress
from lodestock_optimizers.watch import Stage
from lodestock_server.compute import SolveWatch
from lodestock_server.jobs.job import Progress


class Kept:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Progress] = []

    def report(self, progress: Progress) -> None:
        self.told.append(progress)

    def cancelled(self) -> bool:
        return False


def test_parts_that_are_solved_are_passed_on() -> None:
    kept = Kept()
    watch = SolveWatch(kept)
    watch.report(SolveProgress(Stage.SOLVING, parts_done=(3, 27)))
    watch.report(SolveProgress(Stage.READING))
    assert [(p.stage, p.done_parts, p.all_parts) for p in kept.told] == [("SOLVING", 3, 27), ("READING", 0, 0)]
