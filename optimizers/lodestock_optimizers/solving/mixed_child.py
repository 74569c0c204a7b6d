"""A process that solves mixed-integer models, one after the other, and may die of it.

HiGHS has crashed on some such models, and a crash takes the whole process. Reads pickled `Task`s from standard input
and writes pickled messages to standard output (`mixed_messages`). It ends as soon as standard input does, so that
it never outlives the process that asked, however that one ended.
"""

from __future__ import annotations

import os
import pickle
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

import highspy
import numpy as np

from lodestock_optimizers.solving.flat_model import LEAST_COEFFICIENT
from lodestock_optimizers.solving.mixed_messages import Bound, Ending, Incumbent, Message, Task

GAP = 9e-7
"""Relative gap at which HiGHS stops: what counts as an optimum, less what rounding may add when the rest is solved."""
SHORT_NODES = 50
"""Nodes of the first search, which most models need not go beyond: counted, not timed, so that the same problem has the
same answer on any machine."""
MODELS_WITHIN = ("mip_heuristic_run_rens", "mip_heuristic_run_rins", "mip_heuristic_run_root_reduced_cost")
"""Ways to look for plans in models within the model: hard models need them, and they have taken a minute at the root of
one whose whole tree was 4 nodes."""
ABSOLUTE_GAP = 1e-9
WHOLE = 1e-9
"""How far from a whole number a level may be: times a capacity, what may be delivered without having been signed."""
REPORT_EVERY_S = 0.1
IDLE_S = 10.0
"""Seconds without a task after which it ends by itself: whoever is long at other work keeps no process meanwhile."""

Say = Callable[[Message], None]


def main() -> None:
    """Read model after model, solve it, tell what comes of it."""
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # Whatever else prints must not come among the messages.
    os.dup2(2, 1)
    tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked, tasks), daemon=True).start()

    def say(message: Message) -> None:
        pickle.dump(message, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()

    while True:
        try:
            task = tasks.get(timeout=IDLE_S)
        except queue.Empty:
            # Another thread waits for input for ever.
            os._exit(0)
        try:
            say(solve(task, say))
        except Exception:
            say(Ending("", np.inf, -np.inf, 0, np.zeros(0), traceback.format_exc()))


def solve(task: Task, say: Say) -> Ending:
    """Run HiGHS' branch and cut.

    A failure of HiGHS itself is a status like any other: it is for the caller to say what comes of it.

    Raises:
        RuntimeError: HiGHS refused the model or an option.
    """
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    options: dict[str, object] = {
        "output_flag": False,
        "threads": 1,
        "mip_rel_gap": GAP,
        "mip_abs_gap": ABSOLUTE_GAP,
        "mip_feasibility_tolerance": WHOLE,
        "small_matrix_value": LEAST_COEFFICIENT,
    }
    if task.time_limit_s is not None:
        # HiGHS counts the seconds of all runs together.
        options["time_limit"] = float(task.time_limit_s)
    _set(highs, options)
    _accept(highs.passModel(task.model.to_highs()), "passModel")
    if task.start is not None:
        start = highspy.HighsSolution()
        start.col_value = task.start
        # One that fits so badly that HiGHS refuses it is none.
        highs.setSolution(start)
    teller = _Teller(say)
    highs.cbMipImprovingSolution += teller.improved
    highs.cbMipInterrupt += teller.went_on
    iterations = 0
    # The second goes on from the plan of the first.
    for nodes, looks_within in ((SHORT_NODES, False), (highspy.kHighsIInf, True)):
        _set(highs, {"mip_max_nodes": nodes, **dict.fromkeys(MODELS_WITHIN, looks_within)})
        highs.run()
        info, status = highs.getInfo(), highs.getModelStatus()
        iterations += max(0, int(info.simplex_iteration_count))
        if status != highspy.HighsModelStatus.kSolutionLimit:
            break
    solution = highs.getSolution()
    return Ending(
        status=str(highs.modelStatusToString(status)),
        objective=float(info.objective_function_value),
        bound=float(info.mip_dual_bound),
        iterations=iterations,
        values=np.array(solution.col_value) if solution.value_valid else np.zeros(0),
    )


class _Teller:
    """Passes on what HiGHS calls back with: every better plan, and the bound a few times a second."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._bound = -np.inf
        self._said_s = -np.inf

    def improved(self, event: Any) -> None:
        """A better plan."""
        found = event.data_out
        self._say(Incumbent(float(found.objective_function_value), np.array(found.mip_solution)))

    def went_on(self, event: Any) -> None:
        """Some work later."""
        now_s, bound = time.monotonic(), float(event.data_out.mip_dual_bound)
        if bound > self._bound and now_s - self._said_s >= REPORT_EVERY_S:
            self._bound, self._said_s = bound, now_s
            self._say(Bound(bound))


def _listen(asked: BinaryIO, tasks: queue.SimpleQueue[Task]) -> None:
    """Take in tasks; end this process, whatever it does, when nobody asks or can hear it any more."""
    try:
        while True:
            tasks.put(pickle.load(asked))
    finally:
        # At once: HiGHS at work would keep the interpreter from closing down.
        os._exit(1)


def _set(highs: Any, options: dict[str, object]) -> None:
    for name, value in options.items():
        _accept(highs.setOptionValue(name, value), name)


def _accept(status: object, call: str) -> None:
    if status == highspy.HighsStatus.kError:
        raise RuntimeError(f"HiGHS refused {call}")


if __name__ == "__main__":
    main()
