"""A model with whole numbers: these found by another process, the rest and its prices by HiGHS here with these held.

The other process may die without taking this one along (`mixed_child`). Owns it: it gets the model, is listened to, and
is killed where somebody ends the solve.
"""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import numpy as np

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.check import TOLERANCE
from lodestock_optimizers.solving.flat_model import flat_model
from lodestock_optimizers.solving.highs import LEAST_OBJECTIVE, Solution, Solver, SolverFault, Unanswered, no_solution
from lodestock_optimizers.solving.mixed_messages import Bound, Ending, Incumbent, Message, Task
from lodestock_optimizers.solving.scaling import with_small_rows

ATTEMPTS = 2
"""A process that dies is started once more: what killed it, as want of memory, may be over."""

_STATUS = {
    "Optimal": PlanStatus.OPTIMAL,
    "Infeasible": PlanStatus.INFEASIBLE,
    # No model of ours is unbounded.
    "Primal infeasible or unbounded": PlanStatus.INFEASIBLE,
    "Time limit reached": PlanStatus.NO_PLAN_FOUND,
}


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known: how it ended, the bound, and the best plan, whole to HiGHS' tolerance, if there is one."""

    status: PlanStatus = PlanStatus.NO_PLAN_FOUND
    solver_status: str = ""
    objective: float = np.inf
    bound: float = LEAST_OBJECTIVE
    iterations: int = 0
    values: Floats | None = None


class MixedSolver(Solver):
    """A model with whole numbers; see `Solver`.

    After an optimal `solve` it is the linear programme in which the whole numbers are held: basis, duals and all that
    comes of a further `solve` are those of this one.

    Args:
        arrays: The model.
        time_limit_s: Seconds that a solve may take. None: no limit.
        session: Whose process finds the whole numbers. None: one that is started for it.
        start: (columns,) levels whose whole numbers are tried first. None: none.
    """

    def __init__(
        self,
        arrays: LinearArrays,
        time_limit_s: float | None = None,
        session: MixedSession | None = None,
        start: Floats | None = None,
    ) -> None:
        super().__init__(arrays, time_limit_s)
        self._session = session
        self._task = Task(flat_model(with_small_rows(arrays), relaxed=False), time_limit_s, start)
        self._found = _Found()
        self._process: _Process | None = None
        self._ended = False

    @property
    def known(self) -> tuple[float, float]:
        """Objective of the best plan so far, infinite where there is none, and the best bound."""
        return self._found.objective, self._found.bound

    def interrupt(self) -> None:
        """Ends a `solve` of another thread at once, or the next one."""
        self._ended = True
        process = self._process
        if process is not None:
            process.kill()
        super().interrupt()

    def stopped(self, status: PlanStatus) -> Solution:
        """The best plan so far, where the clock ended the solve before its end."""
        if status is PlanStatus.CANCELLED or self._found.values is None:
            return replace(super().stopped(status), bound=self._found.bound)
        return self._without_prices(super().stopped(status).solver_status)

    def solve(self) -> Solution:
        """Finds the whole numbers, holds them, and solves what is left.

        Raises:
            SolverFault: The process died as often as it was started, or HiGHS failed.
        """
        for _ in range(ATTEMPTS):
            if self._ended:
                return no_solution(PlanStatus.CANCELLED, "Interrupted by user")
            if self._solve_apart():
                return self._with_whole_numbers_held()
        if self._ended:
            return no_solution(PlanStatus.CANCELLED, "Interrupted by user")
        raise SolverFault(f"the process that solves models with whole numbers died {ATTEMPTS} times")

    def _solve_apart(self) -> bool:
        """Take in all that the process says; whether it came to its end."""
        with self._lent_process() as process:
            self._process = process
            try:
                # Whoever interrupts sets the mark first and then kills the process that he finds.
                if self._ended:
                    return False
                for message in process.messages(self._task):
                    self._found = _with(self._found, message)
                    if isinstance(message, Ending):
                        return True
            finally:
                # Interrupted from now on, it takes nothing away from those who come next in the session.
                self._process = None
        return False

    @contextmanager
    def _lent_process(self) -> Iterator[_Process]:
        """A process for one task."""
        if self._session is not None:
            yield self._session.process()
            return
        with _Process() as process:
            yield process

    def _with_whole_numbers_held(self) -> Solution:
        found, whole = self._found, self.arrays.integer
        if found.status is PlanStatus.NO_PLAN_FOUND and found.values is not None:
            return self._without_prices(found.solver_status)
        if found.status is not PlanStatus.OPTIMAL or found.values is None:
            ended = no_solution(found.status, found.solver_status)
            return replace(ended, bound=found.bound, iterations=found.iterations)
        self.hold(whole, np.round(found.values[whole]))
        held = super().solve()
        if held.status is not PlanStatus.OPTIMAL:
            return held if held.status is PlanStatus.CANCELLED else self._without_prices(held.solver_status)
        proven = held.objective - found.bound <= TOLERANCE * (1.0 + abs(held.objective))
        return replace(
            held,
            status=PlanStatus.OPTIMAL if proven else PlanStatus.FEASIBLE,
            bound=min(found.bound, held.objective),
            iterations=found.iterations + held.iterations,
        )

    def _without_prices(self, solver_status: str) -> Solution:
        """The best plan so far, as it was found."""
        found, (rows, columns) = self._found, self.arrays.shape
        assert found.values is not None
        return Solution(
            status=PlanStatus.FEASIBLE,
            solver_status=solver_status,
            objective=found.objective,
            bound=min(found.bound, found.objective),
            iterations=found.iterations,
            column_value=found.values,
            column_dual=np.zeros(columns),
            row_dual=np.zeros(rows),
        )


def _with(found: _Found, message: Message) -> _Found:
    """What is known after one more message."""
    if isinstance(message, Bound):
        return replace(found, bound=max(found.bound, message.value))
    if isinstance(message, Incumbent):
        is_better = message.objective < found.objective
        return replace(found, objective=message.objective, values=message.values) if is_better else found
    status = _STATUS.get(message.status)
    if message.fault or status is None:
        if message.fault:
            raise SolverFault(message.fault)
        raise Unanswered(f"HiGHS ended with {message.status}")
    ended = replace(found, status=status, solver_status=message.status, iterations=message.iterations)
    if status is PlanStatus.INFEASIBLE or not len(message.values):
        return ended
    bound = max(found.bound, message.bound)
    return replace(ended, objective=message.objective, bound=bound, values=message.values)


def solver_of(arrays: LinearArrays, time_limit_s: float | None = None, session: MixedSession | None = None) -> Solver:
    """The solver that a model needs: one with whole numbers only where it has any; see `MixedSolver`."""
    return MixedSolver(arrays, time_limit_s, session) if len(arrays.integer) else Solver(arrays, time_limit_s)


class MixedSession:
    """A process that is kept for solves one after the other until it is closed, since its start takes longest.

    It is started when first needed, and anew where it was killed, died, or ended because nobody asked it for a while.
    """

    def __init__(self) -> None:
        self._kept = contextlib.ExitStack()
        self._process: _Process | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        self._kept.close()
        self._process = None

    def process(self) -> _Process:
        """A process that waits for a task."""
        if self._process is None or not self._process.waits:
            self._kept.close()
            self._process = self._kept.enter_context(_Process())
        return self._process


class _Process:
    """The process; killed at the end of the `with` block, whatever it does."""

    def __enter__(self) -> Self:
        # Without -P a file in the working directory could take the place of a package.
        command = [sys.executable, "-P", "-m", "lodestock_optimizers.solving.mixed_child"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._telling: threading.Thread | None = None
        self._is_free = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._process.wait()
        if self._telling is not None:
            self._telling.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    @property
    def waits(self) -> bool:
        """Whether it is there and has nothing to do."""
        return self._is_free and self._process.poll() is None

    def kill(self) -> None:
        """End it at once."""
        self._is_free = False
        self._process.kill()

    def messages(self, task: Task) -> Iterator[Message]:
        """What it says to a task, until it is done or the process ends."""
        assert self._process.stdout is not None
        self._is_free = False
        # It may say something before it has read everything.
        self._telling = threading.Thread(target=self._tell, args=(task,), daemon=True)
        self._telling.start()
        with contextlib.suppress(EOFError, pickle.UnpicklingError):
            while True:
                message: Message = pickle.load(self._process.stdout)
                self._is_free = isinstance(message, Ending)
                yield message
                if self._is_free:
                    return

    def _tell(self, task: Task) -> None:
        assert self._process.stdin is not None
        # One that died is heard of at the other end.
        with contextlib.suppress(OSError):
            pickle.dump(task, self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
