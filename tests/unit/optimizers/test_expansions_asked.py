"""What is said of plans with capacity to be built and stages: explanations, conflicts, stresses, stockpiles."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given

from lodestock_optimizers.compiled import compile_problem
from lodestock_optimizers.explanation.explain import explain
from lodestock_optimizers.explanation.values import Asked, Language
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    Expansion,
    Feed,
    Material,
    ShareCap,
    ShareFloor,
    SourceKind,
    SourcingProblem,
    TradeRule,
)
from lodestock_optimizers.questions.stockpile import SizeRequest
from lodestock_optimizers.questions.stockpile_sizes import size_stockpile
from lodestock_optimizers.questions.stress import stress_test
from lodestock_optimizers.questions.stresses import StressRequest
from lodestock_optimizers.solving.resolving import ArrayChange, WarmModel
from lodestock_optimizers.watch import Timekeeper, Unwatched, unlimited
from tests.oracle.contradictions import relaxed
from tests.oracle.problems import problems, unshrunk
from tests.unit.optimizers.problems import material, problem, source, stock, stop
from tests.unit.optimizers.test_expansions import mine

BOTH = Asked(languages=(Language.ENGLISH, Language.CHINESE))
LATE = mine(expansion=Expansion(100.0, 100.0, 1, 5.0, 4.0))
"""30 USD a year for a tonne a year of capacity, one period after it is decided, up to 100 t a year."""
FEW = mine(expansion=Expansion(60.0, 100.0, 1, 5.0, 4.0))


def test_the_most_that_can_be_built_has_a_price_with_a_range_and_words() -> None:
    told = explain(problem((source("AUS", 100.0), FEW), 4), BOTH)
    (limit,) = [limit for limit in told.limits if limit.family == "expansion"]
    assert (limit.field_path, limit.unit, limit.value) == ("sources[1].expansion.max_tonnes_per_year", "t/year", 60.0)
    # 100 − 20 − 30 USD in each of three years, until 100 t a year are built
    assert limit.worth_per_unit_usd == pytest.approx(150.0)
    assert limit.most_value == pytest.approx(100.0)
    english, chinese = (text.sentences for text in told.texts)
    sentence = "Each tonne a year more for what can be built at DEU would save 150 USD, up to 100 t a year"
    assert any(line.startswith(sentence) for line in english)
    assert any("DEU 可新建的产能" in line for line in chinese)


def test_what_is_built_costs_by_the_fields_that_hold_its_price() -> None:
    told = explain(problem((source("AUS", 100.0), FEW), 4), BOTH)
    by_field = {part.field_path: part.cost_usd for part in told.costs_by_field}
    assert by_field["sources[1].expansion.capital_usd_per_tonne_year"] == pytest.approx(3 * 60 * 25)
    assert by_field["sources[1].expansion.fixed_usd_per_tonne_year"] == pytest.approx(3 * 60 * 5)


def test_who_plans_as_if_nothing_could_happen_does_not_build() -> None:
    stated = problem((source("COD"), LATE), 2, scenarios=(stop("stop", 0.25, 1),))
    value = explain(stated, Asked(value_of_planning=True)).value_of_planning
    assert value is not None
    # 100 t short at 1,000 in the crisis, against 100 t a year built for it
    assert value.saved_usd == pytest.approx((1_000 + 0.75 * 1_000 + 0.25 * 100_000) - 5_250)


def test_a_share_of_what_plants_take_has_a_price_to_both_sides() -> None:
    cap = TradeRule("cap", ShareCap(0.65), ("ore",), ("COD",))
    ores = (source("COD", material_id="ore"), source("CHL", 30.0, material_id="ore"))
    plant = source("DEU", 5.0, kind=SourceKind.DOMESTIC, feed=Feed("ore", 2.0))
    stated = problem((*ores, plant), 1, (material(), Material("ore", ())), rules=(cap,))
    (limit,) = [limit for limit in explain(stated).limits if limit.family == "share_cap"]
    assert (limit.field_path, limit.unit, limit.value) == ("rules[0].share_cap.max_share", "share", 0.65)
    # All of 200 t, at 20 USD a tonne
    assert limit.relief_saves_usd == pytest.approx(4_000.0)
    assert limit.tightening_costs_usd == pytest.approx(4_000.0)


def test_a_stock_that_neither_what_there_is_nor_what_can_be_built_fills() -> None:
    hard = (material(stock=replace(stock(), closing_tonnes=500.0, closing_is_hard=True)),)
    stated = problem((FEW,), 2, hard)
    plan = optimize(stated)
    assert plan.status is PlanStatus.INFEASIBLE
    assert {rule.field_path for rule in plan.conflict} == {
        "materials[0].stock.closing_tonnes",
        "sources[0].capacity_tonnes[0]",
        "sources[0].expansion.max_tonnes_per_year",
    }
    told = {rule.family: rule.description for rule in plan.conflict}
    assert told["expansion"] == "at source 'DEU' at most 60 t/year can be built and stand in 2027"
    (found,) = plan.relaxations
    assert found.field_value == pytest.approx(60.0)
    assert optimize(relaxed(stated, plan.relaxations)).status is PlanStatus.OPTIMAL


def test_a_share_of_what_plants_take_gives_way_as_far_as_it_must() -> None:
    floor = TradeRule("floor", ShareFloor(SourceKind.DOMESTIC, 0.5), ("ore",))
    ores = (source("COD", material_id="ore"), source("DEU", capacity=30.0, material_id="ore", kind=SourceKind.DOMESTIC))
    plant = source("BEL", 5.0, kind=SourceKind.DOMESTIC, feed=Feed("ore", 2.0), capacity=50.0)
    at_least = TradeRule("own", ShareFloor(SourceKind.DOMESTIC, 0.4), ("cobalt",))
    stated = problem((*ores, plant), 1, (material(), Material("ore", ())), rules=(floor, at_least))
    # 40 t of cobalt take 80 t of ore, of which half cannot be from home, where there are 30.
    plan = optimize(stated)
    assert plan.status is PlanStatus.INFEASIBLE
    assert {rule.subject_id for rule in plan.conflict} == {"floor", "own", "DEU"}
    assert optimize(relaxed(stated, plan.relaxations)).status is PlanStatus.OPTIMAL


def test_a_stress_finds_what_was_built_before_it_and_what_is_owed_for_it() -> None:
    stated = problem((source("COD"), LATE), 3, scenarios=(stop("stop", 0.25, 1),))
    found = stress_test(stated, StressRequest(1, each_country=True))
    # 100 t at 10 in each of three years, and 100 t a year for two of them
    assert found.undisturbed_cost_usd == pytest.approx(3 * 1_000 + 2 * 3_000)
    (cod,) = [one for one in found.outcomes if one.scenario_id == "COD"]
    assert cod.extra_shortage_usd == pytest.approx(0.0)
    assert cod.extra_cost_usd == pytest.approx(100 * (20 - 10))


def test_a_stockpile_of_ore_serves_those_who_want_what_is_made_of_it() -> None:
    held, stored = (
        material(stock=stock(holding_usd_per_tonne_year=3.0)),
        Material("ore", (), stock(holding_usd_per_tonne_year=1.0)),
    )
    plant = source("DEU", 5.0, 200.0, kind=SourceKind.DOMESTIC, feed=Feed("ore", 2.0))
    crisis = (stop("stop", 0.5, 0, 0),)
    stated = problem((source("COD", material_id="ore"), plant), 2, (held, stored), scenarios=crisis)
    for names in ((), ("ore",)):
        keeper = Timekeeper(time.perf_counter, None, Unwatched())
        (size,) = size_stockpile(stated, SizeRequest(material_ids=names), keeper, Unwatched()).sizes
        bought = {one.material_id: one.bought_tonnes for one in size.stocks}
        # 100 t of cobalt for the first year, as ore: it is cheaper, and costs less to hold where nothing happens.
        assert bought == pytest.approx({"ore": 200.0} if names else {"cobalt": 0.0, "ore": 200.0})
        assert size.purchase_usd == pytest.approx(2_000.0)


@unshrunk(20)
@given(problems())
def test_building_a_tonne_more_costs_at_least_what_is_told(stated: SourcingProblem) -> None:
    plan = optimize(stated)
    if plan.status is not PlanStatus.OPTIMAL or not plan.expansions:
        return
    compiled = compile_problem(stated, unlimited())
    model = WarmModel(compiled.arrays)
    best = model.solve(keeper=unlimited())
    family, weight = compiled.arrays.columns["built"], compiled.answer(best).weight
    position = dict(zip(map(tuple, family.index.tolist()), family.position.tolist(), strict=True))
    source_ids = [one.source_id for one in stated.sources]
    for one in plan.expansions[:3]:
        assert one.reduced_cost_usd_per_tonne_year is not None
        lower = compiled.arrays.lower.copy()
        lower[position[source_ids.index(one.source_id), one.node_id]] = one.tonnes_per_year + 1e-3
        forced = model.solve(ArrayChange(lower=lower), unlimited())
        if forced.status is PlanStatus.OPTIMAL:
            cost = (forced.objective - best.objective) / 1e-3 / float(weight[one.node_id])
            assert one.reduced_cost_usd_per_tonne_year <= cost + 1e-3 * (1 + abs(cost))
