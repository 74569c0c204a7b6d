"""Results side by side: what differs, and in what order it is told."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from lodestock.v1 import sourcing_pb2
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import FootprintPolicy
from lodestock_server.converters.comparison import figures_of_plans
from lodestock_server.converters.plan import plan_to_proto
from lodestock_server.usecases.compare_results import ComparedFigure, Comparison, Figure, Order, compare_results
from tests.unit.optimizers.test_feature_limits import stated as rich_problem


def result(**figures: tuple[float, str]) -> dict[str, Figure]:
    return {path: Figure(value, unit) for path, (value, unit) in figures.items()}


def paths(comparison: Comparison) -> list[str]:
    return [figure.path for figure in comparison.figures]


def test_money_comes_first_then_tonnes_then_the_rest_each_by_the_largest_difference() -> None:
    first = result(cost=(100, "USD"), fees=(5, "USD"), cobalt=(1e6, "t"), tin=(7, "t"), price=(1e9, "USD/t"))
    second = result(cost=(90, "USD"), fees=(500, "USD"), cobalt=(2e6, "t"), tin=(8, "t"), price=(2e9, "USD/t"))
    compared = compare_results([first, second], 100)
    assert paths(compared) == ["fees", "cost", "cobalt", "tin", "price"]
    assert compared.figures[1] == ComparedFigure("cost", "USD", (100, 90))
    assert compared.differing == 5


def test_what_is_the_same_is_left_out_up_to_what_solving_leaves() -> None:
    first = result(cost=(1e9, "USD"), tin=(0.0, "t"), cobalt=(1.0, "t"))
    second = result(cost=(1e9 + 0.5, "USD"), tin=(1e-12, "t"), cobalt=(1.0 + 1e-6, "t"))
    assert paths(compare_results([first, second], 100)) == ["cobalt"]
    assert compare_results([first, first, first], 100) == Comparison((), 0)


def test_all_that_differ_are_counted_and_the_first_ones_listed() -> None:
    first = result(**{f"f{n}": (0.0, "t") for n in range(50)})
    second = result(**{f"f{n}": (float(n), "t") for n in range(50)})
    compared = compare_results([first, second], 3)
    assert (paths(compared), compared.differing) == (["f49", "f48", "f47"], 49)


def test_values_stand_in_the_order_of_the_results_with_nan_where_one_has_none() -> None:
    compared = compare_results([result(a=(1, "t")), result(b=(2, "t")), result(a=(1, "t"), b=(3, "t"))], 100)
    assert paths(compared) == ["b", "a"]
    b, a = compared.figures
    assert a.values[::2] == (1, 1)
    assert math.isnan(a.values[1])
    assert math.isnan(b.values[0])
    assert b.values[1:] == (2, 3)


def test_a_contract_that_a_plan_does_not_have_counts_as_none() -> None:
    first = result(small=(10, "t"), large=(900, "t"))
    second = result(small=(20, "t"))
    assert paths(compare_results([first, second], 100)) == ["large", "small"]


def test_what_a_result_states_as_0_and_another_does_not_state_differs() -> None:
    assert paths(compare_results([result(a=(0, "t")), result()], 100)) == ["a"]


def test_by_ratio_the_largest_relative_difference_from_the_first_result_comes_first() -> None:
    first = result(a=(100, "t"), b=(1, "t"), c=(10, "t"), from_none=(0, "t"), gone=(5, "t"))
    second = result(a=(150, "t"), b=(3, "t"), c=(10, "t"), from_none=(1, "t"), new=(9, "t"))
    third = result(a=(100, "t"), b=(1, "t"), c=(2, "t"), from_none=(0, "t"), gone=(5, "t"))
    compared = compare_results([first, second, third], 100, Order.BY_RATIO)
    assert paths(compared) == ["from_none", "b", "c", "a", "gone", "new"]


@pytest.mark.parametrize("order", Order)
def test_equal_differences_are_told_in_the_order_of_their_paths(order: Order) -> None:
    first, second = result(b=(1, "t"), a=(1, "t")), result(a=(2, "t"), b=(2, "t"))
    assert paths(compare_results([first, second], 100, order)) == ["a", "b"]


def test_what_is_replaced_and_left_behind_is_compared_too() -> None:
    """Two plans of one tree, the second under another price of footprints."""
    plans = []
    for price in (0.0, 500.0):
        problem = replace(rich_problem(), footprint_policies=(FootprintPolicy("co2e_tonnes", price),))
        plans.append(sourcing_pb2.OptimizeSourcingResponse(plan=plan_to_proto(optimize(problem))).SerializeToString())
    first, second = figures_of_plans(plans)
    assert first.keys() >= {"footprints[co2e_tonnes,0].units", "substitutions[Ni for Co,0].tonnes"}
    left = [figures["footprints[co2e_tonnes,0].units"].value for figures in (first, second)]
    assert left[0] > left[1]
