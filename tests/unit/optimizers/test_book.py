"""Contracts that are signed already: what they fix, what they cost where they are too many, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lodestock_optimizers.formulation import formulate
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import Contract, Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    Embargo,
    Period,
    Quota,
    SignedContract,
    Source,
    SourcingProblem,
    TradeRule,
)
from lodestock_optimizers.solving.check import primal_violation
from lodestock_optimizers.solving.unbought import levels_without_purchases
from lodestock_optimizers.validation import validate
from tests.pyomo_arrays import compile_model
from tests.unit.optimizers.problems import material, problem, source, stock, stop
from tests.unit.optimizers.solved import objective, solve


def signed(*book: SignedContract, cod: dict[str, object] | None = None, **changes: object) -> SourcingProblem:
    """100 t of cobalt in each of three years: COD at 10 USD/t, signed two years ahead, AUS at 30 USD/t, at once."""
    late: Source = replace(source("COD", lead_periods=2), **(cod or {}))  # type: ignore[arg-type]
    made = problem((late, source("AUS", price=30.0)), periods=3, book=book)
    return replace(made, **changes)  # type: ignore[arg-type]


def contract(plan: Plan, source_id: str, period: int) -> Contract:
    return next(c for c in plan.contracts if (c.source_id, c.period) == (source_id, period))


def test_what_is_signed_is_fixed_and_the_rest_is_decided() -> None:
    # 30 t for the first year, in two contracts; none is entered for the second, whose quantity is free as ever.
    plan = solve(signed(SignedContract("COD", 0, 20.0), SignedContract("COD", 0, 10.0)))
    assert objective(plan) == pytest.approx((30 * 10 + 70 * 30) + 1_000 + 1_000)
    booked, free = contract(plan, "COD", 0), contract(plan, "COD", 1)
    assert [booked.contracted_tonnes, free.contracted_tonnes] == pytest.approx([30.0, 100.0])
    assert [booked.from_book, free.from_book] == [True, False]
    assert booked.reduced_cost_usd_per_tonne is None
    assert booked.break_even_price_usd_per_tonne is None
    # Capacity is not what limits it.
    assert booked.capacity_value_usd_per_tonne == 0.0


def test_nothing_signed_is_an_entry_too() -> None:
    plan = solve(signed(SignedContract("COD", 0, 0.0)))
    assert objective(plan) == pytest.approx(3_000 + 1_000 + 1_000)
    assert contract(plan, "COD", 0).from_book


def test_a_tonne_too_many_has_its_price() -> None:
    # 100 t at 50 USD/t are signed, of which 30 t come from AUS at 30 otherwise: the last tonne costs 20 too much.
    plan = solve(signed(SignedContract("COD", 0, 40.0), cod={"unit_price_usd_per_tonne": (50.0, 10.0, 10.0)}))
    (binding,) = plan.binding_rules
    assert (binding.family, binding.subject_id, binding.field_path) == ("book", "COD", "book[0].tonnes")
    assert (binding.material_id, binding.country, binding.node_id, binding.unit) == ("cobalt", "COD", 0, "t")
    assert binding.value_per_unit_usd == pytest.approx(20.0)
    assert binding.limit == pytest.approx(40.0)


def test_a_surplus_is_taken_and_stored_or_thrown_away() -> None:
    book = SignedContract("COD", 0, 130.0)
    plan = solve(signed(book))
    # Take or pay: 30 t in vain, as there is no stock.
    assert objective(plan) == pytest.approx(130 * 10 + 1_000 + 1_000)
    assert plan.balances[0].disposed_tonnes == pytest.approx(30.0)
    stored = solve(signed(book, materials=(material(stock=stock()),)))
    assert objective(stored) == pytest.approx(130 * 10 + 700 + 1_000)


def test_a_crisis_finds_what_is_signed() -> None:
    stated = signed(SignedContract("COD", 1, 100.0), scenarios=(stop("stop", 0.5, 1),))
    plan = solve(stated)
    # For the second year COD delivers in half of the cases; AUS, signed at once, steps in in the others.
    booked = contract(plan, "COD", 1)
    assert len(booked.node_ids) == 2
    assert booked.contracted_tonnes == pytest.approx(100.0)
    assert {d.node_id for d in plan.deliveries if d.source_id == "COD"}.isdisjoint(
        n.node_id for n in plan.nodes if not n.on_trunk
    )


def test_what_is_signed_is_told_even_where_none_of_it_can_be_delivered() -> None:
    plan = solve(signed(SignedContract("COD", 0, 25.0), scenarios=(stop("stop", 1.0, 0),)))
    assert contract(plan, "COD", 0).contracted_tonnes == pytest.approx(25.0)


def test_a_rule_that_the_book_breaks_leaves_no_plan() -> None:
    quota = TradeRule("quota", Quota(20.0), countries=("COD",), periods=(0,))
    assert solve(signed(SignedContract("COD", 0, 20.0), rules=(quota,)))
    assert optimize(signed(SignedContract("COD", 0, 30.0), rules=(quota,))).status is PlanStatus.INFEASIBLE


def test_the_plan_that_buys_nothing_takes_what_is_signed() -> None:
    stated = signed(
        SignedContract("COD", 0, 150.0),
        SignedContract("COD", 1, 40.0),
        cod={"take_or_pay": 0.5, "reservation_fee_usd_per_tonne": 1.0},
        materials=(material(stock=stock(10.0)),),
        scenarios=(stop("stop", 0.5, 1),),
    )
    instance = Instance(stated)
    arrays = compile_model(formulate(instance))
    levels = levels_without_purchases(instance, arrays)
    assert primal_violation(arrays, levels) == 0.0
    assert levels[arrays.columns["q"].position].sum() == pytest.approx(190.0)
    # Half of 150 t and 10 t from stock in the first year, of which 15 t are short.
    shortage = arrays.columns["u"].spread(levels, 1, instance.node_count)[0]
    assert shortage[0] == pytest.approx(15.0)


@pytest.mark.parametrize(
    ("stated", "path", "says"),
    [
        (signed(SignedContract("ZMB", 0, 1.0)), "book[0].source_id", "no source of the problem"),
        (signed(SignedContract("COD", 2, 1.0)), "book[0].period", "its lead is 2 periods"),
        (signed(SignedContract("COD", -1, 1.0)), "book[0].period", "must be from 0 to 2"),
        (signed(SignedContract("COD", 7, 1.0)), "book[0].period", "must be from 0 to 2"),
        (signed(SignedContract("AUS", 0, 1.0)), "book[0].period", "can still be decided"),
        (signed(SignedContract("COD", 0, -1.0)), "book[0].tonnes", "must be a number from 0"),
        (signed(SignedContract("COD", 0, float("nan"))), "book[0].tonnes", "must be a number from 0"),
        (
            signed(SignedContract("COD", 0, 600.0), SignedContract("COD", 0, 600.0)),
            "book[1].tonnes",
            "makes 1200 t of 'COD' in period 0, its capacity is 1000 t",
        ),
        (
            signed(SignedContract("COD", 0, 5.0), cod={"min_order_tonnes": 10.0}),
            "book[0].tonnes",
            "its least order is 10 t",
        ),
        (
            signed(
                SignedContract("COD", 0, 5.0),
                SignedContract("COD", 1, 5.0),
                rules=(TradeRule("ban", Embargo(), countries=("COD",), periods=(1,)),),
            ),
            "book[1].tonnes",
            "the embargo 'ban' lets nothing be delivered",
        ),
    ],
)
def test_what_cannot_be_signed_is_refused_with_its_reason(stated: SourcingProblem, path: str, says: str) -> None:
    (found,) = validate(stated)
    assert found.field_path == path
    assert says in found.description


def test_an_embargo_on_another_source_or_period_does_not_concern_the_book() -> None:
    bans = tuple(
        TradeRule(f"ban {i}", Embargo(), *about)
        for i, about in enumerate(
            ((("nickel",), ("COD",), (0,)), (("cobalt",), ("AUS",), (0,)), (("cobalt",), ("COD",), (1, 2)))
        )
    )
    stated = signed(SignedContract("COD", 0, 5.0), rules=bans, materials=(material(), material("nickel")))
    assert validate(stated) == []
    whole = TradeRule("whole", Embargo())
    (found,) = validate(replace(stated, rules=(*bans, whole)))
    assert "'whole'" in found.description


def test_a_lead_that_is_not_given_counts_in_years() -> None:
    monthly = tuple(Period(str(t), 0.25) for t in range(6))
    stated = signed(SignedContract("COD", 3, 1.0), cod={"lead_periods": None}, periods=monthly)
    assert validate(stated) == []
    late = replace(stated, book=(SignedContract("COD", 4, 1.0),))
    assert [found.field_path for found in validate(late)] == ["book[0].period"]
