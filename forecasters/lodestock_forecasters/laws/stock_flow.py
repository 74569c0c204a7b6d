"""What is in use, what enters it and what leaves it, by year, with mass kept: the stock-driven material flow.

Each year's inflow is a cohort that leaves as its lifetime says. Where the inflow is known the stock follows; where the
stock ahead is known, the inflow is what it takes to reach it after that year's losses:

    inflow_t = (stock_t − Σ_{s<t} inflow_s · left(t − s)) / left(0)

A stock that is to shrink faster than it wears out cannot: nothing enters, the stock stays above, and the year is named.
What leaves gives scrap: recovered = outflow · collection · yield, which meets part of the inflow; the rest is primary.

Source: Müller 2006, Ecological Economics 59(1); van der Voet et al. 2002, Ecological Economics 41(2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodestock_forecasters.errors import ModelFailed
from lodestock_forecasters.laws.survival import Lifetime
from lodestock_forecasters.series import BoolArray, FloatArray

LEAST_LEFT = 1e-6
"""Least share of an inflow that must outlast its own year for a stock to drive it."""


@dataclass(frozen=True, slots=True, eq=False)
class StockFlows:
    """The stock at the end of each year and the flows of the year, each of shape (n,), in one unit of mass.

    stock_t = stock_{t−1} + inflow_t − outflow_t, from a stock of zero before the first year.
    """

    stock: FloatArray
    inflow: FloatArray
    outflow: FloatArray
    above_target: BoolArray
    """Whether the stock is above what was asked for, since it does not wear out so fast."""


@dataclass(frozen=True, slots=True, eq=False)
class ScrapFlows:
    """Where the outflow goes and where the inflow comes from, each of shape (n,), in one unit of mass.

    outflow = recovered + lost; inflow = recovered − surplus + primary.
    """

    recovered: FloatArray
    """Secondary material that the scrap gives."""
    lost: FloatArray
    """What is not collected, and what reprocessing loses."""
    primary: FloatArray
    """Inflow that secondary material does not meet."""
    surplus: FloatArray
    """Secondary material beyond the inflow of its year, which goes elsewhere."""


def flows_of_stock(past_inflow: FloatArray, stock_ahead: FloatArray, lifetime: Lifetime) -> StockFlows:
    """Follow known inflows, then the inflow that a stock needs.

    Args:
        past_inflow: inflow of the first m years, shape (m,), ≥ 0; before them there was nothing.
        stock_ahead: stock wanted at the end of each of the k years after, shape (k,), ≥ 0.
        lifetime: of all that enters.

    Returns:
        Stock and flows of all m + k years.

    Raises:
        ModelFailed: hardly anything outlasts its own year, so that a stock says nothing of the inflow.
    """
    known, n = len(past_inflow), len(past_inflow) + len(stock_ahead)
    left = lifetime.shares_by_year(n)
    if len(stock_ahead) and left[0] < LEAST_LEFT:
        raise ModelFailed("hardly anything outlasts the year in which it enters, so that no stock builds up")
    inflow, stock = np.concatenate([past_inflow, np.zeros(n - known)]), np.zeros(n)
    above = np.zeros(n, dtype=np.bool_)
    for t in range(n):
        older = float(inflow[:t] @ left[t:0:-1])
        if t >= known:
            wanted = float(stock_ahead[t - known])
            inflow[t] = max(wanted - older, 0.0) / left[0]
            above[t] = older > wanted
        stock[t] = older + inflow[t] * left[0]
    return StockFlows(stock, inflow, _outflow(inflow, left), above)


def _outflow(inflow: FloatArray, left: FloatArray) -> FloatArray:
    """Return what leaves in each year, cohort by cohort: the convolution of the inflow with the shares that leave."""
    leaving = np.concatenate([[1.0], left[:-1]]) - left
    return np.asarray(np.convolve(inflow, leaving)[: len(inflow)], dtype=np.float64)


def scrap_flows(flows: StockFlows, collection: FloatArray, recovery: FloatArray) -> ScrapFlows:
    """Split outflow and inflow by what is recovered.

    Args:
        flows: stock and flows, n years.
        collection: share of the outflow that is collected, shape (n,), in [0, 1].
        recovery: share of the collected mass that comes back as material, shape (n,), in [0, 1].
    """
    recovered = flows.outflow * collection * recovery
    surplus = np.maximum(recovered - flows.inflow, 0.0)
    return ScrapFlows(recovered, flows.outflow - recovered, flows.inflow - recovered + surplus, surplus)
