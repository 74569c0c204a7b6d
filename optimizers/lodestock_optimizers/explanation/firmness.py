"""How firm the plan is: the least and most of its largest quantities among all plans that cost little more.

Owns the choice of the quantities (the dearest first), and the least and most of each with the objective held within a
share of the least.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.highs import Unanswered
from lodestock_optimizers.solving.mixed_model import MixedModel
from lodestock_optimizers.solving.resolving import ArrayChange
from lodestock_optimizers.watch import Timekeeper

from .apart import Apart, Parts
from .extremes import least_within
from .values import FirmQuantity

START = -1
"""Node of signing of a contract that is signed at the start."""


@dataclass(frozen=True)
class _Quantity:
    """What is to be looked at, by what it is worth in money."""

    family: str
    material_id: str
    country: str
    source_id: str
    usd: float


def firm_quantities(parts: Parts, increase: float, count: int, keeper: Timekeeper) -> Iterator[FirmQuantity]:
    """The least and most of the `count` dearest quantities.

    Raises:
        Stopped: Caller or clock say so.
        Unanswered: HiGHS says that the optimum itself is not allowed.
        SolverFault: HiGHS fails.
    """
    # What one part may cost more, the others may not: together they may cost so much more.
    room = increase * abs(parts.whole.solution.objective)
    limited: dict[Apart, MixedModel] = {}
    for quantity in sorted(_quantities(parts.whole), key=lambda q: -q.usd)[:count]:
        yield _firm(quantity, parts.of(quantity.material_id), room, limited, keeper)


def _firm(
    quantity: _Quantity, part: Apart, room: float, limited: dict[Apart, MixedModel], keeper: Timekeeper
) -> FirmQuantity:
    answer = part.answer
    m = next(i for i, one in enumerate(answer.instance.problem.materials) if one.material_id == quantity.material_id)
    node = int(answer.stock[:, m].argmax()) if quantity.family == "peak_stock" else START
    coefficient = _coefficient(answer, quantity, m, node)
    if isinstance(part.asked, MixedModel):
        model = limited.get(part) or limited.setdefault(part, _with_limit(answer, part.asked, room))
        found = [sign * _least_of(model, sign * coefficient, keeper) for sign in (1.0, -1.0)]
    else:
        found = [sign * least_within(answer, part.model, sign * coefficient, room, keeper) for sign in (1.0, -1.0)]
    tonnes = float(coefficient @ answer.solution.column_value)
    return FirmQuantity(
        family=quantity.family,
        material_id=quantity.material_id,
        country=quantity.country,
        source_id=quantity.source_id,
        node_id=START if node == START else int(part.nodes[node]),
        tonnes=_clean(tonnes, answer, m),
        least_tonnes=_clean(min(found[0], tonnes), answer, m),
        most_tonnes=_clean(max(found[1], tonnes), answer, m),
    )


def _with_limit(answer: Answer, model: MixedModel, room: float) -> MixedModel:
    """A model with whole numbers, for which no price finds all that is within a limit, with a row that says it."""
    cost = answer.arrays.cost
    model.add_row(cost, -np.inf, float(cost @ answer.solution.column_value) + room)
    return model


def _least_of(model: MixedModel, coefficient: Floats, keeper: Timekeeper) -> float:
    solution = model.solve(ArrayChange(cost=coefficient), keeper)
    if solution.status is not PlanStatus.OPTIMAL:
        raise Unanswered("HiGHS finds no plan that costs as little as the optimum")
    return float(coefficient @ solution.column_value)


def _clean(tonnes: float, answer: Answer, m: int) -> float:
    return 0.0 if abs(tonnes) <= answer.negligible[m] else tonnes


def _coefficient(answer: Answer, quantity: _Quantity, m: int, node: int) -> Floats:
    """(columns,) the quantity as a sum over columns."""
    instance = answer.instance
    coefficient = np.zeros_like(answer.arrays.cost)
    if quantity.family == "peak_stock":
        family = answer.columns("I")
        coefficient[family.position[(family.index[:, 0] == m) & (family.index[:, 1] == node)]] = 1.0
    elif quantity.family == "contracts_now":
        family = answer.columns("q")
        signed_at = np.array([signed for _, signed in instance.contracts])
        l = next(i for i, s in enumerate(instance.problem.sources) if s.source_id == quantity.source_id)
        here = (family.index[:, 0] == l) & (signed_at[family.index[:, 1]] == START)
        coefficient[family.position[here]] = 1.0
    else:
        members = [l for l in instance.sources_of[m] if instance.problem.sources[l].country == quantity.country]
        for name in ("y", "z"):
            family = answer.columns(name)
            here = np.isin(family.index[:, 0], members) if len(family) else np.zeros(0, dtype=np.bool_)
            coefficient[family.position[here]] = instance.tree.probability[family.index[here, 1]]
    return coefficient


def _quantities(answer: Answer) -> Iterator[_Quantity]:
    yield from _deliveries(answer)
    yield from _contracts(answer)
    yield from _stocks(answer)


def _deliveries(answer: Answer) -> Iterator[_Quantity]:
    """Expected deliveries of each material from each country."""
    instance = answer.instance
    probability = instance.tree.probability[:, None]
    usd = (probability * (instance.contract_cost * answer.delivered + instance.spot_cost * answer.spot)).sum(axis=0)
    groups: dict[tuple[str, str], float] = {}
    for source, worth in zip(instance.problem.sources, usd.tolist(), strict=True):
        key = source.material_id, source.country
        groups[key] = groups.get(key, 0.0) + worth
    for (material_id, country), worth in groups.items():
        if worth > 0:
            yield _Quantity("deliveries", material_id, country, "", worth)


def _contracts(answer: Answer) -> Iterator[_Quantity]:
    """All that is contracted at the start, source by source."""
    instance = answer.instance
    is_now = np.array([node == START for _, node in instance.contracts], dtype=np.bool_)
    tonnes = answer.contracted[is_now].sum(axis=0)
    for l, source in enumerate(instance.problem.sources):
        if tonnes[l] > answer.negligible[instance.material_of[l]]:
            usd = float(tonnes[l]) * float(instance.contract_cost[:, l].mean())
            yield _Quantity("contracts_now", source.material_id, source.country, source.source_id, usd)


def _stocks(answer: Answer) -> Iterator[_Quantity]:
    """The stock of each material where the plan has most of it."""
    instance = answer.instance
    for m in instance.stocks:
        tonnes = float(answer.stock[:, m].max())
        if tonnes > answer.negligible[m]:
            members = instance.sources_of[m]
            price = float(instance.contract_cost[:, members].mean()) if members else 0.0
            yield _Quantity("peak_stock", instance.problem.materials[m].material_id, "", "", tonnes * price)
