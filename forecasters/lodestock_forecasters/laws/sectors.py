"""Demand from the bottom up: what each use deploys times the material in a unit of it.

    demand_t = Σ_u deployment_u,t · intensity_u,t + Σ_v tonnes_v,t

with uses u known by what they deploy (capacity, vehicles, output) and uses v by their tonnes. Between years that are
given, paths go along straight lines; beyond them nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lodestock_forecasters.series import FloatArray

KG_PER_TONNE = 1000.0


def between(known: Mapping[int, float], years: Sequence[int]) -> FloatArray:
    """Return a path's values in some years, straight lines between known ones, shape (len(years),).

    A path of a single year is a constant.

    Raises:
        KeyError: a year lies outside the known ones.
    """
    given = sorted(known)
    if len(given) > 1:
        for year in years:
            if not given[0] <= year <= given[-1]:
                raise KeyError(year)
    return np.asarray(np.interp(years, given, [known[year] for year in given]), dtype=np.float64)


def tonnes_of(deployment: FloatArray, kg_per_unit: FloatArray) -> FloatArray:
    """Return tonnes of a material in what is deployed, both of shape (t,)."""
    return np.asarray(deployment * kg_per_unit / KG_PER_TONNE, dtype=np.float64)
