"""No field is left out of a lineage: change all that a number is said not to rest on at once, and it stays.

On random problems that use every feature. Decisions themselves are left out, as several may be optimal; the least cost
of materials that are decided together is one number, whichever of them the solver finds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from random import Random
from typing import Any

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from lodestock_optimizers.field_paths import Document, Place
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import Plan, PlanStatus
from lodestock_optimizers.planner import optimize
from lodestock_optimizers.problem import (
    Budget,
    DemandFactor,
    MaterialState,
    ShareCap,
    SourcingProblem,
    StateValue,
    TradeRule,
)
from lodestock_optimizers.tracing.lineage import PlanLineage
from lodestock_optimizers.validation import validate
from tests.oracle.problems import problems
from tests.unit.optimizers.problems import material, problem, source, stock, stop

Steps = tuple[str | int, ...]
Changes = Mapping[Steps, float]

IDENTIFIERS = {
    **{
        name: (f"{name[:-1]}_id",)
        for name in ("materials", "sources", "scenarios", "rules", "deposits", "substitutions")
    },
    "footprint_policies": ("kind",),
}
SELECTIONS = ("periods", "states", "materials", "sources", "countries", "kinds")
"""Lists that say what a rule or a factor is about: no figures, so that no lineage names them."""

NOT_GIVEN = ("stock", "budget", "feed", "expansion")
"""What is a group of fields where it is given."""

COUNTED = ("lead_periods", "end_period", "rebuilding_periods")
"""What is counted in periods, of what may be left out."""

CALM = ""


def figures_in(value: object, steps: Steps = ()) -> Iterator[tuple[Steps, float | None]]:
    """Every figure of a problem, those that are not given among them as None."""
    if is_dataclass(value):
        for field in fields(value):
            member = getattr(value, field.name)
            if not (steps and field.name in SELECTIONS):
                yield from figures_in(member, (*steps, field.name))
    elif isinstance(value, tuple):
        for i, member in enumerate(value):
            yield from figures_in(member, (*steps, i))
    elif value is None and steps[-1] not in NOT_GIVEN:
        yield steps, None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield steps, value


def with_value(value: Any, steps: Steps, new: float) -> Any:
    """A copy with another figure at a place."""
    if not steps:
        return new
    head, rest = steps[0], steps[1:]
    if isinstance(head, int):
        return (*value[:head], with_value(value[head], rest, new), *value[head + 1 :])
    return replace(value, **{head: with_value(getattr(value, head), rest, new)})


def changed(stated: SourcingProblem, changes: Changes) -> SourcingProblem:
    """The problem with all changes; where they do not go together, with those that do, one after the other."""
    whole = stated
    for steps, new in changes.items():
        whole = with_value(whole, steps, new)
    if not validate(whole):
        return whole
    for steps, new in changes.items():
        other = with_value(stated, steps, new)
        stated = other if not validate(other) else stated
    return stated


def possible_changes(stated: SourcingProblem, random: Random) -> Changes:
    """Another value for every figure that can have one by itself."""
    found = {}
    for steps, value in figures_in(stated):
        others: list[float]
        if value is None:
            others = [random.randint(0, 2) if steps[-1] in COUNTED else 1.0]
        elif isinstance(value, int):
            others = [value - 1, value + 1]
        else:
            others = [0.0, value * 0.5, value * 2.0] if value else [0.5]
        random.shuffle(others)
        for new in others:
            if not validate(with_value(stated, steps, new)):
                found[steps] = new
                break
    return found


@dataclass(frozen=True)
class Case:
    """A problem with its plan, and what may change in it."""

    stated: SourcingProblem
    plan: Plan
    lineage: PlanLineage
    document: Document
    changes: Changes

    def named(self, path: str) -> frozenset[Steps]:
        """The places of the problem that the lineage of a number names."""
        found = self.lineage.trace(self.lineage.place(path))
        assert found is not None
        return frozenset(self._place(field) for field in found.problem_fields)

    def _place(self, field: str) -> Steps:
        for kind in ("quota", "share_cap", "share_floor"):
            field = field.replace(f".{kind}.", ".rule.")
        return self.document.find(field).steps

    def unnamed(self, named: frozenset[Steps]) -> Changes:
        """The changes of figures that are not among those named, nor in a list that is."""
        return {
            steps: new
            for steps, new in self.changes.items()
            if not any(steps[:depth] in named for depth in range(1, len(steps) + 1))
        }


def case_of(stated: SourcingProblem, seed: int) -> Case | None:
    plan = optimize(stated)
    if plan.status is not PlanStatus.OPTIMAL:
        return None
    lineage = PlanLineage(stated, plan)
    return Case(stated, plan, lineage, Document(stated, IDENTIFIERS), possible_changes(stated, Random(seed)))


def culprits(case: Case, changes: Changes, moves: Callable[[SourcingProblem], bool]) -> list[Steps]:
    """The changes that move a number each by itself; all, where it takes several."""
    alone = [steps for steps, new in changes.items() if moves(changed(case.stated, {steps: new}))]
    return alone or list(changes)


def scenarios_alike(probability: float, **changes: Any) -> SourcingProblem:
    """Two materials; two scenarios that differ in nothing but the rise of a price, three nodes deep."""
    sources = tuple(
        source(f"{name}/{country}", price, 100.0, material_id=name, country=country, lead_periods=1)
        for name in ("cobalt", "nickel")
        for country, price in (("COD", 10.0), ("AUS", 50.0))
    )
    risen = stop("", probability, 1, 3).disruptions[0]
    scenarios = tuple(
        stop(
            name,
            probability,
            1,
            3,
            disruptions=(replace(risen, availability=0.5, price_factor=factor),),
            demand_factors=(DemandFactor(1.5, ("cobalt",)),),
        )
        for name, factor in (("one", 1.5), ("other", changes.pop("other_factor", 1.5)))
    )
    return problem(sources, 4, (material(), material("nickel")), scenarios=scenarios, **changes)


RARE = (
    # More in stock than can be kept.
    problem((source("COD"),), 2, (material(stock=stock(300.0, capacity_tonnes=20.0, disposal_usd_per_tonne=5.0)),)),
    # Less money in an emergency.
    problem(
        (source("COD"), source("AUS", 30.0)),
        2,
        scenarios=(stop("stop", 0.3, 1),),
        budget=Budget((1e6,), (StateValue(MaterialState.EMERGENCY, 500.0),)),
    ),
    # A rule of one material that binds where nobody's contracts are older, the other's among them.
    scenarios_alike(
        0.3,
        other_factor=1.7,
        rules=(TradeRule("cap", ShareCap(0.3), ("cobalt",), ("COD",), states=tuple(MaterialState)),),
    ),
    # Nothing tells the scenarios apart but what becomes of one figure.
    scenarios_alike(0.3),
)
"""What random problems hardly ever have."""


def with_rare_problems(test: Callable[[SourcingProblem, int], None]) -> Callable[[SourcingProblem, int], None]:
    for rare in RARE:
        for seed in range(3):
            test = example(rare, seed)(test)
    return test


# Numbers without a decision: read from the numbers of another problem, no plan of which is needed


def nodes_by_path(instance: Instance) -> dict[tuple[int, str], int]:
    """The node of each period and scenario, and of calm: what a node is whatever number it has."""
    tree = instance.tree
    found = {}
    for n, period in enumerate(tree.period.tolist()):
        for name in (*tree.scenario_ids[n], *((CALM,) if tree.on_trunk[n] else ())):
            found[period, name] = n
    return found


def twin(here: Instance, n: int, there: Instance) -> int | None:
    """The node of another problem at which the same has happened; None where there is none."""
    names = (*((CALM,) if here.tree.on_trunk[n] else ()), *here.tree.scenario_ids[n])
    others = nodes_by_path(there)
    return next((others[key] for name in names if (key := (int(here.tree.period[n]), name)) in others), None)


def undecided(here: Instance, plan: Plan, place: Place, there: Instance) -> object:
    """What a number without a decision is in another problem; None where its node is not in it."""
    head, position = str(place.steps[0]), int(place.steps[1])
    element = getattr(plan, head)[position]
    n = twin(here, element.node_ids[0] if head == "contracts" else element.node_id, there)
    if n is None:
        return None
    sources = [source.source_id for source in here.problem.sources]
    match place.family:
        case "nodes.node_id" | "deliveries.node_id" | "balances.node_id" | "expansions.node_id":
            return n
        case "nodes.parent_id":
            return int(there.tree.parent[n])
        case "nodes.probability":
            return float(there.tree.probability[n])
        case "deliveries.landed_cost_usd_per_tonne":
            return float(there.contract_cost[n, sources.index(element.source_id)])
        case "deliveries.spot_cost_usd_per_tonne":
            return float(there.spot_cost[n, sources.index(element.source_id)])
        case "balances.demand_tonnes" | "balances.floor_tonnes":
            m = [material.material_id for material in here.problem.materials].index(element.material_id)
            return float(there.material_demand[n, m]) if place.family.endswith("demand_tonnes") else there.floor(n, m)
    l = sources.index(element.source_id)
    contract = int(there.contract_of[n, l])
    match place.family:
        case "expansions.ready_period" | "expansions.last_period":
            span = there.expansions.spans.get((l, element.period))
            return None if span is None else (span.ready if place.steps[-1] == "ready_period" else span.last)
        case "expansions.yearly_cost_usd_per_tonne_year":
            return float(there.expansions.yearly_cost[l])
        case "contracts.signed_period":
            return element.period - int(there.lead[l])
        case "contracts.signed_node_id":
            return there.contracts[contract][1]
        case _:
            assert place.family == "contracts.node_ids"
            return tuple(i for i in range(there.node_count) if there.contract_of[i, l] == contract)


UNDECIDED = {
    "nodes": ("node_id", "parent_id", "probability"),
    "contracts": ("signed_period", "signed_node_id", "node_ids"),
    "deliveries": ("node_id", "landed_cost_usd_per_tonne", "spot_cost_usd_per_tonne"),
    "balances": ("node_id", "demand_tonnes", "floor_tonnes"),
    "expansions": ("node_id", "ready_period", "last_period", "yearly_cost_usd_per_tonne_year"),
}
PROFILE = settings(
    deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate), report_multiple_bugs=False
)
"""No shrinking: it would solve for minutes, and the culprits are named anyway."""

ELEMENTS_EACH = 4
"""Elements of each list whose numbers are looked at: those of one list are made alike."""


def undecided_numbers(plan: Plan, random: Random) -> Iterator[str]:
    for name, members in UNDECIDED.items():
        elements = getattr(plan, name)
        for i in random.sample(range(len(elements)), min(ELEMENTS_EACH, len(elements))):
            yield from (f"{name}[{i}].{m}" for m in members if getattr(elements[i], m) is not None)


def same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return one == other


@settings(PROFILE, max_examples=12)
@with_rare_problems
@given(problems(), st.integers(0, 10**6))
def test_a_number_without_a_decision_rests_on_the_fields_named_alone(stated: SourcingProblem, seed: int) -> None:
    case = case_of(stated, seed)
    if case is None:
        return
    here = Instance(stated)
    others: dict[frozenset[Steps], Instance] = {}
    for path in undecided_numbers(case.plan, Random(seed)):
        place, named = case.lineage.place(path), case.named(path)
        changes = case.unnamed(named)
        if named not in others:
            others[named] = Instance(changed(stated, changes))

        def moves(other: Instance, place: Place = place) -> bool:
            found = undecided(here, case.plan, place, other)
            return found is not None and not same(undecided(here, case.plan, place, here), found)

        assert not moves(others[named]), (path, culprits(case, changes, lambda p: moves(Instance(p))))


# The least cost of what is decided together


def objectives(plan: Plan, materials: tuple[int, ...]) -> float:
    return sum(plan.materials[m].costs.objective_usd for m in materials)


@settings(PROFILE, max_examples=25)
@with_rare_problems
@given(problems(), st.integers(0, 10**6))
def test_a_least_cost_rests_on_the_fields_named_alone(stated: SourcingProblem, seed: int) -> None:
    case = case_of(stated, seed)
    if case is None:
        return
    together: dict[frozenset[Steps], list[int]] = {}
    for m in range(len(stated.materials)):
        together.setdefault(case.named(f"materials[{m}].costs.objective_usd"), []).append(m)
    assert case.plan.costs is not None
    tolerance = 1e-6 * max(1.0, abs(case.plan.costs.objective_usd))
    groups = [*((named, tuple(members)) for named, members in together.items())]
    groups.append((case.named("costs.objective_usd"), tuple(range(len(stated.materials)))))
    for named, members in groups:
        before = objectives(case.plan, members)

        def moves(other: SourcingProblem, members: tuple[int, ...] = members, before: float = before) -> bool:
            plan = optimize(other)
            return plan.status is PlanStatus.OPTIMAL and abs(objectives(plan, members) - before) > tolerance

        changes = case.unnamed(named)
        other = changed(stated, changes)
        assert other == stated or not moves(other), (members, culprits(case, changes, moves))
