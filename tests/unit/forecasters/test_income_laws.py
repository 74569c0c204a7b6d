"""The laws of income and price: turning points, breaks and elasticities against published and known figures."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from lodestock_forecasters.laws.adjustment import fit_adjustment
from lodestock_forecasters.laws.decoupling import fit_decoupling
from lodestock_forecasters.laws.input_output import material_by_final_demand, requirements
from lodestock_forecasters.laws.intensity import fit_intensity
from lodestock_forecasters.laws.regression import bounded_least_squares, projected

# Neither is known to mypy.
sm: Any = import_module("statsmodels.api")
copper: Any = import_module("statsmodels.datasets.copper")

WAARELL_TURNING_POINT = 19_000.0
"""GDP per head, constant USD of 2005, of the greatest intensity of steel use in middle-income countries: "about
19,000", Wårell 2014, Resources Policy 39, abstract."""


def test_the_turning_point_that_waarell_found_is_found_again() -> None:
    """42 years of a middle-income country on an inverted U with the published turning point, a trend and noise."""
    years = np.arange(1970.0, 2012.0)
    income = np.geomspace(4_000.0, 32_000.0, 42) * np.exp(0.15 * np.sin(years / 3.0))
    turn = np.log(WAARELL_TURNING_POINT)
    noise = np.random.default_rng(1).normal(0.0, 0.002, 42)
    intensity = np.exp(-3.0 - 0.5 * (np.log(income) - turn) ** 2 - 0.01 * (years - 1990.0) + noise)
    curve = fit_intensity(income, years, intensity)
    assert curve.turning_point == pytest.approx(WAARELL_TURNING_POINT, rel=0.02)
    assert curve.trend == pytest.approx(-0.01, abs=0.002)
    assert curve.at(income, years) == pytest.approx(intensity, rel=0.05)


def test_an_intensity_without_a_maximum_has_no_turning_point() -> None:
    """Proportional to income, and a U the right way up, which the law rules out."""
    income, years = np.geomspace(4_000.0, 32_000.0, 30), np.arange(30.0)
    for curvature in (0.0, 0.5):
        intensity = income**0.5 * np.exp(curvature * (np.log(income) - 9.3) ** 2)
        assert fit_intensity(income, years, intensity).turning_point is None


def test_two_lines_of_use_meet_where_use_decouples() -> None:
    """Halada's two steps: 2 g a dollar up to 12,000, half a gram a dollar from there on."""
    income = np.linspace(2_000.0, 40_000.0, 39)
    use = 2.0 * np.minimum(income, 12_000.0) + 0.5 * np.maximum(income - 12_000.0, 0.0)
    lines = fit_decoupling(income, use)
    assert (lines.first_slope, lines.second_slope, lines.break_income) == pytest.approx((2.0, 0.5, 12_000.0))
    assert lines.at(np.array([50_000.0])) == pytest.approx([24_000.0 + 19_000.0])


def test_use_in_proportion_to_income_is_one_line() -> None:
    income = np.linspace(2_000.0, 40_000.0, 39)
    lines = fit_decoupling(income, 3.0 * income * np.exp(np.random.default_rng(2).normal(0.0, 0.02, 39)))
    assert np.isinf(lines.break_income)
    assert lines.first_slope == lines.second_slope == pytest.approx(3.0, rel=0.02)


def test_the_world_copper_market_has_its_published_elasticities() -> None:
    """The demand for copper, 1951 to 1975, by two-stage least squares: the equation and the elasticities of the last
    year as Maurice and Thomas give them (Managerial Economics, estimation of demand): Q = −6837.8 − 66.495 P +
    13,997 M + 107.66 P_A, with P the price of copper, M an income index, P_A the price of aluminium; exogenous to it
    are the trend and the inventories of the supply equation. Rounded data move the coefficients by up to 1 %."""
    data = copper.load_pandas().data
    quantity, price, income, aluminium, inventory, trend = (data[name].to_numpy() for name in data.columns)
    exogenous = np.column_stack([np.ones(25), income, aluminium])
    first = projected(price, np.column_stack([exogenous, inventory, trend]))
    free = np.full(4, np.inf)
    found = bounded_least_squares(np.column_stack([exogenous, first]), quantity, (-free, free))
    assert found == pytest.approx([-6837.8, 13_997.0, 107.66, -66.495], rel=0.01)
    last = np.array([income[-1], aluminium[-1], price[-1]]) / quantity[-1]
    assert found[1:] * last == pytest.approx([2.09, 0.34, -0.34], abs=0.01)


def test_partial_adjustment_of_copper_agrees_with_statsmodels() -> None:
    data = copper.load_pandas().data
    use, income = data["WORLDCONSUMPTION"].to_numpy(), data["INCOMEINDEX"].to_numpy()
    law = fit_adjustment(use, income)
    regressors = sm.add_constant(np.column_stack([np.log(use[:-1]), np.log(income[1:])]))
    theirs = sm.OLS(np.log(use[1:]), regressors).fit().params
    assert (law.constant, law.persistence, law.income) == pytest.approx(tuple(theirs), rel=1e-6)
    assert law.long_run_income == pytest.approx(theirs[2] / (1.0 - theirs[1]))
    # Steady income: use settles where the long-run elasticity puts it.
    settled = law.path(float(use[-1]), np.full(400, 1.2))[-1]
    doubled = law.path(float(use[-1]), np.full(400, 2.4))[-1]
    assert np.log(doubled / settled) / np.log(2.0) == pytest.approx(law.long_run_income, rel=1e-6)


def test_price_and_income_elasticities_are_recovered_though_the_price_moves_with_demand() -> None:
    """A price that half of every shock of demand goes into: ordinary least squares would see γ near to zero."""
    rng = np.random.default_rng(5)
    n = 4_000
    log_income, supply, shock = rng.normal(0, 0.3, n), rng.normal(0, 0.3, n), rng.normal(0, 0.1, n)
    log_price, log_use = np.zeros(n), np.zeros(n)
    for t in range(1, n):
        log_price[t] = 0.6 * log_price[t - 1] + supply[t] + 0.5 * shock[t]
        log_use[t] = 0.4 * log_use[t - 1] + 0.8 * log_income[t] - 0.2 * log_price[t] + shock[t]
    law = fit_adjustment(np.exp(log_use), np.exp(log_income), np.exp(log_price))
    assert (law.persistence, law.income, law.price) == pytest.approx((0.4, 0.8, -0.2), abs=0.03)
    assert law.long_run_price == pytest.approx(-0.2 / 0.6, abs=0.06)


def test_signs_are_those_of_theory() -> None:
    """Use that falls with income and rises with price has elasticities of zero, not of the wrong sign."""
    income = np.geomspace(1.0, 3.0, 40)
    law = fit_adjustment(income**-1.0, income, np.geomspace(3.0, 1.0, 40))
    assert law.income == 0.0
    assert law.price == pytest.approx(0.0, abs=1e-9)


def test_a_table_of_two_sectors_is_solved_by_hand() -> None:
    """Miller and Blair's first table: A = [[.15, .25], [.20, .05]], f = (600, 1500) gives x = (1247.5, 1841.6)."""
    inverse = requirements(np.array([[0.15, 0.25], [0.20, 0.05]]))
    determinant = 0.85 * 0.95 - 0.25 * 0.20
    assert inverse == pytest.approx(np.array([[0.95, 0.25], [0.20, 0.85]]) / determinant)
    asked = np.array([[600.0], [1500.0]])
    output = [float(material_by_final_demand(inverse, row, asked).sum()) for row in (0, 1)]
    assert output == pytest.approx([1247.52, 1841.58], abs=0.01)


def test_a_hybrid_row_counts_tonnes_through_all_stages() -> None:
    """Copper (t) goes into cable (kUSD), 0.1 t a kUSD, and cable into grids, 0.5 kUSD a kUSD: 50 t for 1,000 kUSD."""
    table = np.zeros((3, 3))
    table[0, 1], table[1, 2] = 0.1, 0.5
    by_sector = material_by_final_demand(requirements(table), 0, np.array([[0.0], [0.0], [1000.0]]))
    assert by_sector.ravel() == pytest.approx([0.0, 0.0, 50.0])


@pytest.mark.parametrize("table", [[[0.5, 0.6], [0.6, 0.5]], [[1.0]]])
def test_sectors_that_use_up_what_they_make_have_no_answer(table: list[list[float]]) -> None:
    with pytest.raises(Exception, match="use up as much as they make"):
        requirements(np.array(table))
