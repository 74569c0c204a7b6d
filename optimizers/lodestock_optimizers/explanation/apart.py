"""The models that questions about one material are put to: that of the part that it is in, where nothing ties it.

What a plan does with one material rests on the figures of its part alone, so that the part answers for the whole, and
soon. Parts are solved when they are first asked for. Decisions that a part cannot tell apart are one in it: a stock is
that of all nodes that are alike to its material.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lodestock_optimizers.compiled import CompiledProblem
from lodestock_optimizers.formulation import arrays_of
from lodestock_optimizers.parts import Part, split
from lodestock_optimizers.reading.answer import Answer
from lodestock_optimizers.scenario_tree import Ints
from lodestock_optimizers.solving.resolving import WarmModel
from lodestock_optimizers.watch import Timekeeper

from .optimum import Optimum, optimum


@dataclass(frozen=True, eq=False)
class Apart:
    """A solved part, or the whole where that is not split.

    Attributes:
        answer: Its optimum.
        model: Its model, solved at least once.
        nodes: (N of the part,) the first node of the whole that each of its nodes stands for.
    """

    answer: Answer
    model: WarmModel
    nodes: Ints


class Parts:
    """A solved problem by its parts.

    Args:
        best: The optimum of the whole.
        keeper: Whom to ask, and the time that is left.
    """

    def __init__(self, best: Optimum, keeper: Timekeeper) -> None:
        self.whole = best.answer
        self._best, self._keeper = best, keeper
        self._solved: dict[int, Apart] = {}

    def of(self, material_id: str) -> Apart:
        """The part that a material is in.

        Raises:
            Stopped: Caller or clock say so.
            SolverFault: The solver failed.
        """
        ids = [material.material_id for material in self.whole.instance.problem.materials]
        place = next((i for i, part in enumerate(self._parts) if _has(part, ids.index(material_id))), -1)
        if place not in self._solved:
            self._solved[place] = self._part(place)
        return self._solved[place]

    @cached_property
    def _parts(self) -> list[Part]:
        return split(self.whole.instance, self.whole.rows)

    def _part(self, place: int) -> Apart:
        if place < 0:
            return Apart(self.whole, self._best.model, np.arange(self.whole.instance.node_count))
        part = self._parts[place]
        arrays = arrays_of(part.instance, part.rules, self._keeper)
        found = optimum(CompiledProblem(part.instance, part.rules, arrays), self._keeper)
        assert found is not None
        return Apart(found.answer, found.model, np.unique(part.image, return_index=True)[1])


def _has(part: Part, material: int) -> bool:
    return bool(np.isin(material, part.position["material"]))
