"""The stock-driven material flow: against flodym, against hand figures, and with mass kept."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lodestock_forecasters as lf
from lodestock_forecasters.laws.stock_flow import StockFlows, flows_of_stock, scrap_flows
from lodestock_forecasters.laws.stock_path import stock_path
from lodestock_forecasters.laws.survival import Lifetime, LifetimeLaw
from tests.unit.forecasters.flodym_stocks import INFLOW, LIFETIMES, STOCK, stored

NOTHING = np.zeros(0)


def assert_mass_is_kept(flows: StockFlows) -> None:
    change = np.diff(flows.stock, prepend=0.0)
    assert flows.inflow - flows.outflow - change == pytest.approx(0.0, abs=1e-9 * float(flows.stock.max(initial=1.0)))


@pytest.mark.parametrize("lifetime", LIFETIMES, ids=lambda lifetime: lifetime.law.value)
def test_cohorts_survive_as_in_flodym(lifetime: Lifetime) -> None:
    asked = {"inflow": (INFLOW, NOTHING), "stock": (NOTHING, STOCK)}
    for driver, (inflow, stock) in asked.items():
        flows, theirs = flows_of_stock(inflow, stock, lifetime), stored(driver, lifetime)
        assert flows.stock == pytest.approx(theirs["stock"], rel=1e-9)
        assert flows.inflow == pytest.approx(theirs["inflow"], rel=1e-9)
        assert flows.outflow == pytest.approx(theirs["outflow"], rel=1e-9, abs=1e-9)
        assert_mass_is_kept(flows)


def test_a_lifetime_of_two_shares_is_worked_out_by_hand() -> None:
    """Weibull of shape 1 and scale 1 / ln 2: half is left after each year; from mid-year on √½, √½/2, …"""
    half = Lifetime(LifetimeLaw.WEIBULL, 1.0 / math.log(2.0), 1.0)
    root = math.sqrt(0.5)
    assert half.shares_by_year(3) == pytest.approx([root, root / 2, root / 4])
    flows = flows_of_stock(np.array([8.0]), np.array([8.0 * root]), half)
    # The first year leaves 8√½ of 8. Half of that is gone a year later, so that 4 more, of which √½ stays, keep it.
    assert flows.inflow == pytest.approx([8.0, 4.0])
    assert flows.outflow == pytest.approx([8.0 - 8.0 * root, 4.0])


def test_a_stock_that_cannot_shrink_so_fast_stays_above_and_says_so() -> None:
    flows = flows_of_stock(np.full(10, 100.0), np.array([10.0, 10.0, 5_000.0]), LIFETIMES[0])
    assert flows.above_target.tolist() == [False] * 10 + [True, True, False]
    assert flows.inflow[10:12].tolist() == [0.0, 0.0]
    assert (flows.stock[10:12] > 10.0).all()
    assert flows.stock[12] == pytest.approx(5_000.0)
    assert_mass_is_kept(flows)


@given(
    st.lists(st.floats(0.0, 1e6), min_size=0, max_size=25),
    st.lists(st.floats(0.0, 1e7), min_size=1, max_size=25),
    st.sampled_from(LIFETIMES),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
)
def test_mass_is_kept_whatever_is_asked(
    past: list[float], ahead: list[float], lifetime: Lifetime, collection: float, recovery: float
) -> None:
    flows = flows_of_stock(np.array(past), np.array(ahead), lifetime)
    assert_mass_is_kept(flows)
    n = len(past) + len(ahead)
    scrap = scrap_flows(flows, np.full(n, collection), np.full(n, recovery))
    tolerance = 1e-9 * max(float(flows.inflow.max()), 1.0)
    assert scrap.recovered + scrap.lost == pytest.approx(flows.outflow, abs=tolerance)
    assert scrap.recovered - scrap.surplus + scrap.primary == pytest.approx(flows.inflow, abs=tolerance)
    for path in (flows.stock, flows.inflow, flows.outflow, scrap.recovered, scrap.lost, scrap.primary, scrap.surplus):
        assert (path >= -tolerance).all()


def test_scrap_is_outflow_times_collection_times_yield() -> None:
    flows = flows_of_stock(np.full(30, 100.0), NOTHING, LIFETIMES[0])
    scrap = scrap_flows(flows, np.full(30, 0.5), np.full(30, 0.8))
    assert scrap.recovered == pytest.approx(0.4 * flows.outflow)
    # In a steady state as much leaves as enters: 40 of the 100 tonnes come back.
    assert scrap.recovered[-1] == pytest.approx(40.0, rel=1e-2)
    assert scrap.primary[-1] == pytest.approx(60.0, rel=1e-2)


def test_stock_per_head_follows_income_to_its_saturation() -> None:
    """Half of the saturation of 10 t a head lies at an income of 20,000; a billionaire's town is saturated."""
    income = np.geomspace(5_000.0, 30_000.0, 20)
    people = np.full(20, 1e6)
    per_head = 10.0 / (1.0 + (20_000.0 / income) ** 2)
    ahead = np.array([40_000.0, 1e7])
    for known in (10.0, None):
        path = stock_path(per_head * people, people, income, np.full(2, 2e6), ahead, known)
        assert path == pytest.approx([2e6 * 10.0 / 1.25, 2e6 * 10.0], rel=1e-4)


def test_a_saturation_below_what_is_in_use_is_refused() -> None:
    income, people = np.geomspace(5_000.0, 30_000.0, 20), np.full(20, 1e6)
    with pytest.raises(lf.ModelFailed, match="is not above the stock in use"):
        stock_path(people * 3.0, people, income, people[:1], income[:1], 2.0)
    with pytest.raises(lf.ModelFailed, match="needs 8 past years"):
        stock_path(people[:5], people[:5], income[:5], people[:1], income[:1])


def test_parameters_of_a_lifetime_have_bounds() -> None:
    with pytest.raises(lf.InvalidInput) as caught:
        Lifetime(LifetimeLaw.WEIBULL, 0.0, 99.0)
    assert [violation.field for violation in caught.value.violations] == ["years", "spread"]


def test_what_does_not_outlast_its_year_has_no_stock_to_drive_it() -> None:
    with pytest.raises(lf.ModelFailed, match="hardly anything outlasts"):
        flows_of_stock(NOTHING, np.array([1.0]), Lifetime(LifetimeLaw.WEIBULL, 0.01, 2.0))
