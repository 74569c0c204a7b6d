"""Solving again from the basis gives what solving afresh gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.compiled import compile_problem
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.parts.lifting import side_by_side
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.solving.arrays import with_row
from lodestock_optimizers.solving.resolving import ArrayChange, WarmModel, solve_side_by_side
from lodestock_optimizers.watch import Stopped, Timekeeper, Unwatched
from tests.oracle.problems import problems, unshrunk
from tests.unit.optimizers.problems import problem, source, worked_toy

STEPS_LEFT = 3
"""Steps that rounding may leave at a joined basis."""

LINEAR = problems().filter(lambda stated: not Instance(stated).ordered)


def random_change(stated: SourcingProblem, seed: int) -> tuple[WarmModel, ArrayChange]:
    """A model and a change of a few of its costs, bounds and limits."""
    arrays = compile_problem(stated).arrays
    random = np.random.default_rng(seed)
    rows, columns = arrays.shape
    hit, hit_rows = random.random(columns) < 0.2, random.random(rows) < 0.1
    upper, limit = arrays.upper.copy(), arrays.row_upper.copy()
    upper[hit & np.isfinite(upper)] *= random.choice((0.0, 0.5, 2.0))
    limit[hit_rows & np.isfinite(limit)] *= 1.5
    equal = arrays.row_lower == arrays.row_upper
    change = ArrayChange(
        cost=arrays.cost * np.where(random.random(columns) < 0.3, random.choice((0.0, 0.5, 2.0), columns), 1.0),
        upper=np.maximum(upper, arrays.lower),
        row_lower=np.where(equal, limit, arrays.row_lower),
        row_upper=np.maximum(limit, np.where(equal, limit, arrays.row_lower)),
    )
    return WarmModel(arrays), change


@unshrunk(25)
@given(LINEAR, st.integers(0, 1_000_000))
def test_a_changed_model_has_the_optimum_that_it_has_afresh(stated: SourcingProblem, seed: int) -> None:
    """Base, changed, base again: each time the status and the objective of a solve from scratch."""
    model, change = random_change(stated, seed)
    base = model.solve()
    changed = model.solve(change)
    again = model.solve()
    fresh = WarmModel(change.of(model.arrays)).solve()
    assert (changed.status, again.status) == (fresh.status, base.status)
    for one, other in ((changed, fresh), (again, base)):
        if one.status is PlanStatus.OPTIMAL:
            assert one.objective == pytest.approx(other.objective, rel=1e-6, abs=1e-6)


@unshrunk(10)
@given(LINEAR)
def test_an_added_row_stays(stated: SourcingProblem) -> None:
    """A row that halves the objective's greatest part holds in every later solve, with a change or without one."""
    arrays = compile_problem(stated).arrays
    model = WarmModel(arrays)
    first = model.solve()
    if first.status is not PlanStatus.OPTIMAL:
        return
    row = model.add_row(np.ones(arrays.shape[1]), -np.inf, float(first.column_value.sum()) * 0.9 + 1.0)
    assert row == arrays.shape[0]
    for change in (None, ArrayChange(cost=arrays.cost * 2.0)):
        found = model.solve(change)
        if found.status is PlanStatus.OPTIMAL:
            assert found.column_value.sum() <= first.column_value.sum() * 0.9 + 1.0 + 1e-6
            assert found.row_dual.shape == (row + 1,)


def test_coefficients_may_change_too() -> None:
    """Arrays of the same shape with other coefficients, few of them and all of them, are solved as they are."""
    arrays = compile_problem(worked_toy()).arrays
    model = WarmModel(arrays)
    model.solve()
    for factor in (0.5, 1.0):
        matrix = arrays.matrix.copy()
        at = arrays.columns["q"].position[0]
        first, last = matrix.indptr[at], matrix.indptr[at + 1]
        matrix.data[first:last] *= factor
        other = type(arrays)(**{**vars(arrays), "matrix": matrix})
        assert model.solve_as(other).objective == pytest.approx(WarmModel(other).solve().objective, rel=1e-9)
    with pytest.raises(ValueError, match="rows and columns"):
        model.solve_as(compile_problem(problem((source("COD"),))).arrays)


@unshrunk(6)
@given(LINEAR, LINEAR, st.integers(0, 1_000_000))
def test_models_side_by_side_have_the_optima_that_they_have_alone(
    one: SourcingProblem, other: SourcingProblem, seed: int
) -> None:
    models, changes = zip(*(random_change(stated, seed) for stated in (one, other, one)), strict=True)
    arrays = [change.of(model.arrays) for model, change in zip(models, changes, strict=True)]
    together = solve_side_by_side(models, arrays)
    alone = [WarmModel(own).solve() for own in arrays]
    assert [found.status for found in together] == [found.status for found in alone]
    for found, expected in zip(together, alone, strict=True):
        if expected.status is PlanStatus.OPTIMAL:
            assert found.objective == pytest.approx(expected.objective, rel=1e-6, abs=1e-6)


@unshrunk(6)
@given(LINEAR, LINEAR)
def test_the_optima_of_parts_are_a_start_for_both_together(one: SourcingProblem, other: SourcingProblem) -> None:
    """Their joined basis is optimal for the model of both: no step is left, with an open row below them or without."""
    parts = [compile_problem(stated).arrays for stated in (one, other)]
    models = [WarmModel(arrays) for arrays in parts]
    if any(found.status is not PlanStatus.OPTIMAL for found in solve_side_by_side(models, parts)):
        return
    both = side_by_side(parts)
    joint = WarmModel(with_row(both, np.ones(both.shape[1]), -np.inf, np.inf))
    joint.start_from_parts([model.basis for model in models])
    found = joint.solve()
    assert found.objective == pytest.approx(sum(m.solve().objective for m in models), rel=1e-6, abs=1e-6)
    assert found.iterations <= STEPS_LEFT


def test_caller_and_clock_end_a_solve() -> None:
    """A cancelled solve raises, and so does one without time."""

    class Impatient(Unwatched):
        def cancelled(self) -> bool:
            return True

    model = WarmModel(compile_problem(worked_toy()).arrays)
    impatient = Timekeeper(lambda: 0.0, None, Impatient())
    for run in (
        lambda: model.solve(keeper=impatient),
        lambda: solve_side_by_side([model], [model.arrays], impatient),
    ):
        with pytest.raises(Stopped) as cancelled:
            run()
        assert cancelled.value.status is PlanStatus.CANCELLED
    seconds = iter((0.0, *[5.0] * 100))
    with pytest.raises(Stopped) as late:
        model.solve(keeper=Timekeeper(lambda: next(seconds), 1.0, Unwatched()))
    assert late.value.status is PlanStatus.NO_PLAN_FOUND
    assert model.solve().status is PlanStatus.OPTIMAL
