"""What limits are worth where they move with others, and what is told of those that are left out or in a scenario."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lodestock_optimizers.explanation import limit_prices
from lodestock_optimizers.explanation.explain import explain
from lodestock_optimizers.explanation.values import Asked, Language, LimitPrice
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    MaterialState,
    Quota,
    ShareCap,
    ShareDenominator,
    ShareFloor,
    SourceKind,
    SourcingProblem,
    StateValue,
    StockPolicy,
    TradeRule,
)
from tests.unit.optimizers.problems import material, problem, source, stock, stop


def objective(stated: SourcingProblem) -> float:
    plan = optimize(stated)
    assert plan.costs is not None
    return plan.costs.objective_usd


def limit(stated: SourcingProblem, path: str) -> LimitPrice:
    (found,) = [one for one in explain(stated).limits if one.field_path == path]
    return found


def test_a_closing_stock_by_default_moves_with_the_days_of_its_floor() -> None:
    """A day of the floor is 100/365 t at 10 USD, which the closing stock made from it would hold on to."""

    def with_days(days: float) -> SourcingProblem:
        kept = StockPolicy(floor_days=days, floor_is_hard=True, closing_is_hard=True, capacity_tonnes=100.0)
        return problem((source("COD"),), materials=(material(stock=kept),))

    found = limit(with_days(73.0), "materials[0].stock.floor_days")
    a_day = 10.0 * 100.0 / 365.0
    assert objective(with_days(72.0)) == pytest.approx(objective(with_days(73.0)) - a_day)
    assert (found.relief_saves_usd, found.tightening_costs_usd) == pytest.approx((a_day, a_day))


@pytest.mark.parametrize(("capacity", "saved"), [(1_000.0, 400.0), (60.0, 0.0)])
def test_a_share_of_deliveries_has_a_worth_to_either_side(capacity: float, saved: float) -> None:
    """Of 100 t COD may deliver 60, at 10 in place of 14; where it has no more, a larger share saves nothing."""
    cap = ShareCap(0.6, ShareDenominator.SUPPLY)
    rule = TradeRule("cap", cap, countries=("COD",))
    stated = problem((source("COD", capacity=capacity), source("AUS", price=14.0)), rules=(rule,))
    found = limit(stated, "rules[0].share_cap.max_share")
    assert found.value == pytest.approx(0.6)
    assert (found.relief_saves_usd, found.tightening_costs_usd) == pytest.approx((saved, 400.0), rel=1e-6, abs=1e-6)
    assert found.is_degenerate is (saved == 0.0)
    tighter = replace(stated, rules=(replace(rule, rule=replace(cap, max_share=0.5)),))
    assert objective(tighter) - objective(stated) == pytest.approx(0.1 * 400.0)


def test_a_share_of_all_materials_is_priced_beside_one_that_nobody_sells() -> None:
    """A hundredth less of the home offer saves 1 t of cobalt at 4 USD; of nickel there is nothing to be a share of."""
    home = source("DEU", price=14.0, kind=SourceKind.DOMESTIC)
    floor = TradeRule("home", ShareFloor(SourceKind.DOMESTIC, 0.3, ShareDenominator.SUPPLY))
    offers = (source("COD", min_order_tonnes=1.0), home)
    stated = problem(offers, materials=(material(), material("nickel")), rules=(floor,))
    found = limit(stated, "rules[0].share_floor.min_share")
    assert (found.relief_saves_usd, found.tightening_costs_usd) == pytest.approx((400.0, 400.0), rel=1e-6)


@pytest.mark.parametrize("full", [0.01, 5.0, 27.0, 100_000.0])
def test_what_cannot_be_tightened_has_no_cost_of_tightening(full: float) -> None:
    """What must be left at the end fills the storage, to which the solver's tolerance adds nothing."""
    kept = stock(capacity_tonnes=full, closing_tonnes=full, closing_is_hard=True)
    stated = problem((source("COD", capacity=3.0 * full + 200.0),), materials=(material(stock=kept),))
    found = [one for one in explain(stated).limits if one.family in ("closing_stock", "storage")]
    assert "closing_stock" in {one.family for one in found}
    assert {one.tightening_costs_usd for one in found} == {None}


def test_limits_that_are_not_looked_at_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit_prices, "MOST_FIELDS", 2)
    offers = tuple(source(f"{c}AA", price=10.0 + i, capacity=10.0) for i, c in enumerate("ABCDEFGH"))
    told = explain(problem(offers), Asked(languages=(Language.ENGLISH, Language.CHINESE)))
    assert (len(told.limits), told.limits_left_out) == (2, 6)
    english, chinese = told.texts
    assert "Further limits that the plan meets and that were not looked at: 6." in english.sentences
    assert any("其他限制：6 项" in sentence for sentence in chinese.sentences)


def test_a_conflict_names_the_scenario_in_which_it_stands() -> None:
    """In the emergency 100 t must be there: 50 t and 20 t a year more are not enough, and only then too few."""
    kept = stock(50.0, floor_is_hard=True, max_in_tonnes=20.0)
    kept = replace(kept, floor_days_by_state=(StateValue(MaterialState.EMERGENCY, 365.0),))
    crisis = stop("crisis", 0.2, 1, country="AUS")
    stated = problem((source("COD"), source("AUS")), 2, materials=(material(stock=kept),), scenarios=(crisis,))
    plan = optimize(stated)
    assert plan.status is PlanStatus.INFEASIBLE
    scenarios = {rule.family: rule.scenario_ids for rule in plan.conflict}
    assert scenarios == {"stock_floor": ("crisis",), "stock_in": ()}
    (floor,) = [rule for rule in plan.conflict if rule.family == "stock_floor"]
    assert floor.description.endswith("must be at least 100 t, if 'crisis' happens")
    text = explain(stated, Asked(languages=(Language.ENGLISH,))).texts[0]
    assert any("the stock floor of cobalt in 2027 (if crisis happens)" in sentence for sentence in text.sentences)


def test_a_conflict_names_all_periods_of_a_limit() -> None:
    """500 t are to be there at the end; 3 · 50 t and 100 t are all that may come."""
    kept = stock(closing_tonnes=500.0, closing_is_hard=True)
    quota = TradeRule("few", Quota(50.0), periods=(0, 1, 3))
    stated = problem((source("COD", capacity=100.0),), 4, materials=(material(stock=kept),), rules=(quota,))
    told = {rule.family: rule.description for rule in optimize(stated).conflict}
    assert told == {
        "quota": "rule 'few' allows deliveries of at most 50 t in each of 2026 to 2027 and 2029",
        "capacity": "source 'COD' can deliver at most 100 t in 2028",
        "closing_stock": "the closing stock of cobalt must be at least 500 t",
    }
    texts = explain(stated, Asked(languages=(Language.ENGLISH, Language.CHINESE))).texts
    english, chinese = ("".join(text.sentences) for text in texts)
    assert "the quota few in 2026 to 2027, 2029, " in english
    assert "the capacity of COD in 2028" in english
    assert "2026 至 2027、2029 期的配额 few" in chinese
    scarce = problem((source("COD", capacity=40.0),), 9, materials=(material(stock=kept),))
    (capacity,) = [rule.description for rule in optimize(scarce).conflict if rule.family == "capacity"]
    assert capacity == "source 'COD' can deliver at most 40 t in each of 2026 to 2034"
