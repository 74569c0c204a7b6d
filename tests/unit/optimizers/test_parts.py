"""Parts on trees of their own: they make the whole's model, and their optimum is the whole's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given

from benchmarks.ladder import Rung, rung_problem
from lodestock_optimizers.formulation import arrays_of
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.parts import Part, solving, split
from lodestock_optimizers.parts.solving import PartsSolver
from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import Budget, Quota, Scenario, SourcingProblem, TradeRule
from lodestock_optimizers.solving import mixed
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.check import check_answer
from lodestock_optimizers.solving.highs import Solution, Solver
from lodestock_optimizers.solving.implied_bounds import greatest_levels
from lodestock_optimizers.trade_rules import rule_rows
from lodestock_optimizers.validation import validate
from lodestock_optimizers.watch import Progress, Stage
from tests.kept_news import KeptNews
from tests.oracle.agreement import disagreement
from tests.oracle.model import solve
from tests.oracle.problems import problems, unshrunk, yes_or_no_problems
from tests.unit.optimizers.named_arrays import difference
from tests.unit.optimizers.problems import material, problem, source, stock, stop

LEAST_COLUMNS = "lodestock_optimizers.parts.part.LEAST_COLUMNS"


@pytest.fixture(autouse=True, scope="module")
def _however_small() -> Iterator[None]:
    """Small problems are not worth splitting; those of this module are split all the same."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(LEAST_COLUMNS, 0)
        yield


def untied(stated: SourcingProblem) -> SourcingProblem:
    """A random problem with whatever ties materials cut, whose scenarios hit one material each."""
    names = [m.material_id for m in stated.materials]
    material_of = {s.source_id: s.material_id for s in stated.sources}

    def one(k: int) -> tuple[str, ...]:
        return (names[k % len(names)],)

    def cut(k: int, scenario: Scenario) -> Scenario:
        return replace(
            scenario,
            disruptions=tuple(replace(d, material_ids=one(k)) for d in scenario.disruptions),
            demand_factors=tuple(replace(f, material_ids=one(k)) for f in scenario.demand_factors),
            state_material_ids=(),
        )

    return replace(
        stated,
        budget=None,
        tail_weight=0.0,
        footprint_policies=tuple(replace(p, max_units=(), max_units_by_state=()) for p in stated.footprint_policies),
        rules=tuple(
            replace(r, material_ids=one(k)) if isinstance(r.rule, Quota) else r for k, r in enumerate(stated.rules)
        ),
        deposits=tuple(d for d in stated.deposits if len({material_of[s] for s in d.source_ids}) == 1),
        substitutions=stated.substitutions[:1],
        scenarios=tuple(cut(k, s) for k, s in enumerate(stated.scenarios)),
    )


def parts_of(stated: SourcingProblem) -> tuple[Instance, list[Part]]:
    """The instance of a problem and its parts."""
    instance = Instance(stated)
    return instance, split(instance, rule_rows(instance))


def solver_of(instance: Instance, parts: list[Part]) -> PartsSolver:
    """A solver that has begun."""
    solver = PartsSolver(instance, lambda: None)
    for part in parts:
        solver.add(part, arrays_of(part.instance, part.rules))
    return solver


@unshrunk(40)
@given(problems())
def test_parts_give_the_model_and_the_optimum_of_the_whole(stated: SourcingProblem) -> None:
    instance, parts = parts_of(untied(stated))
    if not parts:
        is_fed = any(s.feed is not None for s in stated.sources)
        assert len(stated.materials) == 1 or len(stated.substitutions) > 0 or is_fed
        return
    whole = arrays_of(instance)
    solver = solver_of(instance, parts)
    found = solver.solve()
    assert difference(solver.arrays, whole) == ""
    alone = mixed.solver_of(whole).solve()
    assert found.status is alone.status
    if found.status is PlanStatus.OPTIMAL:
        assert found.objective == pytest.approx(alone.objective, rel=1e-6, abs=1e-6)
        check = check_answer(solver.arrays, found)
        assert check.passed, check
        # The part of the duals that all of the costs make up is the duals.
        assert solver.row_dual_of(solver.arrays.cost) == pytest.approx(found.row_dual, rel=1e-6, abs=1e-6)
        assert solver.greatest_levels() == pytest.approx(greatest_levels(solver.arrays), rel=1e-9, abs=1e-9)


@unshrunk(25)
@given(problems() | yes_or_no_problems())
def test_a_plan_made_in_parts_is_the_optimum(stated: SourcingProblem) -> None:
    cut = untied(stated)
    # What is left of a policy or a rule may say nothing, which is refused.
    assume(not validate(cut))
    assert disagreement(optimize(cut), solve(cut)) == ""


def test_many_scenarios_are_few_situations_to_each_material() -> None:
    instance, parts = parts_of(rung_problem(Rung(4, 24, coupled=False)))
    assert sum(part.instance.node_count for part in parts) < 0.9 * len(parts) * instance.node_count
    solver = solver_of(instance, parts)
    found, whole = solver.solve(), arrays_of(instance)
    assert difference(solver.arrays, whole) == ""
    assert found.objective == pytest.approx(Solver(whole).solve().objective, rel=1e-9)
    assert check_answer(solver.arrays, found).passed


def two(**changes: object) -> SourcingProblem:
    """Two materials over three periods; what stops one of them leaves the other alone."""
    return problem(
        (source("COD"), source("PHL", material_id="nickel")),
        periods=3,
        materials=(material(stock=stock(50.0)), material("nickel")),
        scenarios=(stop("cobalt stops", 0.2, 1), stop("nickel stops", 0.1, 2, country="PHL")),
        **changes,
    )


def test_a_material_does_not_tell_apart_what_happens_to_others() -> None:
    instance, (cobalt, nickel) = parts_of(two())
    # 0; then calm (1) or cobalt stopped (2); then calm (3), cobalt stopped (4) or nickel stopped (5).
    assert instance.node_count == 6
    assert cobalt.image.tolist() == [0, 1, 2, 3, 4, 3]
    # That cobalt stopped excludes that nickel will: the two situations of period 1 are not one.
    assert nickel.image.tolist() == [0, 1, 2, 3, 4, 5]
    assert cobalt.instance.tree.probability == pytest.approx([1.0, 0.8, 0.2, 0.8, 0.2])


def test_futures_with_other_odds_are_not_one() -> None:
    boom = Scenario("boom", 0.3, 0, 0, demand_factors=())
    stated = replace(two(), scenarios=(*two().scenarios, boom))
    _, (_, nickel) = parts_of(stated)
    assert len(set(nickel.image.tolist())) == nickel.instance.node_count


@pytest.mark.parametrize(
    "tie",
    [
        {"budget": Budget((1e9,))},
        {"rules": (TradeRule("both", Quota(1e6)),)},
        {"tail_weight": 0.5},
    ],
    ids=["budget", "quota", "tail"],
)
def test_what_is_tied_stays_whole(tie: dict[str, object]) -> None:
    assert parts_of(two(**tie))[1] == []


def test_what_is_bought_wholly_or_not_at_all_is_a_part_that_tells_all_apart() -> None:
    stated = two()
    stated = replace(stated, sources=(replace(stated.sources[0], min_order_tonnes=5.0), *stated.sources[1:]))
    instance, (cobalt, nickel) = parts_of(replace(stated, scenarios=stated.scenarios[:1]))
    assert cobalt.image.tolist() == list(range(instance.node_count))
    assert nickel.instance.node_count < instance.node_count


def test_a_part_with_a_yes_or_no_is_worth_its_while_however_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LEAST_COLUMNS, 1_000)
    stated = two()
    stated = replace(stated, sources=tuple(replace(s, fixed_cost_usd=5.0) for s in stated.sources))
    assert len(parts_of(stated)[1]) == 2
    plan = optimize(stated)
    assert (plan.status, plan.has_yes_or_no) == (PlanStatus.OPTIMAL, True)
    assert disagreement(plan, solve(stated)) == ""


def test_one_part_without_a_plan_leaves_the_whole_without_one() -> None:
    hard = stock(closing_tonnes=5_000.0, closing_is_hard=True)
    stated = replace(two(), materials=(material(stock=hard), material("nickel")))
    stated = replace(stated, sources=(source("COD", capacity=1.0), *stated.sources[1:]))
    plan = optimize(stated)
    assert plan.status is PlanStatus.INFEASIBLE
    assert {r.material_id for r in plan.relaxations} == {"cobalt"}


class SecondNeverEnds(Solver):
    """A solver that has no plan for every second model before it is told to end."""

    made = 0

    def __init__(self, arrays: LinearArrays, time_limit_s: float | None = None) -> None:
        super().__init__(arrays, time_limit_s)
        type(self).made += 1
        self._is_first = self.made % 2 == 1

    def solve(self) -> Solution:
        while not (self._is_first or self._interrupted):
            time.sleep(0.01)
        return super().solve()


def stopped(monkeypatch: pytest.MonkeyPatch, watch: KeptNews[Progress]) -> Plan:
    """What comes of two parts at the limit, one of which is solved by then."""
    monkeypatch.setattr(SecondNeverEnds, "made", 0)
    monkeypatch.setattr(solving, "solver_of", lambda arrays, left_s, _: SecondNeverEnds(arrays, left_s))
    return optimize(two(), time_limit_s=1.0, watcher=watch)


def test_at_the_limit_the_parts_that_are_solved_count(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = KeptNews[Progress]()
    plan = stopped(monkeypatch, watch)
    assert plan.status is PlanStatus.FEASIBLE
    assert plan.check is not None
    assert plan.check.primal_violation <= plan.check.tolerance
    assert plan.costs is not None
    assert 0 < plan.solver.best_bound < plan.costs.objective_usd
    bought = {d.source_id for d in plan.deliveries}
    assert len(bought) == 1
    assert [p.parts_done for p in watch.told if p.stage is Stage.SOLVING][-1] == (1, 2)


def test_small_problems_are_left_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LEAST_COLUMNS, 1_000)
    assert parts_of(two())[1] == []


def test_every_node_of_the_whole_is_told_of() -> None:
    plan = optimize(two())
    assert len(plan.nodes) == 6
    assert {(b.material_id, b.node_id) for b in plan.balances} == {
        (name, n) for name in ("cobalt", "nickel") for n in range(6)
    }
    values = np.array([b.marginal_value_usd_per_tonne for b in plan.balances], dtype=float)
    assert np.isfinite(values).all()
