"""What is left of a problem at the onset of a stress: a problem of its own that begins there.

Whoever is hit has what the plan had signed and stored up to then. So contracts whose lead has not passed are the book
of the new problem, the trunk's stock is its opening stock, and reserves are less by what was drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from lodestock_optimizers.compiled import CompiledProblem
from lodestock_optimizers.instance import SIGNED_AT_START, Instance
from lodestock_optimizers.problem import (
    Deposit,
    Material,
    PerPeriod,
    Scenario,
    SignedContract,
    Source,
    SourcingProblem,
    TradeRule,
)
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.resolving import ArrayChange
from lodestock_optimizers.trade_rules import embargoed


@dataclass(frozen=True, slots=True)
class Standing:
    """What a plan has come to when nothing has happened before `onset`.

    Attributes:
        onset: First period that is not over, counted from 0.
        stock: (M,) tonnes at the end of the period before.
        drawn: (L,) tonnes delivered before.
        signed: Contracts that deliver later and can no longer be changed, by periods of the whole horizon.
        built: (T, L) tonnes a year that were decided before and stand in each period of the whole horizon.
        spent_usd: What the periods before have cost and what is owed later for what is built, discounted; stock below a
            floor is a policy's cost and not in it.
    """

    onset: int
    stock: Floats
    drawn: Floats
    signed: tuple[SignedContract, ...]
    built: Floats
    spent_usd: float


def standing(answer: Answer, onset: int) -> Standing | None:
    """What a solved plan has come to at a period when nothing has happened; None where something must have by then."""
    instance, tree = answer.instance, answer.instance.tree
    trunk = [
        int(np.flatnonzero(tree.on_trunk & (tree.period == t))[0]) for t in range(onset) if _has_trunk(instance, t)
    ]
    if len(trunk) < onset:
        return None
    spent = (answer.money - answer.costs["floor_shortfall_usd"])[trunk].sum(axis=1)
    built = _built(answer, trunk)
    owed = instance.length * (built @ instance.expansions.yearly_cost)
    opening = np.array([m.stock.opening_tonnes if m.stock else 0.0 for m in instance.problem.materials])
    return Standing(
        onset=onset,
        stock=np.maximum(answer.stock[trunk[-1]], 0.0) if trunk else opening,
        drawn=(answer.delivered + answer.spot)[trunk].sum(axis=0),
        signed=tuple(_signed(answer, onset, trunk, instance.capacity + _room(instance, onset, built))),
        built=built,
        spent_usd=float(instance.discount[:onset] @ spent + instance.discount[onset:] @ owed[onset:]),
    )


def _built(answer: Answer, trunk: list[int]) -> Floats:
    """(T, L) tonnes a year that are decided at nodes of the trunk and stand in each period."""
    built = np.zeros((answer.instance.period_count, answer.instance.source_count))
    for (l, s), span in answer.instance.expansions.spans.items():
        if s < len(trunk):
            built[span.ready : span.last + 1, l] += max(float(answer.built[trunk[s], l]), 0.0)
    return built


def _room(instance: Instance, onset: int, built: Floats) -> Floats:
    """(T, L) tonnes that what is built and what can still be built by each period add to capacity."""
    later = np.zeros(built.shape, dtype=np.bool_)
    for (l, s), span in instance.expansions.spans.items():
        if s >= onset:
            later[span.ready : span.last + 1, l] = True
    room: Floats = instance.length[:, None] * (built + np.where(later, _left(instance, built), 0.0))
    return room


def _left(instance: Instance, built: Floats) -> Floats:
    """(T, L) of what may stand at a time, tonnes a year, what is left beside what does in each period."""
    left: Floats = np.maximum(instance.expansions.most - built, 0.0)
    return left


def _has_trunk(instance: Instance, t: int) -> bool:
    return bool((instance.tree.on_trunk & (instance.tree.period == t)).any())


def _signed(answer: Answer, onset: int, trunk: list[int], capacity: Floats) -> Iterable[SignedContract]:
    instance = answer.instance
    index = {group: k for k, group in enumerate(instance.contracts)}
    stopped, contracted = embargoed(instance), _contracted(answer)
    for l, source in enumerate(instance.problem.sources):
        lead = int(instance.lead[l])
        for t in range(onset, min(onset + lead, instance.period_count)):
            signer = trunk[t - lead] if t >= lead else SIGNED_AT_START
            # A contract that only scenarios deliver in is none of the trunk's.
            k = index.get((t, signer))
            tonnes = 0.0 if k is None or stopped[t, l] else float(contracted[k, l])
            yield SignedContract(source.source_id, t, min(max(tonnes, 0.0), float(capacity[t, l])))


def _contracted(answer: Answer) -> Floats:
    """(K, L) tonnes of contracts; rounding makes none of what is signed or not as a whole signed, or too small."""
    is_ordered = np.isin(np.arange(answer.instance.source_count), answer.instance.ordered)
    least = np.where(answer.signed > 0, answer.instance.min_order, 0.0)
    return np.where(is_ordered & (answer.signed == 0), 0.0, np.maximum(answer.contracted, least))


def stress_problem(
    calm: Instance, at: Standing, scenarios: Iterable[Scenario], rebuilding_periods: int
) -> SourcingProblem:
    """The problem that begins at the onset, with new scenarios in place of the old.

    Rules are still in it: whoever makes an instance of it says that they bind nowhere. Floors cost nothing, closing
    stocks are a cost and no limit; the tail, which hedges against what may come, weighs nothing.

    Args:
        calm: The numbers of the base, from which defaults are made that depend on the whole horizon.
        at: What the plan has come to.
        scenarios: What may happen, by periods of the whole horizon.
        rebuilding_periods: Of scenarios that give none.
    """
    problem, onset = calm.problem, at.onset
    return replace(
        problem,
        periods=problem.periods[onset:],
        materials=tuple(_material(calm, m, at) for m in range(calm.material_count)),
        sources=tuple(_source(calm, l, at) for l in range(calm.source_count)),
        deposits=tuple(_deposit(deposit, problem, at) for deposit in problem.deposits),
        rules=tuple(kept for rule in problem.rules if (kept := _rule(rule, onset)) is not None),
        budget=None
        if problem.budget is None
        else replace(problem.budget, budget_usd=_later(problem.budget.budget_usd, onset)),
        scenarios=tuple(_scenario(scenario, onset, rebuilding_periods) for scenario in scenarios),
        book=tuple(replace(signed, period=signed.period - onset) for signed in at.signed),
        footprint_policies=tuple(replace(p, max_units=_later(p.max_units, onset)) for p in problem.footprint_policies),
        tail_weight=0.0,
    )


def beside_what_stands(compiled: CompiledProblem, at: Standing) -> CompiledProblem:
    """The problem from the onset on in which no more is built in any period than has room beside what stands there."""
    instance, arrays = compiled.instance, compiled.arrays
    if "standing" not in arrays.columns:
        return compiled
    standing, upper = arrays.columns["standing"], arrays.upper.copy()
    l, n = standing.index.T
    upper[standing.position] = _left(instance, at.built[at.onset :])[instance.tree.period[n], l]
    return replace(compiled, arrays=ArrayChange(upper=upper).of(arrays))


def _later(values: PerPeriod, onset: int) -> PerPeriod:
    return values if len(values) <= 1 else values[onset:]


def _deposit(deposit: Deposit, problem: SourcingProblem, at: Standing) -> Deposit:
    """What is left of a deposit: at least what must be taken of what is signed."""
    drawn = {s.source_id: float(at.drawn[l]) for l, s in enumerate(problem.sources)}
    taken = {s.source_id: s.take_or_pay for s in problem.sources}
    names = set(deposit.source_ids)
    owed = sum(taken[signed.source_id] * signed.tonnes for signed in at.signed if signed.source_id in names)
    return replace(deposit, reserves_tonnes=max(owed, deposit.reserves_tonnes - sum(drawn[name] for name in names)))


def _material(calm: Instance, m: int, at: Standing) -> Material:
    material = calm.problem.materials[m]
    demand = tuple(replace(d, demand_tonnes=_later(d.demand_tonnes, at.onset)) for d in material.demand)
    if material.stock is None:
        return replace(material, demand=demand)
    stock = replace(
        material.stock,
        opening_tonnes=float(at.stock[m]),
        capacity_tonnes=calm.storage(m),
        closing_tonnes=calm.closing(m),
        closing_is_hard=False,
        closing_shortfall_usd_per_tonne=calm.closing_shortfall_cost(m),
        floor_is_hard=False,
        floor_shortfall_usd_per_tonne_year=0.0,
    )
    return replace(material, demand=demand, stock=stock)


def _source(calm: Instance, l: int, at: Standing) -> Source:
    """A source from the onset on, with what is built at it as its capacity, of which no more is owed.

    Its expansion is that of the base; what it may still be is the matter of `beside_what_stands`.
    """
    source, onset = calm.problem.sources[l], at.onset
    capacity = _later(source.capacity_tonnes, onset)
    built = at.built[onset:, l]
    if built.any():
        capacity = tuple((calm.capacity[onset:, l] + calm.length[onset:] * built).tolist())
    return replace(
        source,
        unit_price_usd_per_tonne=_later(source.unit_price_usd_per_tonne, onset),
        capacity_tonnes=capacity,
        tariff_rate=_later(source.tariff_rate, onset),
        spot_capacity_tonnes=_later(source.spot_capacity_tonnes, onset),
        lead_periods=int(calm.lead[l]),
    )


def _rule(rule: TradeRule, onset: int) -> TradeRule | None:
    """A rule from the onset on; None where its periods are over."""
    periods = tuple(t - onset for t in rule.periods if t >= onset)
    return None if rule.periods and not periods else replace(rule, periods=periods)


def _scenario(scenario: Scenario, onset: int, rebuilding_periods: int) -> Scenario:
    end, rebuilding = scenario.end_period, scenario.rebuilding_periods
    return replace(
        scenario,
        onset_period=scenario.onset_period - onset,
        end_period=None if end is None else end - onset,
        demand_factors=tuple(
            replace(factor, periods=tuple(t - onset for t in factor.periods)) for factor in scenario.demand_factors
        ),
        rebuilding_periods=rebuilding_periods if rebuilding is None else rebuilding,
    )
