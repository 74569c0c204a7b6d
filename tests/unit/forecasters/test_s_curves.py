"""S-curves: their formulas by hand, and parameters that were planted found again."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lodestock_forecasters.s_curves import (
    EXPONENTIAL,
    LOGISTIC,
    PEHL,
    CurveForm,
    FittedCurve,
    fit_best_curve,
    fit_curve,
)

INCOME = np.exp(np.linspace(np.log(2_000.0), np.log(60_000.0), 40))
PLANTED = {
    "logistic": FittedCurve(LOGISTIC, 12.0, (math.log(15_000.0), math.log(0.6)), 0.0),
    "pehl": FittedCurve(PEHL, 12.0, (math.log(15_000.0),), 0.0),
    "exponential": FittedCurve(EXPONENTIAL, 12.0, (math.log(15_000.0),), 0.0),
}


def by_hand(name: str, g: float) -> float:
    """The formulas as the page writes them, with K = 12, half or scale at 15,000, b = 0.6."""
    if name == "logistic":
        return 12.0 / (1.0 + math.exp(-(math.log(g) - math.log(15_000.0)) / 0.6))
    if name == "pehl":
        return 24.0 / (1.0 + math.exp(15_000.0 / g))
    return 12.0 * (1.0 - math.exp(-g / 15_000.0))


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("g", [500.0, 15_000.0, 40_000.0])
def test_each_form_is_its_formula(name: str, g: float) -> None:
    assert float(PLANTED[name].at(g)) == pytest.approx(by_hand(name, g), rel=1e-12)


def test_worked_values_of_each_form() -> None:
    """At its place: half, 2/(1 + e), 1 − 1/e of the saturation; far beyond it the saturation."""
    assert float(PLANTED["logistic"].at(15_000.0)) == pytest.approx(6.0)
    assert float(PLANTED["pehl"].at(15_000.0)) == pytest.approx(24.0 / (1.0 + math.e))
    assert float(PLANTED["exponential"].at(15_000.0)) == pytest.approx(12.0 * (1.0 - 1.0 / math.e))
    for curve in PLANTED.values():
        assert float(curve.at(1e12)) == pytest.approx(12.0, rel=1e-6)
        assert float(curve.at(1e-3)) == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("name", PLANTED)
def test_planted_parameters_are_found_again_without_noise(name: str) -> None:
    planted = PLANTED[name]
    found = fit_curve(planted.form, INCOME, planted.at(INCOME))
    assert found.saturation == pytest.approx(12.0, rel=1e-6)
    assert found.shape == pytest.approx(planted.shape, abs=1e-6)


@pytest.mark.parametrize("name", PLANTED)
def test_the_form_that_made_the_data_is_chosen(name: str) -> None:
    assert fit_best_curve(INCOME, PLANTED[name].at(INCOME)).form.name == name


def standard_errors(curve: FittedCurve, sigma: float) -> np.ndarray:
    """Asymptotic standard errors of (√K, shape) on the scale of roots: σ √diag (JᵀJ)⁻¹, J by central differences."""
    centre = np.array([math.sqrt(curve.saturation), *curve.shape])

    def roots(at: np.ndarray) -> np.ndarray:
        return np.sqrt(FittedCurve(curve.form, at[0] ** 2, tuple(at[1:]), 0.0).at(INCOME))

    columns = []
    for i in range(len(centre)):
        step = np.zeros_like(centre)
        step[i] = 1e-5
        columns.append((roots(centre + step) - roots(centre - step)) / 2e-5)
    jacobian = np.stack(columns, axis=1)
    return np.asarray(sigma * np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian))))


@pytest.mark.parametrize("name", PLANTED)
def test_planted_parameters_are_found_in_noise_within_their_standard_errors(name: str) -> None:
    """Four standard errors of least squares at the planted values, and not by a hundredth of them for nothing."""
    planted, sigma = PLANTED[name], 0.05
    noise = np.random.default_rng(11).normal(0.0, sigma, len(INCOME))
    use = (np.sqrt(planted.at(INCOME)) + noise) ** 2
    found = fit_curve(planted.form, INCOME, use)
    errors = np.array([math.sqrt(found.saturation) - math.sqrt(12.0), *(np.array(found.shape) - planted.shape)])
    limits = standard_errors(planted, sigma)
    assert (np.abs(errors) < 4.0 * limits).all()
    assert (np.abs(errors) > 0.01 * limits).any()


@pytest.mark.parametrize("form", [LOGISTIC, PEHL, EXPONENTIAL], ids=lambda form: form.name)
def test_the_saturation_stays_within_its_bounds_where_the_data_show_none(form: CurveForm) -> None:
    """Use that grows as a power of income has no saturation: the bound of ten times the largest use holds it."""
    use = (INCOME / INCOME[-1]) ** 1.5
    assert float(use.mean()) <= fit_curve(form, INCOME, use).saturation <= 10.0 * float(use.max()) * (1 + 1e-9)


@pytest.mark.parametrize(("form", "parameters"), [(LOGISTIC, 3), (PEHL, 2), (EXPONENTIAL, 2)])
def test_the_criterion_is_the_corrected_one(form: CurveForm, parameters: int) -> None:
    """Ten values: n ln(RSS/n) + 2k + 2k(k + 1)/(n − k − 1), k with the variance, roots in those of the largest use."""
    n, k = 10, parameters + 1
    income = INCOME[::4]
    use = PLANTED["logistic"].at(income) * np.random.default_rng(5).lognormal(0, 0.1, n)
    found = fit_curve(form, income, use)
    squares = sum(
        (math.sqrt(curve / use.max()) - math.sqrt(seen / use.max())) ** 2
        for curve, seen in zip(found.at(income).tolist(), use.tolist(), strict=True)
    )
    correction = {3: 24 / 6, 4: 40 / 5}[k]
    assert found.aicc == pytest.approx(n * math.log(squares / n) + 2 * k + correction)


def test_few_values_do_not_buy_a_third_parameter() -> None:
    """Eight values, where the logistic is better by the plain criterion; a third parameter costs 9.3 there, not 2."""
    income, use = INCOME[::5], PLANTED["exponential"].at(INCOME[::5]) * np.random.default_rng(16).lognormal(0, 0.1, 8)
    logistic, chosen = fit_curve(LOGISTIC, income, use), fit_best_curve(income, use)
    assert logistic.aicc - 40 / 3 < chosen.aicc - 6
    assert chosen.form.name != "logistic"


def test_use_that_falls_while_income_rises_gets_a_flat_curve() -> None:
    use = np.linspace(2.0, 1.0, len(INCOME))
    curve = fit_best_curve(INCOME, use)
    assert np.ptp(curve.at(INCOME)) < 0.02
    assert float(curve.at(INCOME[0])) == pytest.approx(1.5, rel=0.05)


def test_the_unit_of_use_and_of_income_does_not_matter() -> None:
    use = PLANTED["logistic"].at(INCOME) * np.random.default_rng(2).lognormal(0, 0.1, len(INCOME))
    plain, scaled = fit_best_curve(INCOME, use), fit_best_curve(INCOME * 1e3, use * 1e-6)
    assert scaled.form is plain.form
    assert scaled.at(INCOME * 1e3) == pytest.approx(1e-6 * plain.at(INCOME), rel=1e-6)


def test_zeros_in_the_data_do_no_harm() -> None:
    use = PLANTED["logistic"].at(INCOME).copy()
    use[:5] = 0.0
    assert np.isfinite(fit_best_curve(INCOME, use).at(INCOME)).all()
