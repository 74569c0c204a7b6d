"""A solved problem by its parts: what nothing ties is solved, and asked about, on its own.

What a plan does with one material rests on the figures of its part alone, so that the part answers for the whole, and
soon. Decisions that a part cannot tell apart are one in it: a stock is that of all nodes that are alike to its
material, and a limit at a node moves at all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lodestock_optimizers.compiled import CompiledProblem
from lodestock_optimizers.formulation import arrays_of
from lodestock_optimizers.instance import Instance
from lodestock_optimizers.parts import Part, split
from lodestock_optimizers.parts.lifting import Copies, Lift, side_by_side
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.problem import SourcingProblem
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.highs import Solution
from lodestock_optimizers.solving.mixed import MixedSession
from lodestock_optimizers.solving.mixed_model import MixedModel
from lodestock_optimizers.solving.resolving import WarmModel
from lodestock_optimizers.trade_rules import rule_rows
from lodestock_optimizers.watch import Timekeeper

from .optimum import Optimum, optima, optimum


@dataclass(frozen=True, slots=True)
class Image:
    """What the rows, or the columns, of the whole are in a part, in the order in which the whole has them.

    Attributes:
        position: Of each the row or column of the part.
        ratio: What each has of its dual and its cost.
    """

    position: Ints
    ratio: Floats


@dataclass(frozen=True, eq=False)
class Apart:
    """A solved part, or the whole where that is not split.

    Attributes:
        found: Its optimum.
        materials: Its materials, by their positions in the whole.
        nodes: (N of the part,) the first node of the whole that each of its nodes stands for.
        rows: The whole's rows that come from it.
        columns: The whole's columns that come from it.
    """

    found: Optimum
    materials: Ints
    nodes: Ints
    rows: Image
    columns: Image

    @property
    def answer(self) -> Answer:
        """Its optimum, read."""
        return self.found.answer

    @property
    def model(self) -> WarmModel:
        """Its model, solved at least once; choices of yes or no are held in it."""
        return self.found.model

    @property
    def asked(self) -> WarmModel | MixedModel:
        """What questions are put to: the model with these choices free where that is cheap, else `model`."""
        return self.found.asked


class Parts:
    """A solved problem by its parts.

    Args:
        whole: The optimum of the whole.
        each: Its parts, in the order of their first materials.

    Attributes:
        whole: The optimum of the whole.
        each: Its parts.
    """

    def __init__(self, whole: Answer, each: Sequence[Apart]) -> None:
        self.whole, self.each = whole, tuple(each)
        self._asked: set[Apart] = set()
        self._position = {m.material_id: i for i, m in enumerate(whole.instance.problem.materials)}

    def of(self, material_id: str) -> Apart:
        """The part that a material is in."""
        part = next(one for one in self.each if self._position[material_id] in one.materials)
        self._asked.add(part)
        return part

    @property
    def objective(self) -> float:
        """Of the optimum, USD."""
        return self.whole.solution.objective

    @property
    def gap(self) -> float:
        """By how much the optimum may be dearer than the best there is, USD."""
        return sum(one.found.gap for one in self.each)

    @property
    def hold_choices(self) -> bool:
        """Whether a part that was asked about has choices of yes or no that were held."""
        return any(one.asked is one.model and one.answer.instance.ordered for one in self._asked)


def solved_in_parts(problem: SourcingProblem, keeper: Timekeeper, session: MixedSession) -> Parts | None:
    """The optimum of a valid problem, part by part; None where there is no plan.

    Args:
        problem: The problem.
        keeper: Whom to ask, and the time that is left.
        session: Whose process solves parts in which contracts are signed or not as a whole; see `optimum`.

    Raises:
        Stopped: Caller or clock say so before it is proven.
        SolverFault: The solver failed.
    """
    whole = Instance(problem)
    rows = rule_rows(whole)
    parts = split(whole, rows)
    if not parts:
        found = optimum(CompiledProblem(whole, rows, arrays_of(whole, rows, keeper)), keeper, session)
        return None if found is None else Parts(found.answer, [_alone(found)])
    compiled = [
        CompiledProblem(part.instance, part.rules, arrays_of(part.instance, part.rules, keeper)) for part in parts
    ]
    best = optima(compiled, keeper, session)
    if best is None:
        return None
    lifts = [Lift(whole, part, found.answer.arrays) for part, found in zip(parts, best, strict=True)]
    each = [_apart(part, found, lift) for part, found, lift in zip(parts, best, lifts, strict=True)]
    arrays = side_by_side([lift.model() for lift in lifts])
    return Parts(Answer(whole, rows, arrays, _joined(each)), each)


def _alone(found: Optimum) -> Apart:
    """The whole as its only part."""
    instance = found.answer.instance
    rows, columns = (Image(np.arange(count), np.ones(count)) for count in found.answer.arrays.shape)
    return Apart(found, np.arange(instance.material_count), np.arange(instance.node_count), rows, columns)


def _apart(part: Part, found: Optimum, lift: Lift) -> Apart:
    first = np.unique(part.image, return_index=True)[1]
    return Apart(found, part.position["material"], first, _image(lift.rows), _image(lift.columns))


def _image(copies: Copies) -> Image:
    return Image(copies.owner, copies.ratio)


def _joined(each: Sequence[Apart]) -> Solution:
    """The solutions of the parts as that of the whole."""
    found = [one.answer.solution for one in each]
    return Solution(
        status=PlanStatus.OPTIMAL,
        solver_status=found[0].solver_status,
        objective=sum(solution.objective for solution in found),
        bound=sum(solution.bound for solution in found),
        iterations=sum(solution.iterations for solution in found),
        column_value=np.concatenate([s.column_value[one.columns.position] for one, s in zip(each, found, strict=True)]),
        column_dual=_lifted([s.column_dual for s in found], [one.columns for one in each]),
        row_dual=_lifted([s.row_dual for s in found], [one.rows for one in each]),
    )


def _lifted(duals: Sequence[Floats], images: Sequence[Image]) -> Floats:
    return np.concatenate([dual[im.position] * im.ratio for dual, im in zip(duals, images, strict=True)])
