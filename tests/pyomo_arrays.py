"""A Pyomo model as the arrays that the optimiser solves, by Pyomo's own standard-form compiler.

The second way from the formulation to the arrays: `arrays_of` is the first, and must agree with it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

from lodestock_optimizers.solving.arrays import Family, LinearArrays


def compile_model(model: pyo.ConcreteModel) -> LinearArrays:
    """Compiles a linear Pyomo model into arrays.

    Args:
        model: A model whose constraints are linear and not ranged.

    Returns:
        The arrays, with one `Family` a variable and a constraint, by name.
    """
    with _quiet_templates():
        form = LinearStandardFormCompiler().write(model, mixed_form=True)
    matrix = sparse.csc_array(form.A)
    matrix.sum_duplicates()
    bounds = [column.bounds for column in form.columns]
    sense = np.fromiter((row.bound_type for row in form.rows), dtype=np.int64, count=len(form.rows))
    rhs = np.asarray(form.rhs, dtype=np.float64)
    whole = [i for i, column in enumerate(form.columns) if column.is_integer()]
    return LinearArrays(
        matrix=matrix,
        cost=np.asarray(form.c.todense(), dtype=np.float64).ravel(),
        offset=float(form.c_offset[0]),
        lower=np.array([-np.inf if lower is None else lower for lower, _ in bounds], dtype=np.float64),
        upper=np.array([np.inf if upper is None else upper for _, upper in bounds], dtype=np.float64),
        row_lower=np.where(sense <= 0, rhs, -np.inf),
        row_upper=np.where(sense >= 0, rhs, np.inf),
        columns=_families(form.columns),
        rows=_families(row.constraint for row in form.rows),
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
