"""What questions to a plan take, as shares of its solve from scratch: what-if, frontier, explanation, conflict."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from benchmarks.report import Measurement
from lodestock_optimizers.explanation.explain import explain
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import ShareFloor, SourceKind, SourcingProblem, TradeRule
from lodestock_optimizers.questions.changes import Change, ChangeKind, WhatIf
from lodestock_optimizers.questions.frontier import trace_frontier
from lodestock_optimizers.questions.what_if import KeptBases, ask_what_if

WHAT_IF_SHARE = 0.1
FRONTIER_POINTS, FRONTIER_SOLVES = 20, 4.0
EXPLAINED_SOLVES = 2.0
"""The solve, and as much again for the explanation."""
CONFLICT_SOLVES = 3.0
MOST_BYTES = 2**31
TIMES = 5


def questions(problem: SourcingProblem) -> list[Measurement]:
    """What each kind of question takes, a solve from scratch being 1.

    Args:
        problem: A problem whose materials nothing ties, with imports alone.
    """
    scratch = [_seconds(lambda: _planned(problem)) for _ in range(TIMES)]
    told = [Measurement("questions: solve from scratch", "s", tuple(scratch))]
    bases = KeptBases(MOST_BYTES)
    asked = _what_ifs(problem)
    ask_what_if(problem, asked[:1], bases=bases)
    runs: list[tuple[str, Callable[[], object], int, float]] = [
        *(
            (
                f"what-if, {one.question_id}",
                lambda one=one: ask_what_if(problem, [one], bases=bases),
                TIMES,
                WHAT_IF_SHARE,
            )
            for one in asked
        ),
        (f"frontier of {FRONTIER_POINTS} points", lambda: trace_frontier(problem, FRONTIER_POINTS), 1, FRONTIER_SOLVES),
        ("plan and explanation", lambda: explain(problem), TIMES, EXPLAINED_SOLVES),
        ("conflict named", lambda: _refused(problem), TIMES, CONFLICT_SOLVES),
    ]
    for name, run, times, limit in runs:
        shares = tuple(_seconds(run) / scratch[k] for k in range(times))
        told.append(Measurement(f"questions: {name} / solve from scratch", "", shares, limit))
    return told


def _what_ifs(problem: SourcingProblem) -> list[WhatIf]:
    """One source dearer, one source halved, one country stopped."""
    first, country = problem.sources[0].source_id, problem.sources[0].country
    return [
        WhatIf("a price", (Change(ChangeKind.PRICE_FACTOR, 1.2, source_ids=(first,)),)),
        WhatIf("a capacity", (Change(ChangeKind.CAPACITY_FACTOR, 0.5, source_ids=(first,)),)),
        WhatIf("an embargo", (Change(ChangeKind.CAPACITY_FACTOR, 0.0, countries=(country,)),)),
    ]


def _planned(problem: SourcingProblem) -> None:
    if optimize(problem).status is not PlanStatus.OPTIMAL:
        raise RuntimeError("the problem has no optimum")


def _refused(problem: SourcingProblem) -> None:
    """Name the conflict of a twin that asks for material from home, where nobody makes any."""
    name = problem.materials[0].material_id
    home = TradeRule("from home", ShareFloor(SourceKind.DOMESTIC, 0.1), material_ids=(name,))
    plan = optimize(replace(problem, rules=(*problem.rules, home)))
    if plan.status is not PlanStatus.INFEASIBLE or not plan.conflict or not plan.relaxations:
        raise RuntimeError("the conflict was not named")


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began
