"""What a solve tells becomes what a job tells."""

from __future__ import annotations

from lodestock_optimizers.watch import Progress as SolveProgress
from lodestock_optimizers.watch import Stage
from lodestock_server.compute import SolveWatch
from lodestock_server.jobs.job import Progress
from tests.kept_news import KeptNews


def test_parts_that_are_solved_are_passed_on() -> None:
    kept = KeptNews[Progress]()
    watch = SolveWatch(kept)
    watch.report(SolveProgress(Stage.SOLVING, parts_done=(3, 27)))
    watch.report(SolveProgress(Stage.READING))
    assert [(p.stage, p.done_parts, p.all_parts) for p in kept.told] == [("SOLVING", 3, 27), ("READING", 0, 0)]
