"""Stockpiles that were sized: a thin wrapper with the whole message as `message` and tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lodestock.answers import Solved
from lodestock.tables import Row, frame_of, row_of
from lodestock.v1 import sourcing_pb2

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Stockpiles(Solved[sourcing_pb2.SizeStockpileResponse]):
    """Stockpiles, one a probability in the order asked for; true where there is one for each.

    The status is that of the base.
    """

    def __iter__(self) -> Iterator[sourcing_pb2.StockpileSize]:
        return iter(self.message.sizes)

    def __len__(self) -> int:
        return len(self.message.sizes)

    def __bool__(self) -> bool:
        return len(self) > 0 and all(size.HasField("costs") for size in self)

    def __getitem__(self, place: int) -> sourcing_pb2.StockpileSize:
        return self.message.sizes[place]

    def rows(self) -> list[Row]:
        """One row a probability: what the stockpile costs, and what it saves or costs beside the base."""
        return [row_of(size) for size in self]

    def stock_rows(self) -> list[Row]:
        """One row a probability and material: how much to hold, what of it to buy, at what price."""
        return [{**_said(size), **row_of(stock)} for size in self for stock in size.stocks]

    def deciding_rows(self) -> list[Row]:
        """One row a probability and demand that decides the size, what needs most stock first."""
        return [
            {**_said(size), **row_of(one), "scenarios": scenarios_of(one)} for size in self for one in size.deciding
        ]

    def short_rows(self) -> list[Row]:
        """One row a probability and shortage: in the scenarios that are spared, or what no stockpile avoids."""
        return [
            {**_said(size), **row_of(short), "scenarios": scenarios_of(short), "is_avoidable": avoidable}
            for size in self
            for avoidable, shortages in (
                (True, [short for spared in size.spared for short in spared.shortages]),
                (False, size.unreachable.shortages),
            )
            for short in shortages
        ]

    def to_frame(self) -> pd.DataFrame:
        """One row a probability and material; see `stock_rows`."""
        return frame_of(self.stock_rows())


def scenarios_of(one: sourcing_pb2.DecidingDemand | sourcing_pb2.NodeShortage) -> str:
    """The scenarios that pass through a node, in words."""
    return ", ".join(name or "nothing happens" for name in one.scenario_ids)


def _said(size: sourcing_pb2.StockpileSize) -> Row:
    return {"min_probability": size.min_probability, "status": row_of(size)["status"]}
