"""What is found on the way is true: every bound is below the oracle's optimum, every plan on the way above it.

And every plan on the way can be carried out, and is told at the limit of the solver with its bound.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from hypothesis import given

from lodestock_optimizers.formulation import formulate
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.check import check_answer
from lodestock_optimizers.solving.decomposition import Decomposition
from lodestock_optimizers.solving.highs import Solver
from lodestock_optimizers.solving.incumbents import Search
from lodestock_optimizers.solving.race import solve as race
from lodestock_optimizers.trade_rules import rule_rows
from lodestock_optimizers.watch import Stage, unlimited
from tests.oracle.model import Optimum, solve
from tests.oracle.planted import base
from tests.oracle.problems import problems, unshrunk
from tests.pyomo_arrays import compile_model

MOST_STEPS = 40


def begun(problem: SourcingProblem) -> tuple[LinearArrays, Search]:
    instance = Instance(problem)
    rows = rule_rows(instance)
    arrays = compile_model(formulate(instance, rows))
    return arrays, Search(instance, rows, arrays)


def assert_true_so_far(search: Search, optimum: Optimum) -> None:
    if not optimum.feasible:
        assert search.incumbent is None
        return
    slack = 1e-6 * (1 + abs(optimum.objective))
    assert search.bound.value <= optimum.objective + slack
    assert search.incumbent is None or search.incumbent.objective >= optimum.objective - slack


@unshrunk(100)
@given(problems())
def test_bounds_and_plans_on_the_way_hold_the_oracles_optimum(problem: SourcingProblem) -> None:
    optimum = solve(problem)
    arrays, search = begun(problem)
    for _ in itertools.islice(search.steps(), MOST_STEPS):
        assert_true_so_far(search, optimum)
    stopped = race(Solver(arrays, time_limit_s=0.0), unlimited(), Stage.SOLVING, search)
    # Presolve alone may solve a small model, or say that it has no plan.
    if stopped.status is PlanStatus.FEASIBLE:
        check = check_answer(arrays, stopped)
        assert check.primal_violation <= check.tolerance
        assert check.dual_violation <= check.tolerance
        assert stopped.bound == search.bound.value
    elif stopped.status is PlanStatus.NO_PLAN_FOUND:
        assert search.incumbent is None


@unshrunk(100)
@given(problems())
def test_only_rows_of_shared_room_tie_materials(problem: SourcingProblem) -> None:
    # A tail ties all materials, and is never cut.
    problem = replace(problem, tail_weight=0.0)
    instance = Instance(problem)
    rows = rule_rows(instance)
    arrays = compile_model(formulate(instance, rows))
    parts = Decomposition(instance, rows, arrays)
    assert np.isfinite(parts.capacity).all()
    assert np.isneginf(arrays.row_lower[parts.tying]).all()
    assert (parts.use.data >= 0).all()
    free = [parts.priced(m, np.zeros(len(parts.tying))) for m in range(parts.count)]
    owned = np.concatenate([parts.tying, *(part.rows for part in free)])
    assert sorted(owned) == list(range(arrays.shape[0]))
    assert sorted(np.concatenate([part.columns for part in free])) == list(range(arrays.shape[1]))


@unshrunk(200)
@given(problems())
def test_the_plan_that_buys_nothing_is_found_where_there_is_one(problem: SourcingProblem) -> None:
    arrays, search = begun(problem)
    upper, row_lower, row_upper = arrays.upper.copy(), arrays.row_lower.copy(), arrays.row_upper.copy()
    for name in {"q", "z", "g"} & arrays.columns.keys():
        # What the book has signed is all that there is, and none of it is stored.
        upper[arrays.columns[name].position] = arrays.lower[arrays.columns[name].position]
    if "delivery_least" in arrays.rows:
        # Of the book no more is taken than must be.
        row_lower[arrays.rows["delivery_least"].position] = 0.0
        row_upper[arrays.rows["delivery_least"].position] = 0.0
    solution = Solver(replace(arrays, upper=upper, row_lower=row_lower, row_upper=row_upper)).solve()
    plan = search.best()
    assert (plan is not None) == (solution.status is PlanStatus.OPTIMAL)
    if plan is not None:
        assert plan.objective >= solution.objective - 1e-6 * (1 + abs(solution.objective))
        assert (plan.values <= upper).all()


def test_the_search_comes_close_where_a_budget_and_quotas_tie_materials() -> None:
    optimum = solve(base())
    _, search = begun(base())
    search.run()
    assert search.incumbent is not None
    assert search.incumbent.objective <= optimum.objective * 1.01
    assert search.bound.value >= optimum.objective * 0.9


def test_the_steps_are_the_same_every_time() -> None:
    def told() -> list[tuple[float | None, float]]:
        _, search = begun(base())
        return [
            (search.incumbent.objective if search.incumbent else None, search.bound.value)
            for _ in itertools.islice(search.steps(), MOST_STEPS)
        ]

    assert told() == told()
