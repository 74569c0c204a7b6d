"""What is said to and by the process that solves a model with whole numbers.

To it: Tasks, one at a time. By it, for each: Bound and Incumbent at will, then one Ending.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestock_optimizers.solving.flat_model import FlatModel


@dataclass(frozen=True, slots=True)
class Task:
    """What to solve, after how many seconds to stop (None: no limit), and (columns,) levels to begin from, if any.

    The whole numbers of the start are tried first; it need not be a plan of this model.
    """

    model: FlatModel
    time_limit_s: float | None
    start: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """No plan costs less than this."""

    value: float


@dataclass(frozen=True, slots=True)
class Incumbent:
    """A better plan than all before: (columns,) levels, and their objective."""

    objective: float
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended, in the words of HiGHS, with the bound and the number of simplex iterations.

    `fault` is what went wrong on our side; empty where nothing did. `values` are empty where there is no plan.
    """

    status: str
    objective: float
    bound: float
    iterations: int
    values: NDArray[np.float64]
    fault: str = ""


Message = Bound | Incumbent | Ending
