"""Which field of the problem holds the number of a limit, and how the field's value follows from the limit's.

Owns the paths, in the terms of the request ("rules[0].quota.max_tonnes"), and the conversion of each limit, which the
model has in tonnes or USD at a node, to the unit of its field: days of demand, shares, tonnes of capacity.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.problem import (
    DAYS_PER_YEAR,
    Embargo,
    MaterialState,
    PerPeriod,
    Quota,
    ShareCap,
    ShareDenominator,
    ShareFloor,
    StateValue,
)
from lodestock_optimizers.reading.feature_limits import CAPACITY_UNIT
from lodestock_optimizers.scenario_tree import STATES, Bools, Floats, Ints
from lodestock_optimizers.trade_rules import RuleRow, names_source, rule_materials


@dataclass(frozen=True, slots=True)
class Field:
    """A number of the problem that a limit comes from: limit = `per_unit` · value of the field + `offset`.

    `per_unit` 0: the limit does not follow from the field by a factor, as a share of deliveries, or an embargo.
    """

    path: str
    unit: str
    per_unit: float = 1.0
    most: float = np.inf
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a limit, apart from where it stands in the model."""

    family: str
    field: Field
    subject_id: str = ""
    material_id: str = ""
    country: str = ""
    unit: str = "t"


class LimitFields:
    """The fields of one problem's limits.

    Args:
        instance: The numbers.
        rows: The rows of the trade rules.
    """

    def __init__(self, instance: Instance, rows: list[RuleRow]) -> None:
        self._instance = instance
        self._problem = instance.problem
        self._rows = rows
        self._source = {s.source_id: l for l, s in enumerate(instance.problem.sources)}

    def of(self, name: str, first: int, n: int, *, is_booked: bool) -> Said:
        """What the limit with first index `first` at node `n` of the rows or columns `name` is called."""
        if name in ("rule_at_most", "rule_at_least"):
            return self._rule(first, n)
        if name in ("floor", "closing", "I", "g", "e"):
            return self._stock(name, first, n)
        if name in ("q", "contract_most", "z", "capacity", "standing", "order_least"):
            return self._source_limit(name, first, n, is_booked=is_booked)
        if name == "budget":
            return Said("budget", self._budget_field(n), unit="USD")
        if name == "reserves":
            deposit = self._problem.deposits[first]
            return Said("reserves", Field(f"deposits[{first}].reserves_tonnes", "t"), deposit.deposit_id)
        policy = self._problem.footprint_policies[first]
        path = f"footprint_policies[{first}]"
        return Said(
            "footprint_cap",
            self._worst_state_field(path, "max_units", policy.max_units, policy.max_units_by_state, n, policy.kind),
            policy.kind,
            unit=policy.kind,
        )

    @cached_property
    def embargoes(self) -> dict[int, Bools]:
        """(T, L) what each embargo stops, by the number of its rule."""
        instance, found = self._instance, {}
        for r, rule in enumerate(self._problem.rules):
            if isinstance(rule.rule, Embargo):
                hit = [l for l in range(instance.source_count) if names_source(rule, instance, l)]
                periods = list(rule.periods) or list(range(instance.period_count))
                found[r] = np.zeros((instance.period_count, instance.source_count), dtype=np.bool_)
                found[r][np.ix_(periods, hit)] = True
        return found

    @cached_property
    def embargo_rule(self) -> Ints:
        """(T, L) the first embargo that stops a source in a period; −1 where none does."""
        result = np.full((self._instance.period_count, self._instance.source_count), -1)
        for r in reversed(self.embargoes):
            result[self.embargoes[r]] = r
        return result

    def materials_of_rule(self, row: int) -> list[int]:
        """Materials that a row of a trade rule concerns."""
        found = self._rows[row]
        if found.material >= 0:
            return [found.material]
        return rule_materials(self._problem.rules[found.rule], self._instance)

    def cost_of_footprint(self, i: int, tonne: Floats) -> float:
        """What a unit of a footprint is worth at least: a tonne of the source with the least worth per unit."""
        kind = self._problem.footprint_policies[i].kind
        worths = [
            float(tonne[self._instance.material_of[l]]) / footprint.per_tonne
            for l, source in enumerate(self._problem.sources)
            for footprint in source.footprints
            if footprint.kind == kind and footprint.per_tonne > 0
        ]
        return min(worths, default=1.0)

    def _rule(self, k: int, n: int) -> Said:
        row = self._rows[k]
        rule, r = self._problem.rules[row.rule], row.rule
        material = self._problem.materials[row.material].material_id if row.material >= 0 else ""
        states = self._instance.tree.state[n]
        state = (
            int(states[row.material]) if row.material >= 0 else int(states[self.materials_of_rule(k)].max(initial=0))
        )
        assert isinstance(rule.rule, Quota | ShareCap | ShareFloor)
        if isinstance(rule.rule, Quota):
            own, unit, per_unit, most = "quota.max_tonnes", "t", 1.0, np.inf
        else:
            own = "share_cap.max_share" if isinstance(rule.rule, ShareCap) else "share_floor.min_share"
            of_demand = rule.rule.denominator is ShareDenominator.DEMAND
            demand = float(self._instance.material_demand[n, row.material])
            # What is taken as feed is part of the denominator, and decided.
            per_unit = demand if of_demand and not row.base else 0.0
            unit, most = "share", 1.0
        path = _state_path(rule.limit_by_state, state)
        field = Field(f"rules[{r}].limit_by_state{path}" if path else f"rules[{r}].{own}", unit, per_unit, most)
        return Said(row.family, field, rule.rule_id, material, row.country)

    def _stock(self, name: str, m: int, n: int) -> Said:
        instance = self._instance
        material, stock = self._problem.materials[m].material_id, instance.stocks[m]
        base = f"materials[{m}].stock"
        if name == "floor":
            yearly = float(instance.yearly_use[instance.tree.period[n], m])
            path = _state_path(stock.floor_days_by_state, int(instance.tree.state[n, m]))
            own = f"floor_days_by_state{path}" if path else "floor_days"
            return Said("stock_floor", Field(f"{base}.{own}", "days", yearly / DAYS_PER_YEAR), "", material)
        family, field = {
            "closing": ("closing_stock", "closing_tonnes"),
            "I": ("storage", "capacity_tonnes"),
            "g": ("stock_in", "max_in_tonnes"),
            "e": ("stock_out", "max_out_tonnes"),
        }[name]
        return Said(family, Field(f"{base}.{field}", "t"), "", material)

    def _source_limit(self, name: str, l: int, n: int, *, is_booked: bool) -> Said:
        instance, source = self._instance, self._problem.sources[l]
        t, available = int(instance.tree.period[n]), float(instance.tree.availability[n, l])
        said = (source.source_id, source.material_id, source.country)
        if name == "order_least":
            return Said("min_order", Field(f"sources[{l}].min_order_tonnes", "t"), *said)
        if name == "standing":
            path = f"sources[{l}].expansion.max_tonnes_per_year"
            return Said("expansion", Field(path, CAPACITY_UNIT), *said, unit=CAPACITY_UNIT)
        if is_booked:
            return Said("book", self._book_field(l, t), *said)
        embargo = int(self.embargo_rule[t, l])
        if embargo >= 0:
            rule = self._problem.rules[embargo]
            return Said("embargo", Field(f"rules[{embargo}].embargo", "t", 0.0), rule.rule_id, *said[1:])
        if name == "z":
            path = _period_path(f"sources[{l}].spot_capacity_tonnes", source.spot_capacity_tonnes, t)
            return Said("spot_capacity", Field(path, "t", available), *said)
        path = _period_path(f"sources[{l}].capacity_tonnes", source.capacity_tonnes, t)
        return Said("capacity", Field(path, "t", available if name == "capacity" else 1.0), *said)

    def _book_field(self, l: int, t: int) -> Field:
        source_id = self._problem.sources[l].source_id
        book = self._problem.book
        entries = [i for i, b in enumerate(book) if (b.source_id, b.period) == (source_id, t)]
        return Field(f"book[{entries[0]}].tonnes", "t", offset=sum(book[i].tonnes for i in entries[1:]))

    def _budget_field(self, n: int) -> Field:
        budget = self._problem.budget
        assert budget is not None
        return self._worst_state_field("budget", "budget_usd", budget.budget_usd, budget.budget_usd_by_state, n, "USD")

    def _worst_state_field(
        self, base: str, own: str, values: PerPeriod, by_state: tuple[StateValue, ...], n: int, unit: str
    ) -> Field:
        """The field of a limit that goes by the worst state of any material."""
        tree = self._instance.tree
        path = _state_path(by_state, int(tree.state[n].max(initial=0)))
        if path:
            return Field(f"{base}.{own}_by_state{path}", unit)
        return Field(_period_path(f"{base}.{own}", values, int(tree.period[n])), unit)


def _state_path(by_state: tuple[StateValue, ...], state: int) -> str:
    """ "[i].value" of the entry of `by_state` for a state; empty where it has none."""
    names: list[MaterialState] = [value.state for value in by_state]
    return f"[{names.index(STATES[state])}].value" if STATES[state] in names else ""


def _period_path(path: str, values: PerPeriod, t: int) -> str:
    return f"{path}[{t if len(values) > 1 else 0}]"
