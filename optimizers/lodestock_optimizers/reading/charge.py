"""The charge for supply risk as a linear function of the columns: Σ π·δ·ρ·(κ·y + κˢ·z)."""

from __future__ import annotations

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays


def charge_cost(instance: Instance, arrays: LinearArrays) -> Floats:
    """(columns,) expected risk charge of a unit of each column, USD; λ times this is in the objective."""
    cost = np.zeros_like(arrays.cost)
    charge = instance.weight[:, None] * instance.risk[None, :]
    for name, landed in (("y", instance.contract_cost), ("z", instance.spot_cost)):
        if name in arrays.columns:
            family = arrays.columns[name]
            l, n = family.index.T
            cost[family.position] = (charge * landed)[n, l]
    return cost
