"""Random problems most of which have no plan: the random problems of `problems` with their stocks and shares made hard.

And how to carry out what is said of them: a relaxation put into its fields, a conflict left alone in the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from lodestock_optimizers.formulation import arrays_of
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.no_plan.named_limits import NamedLimit, NamedLimits
from lodestock_optimizers.plan import ConflictingRule, Relaxation
from lodestock_optimizers.problem import (
    Budget,
    DemandTier,
    Disruption,
    Embargo,
    Material,
    Period,
    Quota,
    Scenario,
    ShareCap,
    ShareDenominator,
    ShareFloor,
    SignedContract,
    Source,
    SourceKind,
    SourcingProblem,
    StockPolicy,
    TierDemand,
    TradeRule,
)
from lodestock_optimizers.scenario_tree import Bools
from lodestock_optimizers.trade_rules import rule_rows
from tests.oracle.problems import problems, yes_or_no_problems

MATERIALS = ("cobalt", "tin")
HARD_FLOOR_DAYS = (90.0, 300.0, 600.0)
FORGIVEN = 1e-9
ROOM = 2e4
"""Tonnes, more than any of these problems can use of a contract, and so few that b = 1e-6 lets in next to none."""
STEP = re.compile(r"(\w+)|\[(\d+)\]")


@st.composite
def hard_problems(draw: st.DrawFn) -> SourcingProblem:
    """A valid problem that asks for more stock, and larger shares, than can often be had."""
    return _hardened(draw, draw(problems()))


@st.composite
def hard_yes_or_no_problems(draw: st.DrawFn) -> SourcingProblem:
    """The same, where some contracts are signed or not as a whole."""
    return _hardened(draw, draw(yes_or_no_problems()))


def _hardened(draw: st.DrawFn, problem: SourcingProblem) -> SourcingProblem:
    return replace(
        problem,
        tail_weight=0.0,
        materials=tuple(_hard_stock(draw, material) for material in problem.materials),
        rules=tuple(_hard_share(draw, rule) for rule in problem.rules),
    )


def _hard_stock(draw: st.DrawFn, material: Material) -> Material:
    if material.stock is None:
        return material
    stock = replace(
        material.stock,
        floor_is_hard=draw(st.booleans()),
        closing_is_hard=draw(st.booleans()),
        floor_days=draw(st.sampled_from(HARD_FLOOR_DAYS)),
    )
    return replace(material, stock=stock)


def _hard_share(draw: st.DrawFn, rule: TradeRule) -> TradeRule:
    if not isinstance(rule.rule, ShareFloor):
        return rule
    return replace(rule, rule=replace(rule.rule, min_share=draw(st.sampled_from((0.2, 0.6, 0.9)))))


def tight_problem(seed: int) -> SourcingProblem:
    """A small problem most of whose hard limits cannot be kept together; many more of these fit into a second."""
    random = np.random.default_rng(seed)
    periods = int(random.integers(1, 4))

    def each(low: int, high: int) -> tuple[float, ...]:
        return tuple(float(x) for x in random.integers(low, high, periods))

    offers = tuple(
        Source(
            source_id=f"{name}{i}",
            material_id=name,
            country=str(random.choice(("AUS", "CHN", "COD"))),
            kind=SourceKind.DOMESTIC if random.random() < 0.2 else SourceKind.IMPORT,
            unit_price_usd_per_tonne=each(5, 50),
            capacity_tonnes=each(10, 90),
            lead_periods=int(random.integers(0, 3)),
            min_order_tonnes=float(random.integers(0, 10)) if random.random() < 0.1 else 0.0,
        )
        for name in MATERIALS
        for i in range(2)
    )
    stocks = [
        StockPolicy(
            opening_tonnes=float(random.integers(0, 20)),
            floor_days=float(random.integers(30, 300)) + random.random(),
            floor_is_hard=bool(random.random() < 0.6),
            closing_tonnes=float(random.integers(0, 150)) + random.random() if random.random() < 0.5 else None,
            closing_is_hard=bool(random.random() < 0.5),
            capacity_tonnes=300.0,
            max_in_tonnes=float(random.integers(20, 100)) if random.random() < 0.2 else None,
        )
        for _ in MATERIALS
    ]
    share = float(random.random())
    denominator = ShareDenominator.DEMAND if random.random() < 0.5 else ShareDenominator.SUPPLY
    rules = (
        TradeRule("few", Quota(float(random.integers(20, 90)) + share)),
        TradeRule("home", ShareFloor(SourceKind.DOMESTIC, share, denominator), material_ids=MATERIALS[:1]),
        TradeRule("cap", ShareCap(1.0 - share, denominator), countries=("CHN",)),
        TradeRule("ban", Embargo(), countries=("COD",)),
    )
    late = [s for s in offers if s.lead_periods and s.min_order_tonnes == 0 and s.country != "COD"]
    stops = Scenario("stop", 0.2, periods - 1, None, (Disruption(countries=("AUS",), availability=0.5),))
    return SourcingProblem(
        periods=tuple(Period(str(2030 + t)) for t in range(periods)),
        materials=tuple(
            Material(name, (TierDemand(DemandTier.GENERAL, each(20, 80), 500.0 + 100.0 * i),), stocks[i])
            for i, name in enumerate(MATERIALS)
        ),
        sources=offers,
        rules=tuple(rule for rule in rules if random.random() < 0.5),
        budget=Budget((float(random.integers(200, 2_000)) + share,)) if random.random() < 0.5 else None,
        scenarios=(stops,) if random.random() < 0.5 else (),
        book=tuple(SignedContract(s.source_id, 0, 0.9 * s.capacity_tonnes[0]) for s in late[:1]),
    )


def relaxed(problem: SourcingProblem, relaxations: Iterable[Relaxation]) -> SourcingProblem:
    """The problem with the relaxations in its fields; rules and contracts without a value that helps are dropped."""
    dropped, free = set[int](), set[tuple[str, int]]()
    for found in relaxations:
        if found.field_value is None and found.family == "book":
            free.add((found.subject_id, found.period))
        elif found.field_value is None:
            dropped.add(int(found.field_path.removeprefix("rules[").split("]")[0]))
        else:
            problem = with_value(problem, found.field_path, found.field_value)
    return replace(
        problem,
        rules=tuple(rule for r, rule in enumerate(problem.rules) if r not in dropped),
        book=tuple(signed for signed in problem.book if (signed.source_id, signed.period) not in free),
    )


def with_value(problem: SourcingProblem, field_path: str, value: float) -> SourcingProblem:
    """The problem with another value in the field that a path of the request names."""
    path = re.sub(r"\.(quota|share_cap|share_floor)\.", ".rule.", field_path)
    steps = [name or int(number) for name, number in STEP.findall(path)]
    changed: SourcingProblem = _with_value(problem, steps, value)
    return changed


def _with_value(owner: Any, steps: list[str | int], value: float) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        return tuple(_with_value(item, rest, value) if i == step else item for i, item in enumerate(owner))
    return replace(owner, **{step: _with_value(getattr(owner, step), rest, value)})


def _is_of(limit: NamedLimit, entry: ConflictingRule) -> bool:
    return (
        (limit.family, limit.field.path, limit.subject_id) == (entry.family, entry.field_path, entry.subject_id)
        and entry.material_id in ("", limit.material_id)
        and entry.country in ("", limit.country)
        and limit.node in entry.node_ids
    )


class Conflict:
    """The limits of a conflict in the model of its problem, which is made anew and solved by scipy."""

    def __init__(self, problem: SourcingProblem, conflict: tuple[ConflictingRule, ...]) -> None:
        instance = Instance(problem)
        rows = rule_rows(instance)
        self._arrays = arrays_of(instance, rows)
        self._limits = NamedLimits(instance, rows, self._arrays)
        self.members: dict[int, list[int]] = {}
        """The limits of every rule that the conflict names."""
        for i in np.flatnonzero(self._limits.is_hard).tolist():
            if any(_is_of(self._limits.named(i), entry) for entry in conflict):
                self.members.setdefault(int(self._limits.rule[i]), []).append(i)

    def can_be_kept(self, rules: Iterable[int]) -> bool:
        """Whether there is a plan that keeps these rules and the structure of the model, and nothing else."""
        kept = np.zeros(len(self._limits), dtype=np.bool_)
        for rule in rules:
            kept[self.members[rule]] = True
        return self._is_feasible(kept)

    def _is_feasible(self, kept: Bools) -> bool:
        arrays, limits = self._arrays, self._limits
        lower, upper = arrays.lower.copy(), arrays.upper.copy()
        row_lower, row_upper = arrays.row_lower.copy(), arrays.row_upper.copy()
        for i in np.flatnonzero(limits.is_hard & ~kept).tolist():
            at, is_most = int(limits.position[i]), bool(limits.is_most[i])
            if limits.on_rows[i]:
                (row_upper if is_most else row_lower)[at] += limits.most_give[i] if is_most else -np.inf
            elif is_most:
                upper[at] += limits.most_give[i]
            else:
                lower[at] = 0.0
        whole = np.zeros(arrays.shape[1])
        whole[arrays.integer] = 1
        upper[arrays.integer] = 1.0
        solved = milp(
            np.zeros(arrays.shape[1]),
            constraints=LinearConstraint(self._matrix, row_lower - FORGIVEN, row_upper + FORGIVEN),
            bounds=Bounds(lower, upper),
            integrality=whole,
        )
        assert solved.status in (0, 2), solved.message
        return bool(solved.status == 0)

    @property
    def _matrix(self) -> sparse.csr_array:
        """The rows, with room for any quantity of a contract that is signed: how much there is, is a limit's to say."""
        matrix = sparse.lil_array(self._arrays.matrix)
        if "order_most" in self._arrays.rows:
            rows, columns = self._arrays.rows["order_most"], self._arrays.columns["b"]
            assert np.array_equal(rows.index, columns.index)
            matrix[rows.position, columns.position] = -ROOM
        return sparse.csr_array(matrix)
