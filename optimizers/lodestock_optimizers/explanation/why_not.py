"""Why a supplier is not in the plan, or no more of it: what that would cost, and the price at which it would sell.

Owns the two questions that are put to the model: the deliveries of one source raised, and its price lowered to what the
duals say would do, to see whether it does. A lower price goes through the one formulation and is sent to the model as a
changed problem, so that duty, budget and risk charge follow it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lodestock_optimizers.compiled import compile_instance
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import SourcingProblem, by_period
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.reading.prices import value_contracts
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.mixed_model import MixedModel, held
from lodestock_optimizers.solving.resolving import ArrayChange, WarmModel
from lodestock_optimizers.watch import Timekeeper

from .apart import Apart, Parts
from .values import WhyNot, WhyNotQuestion

FORCED_SHARE = 0.1
"""Of a source's capacity over the horizon, what can be built included, where the caller does not say how much more."""
BELOW = 1e-4
"""By how much, relative to it, a price lies below the break-even where it is tried."""
TRIES = 3


@dataclass(frozen=True, slots=True)
class _Offer:
    """The contract of a source that is nearest to being signed, its price, and that at which it would be."""

    contract: int
    period: int
    price: float
    break_even: float


def why_not(parts: Parts, asked: Sequence[WhyNotQuestion], keeper: Timekeeper) -> Iterator[WhyNot]:
    """Answers the questions, those about one part together; adds a row to its model for each.

    Raises:
        Stopped: Caller or clock say so.
        SolverFault: HiGHS fails.
    """
    material = {source.source_id: source.material_id for source in parts.whole.instance.problem.sources}
    by_part: dict[Apart, list[WhyNotQuestion]] = {}
    for question in asked:
        by_part.setdefault(parts.of(material[question.source_id]), []).append(question)
    found = {part: _answers(part, questions, keeper) for part, questions in by_part.items()}
    for question in asked:
        yield next(found[parts.of(material[question.source_id])])


def _answers(part: Apart, asked: Sequence[WhyNotQuestion], keeper: Timekeeper) -> Iterator[WhyNot]:
    answer, model = part.answer, part.model
    instance = answer.instance
    number = {source.source_id: l for l, source in enumerate(instance.problem.sources)}
    break_even = value_contracts(answer).break_even
    start = model.basis
    tried = []
    for question in asked:
        l = number[question.source_id]
        offer = _offer(answer, l, break_even)
        tried.append((l, question, *_verified(answer, model, l, offer, start, keeper)))
    for l, question, offer, is_verified in tried:
        source = instance.problem.sources[l]
        tonnes = question.tonnes or FORCED_SHARE * float(instance.most_capacity[:, l].sum())
        delivered = float(instance.tree.probability @ (answer.delivered + answer.spot)[:, l])
        has_none = offer is None or np.isnan(offer.break_even)
        yield WhyNot(
            source_id=source.source_id,
            material_id=source.material_id,
            country=source.country,
            tonnes=delivered if delivered > answer.negligible[instance.material_of[l]] else 0.0,
            forced_tonnes=tonnes,
            cost_difference_usd=_cost_of(answer, part.asked, l, delivered + tonnes, keeper),
            period=0 if offer is None else offer.period,
            unit_price_usd_per_tonne=float(instance.price[0, l]) if offer is None else offer.price,
            break_even_price_usd_per_tonne=None if offer is None or has_none else offer.break_even,
            is_verified=is_verified,
        )


def nearest(parts: Parts, most: int) -> tuple[WhyNotQuestion, ...]:
    """Questions about sources that are not bought at all, those whose price would have to fall by the least share."""
    position = {source.source_id: l for l, source in enumerate(parts.whole.instance.problem.sources)}
    found = [(fall, position[name], name) for part in parts.each for fall, name in _falls(part.answer)]
    return tuple(WhyNotQuestion(name) for _, _, name in sorted(found)[:most])


def _falls(answer: Answer) -> Iterator[tuple[float, str]]:
    """Of sources that are not bought at all the share by which a price would have to fall, and their names."""
    instance, break_even = answer.instance, value_contracts(answer).break_even
    bought = (answer.delivered + answer.spot).max(axis=0) > answer.negligible[instance.material_of]
    for l in np.flatnonzero(~bought).tolist():
        offer = _offer(answer, l, break_even)
        if offer is not None and offer.price > 0 and not np.isnan(offer.break_even):
            yield 1.0 - offer.break_even / offer.price, instance.problem.sources[l].source_id


def _offer(answer: Answer, l: int, break_even: Floats) -> _Offer | None:
    """The unsigned contract whose price would have to fall by the least share; None where all are signed."""
    instance = answer.instance
    contracts = np.unique(instance.contract_of[:, l])
    least = answer.negligible[instance.material_of[l]]
    offers = [
        _Offer(int(k), t, float(instance.price[t, l]), float(break_even[k, l]))
        for k in contracts.tolist()
        for t in (instance.contracts[k][0],)
        if answer.contracted[k, l] <= least
    ]
    return min(offers, key=_fall, default=None)


def _fall(offer: _Offer) -> float:
    """Share by which a price would have to fall; infinite where no price would do."""
    if np.isnan(offer.break_even):
        return np.inf
    return 1.0 - offer.break_even / offer.price if offer.price > 0 else 0.0


def _verified(
    answer: Answer, model: WarmModel, l: int, offer: _Offer | None, start: object, keeper: Timekeeper
) -> tuple[_Offer | None, bool]:
    """The offer with a break-even at which it is bought, and whether that was seen.

    At a degenerate optimum the duals give an upper bound. Where it does not do, the duals at that price give a lower
    one, which is tried in turn.
    """
    if offer is None or np.isnan(offer.break_even):
        return offer, False
    instance = answer.instance
    least = answer.negligible[instance.material_of[l]]
    for _ in range(TRIES):
        price = (1.0 - BELOW) * offer.break_even
        problem = _with_price(instance.problem, l, offer.period, price)
        changed = compile_instance(Instance(problem, instance.tree, instance.settled), keeper)
        model.return_to(start)
        solution = model.solve_as(held(changed.arrays, answer.solution.column_value), keeper)
        if solution.status is not PlanStatus.OPTIMAL:
            return offer, False
        found = changed.answer(solution)
        if found.contracted[offer.contract, l] > least:
            return offer, True
        lower = float(value_contracts(found).break_even[offer.contract, l])
        if np.isnan(lower) or lower >= price:
            return offer, False
        offer = replace(offer, break_even=lower)
    return offer, False


def _with_price(problem: SourcingProblem, l: int, period: int, price: float) -> SourcingProblem:
    """The problem with another unit price of one source in one period."""
    source = problem.sources[l]
    prices = list(by_period(source.unit_price_usd_per_tonne, len(problem.periods)))
    prices[period] = price
    changed = replace(source, unit_price_usd_per_tonne=tuple(prices))
    return replace(problem, sources=(*problem.sources[:l], changed, *problem.sources[l + 1 :]))


def _cost_of(answer: Answer, model: WarmModel | MixedModel, l: int, tonnes: float, keeper: Timekeeper) -> float | None:
    """What the objective is more where a source delivers so many expected tonnes; None where it cannot, USD."""
    coefficient = np.zeros_like(answer.arrays.cost)
    for name in ("y", "z"):
        family = answer.columns(name)
        if len(family):
            here = family.index[:, 0] == l
            coefficient[family.position[here]] = answer.instance.tree.probability[family.index[here, 1]]
    row = model.add_row(coefficient, -np.inf, np.inf)
    row_lower = model.arrays.row_lower.copy()
    row_lower[row] = tonnes
    solution = model.solve(ArrayChange(row_lower=row_lower), keeper)
    if solution.status is not PlanStatus.OPTIMAL:
        return None
    return max(0.0, solution.objective - answer.solution.objective)
