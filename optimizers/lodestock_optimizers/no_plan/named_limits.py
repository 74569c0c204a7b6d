"""The rules and limits of a problem, found in the rows and columns of its model, in the caller's terms.

Owns which rows and columns are limits that a caller set (everything else is structure: balances, stock from period to
period, deliveries from contracts), what each is called, and which field of the problem holds its number.

A limit is one side of one row or column, at one node: a rule that holds at forty nodes is forty limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.no_plan.limit_fields import Field, LimitFields
from lodestock_optimizers.problem import DAYS_PER_YEAR
from lodestock_optimizers.scenario_tree import Bools, Floats, Ints
from lodestock_optimizers.solving.arrays import Family, LinearArrays
from lodestock_optimizers.trade_rules import RuleRow

AT_MOST, AT_LEAST = 1, -1


@dataclass(frozen=True, slots=True)
class _Kind:
    """Rows or columns of one name that are limits: on which side, and whether a decision of the caller's sets them."""

    name: str
    on_rows: bool
    side: int
    is_policy: bool


KINDS = (
    _Kind("rule_at_most", on_rows=True, side=AT_MOST, is_policy=True),
    _Kind("rule_at_least", on_rows=True, side=AT_LEAST, is_policy=True),
    _Kind("floor", on_rows=True, side=AT_LEAST, is_policy=True),
    _Kind("closing", on_rows=True, side=AT_LEAST, is_policy=True),
    _Kind("budget", on_rows=True, side=AT_MOST, is_policy=True),
    _Kind("footprint_cap", on_rows=True, side=AT_MOST, is_policy=True),
    _Kind("reserves", on_rows=True, side=AT_MOST, is_policy=False),
    _Kind("capacity", on_rows=True, side=AT_MOST, is_policy=False),
    _Kind("contract_most", on_rows=True, side=AT_MOST, is_policy=False),
    _Kind("standing", on_rows=False, side=AT_MOST, is_policy=False),
    _Kind("order_least", on_rows=True, side=AT_LEAST, is_policy=False),
    _Kind("q", on_rows=False, side=AT_MOST, is_policy=False),
    _Kind("q", on_rows=False, side=AT_LEAST, is_policy=True),
    _Kind("z", on_rows=False, side=AT_MOST, is_policy=False),
    _Kind("I", on_rows=False, side=AT_MOST, is_policy=False),
    _Kind("g", on_rows=False, side=AT_MOST, is_policy=False),
    _Kind("e", on_rows=False, side=AT_MOST, is_policy=False),
)
SLACK_OF = {"floor": "below_floor", "closing": "below_closing"}
"""Rows that give way at a cost where the column named is open."""


@dataclass(frozen=True, slots=True)
class NamedLimit:
    """One limit at one node, in the caller's terms.

    Attributes:
        family: As in `BindingRule`, or "capacity" or "embargo".
        field: The field of the problem that holds its number.
        subject_id: Rule, deposit or source by its own name; else empty.
        material_id: Empty where it ties several.
        country: Where the rule or source has one.
        node: Node; for reserves the leaf, for contracts the first node that they deliver in.
        period: Period of the node.
        unit: "t", "USD" or a footprint's kind.
        is_most: True for "at most", False for "at least".
    """

    family: str
    field: Field
    subject_id: str
    material_id: str
    country: str
    node: int
    period: int
    unit: str
    is_most: bool


class NamedLimits:
    """All limits of one model; every array has one entry a limit, K in all.

    Args:
        instance: The numbers.
        rows: The rows of the trade rules.
        arrays: The model.
    """

    def __init__(self, instance: Instance, rows: list[RuleRow], arrays: LinearArrays) -> None:
        self.instance, self.rows, self.arrays = instance, rows, arrays
        self.fields = LimitFields(instance, rows)
        found = [(kind, family) for kind in KINDS if len(family := self._with_limit(kind))]
        count = [len(family) for _, family in found]
        self._kinds = [kind for kind, _ in found]
        self.kind: Ints = np.repeat(np.arange(len(found)), count)
        self.position: Ints = _joined([family.position for _, family in found])
        self.index: Ints = np.concatenate([_two_wide(family.index) for _, family in found] or [np.zeros((0, 2), int)])
        self.on_rows: Bools = np.repeat(np.array([kind.on_rows for kind in self._kinds], dtype=np.bool_), count)
        self.is_most: Bools = np.repeat(np.array([kind.side == AT_MOST for kind in self._kinds], dtype=np.bool_), count)

    def __len__(self) -> int:
        return len(self.position)

    def _with_limit(self, kind: _Kind) -> Family:
        """The rows or columns of a kind that have a finite limit, on its side, that is the caller's."""
        arrays = self.arrays
        families = arrays.rows if kind.on_rows else arrays.columns
        if kind.name not in families:
            return Family(np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64))
        family = families[kind.name]
        if kind.on_rows:
            side = arrays.row_upper if kind.side == AT_MOST else arrays.row_lower
        else:
            side = arrays.upper if kind.side == AT_MOST else arrays.lower
        # That nothing is below 0 is no limit of the caller's.
        given = np.isfinite(side[family.position]) & (
            (kind.side == AT_MOST) | kind.on_rows | (side[family.position] > 0)
        )
        if kind.name in ("z", "capacity"):
            # Where a disruption leaves nothing, no capacity would help.
            given &= self.instance.tree.availability[family.index[:, 1], family.index[:, 0]] > 0
        return Family(family.index[given], family.position[given])

    def kind_is(self, *names: str) -> Bools:
        """(K,) whether a limit is one of the rows or columns of some names."""
        chosen = np.array([kind.name in names for kind in self._kinds], dtype=np.bool_)
        return chosen[self.kind] if len(chosen) else np.zeros(0, dtype=np.bool_)

    @cached_property
    def limit(self) -> Floats:
        """(K,) right-hand sides and bounds."""
        arrays, at = self.arrays, self.position
        result = np.zeros(len(self))
        for rows, is_most, values in (
            (True, True, arrays.row_upper),
            (True, False, arrays.row_lower),
            (False, True, arrays.upper),
            (False, False, arrays.lower),
        ):
            here = (self.on_rows == rows) & (self.is_most == is_most)
            result[here] = values[at[here]]
        # The row is q − q^min·b ≥ 0: what is asked for is q^min.
        orders = self.kind_is("order_least")
        result[orders] = self.instance.min_order[self.index[orders, 0]]
        return result

    @cached_property
    def is_hard(self) -> Bools:
        """(K,) whether a plan must keep the limit, rather than pay for missing it."""
        hard = np.ones(len(self), dtype=np.bool_)
        for name, slack in SLACK_OF.items():
            here = self.kind_is(name)
            if not here.any():
                continue
            columns = self.arrays.columns[slack]
            upper = {
                tuple(i): u for i, u in zip(columns.index.tolist(), self.arrays.upper[columns.position], strict=True)
            }
            hard[here] = [upper[tuple(i)] == 0.0 for i in self.index[here].tolist()]
        return hard

    @cached_property
    def booked(self) -> Bools:
        """(K,) whether the limit is a contract that is signed already, which fixes its quantity from both sides."""
        result = self.kind_is("q")
        source, contract = self.index[result].T
        result[result] = np.isfinite(self.instance.booked[contract, source])
        return result

    @cached_property
    def embargo(self) -> Ints:
        """(K,) the trade rule by which nothing is sold, where an upper bound is an embargo; −1 elsewhere."""
        result = np.full(len(self), -1)
        of_source = self._of_source
        result[of_source] = self.fields.embargo_rule[self.period[of_source], self.index[of_source, 0]]
        return result

    def embargoes(self, i: int) -> list[int]:
        """The rules that are embargoes on the source of a limit."""
        cell = int(self.period[i]), int(self.index[i, 0])
        return [r for r, stopped in self.fields.embargoes.items() if stopped[cell]]

    @property
    def _of_source(self) -> Bools:
        """(K,) whether the limit is the most that a source can or may sell."""
        return self.kind_is("q", "contract_most", "z", "capacity") & self.is_most & ~self.booked

    @property
    def embargoed(self) -> Bools:
        """(K,) whether the limit is an embargo."""
        return self.embargo >= 0

    @cached_property
    def is_policy(self) -> Bools:
        """(K,) whether the limit is a decision, such as a rule or a budget, and not what a source or store can do."""
        by_kind = np.array([kind.is_policy for kind in self._kinds], dtype=np.bool_)
        return by_kind[self.kind] | self.embargoed | self.booked if len(self) else np.zeros(0, dtype=np.bool_)

    @cached_property
    def node(self) -> Ints:
        """(K,) node; of a contract the first that it delivers in."""
        first_node: dict[tuple[int, int], int] = {}
        of_contract = self.kind_is("q", "order_least")
        if of_contract.any():
            for n, row in enumerate(self.instance.contract_of.tolist()):
                for l, k in enumerate(row):
                    first_node.setdefault((l, k), n)
        result = self.index[:, 1].copy()
        result[self.kind_is("budget")] = self.index[self.kind_is("budget"), 0]
        result[of_contract] = [first_node[l, k] for l, k in self.index[of_contract].tolist()]
        return result

    @cached_property
    def period(self) -> Ints:
        """(K,) period of the node."""
        return self.instance.tree.period[self.node]

    @cached_property
    def rule(self) -> Ints:
        """(K,) number of the rule that a limit belongs to.

        An embargo is one rule wherever it holds; what a source can sell in a period, or sell spot, is one, whichever
        rows and columns say it; so are both sides of a signed contract; of all else each limit is a rule of its own.
        """
        of_source = self._of_source
        cells = self.instance.source_count * self.instance.period_count
        source = self.index[:, 0] * self.instance.period_count + self.period + cells * self.kind_is("z")
        number = np.arange(len(self)) + 2 * cells
        number = np.where(of_source, source, number)
        number = np.where(self.booked, -1 - self.position, number)
        number = np.where(self.embargoed, len(self) + 2 * cells + self.embargo, number)
        return np.asarray(np.unique(number, return_inverse=True)[1], dtype=np.int64)

    def field_paths(self, members: Ints) -> list[str]:
        """The paths of the fields of some limits; limits that only their node tells apart are looked up once."""
        first, period = self.index[members, 0], self.period[members]
        # What tells the fields of a limit apart: its kind, what it is of, the period, and the states of its node.
        states = np.unique(self.instance.tree.state, axis=0, return_inverse=True)[1].ravel()[self.node[members]]
        stacked = np.stack([self.kind[members], first, period, np.where(self._of_source[members], 0, states)])
        _, example, number = np.unique(stacked, axis=1, return_index=True, return_inverse=True)
        paths = [self.named(int(i)).field.path for i in members[example]]
        return [paths[k] for k in number.ravel().tolist()]

    def of_same_field(self, i: int) -> Ints:
        """The limits that one field of the problem sets together with limit `i`, itself among them."""
        path = self.named(i).field.path
        if self.embargoed[i]:
            candidates = self.rule == self.rule[i]
        elif self._of_source[i]:
            candidates = self._of_source & (self.index[:, 0] == self.index[i, 0])
        else:
            candidates = self.kind == self.kind[i]
            kind = self._kinds[int(self.kind[i])]
            if kind.name in ("rule_at_most", "rule_at_least"):
                rules = np.array([row.rule for row in self.rows])
                candidates[candidates] = rules[self.index[candidates, 0]] == self.rows[int(self.index[i, 0])].rule
            elif kind.name != "budget":
                candidates &= self.index[:, 0] == self.index[i, 0]
        members = np.flatnonzero(candidates)
        return members[np.array([found == path for found in self.field_paths(members)], dtype=np.bool_)]

    def following(self, i: int) -> tuple[Ints, float]:
        """The limits that follow the field of limit `i` by default, and how many units a unit of the field moves them.

        A closing stock that is not given is that of the last floor, where this is more than the opening stock.
        """
        none = np.zeros(0, dtype=np.int64), 0.0
        m, instance = int(self.index[i, 0]), self.instance
        if not self.kind_is("floor")[i] or not self.named(i).field.path.endswith(".floor_days"):
            return none
        stock = instance.stocks[m]
        if stock.closing_tonnes is not None or instance.closing(m) <= stock.opening_tonnes:
            return none
        members = np.flatnonzero(self.kind_is("closing") & (self.index[:, 0] == m))
        return members, float(instance.yearly_use[-1, m]) / DAYS_PER_YEAR

    @cached_property
    def most_give(self) -> Floats:
        """(K,) by how much a limit can give way.

        An embargo that is lifted leaves what the source has, and no book may say more than that.
        """
        instance, tree, here = self.instance, self.instance.tree, self.embargoed
        node, source, period = self.node[here], self.index[here, 0], self.period[here]
        available = np.where(self.kind_is("q")[here], 1.0, tree.availability[node, source])
        spot, whole = instance.spot_capacity[period, source], instance.most_capacity[period, source]
        result = np.full(len(self), np.inf)
        result[here] = available * np.where(self.kind_is("z")[here], spot, whole)
        signed = self.booked & self.is_most
        capacity = instance.capacity[self.period[signed], self.index[signed, 0]]
        result[signed] = np.maximum(0.0, capacity - self.limit[signed])
        return result

    def delivered(self, level: Floats, n: int) -> Floats:
        """(L,) tonnes that each source delivers at a node in a plan with (columns,) levels, contract and spot."""
        tonnes = np.zeros(self.instance.source_count)
        for name in ("y", "z"):
            family = self.arrays.columns.get(name)
            if family is not None:
                here = family.index[:, 1] == n
                tonnes[family.index[here, 0]] += level[family.position[here]]
        return tonnes

    def named(self, i: int) -> NamedLimit:
        """One limit in the caller's terms."""
        kind = self._kinds[int(self.kind[i])]
        first, node = int(self.index[i, 0]), int(self.node[i])
        said = self.fields.of(kind.name, first, node, is_booked=bool(self.booked[i]))
        return NamedLimit(
            said.family,
            said.field,
            said.subject_id,
            said.material_id,
            said.country,
            node,
            int(self.period[i]),
            said.unit,
            bool(self.is_most[i]),
        )


def _two_wide(index: Ints) -> Ints:
    """Indices of (node,) as (node, 0)... as pairs, so that all kinds stand in one array."""
    return index if index.shape[1] == 2 else np.column_stack([index[:, 0], np.zeros(len(index), dtype=index.dtype)])


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
