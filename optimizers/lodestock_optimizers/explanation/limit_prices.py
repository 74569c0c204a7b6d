"""What limits the plan, what a unit of each limit is worth, and from where to where.

Owns the way from duals, one a row and node, to the numbers that a caller can change: a field of the problem moves its
limits at all nodes together, so its worth is the sum of theirs, and its range is that of the joint move. Where the plan
is degenerate in a field, its duals are not unique and hold on one side at best: the worth to either side is then found
by a step and a solve from the basis, and holds exactly where the new basis reaches back to where the step began. The
worth of such a field is what relief saves, with the range in which that holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lodestock_optimizers.no_plan.named_limits import NamedLimits
from lodestock_optimizers.reading.feature_limits import NEGLIGIBLE_USD
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.watch import Timekeeper

from .apart import Parts
from .moving import Move
from .sides import LEAST_RANGE, JointMove, LimitsApart, Side, is_near, savings
from .values import LimitPrice, NodeLimitPrice

WHOLE = "whole"
"""Unit of an embargo."""
MOST_FIELDS = 30
"""Fields that are priced, the most valuable first."""
MOST_JUST_MET = 5
"""Fields looked at whose limits are met but have no price, those of the most tonnes first."""
MOST_NODE_RANGES = 30
"""Nodes at which the range of a limit alone is found, over all fields."""
SHARE_STEP = 1e-4
"""Of 1: the step to each side of a share of deliveries over which its worth is found."""
SAME_WORTH = 1e-3
"""Worths to the two sides of a share that differ by less, relative to the larger, are one: the step bends them."""


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
        is_share: Whether it is a share of deliveries.
    """

    members: Ints
    binding: Ints
    move: Move
    value: float
    worth: float
    has_range: bool
    is_share: bool


class LimitPricing:
    """The limits of a solved problem, with what they are worth.

    Args:
        parts: The problem in its parts, their models as they were solved last.

    Attributes:
        left_out: Fields whose limits are met, and that are not looked at.
    """

    def __init__(self, parts: Parts) -> None:
        self._answer = answer = parts.whole
        self._limits = limits = NamedLimits(answer.instance, answer.rows, answer.arrays)
        self._apart = LimitsApart(limits, parts)
        self._saving = savings(limits, answer.solution)
        self._weight = self._weights()
        self._embargoed = limits.embargoed
        self.left_out = 0

    def prices(self, keeper: Timekeeper) -> Iterator[LimitPrice]:
        """The fields that bind, the most valuable first; leaves the model at another basis.

        Raises:
            Stopped: Caller or clock say so.
        """
        fields = self._fields()
        moves = [self._apart.joint(field.move) for field in fields]
        nodes, ranges, room = [], [], MOST_NODE_RANGES
        for field, move in zip(fields, moves, strict=True):
            keeper.heed()
            held = move.range() if field.has_range else None
            ranges.append(held)
            # Of a degenerate field the duals at the nodes are those of relief, found below.
            ranged = min(room, len(field.binding)) if held is None or self._is_open(field, held) else 0
            room -= ranged
            nodes.append(self._at_nodes(field.binding, self._saving, ranged))
        for field, move, at_nodes, held in zip(fields, moves, nodes, ranges, strict=True):
            price = self._priced(field, move, at_nodes, held, keeper)
            # An embargo may have a price and yet nothing to let through; what is just met may be more than is needed.
            if max(price.worth_per_unit_usd, price.tightening_costs_usd or 0.0) > NEGLIGIBLE_USD:
                yield price

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
        chosen = sorted(value, key=lambda path: (-value[path], path))
        self.left_out += len(chosen[MOST_FIELDS:])
        return [self._field(np.array(member[path])) for path in chosen[:MOST_FIELDS]] + self._just_met(set(member))

    def _just_met(self, priced: set[str]) -> list[PricedField]:
        """Fields whose limits are met and yet have no price, as they may in a degenerate plan: less may cost."""
        limits, solution, arrays = self._limits, self._answer.solution, self._answer.arrays
        level = solution.column_value
        reached = np.zeros(len(limits))
        reached[limits.on_rows] = (arrays.matrix @ level)[limits.position[limits.on_rows]]
        reached[~limits.on_rows] = level[limits.position[~limits.on_rows]]
        size = np.abs(limits.limit) + self._shares_of_deliveries()
        is_met = np.abs(reached - limits.limit) <= LEAST_RANGE * size
        is_apart = limits.is_hard & ~limits.booked & ~limits.kind_is("order_least")
        met = np.flatnonzero(is_met & (size > 0) & is_apart)
        member: dict[str, list[int]] = {}
        for i, path in zip(met.tolist(), limits.field_paths(met), strict=True):
            if path not in priced:
                member.setdefault(path, []).append(i)
        chosen = sorted(member, key=lambda path: (-float(size[member[path]].sum()), path))
        self.left_out += len(chosen[MOST_JUST_MET:])
        return [self._field(np.array(member[path])) for path in chosen[:MOST_JUST_MET]]

    def _shares_of_deliveries(self) -> Floats:
        """(K,) tonnes that a share of what is delivered comes to in the plan, which its row has on its other side."""
        limits, result = self._limits, np.zeros(len(self._limits))
        delivered = self._answer.delivered + self._answer.spot
        for i in np.flatnonzero(limits.kind_is("rule_at_most", "rule_at_least")).tolist():
            row, n = limits.rows[int(limits.index[i, 0])], int(limits.node[i])
            if row.base:
                result[i] = row.at(n).share * float(row.base_tonnes(delivered[n]))
        return result

    def _field(self, binding: Ints) -> PricedField:
        limits, first = self._limits, int(binding[0])
        named, members = limits.named(first), limits.of_same_field(first)
        rate = np.array([self._rate(int(i)) for i in members])
        following, pace = limits.following(first)
        members, rate = np.append(members, following), np.append(rate, np.full(len(following), pace))
        source, per_unit = named.field, named.field.per_unit
        is_share = not per_unit and named.family in ("share_cap", "share_floor")
        worth = float(rate @ self._saving[members])
        value = (float(limits.limit[first]) - source.offset) / per_unit if per_unit else 0.0
        value = self._share_of(first) if is_share else value
        return PricedField(members, binding, Move(members, rate), value, worth, bool(per_unit), is_share)

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
        row = limits.rows[int(limits.index[i, 0])]
        base = row.base_tonnes((self._answer.delivered + self._answer.spot)[named.node])
        return float(base) + row.at(named.node).demand

    def _share_of(self, i: int) -> float:
        row = self._limits.rows[int(self._limits.index[i, 0])]
        return row.at(int(self._limits.node[i])).share

    def _at_nodes(self, binding: Ints, saving: Floats, ranged: int) -> tuple[NodeLimitPrice, ...]:
        """Limits at their nodes; the first of them with the range that the optimum's basis has for each."""
        limits = self._limits
        ranges = [self._apart.joint(Move(binding[k : k + 1], np.ones(1))).range() for k in range(ranged)]
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
        return not is_near(held[0], field.value) and not is_near(held[1], field.value)

    def _priced(
        self,
        field: PricedField,
        move: JointMove,
        nodes: tuple[NodeLimitPrice, ...],
        held: tuple[float, float] | None,
        keeper: Timekeeper,
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
            worth_per_unit_usd=max(0.0, move.saved(1.0, keeper) or 0.0) if is_embargo else field.worth,
            least_value=None,
            most_value=None,
            relief_saves_usd=None,
            tightening_costs_usd=None,
            is_degenerate=False,
            nodes=nodes,
        )
        if field.is_share:
            return self._of_share(field, move, price, keeper)
        if held is None:
            return price
        if self._is_open(field, held):
            least, most = field.value + held[0], field.value + held[1]
            worth = field.worth
            return replace(
                price, least_value=least, most_value=most, relief_saves_usd=worth, tightening_costs_usd=worth
            )
        return self._degenerate(field, move, price, keeper)

    def _degenerate(self, field: PricedField, move: JointMove, price: LimitPrice, keeper: Timekeeper) -> LimitPrice:
        """The price of relief, as far as it holds, with that of tightening beside it."""
        side = 1.0 if price.is_most else -1.0
        relief = self._beside(field, move, side, keeper)
        tightening = self._beside(field, move, -side, keeper)
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
        return replace(priced, nodes=self._at_nodes(field.binding, relief.saving, 0))

    def _of_share(self, field: PricedField, move: JointMove, price: LimitPrice, keeper: Timekeeper) -> LimitPrice:
        """The price of a share of deliveries to each side, over a small step: it has no range, since its rows bend."""
        side = 1.0 if price.is_most else -1.0
        relief = self._saved_by_share(field, move, side, keeper)
        saved = self._saved_by_share(field, move, -side, keeper)
        tightening = None if saved is None else -saved
        worth = relief or 0.0
        apart = abs((tightening or 0.0) - worth) > SAME_WORTH * max(abs(tightening or 0.0), worth)
        return replace(
            price,
            worth_per_unit_usd=worth,
            relief_saves_usd=relief,
            tightening_costs_usd=tightening,
            is_degenerate=apart,
        )

    def _saved_by_share(self, field: PricedField, move: JointMove, side: float, keeper: Timekeeper) -> float | None:
        """What a unit more (`side` 1), or less (−1), of a share of deliveries saves, USD; None: there is no plan."""
        step = min(SHARE_STEP, 1.0 - field.value if side > 0 else field.value)
        saved = move.saved_by_share(side * step, keeper) if step > 0 else None
        return None if saved is None else saved / step

    def _beside(self, field: PricedField, move: JointMove, side: float, keeper: Timekeeper) -> Side | None:
        """The worth of a unit to one side of a field's value; None where there is no plan there."""
        if side < 0 and field.value <= 0:
            return None
        return move.beside(side, field.value, self._saving, keeper)
