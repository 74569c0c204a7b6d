"""Stockpiles sized on problems whose optimum can be worked by hand, and against other ways to the same figure."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pytest

from lodestock_optimizers.compiled import compile_instance
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import DemandTier, Material, SourcingProblem, TierDemand
from lodestock_optimizers.questions.stockpile import SizeRequest, StockpileSizes, size_violations
from lodestock_optimizers.questions.stockpile_sizes import size_stockpile
from lodestock_optimizers.sizing import Sizing
from lodestock_optimizers.solving.highs import Solver
from lodestock_optimizers.violations import InvalidProblem
from lodestock_optimizers.watch import Progress, Timekeeper, Unwatched, Watcher
from tests.unit.optimizers.problems import material, problem, source, stock, stop

SUPPLY = (source("COD"), source("AUS", price=30.0, capacity=40.0))
OPENING_PRICE = (1_000 * 10.0 + 40 * 30.0) / 1_040


def asked(
    stated: SourcingProblem, watcher: Watcher | None = None, limit_s: float | None = None, **given: object
) -> StockpileSizes:
    heard = watcher or Unwatched()
    request = SizeRequest(**given)  # type: ignore[arg-type]
    return size_stockpile(stated, request, Timekeeper(time.perf_counter, limit_s, heard), heard)


def stopped_at_once(opening: float = 0.0) -> SourcingProblem:
    """COD stops in the first year with a chance of 1/4; a tenth of the stock is lost a year."""
    policy = stock(opening, loss_rate_per_year=0.1, closing_shortfall_usd_per_tonne=40.0)
    return problem(SUPPLY, 2, (material(stock=policy),), scenarios=(stop("stop", 0.25, 0, 0),))


def test_the_stock_bridges_what_the_other_supplier_cannot() -> None:
    """AUS has 40 of 100 t; what is left of the stock after a tenth is lost is the other 60 t."""
    found = asked(stopped_at_once())
    (size,) = found.sizes
    (sized,) = size.stocks
    assert (found.status, size.status) == (PlanStatus.OPTIMAL, PlanStatus.OPTIMAL)
    assert sized.bought_tonnes == sized.opening_tonnes == pytest.approx(60 / 0.9)
    assert sized.days == pytest.approx(60 / 0.9 / 100 * 365)
    assert sized.price_usd_per_tonne == pytest.approx(OPENING_PRICE)
    assert size.purchase_usd == pytest.approx(60 / 0.9 * OPENING_PRICE)
    assert size.costs is not None
    assert size.costs.shortage_usd == pytest.approx(0.0, abs=1e-6)
    # In the crisis AUS delivers all it has; what is left of the stock, 0.9² of it, is there again after two years.
    refilled = 0.9**2 * 60 / 0.9
    crisis = 40 * 30 + 100 * 10 + refilled * 10
    # Without one the stock is used in the first year, too, before the second takes its tenth of it.
    calm = 40 * 10 + 100 * 10 + refilled * 10
    assert size.objective_usd == pytest.approx(size.purchase_usd + 0.25 * crisis + 0.75 * calm)
    (deciding,) = size.deciding
    assert (deciding.period, deciding.scenario_ids, deciding.probability) == (0, ("stop",), 0.25)
    assert deciding.opening_tonnes_per_tonne == pytest.approx(1 / 0.9)
    # The stock for one tonne more: bought, refilled in both, and of use in the year without a crisis as well.
    more = 1 / 0.9
    assert deciding.cost_usd_per_tonne == pytest.approx(more * OPENING_PRICE + 0.81 * more * 10 - 0.75 * 10)
    assert size.served_probability == 1.0
    assert found.costs is not None
    assert found.costs.shortage_usd == pytest.approx(0.25 * 60 * 1_000)


def test_what_is_there_already_is_free() -> None:
    found = asked(stopped_at_once(opening=50.0))
    (sized,) = found.sizes[0].stocks
    assert sized.owned_tonnes == 50.0
    assert sized.opening_tonnes == pytest.approx(60 / 0.9)
    assert sized.purchase_usd == pytest.approx((60 / 0.9 - 50) * OPENING_PRICE)
    (ample,) = asked(stopped_at_once(opening=90.0)).sizes[0].stocks
    assert (ample.bought_tonnes, ample.opening_tonnes) == (0.0, 90.0)


def cheap_shortage() -> SourcingProblem:
    """A shortage costs less than the stock that avoids it, so that only the wish to serve makes one."""
    tier = TierDemand(DemandTier.ESSENTIAL, (100.0,), 35.0)
    policy = stock(closing_shortfall_usd_per_tonne=40.0, holding_usd_per_tonne_year=2.0, max_in_tonnes=0.0)
    stops = (stop("first", 0.05, 0, 0), stop("second", 0.1, 1, 1), stop("both", 0.15, 0, 1))
    return problem(SUPPLY, 3, (Material("cobalt", (tier,), policy),), scenarios=stops)


def test_scenarios_are_spared_as_far_as_the_probability_lets() -> None:
    """One stop of a year takes 60 t, the stop of two years 120 t; nobody pays for what may be spared."""
    stated = cheap_shortage()
    found = asked(stated, min_probabilities=(1.0, 0.85, 0.7))
    tonnes = [size.stocks[0].opening_tonnes for size in found.sizes]
    assert tonnes == pytest.approx([120.0, 60.0, 0.0], abs=1e-6)
    whole, most, least = found.sizes
    assert whole.spared == ()
    assert [one.scenario_ids for one in most.spared] == [("both",)]
    assert most.spared[0].probability == pytest.approx(0.15)
    assert sum(short.tonnes for short in most.spared[0].shortages) == pytest.approx(60.0)
    assert most.served_probability == pytest.approx(0.85)
    assert {one.scenario_ids for one in least.spared} == {("first",), ("second",), ("both",)}
    assert all(one.status is PlanStatus.OPTIMAL for one in found.sizes)


def test_more_certainty_never_costs_less() -> None:
    stated = cheap_shortage()
    found = asked(stated, min_probabilities=(0.0, 0.7, 0.85, 0.9, 0.95, 1.0))
    costs = [size.objective_usd for size in found.sizes]
    assert costs == sorted(costs)
    assert costs[0] < costs[-1]
    # With nothing to serve, the plan is the one that no stock is bought for.
    assert found.costs is not None
    assert costs[0] == pytest.approx(found.costs.objective_usd)


@pytest.mark.parametrize("probability", [0.95, 0.9, 0.8, 0.75])
def test_no_other_choice_of_spared_scenarios_costs_less(probability: float) -> None:
    """Every choice of leaves to spare within the probability, one linear programme each."""
    stated = cheap_shortage()
    (size,) = asked(stated, min_probabilities=(probability,)).sizes
    price = size.stocks[0].price_usd_per_tonne
    compiled = compile_instance(Instance(stated, sizing=Sizing({0: price}, (0,))))
    tree, arrays = compiled.instance.tree, compiled.arrays
    leaves = tree.leaves.tolist()
    served = arrays.rows["served"]
    best = np.inf
    for spared in chain.from_iterable(combinations(leaves, k) for k in range(len(leaves) + 1)):
        if tree.probability[list(spared)].sum() > 1 - probability + 1e-9:
            continue
        kept = {n for leaf in leaves if leaf not in spared for n in tree.ancestor[leaf].tolist()}
        upper = arrays.row_upper.copy()
        upper[served.position] = [0.0 if n in kept else np.inf for n in served.index[:, 1]]
        best = min(best, Solver(replace(arrays, row_upper=upper)).solve().objective)
    assert size.objective_usd == pytest.approx(best, rel=1e-7)


def test_a_grid_of_opening_stocks_finds_no_better() -> None:
    """A plan for each opening stock, shortage priced out, with its purchase: the least is at the size found."""
    stated = stopped_at_once()
    (size,) = asked(stated).sizes
    tier = replace(stated.materials[0].demand[0], shortage_cost_usd_per_tonne=1e6)

    def whole(tonnes: float) -> float:
        policy = replace(stopped_at_once(opening=tonnes).materials[0].stock, closing_tonnes=0.81 * tonnes)  # type: ignore[type-var]
        plan = optimize(replace(stated, materials=(Material("cobalt", (tier,), policy),)))
        assert plan.costs is not None
        return plan.costs.objective_usd + OPENING_PRICE * tonnes

    costs = {tonnes: whole(tonnes) for tonnes in (0.0, 30.0, 60.0, 66.0, 200 / 3, 67.0, 70.0, 90.0)}
    assert min(costs, key=lambda tonnes: costs[tonnes]) == 200 / 3
    assert size.objective_usd == pytest.approx(costs[200 / 3])


def test_a_plan_with_the_stock_found_is_not_short() -> None:
    stated = stopped_at_once()
    tonnes = asked(stated).sizes[0].stocks[0].opening_tonnes
    policy = replace(stated.materials[0].stock, opening_tonnes=tonnes)  # type: ignore[type-var]
    plan = optimize(replace(stated, materials=(replace(stated.materials[0], stock=policy),)))
    assert plan.costs is not None
    assert plan.costs.shortage_usd == pytest.approx(0.0, abs=1e-6)


def test_contracts_are_held_where_the_caller_wants_it() -> None:
    """A plan that rather is short than buy from AUS at 2,000 holds no contract with it: then the stock serves all."""
    supply = (source("COD"), source("AUS", price=2_000.0, capacity=40.0))
    stated = replace(stopped_at_once(), sources=supply)
    free, held = (asked(stated, hold_contracts=hold).sizes[0] for hold in (False, True))
    assert held.stocks[0].opening_tonnes == pytest.approx(100 / 0.9)
    assert held.objective_usd >= free.objective_usd - 1e-6


@pytest.mark.parametrize(
    ("changes", "family", "left"),
    [({"capacity_tonnes": 20.0}, "storage", 60 - 18.0), ({"max_out_tonnes": 25.0}, "stock_out", 60 - 25.0)],
)
def test_what_no_stock_can_serve_is_told_with_its_limits(changes: dict[str, float], family: str, left: float) -> None:
    stated = stopped_at_once()
    policy = replace(stated.materials[0].stock, **changes)  # type: ignore[type-var]
    stated = replace(stated, materials=(replace(stated.materials[0], stock=policy),))
    impossible, possible = asked(stated, min_probabilities=(1.0, 0.75)).sizes
    assert (impossible.status, impossible.costs) == (PlanStatus.INFEASIBLE, None)
    told = impossible.unreachable
    assert told is not None
    assert told.probability == pytest.approx(0.75)
    assert [short.tonnes for short in told.shortages] == pytest.approx([left])
    assert {"capacity", family} <= {limit.family for limit in told.limits}
    assert possible.status is PlanStatus.OPTIMAL


def test_a_hard_closing_stock_that_cannot_be_is_told() -> None:
    """The stop lasts to the end, so that what is taken from the stock cannot come back."""
    policy = stock(closing_is_hard=True)
    stated = problem(SUPPLY[:1], 1, (material(stock=policy),), scenarios=(stop("stop", 0.25, 0),))
    (size,) = asked(stated).sizes
    assert size.unreachable is not None
    assert "closing_stock" in {limit.family for limit in size.unreachable.limits}


def test_a_base_without_a_plan_says_why() -> None:
    stated = stopped_at_once()
    policy = replace(stated.materials[0].stock, floor_days=365.0, floor_is_hard=True)  # type: ignore[type-var]
    stated = replace(stated, sources=(), materials=(replace(stated.materials[0], stock=policy),))
    with pytest.raises(InvalidProblem):
        asked(stated)
    stated = replace(stated, sources=(source("COD", capacity=1.0),))
    found = asked(stated)
    assert (found.status, found.sizes) == (PlanStatus.INFEASIBLE, ())
    assert found.conflict


def test_questions_that_cannot_be_put_are_refused_by_field() -> None:
    stated = stopped_at_once()
    other = replace(stated, materials=(*stated.materials, material("nickel")))
    request = SizeRequest(("cobalt", "nickel", "tin", "cobalt"), (DemandTier.DEFENCE,))
    found = {violation.field_path for violation in size_violations(other, request)}
    assert found == {"material_ids[1]", "material_ids[2]", "material_ids[3]", "tiers"}
    bare = problem(SUPPLY)
    assert [v.field_path for v in size_violations(bare, SizeRequest())] == ["material_ids"]
    assert list(size_violations(stated, SizeRequest())) == []


class _Stops(Unwatched):
    """A caller who wants no more once the plan without more stock is there."""

    def __init__(self) -> None:
        self.reports = 0

    def report(self, progress: Progress) -> None:
        self.reports += 1

    def cancelled(self) -> bool:
        return self.reports > 0


def test_clock_and_caller_end_it() -> None:
    late = asked(stopped_at_once(), limit_s=0.0)
    assert late.status is PlanStatus.NO_PLAN_FOUND
    assert asked(stopped_at_once(), _Stops()).status is PlanStatus.CANCELLED
