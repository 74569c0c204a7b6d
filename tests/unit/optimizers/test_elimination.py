"""The model without firm deliveries has the optimum of the whole, and its plans are plans of the whole."""

from __future__ import annotations

import pytest
from hypothesis import given

from lodestock_optimizers.compiled import compile_problem
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.solving.check import TOLERANCE, primal_violation
from lodestock_optimizers.solving.elimination import without_firm_deliveries
from lodestock_optimizers.solving.resolving import WarmModel
from tests.oracle.problems import unshrunk
from tests.unit.optimizers.test_resolving import LINEAR


@unshrunk(25)
@given(LINEAR)
def test_the_smaller_model_is_the_same_model(stated: SourcingProblem) -> None:
    """Status and objective agree, levels spread to a plan that keeps every row, and every firm delivery is gone."""
    arrays = compile_problem(stated).arrays
    reduced = without_firm_deliveries(arrays)
    firm = len(arrays.rows["delivery"]) if "delivery" in arrays.rows else 0
    assert reduced.arrays.shape == (arrays.shape[0] - firm, arrays.shape[1] - firm)
    whole, small = WarmModel(arrays).solve(), WarmModel(reduced.arrays).solve()
    assert small.status is whole.status
    if whole.status is PlanStatus.OPTIMAL:
        levels = reduced.levels(small.column_value)
        assert small.objective == pytest.approx(whole.objective, rel=1e-7, abs=1e-7)
        assert arrays.cost @ levels + arrays.offset == pytest.approx(whole.objective, rel=1e-7, abs=1e-7)
        assert primal_violation(arrays, levels) <= TOLERANCE
