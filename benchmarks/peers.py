"""The same problem solved another way: HiGHS alone on arrays in memory, Pyomo's own interface, linopy.

Each peer gives seconds and objective. linopy's model is stated anew from the numbers of the instance, with what the
ladder uses of docs/model.md: contracts firm and optional, spot, stock with floor and closing stock, share caps of
demand, a budget.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import highspy
import linopy
import numpy as np
import pyomo.environ as pyo
import xarray as xr

from lodestock_optimizers.formulation import formulate
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.highs import highs_lp
from lodestock_optimizers.trade_rules import rule_rows

Timed = tuple[float, float]
"""Seconds, and the objective that was found; infinite where the limit came first."""


def timed(run: Callable[[], float]) -> Timed:
    """Seconds and objective of one run."""
    began = time.perf_counter()
    objective = run()
    return time.perf_counter() - began, objective


def highs_alone(arrays: LinearArrays, method: str, limit_s: float) -> Timed:
    """HiGHS on a model that it holds already: default presolve, two threads."""
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 2), ("solver", method), ("time_limit", limit_s)):
        solver.setOptionValue(option, value)
    solver.passModel(highs_lp(arrays))

    def run() -> float:
        solver.run()
        ended = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return float(solver.getInfo().objective_function_value) if ended else np.inf

    return timed(run)


def through_pyomo(instance: Instance) -> Timed:
    """The model stated in Pyomo and solved by the interface that Pyomo brings along."""

    def run() -> float:
        model = formulate(instance)
        pyo.SolverFactory("appsi_highs").solve(model)
        return float(pyo.value(model.cost))

    return timed(run)


def through_linopy(instance: Instance) -> Timed:
    """The model stated in linopy and solved by HiGHS in memory."""

    def run() -> float:
        model = linopy_model(instance)
        model.solve(solver_name="highs", io_api="direct", output_flag=False, log_to_console=False, progress=False)
        return float(model.objective.value or np.inf)

    return timed(run)


def _array(values: Any, *dims: str) -> xr.DataArray:
    """Numbers by position."""
    array = np.asarray(values)
    return xr.DataArray(array, dims=dims, coords={d: np.arange(n) for d, n in zip(dims, array.shape, strict=True)})


def linopy_model(instance: Instance) -> linopy.Model:
    """The model, stated in linopy."""
    model, tree = linopy.Model(), instance.tree
    weight, stocks = _array(instance.weight, "n"), instance.stocks
    y, z, fees = _supply(model, instance)
    contract_cost, spot_cost = _array(instance.contract_cost, "n", "l"), _array(instance.spot_cost, "n", "l")
    u = model.add_variables(0, _array(instance.demand, "n", "d"), name="u")
    x = model.add_variables(0, coords=_coords(n=instance.node_count, m=instance.material_count), name="x")
    inflow, stock, missing = _stock(model, instance)
    material_of = _array(instance.material_of, "l").rename("m")
    tier_of = _array([t.material for t in instance.tiers], "d").rename("m")
    supply = (y + z).groupby(material_of).sum() + u.groupby(tier_of).sum()
    model.add_constraints(supply - inflow - x == _array(instance.material_demand, "n", "m"), name="balance")
    _share_caps(model, instance, y + z)
    _budget(model, instance, (contract_cost * y + spot_cost * z + fees).sum("l"))
    surcharge = _array(1.0 + instance.problem.price_of_risk * instance.risk, "l")
    years = _array(instance.length[tree.period], "n")
    holding = _array([stocks[m].holding_usd_per_tonne_year for m in range(instance.material_count)], "m")
    shortage = _array([t.shortage_cost for t in instance.tiers], "d")
    terms = (
        weight * surcharge * contract_cost * y,
        weight * surcharge * spot_cost * z,
        weight * fees,
        weight * years * holding * stock,
        weight * shortage * u,
        *missing,
    )
    model.add_objective(sum((term.sum() for term in terms[1:]), terms[0].sum()))
    return model


def _supply(model: linopy.Model, instance: Instance) -> tuple[Any, Any, Any]:
    """(n, l) delivered, bought spot, and fees."""
    tree, capacity = instance.tree, instance.capacity
    period = np.array([t for t, _ in instance.contracts])
    q = model.add_variables(0, _array(capacity[period], "k", "l"), name="q")
    y = model.add_variables(0, coords=_coords(n=instance.node_count, l=instance.source_count), name="y")
    availability = _array(tree.availability, "n", "l")
    z = model.add_variables(0, availability * _array(instance.spot_capacity[tree.period], "n", "l"), name="z")
    signed = q.isel(k=_array(instance.contract_of, "n", "l"), l=_array(np.arange(instance.source_count), "l"))
    model.add_constraints(y - availability * signed <= 0, name="delivery_most")
    model.add_constraints(y - availability * _array(instance.take_or_pay, "l") * signed >= 0, name="delivery_least")
    model.add_constraints(y + z <= availability * _array(capacity[tree.period], "n", "l"), name="capacity")
    return y, z, _array(instance.fee, "l") * signed


def _stock(model: linopy.Model, instance: Instance) -> tuple[Any, Any, list[Any]]:
    """(n, m) into stock less out of it, stock, and what is missing from it in USD; every material has a stock."""
    tree, weight = instance.tree, instance.weight
    nodes, materials = range(instance.node_count), range(instance.material_count)
    room = _array([[_most(instance.storage(m)) for m in materials] for _ in nodes], "n", "m")
    most_in = _array([[_most(instance.stocks[m].max_in_tonnes) for m in materials] for _ in nodes], "n", "m")
    most_out = _array([[_most(instance.stocks[m].max_out_tonnes) for m in materials] for _ in nodes], "n", "m")
    g, e = model.add_variables(0, most_in, name="g"), model.add_variables(0, most_out, name="e")
    stock = model.add_variables(0, room, name="I")
    kept = _array([[instance.kept(m, n) for m in materials] for n in nodes], "n", "m")
    later = np.flatnonzero(tree.parent >= 0)
    before = stock.isel(n=tree.parent[later]).assign_coords(n=later)
    opening = np.array([instance.stocks[m].opening_tonnes for m in materials])
    roots = tree.parent < 0
    model.add_constraints((stock - g + e).isel(n=later) - kept.isel(n=later) * before == 0, name="stock_next")
    first = kept.isel(n=roots) * _array(opening, "m")
    model.add_constraints((stock - g + e).isel(n=roots) == first, name="stock_first")
    floors = np.array([[instance.floor(n, m) or 0.0 for m in materials] for n in nodes])
    closing = np.array(
        [[instance.closing(m) if tree.period[n] == tree.period[-1] else 0.0 for m in materials] for n in nodes]
    )
    missing = []
    for name, limit, price in (
        ("floor", floors, _floor_costs(instance)),
        ("closing", closing, _closing_costs(instance)),
    ):
        binds = _array(limit > 0, "n", "m")
        below = model.add_variables(0, _array(np.where(limit > 0, np.inf, 0.0), "n", "m"), name=f"below_{name}")
        model.add_constraints(stock + below >= _array(limit, "n", "m"), name=name, mask=binds)
        missing.append(_array(weight[:, None] * price, "n", "m") * below)
    return g - e, stock, missing


def _floor_costs(instance: Instance) -> Floats:
    """(N, M) USD per tonne below the floor."""
    years = instance.length[instance.tree.period]
    return np.outer(years, [instance.floor_shortfall_cost(m) for m in range(instance.material_count)])


def _closing_costs(instance: Instance) -> Floats:
    """(1, M) USD per tonne missing from the closing stock."""
    return np.array([[instance.closing_shortfall_cost(m) for m in range(instance.material_count)]])


def _share_caps(model: linopy.Model, instance: Instance, supply: Any) -> None:
    for k, row in enumerate(rule_rows(instance)):
        limits = {limit.node: limit.tonnes for limit in row.limits if limit.binds}
        if not row.numerator or not limits:
            continue
        counted = supply.isel(l=list(row.numerator), n=list(limits)).sum("l")
        most = xr.DataArray(list(limits.values()), dims="n", coords={"n": list(limits)})
        model.add_constraints(counted <= most, name=f"share {k}")


def _budget(model: linopy.Model, instance: Instance, spend: Any) -> None:
    limits = {n: b for n in np.flatnonzero(instance.settled).tolist() if (b := instance.budget_limit(n)) is not None}
    if limits:
        most = xr.DataArray(list(limits.values()), dims="n", coords={"n": list(limits)})
        model.add_constraints(spend.isel(n=list(limits)) <= most, name="budget")


def _most(limit: float | None) -> float:
    return np.inf if limit is None else limit


def _coords(**sizes: int) -> list[Any]:
    """Dimensions by name and size."""
    return [(name, np.arange(size)) for name, size in sizes.items()]
