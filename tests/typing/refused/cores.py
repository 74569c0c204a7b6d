"""Values of the cores that a type checker refuses. Each line that must fail says so; every other line must pass."""

import numpy as np

from lodestock_forecasters import DemandSeries, Frequency
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import DemandTier, Material, Period, SourcingProblem, TierDemand
from lodestock_optimizers.risk import CountryShare, Scope, herfindahl_hirschman

period = Period("2027")
demand = TierDemand(DemandTier.ESSENTIAL, (100.0,), 300_000.0)
material = Material("cobalt", (demand,))
problem = SourcingProblem(periods=(period,), materials=(material,), sources=())
share = CountryShare("CHN", 0.5)

Period(2027)  # error: [arg-type] expected "str"
TierDemand("essential", (100.0,), 300_000.0)  # error: [arg-type] expected "DemandTier"
TierDemand(DemandTier.ESSENTIAL, 100.0, 300_000.0)  # error: [arg-type] expected "tuple[float, ...]"
TierDemand(DemandTier.ESSENTIAL)  # error: [call-arg] Missing positional argument "demand_tonnes"
Material("cobalt", demand)  # error: [arg-type] expected "tuple[TierDemand, ...]"
SourcingProblem(periods=(period,))  # error: [call-arg] Missing positional arguments
period.label = "2028"  # error: [misc] Property "label" defined in "Period" is read-only
optimize(problem, "30 s")  # error: [arg-type] expected "float | None"
optimize([problem])  # error: [arg-type] expected "SourcingProblem"

CountryShare("CHN", "0.5")  # error: [arg-type] expected "float"
CountryShare("CHN", 0.5, wgi=3.0)  # error: [call-arg] Unexpected keyword argument "wgi"
herfindahl_hirschman([share], "global")  # error: [arg-type] expected "Scope"
herfindahl_hirschman({"CHN": 0.5}, Scope.GLOBAL)  # error: [arg-type] "Sequence[CountryShare]"

DemandSeries("s", "yearly", ["2025"], np.array([1.0]), "t")  # error: [arg-type] expected "Frequency"
print(Frequency.WEEKLY)  # error: [attr-defined] has no attribute "WEEKLY"
