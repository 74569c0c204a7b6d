"""The model of docs/model.md in Pyomo, stated once.

Owns the names of the columns and rows; every later step finds them by these names:

    q[l,k]   contracted for the nodes of contract k, t          y[l,n]  delivered under contract, t
    z[l,n]   bought spot, t                                     u[d,n]  shortage of a tier, t
    x[m,n]   disposed of, t                                     g[m,n]  put into stock, t
    e[m,n]   taken out of stock, t                              I[m,n]  stock at the end of the period, t
    below_floor[m,n], below_closing[m,n]  missing from stock, t
    below_share[k,n]  missing from a share floor, t: held at 0 but for finding out why there is no plan

One module a part of the model; how rows are written so that they compile fast is said in `writing`.
"""

from __future__ import annotations

import pyomo.environ as pyo

from lodestock_optimizers.heeding_model import HeedingModel
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.trade_rules import RuleRow, rule_rows
from lodestock_optimizers.watch import Timekeeper, unlimited

from .costs import add_objective, add_prices
from .limits import add_budget, add_reserves, add_trade_rules
from .stock import add_demand_and_stock
from .supply import add_sources
from .writing import templates


def formulate(
    instance: Instance, rows: list[RuleRow] | None = None, keeper: Timekeeper | None = None
) -> pyo.ConcreteModel:
    """States the model of one instance.

    Args:
        instance: The numbers.
        rows: The rows of the trade rules, where the caller has them already.
        keeper: Whom to ask whether to go on. None: nobody.

    Returns:
        A complete Pyomo model, which any solver that Pyomo knows can solve.

    Raises:
        Stopped: Caller or clock say so.
    """
    model = HeedingModel("sourcing", keeper or unlimited())
    with templates():
        add_sources(model, instance)
        add_demand_and_stock(model, instance)
        add_prices(model, instance)
        add_trade_rules(model, rule_rows(instance) if rows is None else rows)
        add_budget(model, instance)
        add_reserves(model, instance)
        add_objective(model, instance)
    return model
