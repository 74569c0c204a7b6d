"""A stress test against what can be worked by hand, against the oracle, and against a count that decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    DemandFactor,
    DemandTier,
    Disruption,
    Expansion,
    Feed,
    Material,
    Scenario,
    ShareCap,
    SignedContract,
    Source,
    SourceKind,
    SourcingProblem,
    TierDemand,
    TradeRule,
)
from lodestock_optimizers.questions.stress import stress_test
from lodestock_optimizers.questions.stresses import (
    Candidate,
    Route,
    StressKind,
    StressOutcome,
    StressRequest,
    StressTest,
)
from lodestock_optimizers.violations import InvalidProblem
from lodestock_optimizers.watch import Timekeeper, Unwatched
from tests.oracle.model import Oracle
from tests.oracle.problems import problems, scenarios, unshrunk, yes_or_no_problems
from tests.oracle.shortfall import Flow, sequential_shortfall
from tests.unit.optimizers.problems import material, problem, source, stock, stop, worked_toy

EACH = StressRequest(0, each_country=True)


def outcome_of(found: StressTest, name: str) -> StressOutcome:
    """The outcome of one scenario."""
    (outcome,) = (one for one in found.outcomes if one.scenario_id == name)
    return outcome


def test_a_year_without_a_supplier_by_hand() -> None:
    """COD's 90 t of the first year are signed; without them the 10 t in stock serve 36.5 days. 2027 is signed anew."""
    found = stress_test(worked_toy(), EACH)
    plan = optimize(worked_toy())
    assert plan.costs is not None
    assert found.undisturbed_cost_usd == pytest.approx(plan.costs.objective_usd, rel=1e-9)
    assert [(one.scenario_id, one.kind) for one in found.outcomes] == [
        ("COD", StressKind.COUNTRY),
        ("AUS", StressKind.COUNTRY),
    ]
    (at_onset,) = found.stocks
    assert (at_onset.tonnes, at_onset.days_of_cover) == pytest.approx((10.0, 36.5))
    worst, (tier,) = found.outcomes[0], found.outcomes[0].tiers
    assert (tier.material_id, tier.survives) == ("cobalt", False)
    assert tier.days_survived == pytest.approx(36.5)
    assert tier.shortage_tonnes == pytest.approx(90.0)
    assert worst.extra_shortage_usd == pytest.approx(90 * 300_000)
    # What does not arrive is not paid for.
    assert worst.extra_cost_usd == pytest.approx(-90 * 30_200)
    harmless = found.outcomes[1]
    assert harmless.money_at_risk_usd == pytest.approx(0.0, abs=1e-3)
    assert harmless.tiers[0].survives
    assert harmless.tiers[0].days_survived == pytest.approx(5 * 365)


def test_what_is_signed_holds_until_its_lead_has_passed() -> None:
    """A stop of two years from 2027 on finds 2027 signed with COD alone; for 2028 AUS is signed, which has 30 t."""
    found = stress_test(worked_toy(), StressRequest(1, routes=(Route("sea", ("COD",)),), duration_periods=2))
    (outcome,) = found.outcomes
    assert (outcome.kind, outcome.scenario_id, outcome.countries) == (StressKind.ROUTE, "sea", ("COD",))
    (tier,) = outcome.tiers
    assert (tier.days_survived, tier.shortage_tonnes) == pytest.approx((0.0, 100.0 + 70.0))
    by_hand = 100 * (300_000 - 30_200) / 1.03 + (70 * 300_000 + 30 * 36_200 - 100 * 30_200) / 1.03**2
    assert outcome.money_at_risk_usd == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize(
    ("opening", "days"), [(0.0, 0.0), (10.0, 36.5), (50.0, 182.5), (100.0, 474.5), (170.0, 730.0), (400.0, 730.0)]
)
def test_more_stock_serves_longer(opening: float, days: float) -> None:
    """All is served as early as can be, though with neither interest nor costs of holding later is as cheap.

    From the second year on AUS delivers 30 of 100.
    """
    kept = stock(opening)
    asked = problem(
        (source("COD", lead_periods=1), source("AUS", 20.0, 30.0, lead_periods=1)),
        periods=2,
        materials=(material(stock=kept),),
        book=(SignedContract("COD", 0, 100.0), SignedContract("AUS", 0, 0.0)),
    )
    found = stress_test(asked, StressRequest(0, scenarios=(stop("stop", 0.5, 0),)))
    (outcome,) = found.outcomes
    assert outcome.tiers[0].days_survived == pytest.approx(days)
    assert outcome.tiers[0].survives is (opening >= 170)


def test_first_tiers_are_served_first_and_early() -> None:
    """Defence and the rest cost the same here: of what there is, defence has it first, and in the first year."""
    tiers = tuple(TierDemand(tier, (50.0,), 1_000.0) for tier in (DemandTier.GENERAL, DemandTier.DEFENCE))
    asked = problem(
        (source("COD"),), periods=2, materials=(Material("cobalt", tiers, stock(60.0, closing_tonnes=60.0)),)
    )
    found = stress_test(asked, StressRequest(0, scenarios=(stop("stop", 1.0, 0),)))
    days = {tier.tier: tier.days_survived for tier in found.outcomes[0].tiers}
    assert days == {DemandTier.DEFENCE: pytest.approx(365.0), DemandTier.GENERAL: pytest.approx(73.0)}


def test_nobody_knows_which_scenario_it_is_before_they_differ() -> None:
    """The stop may end after a year or last: the contract of the second year is signed in the first, for both."""
    sources = (source("COD", lead_periods=1), source("AUS", 100.0, lead_periods=1))
    asked = problem(sources, periods=3)
    short, long = stop("short", 0.1, 0, 0), stop("long", 0.1, 0)
    together = stress_test(asked, StressRequest(0, scenarios=(short, long)))
    # COD's hundred tonnes at 10 come only if it is over, AUS' at 100 always; missing ones cost 1,000.
    assert outcome_of(together, "long").tiers[0].shortage_tonnes == pytest.approx(100.0)
    assert outcome_of(together, "short").extra_cost_usd == pytest.approx(100 * (100 - 10) - 100 * 10)
    alone = stress_test(asked, StressRequest(0, scenarios=(short,)))
    assert outcome_of(alone, "short").extra_cost_usd == pytest.approx(-100 * 10)


def refined_from_ore(*others: Source, **contract: Any) -> SourcingProblem:
    """A plant with a contract on 100 t a year, 150 t of ore from COD for it, and 30 t of ore in stock to the end."""
    plant = source("plant", 20.0, material_id="refined", country="DEU", kind=SourceKind.DOMESTIC, lead_periods=1)
    return problem(
        (replace(plant, feed=Feed("ore", 1.5), **contract), source("COD", material_id="ore", lead_periods=1), *others),
        periods=2,
        materials=(
            material("refined"),
            Material("ore", (), stock(30.0, closing_tonnes=30.0, closing_shortfall_usd_per_tonne=50.0)),
        ),
    )


@pytest.mark.parametrize(
    "contract", [{}, {"fixed_cost_usd": 5.0}, {"take_or_pay": 0.5, "reservation_fee_usd_per_tonne": 1.0}]
)
def test_a_plant_under_contract_delivers_what_it_can_be_fed(contract: dict[str, float]) -> None:
    """The year without ore finds 100 t signed with the plant; the 30 t in stock make 20, and are bought anew."""
    found = stress_test(refined_from_ore(**contract), EACH)
    outcome = outcome_of(found, "COD")
    (tier,) = outcome.tiers
    assert (tier.days_survived, tier.shortage_tonnes) == pytest.approx((73.0, 80.0))
    assert outcome.extra_shortage_usd == pytest.approx(80 * 1_000)
    assert outcome.extra_cost_usd == pytest.approx(-150 * 10 - 80 * 20 + 30 * 10)


def test_a_plant_under_contract_delivers_where_feed_is_to_be_had() -> None:
    """AUS' ore makes a tonne dearer than its shortage; what is signed is delivered all the same."""
    found = stress_test(refined_from_ore(source("AUS", 2_000.0, material_id="ore")), EACH)
    outcome = outcome_of(found, "COD")
    assert outcome.tiers[0].survives
    assert outcome.extra_cost_usd == pytest.approx(120 * 2_000 + 30 * 10 - 150 * 10)


@pytest.mark.parametrize("onset", range(4))
def test_what_retires_makes_room_for_what_is_built_after_it(onset: int) -> None:
    """A mine of one year's life is built anew for every year: without a stress the plan goes on as it was made."""
    mine = source("mine", 20.0, capacity=0.0, expansion=Expansion(100.0, 50.0, lead_periods=1, life_years=1.0))
    asked = problem((mine, source("COD", capacity=10.0)), periods=4, discount_rate=0.03)
    plan = optimize(asked)
    assert plan.costs is not None
    found = stress_test(asked, StressRequest(onset, each_country=True))
    assert found.undisturbed_cost_usd == pytest.approx(plan.costs.objective_usd, rel=1e-9)


def test_rules_do_not_bind_and_what_is_broken_is_told() -> None:
    """The cap lets AUS deliver half; when COD is dear it delivers all. The floor of half a year is not filled."""
    rule = TradeRule("cap", ShareCap(0.5), (), ("AUS",))
    kept = stock(floor_days=182.5, floor_is_hard=True, holding_usd_per_tonne_year=1.0)
    sources = (source("COD"), source("AUS", 20.0))
    asked = problem(sources, periods=2, materials=(material(stock=kept),), rules=(rule,))
    calm = Scenario("price", 0.5, 0, None, (Disruption(("COD",), price_factor=9.0),))
    found = stress_test(asked, StressRequest(0, scenarios=(calm,)))
    broken = {(one.family, one.subject_id, one.period): one.amount for one in found.outcomes[0].breaches}
    assert broken["share_cap", "cap", 0] == pytest.approx(50.0)
    assert broken["stock_floor", "cobalt", 1] == pytest.approx(50.0)
    assert all(tier.survives for tier in found.outcomes[0].tiers)


def test_the_plan_of_least_greatest_regret() -> None:
    """A plan that was made for the stop buys from AUS before it comes; one that was not has the stop's shortage."""
    sources = (source("COD", lead_periods=1), source("AUS", 20.0, lead_periods=1))
    bold = problem(sources, periods=2)
    wary = replace(bold, scenarios=(stop("feared", 0.5, 0, 0),))
    found = stress_test(bold, StressRequest(0, routes=(Route("sea", ("COD",)),)), [Candidate("wary", wary)])
    first, second = found.candidates
    assert (first.candidate_id, second.candidate_id) == ("wary", "")
    regrets = {(c.candidate_id, r.scenario_id): r.regret_usd for c in found.candidates for r in c.regrets}
    assert regrets["", ""] == pytest.approx(0.0)
    assert regrets["wary", ""] == pytest.approx(100 * 10)
    assert regrets["", "sea"] == pytest.approx(100 * (1_000 - 20))
    assert regrets["wary", "sea"] == pytest.approx(0.0)
    assert (first.greatest_usd, second.greatest_usd) == pytest.approx((100 * 10, 100 * (1_000 - 20)))


def test_what_cannot_be_asked_is_refused_by_field() -> None:
    early = replace(stop("early", 0.5, 0), demand_factors=(DemandFactor(2.0, (), (0,)),))
    never = stop("never", 0.0, 1)
    for request, path in (
        (StressRequest(7, each_country=True), "onset_period"),
        (StressRequest(0), "scenarios"),
        (StressRequest(1, scenarios=(early,)), "scenarios[0].onset_period"),
        (StressRequest(1, scenarios=(early,)), "scenarios[0].demand_factors[0].periods[0]"),
        (StressRequest(1, scenarios=(never,)), "scenarios[0].probability"),
        (StressRequest(1, routes=(Route("a", ("COD",)),) * 2), "sweep.routes[1].route_id"),
    ):
        with pytest.raises(InvalidProblem) as refused:
            stress_test(worked_toy(), request)
        assert path in {violation.field_path for violation in refused.value.violations}
    doomed = worked_toy(stop("at once", 1.0, 0))
    with pytest.raises(InvalidProblem, match="onset_period"):
        stress_test(doomed, StressRequest(1, each_country=True))
    other = replace(worked_toy(), discount_rate=0.05)
    with pytest.raises(InvalidProblem, match=r"candidates\[0\].*discount_rate"):
        stress_test(worked_toy(), EACH, [Candidate("other", other)])


def test_what_time_leaves_has_no_answer() -> None:
    found = stress_test(worked_toy(), EACH, keeper=Timekeeper(lambda: 0.0, 0.0, Unwatched()))
    assert (found.status, found.outcomes) == (PlanStatus.NO_PLAN_FOUND, ())


@st.composite
def stressed(draw: st.DrawFn) -> tuple[SourcingProblem, StressRequest]:
    """A problem without what a stress sets aside, and scenarios from an onset on."""
    stated = draw(problems() | yes_or_no_problems())
    calm = replace(
        stated,
        materials=tuple(
            replace(
                m,
                stock=m.stock
                and replace(
                    m.stock, floor_days=0.0, floor_days_by_state=(), closing_is_hard=False, floor_is_hard=False
                ),
            )
            for m in stated.materials
        ),
        rules=(),
        budget=None,
        scenarios=(),
        price_of_risk=0.0,
        tail_weight=0.0,
        footprint_policies=tuple(
            replace(p, max_units=(), states=(), max_units_by_state=()) for p in stated.footprint_policies
        ),
    )
    count = len(calm.periods)
    onset = draw(st.integers(0, count - 1))
    drawn = draw(
        scenarios(count, tuple(m.material_id for m in calm.materials), tuple(s.source_id for s in calm.sources))
    )
    # All at the onset: what comes later is prepared for before, so that "nothing happens" costs more than undisturbed.
    at_once = tuple(
        replace(
            s,
            onset_period=onset,
            end_period=None if s.end_period is None else max(s.end_period, onset),
            demand_factors=tuple(f for f in s.demand_factors if not f.periods),
        )
        for s in drawn
        if s.probability > 1e-3
    )
    return calm, StressRequest(onset, at_once, each_country=not at_once)


@unshrunk(25)
@given(stressed())
def test_the_oracle_comes_to_the_same_with_the_past_held(asked: tuple[SourcingProblem, StressRequest]) -> None:
    """The oracle plans the whole horizon with all of the plan held that was done or signed before the onset."""
    stated, request = asked
    if not request.scenarios:
        return
    plan = optimize(stated)
    if plan.status is not PlanStatus.OPTIMAL:
        return
    found = stress_test(stated, request)
    assert found.status is PlanStatus.OPTIMAL
    whole = Oracle(replace(stated, scenarios=request.scenarios))
    best = whole.solve(_past(plan, whole, request.onset), slack=1e-7)
    if not best.feasible:
        # Only plants that cannot be fed keep the oracle from a plan: it makes them deliver what is signed.
        assert any(supplier.feed is not None for supplier in stated.sources)
        return
    probability = {scenario.scenario_id: scenario.probability for scenario in request.scenarios}
    expected = found.undisturbed_cost_usd + sum(
        probability[one.scenario_id] * one.money_at_risk_usd for one in found.outcomes
    )
    assert expected == pytest.approx(best.objective, rel=1e-6, abs=1e-2)


def _past(plan: Plan, whole: Oracle, onset: int) -> dict[tuple[str | int, ...], float]:
    """Levels of the oracle's variables that a plan without scenarios has settled before the onset."""
    chain = {node.period: node.number for node in whole.nodes if node.period < onset}
    held: dict[tuple[str | int, ...], float] = {}
    for supplier in whole.problem.sources:
        for number in chain.values():
            held["y", supplier.source_id, number] = held["z", supplier.source_id, number] = 0.0
    for delivery in plan.deliveries:
        if delivery.node_id in chain:
            held["y", delivery.source_id, chain[delivery.node_id]] = delivery.contract_tonnes
            held["z", delivery.source_id, chain[delivery.node_id]] = delivery.spot_tonnes
    for balance in plan.balances:
        if balance.node_id in chain and whole.column("I", balance.material_id, chain[balance.node_id]) is not None:
            held["I", balance.material_id, chain[balance.node_id]] = balance.stock_tonnes
    for one in plan.expansions:
        if one.node_id in chain:
            held["k", one.source_id, chain[one.node_id]] = one.tonnes_per_year
    signed = {(c.source_id, c.period): c.contracted_tonnes for c in plan.contracts}
    for supplier in whole.problem.sources:
        for t in range(len(whole.problem.periods)):
            for where in (-1, *chain.values()):
                name = supplier.source_id, t
                if whole.column("q", *name, where) is not None:
                    held["q", *name, where] = signed.get(name, 0.0)
    return held


@unshrunk(30)
@given(
    sent=st.lists(st.lists(st.integers(0, 60).map(float), min_size=4, max_size=4), min_size=1, max_size=3),
    left=st.sampled_from((0.0, 0.5, 1.0)),
    wanted=st.lists(st.integers(0, 60).map(float), min_size=4, max_size=4),
    opening=st.sampled_from((0.0, 20.0, 100.0)),
    rate=st.sampled_from((0.0, 0.03)),
)
def test_no_worse_than_a_sequential_shortfall_with_the_same_flows(
    sent: Sequence[Sequence[float]], left: float, wanted: Sequence[float], opening: float, rate: float
) -> None:
    """What the book fixes is what the count takes for given; the plan alone may keep a tonne for a better use."""
    costs = {DemandTier.DEFENCE: 9_000.0, DemandTier.ESSENTIAL: 3_000.0}
    demand = [wanted, [tonnes / 2 for tonnes in wanted]]
    tiers = tuple(TierDemand(t, tuple(d), usd) for (t, usd), d in zip(costs.items(), demand, strict=True))
    sources = tuple(source(f"C{i}", 10.0 * (i + 1), lead_periods=4) for i in range(len(sent)))
    crisis = Scenario("crisis", 1.0, 0, None, (Disruption(countries=("C0",), availability=left),))
    asked = problem(
        sources,
        periods=4,
        materials=(Material("cobalt", tiers, stock(opening)),),
        book=tuple(SignedContract(f"C{i}", t, q) for i, one in enumerate(sent) for t, q in enumerate(one)),
        discount_rate=rate,
        scenarios=(crisis,),
    )
    flows = [Flow(one, [left if i == 0 else 1.0] * 4) for i, one in enumerate(sent)]
    counted = sequential_shortfall(flows, demand, opening)
    discount = [(1 + rate) ** -t for t in range(4)]
    bought = sum(discount[t] * 10.0 * (i + 1) * flow.arrives(t) for i, flow in enumerate(flows) for t in range(4))
    missed = sum(
        discount[t] * usd * short[t] for usd, short in zip(costs.values(), counted.unmet, strict=True) for t in range(4)
    )
    plan = optimize(asked)
    assert plan.costs is not None
    assert plan.costs.objective_usd <= (bought + missed) * (1 + 1e-9) + 1e-6
    lacking = sum(tier.tonnes for tier in plan.materials[0].expected_shortages)
    assert lacking <= counted.requirement + 1e-6
