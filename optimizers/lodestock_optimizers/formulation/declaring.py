"""Sets, numbers, columns and rows as the modules of the formulation declare them, before a model takes them in.

A declaration says what Pyomo's component of the same name says, with the same arguments. What becomes of it is up to
the model that it is assigned to: Pyomo's own component (`heeding_model`), or arrays at once (`formulation.evaluating`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import pyomo.environ

ConcreteModel: TypeAlias = Any
"""Any model that takes declarations."""

Binary = pyomo.environ.Binary
"""The domain of what is chosen or not."""


class Declaration:
    """What is to be in a model; `realised` is what the model made of it."""

    def __init__(self, *index: Any, **options: Any) -> None:
        self.index, self.options = index, options
        self.realised: Any = None

    @property
    def kind(self) -> str:
        """Name of Pyomo's component."""
        return type(self).__name__

    def taken(self) -> tuple[Any, ...]:
        """The index, with what the model made of its own declarations."""
        return tuple(i.realised if isinstance(i, Declaration) else i for i in self.index)

    def in_pyomo(self) -> Any:
        """Pyomo's component."""
        self.realised = getattr(pyomo.environ, self.kind)(*self.taken(), **self.options)
        return self.realised


class Set(Declaration):
    """Set(initialize=members, dimen=numbers in each), or Set(keys, initialize={key: members})."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self.options["initialize"])

    def __len__(self) -> int:
        return len(self.options["initialize"])


class Param(Declaration):
    """Param(index, initialize={key: value}), or with an array of the values in the order of the index."""

    def in_pyomo(self) -> Any:
        """Pyomo's component."""
        (index,), values = self.taken(), self.options["initialize"]
        if isinstance(values, np.ndarray):
            values = dict(zip(index, values.tolist(), strict=True))
        self.realised = pyomo.environ.Param(index, initialize=values)
        return self.realised


class Var(Declaration):
    """Var(index, bounds=(lower, upper) or a function of model and key, domain=Binary or none).

    In place of `bounds` each may be given, in the order of the index: `upper`, and `lower`, else 0.
    """

    def in_pyomo(self) -> Any:
        """Pyomo's component."""
        index, upper, options = self.taken()[0], self.options.get("upper"), dict(self.options)
        if upper is not None:
            lower = options.pop("lower", None)
            lower = np.zeros(len(upper)) if lower is None else lower
            options.pop("upper")
            pairs = zip(np.asarray(lower).tolist(), np.asarray(upper).tolist(), strict=True)
            limits = dict(zip(index, pairs, strict=True))
            options["bounds"] = lambda _, *key: limits[key if len(key) > 1 else key[0]]
        self.realised = pyomo.environ.Var(*self.taken(), **options)
        return self.realised


class Constraint(Declaration):
    """Constraint(index, rule=function of model and key)."""


class Objective(Declaration):
    """Objective(rule=function of the model)."""
