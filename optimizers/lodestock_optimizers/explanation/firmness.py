"""How firm the plan is: the least and most of its largest quantities among all plans that cost little more.

Owns the choice of the quantities (the dearest first) and two solves for each, from the basis of the one before, with
the objective held within a share of the least.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.scenario_tree import Floats
from lodestock_optimizers.solving.highs import SolverFault
from lodestock_optimizers.solving.resolving import ArrayChange, WarmModel
from lodestock_optimizers.watch import Timekeeper

from .values import FirmQuantity

START = -1
"""Node of signing of a contract that is signed at the start."""


@dataclass(frozen=True)
class _Quantity:
    """A sum over columns that is worth to be looked at, by what it is worth in money."""

    family: str
    material: int
    country: str
    source_id: str
    node: int
    coefficient: Floats
    usd: float


def firm_quantities(
    answer: Answer, model: WarmModel, increase: float, count: int, keeper: Timekeeper
) -> Iterator[FirmQuantity]:
    """The least and most of the `count` dearest quantities; adds a row to the model.

    Raises:
        Stopped: Caller or clock say so.
        SolverFault: HiGHS fails, or says that the optimum itself is not allowed.
    """
    quantities = sorted(_quantities(answer), key=lambda q: -q.usd)[:count]
    if not quantities:
        return
    own, columns = answer.arrays, answer.arrays.shape[1]
    best = float(own.cost @ answer.solution.column_value)
    model.add_row(own.cost, -np.inf, best + increase * abs(best + own.offset))
    model.go_by_plan()
    for quantity in quantities:
        found = []
        for sign in (1.0, -1.0):
            solution = model.solve(ArrayChange(cost=sign * quantity.coefficient[:columns]), keeper)
            if solution.status is not PlanStatus.OPTIMAL:
                raise SolverFault("no plan costs as little as the optimum")
            found.append(float(quantity.coefficient @ solution.column_value))
        tonnes = float(quantity.coefficient @ answer.solution.column_value)
        yield FirmQuantity(
            family=quantity.family,
            material_id=answer.instance.problem.materials[quantity.material].material_id,
            country=quantity.country,
            source_id=quantity.source_id,
            node_id=quantity.node,
            tonnes=_clean(tonnes, answer, quantity.material),
            least_tonnes=_clean(min(found[0], tonnes), answer, quantity.material),
            most_tonnes=_clean(max(found[1], tonnes), answer, quantity.material),
        )


def _clean(tonnes: float, answer: Answer, m: int) -> float:
    return 0.0 if abs(tonnes) <= answer.negligible[m] else tonnes


def _quantities(answer: Answer) -> Iterator[_Quantity]:
    yield from _deliveries(answer)
    yield from _contracts(answer)
    yield from _stocks(answer)


def _deliveries(answer: Answer) -> Iterator[_Quantity]:
    """Expected deliveries of each material from each country."""
    instance, sources = answer.instance, answer.instance.problem.sources
    probability = instance.tree.probability[:, None]
    usd = (probability * (instance.contract_cost * answer.delivered + instance.spot_cost * answer.spot)).sum(axis=0)
    groups: dict[tuple[int, str], list[int]] = {}
    for l, m in enumerate(instance.material_of.tolist()):
        groups.setdefault((m, sources[l].country), []).append(l)
    for (m, country), members in groups.items():
        worth = float(usd[members].sum())
        if worth > 0:
            coefficient = np.zeros_like(answer.arrays.cost)
            for name in ("y", "z"):
                family = answer.columns(name)
                here = np.isin(family.index[:, 0], members) if len(family) else np.zeros(0, dtype=np.bool_)
                nodes = family.index[here, 1]
                coefficient[family.position[here]] = instance.tree.probability[nodes]
            yield _Quantity("deliveries", m, country, "", START, coefficient, worth)


def _contracts(answer: Answer) -> Iterator[_Quantity]:
    """All that is contracted at the start, source by source."""
    instance, family = answer.instance, answer.columns("q")
    if not len(family):
        return
    signed_at = np.array([node for _, node in instance.contracts])
    for l, source in enumerate(instance.problem.sources):
        here = (family.index[:, 0] == l) & (signed_at[family.index[:, 1]] == START)
        tonnes = answer.contracted[family.index[here, 1], l]
        if tonnes.sum() > answer.negligible[instance.material_of[l]]:
            coefficient = np.zeros_like(answer.arrays.cost)
            coefficient[family.position[here]] = 1.0
            usd = float(tonnes.sum()) * float(instance.contract_cost[:, l].mean())
            yield _Quantity(
                "contracts_now", int(instance.material_of[l]), source.country, source.source_id, START, coefficient, usd
            )


def _stocks(answer: Answer) -> Iterator[_Quantity]:
    """The stock of each material where the plan has most of it."""
    instance, family = answer.instance, answer.columns("I")
    for m in instance.stocks:
        node = int(answer.stock[:, m].argmax())
        tonnes = float(answer.stock[node, m])
        if tonnes > answer.negligible[m]:
            coefficient = np.zeros_like(answer.arrays.cost)
            here = (family.index[:, 0] == m) & (family.index[:, 1] == node)
            coefficient[family.position[here]] = 1.0
            members = instance.sources_of[m]
            price = float(instance.contract_cost[:, members].mean()) if members else 0.0
            yield _Quantity("peak_stock", m, "", "", node, coefficient, tonnes * price)
