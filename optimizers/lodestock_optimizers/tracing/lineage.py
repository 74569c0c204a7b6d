"""What each number of a plan rests on: how it follows, in words, and the fields of the problem that decide it.

Owns which elements of the problem concern a number, and which materials are decided together; how each number follows
stands in `lineage_table`. The fields named first are those of the number's own formula; where
quantities come into it, those that decide them follow. The fields are the figures of the problem: its switches and what
it names (countries, kinds, states, periods of a rule) say which figures concern a number, and are not listed. Knows
nothing of where the figures come from.

Terms: materials are *tied* where one decision touches several (`lodestock_optimizers.ties`). All share the scenario
tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from lodestock_optimizers.field_paths import NUMBER, Document, Place
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import BindingRule, FootprintUse, Plan, RuleBreach
from lodestock_optimizers.problem import (
    Embargo,
    FootprintPolicy,
    Quota,
    Scenario,
    ShareCap,
    ShareFloor,
    SourcingProblem,
    TradeRule,
)
from lodestock_optimizers.ties import material_groups
from lodestock_optimizers.tracing.lineage_table import DECISION, FAMILIES, IDENTIFIERS, LEADS, TREE

RULE = re.compile(r"rules\[([0-9]+)\]")
"""Where a limit of a plan says which rule it comes from."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """A number of a plan: its value (of a list: its values), unit, how it follows, and the problem's fields behind."""

    values: tuple[float, ...]
    unit: str
    derivation: str
    problem_fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What concerns a number: positions of materials, sources, scenarios; None as period or kind of footprint: all."""

    materials: tuple[int, ...]
    sources: tuple[int, ...]
    scenarios: tuple[int, ...]
    period: int | None = None
    kind: str | None = None


class PlanLineage:
    """Traces the numbers of one plan.

    Args:
        problem: A problem without violations.
        plan: Its plan: names and nodes are those of the problem (see `lodestock_optimizers.tracing.consistency`).
    """

    def __init__(self, problem: SourcingProblem, plan: Plan) -> None:
        self._problem = problem
        self._plan = plan
        self._instance = Instance(problem)
        self._document = Document(plan, IDENTIFIERS)
        self._material = {m.material_id: i for i, m in enumerate(problem.materials)}
        self._source = {s.source_id: i for i, s in enumerate(problem.sources)}
        self._scenario = {s.scenario_id: i for i, s in enumerate(problem.scenarios)}
        self._replaced = {s.substitution_id: s.material_id for s in problem.substitutions}
        self._expanded: dict[tuple[tuple[str, ...], Scope], tuple[str, ...]] = {}

    def place(self, path: str) -> Place:
        """The place of a number.

        Raises:
            UnknownPath: The path names none.
        """
        return self._document.number(path)

    def trace(self, place: Place) -> Lineage | None:
        """What the number at a place rests on; None where it rests on the machine alone, as times do."""
        family = FAMILIES.get(place.family)
        if family is None:
            return None
        elements = self._elements(place)
        own = self._scope(elements)
        fields = dict.fromkeys((*self._own_fields(elements[-1]), *self._expand(family.basis, own)))
        if family.decided:
            tied = self._scope_of(self._tied_to(own.materials))
            fields |= dict.fromkeys(self._expand(DECISION, tied))
            if self._is_limited(tied.materials):
                # Whether a rule can bind at a node goes by the longest lead of any source.
                fields |= dict.fromkeys(self._expand(LEADS, self._all))
        if family.decided or family.of_tree:
            fields |= dict.fromkeys(self._expand(TREE, self._all))
        values = (float(place.value),) if isinstance(place.value, int | float) else tuple(map(float, place.value))
        return Lineage(values, family.unit or unit_of(elements[-1], place.steps[-1]), family.derivation, tuple(fields))

    def _elements(self, place: Place) -> list[object]:
        """What the steps of a path pass through, from the plan down, the number itself left out."""
        value: object = self._plan
        found = [value]
        for step in place.steps[:-1]:
            value = value[step] if isinstance(step, int) else getattr(value, step)  # type: ignore[index]
            found.append(value)
        return [element for element in found if not isinstance(element, tuple)]

    def _scope(self, elements: Iterable[object]) -> Scope:
        """What concerns an element: its own material, source and node where it names one, else all."""
        material = source = node = kind = None
        for element in elements:
            kind = element.kind if isinstance(element, FootprintUse) else kind
            name = self._replaced.get(getattr(element, "substitution_id", ""), getattr(element, "material_id", ""))
            material = self._material.get(name, material)
            source = self._source.get(getattr(element, "source_id", ""), source)
            node = getattr(element, "node_id", node)
            if isinstance(element, BindingRule | RuleBreach) and material is None:
                material = self._one_of(element)
        if source is not None:
            material = int(self._instance.material_of[source])
        materials = tuple(range(self._instance.material_count)) if material is None else (material,)
        sources = self._sources_of(materials) if source is None else (source,)
        if node is None:
            return Scope(materials, sources, tuple(range(len(self._problem.scenarios))))
        return Scope(materials, sources, self._scenarios_at(node), int(self._instance.tree.period[node]), kind)

    def _one_of(self, element: BindingRule | RuleBreach) -> int | None:
        """One of the materials that a limit over several ties; None where it ties all, as a budget does."""
        for rule in self._problem.rules:
            if rule.rule_id == element.subject_id and element.family != "reserves":
                return next((self._material[m] for m in rule.material_ids), None)
        for deposit in self._problem.deposits:
            if deposit.deposit_id == element.subject_id:
                return int(self._instance.material_of[self._source[deposit.source_ids[0]]])
        return None

    def _scenarios_at(self, node: int) -> tuple[int, ...]:
        """The scenarios that decide a node: those that pass through; on the trunk all, as it is what they leave."""
        tree = self._instance.tree
        if tree.on_trunk[node]:
            return tuple(range(len(self._problem.scenarios)))
        return tuple(self._scenario[name] for name in tree.scenario_ids[node])

    def _own_fields(self, element: object) -> Iterator[str]:
        """The field that an element itself names as the one it comes from."""
        if isinstance(element, RuleBreach):
            yield from self._limits_broken(element)
            return
        path = str(getattr(element, "field_path", ""))
        rule = RULE.match(path)
        if rule:
            yield from _limits_of(int(rule[1]), self._problem.rules[int(rule[1])])
        elif path:
            yield path

    def _limits_broken(self, breach: RuleBreach) -> Iterator[str]:
        if breach.family == "footprint_cap":
            policies = self._problem.footprint_policies
            yield from (p for k, f in enumerate(policies) if f.kind == breach.subject_id for p in _limits_of_kind(k, f))
            return
        rules = self._problem.rules
        yield from (p for k, r in enumerate(rules) if r.rule_id == breach.subject_id for p in _limits_of(k, r))

    @cached_property
    def _ties(self) -> tuple[frozenset[int], ...]:
        """The group of each material: those that are decided together with it."""
        return material_groups(self._problem)

    def _tied_to(self, materials: Iterable[int]) -> tuple[int, ...]:
        return tuple(sorted(frozenset().union(*(self._ties[m] for m in materials))))

    def _scope_of(self, materials: tuple[int, ...]) -> Scope:
        """Materials in all scenarios and periods."""
        return Scope(materials, self._sources_of(materials), tuple(range(len(self._problem.scenarios))))

    @cached_property
    def _all(self) -> Scope:
        return self._scope_of(tuple(range(self._instance.material_count)))

    def _is_limited(self, materials: Iterable[int]) -> bool:
        """Whether a budget, or a rule or cap that binds at settled nodes only, limits any of the materials."""
        members = tuple(materials)
        names = {self._problem.materials[m].material_id for m in members}
        ruled = any(
            not isinstance(rule.rule, Embargo) and (not rule.material_ids or names.intersection(rule.material_ids))
            for rule in self._problem.rules
        )
        capped = any(_is_capped(policy) for policy in self._policies_of(self._sources_of(members)).values())
        return self._problem.budget is not None or ruled or capped

    def _policies_of(self, sources: Iterable[int]) -> dict[int, FootprintPolicy]:
        """The footprint policies, by position, whose kinds any of the sources leaves."""
        kinds = {f.kind for l in sources for f in self._problem.sources[l].footprints}
        return {k: policy for k, policy in enumerate(self._problem.footprint_policies) if policy.kind in kinds}

    def _sources_of(self, materials: Iterable[int]) -> tuple[int, ...]:
        return tuple(l for m in materials for l in self._instance.sources_of[m])

    def _expand(self, basis: tuple[str, ...], scope: Scope) -> tuple[str, ...]:
        """The fields of the problem that patterns stand for, each once."""
        known = self._expanded.get((basis, scope))
        if known is None:
            found = (path for pattern in basis for path in self._fields(pattern, scope))
            known = self._expanded[basis, scope] = tuple(dict.fromkeys(found))
        return known

    def _fields(self, pattern: str, scope: Scope) -> Iterator[str]:
        problem = self._problem
        head, _, rest = pattern.partition("[]")
        match head:
            case "sources" if rest == ".footprints[].per_tonne":
                for l in scope.sources:
                    source = problem.sources[l]
                    where = f"sources[{_key(source.source_id, l)}].footprints"
                    kinds = {i: f.kind for i, f in enumerate(source.footprints)}
                    yield from (f"{where}[{i}].per_tonne" for i in kinds if scope.kind in (None, kinds[i]))
            case "use":
                for m in scope.materials:
                    yield from self._use_fields(m)
            case "sources" if rest.startswith((".feed", ".expansion")):
                name = rest.split(".")[1]
                having = [l for l in scope.sources if getattr(problem.sources[l], name) is not None]
                yield from (f"sources[{_key(problem.sources[l].source_id, l)}]{rest}" for l in having)
                if rest == ".expansion.life_years" and having:
                    yield from self._lengths()
            case "sources":
                yield from (f"sources[{_key(problem.sources[l].source_id, l)}]{rest}" for l in scope.sources)
                if rest == ".lead_periods" and any(problem.sources[l].lead_periods is None for l in scope.sources):
                    yield from self._lengths()
            case "materials":
                for m in scope.materials:
                    yield from self._material_fields(m, rest)
            case "scenarios":
                for k in scope.scenarios:
                    scenario = problem.scenarios[k]
                    where = f"scenarios[{_key(scenario.scenario_id, k)}]"
                    yield from (f"{where}{field}" for field in self._scenario_fields(scenario, rest, scope))
                    if rest == ".rebuilding_periods" and scenario.rebuilding_periods is None:
                        yield from self._lengths()
            case "periods":
                yield from self._lengths() if scope.period is None else (f"periods[{scope.period}]{rest}",)
            case "deposits":
                wanted = {problem.sources[l].source_id for l in scope.sources}
                for k, deposit in enumerate(problem.deposits):
                    if wanted.intersection(deposit.source_ids):
                        yield f"deposits[{_key(deposit.deposit_id, k)}]{rest}"
            case "rules":
                names = {problem.materials[m].material_id for m in scope.materials}
                for k, rule in enumerate(problem.rules):
                    if not rule.material_ids or names.intersection(rule.material_ids):
                        yield from _limits_of(k, rule)
            case "substitutions":
                names = {problem.materials[m].material_id for m in scope.materials}
                for k, substitution in enumerate(problem.substitutions):
                    if names.intersection((substitution.material_id, substitution.substitute_material_id)):
                        yield f"substitutions[{_key(substitution.substitution_id, k)}]{rest}"
            case "book":
                wanted = {problem.sources[l].source_id for l in scope.sources}
                yield from (f"book[{k}]{rest}" for k, b in enumerate(problem.book) if b.source_id in wanted)
            case "footprint_policies":
                for k, policy in self._policies_of(scope.sources).items():
                    if scope.kind in (None, policy.kind):
                        yield from _of_policy(k, policy, rest)
            case "budget.budget_usd_by_state":
                states = problem.budget.budget_usd_by_state if problem.budget else ()
                yield from (f"{head}[{i}]{rest}" for i in range(len(states)))
            case "budget.budget_usd":
                yield from (head,) if problem.budget else ()
            case _:
                yield head

    def _lengths(self) -> Iterator[str]:
        """The lengths of all periods: the discount counts them, and years become periods by the shortest."""
        yield from (f"periods[{t}].length_years" for t in range(len(self._problem.periods)))

    def _use_fields(self, m: int) -> Iterator[str]:
        """What plants take of a material by their capacities, and by the use of what they make."""
        feeds, sources = self._instance.feeds, self._problem.sources
        for product in dict.fromkeys(feeds.made[feeds.takers[m]].tolist()):
            for l in self._instance.sources_of[product]:
                if sources[l].feed is not None:
                    where = f"sources[{_key(sources[l].source_id, l)}]"
                    yield from (f"{where}.capacity_tonnes", f"{where}.feed.tonnes_per_tonne")
            yield from self._material_fields(product, ".demand[].demand_tonnes")
            yield from self._use_fields(product)

    def _material_fields(self, m: int, rest: str) -> Iterator[str]:
        material = self._problem.materials[m]
        where = f"materials[{_key(material.material_id, m)}]"
        field, _, inner = rest.partition("[]")
        if field == ".demand":
            yield from (f"{where}.demand[{d}]{inner}" for d in range(len(material.demand)))
        elif material.stock is None:
            return
        elif field == ".stock.floor_days_by_state":
            yield from (f"{where}{field}[{i}]{inner}" for i in range(len(material.stock.floor_days_by_state)))
        else:
            yield f"{where}{field}"

    def _scenario_fields(self, scenario: Scenario, rest: str, scope: Scope) -> Iterator[str]:
        """Fields of a scenario; with what acts from its onset to its end both of these."""
        field, _, inner = rest.partition("[]")
        if field == ".disruptions":
            sources = [self._problem.sources[l] for l in scope.sources]
            hits = [k for k, d in enumerate(scenario.disruptions) if any(d.hits(source) for source in sources)]
            is_timed = bool(hits)
        elif field == ".demand_factors":
            names = {self._problem.materials[m].material_id for m in scope.materials}
            factors = scenario.demand_factors
            hits = [k for k, f in enumerate(factors) if not f.material_ids or names.intersection(f.material_ids)]
            is_timed = any(not factors[k].periods for k in hits)
        else:
            yield field
            return
        yield from (f"{field}[{k}]{inner}" for k in hits)
        if is_timed:
            yield from (".onset_period", ".end_period")


def unit_of(element: object, field: str | int) -> str:
    """The unit that an element names for its own numbers."""
    unit = str(element.kind if isinstance(element, FootprintUse) else getattr(element, "unit", ""))
    return f"USD/{unit}" if field == "value_per_unit_usd" else unit


def _limits_of(position: int, rule: TradeRule) -> Iterator[str]:
    """The numbers of a rule; the rule itself where it has none."""
    where = f"rules[{_key(rule.rule_id, position)}]"
    match rule.rule:
        case Quota():
            yield f"{where}.quota.max_tonnes"
        case ShareCap():
            yield f"{where}.share_cap.max_share"
        case ShareFloor():
            yield f"{where}.share_floor.min_share"
        case _:
            yield where
    yield from (f"{where}.limit_by_state[{i}].value" for i in range(len(rule.limit_by_state)))


def _is_capped(policy: FootprintPolicy) -> bool:
    return bool(policy.max_units or policy.max_units_by_state)


def _limits_of_kind(position: int, policy: FootprintPolicy) -> Iterator[str]:
    """The limits of a footprint."""
    yield from _of_policy(position, policy, ".max_units")
    yield from _of_policy(position, policy, ".max_units_by_state[].value")


def _of_policy(position: int, policy: FootprintPolicy, rest: str) -> Iterator[str]:
    """A field of a footprint policy, each element of a list."""
    where = f"footprint_policies[{_key(policy.kind, position)}]"
    field, _, inner = rest.partition("[]")
    if inner:
        yield from (f"{where}{field}[{i}]{inner}" for i in range(len(policy.max_units_by_state)))
    else:
        yield f"{where}{field}"


def _key(name: str, position: int) -> str:
    """The name of an element in a path; its number where the name could be misread there."""
    return str(position) if "]" in name or NUMBER.fullmatch(name) else name
