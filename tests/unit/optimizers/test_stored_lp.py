"""The model says today what it said when its LP files were read and stored, whatever the order of rows and columns."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lodestock_optimizers import formulation
from lodestock_optimizers.formulation import arrays_of, formulate
from lodestock_optimizers.solving.arrays import LinearArrays
from tests.pyomo_arrays import compile_model
from tests.unit.optimizers.named_arrays import difference
from tests.unit.optimizers.stored_lp import FOLDER, instances, stored


def stated(case: str) -> LinearArrays:
    return arrays_of(instances()[case])


@pytest.mark.parametrize("case", instances())
def test_the_model_is_the_one_that_is_stored(case: str) -> None:
    assert difference(stated(case), stored(case)) == ""


@pytest.mark.parametrize("case", instances())
def test_pyomos_model_is_the_one_that_is_stored(case: str) -> None:
    assert difference(compile_model(formulate(instances()[case])), stored(case)) == ""


def test_a_wrong_figure_of_any_kind_is_seen() -> None:
    right = stated("stock")
    cost, upper, side, matrix = right.cost.copy(), right.upper.copy(), right.row_lower.copy(), right.matrix.copy()
    cost[right.columns["I"].position[0]] += 1e-6
    upper[right.columns["g"].position[1]] = 31.0
    side[right.rows["closing"].position[0]] = 16.0
    matrix.data[0] *= 1.001
    for wrong, what in (
        (replace(right, cost=cost), "cost"),
        (replace(right, upper=upper), "upper"),
        (replace(right, row_lower=side), "row_upper"),
        (replace(right, matrix=matrix), "coefficients"),
    ):
        assert difference(right, stored("stock")) == ""
        assert difference(wrong, stored("stock")) == what


def families() -> Iterator[str]:
    """The families of columns and rows that the formulation states, read from its text."""
    for path in sorted(Path(formulation.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name("add_rows"), args=[_, ast.Constant(name), *_]):
                    yield str(name)
                case ast.Assign(
                    targets=[ast.Attribute(attr=name)], value=ast.Call(func=ast.Attribute(ast.Name("pyo"), "Var"))
                ):
                    yield name


def test_every_family_of_columns_and_rows_is_in_a_stored_file() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.lp")))
    found = set(re.findall(r"\b([a-zA-Z_]+)\(", texts))
    assert {"q", "balance", "footprint_cap", "w", "tier_most"} <= set(families())
    assert set(families()) <= found


def test_there_is_no_file_without_a_problem() -> None:
    assert {path.stem for path in FOLDER.glob("*.lp")} == set(instances())
