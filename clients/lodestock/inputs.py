"""Friendly inputs to messages: pandas series or dicts as demand, wrappers or dicts as problems."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

from lodestock.errors import InvalidRequest, Violation
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

# What protobuf's ParseError says; where another version words it otherwise, its text is passed on as it is.
UNKNOWN_NAME = re.compile(
    r'Message type "(?P<kind>[\w.]+)" has no field named "(?P<name>.*?)" at "(?P<path>.*?)"', re.S
)
OUTER_FIELDS = re.compile(r"Failed to parse (?P<name>\w+) field: ")
PLACE = re.compile(r" at (?P<path>\w+(?:\.\w+|\[\d+\])*)\.*$")
NOT_FINITE = re.compile(r"Couldn't parse (?:NaN|-?Infinity)")


def names(given: Sequence[str]) -> Sequence[str]:
    """Names as a sequence: a single text is one name, and not a sequence of its letters."""
    return (given,) if isinstance(given, str) else given


def problem_message(problem: ProblemLike) -> sourcing_pb2.SourcingProblem:
    """The message of a problem.

    Raises:
        InvalidRequest: A dict is not of the problem's form.
    """
    if isinstance(problem, sourcing_pb2.SourcingProblem):
        return problem
    if isinstance(problem, Mapping):
        return parsed(sourcing_pb2.SourcingProblem, problem, "problem")
    return problem.problem


def messages(
    kind: type[Anything], values: Iterable[Anything | Mapping[str, Any]], field_path: str = ""
) -> list[Anything]:
    """Messages of one kind, given as such or as dicts in proto's JSON form.

    Args:
        kind: Kind of the messages.
        values: Messages and dicts.
        field_path: Field of the request that they are for, named where a dict is wrong.

    Raises:
        InvalidRequest: A dict is not of the message's form.
    """
    return [
        parsed(kind, value, f"{field_path}[{i}]") if isinstance(value, Mapping) else value
        for i, value in enumerate(values)
    ]


def parsed(kind: type[Anything], value: Mapping[str, Any], field_path: str) -> Anything:
    """The message that a dict in proto's JSON form stands for.

    Raises:
        InvalidRequest: The dict is not of the message's form; the one violation names the field.
    """
    try:
        return ParseDict(dict(value), kind())
    except ParseError as error:
        violation = violation_of(str(error), kind(), field_path)
        raise InvalidRequest("the request cannot be made of what was given", violations=(violation,)) from error


def violation_of(text: str, message: Message, field_path: str) -> Violation:
    """What protobuf says of a dict, with the field as the server would name it."""
    unknown = UNKNOWN_NAME.search(text)
    if unknown:
        path = f"{below_root(unknown['path'])}.{unknown['name']}"
        return Violation(field_path + path, unknown_name_text(unknown["name"], unknown["kind"], message))
    outer = "".join(f".{name}" for name in OUTER_FIELDS.findall(text))
    place = PLACE.search(text)
    inner = OUTER_FIELDS.sub("", PLACE.sub("", text)).rstrip(".")
    description = "must be a finite number" if NOT_FINITE.match(inner) else inner
    return Violation(field_path + ((below_root(place["path"]) if place else "") or outer), description)


def below_root(path: str) -> str:
    """A path without the name of the message that it begins at: Problem.sources[0] → .sources[0]."""
    root = re.match(r"\w*", path)
    return path[root.end() :] if root else path


def unknown_name_text(name: str, found_in: str, message: Message) -> str:
    """Say that a message has no such field, with the one that may be meant, else all."""
    known = list(message.DESCRIPTOR.file.pool.FindMessageTypeByName(found_in).fields_by_name)
    meant = difflib.get_close_matches(name, known, 1, cutoff=0.7)
    return f"no such field; did you mean '{meant[0]}'?" if meant else f"no such field; known: {', '.join(known)}"


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
