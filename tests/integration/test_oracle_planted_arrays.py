"""The oracle sees one wrong figure in the product's own arrays: a limit, coefficient, bound or cost of each family."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lodestock_optimizers import planner
from lodestock_optimizers.formulation import arrays_of
from lodestock_optimizers.problem import (
    SourcingProblem,
)
from lodestock_optimizers.solving.arrays import LinearArrays
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
    "footprint_cap": "footprint cap",
    "standing_sum": "most capacity built",
    "contract_most": "most capacity built",
    "order_most": "fixed cost beyond what it saves",
    "order_least": "least order",
    "path_cost_first": "tail weight",
    "path_cost_next": "tail weight",
    "tail": "tail weight",
}
BOUNDS: dict[str, str] = {
    "q": "capacity",
    "z": "spot capacity",
    "u": "shortage cost of the next tier",
    "g": "most into stock",
    "e": "most out of stock",
    "I": "storage capacity",
    "w": "share of a substitution",
    "standing": "most capacity built",
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
    "w": "cost of a substitution",
    "standing": "capital of an expansion",
    "b": "fixed cost",
    "threshold": "tail weight",
    "over": "tail weight",
}


Plant = Callable[[LinearArrays, int], None]


def _seen(monkeypatch: pytest.MonkeyPatch, problem: SourcingProblem, plant: Plant) -> bool:
    """Whether an error planted at some place of the product's arrays is seen; places are tried in turn."""
    found = solve(problem)
    assert disagreement(planner.optimize(problem), found) == ""
    for place in range(40):
        planted = False

        def compile_wrongly(*of: Any, place: int = place) -> LinearArrays:
            nonlocal planted
            arrays = arrays_of(*of)
            # A part of the problem may have no such family, or less of it.
            with contextlib.suppress(KeyError, IndexError):
                plant(arrays, place)
                planted = True
            return arrays

        with monkeypatch.context() as patch:
            patch.setattr(planner, "arrays_of", compile_wrongly)
            if disagreement(planner.optimize(problem), found):
                return True
        if not planted:
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
