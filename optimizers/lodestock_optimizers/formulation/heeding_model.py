"""A Pyomo model whose making and compiling can be stopped.

Pyomo has no hook for that. Owns the two places where it can be asked whether to go on: before a component is added, and
between the rows that a compiler reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyomo.environ as pyo

from lodestock_optimizers.formulation.declaring import Declaration
from lodestock_optimizers.watch import Timekeeper


class HeedingModel(pyo.ConcreteModel):  # type: ignore[misc]
    """A model that heeds caller and clock while it grows and while it is read; see `Timekeeper.heed`."""

    def __init__(self, name: str, keeper: Timekeeper) -> None:
        super().__init__(name=name)
        self.keeper = keeper

    def __setattr__(self, name: str, val: Any) -> None:
        super().__setattr__(name, val.in_pyomo() if isinstance(val, Declaration) else val)

    def add_component(self, name: str, val: Any) -> None:
        """Add a component."""
        self.keeper.heed()
        super().add_component(name, val)

    def component_data_objects(self, *args: Any, **options: Any) -> Iterator[Any]:
        """Every element of a kind of component."""
        return self.keeper.heeding(super().component_data_objects(*args, **options))
