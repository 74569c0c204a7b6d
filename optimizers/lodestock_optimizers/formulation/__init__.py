"""The model of docs/model.md in Pyomo, stated once.

Owns the names of the columns and rows; every later step finds them by these names:

    q[l,k]   contracted for the nodes of contract k, t          y[l,n]  delivered under contract, t
    z[l,n]   bought spot, t                                     u[d,n]  shortage of a tier, t
    x[m,n]   disposed of, t                                     g[m,n]  put into stock, t
    e[m,n]   taken out of stock, t                              I[m,n]  stock at the end of the period, t
    below_floor[m,n], below_closing[m,n]  missing from stock, t
    w[j,n]   demand met by a substitution, t                    b[l,k]  signed or not, where that is a whole
    built[l,n], standing[l,n]  capacity decided at n, and capacity that stands there, t a year
    path_cost[n], threshold[0], over[n]  cost of the path to n, where the tail begins, cost beyond it
    bought_opening[m], spared[n]  opening stock that is bought, t, and paths that need not be served, in a sizing
    below_share[k,n]  missing from a share floor, t: held at 0; a floor that no source counts for is a row by it alone

One module a part of the model; how rows are written so that they compile fast is said in `writing`.
"""

from __future__ import annotations

from contextlib import nullcontext

import pyomo.environ as pyo

from lodestock_optimizers.formulation.heeding_model import HeedingModel
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.trade_rules import RuleRow, rule_rows
from lodestock_optimizers.watch import Timekeeper, unlimited

from .costs import add_other_costs, add_prices
from .evaluating import ArrayModel
from .expansions import add_expansions
from .feeds import add_feeds
from .footprints import add_footprints
from .limits import add_budget, add_reserves, add_trade_rules
from .objective import add_objective
from .orders import add_orders
from .sizing import add_certainty
from .stock import add_demand_and_stock
from .substitution import add_substitutions, add_tier_limits
from .supply import add_sources
from .tail import add_tail
from .writing import templates


def formulate(
    instance: Instance, rows: list[RuleRow] | None = None, keeper: Timekeeper | None = None, *, templated: bool = True
) -> pyo.ConcreteModel:
    """States the model of one instance.

    Args:
        instance: The numbers.
        rows: The rows of the trade rules, where the caller has them already.
        keeper: Whom to ask whether to go on. None: nobody.
        templated: Whether rows are expanded when they are compiled; Pyomo's writers of files want them written out.

    Returns:
        A complete Pyomo model, which any solver that Pyomo knows can solve.

    Raises:
        Stopped: Caller or clock say so.
    """
    model = HeedingModel("sourcing", keeper or unlimited())
    with templates() if templated else nullcontext():
        _state(model, instance, rows)
    return model


def arrays_of(instance: Instance, rows: list[RuleRow] | None = None, keeper: Timekeeper | None = None) -> LinearArrays:
    """The model of one instance as arrays: those that compiling `formulate` gives, a good deal faster.

    Args:
        instance: The numbers.
        rows: The rows of the trade rules, where the caller has them already.
        keeper: Whom to ask whether to go on. None: nobody.

    Raises:
        Stopped: Caller or clock say so.
    """
    model = ArrayModel(keeper or unlimited())
    _state(model, instance, rows)
    return model.arrays()


def _state(model: HeedingModel | ArrayModel, instance: Instance, rows: list[RuleRow] | None) -> None:
    """State the model, part by part."""
    add_expansions(model, instance)
    add_sources(model, instance)
    add_feeds(model, instance)
    add_substitutions(model, instance)
    add_demand_and_stock(model, instance)
    add_tier_limits(model, instance)
    add_certainty(model, instance)
    add_prices(model, instance)
    add_orders(model, instance)
    add_trade_rules(model, rule_rows(instance) if rows is None else rows)
    add_budget(model, instance)
    add_reserves(model, instance)
    add_footprints(model, instance)
    add_other_costs(model, instance)
    add_tail(model, instance)
    add_objective(model, instance)
