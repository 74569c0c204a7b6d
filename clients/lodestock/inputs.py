"""Friendly inputs to messages: pandas series or dicts as demand, wrappers or dicts as problems, files of figures."""

from __future__ import annotations

import csv
import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

from lodestock.errors import InvalidRequest, Violation
from lodestock.v1 import common_pb2, forecast_pb2, sourcing_pb2

if TYPE_CHECKING:
    from lodestock.results import BuiltProblem

ProblemLike: TypeAlias = "sourcing_pb2.SourcingProblem | BuiltProblem | Mapping[str, Any]"
"""A problem: a message, what `build_problem` returned, or a dict in proto's JSON form."""

SeriesLike: TypeAlias = "Mapping[Any, float] | Any"
"""Observations by period: a dict, or a pandas Series with years, periods or dates as its index."""

OwnFigures: TypeAlias = "str | Path | Iterable[common_pb2.OwnFigure | Mapping[str, Any]]"
"""Figures of your own: a CSV file, or messages or dicts with its columns as keys."""

OWN_FIGURE_COLUMNS = ("material", "kind", "country", "year", "value", "unit", "form", "source")
NEEDED_COLUMNS = ("material", "kind", "year", "value")

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


def enum_number(members: Iterable[tuple[str, int]], name: str, what: str) -> int:
    """The number of an enum's member by its short name, in either case, with spaces or dashes; 0 for an empty name.

    Args:
        members: Names and numbers of the members, the unspecified one first.
        name: Short name.
        what: What the members are, for the error.

    Raises:
        ValueError: There is no such member; the text lists them.
    """
    listed = list(members)
    prefix = listed[0][0].removesuffix("UNSPECIFIED")
    numbers = {full.removeprefix(prefix): number for full, number in listed if number}
    wanted = re.sub("[- ]", "_", name.strip().upper())
    if not wanted:
        return 0
    if wanted not in numbers:
        raise ValueError(f"'{name}' is no {what}; known: {', '.join(numbers)}")
    return numbers[wanted]


def own_figures(given: OwnFigures) -> list[common_pb2.OwnFigure]:
    """Figures of your own as messages.

    Raises:
        ValueError: A figure cannot be read; of a file all are told, by line and column.
        OSError: The file cannot be opened.
    """
    if isinstance(given, str | Path):
        return figures_in(Path(given))
    return [
        own_figure(value, f"own_figures[{i}]") if isinstance(value, Mapping) else value for i, value in enumerate(given)
    ]


def own_figure(value: Mapping[str, Any], field_path: str) -> common_pb2.OwnFigure:
    """A figure given as a dict; its kind may be named in short, such as "consumption"."""
    kind = value.get("kind")
    if isinstance(kind, str) and not kind.startswith("OWN_FIGURE_KIND_"):
        kind = own_figure_kind(kind)
    return parsed(common_pb2.OwnFigure, {**value, "kind": kind}, field_path)


def own_figure_kind(name: str) -> common_pb2.OwnFigureKind.ValueType:
    """The kind of an own figure by its short name.

    Raises:
        ValueError: There is no such kind, or no name.
    """
    number = enum_number(common_pb2.OwnFigureKind.items(), name, "kind of figure")
    if not number:
        raise ValueError("the kind is not given")
    return common_pb2.OwnFigureKind.ValueType(number)


def figures_in(path: Path) -> list[common_pb2.OwnFigure]:
    """The figures of a CSV file with the columns material, kind, country, year, value, unit, form, source.

    Of these country, unit, form and source may be left out, and stand in any order. Lines without content are skipped.

    Raises:
        ValueError: Columns are missing or unknown, or cells cannot be read; all are told, by line and column.
        OSError: The file cannot be opened.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return figures_of(csv.DictReader(file, strict=True), path)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is no text in UTF-8: {error}") from error


def figures_of(reader: csv.DictReader[str], path: Path) -> list[common_pb2.OwnFigure]:
    """The figures of a file's lines; see `figures_in`."""
    wrong = list(wrong_columns(reader.fieldnames or ()))
    if wrong:
        raise ValueError(f"{path}, line 1: {'; '.join(wrong)}")
    figures: list[common_pb2.OwnFigure] = []
    try:
        for cells in reader:
            figures.append(common_pb2.OwnFigure())
            wrong += (f"{path}, line {reader.line_num}, {found}" for found in fill_figure(figures[-1], cells))
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num + 1}: {error}") from error
    if wrong:
        raise ValueError("\n".join(wrong))
    return figures


def wrong_columns(names_given: Sequence[str]) -> Iterator[str]:
    """What is wrong with the header of a file of figures."""
    for name in names_given:
        if name not in OWN_FIGURE_COLUMNS:
            yield f"there is no column '{name}', must be one of {', '.join(OWN_FIGURE_COLUMNS)}"
        elif names_given.count(name) > 1:
            yield f"the column '{name}' stands more than once"
    missing = [name for name in NEEDED_COLUMNS if name not in names_given]
    if missing:
        yield f"the column{'s' if len(missing) > 1 else ''} {', '.join(missing)} must be there"


def fill_figure(figure: common_pb2.OwnFigure, cells: Mapping[str | None, Any]) -> Iterator[str]:
    """Fill a figure from the cells of a line; what is wrong with them, by column."""
    if None in cells:
        yield f"column {len(OWN_FIGURE_COLUMNS) + 1}: there are more cells than columns"
    for name in OWN_FIGURE_COLUMNS:
        text = (cells.get(name) or "").strip()
        if not text and name in NEEDED_COLUMNS:
            yield f"column '{name}': is empty, must be given"
            continue
        try:
            match name:
                case "kind":
                    figure.kind = own_figure_kind(text)
                case "year":
                    figure.year = year_number(text)
                case "value":
                    figure.value = finite_number(text)
                case _:
                    setattr(figure, name, text)
        except ValueError as error:
            yield f"column '{name}': {error}"


def year_number(text: str) -> int:
    """A year.

    Raises:
        ValueError: The text is none.
    """
    if not re.fullmatch("[0-9]{4}", text):
        raise ValueError(f"'{text}' is no year, must be like 2024")
    return int(text)


def finite_number(text: str) -> float:
    """A number.

    Raises:
        ValueError: The text is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"'{text}' is no number, must be like 1234.5")
    return value
