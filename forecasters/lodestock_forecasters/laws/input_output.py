"""Demand for materials through all stages of an economy: Leontief's model with rows in tonnes.

With A the inputs of each sector per unit of its output and f the final demand, the output of all sectors is
x = (I − A)⁻¹ f. Sectors may have units of their own: a row in tonnes over columns in money holds tonnes per money (the
hybrid table), so that x of that row is the demand for the material in tonnes. Column k of the inverse times f_k is what
the final demand for sector k asks of every sector, direct and through its suppliers.

Source: Leontief 1936, Review of Economics and Statistics 18(3); hybrid rows: Bullard and Herendeen 1975, Energy Policy
3(4); Miller and Blair 2009, Input–Output Analysis, 2nd ed., chapters 2 and 9; productive tables: Hawkins and Simon
1949, Econometrica 17(3/4).
"""

from __future__ import annotations

import numpy as np

from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.series import FloatArray

MOST_REQUIREMENTS = 1e9
"""Largest entry of the inverse that is believed; a table that nears it makes next to nothing beyond its own inputs."""


def requirements(coefficients: FloatArray) -> FloatArray:
    """Return (I − A)⁻¹: output of each row's sector per unit of final demand for each column's, shape (n, n), ≥ 0.

    Args:
        coefficients: A, input of row i per unit of output of column j, in their units, shape (n, n), ≥ 0.

    Raises:
        ModelFailed: sectors together use up more than they make.
    """
    n = len(coefficients)
    if float(np.abs(np.linalg.eigvals(coefficients)).max(initial=0.0)) >= 1.0:
        raise ModelFailed("the sectors use up as much as they make or more, so that no output meets a final demand")
    try:
        inverse = np.linalg.solve(np.eye(n) - coefficients, np.eye(n))
    except np.linalg.LinAlgError as error:
        raise ModelFailed("the sectors use up all that they make, so that no output meets a final demand") from error
    if not bool(np.isfinite(inverse).all()) or float(inverse.max(initial=0.0)) > MOST_REQUIREMENTS:
        raise ModelFailed("the sectors use up nearly all that they make, so that outputs are beyond all bounds")
    # The inverse of a productive table has no negative entry; rounding may leave a trace of one.
    return np.asarray(np.maximum(inverse, 0.0), dtype=np.float64)


def material_by_final_demand(inverse: FloatArray, row: int, final_demand: FloatArray) -> FloatArray:
    """Return the demand for one sector's output by the sector whose final demand asks for it, shape (n, t).

    Args:
        inverse: as `requirements` gives it, shape (n, n).
        row: of the sector asked after, such as a material.
        final_demand: by sector and year, shape (n, t), ≥ 0.
    """
    return np.asarray(inverse[row][:, None] * final_demand, dtype=np.float64)
