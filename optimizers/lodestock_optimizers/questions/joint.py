"""A problem as the models of its parts side by side: what questions about all materials at once are put to.

A question may tie what nothing tied, as by a cap on a cost of all materials. Such a row is an expectation over the
tree: it has the same value for a plan and for the plan that does the mean of it at nodes which are alike to a part.
So the argument for contracted trees (docs/model.md, "Parts") holds with the row in the model, and each part keeps its
small tree. Deliveries of firm contracts are left out, too (`elimination`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from scipy import sparse

from lodestock_optimizers.compiled import CompiledProblem
from lodestock_optimizers.formulation import arrays_of
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.parts import split
from lodestock_optimizers.parts.lifting import side_by_side
from lodestock_optimizers.plan import CostBreakdown, PlanStatus
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.reading.extraction import read_costs
from lodestock_optimizers.reading.suppliers import Suppliers
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.elimination import Reduced, without_firm_deliveries
from lodestock_optimizers.solving.highs import Solution
from lodestock_optimizers.solving.mixed_model import MixedModel, model_of
from lodestock_optimizers.solving.resolving import WarmModel, solve_side_by_side
from lodestock_optimizers.trade_rules import rule_rows
from lodestock_optimizers.watch import Timekeeper


@dataclass(frozen=True)
class Member:
    """One of the parts, or the whole where that is not split.

    Attributes:
        compiled: Its model.
        reduced: The same without firm deliveries.
        suppliers: Its suppliers.
        supplier_at: Where they stand among the whole's.
        material_at: Where its materials stand among the whole's.
    """

    compiled: CompiledProblem
    reduced: Reduced
    suppliers: Suppliers
    supplier_at: Ints
    material_at: Ints


class Joint:
    """The parts of a valid problem, and their reduced models as one.

    Args:
        problem: The problem.
        keeper: Whom to ask, and the time that is left.

    Attributes:
        problem: The problem.
        arrays: Its model, reduced; families are left out, since each part counts for itself.
        suppliers: Who can supply.
        members: Its parts.

    Raises:
        Stopped: Caller or clock say so.
    """

    def __init__(self, problem: SourcingProblem, keeper: Timekeeper) -> None:
        self.problem = problem
        whole = Instance(problem)
        self.suppliers = Suppliers(whole)
        self.members = list(self._found(whole, keeper))
        self.arrays: LinearArrays = side_by_side([one.reduced.arrays for one in self.members])
        self._ends: Ints = np.cumsum([one.reduced.arrays.shape[1] for one in self.members])[:-1]

    def _found(self, whole: Instance, keeper: Timekeeper) -> Iterator[Member]:
        rows = rule_rows(whole)
        parts = split(whole, rows)
        for part in parts:
            compiled = CompiledProblem(part.instance, part.rules, arrays_of(part.instance, part.rules, keeper))
            yield self._member(compiled, part.position["source"], part.position["material"])
        if not parts:
            everything = np.arange(whole.source_count), np.arange(whole.material_count)
            yield self._member(CompiledProblem(whole, rows, arrays_of(whole, rows, keeper)), *everything)

    def _member(self, compiled: CompiledProblem, sources: Ints, materials: Ints) -> Member:
        suppliers = Suppliers(compiled.instance)
        at = np.zeros(len(suppliers), dtype=np.int64)
        at[suppliers.of_source] = self.suppliers.of_source[sources]
        return Member(compiled, without_firm_deliveries(compiled.arrays), suppliers, at, materials)

    @property
    def column_count(self) -> int:
        """Columns of the model before it was reduced."""
        return sum(one.compiled.arrays.shape[1] for one in self.members)

    def cost(self, read: Callable[[CompiledProblem], Floats]) -> Floats:
        """(columns,) a cost of the model from that of (columns of a part,) in each of its parts."""
        return np.concatenate([one.reduced.cost(read(one.compiled)) for one in self.members])

    def cost_of(self, family: str) -> Floats:
        """(columns,) the objective's coefficients of one variable, 0 for all others."""
        return self.cost(lambda part: part.cost_of(family))

    def supplier_cost(self, per_tonne: Floats) -> Floats:
        """(columns,) the coefficients of Σ per_tonne·(expected tonnes) over suppliers, from (S,) values a tonne."""
        costs = [
            one.reduced.cost(one.suppliers.objective(one.compiled.arrays, per_tonne[one.supplier_at]))
            for one in self.members
        ]
        return np.concatenate(costs)

    def model(self, rows: Sequence[Floats], keeper: Timekeeper) -> WarmModel | MixedModel | None:
        """The model with rows below its own that are open yet, ready to start from the optima of its parts.

        Args:
            rows: (columns,) coefficients of each.
            keeper: Whom to ask, and the time that is left.

        Returns:
            None where there is no plan.

        Raises:
            Stopped: Caller or clock say so.
            SolverFault: The solver failed.
        """
        model = model_of(with_open_rows(self.arrays, rows))
        if isinstance(model, WarmModel) and len(self.members) > 1:
            alone = [WarmModel(one.reduced.arrays) for one in self.members]
            found = solve_side_by_side(alone, [one.arrays for one in alone], keeper)
            if any(solution.status is PlanStatus.INFEASIBLE for solution in found):
                return None
            model.start_from_parts([one.basis for one in alone])
        return model

    def of_each(self, read: Callable[[CompiledProblem], Iterable[Floats]]) -> list[Floats]:
        """(columns,) each of several costs of the parts alone, all other parts having none of it."""
        sizes = [one.reduced.arrays.shape[1] for one in self.members]
        starts = np.cumsum([0, *sizes])
        costs = []
        for one, start, size in zip(self.members, starts.tolist(), sizes, strict=False):
            for own in read(one.compiled):
                cost = np.zeros(int(starts[-1]))
                cost[start : start + size] = one.reduced.cost(own)
                costs.append(cost)
        return costs

    def answers(self, values: Floats) -> list[Answer]:
        """(columns,) levels by parts, without duals."""
        return [
            one.compiled.answer(_plan(one.reduced.levels(own)))
            for one, own in zip(self.members, np.split(values, self._ends), strict=True)
        ]

    def costs(self, answers: Sequence[Answer]) -> CostBreakdown:
        """The costs of the whole."""
        return sum_of_costs(read_costs(answer)[0] for answer in answers)

    def spent(self, answers: Sequence[Answer]) -> Floats:
        """(M,) expected purchases and fees of each material, USD."""
        spent = np.zeros(len(self.problem.materials))
        for one, answer in zip(self.members, answers, strict=True):
            costs = [summary.costs for summary in read_costs(answer)[1]]
            spent[one.material_at] = [c.contract_usd + c.spot_usd + c.fees_usd for c in costs]
        return spent

    def tonnes(self, answers: Sequence[Answer]) -> Floats:
        """(S,) expected deliveries of each supplier; what is the solver's rounding is 0."""
        tonnes = np.zeros(len(self.suppliers))
        for one, answer in zip(self.members, answers, strict=True):
            tonnes[one.supplier_at] = one.suppliers.tonnes(answer)
        return tonnes


def sum_of_costs(costs: Iterable[CostBreakdown]) -> CostBreakdown:
    """The costs of parts as those of the whole."""
    listed = list(costs)
    return CostBreakdown(**{f.name: sum(getattr(one, f.name) for one in listed) for f in fields(CostBreakdown)})


def _plan(levels: Floats) -> Solution:
    """Levels as a plan without prices."""
    nothing = np.zeros(0)
    return Solution(PlanStatus.FEASIBLE, "", np.nan, np.nan, 0, levels, nothing, nothing)


def with_open_rows(arrays: LinearArrays, rows: Sequence[Floats]) -> LinearArrays:
    """The arrays with rows below theirs that limit nothing yet."""
    added = sparse.csc_array(np.stack(rows)) if rows else sparse.csc_array((0, arrays.shape[1]))
    return replace(
        arrays,
        matrix=sparse.csc_array(sparse.vstack([arrays.matrix, added], format="csc")),
        row_lower=np.append(arrays.row_lower, np.full(len(rows), -np.inf)),
        row_upper=np.append(arrays.row_upper, np.full(len(rows), np.inf)),
    )
