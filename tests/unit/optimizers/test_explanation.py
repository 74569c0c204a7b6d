"""Explanations whose figures are worked by hand, and what must hold of them for any problem."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.explanation.explain import explain
from lodestock_optimizers.explanation.planning import calm_plan
from lodestock_optimizers.explanation.values import Asked, Explanation, Language, ValueOfPlanning, WhyNotQuestion
from lodestock_optimizers.explanation.words.numbers import rounded
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.parts import part
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    Budget,
    DemandFactor,
    Embargo,
    MaterialState,
    Scenario,
    ShareCap,
    ShareFloor,
    SignedContract,
    SourceKind,
    SourcingProblem,
    StateValue,
    TradeRule,
)
from lodestock_optimizers.solving.mixed import MixedSession
from lodestock_optimizers.validation import validate
from lodestock_optimizers.violations import InvalidProblem
from lodestock_optimizers.watch import unlimited
from tests.oracle.contradictions import hard_problems, with_value
from tests.oracle.problems import problems, unshrunk
from tests.unit.optimizers.problems import material, problem, source, stock, stop

BOTH = Asked(languages=(Language.ENGLISH, Language.CHINESE))
NUMBER = re.compile(r"−?\d[\d,]*(?:\.\d+)?")
SCALES = {"billion": 1e9, "million": 1e6, "亿": 1e8, "万": 1e4}
"""Of money, by the word for it."""
MONEY = re.compile(rf"({NUMBER.pattern}) ({'|'.join(SCALES)})")


def two_sources(cod_capacity: float, **changes: Any) -> SourcingProblem:
    return problem((source("COD", capacity=cod_capacity), source("AUS", 25.0)), **changes)


def test_a_capacity_is_worth_what_the_next_source_costs_more_as_far_as_the_demand_goes() -> None:
    (limit,) = explain(two_sources(60.0)).limits
    assert (limit.family, limit.field_path, limit.unit, limit.value) == (
        "capacity",
        "sources[0].capacity_tonnes[0]",
        "t",
        60.0,
    )
    assert limit.worth_per_unit_usd == pytest.approx(15.0)
    assert limit.least_value == pytest.approx(0.0)
    assert limit.most_value == pytest.approx(100.0)
    assert not limit.is_degenerate
    assert limit.relief_saves_usd == limit.tightening_costs_usd == pytest.approx(15.0)


def test_a_capacity_that_just_suffices_is_worth_nothing_more_and_dear_to_lose() -> None:
    """At 100 t of 100 t the dual may be anything from 0 to 15; either side says what it is there."""
    (limit,) = explain(two_sources(100.0)).limits
    assert limit.is_degenerate
    assert limit.worth_per_unit_usd == limit.relief_saves_usd == pytest.approx(0.0)
    assert limit.tightening_costs_usd == pytest.approx(15.0)
    told = sentences(two_sources(100.0))
    assert "More for the capacity of COD would save nothing; today it is 100 t." in told
    assert "A little less would cost 15 USD for each tonne." in told


def test_relief_is_told_first_where_tightening_costs_more() -> None:
    """A third source at 40 USD: a tonne less of AUS at 40 t costs 15, one more of it saves nothing, one of COD 15."""
    stated = problem((source("COD", capacity=60.0), source("AUS", 25.0, 40.0), source("ZZZ", 40.0)))
    told = sentences(stated)
    assert "Each tonne more for the capacity of COD would save 15 USD, up to 100 t; today it is 60 t." in told
    assert "A little less would cost 30 USD for each tonne." in told
    assert "More for the capacity of AUS would save nothing; today it is 40 t." in told
    assert not any("cannot be had" in sentence for sentence in told)
    assert any("ZZZ (suppliers not named)" in sentence for sentence in told)


def test_a_floor_is_eased_by_less_and_a_share_is_told_in_hundredths() -> None:
    policy = stock(floor_days=73.0, floor_is_hard=True)
    told = sentences(problem((source("COD", capacity=110.0),), materials=(material(stock=policy),)))
    assert (
        "Each day less for the stock floor of cobalt would save 274 USD, down to 36.5 days; today it is 73 days."
        in told
    )
    assert "Each day more would cost as much, up to 401.5 days." in told
    cap = TradeRule("most", ShareCap(0.6), countries=("COD",))
    told = sentences(two_sources(200.0, rules=(cap,)))
    assert (
        "Each percentage point more for the cap most on the share of COD in cobalt would save 15 USD, up to 100 %; "
        "today it is 60 %." in told
    )


def sentences(stated: SourcingProblem) -> tuple[str, ...]:
    return explain(stated).texts[0].sentences


def test_a_field_of_several_periods_is_priced_as_one_lever() -> None:
    """60 t in both years: each tonne more of the one number saves 15 USD twice."""
    (limit,) = explain(two_sources(60.0, periods=2)).limits
    assert limit.worth_per_unit_usd == pytest.approx(30.0)
    assert [node.node_id for node in limit.nodes] == [0, 1]
    assert [node.value_per_unit_usd for node in limit.nodes] == pytest.approx([15.0, 15.0])


def test_a_hard_floor_is_priced_by_the_day_and_cannot_rise_above_what_can_be_bought() -> None:
    policy = stock(floor_days=73.0, floor_is_hard=True)
    (floor, capacity) = sorted(
        explain(problem((source("COD", capacity=110.0),), materials=(material(stock=policy),))).limits,
        key=lambda limit: limit.family,
        reverse=True,
    )
    assert (floor.field_path, floor.unit, floor.is_most) == ("materials[0].stock.floor_days", "days", False)
    # A day is 100/365 t, which are taken from users at 1,000 USD; all 110 t are 401.5 days.
    assert floor.worth_per_unit_usd == pytest.approx(1_000 * 100 / 365)
    assert floor.most_value == pytest.approx(110 * 3.65)
    assert capacity.worth_per_unit_usd == pytest.approx(990.0)


def test_lifting_an_embargo_is_priced_by_the_plan_without_it() -> None:
    rule = TradeRule("ban", Embargo(), countries=("COD",))
    (limit,) = (limit for limit in explain(two_sources(60.0, rules=(rule,))).limits if limit.family == "embargo")
    assert (limit.subject_id, limit.unit) == ("ban", "whole")
    assert limit.worth_per_unit_usd == pytest.approx(60 * 15.0)


def test_a_supplier_is_forced_and_its_break_even_is_tried() -> None:
    (answer,) = explain(two_sources(200.0), Asked(why_not=(WhyNotQuestion("AUS", 20.0),))).why_not
    assert answer.cost_difference_usd == pytest.approx(20 * 15.0)
    assert answer.break_even_price_usd_per_tonne == pytest.approx(10.0)
    assert answer.is_verified
    (unasked,) = explain(two_sources(200.0)).why_not
    # A tenth of its capacity of 1,000 t is all of the demand.
    assert (unasked.source_id, unasked.forced_tonnes) == ("AUS", 100.0)


def test_a_supplier_behind_a_budget_is_bought_at_the_price_that_the_budget_leaves() -> None:
    """700 USD buy 70 t from COD; a tonne short costs 1,000. AUS would be taken where it is cheaper than COD."""
    asked = Asked(why_not=(WhyNotQuestion("AUS", 1.0),))
    (answer,) = explain(two_sources(200.0, budget=Budget((700.0,))), asked).why_not
    assert answer.break_even_price_usd_per_tonne == pytest.approx(10.0)
    # 25 USD for a tonne are 2.5 t less from COD: 1.5 t more are short, at 1,000.
    assert answer.cost_difference_usd == pytest.approx(1_500.0)


def test_what_cannot_be_had_is_said_so() -> None:
    rule = TradeRule("ban", Embargo(), countries=("AUS",))
    asked = Asked(why_not=(WhyNotQuestion("AUS", 20.0),), languages=(Language.ENGLISH, Language.CHINESE))
    told = explain(two_sources(200.0, rules=(rule,)), asked)
    (answer,) = told.why_not
    assert answer.cost_difference_usd is None
    assert answer.break_even_price_usd_per_tonne is None
    english, chinese = (text.sentences for text in told.texts)
    assert "20 t more from AUS cannot be had within its capacity and the rules." in english
    assert "在其产能和现有规则下，无法从 AUS 多购 20 吨。" in chinese


def test_a_question_about_an_unknown_source_is_refused_by_its_field() -> None:
    with pytest.raises(InvalidProblem) as refused:
        explain(two_sources(200.0), Asked(why_not=(WhyNotQuestion("AUS"), WhyNotQuestion("XYZ"))))
    assert [violation.field_path for violation in refused.value.violations] == ["why_not[1].source_id"]


def test_quantities_are_firm_as_far_as_a_little_money_moves_them() -> None:
    """At 10.05 against 10 USD, 1 % of 1,000 USD moves all 100 t; at 15 it moves 2 t."""
    for price, least in ((10.05, 0.0), (15.0, 98.0)):
        stated = problem((source("COD"), source("AUS", price)))
        found = {q.family: q for q in explain(stated, Asked(firm_quantities=10)).firm_quantities}
        assert found["deliveries"].tonnes == pytest.approx(100.0)
        assert found["deliveries"].least_tonnes == pytest.approx(least)
        # Nothing hinders buying more than is needed, but its price: 10 USD more are a tonne to throw away.
        assert found["deliveries"].most_tonnes == pytest.approx(101.0)


def test_knowing_the_demand_is_worth_what_is_bought_in_vain() -> None:
    """200 t are contracted for either demand; who knew it would be 100 t would save 1,000 USD, half of the time."""
    doubled = Scenario("boom", 0.5, 0, demand_factors=(DemandFactor(2.0),))
    early = replace(source("COD"), lead_periods=1)
    found = explain(problem((early,), scenarios=(doubled,)))
    assert found.value_of_perfect_information_usd == pytest.approx(500.0)
    unasked = explain(problem((early,), scenarios=(doubled,)), Asked(value_of_perfect_information=False))
    assert unasked.value_of_perfect_information_usd is None


def test_planning_for_disruption_saves_what_contracts_signed_without_a_thought_lose() -> None:
    """Who plans for 100 t signs for 100 t, and is short of 100 t at 1,000 USD half of the time: 51,000 to 2,000 USD."""
    doubled = Scenario("boom", 0.5, 0, demand_factors=(DemandFactor(2.0),))
    early = replace(source("COD"), lead_periods=1)
    found = explain(problem((early,), scenarios=(doubled,)))
    assert found.value_of_planning is not None
    assert found.value_of_planning.saved_usd == pytest.approx(49_000.0)
    unasked = explain(problem((early,), scenarios=(doubled,)), Asked(value_of_planning=False))
    assert unasked.value_of_planning is None
    assert explain(problem((early,))).value_of_planning is None


def test_of_equal_plans_the_least_risky_and_then_the_most_even_counts() -> None:
    """COD stops half of the time. Of three equal offers the risky one is left out, the others share 100 t: 50 t are
    short at 1,000 USD half of the time, less the 10 USD that they would have cost. Who plans signs AUS alone."""
    sources = tuple(replace(source(name), lead_periods=1) for name in ("COD", "AUS"))
    risky = replace(source("CHN"), lead_periods=1, risk=0.5)
    stopped = stop("stop", 0.5, 0)
    found = explain(problem((*sources, risky), scenarios=(stopped,)))
    assert found.value_of_planning is not None
    assert found.value_of_planning.saved_usd == pytest.approx(0.5 * 50 * 990)


def test_contracts_that_cannot_be_kept_leave_planning_without_a_value() -> None:
    """The emergency cuts the budget to 500 USD, of which the 1,000 USD that were signed for are more."""
    budget = Budget((5_000.0,), (StateValue(MaterialState.EMERGENCY, 500.0),))
    calm = Scenario("crisis", 1.0, 0, state=MaterialState.EMERGENCY, state_material_ids=("cobalt",))
    early = replace(source("COD"), lead_periods=1)
    found = explain(problem((early,), scenarios=(calm,), budget=budget))
    assert found.value_of_planning == ValueOfPlanning()
    assert any("cannot be kept under the rules" in sentence for sentence in found.texts[0].sentences)


@unshrunk(12)
@given(problems())
def test_planning_saves_what_the_plan_with_the_calm_plans_contracts_in_its_book_costs_more(
    stated: SourcingProblem,
) -> None:
    """Where all is signed at the start and nothing is built, the book can hold it all."""
    early = tuple(replace(s, lead_periods=len(stated.periods)) for s in stated.sources)
    stated = replace(stated, sources=early, book=())
    best = optimize(stated)
    unlike_a_book = any(s.min_order_tonnes or s.fixed_cost_usd or s.expansion is not None for s in early)
    if not stated.scenarios or unlike_a_book or best.costs is None:
        return
    asked = Asked(firm_quantities=0, value_of_planning=True, value_of_perfect_information=False)
    value = explain(stated, asked).value_of_planning
    calm = calm_plan(stated, unlimited(), MixedSession())
    if calm is None:
        assert value == ValueOfPlanning()
        return
    book = tuple(
        SignedContract(source.source_id, t, max(0.0, float(calm.contracted[k, l])))
        for k, (t, _) in enumerate(calm.instance.contracts)
        for l, source in enumerate(early)
    )
    held = optimize(replace(stated, book=book))
    assert value is not None
    if held.costs is None:
        assert value == ValueOfPlanning()
    else:
        saved = held.costs.objective_usd - best.costs.objective_usd
        assert value.saved_usd == pytest.approx(saved, abs=1e-5 * (1.0 + best.costs.objective_usd))


@unshrunk(12)
@given(problems())
def test_a_part_answers_for_the_whole(stated: SourcingProblem) -> None:
    """What is forced is compared where the plans agree: of several that cost the same either may be told of."""
    asked = Asked(
        firm_quantities=20,
        why_not=tuple(WhyNotQuestion(source.source_id, 5.0) for source in stated.sources[:3]),
        value_of_planning=False,
        value_of_perfect_information=False,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part, "LEAST_COLUMNS", 0)
        in_parts = explain(stated, asked)
    whole = explain(stated, asked)
    ranges = [
        {
            (q.material_id, q.country): (q.least_tonnes, q.most_tonnes)
            for q in found.firm_quantities
            if q.family == "deliveries"
        }
        for found in (in_parts, whole)
    ]
    for key in ranges[0].keys() & ranges[1].keys():
        assert ranges[0][key] == pytest.approx(ranges[1][key], rel=1e-5, abs=1e-3)
    for one, other in zip(in_parts.why_not, whole.why_not, strict=True):
        assert one.source_id == other.source_id
        if one.tonnes == pytest.approx(other.tonnes, abs=1e-5):
            costs = [math.inf if w.cost_difference_usd is None else w.cost_difference_usd for w in (one, other)]
            assert costs[0] == pytest.approx(costs[1], rel=1e-5, abs=1e-2)


def test_no_plan_is_explained_by_its_conflict_in_both_languages() -> None:
    stated = problem((source("COD"),), rules=(TradeRule("recycle", ShareFloor(SourceKind.RECYCLED, 0.25)),))
    found = explain(stated, BOTH)
    assert (found.status, found.costs) == (PlanStatus.INFEASIBLE, None)
    assert [rule.field_path for rule in found.conflict] == ["rules[0].share_floor.min_share"]
    assert len(found.texts) == 2
    for text in found.texts:
        assert any("recycle" in sentence for sentence in text.sentences)


def test_the_time_ends_an_explanation_by_parts_and_names_them() -> None:
    clock = iter(range(10_000))
    found = explain(two_sources(60.0), time_limit_s=60.0, clock=lambda: float(next(clock)))
    assert found.status in (PlanStatus.OPTIMAL, PlanStatus.NO_PLAN_FOUND)
    if found.status is PlanStatus.OPTIMAL:
        assert found.left_out
        assert sum(part.cost_usd for part in found.costs_by_field) == pytest.approx(1_600.0)


@unshrunk(20)
@given(problems())
def test_costs_add_up_sides_keep_their_order_and_texts_agree(stated: SourcingProblem) -> None:
    found = explain(stated, replace(BOTH, firm_quantities=3))
    if found.status is not PlanStatus.OPTIMAL:
        assert found.conflict
        return
    assert found.costs is not None
    assert found.left_out == ()
    total = sum(part.cost_usd for part in found.costs_by_field)
    assert total == pytest.approx(found.costs.objective_usd, rel=1e-6, abs=1e-4)
    for limit in found.limits:
        slack = 1e-5 * (1.0 + limit.worth_per_unit_usd)
        assert limit.relief_saves_usd in (None, limit.worth_per_unit_usd)
        assert limit.tightening_costs_usd is None or limit.tightening_costs_usd >= limit.worth_per_unit_usd - slack
    value = found.value_of_planning
    assert (value is None) == (not stated.scenarios)
    for quantity in found.firm_quantities:
        assert quantity.least_tonnes <= quantity.tonnes <= quantity.most_tonnes
    told = [numbers_in(text.sentences, stated) for text in found.texts]
    assert sorted(told[0]) == sorted(told[1])
    assert set(told[0]) <= set(figures_of(found))
    assert explain(stated, replace(BOTH, firm_quantities=3)).texts == found.texts


@unshrunk(12)
@given(hard_problems(), st.sampled_from((part.LEAST_COLUMNS, 0)))
def test_a_price_holds_to_the_ends_of_its_range_and_to_either_side(stated: SourcingProblem, least_part: int) -> None:
    """Each field is set to another value, and the whole is planned anew; prices may be those of several parts."""
    stated = with_closing_stocks(stated)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part, "LEAST_COLUMNS", least_part)
        found = explain(stated, Asked(firm_quantities=0, value_of_perfect_information=False))
    for limit in found.limits[:3]:
        least, most = limit.least_value, limit.most_value
        if least is None or most is None:
            continue
        assert found.costs is not None
        for value in (max(least, limit.value - 10.0), min(most, limit.value + 10.0)):
            if math.isclose(value, limit.value, abs_tol=1e-6) or value < 0:
                continue
            changed = with_value(stated, limit.field_path, value)
            if validate(changed):
                continue
            again = optimize(changed)
            assert again.costs is not None
            relief = value - limit.value if limit.is_most else limit.value - value
            expected = found.costs.objective_usd - relief * limit.worth_per_unit_usd
            assert again.costs.objective_usd == pytest.approx(expected, rel=1e-6, abs=1e-3)
        step = 1e-5 * max(1.0, abs(limit.value)) * (1.0 if limit.is_most else -1.0)
        eased = with_value(stated, limit.field_path, limit.value + step)
        if validate(eased):
            continue
        relieved = optimize(eased)
        assert relieved.costs is not None
        assert limit.relief_saves_usd is not None
        saved = found.costs.objective_usd - relieved.costs.objective_usd
        assert saved / abs(step) == pytest.approx(limit.relief_saves_usd, rel=1e-2, abs=1.0)


def with_closing_stocks(stated: SourcingProblem) -> SourcingProblem:
    """The problem with its closing stocks said, since by default they follow from the floor."""
    instance = Instance(stated)
    return replace(
        stated,
        materials=tuple(
            replace(one, stock=replace(one.stock, closing_tonnes=instance.closing(m))) if one.stock else one
            for m, one in enumerate(stated.materials)
        ),
    )


def numbers_in(sentences: tuple[str, ...], stated: SourcingProblem) -> list[str]:
    """The numbers of a text, those in names left out."""
    names = [s.source_id for s in stated.sources] + [m.material_id for m in stated.materials]
    names += [r.rule_id for r in stated.rules] + [d.deposit_id for d in stated.deposits]
    names += [p.label for p in stated.periods] + [s.substitution_id for s in stated.substitutions]
    names += [policy.kind for policy in stated.footprint_policies]
    text = "\n".join(sentences)
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\d)", "", text, flags=re.ASCII)
    text = MONEY.sub(lambda found: rounded(float(found[1].replace(",", "")) * SCALES[found[2]]), text)
    return NUMBER.findall(text)


def figures_of(found: Explanation) -> Iterator[str]:
    """Every figure of an explanation as a sentence would have it."""
    for value in _numbers(replace(found, texts=())):
        yield rounded(value)
        # Shares are told in hundredths, and what they are worth by the hundredth.
        yield rounded(100 * value)
        yield rounded(abs(value))
        yield rounded(abs(value / 100))


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, tuple):
        for item in value:
            yield from _numbers(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _numbers(getattr(value, field.name))
        if hasattr(value, "expected_cost_usd"):
            yield value.expected_cost_usd
