"""What limits the plan, what a unit of each limit is worth, and from where to where.

Owns the way from duals, one a row and node, to the numbers that a caller can change: a field of the problem moves its
limits at all nodes together, so its worth is the sum of theirs, and its range is that of the joint move. Where the plan
is degenerate in a field, its duals are not unique and hold on one side at best: the worth to either side is then found
by a step and a solve from the basis, and holds exactly where the new basis reaches back to where the step began. The
worth of such a field is what relief saves, with the range in which that holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lodestock_optimizers.no_plan.named_limits import NamedLimits
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.reading.feature_limits import NEGLIGIBLE_USD
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.highs import Solution
from lodestock_optimizers.solving.resolving import WarmModel
from lodestock_optimizers.watch import Timekeeper

from .moving import Basis, Move, moved
from .values import LimitPrice, NodeLimitPrice

WHOLE = "whole"
"""Unit of an embargo."""
MOST_FIELDS = 30
"""Fields that are priced, the most valuable first."""
MOST_JUST_MET = 5
"""Fields looked at whose limits are met but have no price, those of the most tonnes first."""
MOST_NODE_RANGES = 30
"""Nodes at which the range of a limit alone is found, over all fields."""
LEAST_RANGE = 1e-7
"""A range that ends nearer than this, relative to the value, ends at it."""
STEP = 1e-4
"""Of a field's value: the step to the side on which its worth is sought; smaller where the price changes within it."""
SMALLER, TRIES = 0.03, 4


@dataclass(frozen=True)
class Side:
    """What a unit of a field is worth to one side of its value.

    Attributes:
        worth: Per unit, USD.
        end: The step at which that ends; None where it is not known.
        saving: (K,) what a unit of relief of each limit saves on this side, weighed as the objective weighs it, USD.
    """

    worth: float
    end: float | None
    saving: Floats


@dataclass(frozen=True)
class PricedField:
    """A field that limits the plan.

    Attributes:
        members: Limits that it sets, binding or not.
        binding: Those that bind.
        move: How its limits move for one unit of the field.
        value: Its value; 0 where it has none, as for an embargo.
        worth: What a unit of relief saves at the plan's duals, USD.
        has_range: False where its limits do not follow from it by a factor alone.
    """

    members: Ints
    binding: Ints
    move: Move
    value: float
    worth: float
    has_range: bool


class LimitPricing:
    """The limits of a solved model, with what they are worth.

    Args:
        limits: The limits.
        answer: The optimum.
        model: The model, as it was solved last.
    """

    def __init__(self, limits: NamedLimits, answer: Answer, model: WarmModel) -> None:
        self._limits, self._answer, self._model = limits, answer, model
        self._saving = self._savings(answer.solution)
        self._weight = self._weights()
        self._embargoed = limits.embargoed

    def prices(self, keeper: Timekeeper) -> Iterator[LimitPrice]:
        """The fields that bind, the most valuable first; leaves the model at another basis.

        Raises:
            Stopped: Caller or clock say so.
        """
        limits, fields = self._limits, self._fields()
        basis = Basis(limits, self._model, self._answer.solution)
        nodes, ranges, room = [], [], MOST_NODE_RANGES
        for field in fields:
            keeper.heed()
            held = basis.range_of(field.move) if field.has_range else None
            ranges.append(held)
            # Of a degenerate field the duals at the nodes are those of relief, found below.
            own = [basis] * min(room, len(field.binding)) if held is None or self._is_open(field, held) else []
            room -= len(own)
            nodes.append(self._at_nodes(field.binding, self._saving, own))
        start = self._model.basis
        for field, at_nodes, held in zip(fields, nodes, ranges, strict=True):
            price = self._priced(field, at_nodes, held, keeper, start)
            # An embargo may have a price and yet nothing to let through; what is just met may be more than is needed.
            if max(price.worth_per_unit_usd, price.tightening_costs_usd or 0.0) > NEGLIGIBLE_USD:
                yield price

    def _savings(self, solution: Solution) -> Floats:
        """(K,) what a unit of relief of each limit saves, weighed as the objective weighs it, USD; 0 for rounding."""
        limits = self._limits
        dual = np.zeros(len(limits))
        dual[limits.on_rows] = solution.row_dual[limits.position[limits.on_rows]]
        dual[~limits.on_rows] = solution.column_dual[limits.position[~limits.on_rows]]
        return np.maximum(0.0, np.where(limits.is_most, -dual, dual))

    def _weights(self) -> Floats:
        """(K,) weight of the node, leaf or contract of each limit."""
        limits, answer = self._limits, self._answer
        weight = answer.weight[limits.node]
        of_leaf, of_contract = limits.kind_is("reserves"), limits.kind_is("q")
        weight[of_leaf] = answer.leaf_weight[limits.node[of_leaf]]
        shape = answer.instance.node_count, answer.instance.source_count
        by_contract = answer.sum_by_contract(np.broadcast_to(answer.weight[:, None], shape))
        source, contract = limits.index[of_contract].T
        weight[of_contract] = by_contract[contract, source]
        return weight

    def _fields(self) -> list[PricedField]:
        limits = self._limits
        # What a least order is worth stands with the plan's binding rules: its row moves with the yes or no.
        priced = ~limits.kind_is("order_least")
        binds = np.flatnonzero(priced & (self._saving > NEGLIGIBLE_USD * np.maximum(self._weight, NEGLIGIBLE_USD)))
        amount = np.where(
            limits.limit == 0, np.where(np.isfinite(limits.most_give), limits.most_give, 1.0), limits.limit
        )
        value: dict[str, float] = {}
        member: dict[str, list[int]] = {}
        for i, path in zip(binds.tolist(), limits.field_paths(binds), strict=True):
            value[path] = value.get(path, 0.0) + float(self._saving[i] * abs(amount[i]))
            member.setdefault(path, []).append(i)
        chosen = sorted(value, key=lambda path: (-value[path], path))[:MOST_FIELDS]
        return [self._field(np.array(member[path])) for path in chosen] + self._just_met(set(member))

    def _just_met(self, priced: set[str]) -> list[PricedField]:
        """Fields whose limits are met and yet have no price, as they may in a degenerate plan: less may cost."""
        limits, solution, arrays = self._limits, self._answer.solution, self._answer.arrays
        level = solution.column_value
        reached = np.zeros(len(limits))
        reached[limits.on_rows] = (arrays.matrix @ level)[limits.position[limits.on_rows]]
        reached[~limits.on_rows] = level[limits.position[~limits.on_rows]]
        is_met = np.abs(reached - limits.limit) <= LEAST_RANGE * np.abs(limits.limit)
        is_apart = limits.is_hard & ~limits.booked & ~limits.kind_is("order_least")
        met = np.flatnonzero(is_met & (limits.limit > 0) & is_apart)
        member: dict[str, list[int]] = {}
        for i, path in zip(met.tolist(), limits.field_paths(met), strict=True):
            if path not in priced:
                member.setdefault(path, []).append(i)
        chosen = sorted(member, key=lambda path: (-float(limits.limit[member[path]].sum()), path))
        return [self._field(np.array(member[path])) for path in chosen[:MOST_JUST_MET]]

    def _field(self, binding: Ints) -> PricedField:
        limits, first = self._limits, int(binding[0])
        members = limits.of_same_field(first)
        rate = np.array([self._rate(int(i)) for i in members])
        source = limits.named(first).field
        per_unit = source.per_unit
        worth = float(rate @ self._saving[members])
        value = (float(limits.limit[first]) - source.offset) / per_unit if per_unit else self._share_of(first)
        return PricedField(members, binding, Move(members, rate), value, worth, bool(per_unit))

    def _rate(self, i: int) -> float:
        """Units of a limit for a unit of its field; for a share of deliveries what these are in the plan.

        The unit of an embargo is to be lifted.
        """
        limits, named = self._limits, self._limits.named(i)
        if self._embargoed[i]:
            # What another embargo stops as well stays stopped.
            return float(limits.most_give[i]) if len(limits.embargoes(i)) == 1 else 0.0
        if named.field.per_unit or named.family not in ("share_cap", "share_floor"):
            return named.field.per_unit or 1.0
        base = limits.rows[int(limits.index[i, 0])].base
        return float((self._answer.delivered + self._answer.spot)[named.node, list(base)].sum())

    def _share_of(self, i: int) -> float:
        limits, named = self._limits, self._limits.named(i)
        if named.family not in ("share_cap", "share_floor"):
            return 0.0
        row = limits.rows[int(limits.index[i, 0])]
        return next(limit.share for limit in row.limits if limit.node == named.node)

    def _at_nodes(self, binding: Ints, saving: Floats, bases: Sequence[Basis]) -> tuple[NodeLimitPrice, ...]:
        """Limits at their nodes; the first of them with the ranges that a basis has for each."""
        limits = self._limits
        ranges = [basis.range_of(Move(binding[k : k + 1], np.ones(1))) for k, basis in enumerate(bases)]
        told = zip(
            limits.node[binding].tolist(),
            (saving[binding] / self._weight[binding]).tolist(),
            limits.limit[binding].tolist(),
            strict=True,
        )
        return tuple(
            NodeLimitPrice(node, value, limit, None, None)
            if k >= len(ranges)
            else NodeLimitPrice(node, value, limit, limit + ranges[k][0], limit + ranges[k][1])
            for k, (node, value, limit) in enumerate(told)
        )

    @staticmethod
    def _is_open(field: PricedField, held: tuple[float, float]) -> bool:
        """Whether the prices hold to both sides of a field's value."""
        near = LEAST_RANGE * max(1.0, abs(field.value))
        return held[0] < -near and held[1] > near

    def _priced(
        self,
        field: PricedField,
        nodes: tuple[NodeLimitPrice, ...],
        held: tuple[float, float] | None,
        keeper: Timekeeper,
        start: object,
    ) -> LimitPrice:
        first = int(field.binding[0])
        named, is_most = self._limits.named(first), bool(self._limits.is_most[first])
        is_embargo = bool(self._embargoed[first])
        price = LimitPrice(
            family=named.family,
            field_path=named.field.path,
            subject_id=named.subject_id,
            material_id=named.material_id,
            country=named.country,
            unit=WHOLE if is_embargo else named.field.unit,
            value=field.value,
            is_most=is_most,
            worth_per_unit_usd=self._worth_of_lifting(field, keeper, start) if is_embargo else field.worth,
            least_value=None,
            most_value=None,
            relief_saves_usd=None,
            tightening_costs_usd=None,
            is_degenerate=False,
            nodes=nodes,
        )
        if held is None:
            return price
        if self._is_open(field, held):
            least, most = field.value + held[0], field.value + held[1]
            worth = field.worth
            return replace(
                price, least_value=least, most_value=most, relief_saves_usd=worth, tightening_costs_usd=worth
            )
        return self._degenerate(field, price, held, keeper, start)

    def _degenerate(
        self, field: PricedField, price: LimitPrice, held: tuple[float, float], keeper: Timekeeper, start: object
    ) -> LimitPrice:
        """The price of relief, as far as it holds, with that of tightening beside it."""
        side = 1.0 if price.is_most else -1.0
        relief = self._beside(field, side, held, keeper, start)
        tightening = self._beside(field, -side, held, keeper, start)
        priced = replace(
            price,
            is_degenerate=True,
            worth_per_unit_usd=0.0 if relief is None else relief.worth,
            relief_saves_usd=None if relief is None else relief.worth,
            tightening_costs_usd=None if tightening is None else tightening.worth,
        )
        if relief is None:
            return priced
        if relief.end is not None:
            ends = sorted((field.value, field.value + relief.end))
            priced = replace(priced, least_value=ends[0], most_value=ends[1])
        return replace(priced, nodes=self._at_nodes(field.binding, relief.saving, []))

    def _worth_of_lifting(self, field: PricedField, keeper: Timekeeper, start: object) -> float:
        """What the plan saves without an embargo, USD."""
        self._model.return_to(start)
        solution = self._model.solve(moved(self._limits, self._model, field.move, 1.0), keeper)
        return max(0.0, self._answer.solution.objective - solution.objective)

    def _beside(
        self, field: PricedField, side: float, held: tuple[float, float], keeper: Timekeeper, start: object
    ) -> Side | None:
        """The worth of a unit to one side of a field's value; None where there is no plan there."""
        if side < 0 and field.value <= 0:
            return None
        reach = held[1] if side > 0 else held[0]
        if abs(reach) > LEAST_RANGE * max(1.0, abs(field.value)):
            return Side(field.worth, reach, self._saving)
        step = side * STEP * (abs(field.value) or 1.0)
        found: Side | None = None
        for _ in range(TRIES):
            self._model.return_to(start)
            solution = self._model.solve(moved(self._limits, self._model, field.move, step), keeper)
            if solution.status is PlanStatus.OPTIMAL:
                saving = self._savings(solution)
                worth = float(field.move.rate @ saving[field.members])
                least, most = Basis(self._limits, self._model, solution).range_of(field.move)
                if (least if side > 0 else -most) <= -abs(step) * (1.0 - LEAST_RANGE):
                    return Side(worth, step + (most if side > 0 else least), saving)
                found = Side(worth, None, saving)
            step *= SMALLER
        return found
