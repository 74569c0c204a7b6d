"""The process that finds whole numbers: what comes of its death, of a limit, of a cancel, and of its parent's death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lodestock_optimizers.compiled import compile_problem
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import Quota, SourcingProblem, TradeRule
from lodestock_optimizers.solving import mixed, mixed_child
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.flat_model import flat_model
from lodestock_optimizers.solving.highs import LEAST_OBJECTIVE, SolverFault
from lodestock_optimizers.solving.mixed import MixedSolver
from lodestock_optimizers.solving.mixed_messages import Bound, Incumbent, Message, Task
from lodestock_optimizers.solving.race import solve
from lodestock_optimizers.watch import Progress, Stage, Timekeeper, Unwatched
from tests.unit.optimizers.problems import material, problem, source, stock, stop
from tests.unit.optimizers.processes import started

ROOT = Path(__file__).resolve().parents[3]
SOON_S = 20.0
"""Longer than anything here takes on a busy machine."""


def easy() -> LinearArrays:
    """A model whose only choice is found at once: 1,300."""
    return compile_problem(problem((source("COD", fixed_cost_usd=300.0), source("AUS", price=14.0)))).arrays


def hard() -> SourcingProblem:
    """A problem whose choices take a while: many like offers, each with a fixed cost and a least quantity."""
    offers = tuple(
        source(
            f"S{k:02d}",
            price=10.0 + 0.37 * (k * 7 % 11),
            capacity=17.0 + k * 5 % 13,
            fixed_cost_usd=60.0 + 11 * (k * 3 % 7),
            min_order_tonnes=9.0 + k * 2 % 5,
            lead_periods=1,
            country="COD" if k % 2 else "AUS",
        )
        for k in range(24)
    )
    stored = stock(20.0, holding_usd_per_tonne_year=1.5, floor_days=40.0, capacity_tonnes=60.0)
    scenarios = (stop("a", 0.2, 1), stop("b", 0.2, 2, country="AUS"), stop("c", 0.1, 3, 4))
    demand = tuple(90.0 + 7 * (t * 5 % 6) for t in range(8))
    return problem(offers, periods=8, materials=(material(demand=demand, stock=stored),), scenarios=scenarios)


class Mortal(mixed._Process):
    """The process, killed as soon as it has said something, as often as is asked for."""

    deaths = 0
    begun = 0

    def messages(self, task: Task) -> Iterator[Message]:
        type(self).begun += 1
        for message in super().messages(task):
            if type(self).begun <= type(self).deaths:
                self._process.send_signal(signal.SIGKILL)
                self._process.wait()
                return
            yield message


@pytest.fixture
def mortal(monkeypatch: pytest.MonkeyPatch) -> type[Mortal]:
    monkeypatch.setattr(Mortal, "begun", 0)
    monkeypatch.setattr(mixed, "_Process", Mortal)
    return Mortal


def test_what_the_short_search_does_not_end_the_long_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = compile_problem(replace(hard(), sources=hard().sources[:7])).arrays
    task = Task(flat_model(arrays, relaxed=False), SOON_S)
    found = []
    for nodes in (0, 1):
        monkeypatch.setattr(mixed_child, "SHORT_NODES", nodes)
        said: list[Message] = []
        found.append(mixed_child.solve(task, said.append))
        assert found[-1].status == "Optimal"
    assert found[1].objective == pytest.approx(found[0].objective, rel=2e-6)


def test_a_process_that_is_killed_is_started_once_more(mortal: type[Mortal], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mortal, "deaths", 1)
    solution = MixedSolver(easy()).solve()
    assert mortal.begun == 2
    assert solution.status is PlanStatus.OPTIMAL
    assert solution.objective == pytest.approx(1_300.0)


def test_a_process_that_dies_again_is_a_fault_of_the_solver(
    mortal: type[Mortal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mortal, "deaths", 2)
    with pytest.raises(SolverFault, match="died 2 times"):
        MixedSolver(easy()).solve()
    assert mortal.begun == 2


def test_a_session_keeps_its_process_until_it_dies(mortal: type[Mortal]) -> None:
    with mixed.MixedSession() as session:
        first = session.process()
        for _ in range(2):
            assert MixedSolver(easy(), session=session).solve().objective == pytest.approx(1_300.0)
        assert session.process() is first
        first.kill()
        assert MixedSolver(easy(), session=session).solve().objective == pytest.approx(1_300.0)
        second = session.process()
        assert second is not first
    assert second._process.poll() is not None
    assert mortal.begun == 3


def test_a_solve_that_is_over_takes_the_process_of_its_session_from_nobody() -> None:
    with mixed.MixedSession() as session:
        solver = MixedSolver(easy(), session=session)
        solver.solve()
        kept = session.process()
        solver.interrupt()
        assert session.process() is kept
        assert kept._process.poll() is None


def test_finding_out_why_there_is_no_plan_starts_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = started(monkeypatch)
    offers = tuple(source(country, capacity=80.0, min_order_tonnes=30.0) for country in ("COD", "AUS"))
    stored = stock(0.0, closing_tonnes=20.0, closing_is_hard=True)
    quota = TradeRule("q", Quota(25.0))
    plan = optimize(problem(offers, materials=(material(demand=(100.0,), stock=stored),), rules=(quota,)))
    assert plan.status is PlanStatus.INFEASIBLE
    assert {found.family for found in plan.conflict} == {"quota", "min_order", "closing_stock"}
    assert len(begun) == 1


def test_a_model_that_highs_refuses_is_a_fault_in_its_own_words() -> None:
    arrays = easy()
    arrays.lower[0] = float("nan")
    with pytest.raises(SolverFault, match="refused"):
        MixedSolver(arrays)
    solver = MixedSolver(easy())
    solver._task = replace(solver._task, model=replace(solver._task.model, start=solver._task.model.start[:-2]))
    with pytest.raises(SolverFault):
        solver.solve()


def test_interrupting_ends_the_process_and_the_solve() -> None:
    solver, solutions = MixedSolver(compile_problem(hard()).arrays), []
    thread = threading.Thread(target=lambda: solutions.append(solver.solve()))
    thread.start()
    while solver._process is None or not hasattr(solver._process, "_process"):
        time.sleep(0.01)
    process = solver._process._process
    solver.interrupt()
    thread.join(SOON_S)
    assert not thread.is_alive()
    assert process.poll() is not None
    assert [s.status for s in solutions] == [PlanStatus.CANCELLED]
    assert solver.solve().status is PlanStatus.CANCELLED


class CancelsWithAPlan(Unwatched):
    """Cancels as soon as it is told of a plan."""

    def __init__(self) -> None:
        self._told = False

    def report(self, progress: Progress) -> None:
        self._told = self._told or progress.objective_usd is not None

    def cancelled(self) -> bool:
        return self._told


def test_a_plan_is_told_of_on_the_way_and_cancelling_then_ends_the_solve() -> None:
    plan = optimize(hard(), watcher=CancelsWithAPlan())
    assert plan.status is PlanStatus.CANCELLED
    assert plan.solver.solver_status == "Interrupted by user"


class Known(Unwatched):
    """Waits for a plan and a bound, and then lets the clock run out."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.solver: MixedSolver | None = None

    def cancelled(self) -> bool:
        assert self.solver is not None
        objective, bound = self.solver.known
        if objective < float("inf") and bound > LEAST_OBJECTIVE:
            self.now_s = 1e9
        return False


def test_at_a_limit_there_is_the_best_plan_so_far_with_its_bound() -> None:
    arrays = compile_problem(hard()).arrays
    watcher = Known()
    watcher.solver = MixedSolver(arrays)
    keeper = Timekeeper(lambda: watcher.now_s, 1e6, watcher)
    solution = solve(watcher.solver, keeper, Stage.SOLVING)
    assert solution.status is PlanStatus.FEASIBLE
    assert solution.objective == pytest.approx(float(arrays.cost @ solution.column_value) + arrays.offset)
    assert LEAST_OBJECTIVE < solution.bound <= solution.objective
    assert solution.solver_status == "Time limit reached"


def test_a_plan_at_a_limit_can_be_carried_out_and_has_no_prices() -> None:
    plan = optimize(hard(), time_limit_s=1.5)
    assert plan.status is PlanStatus.FEASIBLE
    assert plan.check is not None
    assert plan.check.primal_violation <= plan.check.tolerance
    assert plan.costs is not None
    assert plan.solver.best_bound <= plan.costs.objective_usd
    assert plan.binding_rules == ()


def test_better_plans_and_bounds_are_heard_of_on_the_way() -> None:
    objectives: list[float] = []
    bounds: list[float] = []
    with mixed._Process() as process:
        for message in process.messages(MixedSolver(compile_problem(hard()).arrays)._task):
            if isinstance(message, Incumbent):
                objectives.append(message.objective)
            elif isinstance(message, Bound):
                bounds.append(message.value)
            if len(objectives) > 1 and bounds:
                break
    assert objectives == sorted(objectives, reverse=True)
    assert len(objectives) > 1
    assert LEAST_OBJECTIVE < bounds[0] <= objectives[-1]


def test_the_process_ends_with_the_one_that_asked() -> None:
    # A process in between starts it, says its number and is killed.
    program = (
        "from tests.unit.optimizers.test_mixed import hard\n"
        "from lodestock_optimizers.compiled import compile_problem\n"
        "from lodestock_optimizers.solving.mixed import MixedSolver, _Process\n"
        "solver = MixedSolver(compile_problem(hard()).arrays)\n"
        "with _Process() as process:\n"
        "    print(process._process.pid, flush=True)\n"
        "    for _ in process.messages(solver._task):\n"
        "        pass\n"
        "    input()\n"
    )
    between = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stdin=subprocess.PIPE, cwd=ROOT)
    assert between.stdout is not None
    number = int(between.stdout.readline())
    between.kill()
    between.wait()
    gone_by = time.monotonic() + SOON_S
    while _is_alive(number):
        assert time.monotonic() < gone_by
        time.sleep(0.05)


def _is_alive(number: int) -> bool:
    """Whether a process works still; one that nobody has waited for yet does not."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True, check=False).stdout
    return not state.strip().startswith(("Z", "X")) and bool(state.strip())
