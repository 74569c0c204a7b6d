"""Limits and cancelling: where a solve stops, what it then says, and what it tells on the way."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from lodestock_optimizers import planner
from lodestock_optimizers.formulation import formulate
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import Budget, SourcingProblem
from lodestock_optimizers.solving import incumbents, race
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.highs import Solution, Solver, no_solution
from lodestock_optimizers.watch import Progress, Stage, relative_gap
from tests.kept_news import KeptNews
from tests.pyomo_arrays import compile_model
from tests.unit.optimizers.problems import material, problem, source, stock, stop


class Watch(KeptNews[Progress]):
    """Keeps what it is told, and cancels at the n-th time that it is asked."""

    def __init__(self, cancel_at: int | None = None) -> None:
        super().__init__()
        self.asked = 0
        self._cancel_at = cancel_at

    def cancelled(self) -> bool:
        self.asked += 1
        return self._cancel_at is not None and self.asked >= self._cancel_at

    @property
    def stages(self) -> list[Stage]:
        return list(dict.fromkeys(progress.stage for progress in self.told))


class Turns:
    """A clock that goes on by a second each time it is read."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 1.0
        return self.now_s


def tied() -> SourcingProblem:
    """Three materials that a budget ties, and one source of cobalt that may stop."""
    names = ("cobalt", "nickel", "copper")
    return problem(
        (
            source("COD", price=300.0),
            source("AUS", price=400.0),
            source("CHL", price=100.0, material_id="copper"),
            source("PHL", price=200.0, material_id="nickel"),
        ),
        periods=3,
        materials=tuple(material(name, stock=stock(10.0)) for name in names),
        scenarios=(stop("stop", 0.2, 1),),
        budget=Budget((40_000.0,)),
    )


def out_of_reach() -> SourcingProblem:
    """A hard closing stock that nothing can fill."""
    policy = stock(closing_tonnes=5_000.0, closing_is_hard=True)
    return problem((source("COD", capacity=1.0),), materials=(material(stock=policy),))


class Endless(Solver):
    """A solver that never comes to an end before its limit, as on a model that takes minutes."""

    limit_s = 1.0

    def __init__(self, arrays: LinearArrays, time_limit_s: float | None = None) -> None:
        super().__init__(arrays, time_limit_s)
        self._ended = threading.Event()

    def solve(self) -> Solution:
        self._ended.wait(self.limit_s)
        status = PlanStatus.CANCELLED if self._ended.is_set() else PlanStatus.NO_PLAN_FOUND
        return no_solution(status, "Time limit reached")

    def interrupt(self) -> None:
        self._ended.set()


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "Solver", Endless)


def stopped_plan() -> Plan:
    return optimize(tied(), time_limit_s=2 * Endless.limit_s)


def stopped_at_once(monkeypatch: pytest.MonkeyPatch, stated: SourcingProblem) -> Plan:
    """What comes of a problem whose solver meets its limit before the search begins."""
    monkeypatch.setattr(Endless, "limit_s", 0.0)
    monkeypatch.setattr(planner, "Solver", Endless)
    return optimize(stated, time_limit_s=1000.0)


def test_a_plan_that_buys_nothing_is_there_from_the_first_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = stopped_at_once(monkeypatch, tied())
    assert plan.status is PlanStatus.FEASIBLE
    assert plan.check is not None
    assert plan.check.primal_violation <= plan.check.tolerance
    assert not any(contract.contracted_tonnes for contract in plan.contracts)
    assert sum(delivery.spot_tonnes for delivery in plan.deliveries) == 0
    assert any(balance.out_of_stock_tonnes > 0 for balance in plan.balances)


def test_the_plan_that_buys_nothing_keeps_what_a_hard_closing_stock_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = stock(10.0, loss_rate_per_year=0.5, closing_tonnes=2.0, closing_is_hard=True)
    plan = stopped_at_once(monkeypatch, problem((), periods=2, materials=(material(stock=policy),)))
    assert plan.status is PlanStatus.FEASIBLE
    # Of 10 t half is lost in each period: of 5 t one may go, so that 4 t become the 2 t that must be left.
    assert [balance.out_of_stock_tonnes for balance in plan.balances] == pytest.approx([1.0, 0.0])


def test_there_is_no_plan_at_once_where_a_hard_limit_asks_for_purchases(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stopped_at_once(monkeypatch, out_of_reach()).status is PlanStatus.NO_PLAN_FOUND


def test_a_solvers_plan_that_breaks_rows_gives_way_to_the_searchs(monkeypatch: pytest.MonkeyPatch) -> None:
    class Careless(Solver):
        def solve(self) -> Solution:
            levels = np.full(self.arrays.shape[1], 1e-3)
            nothing = no_solution(PlanStatus.FEASIBLE, "Time limit reached")
            return replace(nothing, objective=1.0, column_value=levels)

    monkeypatch.setattr(planner, "Solver", Careless)
    plan = optimize(tied(), time_limit_s=1000.0)
    assert plan.status is PlanStatus.FEASIBLE
    assert plan.check is not None
    assert plan.check.primal_violation <= plan.check.tolerance


@pytest.mark.usefixtures("endless")
def test_a_fault_in_the_search_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(incumbents.Search, "_alone", fail)
    with pytest.raises(ZeroDivisionError):
        stopped_plan()


def test_a_cancelled_solve_returns_when_its_threads_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Solver):
        """A solver that goes on for a while after it is told to end, as in presolve."""

        def __init__(self, arrays: LinearArrays, time_limit_s: float | None = None) -> None:
            super().__init__(arrays, time_limit_s)
            self._told = threading.Event()

        def solve(self) -> Solution:
            self._told.wait()
            time.sleep(0.2)
            ended.set()
            return no_solution(PlanStatus.CANCELLED, "Interrupted by user")

        def interrupt(self) -> None:
            self._told.set()

    class Impatient(Watch):
        def cancelled(self) -> bool:
            return Stage.SOLVING in self.stages

    ended = threading.Event()
    monkeypatch.setattr(planner, "Solver", Slow)
    assert optimize(tied(), watcher=Impatient()).status is PlanStatus.CANCELLED
    assert ended.is_set()


def test_a_gap_is_not_below_nothing() -> None:
    assert relative_gap(100.0, 100.0 + 1e-13) == 0.0


@pytest.mark.usefixtures("endless")
def test_a_limit_gives_the_best_plan_so_far_with_bound_and_gap() -> None:
    plan = stopped_plan()
    assert plan.status is PlanStatus.FEASIBLE
    assert plan.costs is not None
    assert plan.check is not None
    assert plan.check.primal_violation <= plan.check.tolerance
    gap = (plan.costs.objective_usd - plan.solver.best_bound) / plan.costs.objective_usd
    assert plan.solver.relative_gap == pytest.approx(gap)
    assert 0 <= gap < 0.2


@pytest.mark.usefixtures("endless")
def test_a_plan_that_is_no_optimum_has_no_prices() -> None:
    plan = stopped_plan()
    assert plan.binding_rules == ()
    assert {(b.marginal_value_usd_per_tonne, b.marginal_risk_charge_usd_per_tonne) for b in plan.balances} == {
        (None, None)
    }
    prices = {
        (c.reduced_cost_usd_per_tonne, c.break_even_price_usd_per_tonne, c.capacity_value_usd_per_tonne)
        for c in plan.contracts
    }
    assert prices == {(None, None, None)}
    assert any(contract.contracted_tonnes > 0 for contract in plan.contracts)


@pytest.mark.usefixtures("endless")
def test_plan_and_bound_are_told_on_the_way() -> None:
    watch = Watch()
    optimize(tied(), time_limit_s=2 * Endless.limit_s, watcher=watch)
    assert watch.stages == [Stage.BUILDING, Stage.COMPILING, Stage.SOLVING, Stage.READING]
    gaps = [progress.relative_gap for progress in watch.told if progress.relative_gap is not None]
    assert gaps == sorted(gaps, reverse=True) != []


@pytest.mark.usefixtures("endless")
def test_a_solve_that_would_not_end_is_cancelled() -> None:
    class Impatient(Watch):
        def cancelled(self) -> bool:
            return Stage.SOLVING in self.stages

    plan = optimize(tied(), watcher=Impatient())
    assert (plan.status, plan.contracts, plan.costs) == (PlanStatus.CANCELLED, (), None)


def test_the_stages_come_in_their_order_and_once_each() -> None:
    for stated, last in ((tied(), Stage.READING), (out_of_reach(), Stage.EXPLAINING)):
        watch = Watch()
        optimize(stated, watcher=watch)
        assert [p.stage for p in watch.told] == [Stage.BUILDING, Stage.COMPILING, Stage.SOLVING, last]


@pytest.mark.parametrize("stated", [tied(), out_of_reach()], ids=["tied", "out of reach"])
def test_a_solve_stops_wherever_it_is_cancelled(stated: SourcingProblem) -> None:
    whole = Watch()
    assert optimize(stated, watcher=whole).status in (PlanStatus.OPTIMAL, PlanStatus.INFEASIBLE)
    assert whole.asked > 20
    for poll in range(1, whole.asked + 1):
        watch = Watch(cancel_at=poll)
        plan = optimize(stated, watcher=watch)
        assert plan.status is PlanStatus.CANCELLED, poll
        assert (plan.solver.solver_status, plan.contracts, plan.relaxations) == ("Interrupted by user", (), ())
        assert plan.size.materials == len(stated.materials)


def test_a_limit_that_building_alone_exceeds_ends_it() -> None:
    # By a clock that moves on by a hundredth at every look, a limit ends the solve at each step of building.
    class Clock:
        def __init__(self) -> None:
            self.looks = 0

        def __call__(self) -> float:
            self.looks += 1
            return 0.01 * self.looks

    clock = Clock()
    optimize(tied(), time_limit_s=1e9, clock=clock)
    looks = clock.looks
    for limit in range(1, looks // 2, 5):
        clock = Clock()
        plan = optimize(tied(), time_limit_s=0.01 * limit, clock=clock)
        assert (plan.status, plan.solver.solver_status) == (PlanStatus.NO_PLAN_FOUND, "Time limit reached")
        assert plan.solver.best_bound == 0.0
        assert clock.looks <= limit + 10


def test_an_interrupted_solver_says_so() -> None:
    solver = Solver(compile_model(formulate(Instance(tied()))))
    solver.interrupt()
    assert solver.solve().status is PlanStatus.CANCELLED


def test_a_watcher_that_fails_stops_the_solve() -> None:
    class Broken(Watch):
        def report(self, progress: Progress) -> None:
            if progress.stage is Stage.SOLVING:
                raise ConnectionError("nobody listens")

    with pytest.raises(ConnectionError):
        optimize(tied(), watcher=Broken())


def test_the_solver_gets_less_where_the_plan_is_to_be_written_down_too(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []

    class Limited(Solver):
        def __init__(self, arrays: LinearArrays, time_limit_s: float | None = None) -> None:
            assert time_limit_s is not None
            limits.append(time_limit_s)
            super().__init__(arrays, None)

    monkeypatch.setattr(planner, "Solver", Limited)
    for write_share in (0.0, 1.0):
        plan = optimize(tied(), time_limit_s=1e6, clock=Turns(), write_share=write_share)
        assert plan.status is PlanStatus.OPTIMAL
    building_s = plan.solver.build_s + plan.solver.compile_s
    less_s = limits[0] - limits[1]
    assert 0 < less_s <= building_s


def test_no_solver_is_begun_where_reading_alone_needs_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = optimize(tied(), time_limit_s=1e6, clock=Turns())
    building_s = whole.solver.build_s + whole.solver.compile_s
    begun: list[Solver] = []
    monkeypatch.setattr(Solver, "solve", begun.append)
    monkeypatch.setattr(race, "MOST_AT_ONCE", 0)
    plan = optimize(tied(), time_limit_s=1.5 * building_s, clock=Turns())
    assert plan.status is PlanStatus.FEASIBLE
    assert plan.check is not None
    assert plan.check.primal_violation <= plan.check.tolerance
    assert begun == []
