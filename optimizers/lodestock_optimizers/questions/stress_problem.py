"""What is left of a problem at the onset of a stress: a problem of its own that begins there.

Whoever is hit has what the plan had signed and stored up to then. So contracts whose lead has not passed are the book
of the new problem, the trunk's stock is its opening stock, and reserves are less by what was drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

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
from lodestock_optimizers.trade_rules import embargoed


@dataclass(frozen=True, slots=True)
class Standing:
    """What a plan has come to when nothing has happened before `onset`.

    Attributes:
        onset: First period that is not over, counted from 0.
        stock: (M,) tonnes at the end of the period before.
        drawn: (L,) tonnes delivered before.
        signed: Contracts that deliver later and can no longer be changed, by periods of the whole horizon.
        spent_usd: What the periods before have cost, discounted; stock below a floor is a policy's cost and not in it.
    """

    onset: int
    stock: Floats
    drawn: Floats
    signed: tuple[SignedContract, ...]
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
    opening = np.array([m.stock.opening_tonnes if m.stock else 0.0 for m in instance.problem.materials])
    return Standing(
        onset=onset,
        stock=np.maximum(answer.stock[trunk[-1]], 0.0) if trunk else opening,
        drawn=(answer.delivered + answer.spot)[trunk].sum(axis=0),
        signed=tuple(_signed(answer, onset, trunk)),
        spent_usd=float(instance.discount[:onset] @ spent),
    )


def _has_trunk(instance: Instance, t: int) -> bool:
    return bool((instance.tree.on_trunk & (instance.tree.period == t)).any())


def _signed(answer: Answer, onset: int, trunk: list[int]) -> Iterable[SignedContract]:
    instance = answer.instance
    index = {group: k for k, group in enumerate(instance.contracts)}
    stopped = embargoed(instance)
    for l, source in enumerate(instance.problem.sources):
        lead = int(instance.lead[l])
        for t in range(onset, min(onset + lead, instance.period_count)):
            signer = trunk[t - lead] if t >= lead else SIGNED_AT_START
            # A contract that only scenarios deliver in is none of the trunk's.
            k = index.get((t, signer))
            tonnes = 0.0 if k is None or stopped[t, l] else float(answer.contracted[k, l])
            yield SignedContract(source.source_id, t, min(max(tonnes, 0.0), float(instance.capacity[t, l])))


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
        sources=tuple(_source(calm, l, onset) for l in range(calm.source_count)),
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


def _source(calm: Instance, l: int, onset: int) -> Source:
    source = calm.problem.sources[l]
    return replace(
        source,
        unit_price_usd_per_tonne=_later(source.unit_price_usd_per_tonne, onset),
        capacity_tonnes=_later(source.capacity_tonnes, onset),
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
