"""The oracle sees one wrong figure in the product's own arrays: a limit, coefficient, bound or cost of each family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pyomo.environ import ConcreteModel

from lodestock_optimizers import planner
from lodestock_optimizers.arrays import LinearArrays, compile_model
from lodestock_optimizers.problem import (
    SourcingProblem,
)
from tests.oracle.agreement import disagreement
from tests.oracle.model import solve
from tests.oracle.planted import PLANTED, base

ROWS: dict[str, str] = {
    # family of rows in the product, the planted problem in which it binds
    "delivery": "unit price",
    "delivery_most": "unit price",
    "delivery_least": "take or pay",
    "capacity": "capacity of contract and spot together",
    "balance": "demand",
    "stock_first": "opening stock",
    "stock_next": "loss",
    "floor": "floor",
    "closing": "closing stock",
    "rule_at_most": "share cap of demand",
    "rule_at_least": "share floor of demand",
    "budget": "budget",
    "reserves": "reserves",
}
BOUNDS: dict[str, str] = {
    "q": "capacity",
    "z": "spot capacity",
    "u": "shortage cost of the next tier",
    "g": "most into stock",
    "e": "most out of stock",
    "I": "storage capacity",
}
COSTS: dict[str, str] = {
    "q": "reservation fee",
    "y": "unit price",
    "z": "spot premium",
    "u": "shortage cost",
    "x": "disposal cost",
    "I": "holding cost",
    "below_floor": "floor shortfall cost",
    "below_closing": "closing shortfall cost",
}


Plant = Callable[[LinearArrays, int], None]


def _seen(monkeypatch: pytest.MonkeyPatch, problem: SourcingProblem, plant: Plant) -> bool:
    """Whether an error planted at some place of the product's arrays is seen; places are tried in turn."""
    found = solve(problem)
    assert disagreement(planner.optimize(problem), found) == ""
    for place in range(40):

        def compile_wrongly(model: ConcreteModel, *keeper: Any, place: int = place) -> LinearArrays:
            arrays = compile_model(model, *keeper)
            plant(arrays, place)
            return arrays

        with monkeypatch.context() as patch:
            patch.setattr(planner, "compile_model", compile_wrongly)
            try:
                if disagreement(planner.optimize(problem), found):
                    return True
            except IndexError:
                return False
    return False


@pytest.mark.parametrize("family", ROWS)
def test_wrong_limit_of_one_row_is_seen(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def plant(arrays: LinearArrays, place: int) -> None:
        row = arrays.rows[family].position[place]
        arrays.row_lower[row] += 0.25
        arrays.row_upper[row] += 0.25

    assert _seen(monkeypatch, PLANTED[ROWS[family]][0](base()), plant)


@pytest.mark.parametrize("family", ROWS)
def test_wrong_coefficient_of_one_row_is_seen(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def plant(arrays: LinearArrays, place: int) -> None:
        rows = np.flatnonzero(np.isin(arrays.matrix.indices, arrays.rows[family].position))
        arrays.matrix.data[rows[place]] *= 1.05

    assert _seen(monkeypatch, PLANTED[ROWS[family]][0](base()), plant)


@pytest.mark.parametrize("family", BOUNDS)
def test_wrong_bound_of_one_column_is_seen(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def plant(arrays: LinearArrays, place: int) -> None:
        column = arrays.columns[family].position[place]
        arrays.upper[column] *= 1.02

    assert _seen(monkeypatch, PLANTED[BOUNDS[family]][0](base()), plant)


@pytest.mark.parametrize("family", COSTS)
def test_wrong_cost_of_one_column_is_seen(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def plant(arrays: LinearArrays, place: int) -> None:
        arrays.cost[arrays.columns[family].position[place]] *= 1.02

    assert _seen(monkeypatch, PLANTED[COSTS[family]][0](base()), plant)
