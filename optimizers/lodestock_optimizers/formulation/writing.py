"""How a family of columns or rows is stated, so that Pyomo can expand it from a template.

Index look-ups go through Params and Sets only, with no `if` on an index: that is what makes compiling fast (see
`lodestock_optimizers.solving.arrays`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyomo.core.base.constraint as pyomo_constraint
import pyomo.core.base.objective as pyomo_objective

from lodestock_optimizers.formulation import declaring as pyo


@contextmanager
def templates() -> Iterator[None]:
    """Lets Pyomo expand constraints from templates while a model is built, and leaves its global switches as found."""
    before = pyomo_constraint.TEMPLATIZE_CONSTRAINTS, pyomo_objective.TEMPLATIZE_OBJECTIVES
    pyomo_constraint.TEMPLATIZE_CONSTRAINTS = pyomo_objective.TEMPLATIZE_OBJECTIVES = True
    try:
        yield
    finally:
        pyomo_constraint.TEMPLATIZE_CONSTRAINTS, pyomo_objective.TEMPLATIZE_OBJECTIVES = before


def pairs(values: np.ndarray) -> np.ndarray:
    """The numbers of an (N, L) array in the order of L_N: source by source."""
    return values.T.ravel()


def add_members(model: pyo.ConcreteModel, name: str, members: dict[int, Any]) -> None:
    """Adds the sets `name`[k] and `name`_spot[k]: the sources of k, and those of them that sell spot."""
    spot = set(model.SPOT)
    setattr(model, name, pyo.Set(list(members), initialize={k: list(v) for k, v in members.items()}))
    at_spot = {k: [l for l in v if l in spot] for k, v in members.items()}
    setattr(model, f"{name}_spot", pyo.Set(list(members), initialize=at_spot))


def deliveries(model: pyo.ConcreteModel, name: str, k: Any, n: Any) -> Any:
    """Σ (y + z) at node n over the sources of `name`[k]."""
    under_contract = sum(model.y[l, n] for l in getattr(model, name)[k])
    if not model.SPOT:
        return under_contract
    return under_contract + sum(model.z[l, n] for l in getattr(model, f"{name}_spot")[k])


def weighed_deliveries(model: pyo.ConcreteModel, name: str, weight: Any, k: Any, n: Any) -> Any:
    """Σ weight[k, l]·(y + z) at node n over the sources of `name`[k]."""
    under_contract = sum(weight[k, l] * model.y[l, n] for l in getattr(model, name)[k])
    if not model.SPOT:
        return under_contract
    return under_contract + sum(weight[k, l] * model.z[l, n] for l in getattr(model, f"{name}_spot")[k])


def add_rows(model: pyo.ConcreteModel, name: str, index: pyo.Set, rule: Callable[..., Any]) -> None:
    """Adds a family of constraints, unless it has no member: Pyomo cannot make a template of nothing."""
    if index:
        setattr(model, name, pyo.Constraint(index, rule=rule))
