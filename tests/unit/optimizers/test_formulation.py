"""The model as Pyomo states it, as the arrays hold it, and as a check that can say no."""

from __future__ import annotations

import itertools
import logging
from dataclasses import replace

import numpy as np
import pyomo.core.base.constraint as pyomo_constraint
import pyomo.environ as pyo
import pytest

from lodestock_optimizers.formulation import formulate
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.planner import model_size, optimize
from lodestock_optimizers.problem import (
    Budget,
    Deposit,
    Quota,
    ShareCap,
    ShareDenominator,
    SourcingProblem,
    TradeRule,
)
from lodestock_optimizers.size import most_columns
from lodestock_optimizers.solving.check import check_answer
from lodestock_optimizers.solving.highs import Solver
from tests.pyomo_arrays import compile_model
from tests.unit.optimizers.problems import material, problem, source, stock, stop, worked_toy


def everything() -> SourcingProblem:
    """A problem that has a row of every family."""
    option = source("AUS", price=30.0, take_or_pay=0.5, reservation_fee_usd_per_tonne=1.0, lead_periods=1)
    return problem(
        (source("COD", spot_capacity_tonnes=(50.0,), spot_premium=0.3, lead_periods=1), option),
        periods=4,
        materials=(material(stock=stock(20.0, floor_days=60.0, holding_usd_per_tonne_year=2.0)),),
        deposits=(Deposit("mine", ("COD",), 250.0),),
        rules=(
            TradeRule("quota", Quota(150.0)),
            TradeRule("cap", ShareCap(0.8, ShareDenominator.SUPPLY), countries=("COD",)),
        ),
        budget=Budget((5_000.0,)),
        scenarios=(stop("a", 0.1, 1, 1), stop("b", 0.1, 2)),
        price_of_risk=1.0,
        discount_rate=0.03,
    )


def test_pyomos_own_interface_finds_the_same_optimum() -> None:
    model = formulate(Instance(everything()))
    pyo.SolverFactory("appsi_highs").solve(model)
    plan = optimize(everything())
    assert plan.costs is not None
    assert plan.costs.objective_usd == pytest.approx(pyo.value(model.cost), rel=1e-9)
    assert len(list(model.component_data_objects(pyo.Constraint))) == plan.size.rows


def test_building_a_model_leaves_pyomos_switches_and_logs_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        size = model_size(everything())
    assert size.columns > 0
    assert pyomo_constraint.TEMPLATIZE_CONSTRAINTS is False
    assert not caplog.records


def test_the_check_sees_a_wrong_answer() -> None:
    arrays = compile_model(formulate(Instance(worked_toy(stop("a", 0.2, 2)))))
    solution = Solver(arrays).solve()
    assert check_answer(arrays, solution).passed
    # A level that breaks a row, a dual of the wrong size, and an optimum of other costs.
    moved = solution.column_value.copy()
    moved[np.argmax(moved)] *= 1.01
    assert check_answer(arrays, replace(solution, column_value=moved)).primal_violation > 1e-4
    doubled = check_answer(arrays, replace(solution, row_dual=2 * solution.row_dual))
    assert not doubled.passed
    assert doubled.duality_gap > 1e-2
    assert not check_answer(replace(arrays, cost=2 * arrays.cost), solution).passed


def test_costs_by_kind_and_by_material_add_up_to_the_objective() -> None:
    plan = optimize(everything())
    assert plan.costs is not None
    assert plan.costs.objective_usd == pytest.approx(plan.solver.best_bound, rel=1e-9)
    assert sum(m.costs.objective_usd for m in plan.materials) == pytest.approx(plan.costs.objective_usd, rel=1e-12)
    assert plan.costs.fees_usd > 0 or all(c.contracted_tonnes == 0 for c in plan.contracts if c.source_id == "AUS")


def test_the_same_problem_gives_the_same_plan() -> None:
    first, second = (optimize(everything(), clock=lambda: 0.0) for _ in range(2))
    assert first == second


def test_a_time_limit_is_a_result_and_not_an_error() -> None:
    plan = optimize(everything(), time_limit_s=0.0)
    assert plan.status is PlanStatus.NO_PLAN_FOUND
    assert plan.solver.solver_status == "Time limit reached"
    assert plan.contracts == ()


def test_what_building_takes_is_taken_from_the_solvers_time() -> None:
    # A clock that a second passes on at every look: the limit is over before the solver begins.
    seconds = itertools.count()
    plan = optimize(everything(), time_limit_s=2.0, clock=lambda: float(next(seconds)))
    assert plan.status is PlanStatus.NO_PLAN_FOUND


def test_the_bound_on_columns_is_never_too_low() -> None:
    assert most_columns(everything()) >= model_size(everything()).columns
    assert most_columns(worked_toy(stop("a", 0.2, 2))) >= model_size(worked_toy(stop("a", 0.2, 2))).columns
