"""The optima of a solved model as a model of their own, to choose among them by something else."""

from __future__ import annotations

import numpy as np

from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.highs import Solution
from lodestock_optimizers.solving.resolving import ArrayChange

NO_PRICE = 1e-7
"""A dual below this is the solver's rounding: its tolerance."""


def optimal_face(arrays: LinearArrays, solution: Solution) -> ArrayChange:
    """Holds every column and row that has a price at the limit that the price belongs to.

    By complementary slackness what then remains possible is what is optimal, exactly; a row "cost at most the optimum"
    would say the same, but as tightly as it must be no solver keeps it well.
    """
    lower, upper = _held(solution.column_dual, arrays.lower, arrays.upper)
    row_lower, row_upper = _held(solution.row_dual, arrays.row_lower, arrays.row_upper)
    return ArrayChange(lower=lower, upper=upper, row_lower=row_lower, row_upper=row_upper)


def _held(dual: Floats, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """The limits, drawn together at the side that the dual belongs to: a positive one belongs to the lower limit."""
    at_lower = (dual > NO_PRICE) & np.isfinite(lower)
    at_upper = (dual < -NO_PRICE) & np.isfinite(upper)
    return np.where(at_upper, upper, lower), np.where(at_lower, lower, upper)
