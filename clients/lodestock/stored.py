"""Stored results as lists, and side by side: thin wrappers, each with the whole message as `message`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lodestock.answers import Listing
from lodestock.tables import Row, row_of
from lodestock.v1 import forecast_pb2, sourcing_pb2

Info = sourcing_pb2.PlanInfo | forecast_pb2.ForecastInfo | forecast_pb2.BacktestInfo


@dataclass(frozen=True, slots=True)
class StoredPlans(Listing[sourcing_pb2.ListPlansResponse]):
    """The caller's stored plans, the newest first."""

    def __iter__(self) -> Iterator[sourcing_pb2.PlanInfo]:
        return iter(self.message.plans)

    def __len__(self) -> int:
        return len(self.message.plans)

    def rows(self) -> list[Row]:
        """One row a plan."""
        return [{**info_row(plan), "materials": ", ".join(plan.material_ids)} for plan in self]


@dataclass(frozen=True, slots=True)
class StoredForecasts(Listing[forecast_pb2.ListForecastsResponse]):
    """The caller's stored forecasts, the newest first."""

    def __iter__(self) -> Iterator[forecast_pb2.ForecastInfo]:
        return iter(self.message.forecasts)

    def __len__(self) -> int:
        return len(self.message.forecasts)

    def rows(self) -> list[Row]:
        """One row a batch of forecasts."""
        return [info_row(forecast) for forecast in self]


@dataclass(frozen=True, slots=True)
class StoredBacktests(Listing[forecast_pb2.ListBacktestsResponse]):
    """The caller's stored backtests, the newest first."""

    def __iter__(self) -> Iterator[forecast_pb2.BacktestInfo]:
        return iter(self.message.backtests)

    def __len__(self) -> int:
        return len(self.message.backtests)

    def rows(self) -> list[Row]:
        """One row a backtest."""
        return [{**info_row(backtest), "models": ", ".join(backtest.models)} for backtest in self]


@dataclass(frozen=True, slots=True)
class Comparison(Listing[sourcing_pb2.ComparePlansResponse | forecast_pb2.CompareForecastsResponse]):
    """Figures that differ between stored results, those that matter most first."""

    def __len__(self) -> int:
        return len(self.message.figures)

    @property
    def names(self) -> tuple[str, ...]:
        """The results compared, in the order asked for."""
        if isinstance(self.message, sourcing_pb2.ComparePlansResponse):
            return tuple(plan.info.name for plan in self.message.plans)
        return tuple(forecast.info.name for forecast in self.message.forecasts)

    def rows(self) -> list[Row]:
        """One row a figure, with a column a result; NaN where a result has no such figure."""
        return [
            {"path": figure.path, "unit": figure.unit, **dict(zip(self.names, figure.values, strict=True))}
            for figure in self.message.figures
        ]


def info_row(entry: Info) -> Row:
    """What is known of a stored result, as a row."""
    info = entry.info
    times = {
        name: getattr(info, name).ToDatetime() if info.HasField(name) else None
        for name in ("create_time", "expire_time")
    }
    return {**row_of(info), **times, **row_of(entry)}
