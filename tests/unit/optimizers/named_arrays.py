"""Compiled models compared by the names of their rows and columns, in whatever order these stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from lodestock_optimizers.solving.arrays import Family, LinearArrays

Name = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Named:
    """A model in the order of its names; every row is an equation or has an upper limit."""

    columns: list[Name]
    rows: list[Name]
    matrix: sparse.csr_array
    figures: dict[str, np.ndarray]


def named(arrays: LinearArrays) -> Named:
    """A model by its names."""
    # Pyomo leaves out what stands in no row and costs nothing.
    counts = (np.diff(arrays.matrix.indptr) > 0) | (arrays.cost != 0)
    columns, across = _order(arrays.columns, counts)
    rows, down = _order(arrays.rows, np.ones(arrays.shape[0], dtype=np.bool_))
    lower, upper = arrays.row_lower[down], arrays.row_upper[down]
    # a ≥ b and −a ≤ −b are one row.
    sign = np.where(np.isinf(upper), -1.0, 1.0)
    matrix = sparse.csr_array(sparse.diags_array(sign) @ sparse.csr_array(arrays.matrix)[down][:, across])
    figures = {
        "cost": arrays.cost[across],
        "lower": arrays.lower[across],
        "upper": arrays.upper[across],
        "row_upper": np.where(np.isinf(upper), -lower, upper),
        "is_equation": (lower == upper).astype(float),
        "is_whole": np.isin(across, arrays.integer).astype(float),
    }
    return Named(columns, rows, matrix, figures)


def difference(one: LinearArrays, other: LinearArrays) -> str:
    """Where two models differ; empty where they are the same but for rounding."""
    a, b = named(one), named(other)
    if a.columns != b.columns or a.rows != b.rows:
        return f"names: {set(a.columns) ^ set(b.columns)}, {set(a.rows) ^ set(b.rows)}"
    if abs(a.matrix - b.matrix).max() > 1e-9:
        return "coefficients"
    wrong = [name for name in a.figures if not np.allclose(a.figures[name], b.figures[name], rtol=1e-9, atol=1e-12)]
    return ", ".join(wrong)


def _order(families: dict[str, Family], counts: np.ndarray) -> tuple[list[Name], np.ndarray]:
    found = {
        (name, tuple(index)): position
        for name, family in families.items()
        for index, position in zip(family.index.tolist(), family.position.tolist(), strict=True)
        if counts[position]
    }
    names = sorted(found)
    return names, np.array([found[name] for name in names], dtype=np.int64)
