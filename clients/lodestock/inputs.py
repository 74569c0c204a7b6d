"""Friendly inputs to messages: pandas series or dicts as demand, wrappers or dicts as problems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message

from lodestock.v1 import forecast_pb2, sourcing_pb2

if TYPE_CHECKING:
    from lodestock.results import BuiltProblem

ProblemLike: TypeAlias = "sourcing_pb2.SourcingProblem | BuiltProblem | Mapping[str, Any]"
"""A problem: a message, what `build_problem` returned, or a dict in proto's JSON form."""

SeriesLike: TypeAlias = "Mapping[Any, float] | Any"
"""Observations by period: a dict, or a pandas Series with years, periods or dates as its index."""

Anything = TypeVar("Anything", bound=Message)

FREQUENCY_OF_FORM = (
    (re.compile(r"\d{4}"), forecast_pb2.FREQUENCY_YEARLY),
    (re.compile(r"\d{4}-Q[1-4]"), forecast_pb2.FREQUENCY_QUARTERLY),
    (re.compile(r"\d{4}-\d{2}"), forecast_pb2.FREQUENCY_MONTHLY),
)


def problem_message(problem: ProblemLike) -> sourcing_pb2.SourcingProblem:
    """The message of a problem."""
    if isinstance(problem, sourcing_pb2.SourcingProblem):
        return problem
    if isinstance(problem, Mapping):
        return ParseDict(dict(problem), sourcing_pb2.SourcingProblem())
    return problem.problem


def messages(kind: type[Anything], values: Iterable[Anything | Mapping[str, Any]]) -> list[Anything]:
    """Messages of one kind, given as such or as dicts in proto's JSON form."""
    return [ParseDict(dict(value), kind()) if isinstance(value, Mapping) else value for value in values]


def demand_series(series_id: str, observations: SeriesLike, unit: str) -> forecast_pb2.DemandSeries:
    """A series of observed demand, its frequency read off the labels of its periods.

    Raises:
        ValueError: The labels are neither years, quarters nor months.
    """
    labelled = [(period_label(period), float(value)) for period, value in observations.items()]
    return forecast_pb2.DemandSeries(
        series_id=series_id,
        frequency=frequency_of(series_id, [period for period, _ in labelled]),
        unit=unit,
        observations=[forecast_pb2.Observation(period=period, value=value) for period, value in labelled],
    )


def frequency_of(series_id: str, periods: Sequence[str]) -> forecast_pb2.Frequency.ValueType:
    """The frequency that the labels of all periods have."""
    for form, frequency in FREQUENCY_OF_FORM:
        if periods and all(form.fullmatch(period) for period in periods):
            return frequency
    raise ValueError(
        f"series '{series_id}': periods must all be years such as 2025, quarters such as 2025-Q3 or months such as "
        f"2025-07, got {periods[:3]}{'…' if len(periods) > 3 else ''}"
    )


def period_label(period: Any) -> str:
    """The label of a period that is a number, a text, or a pandas Period of a year, quarter or month."""
    frequency = getattr(period, "freqstr", "")
    if frequency.startswith(("Y", "A")):
        return f"{period.year:04d}"
    if frequency.startswith("Q"):
        return f"{period.year:04d}-Q{period.quarter}"
    if frequency.startswith("M"):
        return f"{period.year:04d}-{period.month:02d}"
    return str(period)
