"""Why no opening stock serves the named tiers: the least shortage that is left, and the limits whose duals keep it.

By Farkas' lemma these limits, together with the wish to serve the tiers, contradict each other: no plan keeps both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lodestock_optimizers.compiled import CompiledProblem
from lodestock_optimizers.no_plan.conflict import describe_conflict
from lodestock_optimizers.no_plan.infeasibility import explain_infeasibility
from lodestock_optimizers.no_plan.named_limits import NamedLimits
from lodestock_optimizers.plan import ConflictingRule, PlanStatus
from lodestock_optimizers.questions.stockpile import ShortTonnes, Unreachable
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.sizing import CERTAIN
from lodestock_optimizers.solving.highs import Solution
from lodestock_optimizers.watch import Stopped, Timekeeper

NEGLIGIBLE_DUAL = 1e-7
"""Tonnes of shortage for a unit of a limit; less is the solver's rounding."""


class LimitsOfStock:
    """What keeps a question about a stockpile from having an answer; found once, however many ask.

    Args:
        compiled: The model for a least probability.
        solve: Solves a model.
        read_short: The shortages of the named tiers in an answer.
        holds: Whether contracts are held.
    """

    def __init__(
        self,
        compiled: Callable[[float], CompiledProblem],
        solve: Callable[[CompiledProblem], Solution],
        read_short: Callable[[Answer], list[ShortTonnes]],
        *,
        holds: bool,
    ) -> None:
        self._compiled, self._solve, self._read_short, self._holds = compiled, solve, read_short, holds
        self._found: Unreachable | None = None

    def read(self, keeper: Timekeeper) -> Unreachable:
        """The least shortage, what keeps it, and the most probability that can be without one.

        Raises:
            Stopped: Caller or clock say so, before the shortage is found.
        """
        if self._found is None:
            self._found = self._read(keeper)
        return self._found

    def _read(self, keeper: Timekeeper) -> Unreachable:
        least = _least_shortage(self._compiled(CERTAIN))
        answer = least.answer(self._solve(least))
        if answer.solution.status is PlanStatus.INFEASIBLE:
            # Not the tiers, then: the closing stock is hard, and what it is made of is bought here.
            relaxations, conflict = explain_infeasibility(answer, keeper)
            return Unreachable(0.0, (), conflict, relaxations)
        try:
            probability = self._most_probability()
        except Stopped as stopped:
            if stopped.status is PlanStatus.CANCELLED:
                raise
            probability = None
        limits = (*_storage_of_opening(answer), *describe_limits(answer, holds=self._holds))
        return Unreachable(probability, tuple(self._read_short(answer)), limits)

    def _most_probability(self) -> float | None:
        """The greatest probability of scenarios in which no named tier is short."""
        compiled = self._compiled(0.0)
        arrays = compiled.arrays
        spared, tree = arrays.columns["spared"], compiled.instance.tree
        cost = np.zeros_like(arrays.cost)
        node = spared.index[:, 0]
        cost[spared.position] = np.where(np.isin(node, tree.leaves), tree.probability[node], 0.0)
        solution = self._solve(replace(compiled, arrays=replace(arrays, cost=cost, offset=0.0)))
        return 1.0 - solution.objective if solution.status is PlanStatus.OPTIMAL else None


def _least_shortage(compiled: CompiledProblem) -> CompiledProblem:
    """The model that asks for the least tonnes short of the named tiers, over all nodes, whatever they cost."""
    instance, arrays = compiled.instance, compiled.arrays
    assert instance.sizing is not None
    short, upper = arrays.columns["u"], arrays.row_upper.copy()
    upper[arrays.rows["served"].position] = np.inf
    cost = np.zeros_like(arrays.cost)
    cost[short.position] = np.isin(short.index[:, 0], instance.sizing.tiers)
    return replace(compiled, arrays=replace(arrays, cost=cost, offset=0.0, row_upper=upper))


def describe_limits(answer: Answer, *, holds: bool) -> tuple[ConflictingRule, ...]:
    """The limits of the problem that have a dual in the model of the least shortage."""
    limits = NamedLimits(answer.instance, answer.rows, answer.arrays)
    reduced: Floats = answer.arrays.cost - answer.arrays.matrix.T @ answer.solution.row_dual
    dual = np.where(
        limits.on_rows,
        _at(answer.solution.row_dual, limits.position),
        _at(reduced, limits.position),
    )
    found = np.where(limits.is_most, -dual, dual) > NEGLIGIBLE_DUAL
    if holds:
        # They are held at what the plan says, which is no field of the problem.
        found &= ~limits.kind_is("q")
    return describe_conflict(limits, np.flatnonzero(found))


def _at(values: Floats, position: Ints) -> Floats:
    """Values at positions, which may be meant for a longer list."""
    return values[np.minimum(position, len(values) - 1)]


def _storage_of_opening(answer: Answer) -> list[ConflictingRule]:
    """The stores that can take no more opening stock, where more would help."""
    instance, arrays = answer.instance, answer.arrays
    family = arrays.columns["bought_opening"]
    reduced = (arrays.cost - arrays.matrix.T @ answer.solution.row_dual)[family.position]
    roots = tuple(np.flatnonzero(instance.tree.parent < 0).tolist())
    return [
        ConflictingRule(
            family="storage",
            field_path=f"materials[{m}].stock.capacity_tonnes",
            subject_id="",
            material_id=instance.problem.materials[m].material_id,
            country="",
            node_ids=roots,
            periods=(0,),
            description=f"opening stock of {instance.problem.materials[m].material_id}: "
            f"stores hold at most {instance.storage(m):,.6g} t",
        )
        for (m,), dual in zip(family.index.tolist(), reduced.tolist(), strict=True)
        if dual < -NEGLIGIBLE_DUAL
    ]
