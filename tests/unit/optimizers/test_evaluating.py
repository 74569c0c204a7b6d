"""The rules run over all keys at once give the model that Pyomo gives when it expands them one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from lodestock_optimizers.formulation import arrays_of, formulate
from lodestock_optimizers.formulation import declaring as pyo
from lodestock_optimizers.formulation.evaluating import ArrayModel
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.watch import unlimited
from tests.oracle.problems import problems, unshrunk
from tests.pyomo_arrays import compile_model
from tests.unit.optimizers.named_arrays import difference


@unshrunk(40)
@given(problems())
def test_the_arrays_are_those_that_pyomo_compiles(problem: SourcingProblem) -> None:
    instance = Instance(problem)
    assert difference(arrays_of(instance), compile_model(formulate(instance))) == ""


def small(rule: Any) -> LinearArrays:
    """A model of x[i] and y[i, j] with one family of rows."""
    model: Any = ArrayModel(unlimited())
    model.I = pyo.Set(initialize=[1, 3])
    model.PAIRS = pyo.Set(initialize=[(1, 0), (1, 1), (3, 1)], dimen=2)
    model.of = pyo.Set(model.I, initialize={1: [0, 1], 3: [1]})
    model.price = pyo.Param(model.PAIRS, initialize={(1, 0): 2.0, (1, 1): 3.0, (3, 1): 5.0})
    model.most = pyo.Param(model.I, initialize={1: 10.0, 3: 20.0})
    model.x = pyo.Var(model.I, bounds=lambda _, i: (0, i))
    model.y = pyo.Var(model.PAIRS, bounds=(0, None))
    model.limit = pyo.Constraint(model.I, rule=rule)
    model.cost = pyo.Objective(rule=lambda b: sum(b.price[i, j] * b.y[i, j] for i, j in b.PAIRS) + 7.0)
    found: LinearArrays = model.arrays()
    return found


def test_a_sum_over_members_is_one_of_each_row() -> None:
    arrays = small(lambda b, i: b.x[i] - sum(b.price[i, j] * b.y[i, j] for j in b.of[i]) <= b.most[i])
    assert arrays.matrix.toarray().tolist() == [[1.0, 0.0, -2.0, -3.0, 0.0], [0.0, 1.0, 0.0, 0.0, -5.0]]
    assert arrays.row_upper.tolist() == [10.0, 20.0]
    assert np.isneginf(arrays.row_lower).all()
    assert arrays.cost.tolist() == [0.0, 0.0, 2.0, 3.0, 5.0]
    assert arrays.offset == 7.0
    assert arrays.upper.tolist() == [1.0, 3.0, np.inf, np.inf, np.inf]


def test_a_loop_within_a_loop_counts_every_pair() -> None:
    arrays = small(lambda b, i: sum(sum(b.x[i] for _ in b.of[i]) for _ in b.I) >= 1)
    assert arrays.matrix.toarray()[:, :2].tolist() == [[4.0, 0.0], [0.0, 2.0]]


@pytest.mark.parametrize(
    ("rule", "lower", "upper"),
    [
        (lambda b, i: b.x[i] + 1 == 3, 2.0, 2.0),
        (lambda b, i: 2 * b.x[i] >= b.x[i] + 3, 3.0, np.inf),
        (lambda b, i: 5 - b.x[i] <= b.most[i] * 0.1, -np.inf, -4.0),
    ],
)
def test_what_stands_on_either_side_comes_to_the_right(rule: Any, lower: float, upper: float) -> None:
    arrays = small(rule)
    assert (arrays.row_lower[0], arrays.row_upper[0]) == (lower, upper)


def test_what_is_not_there_cannot_be_looked_up() -> None:
    with pytest.raises(KeyError):
        small(lambda b, i: b.y[i, 0] <= 1)


def test_what_a_loop_found_is_of_no_use_outside_of_it() -> None:
    kept: list[Any] = []

    def members(b: Any, i: Any) -> Iterator[Any]:
        for j in b.of[i]:
            kept.append(j)
            yield b.y[i, j]

    with pytest.raises(ValueError, match="outside"):
        small(lambda b, i: sum(members(b, i)) + b.y[i, kept[0]] <= 1)
