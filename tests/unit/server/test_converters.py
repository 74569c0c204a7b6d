"""Messages and values say the same."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from enum import Enum

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message

import lodestock_optimizers.plan as plan_values
import lodestock_optimizers.problem as problem_values
from lodestock.v1 import common_pb2, sourcing_pb2
from lodestock_optimizers.planner import optimize
from lodestock_server.contract import Contract
from lodestock_server.converters.build import build_request_from_proto
from lodestock_server.converters.common import own_figures_from_proto
from lodestock_server.converters.plan import plan_to_proto
from lodestock_server.converters.sourcing import expansion_from_proto, problem_from_proto, problem_to_proto
from lodestock_server.usecases.buyers import OwnFigure, OwnFigureKind
from lodestock_server.usecases.demand_scenarios import DemandUncertainty
from lodestock_server.usecases.drivers import GdpScenario
from tests.unit.optimizers.test_feature_limits import stated as rich_problem

FULL_PROBLEM = {
    "buyer": "USA",
    "price_year": 2024,
    "periods": [{"label": "2027", "length_years": 1}, {"label": "2028", "length_years": 2}],
    "materials": [
        {
            "material_id": "cobalt",
            "name": "Cobalt, refined",
            "demand": [
                {"tier": "DEMAND_TIER_DEFENCE", "demand_tonnes": [5, 6], "shortage_cost_usd_per_tonne": 900000},
                {"tier": "DEMAND_TIER_GENERAL", "demand_tonnes": [50]},
            ],
            "stock": {
                "opening_tonnes": 1,
                "capacity_tonnes": 2,
                "closing_tonnes": 3,
                "closing_is_hard": True,
                "closing_shortfall_usd_per_tonne": 4,
                "floor_days": 5,
                "floor_is_hard": True,
                "floor_shortfall_usd_per_tonne_year": 6,
                "floor_states": ["MATERIAL_STATE_NORMAL", "MATERIAL_STATE_EXTREME"],
                "floor_days_by_state": [{"state": "MATERIAL_STATE_EMERGENCY", "value": 7}],
                "holding_usd_per_tonne_year": 8,
                "loss_rate_per_year": 0.01,
                "disposal_usd_per_tonne": 9,
                "max_in_tonnes": 10,
                "max_out_tonnes": 11,
            },
        },
        {
            "material_id": "nickel",
            "demand": [
                {"tier": "DEMAND_TIER_GENERAL", "demand_tonnes": [9], "shortage_cost_usd_per_tonne": 100000},
            ],
        },
    ],
    "sources": [
        {
            "source_id": "cobalt/COD",
            "material_id": "cobalt",
            "country": "COD",
            "kind": "SOURCE_KIND_IMPORT",
            "unit_price_usd_per_tonne": [1, 2],
            "fixed_price": True,
            "tariff_rate": [0.1],
            "freight_usd_per_tonne": 3,
            "capacity_tonnes": [4],
            "spot_capacity_tonnes": [5],
            "spot_premium": 0.6,
            "risk": 0.7,
            "take_or_pay": 0.8,
            "reservation_fee_usd_per_tonne": 9,
            "lead_periods": 1,
            "fixed_cost_usd": 1000,
            "min_order_tonnes": 2,
            "footprints": [{"kind": "co2e_tonnes", "per_tonne": 12}, {"kind": "water_m3", "per_tonne": 0.5}],
            "feed": {"material_id": "nickel", "tonnes_per_tonne": 1.25},
            "expansion": {
                "max_tonnes_per_year": 7,
                "capital_usd_per_tonne_year": 20000,
                "lead_periods": 1,
                "fixed_usd_per_tonne_year": 300,
                "life_years": 12,
            },
        }
    ],
    "deposits": [{"deposit_id": "belt", "source_ids": ["cobalt/COD"], "reserves_tonnes": 12}],
    "rules": [
        {"rule_id": "a", "countries": ["RUS"], "embargo": {}},
        {
            "rule_id": "b",
            "material_ids": ["cobalt"],
            "periods": [1],
            "states": ["MATERIAL_STATE_EMERGENCY"],
            "limit_by_state": [{"state": "MATERIAL_STATE_EXTREME", "value": 1}],
            "quota": {"max_tonnes": 0},
        },
        {
            "rule_id": "c",
            "countries": ["COD"],
            "share_cap": {"max_share": 0.5, "denominator": "SHARE_DENOMINATOR_IMPORTS"},
        },
        {
            "rule_id": "d",
            "share_floor": {
                "kind": "SOURCE_KIND_RECYCLED",
                "min_share": 0.25,
                "denominator": "SHARE_DENOMINATOR_SUPPLY",
            },
        },
    ],
    "budget": {"budget_usd": [100], "budget_usd_by_state": [{"state": "MATERIAL_STATE_EXTREME", "value": 200}]},
    "scenarios": [
        {
            "scenario_id": "stop",
            "probability": 0.1,
            "onset_period": 0,
            "end_period": 1,
            "disruptions": [
                {
                    "countries": ["COD"],
                    "material_ids": ["cobalt"],
                    "kinds": ["SOURCE_KIND_IMPORT"],
                    "source_ids": ["cobalt/COD"],
                    "availability": 0,
                    "price_factor": 2,
                }
            ],
            "demand_factors": [{"material_ids": ["cobalt"], "periods": [1], "factor": 1.5}],
            "state": "MATERIAL_STATE_EXTREME",
            "state_material_ids": ["cobalt"],
            "rebuilding_periods": 0,
        }
    ],
    "price_of_risk": 0,
    "discount_rate": 0.05,
    "substitutions": [
        {
            "substitution_id": "nickel for cobalt",
            "material_id": "cobalt",
            "substitute_material_id": "nickel",
            "tier": "DEMAND_TIER_GENERAL",
            "tonnes_per_tonne": 1.5,
            "cost_usd_per_tonne": 200,
            "max_share": 0.3,
        }
    ],
    "book": [{"source_id": "cobalt/COD", "period": 0, "tonnes": 3}],
    "footprint_policies": [
        {
            "kind": "co2e_tonnes",
            "price_usd_per_unit": 80,
            "max_units": [900, 800],
            "states": ["MATERIAL_STATE_NORMAL", "MATERIAL_STATE_EMERGENCY"],
            "max_units_by_state": [{"state": "MATERIAL_STATE_EXTREME", "value": 2000}],
        }
    ],
    "tail_weight": 0.25,
    "tail_level": 0.9,
}


def test_problem_with_every_field_survives_the_way_there_and_back() -> None:
    """Message → value → message loses nothing, not even a zero that is given."""
    message = ParseDict(FULL_PROBLEM, sourcing_pb2.SourcingProblem())
    assert problem_to_proto(problem_from_proto(message)) == message


def test_full_problem_keeps_the_rules_of_the_contract() -> None:
    """The sample above is one that the server would take."""
    message = ParseDict(FULL_PROBLEM, sourcing_pb2.SourcingProblem())
    assert Contract().rule_violations(message, message.SerializeToString()) == []


def test_unset_fields_take_the_defaults_of_the_model() -> None:
    """What a message leaves out is what the value leaves out."""
    source = sourcing_pb2.Source(source_id="x", material_id="m", country="COD", kind=common_pb2.SOURCE_KIND_IMPORT)
    problem = problem_from_proto(sourcing_pb2.SourcingProblem(sources=[source]))
    expected = problem_values.Source("x", "m", "COD", problem_values.SourceKind.IMPORT, (), ())
    assert problem.sources == (expected,)
    assert (problem.price_of_risk, problem.discount_rate) == (1.0, 0.03)
    assert (problem.tail_weight, problem.tail_level) == (0.0, 0.95)
    expansion = sourcing_pb2.Expansion(max_tonnes_per_year=1, capital_usd_per_tonne_year=2, lead_periods=3)
    assert expansion_from_proto(expansion) == problem_values.Expansion(1.0, 2.0, 3)


def mirrored(module: object) -> list[type]:
    """The values of a module that a message of the same name mirrors."""
    classes = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if dataclasses.is_dataclass(kind)]
    return [kind for kind in classes if kind.__name__ in sourcing_pb2.DESCRIPTOR.message_types_by_name]


@pytest.mark.parametrize("kind", mirrored(plan_values) + mirrored(problem_values), ids=lambda kind: kind.__name__)
def test_values_and_messages_have_the_same_fields(kind: type) -> None:
    """A field added on one side alone is found here."""
    values = {field.name for field in dataclasses.fields(kind)}
    properties = {name for name, _ in inspect.getmembers(kind, lambda member: isinstance(member, property))}
    fields = {field.name for field in sourcing_pb2.DESCRIPTOR.message_types_by_name[kind.__name__].fields}
    oneofs = {"embargo", "quota", "share_cap", "share_floor"} if kind is problem_values.TradeRule else set()
    assert values - ({"rule"} if oneofs else set()) <= fields
    assert fields - oneofs <= values | properties


def assert_says_the_same(value: object, message: Message) -> None:
    """Every field of a value is in its message, down to the last element."""
    assert dataclasses.is_dataclass(value)
    for field in dataclasses.fields(value):
        told, written = getattr(value, field.name), getattr(message, field.name)
        if field.name == "states":
            assert len(told) == len(written)
        elif told is None:
            assert not message.HasField(field.name), field.name
        elif isinstance(told, tuple) and told and dataclasses.is_dataclass(told[0]):
            assert len(told) == len(written), field.name
            for one, other in zip(told, written, strict=True):
                assert_says_the_same(one, other)
        elif dataclasses.is_dataclass(told):
            assert_says_the_same(told, written)
        elif not isinstance(told, Enum):
            assert written == (list(told) if isinstance(told, tuple) else told), field.name


def test_a_plan_is_written_with_every_field() -> None:
    """What the optimiser found is what the caller reads."""
    rich = rich_problem()
    first, *others = rich.sources
    first = dataclasses.replace(first, expansion=problem_values.Expansion(5.0, 100.0, 1))
    plan = optimize(dataclasses.replace(rich, sources=(first, *others)))
    empty = {field.name for field in dataclasses.fields(plan) if getattr(plan, field.name) in ((), None)}
    assert empty <= {"relaxations", "conflict", "breaches", "cvar_usd"}
    assert_says_the_same(plan, plan_to_proto(plan))


@pytest.mark.parametrize(
    "kind",
    [problem_values.SourceKind, problem_values.MaterialState, problem_values.DemandTier],
    ids=lambda k: k.__name__,
)
def test_enums_have_no_members_of_their_own(kind: type[Enum]) -> None:
    """Every member has its number in the contract and the other way round."""
    numbers = common_pb2.DESCRIPTOR.enum_types_by_name[kind.__name__].values
    assert {value.name.split("_")[-1] for value in numbers} - {"UNSPECIFIED"} == {member.name for member in kind}


def test_server_starts_without_the_heavy_libraries() -> None:
    """Importing the server loads none of what only the workers need, so that its first answer comes soon."""
    heavy = "{'pandas', 'statsforecast', 'prophet', 'pyomo', 'highspy', 'scipy'}"
    code = f"import sys, lodestock_server.app; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_own_figures_are_read_with_every_field() -> None:
    """What the message has, the value has; the kinds of both are the same."""
    message = ParseDict(
        {
            "material": "Cu",
            "kind": "OWN_FIGURE_KIND_IMPORTS_BY_COUNTRY",
            "country": "CHL",
            "year": 2024,
            "value": 5,
            "unit": "kt",
            "form": "CuO",
            "source": "customs",
        },
        common_pb2.OwnFigure(),
    )
    expected = OwnFigure("Cu", OwnFigureKind.IMPORTS_BY_COUNTRY, 2024, 5.0, "kt", "CuO", "CHL", "customs")
    assert own_figures_from_proto([message]) == (expected,)
    named = {name for name, _ in common_pb2.OwnFigureKind.items()} - {"OWN_FIGURE_KIND_UNSPECIFIED"}
    assert {f"OWN_FIGURE_KIND_{kind.name}" for kind in OwnFigureKind} == named


def test_how_demand_is_to_be_forecast_is_read() -> None:
    """Model, pathway and the spread; no pathway where none is named."""
    message = sourcing_pb2.BuildProblemRequest(
        buyer="EU27", forecast_model="naive", gdp_scenario=common_pb2.GDP_SCENARIO_SSP5
    )
    message.demand_uncertainty.quantile_levels[:] = [0.1, 0.9]
    message.demand_uncertainty.probabilities[:] = [0.25, 0.75]
    asked = build_request_from_proto(message)
    assert (asked.forecast_model, asked.gdp_scenario) == ("naive", GdpScenario.SSP5)
    assert asked.demand_uncertainty == DemandUncertainty((0.1, 0.9), (0.25, 0.75))
    plain = build_request_from_proto(sourcing_pb2.BuildProblemRequest(buyer="EU27"))
    assert plain.gdp_scenario is None
    assert plain.demand_uncertainty is None
