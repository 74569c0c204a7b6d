"""All that is wrong with a problem, at once, by the path of the field."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    Budget,
    DemandFactor,
    Deposit,
    Embargo,
    Expansion,
    MaterialState,
    Period,
    Quota,
    Scenario,
    ShareCap,
    ShareDenominator,
    ShareFloor,
    SourceKind,
    SourcingProblem,
    StateValue,
    StockPolicy,
    TradeRule,
)
from lodestock_optimizers.validation import validate
from lodestock_optimizers.violations import InvalidProblem
from tests.unit.optimizers.problems import material, problem, source, stop

NAN = float("nan")


def paths(stated: SourcingProblem) -> set[str]:
    return {v.field_path for v in validate(stated, frozenset({"COD", "AUS", "USA"}))}


def test_a_sound_problem_has_no_violations() -> None:
    assert paths(problem((source("COD"),), scenarios=(stop("s", 1.0, 0),))) == set()


def test_an_empty_problem_says_what_it_lacks() -> None:
    assert paths(SourcingProblem((), (), ())) == {"periods", "materials"}


def test_everything_is_said_at_once() -> None:
    stated = problem(
        (source("COD", price=NAN), source("COD"), source("XXX", capacity=-1.0)),
        materials=(material(demand=(-5.0,)),),
        scenarios=(stop("late", 0.9, 5), stop("s", 0.9, 0)),
    )
    assert paths(stated) >= {
        "materials[0].demand[0].demand_tonnes[0]",
        "sources[0].unit_price_usd_per_tonne[0]",
        "sources[1].source_id",
        "sources[2].capacity_tonnes[0]",
        "sources[2].country",
        "scenarios[0].onset_period",
        "scenarios",
    }
    with pytest.raises(InvalidProblem) as caught:
        optimize(stated)
    assert len(caught.value.violations) >= 6


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        (problem((source("COD", take_or_pay=0.5),)), "sources[0].reservation_fee_usd_per_tonne"),
        (problem((source("COD", risk=1.5),)), "sources[0].risk"),
        (problem((source("COD", material_id="tin"),)), "sources[0].material_id"),
        (problem((source("COD", capacity_tonnes=(1.0, 2.0)),)), "sources[0].capacity_tonnes"),
        (problem((source("COD", lead_periods=-1),)), "sources[0].lead_periods"),
        (problem((source("COD"),), deposits=(Deposit("d", ("AUS",), 1.0),)), "deposits[0].source_ids[0]"),
        (problem((source("COD"),), rules=(TradeRule("r", ShareCap(0.5)),)), "rules[0].countries"),
        (problem((source("COD"),), rules=(TradeRule("r", Quota(1.0), periods=(3,)),)), "rules[0].periods[0]"),
        (problem((source("COD"),), rules=(TradeRule("r", Quota(NAN)),)), "rules[0].quota.max_tonnes"),
        (problem((source("COD"),), budget=Budget(())), "budget.budget_usd"),
        (problem((source("COD"),), price_of_risk=-1.0), "price_of_risk"),
        (problem((source("COD"),), discount_rate=-1.0), "discount_rate"),
        (problem((source("COD"),), scenarios=(stop("s", 0.1, 0, 9),)), "scenarios[0].end_period"),
        (
            problem((source("COD"),), scenarios=(Scenario("s", 0.1, 0, demand_factors=(DemandFactor(-1.0),)),)),
            "scenarios[0].demand_factors[0].factor",
        ),
        (
            problem(
                (source("COD"),),
                rules=(TradeRule("r", ShareFloor(SourceKind.RECYCLED, 0.1, ShareDenominator.IMPORTS)),),
            ),
            "rules[0].share_floor.denominator",
        ),
        (
            problem(
                (source("COD"),),
                rules=(TradeRule("r", Embargo(), limit_by_state=(StateValue(MaterialState.EXTREME, 1.0),)),),
            ),
            "rules[0].limit_by_state",
        ),
        (
            problem(
                (source("COD"),),
                materials=(material(stock=StockPolicy(100.0, capacity_tonnes=10.0, max_out_tonnes=5.0)),),
            ),
            "materials[0].stock.opening_tonnes",
        ),
        (replace(problem((source("COD"),)), periods=(Period("x", 0.0),)), "periods[0].length_years"),
        (
            problem((source("COD", capacity=0.0, expansion=Expansion(-1.0, 100.0, 0)),)),
            "sources[0].expansion.max_tonnes_per_year",
        ),
        (problem((source("COD", capacity=-1.0),)), "sources[0].capacity_tonnes[0]"),
    ],
)
def test_each_rule_names_its_field(stated: SourcingProblem, path: str) -> None:
    assert paths(stated) == {path}
