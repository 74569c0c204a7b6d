"""Where the numbers of a plan come from: every number has a lineage, and every sum can be made again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace

import pytest
from hypothesis import given, settings

from lodestock_optimizers.field_paths import Document, UnknownPath, identifier_text
from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    Budget,
    DemandFactor,
    DemandTier,
    Deposit,
    Footprint,
    FootprintPolicy,
    Quota,
    Scenario,
    SignedContract,
    Source,
    SourcingProblem,
    Substitution,
    TradeRule,
)
from lodestock_optimizers.tracing.consistency import plan_violations
from lodestock_optimizers.tracing.lineage import PlanLineage
from lodestock_optimizers.tracing.lineage_table import FAMILIES, IDENTIFIERS
from lodestock_optimizers.tracing.recompute import Recomputation, disagrees
from tests.oracle.planted import base as base_problem
from tests.oracle.problems import problems
from tests.unit.optimizers.problems import material, problem, source, stock, stop

TIMES = {"solver.build_s", "solver.compile_s", "solver.solve_s", "solver.convert_s"}


@pytest.fixture(scope="module")
def stated() -> SourcingProblem:
    """Two materials, a crisis and a boom; one metal may stand in for the other, and what is signed and left counts."""
    return with_everything(base_problem())


@pytest.fixture(scope="module")
def plan(stated: SourcingProblem) -> Plan:
    return optimize(stated)


def with_everything(problem: SourcingProblem) -> SourcingProblem:
    """With a substitution, a book, footprints, their price and their limit."""
    left = tuple(replace(s, footprints=(Footprint("co2e_tonnes", 2.0 + i),)) for i, s in enumerate(problem.sources))
    return replace(
        problem,
        sources=left,
        substitutions=(Substitution("Ni for Co", "cobalt", "nickel", DemandTier.GENERAL, 1.5, 40.0, 0.1),),
        book=(SignedContract("cobalt/AUS", 0, 2.0),),
        footprint_policies=(FootprintPolicy("co2e_tonnes", 3.0, (1000.0,)),),
    )


def numbers_in(value: object, path: str = "") -> Iterator[str]:
    """The path of every number in an answer, elements by their position."""
    if is_dataclass(value):
        properties = [name for name, member in vars(type(value)).items() if isinstance(member, property)]
        for name in (*(field.name for field in fields(value)), *properties):
            yield from numbers_in(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from numbers_in(item, f"{path}[{i}]")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def test_every_number_of_a_plan_but_times_rests_on_fields_of_the_problem(stated: SourcingProblem, plan: Plan) -> None:
    lineage = PlanLineage(stated, plan)
    in_problem = Document(
        stated,
        {
            "materials": ("material_id",),
            "sources": ("source_id",),
            "scenarios": ("scenario_id",),
            "substitutions": ("substitution_id",),
            "footprint_policies": ("kind",),
        },
    )
    seen = set()
    for path in numbers_in(plan):
        found = lineage.trace(lineage.place(path))
        if found is None:
            assert path in TIMES
            continue
        assert found.derivation, path
        assert found.unit, path
        assert found.problem_fields, path
        for field in found.problem_fields:
            in_problem.find(field)
        seen.add(lineage.place(path).family)
    assert {
        "costs.contract_usd",
        "balances.stock_tonnes",
        "contracts.reduced_cost_usd_per_tonne",
        "substitutions.tonnes",
        "footprints.units",
        "footprints.max_units",
    } <= seen


def test_the_table_names_no_number_that_a_plan_does_not_have() -> None:
    """Every family's fields are those of the plan's values."""
    from lodestock_optimizers import plan as vocabulary

    known = {field.name for kind in vars(vocabulary).values() if is_dataclass(kind) for field in fields(kind)}
    known |= {"expected_cost_usd"}
    assert {name for family in FAMILIES for name in family.split(".")} <= known


def sums_agree(stated: SourcingProblem, plan: Plan) -> int:
    """How many numbers were made again; each must agree with the plan's own."""
    lineage, again = PlanLineage(stated, plan), Recomputation(stated, plan)
    count = 0
    for path in numbers_in(plan):
        place = lineage.place(path)
        made = again.value(place)
        if made is not None:
            assert not disagrees(place.value, made, plan.costs, path.endswith("_usd")), (path, place.value, made)
            count += 1
    return count


def test_every_sum_can_be_made_again_from_the_quantities(stated: SourcingProblem, plan: Plan) -> None:
    assert sums_agree(stated, plan) > 100


@settings(max_examples=25, deadline=None)
@given(problems())
def test_sums_of_random_plans_can_be_made_again(drawn: SourcingProblem) -> None:
    found = optimize(drawn)
    if found.status is PlanStatus.OPTIMAL:
        assert plan_violations(drawn, found) == []
        sums_agree(drawn, found)


@pytest.mark.parametrize("kind", ["contract_usd", "holding_usd", "shortage_usd", "risk_charge_usd", "objective_usd"])
def test_a_cost_that_the_quantities_do_not_make_is_seen(stated: SourcingProblem, plan: Plan, kind: str) -> None:
    assert plan.costs is not None
    told = replace(
        plan, costs=replace(plan.costs, **{kind: getattr(plan.costs, kind) + 0.01 * plan.costs.objective_usd})
    )
    with pytest.raises(AssertionError):
        sums_agree(stated, told)


def two_materials(**changes: object) -> SourcingProblem:
    """Cobalt and nickel, each of two countries, in two periods; cobalt's stop in the second."""
    offered = (
        source("COD"),
        source("AUS", price=30.0),
        source("IDN", material_id="nickel"),
        source("FIN", price=40.0, material_id="nickel"),
    )
    held = material(stock=stock())
    cobalt_stop = replace(stop("stop", 0.1, 1), disruptions=(replace(stop("", 0, 0).disruptions[0], price_factor=2.0),))
    made = problem(offered, 2, (held, material("nickel")), scenarios=(cobalt_stop,))
    return replace(made, **changes)  # type: ignore[arg-type]


def leaving_both() -> tuple[Source, ...]:
    """The sources of both materials, each of which leaves some CO₂."""
    return tuple(replace(s, footprints=(Footprint("co2e_tonnes", 2.0),)) for s in two_materials().sources)


def test_a_price_of_footprints_ties_nothing() -> None:
    stated = two_materials(sources=leaving_both(), footprint_policies=(FootprintPolicy("co2e_tonnes", 5.0),))
    behind = fields_behind(stated, "deliveries[COD,0].contract_tonnes")
    assert {"sources[AUS].footprints[0].per_tonne", "footprint_policies[co2e_tonnes].price_usd_per_unit"} <= set(behind)
    assert not [path for path in behind if "nickel" in path or "IDN" in path or "FIN" in path]


def test_a_footprint_rests_on_its_own_kind_and_a_replaced_tonne_on_both_materials() -> None:
    kinds = (Footprint("co2e_tonnes", 2.0), Footprint("water_m3", 3.0))
    stated = two_materials(
        sources=tuple(replace(s, footprints=kinds) for s in two_materials().sources),
        footprint_policies=(FootprintPolicy("water_m3", max_units=(1e6,)), FootprintPolicy("co2e_tonnes", 5.0)),
        substitutions=(Substitution("j", "nickel", "cobalt", DemandTier.ESSENTIAL, 1.0),),
    )
    limit = fields_behind(stated, "footprints[water_m3,0].max_units")
    assert "footprint_policies[water_m3].max_units" in limit
    assert "sources[IDN].lead_periods" in limit
    assert not [path for path in limit if "co2e" in path]
    behind = fields_behind(stated, "substitutions[j,0].tonnes")
    assert {"sources[COD].unit_price_usd_per_tonne", "sources[IDN].unit_price_usd_per_tonne"} <= set(behind)


def fields_behind(stated: SourcingProblem, path: str) -> tuple[str, ...]:
    lineage = PlanLineage(stated, optimize(stated))
    found = lineage.trace(lineage.place(path))
    assert found is not None
    return found.problem_fields


def test_a_landed_cost_rests_on_its_own_source_and_what_hits_it() -> None:
    assert set(fields_behind(two_materials(), "deliveries[COD,0].landed_cost_usd_per_tonne")) == {
        "sources[COD].unit_price_usd_per_tonne",
        "sources[COD].tariff_rate",
        "sources[COD].freight_usd_per_tonne",
        "scenarios[stop].disruptions[0].price_factor",
        "scenarios[stop].onset_period",
        "scenarios[stop].end_period",
    }
    # No scenario touches Indonesia.
    assert set(fields_behind(two_materials(), "deliveries[IDN,0].landed_cost_usd_per_tonne")) == {
        "sources[IDN].unit_price_usd_per_tonne",
        "sources[IDN].tariff_rate",
        "sources[IDN].freight_usd_per_tonne",
    }


def test_a_decision_rests_on_its_own_material_alone() -> None:
    behind = fields_behind(two_materials(), "deliveries[COD,0].contract_tonnes")
    assert "sources[AUS].unit_price_usd_per_tonne" in behind
    assert "materials[cobalt].stock.holding_usd_per_tonne_year" in behind
    assert "scenarios[stop].disruptions[0].availability" in behind
    assert not [path for path in behind if "nickel" in path or "IDN" in path or "FIN" in path]


@pytest.mark.parametrize(
    ("changes", "own_field"),
    [
        ({"budget": Budget((1e6,))}, "budget.budget_usd"),
        ({"rules": (TradeRule("both", Quota(1e6)),)}, "rules[both].quota.max_tonnes"),
        ({"deposits": (Deposit("mine", ("COD", "IDN"), 1e6),)}, "deposits[mine].reserves_tonnes"),
        (
            {"substitutions": (Substitution("j", "nickel", "cobalt", DemandTier.ESSENTIAL, 1.0),)},
            "substitutions[j].max_share",
        ),
        (
            {"sources": leaving_both(), "footprint_policies": (FootprintPolicy("co2e_tonnes", max_units=(1e6,)),)},
            "footprint_policies[co2e_tonnes].max_units",
        ),
    ],
    ids=["budget", "quota over both", "deposit of both", "substitution", "footprint cap"],
)
def test_what_ties_two_materials_lets_each_rest_on_the_other(changes: dict[str, object], own_field: str) -> None:
    behind = fields_behind(two_materials(**changes), "deliveries[COD,0].contract_tonnes")
    assert {"sources[FIN].unit_price_usd_per_tonne", own_field} <= set(behind)


def test_a_rule_for_one_material_does_not_tie_two() -> None:
    rule = TradeRule("nickel alone", Quota(1e6), material_ids=("nickel",))
    behind = fields_behind(two_materials(rules=(rule,)), "deliveries[COD,0].contract_tonnes")
    assert not [path for path in behind if "nickel" in path]


def test_demand_rests_on_the_factors_of_the_scenarios_that_reach_the_node() -> None:
    boom = Scenario("boom", 0.1, 1, demand_factors=(DemandFactor(1.5, ("cobalt",)), DemandFactor(1.2, ("nickel",))))
    slump = Scenario("slump", 0.1, 1, demand_factors=(DemandFactor(0.5),))
    stated = two_materials(scenarios=(boom, slump))
    node = next(n.node_id for n in optimize(stated).nodes if n.scenario_ids == ("boom",))
    assert fields_behind(stated, f"balances[cobalt,{node}].demand_tonnes") == (
        "materials[cobalt].demand[0].demand_tonnes",
        "scenarios[boom].demand_factors[0].factor",
        "scenarios[boom].onset_period",
        "scenarios[boom].end_period",
    )


def test_a_demand_factor_with_periods_of_its_own_does_not_rest_on_onset_and_end() -> None:
    late = Scenario("late", 0.1, 0, demand_factors=(DemandFactor(1.5, periods=(1,)),))
    stated = two_materials(scenarios=(late,))
    node = next(n.node_id for n in optimize(stated).nodes if n.scenario_ids == ("late",))
    assert fields_behind(stated, f"balances[cobalt,{node}].demand_tonnes") == (
        "materials[cobalt].demand[0].demand_tonnes",
        "scenarios[late].demand_factors[0].factor",
    )


def test_where_a_rule_can_bind_rests_on_the_lead_of_every_source() -> None:
    """The longest lead decides which nodes are settled; a rule for nickel alone does not concern cobalt."""
    rule = TradeRule("cobalt alone", Quota(1e6), material_ids=("cobalt",))
    stated = two_materials(rules=(rule,))
    leads = {f"sources[{name}].lead_periods" for name in ("COD", "AUS", "IDN", "FIN")}
    assert leads <= set(fields_behind(stated, "materials[cobalt].costs.objective_usd"))
    of_nickel = fields_behind(stated, "materials[nickel].costs.objective_usd")
    assert leads.intersection(of_nickel) == {"sources[IDN].lead_periods", "sources[FIN].lead_periods"}


def test_the_scenario_tree_rests_on_what_tells_scenarios_apart() -> None:
    """Which node is which, and how likely it is, changes where a factor makes two scenarios differ."""
    apart = Scenario("apart", 0.1, 1, demand_factors=(DemandFactor(1.5, ("nickel",)),), rebuilding_periods=1)
    stated = two_materials(scenarios=(*two_materials().scenarios, apart))
    shape = {
        "scenarios[stop].disruptions[0].availability",
        "scenarios[stop].disruptions[0].price_factor",
        "scenarios[apart].demand_factors[0].factor",
        "scenarios[apart].rebuilding_periods",
        "scenarios[apart].end_period",
    }
    of_tree = ("nodes[1].probability", "nodes[1].node_id", "contracts[0].node_ids")
    for path in (*of_tree, "deliveries[COD,0].contract_tonnes"):
        assert shape <= set(fields_behind(stated, path)), path


def test_a_number_of_a_period_rests_on_the_length_of_its_own() -> None:
    stated = two_materials()
    # Where it is not given, it takes the lengths of all periods.
    stated = replace(stated, scenarios=tuple(replace(s, rebuilding_periods=1) for s in stated.scenarios))
    last = next(n.node_id for n in optimize(stated).nodes if n.period == 1)
    behind = fields_behind(stated, f"balances[cobalt,{last}].floor_tonnes")
    assert [path for path in behind if path.startswith("periods")] == ["periods[1].length_years"]


def test_a_lead_that_is_not_given_rests_on_the_lengths_of_periods() -> None:
    for lead, lengths in ((1, []), (None, ["periods[0].length_years", "periods[1].length_years"])):
        stated = two_materials()
        stated = replace(stated, sources=tuple(replace(s, lead_periods=lead) for s in stated.sources))
        behind = fields_behind(stated, "contracts[0].signed_period")
        assert [path for path in behind if path.startswith("periods")] == lengths


def test_own_fields_come_first() -> None:
    assert fields_behind(two_materials(), "materials[cobalt].costs.holding_usd")[0] == (
        "materials[cobalt].stock.holding_usd_per_tonne_year"
    )


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("costs.contracts_usd", "near to it: contract_usd"),
        ("cost.contract_usd", "near to it: costs"),
        ("costs", "is a group of fields, must name a number in it"),
        ("deliveries", "must name one entry and a field"),
        ("deliveries[COD].contract_tonnes", "entries, must name source_id and node_id"),
        ("deliveries[CDO,0].contract_tonnes", "near to it: COD,0"),
        ("balances[999].stock_tonnes", "holds 6 entries, numbered from 0"),
        ("status", "is no number"),
        ("balances[cobalt,0].floor_tonnes", "is not given"),
        ("costs..contract_usd", "is no path"),
        ("[0]", "is no path"),
        (".costs", "is no path"),
        ("costs[0]", "is no list"),
        ("nodes[0].states", "is a list of 0"),
    ],
)
def test_a_path_that_names_no_number_is_told_what_would(path: str, says: str) -> None:
    stated = two_materials(materials=(material(stock=None), material("nickel")))
    with pytest.raises(UnknownPath, match=re.escape(says)):
        Document(optimize(stated), IDENTIFIERS).number(path)


def test_elements_go_by_number_or_by_identifiers(stated: SourcingProblem, plan: Plan) -> None:
    document = Document(plan, IDENTIFIERS)
    for i, balance in enumerate(plan.balances):
        by_name = document.number(f"balances[{balance.material_id}, {balance.node_id}].demand_tonnes")
        assert by_name == document.number(f"balances[{i}].demand_tonnes")
        assert by_name.value == balance.demand_tonnes


def test_names_with_commas_spaces_digits_and_brackets_are_found_again() -> None:
    """What lineage writes as a path can be read as one, whatever scenarios are called."""
    names = ("s, demand at quantile 0.1", "1", "a]b", " x ")
    scenarios = tuple(
        Scenario(name, 0.1, i % 2, demand_factors=(DemandFactor(1.1 + i / 10),)) for i, name in enumerate(names)
    )
    stated = two_materials(scenarios=scenarios)
    document = Document(stated, {"scenarios": ("scenario_id",)})
    behind = fields_behind(stated, "costs.objective_usd")
    found = [document.find(path).steps[1] for path in behind if path.endswith(".factor")]
    assert found == [0, 1, 2, 3]
    assert "scenarios[s, demand at quantile 0.1].probability" in behind


def test_a_plan_of_another_problem_is_told_apart(stated: SourcingProblem, plan: Plan) -> None:
    assert plan_violations(stated, plan) == []
    shorter = replace(stated, scenarios=())
    assert [v.field_path for v in plan_violations(shorter, plan)] == ["nodes"]
    likelier = replace(stated, scenarios=(replace(stated.scenarios[0], probability=0.3), *stated.scenarios[1:]))
    assert {v.field_path.partition(".")[2] for v in plan_violations(likelier, plan)} == {"probability"}
    renamed = replace(plan, deliveries=(replace(plan.deliveries[0], source_id="x", node_id=99), *plan.deliveries[1:]))
    assert [v.field_path for v in plan_violations(stated, renamed)] == [
        "deliveries[0].source_id",
        "deliveries[0].node_id",
    ]


def replaced_source(stated: SourcingProblem, name: str, **changes: object) -> SourcingProblem:
    sources = tuple(replace(s, **changes) if s.source_id == name else s for s in stated.sources)  # type: ignore[arg-type]
    return replace(stated, sources=sources)


def with_more_nickel(stated: SourcingProblem) -> SourcingProblem:
    cobalt, nickel = stated.materials
    return replace(
        stated, materials=(cobalt, replace(nickel, demand=(replace(nickel.demand[0], demand_tonnes=(13.0,)),)))
    )


@pytest.mark.parametrize(
    ("field", "change"),
    [
        (
            "sources[nickel/FIN].freight_usd_per_tonne",
            lambda p: replaced_source(p, "nickel/FIN", freight_usd_per_tonne=9.0),
        ),
        ("sources[nickel/IDN].risk", lambda p: replaced_source(p, "nickel/IDN", risk=0.25)),
        ("materials[nickel].demand[0].demand_tonnes", with_more_nickel),
        ("sources[cobalt/COD].capacity_tonnes", lambda p: replaced_source(p, "cobalt/COD", capacity_tonnes=(25.0,))),
        (
            "sources[cobalt/DEU].unit_price_usd_per_tonne",
            lambda p: replaced_source(p, "cobalt/DEU", unit_price_usd_per_tonne=(330.0,)),
        ),
    ],
    ids=["freight", "risk", "demand", "capacity", "price"],
)
def test_a_number_changes_with_no_field_that_it_does_not_rest_on(
    stated: SourcingProblem, plan: Plan, field: str, change: Callable[[SourcingProblem], SourcingProblem]
) -> None:
    """And something changes with each: solved once more with the field changed, all else equal."""
    other = optimize(change(stated))
    lineage, again = PlanLineage(stated, plan), Document(other, IDENTIFIERS)
    moved = compared = 0
    for path in numbers_in(plan.costs, "costs"):
        moved += again.number(path).value != pytest.approx(lineage.place(path).value, rel=1e-9)
    assert moved
    for name in ("nodes", "deliveries", "balances", "materials"):
        for i, element in enumerate(getattr(plan, name)):
            for path in numbers_in(element, f"{name}[{i}]"):
                place = lineage.place(path)
                found = lineage.trace(place)
                assert found is not None
                if field in found.problem_fields:
                    continue
                compared += 1
                keys = ",".join(identifier_text(element, key) for key in IDENTIFIERS[name])
                named = f"{name}[{keys}]" + path[path.index("]") + 1 :]
                assert again.number(named).value == pytest.approx(place.value, rel=1e-6, abs=1e-6), (field, path)
    assert compared > 100
