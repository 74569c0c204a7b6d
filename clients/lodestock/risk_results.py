"""The answer on dependence: a thin wrapper with the whole message as `message` and tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lodestock.answers import Computed
from lodestock.tables import Row, frame_of, row_of, rows_of
from lodestock.v1 import risk_pb2

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Dependence(Computed[risk_pb2.MapDependenceResponse]):
    """What stops cost a buyer, country by country, those that cost most first."""

    def __iter__(self) -> Iterator[risk_pb2.DependenceCountry]:
        return iter(self.message.countries)

    def __len__(self) -> int:
        return len(self.message.countries)

    @property
    def severing(self) -> tuple[str, ...] | None:
        """Fewest countries through which every path to the buyer goes; None where nothing can sever it."""
        return tuple(self.message.severing) if self.message.can_be_severed else None

    def rows(self) -> list[Row]:
        """One row a country: its role, and what its stop costs the buyer."""
        return rows_of(self.message.countries)

    def stop_rows(self) -> list[Row]:
        """One row a stop: the countries, joined by "+", and what the buyer loses."""
        return [{"countries": "+".join(stop.countries), **row_of(stop)} for stop in self.message.stops]

    def loss_rows(self) -> list[Row]:
        """One row a stop, and country and stage that loses by it."""
        return [
            {"countries": "+".join(stop.countries), **row_of(loss)}
            for stop in self.message.stops
            for loss in stop.losses
        ]

    def losses_to_frame(self) -> pd.DataFrame:
        """One row a stop, and country and stage that loses by it."""
        return frame_of(self.loss_rows())

    def cut_rows(self) -> list[Row]:
        """One row a set of countries that costs the buyer at least the share asked for."""
        return [{"countries": "+".join(cut.countries), **row_of(cut)} for cut in self.message.cuts]

    def step_rows(self) -> list[Row]:
        """One row a step of a stored network: whether flows are known, and what it rests on."""
        return rows_of(self.message.steps)
