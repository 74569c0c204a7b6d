"""Policies by name in a built problem: trade rules and stock floors, each with its origin, and what they cannot say.

A stock floor is soft, as every floor of a built problem; a share is a hard rule, as the model has no soft form of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from lodestock_optimizers.problem import (
    Material,
    ShareCap,
    ShareFloor,
    Source,
    SourceKind,
    TradeRule,
    by_period,
)
from lodestock_server.catalog import Catalog
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases.buyers import UNNAMED_COUNTRIES
from lodestock_server.usecases.origins import CallerOrigin, DefaultOrigin, Traced, TracedField, derive
from lodestock_server.usecases.policy_table import POLICIES, Policy, PolicyDenominator, PolicyKind, find_policy

MOST_DAYS = 36_500.0
FLOOR_KINDS = {PolicyKind.DOMESTIC_FLOOR: SourceKind.DOMESTIC, PolicyKind.RECYCLED_FLOOR: SourceKind.RECYCLED}
AT_HOME = (SourceKind.DOMESTIC, SourceKind.RECYCLED)
ROUNDING = 1e-9
"""By how much a share that was lowered to what sources can deliver stays below it."""


@dataclass(frozen=True, slots=True)
class PolicyChoice:
    """A policy that the caller chose; mirrors `lodestock.v1.PolicyChoice`."""

    policy_id: str
    material_ids: tuple[str, ...] = ()
    from_period: int | None = None
    value: float | None = None
    as_far_as_possible: bool = False


@dataclass(frozen=True, slots=True)
class MaterialNeeds:
    """What a stock floor is counted from.

    Attributes:
        material: Id of the mineral.
        demand: Yearly demand, tonnes, year by year.
        defence, essential: Parts of the tiers in it.
        at_home: What each source at home can deliver in a year, tonnes.
    """

    material: str
    demand: Sequence[Traced]
    defence: Traced
    essential: Traced
    at_home: Sequence[Traced]


@dataclass(frozen=True, slots=True)
class PolicyRules:
    """Rules to put into a problem, the figures in them, and what is to be said."""

    rules: tuple[TradeRule, ...]
    figures: tuple[TracedField, ...]
    remarks: tuple[str, ...]


def policy_violations(
    choices: Sequence[PolicyChoice], materials: Collection[str], horizon_years: int
) -> list[FieldViolation]:
    """List choices of no policy, of no material of the problem, of values out of range, or beyond the horizon."""
    found = []
    for i, choice in enumerate(choices):
        path = f"policies[{i}]"
        policy = find_policy(choice.policy_id)
        if policy is None:
            known = ", ".join(policy.policy_id for policy in POLICIES)
            found.append(FieldViolation(f"{path}.policy_id", f"'{choice.policy_id}' is no policy; known: {known}"))
        elif choice.value is not None and not 0 <= choice.value <= most_of(policy):
            text = f"is {choice.value:g}, must be a number from 0 to {most_of(policy):g} ({policy.unit})"
            found.append(FieldViolation(f"{path}.value", text))
        if choice in choices[:i]:
            found.append(FieldViolation(path, f"'{choice.policy_id}' is chosen twice alike"))
        found += [
            FieldViolation(f"{path}.material_ids[{k}]", f"'{name}' is no material of the problem")
            for k, name in enumerate(choice.material_ids)
            if name not in materials
        ]
        if choice.from_period is not None and choice.from_period >= horizon_years:
            text = f"is {choice.from_period}, must be below {horizon_years}, the number of periods"
            found.append(FieldViolation(f"{path}.from_period", text))
    return found


def most_of(policy: Policy) -> float:
    """The largest value that a policy can be given."""
    return MOST_DAYS if policy.kind is PolicyKind.STOCK_FLOOR else 1.0


def stock_floor(choices: Sequence[PolicyChoice], needs: MaterialNeeds) -> Traced | None:
    """The floor of a material in days of its demand: the largest of those that the chosen policies ask for.

    None where none of them asks for one of this material.
    """
    asked = [
        _days(policy, _value(policy, choice, i), needs)
        for i, choice, policy in _chosen(choices)
        if policy.kind is PolicyKind.STOCK_FLOOR and needs.material in _materials(policy, choice, (needs.material,))
    ]
    return max(asked, key=lambda days: days.value, default=None)


def policy_rules(
    catalog: Catalog,
    choices: Sequence[PolicyChoice],
    buyer: str,
    years: Sequence[int],
    materials: Sequence[Material],
    sources: Sequence[Source],
) -> PolicyRules:
    """The rules that the chosen policies make for a problem.

    Args:
        catalog: Says at which stage a material is planned.
        choices: The choices, which keep `policy_violations`.
        buyer: Buyer of the problem.
        years: Years of its periods.
        materials: Its materials.
        sources: Its sources.
    """
    rules: dict[str, TradeRule] = {}
    figures: list[TracedField] = []
    remarks: list[str] = []
    demand = {material.material_id: _demand_by_period(material, len(years)) for material in materials}
    for i, choice, policy in _chosen(choices):
        names = _materials(policy, choice, tuple(demand))
        if policy.country not in ("", buyer):
            remarks.append(f"{policy.policy_id}: a policy of {policy.country}, taken for {buyer} as it stands")
        if not names:
            remarks.append(f"{policy.policy_id}: names none of the problem's materials; give material_ids")
        start = _first_period(policy, choice, years)
        if policy.kind is PolicyKind.STOCK_FLOOR:
            continue
        if start is None:
            remarks.append(
                f"{policy.policy_id}: binds from {policy.from_year}, after the last period; not in the problem"
            )
            continue
        for name in names:
            made = _Maker(catalog, policy, choice, i, start, name, demand[name], sources).make()
            remarks += made.remarks
            for rule, figure in zip(made.rules, made.figures, strict=True):
                if rule.rule_id in rules:
                    remarks.append(f"{rule.rule_id}: chosen twice, the first choice is taken")
                    continue
                rules[rule.rule_id] = rule
                figures.append(figure)
    return PolicyRules(tuple(rules.values()), tuple(figures), tuple(remarks))


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the rule of one policy for one material."""

    catalog: Catalog
    policy: Policy
    choice: PolicyChoice
    position: int
    start: int
    material: str
    demand: Sequence[float]
    sources: Sequence[Source]

    def make(self) -> PolicyRules:
        remarks = list(self._on_stage())
        share = _value(self.policy, self.choice, self.position)
        if self.policy.kind is PolicyKind.SHARE_CAP:
            return self._cap(share, remarks)
        return self._floor(share, remarks)

    def _cap(self, share: Traced, remarks: list[str]) -> PolicyRules:
        abroad = {s.country for s in self._own_sources() if s.kind is SourceKind.IMPORT} - {UNNAMED_COUNTRIES}
        if not abroad:
            text = f"{self._rule_id()}: no country outside is a source; not in the problem"
            return PolicyRules((), (), (*remarks, text))
        return self._rule(ShareCap(share.value), "share_cap.max_share", share, remarks, tuple(sorted(abroad)))

    def _floor(self, share: Traced, remarks: list[str]) -> PolicyRules:
        kind = FLOOR_KINDS[self.policy.kind]
        reachable = self._reachable(kind)
        if reachable < share.value:
            what = f"{self._rule_id()}: {kind.value} sources can deliver {reachable:.1%} of the demand"
            if not self.choice.as_far_as_possible:
                remarks.append(f"{what}, less than {share.value:.1%}: no plan keeps the rule")
            elif reachable <= 0:
                return PolicyRules((), (), (*remarks, f"{what}; not in the problem"))
            else:
                remarks.append(f"{what}; the rule asks for that in place of {share.value:.1%}")
                text = "lowered to what the sources can deliver, in the period of the least part"
                share = derive(reachable * (1 - ROUNDING), text, share)
        return self._rule(ShareFloor(kind, share.value), "share_floor.min_share", share, remarks)

    def _rule(
        self,
        rule: ShareCap | ShareFloor,
        field: str,
        share: Traced,
        remarks: list[str],
        countries: tuple[str, ...] = (),
    ) -> PolicyRules:
        periods = tuple(range(self.start, len(self.demand))) if self.start else ()
        made = TradeRule(self._rule_id(), rule, (self.material,), countries, periods)
        path = f"rules[{made.rule_id}].{field}"
        figure = TracedField(path, (share.value,), "1", share.derivation, share.origins)
        return PolicyRules((made,), (figure,), tuple(remarks))

    def _rule_id(self) -> str:
        return f"{self.policy.policy_id}/{self.material}"

    def _own_sources(self) -> Iterator[Source]:
        return (source for source in self.sources if source.material_id == self.material)

    def _reachable(self, kind: SourceKind) -> float:
        """The least part of a period's demand that sources of a kind can deliver, from the first binding period on."""
        count = len(self.demand)
        capacities = [by_period(s.capacity_tonnes, count) for s in self._own_sources() if s.kind is kind]
        parts = [
            sum(capacity[t] for capacity in capacities) / self.demand[t]
            for t in range(self.start, count)
            if self.demand[t] > 0
        ]
        return min(parts, default=1.0)

    def _on_stage(self) -> Iterator[str]:
        stage = self.policy.stage
        planned = self.catalog.mineral(self.material).supply_stage
        if stage is not None and stage is not planned:
            yield (
                f"{self._rule_id()}: the law speaks of {stage.value}, {self.material} is planned in the form that "
                f"{planned.value} supplies; sources at home count as they are"
            )


def _chosen(choices: Sequence[PolicyChoice]) -> Iterator[tuple[int, PolicyChoice, Policy]]:
    for i, choice in enumerate(choices):
        policy = find_policy(choice.policy_id)
        if policy is not None:
            yield i, choice, policy


def _materials(policy: Policy, choice: PolicyChoice, of_problem: tuple[str, ...]) -> tuple[str, ...]:
    """The materials of the problem that a choice is for."""
    wanted = choice.material_ids or policy.material_ids or of_problem
    return tuple(name for name in of_problem if name in wanted)


def _value(policy: Policy, choice: PolicyChoice, position: int) -> Traced:
    if choice.value is not None:
        return Traced(choice.value, (CallerOrigin(f"policies[{position}].value"),))
    return Traced(policy.value, (DefaultOrigin(policy.policy_id, policy.description, policy.law),))


def _days(policy: Policy, days: Traced, needs: MaterialNeeds) -> Traced:
    """Days of the policy's denominator as days of demand."""
    match policy.denominator:
        case PolicyDenominator.NET_IMPORTS:
            part = _net_import_part(needs)
            return derive(days.value * part.value, "days × largest part of the demand not made at home", days, part)
        case PolicyDenominator.DEFENCE_AND_ESSENTIAL:
            tiers = needs.defence.value + needs.essential.value
            return derive(days.value * tiers, "days × part of the tiers", days, needs.defence, needs.essential)
        case PolicyDenominator.CONSUMPTION:
            return days


def _net_import_part(needs: MaterialNeeds) -> Traced:
    """The largest part of a year's demand that sources at home cannot deliver."""
    home = sum(capacity.value for capacity in needs.at_home)
    parts = [max(0.0, 1.0 - home / demand.value) for demand in needs.demand if demand.value > 0]
    return derive(max(parts, default=0.0), "1 − capacity at home / demand", *needs.at_home, *needs.demand)


def _first_period(policy: Policy, choice: PolicyChoice, years: Sequence[int]) -> int | None:
    if choice.from_period is not None:
        return choice.from_period
    return next((t for t, year in enumerate(years) if year >= policy.from_year), None)


def _demand_by_period(material: Material, count: int) -> tuple[float, ...]:
    tiers = [by_period(tier.demand_tonnes, count) for tier in material.demand]
    return tuple(sum(tier[t] for tier in tiers) for t in range(count))
