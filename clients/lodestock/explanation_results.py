"""A plan explained: a thin wrapper with the whole message as `message`, tables of it and the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lodestock.answers import Solved
from lodestock.tables import Row, frame_of, row_of, rows_of, rows_of_table, short_name
from lodestock.v1 import sourcing_pb2

if TYPE_CHECKING:
    import pandas as pd

LANGUAGE_NAMES = sourcing_pb2.Language.DESCRIPTOR.values_by_number

EXPLANATION_TABLES: Mapping[str, Callable[[sourcing_pb2.ExplainPlanResponse], list[Row]]] = {
    "limits": lambda message: rows_of(message.limits),
    "limits_by_node": lambda message: [
        {"field_path": limit.field_path, **row_of(node)} for limit in message.limits for node in limit.nodes
    ],
    "why_not": lambda message: rows_of(message.why_not),
    "firm_quantities": lambda message: rows_of(message.firm_quantities),
    "costs_by_field": lambda message: rows_of(message.costs_by_field),
    "relaxations": lambda message: rows_of(message.relaxations),
    "conflict": lambda message: rows_of(message.conflict),
}


@dataclass(frozen=True, slots=True)
class Explanation(Solved[sourcing_pb2.ExplainPlanResponse]):
    """A plan explained, or why there is none; true where there is a plan. As a string it is the text."""

    def __bool__(self) -> bool:
        return self.message.HasField("costs")

    def __str__(self) -> str:
        return "\n".join(self.message.texts[0].sentences) if self.message.texts else self.status

    @property
    def value_of_planning_usd(self) -> float | None:
        """What planning for disruption saves, USD; None where it was not asked for or is not defined."""
        value = self.message.value_of_planning
        return value.saved_usd if value.HasField("saved_usd") else None

    def text(self, language: str) -> str:
        """The sentences in a language that was asked for, such as "CHINESE", one a line.

        Raises:
            KeyError: There is no text in it.
        """
        for text in self.message.texts:
            if short_name(LANGUAGE_NAMES, text.language) == language.upper():
                return "\n".join(text.sentences)
        raise KeyError(language)

    def rows(self, table: str = "limits") -> list[Row]:
        """The rows of one table.

        Args:
            table: limits, limits_by_node, why_not, firm_quantities, costs_by_field, relaxations or conflict.

        Raises:
            ValueError: There is no such table.
        """
        return rows_of_table(EXPLANATION_TABLES, table, self.message)

    def to_frame(self, table: str = "limits") -> pd.DataFrame:
        """One table as a data frame; see `rows`."""
        return frame_of(self.rows(table))
