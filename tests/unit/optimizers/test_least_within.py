"""The least of a quantity among plans that cost little more, found by its price, is that under a row that says so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.compiled import compile_problem
from lodestock_optimizers.explanation.extremes import least_within
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.solving.arrays import with_row
from lodestock_optimizers.solving.resolving import ArrayChange, WarmModel
from lodestock_optimizers.watch import unlimited
from tests.oracle.problems import unshrunk
from tests.unit.optimizers.problems import problem, source
from tests.unit.optimizers.test_resolving import LINEAR


@unshrunk(25)
@given(LINEAR, st.sampled_from((1e-4, 0.01, 0.5)), st.sampled_from(("q", "y", "I", "u")), st.integers(0, 1_000_000))
def test_by_price_as_by_row(stated: SourcingProblem, increase: float, name: str, seed: int) -> None:
    compiled = compile_problem(stated)
    arrays, model = compiled.arrays, WarmModel(compiled.arrays)
    best = model.solve()
    if best.status is not PlanStatus.OPTIMAL or name not in arrays.columns:
        return
    at = arrays.columns[name].position
    chosen = np.random.default_rng(seed).choice(at, max(1, len(at) // 3), replace=False)
    room = increase * abs(best.objective)
    for sign in (1.0, -1.0):
        quantity = np.zeros_like(arrays.cost)
        quantity[chosen] = sign
        found = least_within(compiled.answer(best), model, quantity, room, unlimited())
        most = float(arrays.cost @ best.column_value) + room
        held = WarmModel(with_row(arrays, arrays.cost, -np.inf, most)).solve(ArrayChange(cost=quantity))
        assert held.status is PlanStatus.OPTIMAL
        least = float(quantity @ held.column_value)
        size = max(abs(least), abs(float(quantity @ best.column_value)), 1.0)
        assert found == pytest.approx(least, abs=2e-6 * size)


def test_what_no_price_moves_is_at_its_least() -> None:
    """All 100 t come from the only source: fewer cost 990 USD a tonne, for which there is no room."""
    compiled = compile_problem(problem((source("COD"),)))
    model = WarmModel(compiled.arrays)
    best = compiled.answer(model.solve())
    quantity = np.zeros_like(compiled.arrays.cost)
    quantity[compiled.arrays.columns["y"].position] = 1.0
    assert least_within(best, model, quantity, 0.0, unlimited()) == pytest.approx(100.0)
    assert least_within(best, model, quantity, 990.0, unlimited()) == pytest.approx(99.0)
