"""What results have in common: the whole message as `message`, rows of it, how it was made and how a solve ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from lodestock.tables import Row, frame_of, short_name
from lodestock.v1 import common_pb2, sourcing_pb2

if TYPE_CHECKING:
    import pandas as pd

STATUS_NAMES = sourcing_pb2.PlanStatus.DESCRIPTOR.values_by_number


class Recorded(Protocol):
    """A message that says how it was made."""

    @property
    def record(self) -> common_pb2.RunRecord:
        """How it was made."""


class Ended(Recorded, Protocol):
    """A message that says how a solve ended."""

    @property
    def status(self) -> int:
        """A number of `PlanStatus`."""


AnyMessage = TypeVar("AnyMessage")
RecordedMessage = TypeVar("RecordedMessage", bound=Recorded)
EndedMessage = TypeVar("EndedMessage", bound=Ended)


@dataclass(frozen=True, slots=True)
class Listing(ABC, Generic[AnyMessage]):
    """An answer that reads as rows."""

    message: AnyMessage

    @abstractmethod
    def rows(self) -> list[Row]:
        """The answer as rows."""

    def to_frame(self) -> pd.DataFrame:
        """What `rows` gives, as a data frame."""
        return frame_of(self.rows())


@dataclass(frozen=True, slots=True)
class Computed(Listing[RecordedMessage]):
    """An answer that was computed."""

    @property
    def record(self) -> common_pb2.RunRecord:
        """How the answer was made."""
        return self.message.record


@dataclass(frozen=True, slots=True)
class Solved(Computed[EndedMessage]):
    """An answer about a plan, or about why there is none."""

    @property
    def status(self) -> str:
        """How it ended: OPTIMAL, FEASIBLE, INFEASIBLE, CANCELLED or NO_PLAN_FOUND."""
        return short_name(STATUS_NAMES, self.message.status)
