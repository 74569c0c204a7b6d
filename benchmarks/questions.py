"""What questions to a plan take, as shares of its solve from scratch: what-if, frontier, explanation, conflict.

`python -m benchmarks.questions` measures them alone, on the lowest rungs, and prints the table.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from rich.console import Console

from benchmarks.ladder import MATERIALS, SCENARIOS, Rung, rung_problem
from benchmarks.report import Measurement, table_of
from lodestock_optimizers.explanation.explain import explain
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import ShareFloor, SourceKind, SourcingProblem, TradeRule
from lodestock_optimizers.questions.changes import Change, ChangeKind, WhatIf
from lodestock_optimizers.questions.frontier import trace_frontier
from lodestock_optimizers.questions.what_if import KeptBases, ask_what_if
from lodestock_server.compute.running import settle

WHAT_IF_SHARE = 0.1
FRONTIER_POINTS, FRONTIER_SOLVES = 20, 4.0
EXPLAINED_SOLVES = 2.0
"""The solve, and as much again for the explanation."""
CONFLICT_SOLVES = 3.0
MOST_BYTES = 2**31
TIMES, FEW_TIMES = 5, 3
SLOW_S = 5.0
"""Seconds of a solve from scratch from which on all is measured a few times only."""
LOWEST = tuple(Rung(MATERIALS[0], SCENARIOS[0], coupled) for coupled in (False, True))


def questions(rung: Rung) -> list[Measurement]:
    """What each kind of question takes, a solve from scratch being 1.

    Args:
        rung: A rung of the ladder; all its sources are imports.
    """
    problem = rung_problem(rung)
    _planned(problem)
    scratch = [_seconds(lambda: _planned(problem))]
    count = TIMES if scratch[0] < SLOW_S else FEW_TIMES
    scratch += [_seconds(lambda: _planned(problem)) for _ in range(count - 1)]
    told = [Measurement(f"{rung.name}: solve from scratch", "s", tuple(scratch))]
    bases = KeptBases(MOST_BYTES)
    asked = _what_ifs(problem)
    ask_what_if(problem, asked[:1], bases=bases)
    runs: list[tuple[str, Callable[[], object], int, float]] = [
        *(
            (
                f"what-if, {one.question_id}",
                lambda one=one: ask_what_if(problem, [one], bases=bases),
                count,
                WHAT_IF_SHARE,
            )
            for one in asked
        ),
        (
            f"frontier of {FRONTIER_POINTS} points",
            lambda: trace_frontier(problem, FRONTIER_POINTS),
            FEW_TIMES,
            FRONTIER_SOLVES,
        ),
        ("plan and explanation", lambda: explain(problem), count, EXPLAINED_SOLVES),
        ("conflict named", lambda: _refused(problem), count, CONFLICT_SOLVES),
    ]
    for name, run, times, limit in runs:
        shares = tuple(_seconds(run) / scratch[k] for k in range(times))
        told.append(Measurement(f"{rung.name}: {name} / solve from scratch", "", shares, limit))
    return told


def _what_ifs(problem: SourcingProblem) -> list[WhatIf]:
    """One source dearer, one source halved, a country that delivers one material no more, or nothing at all."""
    source = problem.sources[0]
    first, country, material = source.source_id, source.country, source.material_id
    stop = Change(ChangeKind.CAPACITY_FACTOR, 0.0, countries=(country,))
    return [
        WhatIf("a price", (Change(ChangeKind.PRICE_FACTOR, 1.2, source_ids=(first,)),)),
        WhatIf("a capacity", (Change(ChangeKind.CAPACITY_FACTOR, 0.5, source_ids=(first,)),)),
        WhatIf("an embargo on a material", (replace(stop, material_ids=(material,)),)),
        WhatIf("an embargo on all", (stop,)),
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


if __name__ == "__main__":
    settle()
    Console(width=160).print(table_of("questions", [one for rung in LOWEST for one in questions(rung)]))
