"""Frontiers, alternatives and what-ifs: thin wrappers, each with the whole message as `message` and tables of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lodestock.answers import Solved
from lodestock.tables import Row, row_of
from lodestock.v1 import sourcing_pb2


@dataclass(frozen=True, slots=True)
class Frontier(Solved[sourcing_pb2.TraceFrontierResponse]):
    """Plans between least cost and least risk, the cheapest first; true where there is any.

    FEASIBLE where the time was enough for some of them only.
    """

    def __iter__(self) -> Iterator[sourcing_pb2.FrontierPoint]:
        return iter(self.message.points)

    def __len__(self) -> int:
        return len(self.message.points)

    def rows(self) -> list[Row]:
        """One row a plan: what it costs, and what less risk costs there."""
        return [{**row_of(point), **row_of(point.costs)} for point in self]

    def supplier_rows(self) -> list[Row]:
        """One row a plan and supplier; `point` counts the plans from 0."""
        return [{"point": i, **row_of(supplier)} for i, point in enumerate(self) for supplier in point.suppliers]


@dataclass(frozen=True, slots=True)
class Alternatives(Solved[sourcing_pb2.FindAlternativesResponse]):
    """Plans that cost little more than the best and buy elsewhere, the one that differs most first.

    FEASIBLE where time ended the search; true where there is a best plan.
    """

    def __iter__(self) -> Iterator[sourcing_pb2.Alternative]:
        return iter(self.message.alternatives)

    def __len__(self) -> int:
        return len(self.message.alternatives)

    def __bool__(self) -> bool:
        return self.message.HasField("costs")

    def rows(self) -> list[Row]:
        """One row an alternative: how much dearer it is, and how different."""
        return [{"alternative": i, **row_of(one), **row_of(one.costs)} for i, one in enumerate(self, 1)]

    def supplier_rows(self) -> list[Row]:
        """One row a plan and supplier; `alternative` 0 is the best plan."""
        plans = (self.message.suppliers, *(one.suppliers for one in self))
        return [{"alternative": i, **row_of(supplier)} for i, suppliers in enumerate(plans) for supplier in suppliers]


@dataclass(frozen=True, slots=True)
class WhatIfs(Solved[sourcing_pb2.AskWhatIfResponse]):
    """What questions came to, in their order; true where the base has a plan, whose status it has."""

    def __iter__(self) -> Iterator[sourcing_pb2.WhatIfAnswer]:
        return iter(self.message.answers)

    def __len__(self) -> int:
        return len(self.message.answers)

    def __bool__(self) -> bool:
        return self.message.HasField("costs")

    def __getitem__(self, question_id: str) -> sourcing_pb2.WhatIfAnswer:
        """The answer to a question.

        Raises:
            KeyError: It was not asked.
        """
        for answer in self:
            if answer.question_id == question_id:
                return answer
        raise KeyError(question_id)

    def rows(self) -> list[Row]:
        """One row a question: what it came to, and what it costs more than the base."""
        return [{**row_of(answer), **row_of(answer.costs)} for answer in self]

    def supplier_rows(self) -> list[Row]:
        """One row a question and supplier whose deliveries differ from the base's, the largest difference first."""
        return [
            {"question_id": answer.question_id, **row_of(one.supplier), "more_tonnes": one.more_tonnes}
            for answer in self
            for one in answer.suppliers
        ]

    def shortage_rows(self) -> list[Row]:
        """One row a question, material and tier whose shortage differs from the base's."""
        return [{"question_id": answer.question_id, **row_of(one)} for answer in self for one in answer.shortages]
