"""A Pyomo model as sparse arrays, with the way back from a column or row to its name.

Owns the compilation (templates expanded by Pyomo's own standard-form compiler) and the lookup by component name. Knows
neither the meaning of the model nor the solver.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.watch import Timekeeper, unlimited


@dataclass(frozen=True, slots=True)
class Family:
    """The columns of one variable, or the rows of one constraint: their indices (k, dims) and positions (k,)."""

    index: Ints
    position: Ints

    def __len__(self) -> int:
        return len(self.position)

    def spread(self, values: Floats, *shape: int) -> Floats:
        """An array of `shape` with the family's entries of `values` at their indices, 0 elsewhere."""
        result = np.zeros(shape)
        if len(self):
            result[tuple(self.index.T)] = values[self.position]
        return result


@dataclass(frozen=True)
class LinearArrays:
    """minimise cost·x + offset, row_lower ≤ A·x ≤ row_upper, lower ≤ x ≤ upper, x whole where `integer` says so.

    `integer` holds the positions of the columns that must be whole numbers.
    """

    matrix: sparse.csc_array
    cost: Floats
    offset: float
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    columns: dict[str, Family]
    rows: dict[str, Family]
    integer: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        rows, columns = self.matrix.shape
        return int(rows), int(columns)


def compile_model(model: pyo.ConcreteModel, keeper: Timekeeper | None = None) -> LinearArrays:
    """Compiles a linear Pyomo model into arrays.

    Args:
        model: A model whose constraints are linear and not ranged.
        keeper: Whom to ask whether to go on. None: nobody.

    Returns:
        The arrays, with one `Family` a variable and a constraint, by name.

    Raises:
        Stopped: Caller or clock say so.
    """
    heeding = (keeper or unlimited()).heeding
    with _quiet_templates():
        form = LinearStandardFormCompiler().write(model, mixed_form=True)
    matrix = sparse.csc_array(form.A)
    matrix.sum_duplicates()
    bounds = [column.bounds for column in heeding(form.columns)]
    sense = np.fromiter((row.bound_type for row in form.rows), dtype=np.int64, count=len(form.rows))
    rhs = np.asarray(form.rhs, dtype=np.float64)
    whole = [i for i, column in enumerate(heeding(form.columns)) if column.is_integer()]
    return LinearArrays(
        matrix=matrix,
        cost=np.asarray(form.c.todense(), dtype=np.float64).ravel(),
        offset=float(form.c_offset[0]),
        lower=np.array([-np.inf if lower is None else lower for lower, _ in bounds], dtype=np.float64),
        upper=np.array([np.inf if upper is None else upper for _, upper in bounds], dtype=np.float64),
        row_lower=np.where(sense <= 0, rhs, -np.inf),
        row_upper=np.where(sense >= 0, rhs, np.inf),
        columns=_families(heeding(form.columns)),
        rows=_families(row.constraint for row in heeding(form.rows)),
        integer=np.array(whole, dtype=np.int64),
    )


@contextmanager
def _quiet_templates() -> Iterator[None]:
    """Pyomo 6.10's template code calls a method that Pyomo 6.10 deprecates, and says so to whoever compiles first."""
    logger = logging.getLogger("pyomo.core.base.param")

    def drop(record: logging.LogRecord) -> bool:
        return "sparse_iteritems" not in record.getMessage()

    logger.addFilter(drop)
    try:
        yield
    finally:
        logger.removeFilter(drop)


def _families(components: Iterable[Any]) -> dict[str, Family]:
    found: dict[int, tuple[str, list[tuple[int, ...]], list[int]]] = {}
    for position, data in enumerate(components):
        parent = data.parent_component()
        entry = found.get(id(parent))
        if entry is None:
            entry = found[id(parent)] = (parent.local_name, [], [])
        index = data.index()
        entry[1].append(index if isinstance(index, tuple) else (index,))
        entry[2].append(position)
    return {name: Family(np.array(index, dtype=np.int64), np.array(at)) for name, index, at in found.values()}
