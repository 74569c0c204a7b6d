"""Questions to problems in which contracts are signed or not as a whole, by hand and against the oracle."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lodestock_optimizers.compiled import compile_problem
from lodestock_optimizers.explanation import optimum
from lodestock_optimizers.explanation.explain import explain
from lodestock_optimizers.explanation.values import Asked, Language, WhyNotQuestion
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import DemandTier, SourcingProblem
from lodestock_optimizers.questions.alternatives import find_alternatives
from lodestock_optimizers.questions.changes import Change, ChangeKind, WhatIf, changed
from lodestock_optimizers.questions.frontier import trace_frontier
from lodestock_optimizers.questions.stockpile import SizeRequest, size_violations
from lodestock_optimizers.questions.stockpile_sizes import size_stockpile
from lodestock_optimizers.questions.stress import stress_test
from lodestock_optimizers.questions.stresses import Route, StressRequest
from lodestock_optimizers.questions.what_if import KeptBases, ask_what_if, question_violations
from lodestock_optimizers.solving import mixed, mixed_child
from lodestock_optimizers.solving.mixed_model import MixedModel, model_of
from lodestock_optimizers.solving.resolving import ArrayChange, WarmModel
from lodestock_optimizers.watch import Timekeeper, Unwatched
from tests.oracle.agreement import close
from tests.oracle.model import solve as oracle
from tests.oracle.problems import unshrunk, yes_or_no_problems
from tests.oracle.stockpile import SizedOracle
from tests.unit.optimizers.problems import material, problem, source, stock, stop
from tests.unit.optimizers.processes import started
from tests.unit.optimizers.test_frontier import least_cost
from tests.unit.optimizers.test_what_if import changes

LONG_S = 60.0
"""Longer than anything here takes on a busy machine."""


def two_offers(**terms: float) -> SourcingProblem:
    """100 t of a mine that sells 150 t or nothing at 10, or of another at 14."""
    return problem((source("COD", min_order_tonnes=150.0, **terms), source("AUS", price=14.0)))


def test_a_supplier_that_is_forced_is_signed_as_a_whole() -> None:
    """With its contract held unsigned nothing could be had of COD; signed, 150 t cost 1,500 in place of 1,400."""
    asked = Asked(why_not=(WhyNotQuestion("COD", 10.0),), languages=(Language.ENGLISH,))
    told = explain(two_offers(), asked)
    (answer,) = told.why_not
    assert answer.cost_difference_usd == pytest.approx(100.0)
    assert answer.break_even_price_usd_per_tonne is None
    assert (told.has_yes_or_no, told.are_choices_held) == (True, False)
    assert any("what is said of limits and of the prices" in sentence for sentence in told.texts[0].sentences)


def test_a_quantity_is_firm_over_all_choices() -> None:
    """For an eighth more COD's 150 t may take the place of AUS' 100 t; for a hundredth more nothing may."""
    wide = explain(two_offers(), Asked(firmness_increase=0.125, firm_quantities=1))
    (quantity,) = wide.firm_quantities
    assert quantity.country == "AUS"
    assert quantity.tonnes == pytest.approx(100.0)
    assert (quantity.least_tonnes, quantity.most_tonnes) == pytest.approx((0.0, 1_575.0 / 14.0))
    narrow = explain(two_offers(), Asked(firmness_increase=0.01, firm_quantities=1))
    # 14 USD pay for missing a hundredth of a tonne and no more.
    assert narrow.firm_quantities[0].least_tonnes == pytest.approx(100.0 - 14.0 / 986.0)


def million_dollar_contracts() -> SourcingProblem:
    """Three hundred million dollars for figures that are not round, so that sums in dollars are rounded."""
    offers = tuple(
        source(
            f"S{k}",
            price=300.0 + 37.13 * (k * 7 % 11),
            capacity=1e3 * (30.0 + k * 5 % 13),
            fixed_cost_usd=1e6,
            min_order_tonnes=9_300.0 if k < 2 else 0.0,
            country="COD" if k % 2 else "AUS",
            lead_periods=1,
        )
        for k in range(5)
    )
    demand = tuple(1e3 * (90.0 + 7.3 * (t * 5 % 6)) for t in range(8))
    scenarios = (stop("a", 0.23, 1), stop("b", 0.17, 2, country="AUS"))
    return problem(offers, 8, (material(demand=demand),), scenarios=scenarios, discount_rate=0.07)


def test_a_limit_in_dollars_is_held_in_a_unit_that_the_solver_can_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """HiGHS checks rows to 1e-9 of whatever they are in, which a sum of a hundred million dollars cannot be."""
    asked = Asked(firm_quantities=3, value_of_planning=False, value_of_perfect_information=False)
    told = explain(million_dollar_contracts(), asked)
    assert (told.left_out, len(told.firm_quantities)) == ((), 3)
    monkeypatch.setattr(mixed, "with_small_rows", lambda arrays: arrays)
    cut = explain(million_dollar_contracts(), asked)
    assert (cut.status, cut.left_out) == (PlanStatus.OPTIMAL, ("firm_quantities",))


def test_where_other_choices_take_long_they_are_held_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimum, "FREE_COLUMNS", 0)
    told = explain(two_offers(), Asked(why_not=(WhyNotQuestion("COD", 10.0),), languages=(Language.ENGLISH,)))
    assert told.are_choices_held
    assert told.why_not[0].cost_difference_usd is None
    assert any("suppliers and how firm quantities are" in sentence for sentence in told.texts[0].sentences)


def test_a_frontier_has_plans_that_no_price_of_risk_finds() -> None:
    """Three mines that sell 100 t or nothing: the middle one is above the line between the ends."""
    offers = (
        source("COD", 10.0, 100.0, risk=0.8, min_order_tonnes=100.0),
        source("CHL", 19.0, 100.0, risk=0.4 * 10 / 19, min_order_tonnes=100.0),
        source("AUS", 20.0, 100.0, risk=0.0, min_order_tonnes=100.0),
    )
    frontier = trace_frontier(problem(offers), 5)
    assert frontier.status is PlanStatus.OPTIMAL
    told = [(p.costs.expected_cost_usd, p.costs.risk_charge_usd) for p in frontier.points]
    assert told == [pytest.approx(one) for one in ((1_000.0, 800.0), (1_900.0, 400.0), (2_000.0, 0.0))]
    assert [p.price_of_risk for p in frontier.points] == pytest.approx([0.0, 900 / 400, 100 / 400])
    assert [{s.country for s in p.suppliers} for p in frontier.points] == [{"COD"}, {"CHL"}, {"AUS"}]


@unshrunk(8)
@given(yes_or_no_problems())
def test_every_point_of_a_frontier_is_the_cheapest_of_its_charge(stated: SourcingProblem) -> None:
    frontier = trace_frontier(stated, 4)
    cheapest = oracle(replace(stated, price_of_risk=0.0, tail_weight=0.0))
    assert (frontier.status is PlanStatus.OPTIMAL) == cheapest.feasible
    if not cheapest.feasible:
        assert frontier.relaxations
        return
    cost = [p.costs.expected_cost_usd for p in frontier.points]
    assert cost[0] == pytest.approx(cheapest.objective, rel=1e-6, abs=1e-4)
    assert cost == sorted(cost)
    charges = [p.costs.risk_charge_usd for p in frontier.points]
    assert charges == sorted(charges, reverse=True)
    for point in frontier.points[1:]:
        # Near the least charge a dollar of it may cost thousands: what limits leave to tolerance counts.
        least, most = (least_cost(stated, point.max_risk_charge_usd, give) for give in (1e-6, 1e-9))
        slack = 1e-5 * (1.0 + point.costs.expected_cost_usd)
        assert least - slack <= point.costs.expected_cost_usd <= most + slack


def test_alternatives_are_signed_as_a_whole() -> None:
    """Ten per cent more than 1,400 pay for COD's 150 t; five do not, and no half of it can be had."""
    (other,) = find_alternatives(two_offers(), 0.1, 3).alternatives
    (supplier,) = other.suppliers
    assert supplier.country == "COD"
    assert supplier.tonnes == pytest.approx(150.0)
    assert other.increase == pytest.approx(100.0 / 1_400.0)
    none = find_alternatives(two_offers(), 0.05, 3)
    assert (none.status, none.alternatives) == (PlanStatus.OPTIMAL, ())


@unshrunk(6)
@given(yes_or_no_problems())
def test_alternatives_cost_at_most_what_they_may(stated: SourcingProblem) -> None:
    found = find_alternatives(stated, 0.1, 2)
    best = oracle(stated)
    assert (found.costs is not None) == best.feasible
    if found.costs is None:
        assert found.relaxations
        return
    assert close(found.costs.objective_usd, best.objective)
    for alternative in found.alternatives:
        assert alternative.costs.objective_usd <= best.objective * (1.1 + 1e-6) + 1e-4
        assert 0.0 < alternative.difference <= 1.0 + 1e-9


def test_a_what_if_signs_anew_and_a_kept_base_answers_alike() -> None:
    stated, bases = two_offers(), KeptBases()
    cheaper = WhatIf("cheaper", (Change(ChangeKind.PRICE_FACTOR, 0.9, countries=("COD",)),))
    dearer = WhatIf("dearer", (Change(ChangeKind.PRICE_FACTOR, 1.5, countries=("AUS",)),))
    first = ask_what_if(stated, [cheaper, dearer], bases=bases)
    assert first.costs is not None
    assert first.costs.objective_usd == pytest.approx(1_400.0)
    # 150 t at 9, and at 10 with AUS at 21.
    assert [a.objective_difference_usd for a in first.answers] == pytest.approx([-50.0, 100.0])
    again = ask_what_if(stated, [dearer, cheaper], bases=bases)
    assert [a.objective_difference_usd for a in again.answers] == pytest.approx([100.0, -50.0])


@st.composite
def asked(draw: st.DrawFn) -> tuple[SourcingProblem, list[WhatIf]]:
    """A problem and questions that can be put to it."""
    stated = draw(yes_or_no_problems())
    questions = [WhatIf(str(i), (draw(changes(stated)),)) for i in range(2)]
    return stated, [question for question in questions if not question_violations(stated, [question])]


@unshrunk(8)
@given(asked())
def test_every_what_if_is_that_of_the_changed_problem(question: tuple[SourcingProblem, list[WhatIf]]) -> None:
    stated, questions = question
    found = ask_what_if(stated, questions)
    assert (found.status is PlanStatus.OPTIMAL) == oracle(stated).feasible
    for one, answer in zip(questions, found.answers, strict=False):
        fresh = oracle(changed(stated, one.changes))
        assert (answer.status is PlanStatus.OPTIMAL) == fresh.feasible
        if answer.costs is not None:
            assert close(answer.costs.objective_usd, fresh.objective)


def test_a_stop_finds_whole_contracts_signed() -> None:
    """COD's 150 t of the first year are signed, 50 t of them in stock; what comes next is signed anew, or not."""
    offers = (source("COD", min_order_tonnes=150.0, lead_periods=1), source("AUS", price=30.0, lead_periods=1))
    kept = material(stock=stock(holding_usd_per_tonne_year=1.0))
    found = stress_test(
        problem(offers, periods=3, materials=(kept,)), StressRequest(1, routes=(Route("sea", ("COD",)),))
    )
    (outcome,) = found.outcomes
    (tier,) = outcome.tiers
    # 150 t in 2026 and 2027 serve three years: of 2027 50 t are in stock, and AUS delivers in 2028.
    assert found.undisturbed_cost_usd == pytest.approx(2 * 1_500.0 + 50.0 + 100.0)
    assert tier.shortage_tonnes == pytest.approx(50.0)
    assert outcome.extra_shortage_usd == pytest.approx(50_000.0)


@unshrunk(4)
@given(yes_or_no_problems(), st.sampled_from([1.0, 0.9]))
def test_a_stockpile_is_the_oracles(stated: SourcingProblem, probability: float) -> None:
    tiers = (DemandTier.DEFENCE, DemandTier.ESSENTIAL)
    request = SizeRequest(tiers=tiers, min_probabilities=(probability,))
    assume(not list(size_violations(stated, request)))
    found = size_stockpile(stated, request, Timekeeper(time.perf_counter, None, Unwatched()), Unwatched())
    assume(found.status is PlanStatus.OPTIMAL)
    expected = SizedOracle(stated, tiers, probability).solve()
    (size,) = found.sizes
    assert (size.status is PlanStatus.OPTIMAL) == expected.feasible
    if expected.feasible:
        assert close(size.objective_usd, expected.objective)


def test_a_model_is_asked_again_from_its_plan_and_needs_no_process_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = compile_problem(two_offers()).arrays
    model = model_of(arrays)
    assert isinstance(model, MixedModel)
    assert isinstance(model_of(compile_problem(problem((source("COD"),))).arrays), WarmModel)
    first = model.solve()
    plan = model.basis
    assert first.objective == pytest.approx(1_400.0)
    row = model.add_row(arrays.cost, -np.inf, 1_300.0)
    assert model.solve().status is PlanStatus.INFEASIBLE
    limit = model.arrays.row_upper.copy()
    limit[row] = np.inf
    model._session.close()
    model.return_to(plan)
    again = model.solve(ArrayChange(row_upper=limit))
    assert again.objective == pytest.approx(1_400.0)
    assert again.column_value == pytest.approx(first.column_value)


def test_a_process_that_nobody_asks_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1.0 <= mixed_child.IDLE_S <= 60.0
    impatient = "from lodestock_optimizers.solving import mixed_child; mixed_child.IDLE_S = 0.1; mixed_child.main()"
    # Its input stays open: that nobody asks any more is not what ends it.
    with subprocess.Popen([sys.executable, "-c", impatient], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.wait(LONG_S) == 0
        finally:
            process.kill()


def apart(count: int) -> SourcingProblem:
    """Two offers of each of some materials that nothing ties, one of them a least quantity or nothing."""
    names = [f"material {i}" for i in range(count)]
    offers = [
        source(f"{country} {name}", material_id=name, country=country, min_order_tonnes=least)
        for name in names
        for country, least in (("COD", 150.0), ("AUS", 0.0))
    ]
    return problem(tuple(offers), materials=tuple(material(name) for name in names))


def test_questions_about_many_parts_share_a_process_that_ends_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, bases, stated = started(monkeypatch), KeptBases(), apart(3)
    dearer = WhatIf("dearer", (Change(ChangeKind.PRICE_FACTOR, 1.5, countries=("COD",)),))
    for calls in (1, 2):
        assert ask_what_if(stated, [dearer], bases=bases).answers[0].status is PlanStatus.OPTIMAL
        assert len(begun) == calls
    assert explain(stated).status is PlanStatus.OPTIMAL
    assert len(begun) == 3
    assert all(process._process.returncode is not None for process in begun)
