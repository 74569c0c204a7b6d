"""The solve itself: HiGHS for the optimum, beside it a search for good plans where that takes long.

Owns the two threads and the choice between what they found. HiGHS alone gives optima, so that the same problem has the
same answer however long it took; what the search found counts where HiGHS meets its limit.
"""

from __future__ import annotations

import math
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.check import TOLERANCE, primal_violation
from lodestock_optimizers.solving.highs import LEAST_OBJECTIVE, Solution, Stoppable
from lodestock_optimizers.solving.incumbents import Search
from lodestock_optimizers.watch import Stage, Stopped, Timekeeper

POLL_S, LEAST_POLL_S = 0.05, 0.01
"""Seconds between two looks at the caller's wish, and the least where the search is to begin sooner."""
GRACE_SHARE = 0.1
"""Share of the time after which the search begins: what is solved before that costs no second thread."""
MOST_GRACE_S = 5.0
MOST_AT_ONCE = 10_000
"""Columns of a model that is solved in a moment, even where there is no time left."""


def solve(
    solver: Stoppable, keeper: Timekeeper, stage: Stage, search: Search | None = None, reserve_s: float = 0.0
) -> Solution:
    """Solves in a thread, while this one tells and asks the caller.

    At the limit it does not wait for threads that were told to end: within presolve that takes HiGHS up to a second.
    Cancelled, it does, so that whoever comes next has processor and memory to itself.

    Args:
        solver: The model.
        keeper: Whom to tell and to ask, and the time that is left.
        stage: What to tell.
        search: What to run beside it after a while. None: nothing.
        reserve_s: Seconds of those left that are not the solver's.

    Returns:
        The solver's answer; at the limit the better of its plan and the search's, with the better bound. CANCELLED soon
        after the caller wants it to stop.

    Raises:
        Exception: Whatever failed in solver or search.
    """
    if search is not None and keeper.left(reserve_s) == 0.0 and len(search.arrays.cost) > MOST_AT_ONCE:
        # What it began now would only go on beside the reading, for which there is too little time already.
        solver.interrupt()
        return _better(solver.stopped(PlanStatus.NO_PLAN_FOUND), search, search.arrays)
    threads = ThreadPoolExecutor(2)
    solving = threads.submit(solver.solve)
    status = None
    try:
        status = _attend(solver, solving, keeper, stage, search, threads, reserve_s)
    finally:
        solver.interrupt()
        if search is not None:
            search.stop()
        threads.shutdown(wait=status is PlanStatus.CANCELLED)
    solution = solving.result() if status is None else solver.stopped(status)
    return solution if search is None else _better(solution, search, search.arrays)


def prove(solver: Stoppable, keeper: Timekeeper, stage: Stage) -> Solution:
    """Solves as `solve` does, where nothing less than an end serves.

    Returns:
        OPTIMAL or INFEASIBLE.

    Raises:
        Stopped: Caller or clock say so before it is proven.
        Exception: Whatever failed in the solver.
    """
    solution = solve(solver, keeper, stage)
    if solution.status not in (PlanStatus.OPTIMAL, PlanStatus.INFEASIBLE):
        cancelled = solution.status is PlanStatus.CANCELLED
        raise Stopped(PlanStatus.CANCELLED if cancelled else PlanStatus.NO_PLAN_FOUND)
    return solution


def _attend(
    solver: Stoppable,
    solving: Future[Solution],
    keeper: Timekeeper,
    stage: Stage,
    search: Search | None,
    threads: ThreadPoolExecutor,
    reserve_s: float,
) -> PlanStatus | None:
    """Wait for the end of the solver; why not until then, where caller or clock end it before."""
    left_s = keeper.left(reserve_s)
    grace_s = math.inf if search is None or left_s is None else min(MOST_GRACE_S, GRACE_SHARE * left_s)
    searching: Future[None] | None = None
    waited_s, poll_s = 0.0, min(POLL_S, max(LEAST_POLL_S, grace_s))
    while not wait([solving], poll_s).done:
        waited_s += poll_s
        _raise_fault_of(searching)
        if keeper.cancelled():
            return PlanStatus.CANCELLED
        if keeper.left(reserve_s) == 0.0:
            return PlanStatus.NO_PLAN_FOUND
        if search is not None and searching is None and waited_s >= grace_s:
            searching = threads.submit(search.run)
        _report(solver, keeper, stage, search)
    _raise_fault_of(searching)
    return None


def _report(solver: Stoppable, keeper: Timekeeper, stage: Stage, search: Search | None) -> None:
    """Tell the best plan and the best bound that solver or search have, and how many parts are done."""
    objective, bound = solver.known
    if search is not None:
        bound = max(bound, search.bound.value)
        objective = min(objective, search.incumbent.objective if search.incumbent else math.inf)
    plan = objective if objective < math.inf else None
    keeper.report(stage, plan, bound if bound > LEAST_OBJECTIVE else None, solver.done)


def _raise_fault_of(searching: Future[None] | None) -> None:
    """Raise what ended the search, if that was a fault."""
    if searching is not None and searching.done():
        searching.result()


def _better(solution: Solution, search: Search, arrays: LinearArrays) -> Solution:
    """What the solver met its limit with, or what the search found."""
    if solution.status not in (PlanStatus.NO_PLAN_FOUND, PlanStatus.FEASIBLE):
        return solution
    found = replace(solution, bound=max(solution.bound, search.bound.value), row_dual=search.bound.row_dual)
    plan = search.best()
    if plan is None or (_can_be_carried_out(solution, arrays) and solution.objective <= plan.objective):
        return found
    return replace(found, status=PlanStatus.FEASIBLE, objective=plan.objective, column_value=plan.values)


def _can_be_carried_out(solution: Solution, arrays: LinearArrays) -> bool:
    """Whether the solver has a plan that keeps the rows: it may call one feasible that is so only by its own scale."""
    return solution.status is PlanStatus.FEASIBLE and primal_violation(arrays, solution.column_value) <= TOLERANCE
