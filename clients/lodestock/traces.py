"""Where numbers of an answer come from: the request for it, and its result as something to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lodestock.answers import Listing
from lodestock.inputs import ProblemLike, problem_message
from lodestock.results import Assessment, BuiltProblem, Forecasts, Plan
from lodestock.tables import Row
from lodestock.v1 import audit_pb2, catalog_pb2, common_pb2, sourcing_pb2

Traceable: TypeAlias = Forecasts | Assessment | BuiltProblem | Plan
"""An answer whose numbers can be traced."""

ROWS_SHOWN = 10
"""Entries of each kind that a printed trace lists before it counts the others."""


def trace_request(
    answer: Traceable, paths: Sequence[str], problem: ProblemLike | None = None
) -> audit_pb2.TraceResultRequest:
    """The request that traces numbers of an answer.

    Raises:
        ValueError: No path is given, or a plan does not know its problem.
        TypeError: The answer is of another kind.
    """
    if not paths:
        raise ValueError("give at least one path, such as 'costs.contract_usd'")
    match answer:
        case Forecasts(message):
            return audit_pb2.TraceResultRequest(forecast=message, field_paths=paths)
        case Assessment(message):
            return audit_pb2.TraceResultRequest(risk=message, field_paths=paths)
        case BuiltProblem(message):
            return audit_pb2.TraceResultRequest(problem=message, field_paths=paths)
        case Plan(_, built):
            if problem is not None:
                built = built_message(problem, problem_message(problem))
            if built is None:
                raise ValueError("the plan does not know its problem, give it as problem=")
            planned = audit_pb2.PlannedProblem(built=built, plan=answer.plan)
            return audit_pb2.TraceResultRequest(plan=planned, field_paths=paths)
    raise TypeError(f"forecasts, assessments, problems and plans can be traced, not {type(answer).__name__}")


def built_message(problem: ProblemLike, message: sourcing_pb2.SourcingProblem) -> sourcing_pb2.BuildProblemResponse:
    """A problem as it is now, with the origins of its figures where it has any: later changes leave this one alone."""
    built = sourcing_pb2.BuildProblemResponse()
    if isinstance(problem, BuiltProblem):
        built.CopyFrom(problem.message)
    else:
        built.problem.CopyFrom(message)
    return built


@dataclass(frozen=True, slots=True)
class TracedNumber(Listing[audit_pb2.TracedNumber]):
    """A number, how it follows, and what it rests on."""

    @property
    def path(self) -> str:
        """Where the number stands."""
        return self.message.figure.field_path

    @property
    def values(self) -> tuple[float, ...]:
        """The number; for a list by period its values."""
        return tuple(self.message.figure.values)

    @property
    def unit(self) -> str:
        """Its unit."""
        return self.message.figure.unit

    @property
    def derivation(self) -> str:
        """How it follows from what it rests on."""
        return self.message.figure.derivation

    @property
    def problem_fields(self) -> tuple[str, ...]:
        """Of a plan's number: the fields of the problem that it rests on, those of its own formula first."""
        return tuple(self.message.problem_fields)

    @property
    def observations(self) -> tuple[catalog_pb2.DataPoint, ...]:
        """The figures in the rows that it rests on, each once."""
        return tuple({(point.origin.SerializeToString(), point.measure): point for point in self.message.rows}.values())

    @property
    def rows_not_held(self) -> tuple[common_pb2.DatasetOrigin, ...]:
        """Rows that it rests on and this server does not hold: of other versions, or of another server's."""
        held = {row_name(point.origin) for point in self.message.rows}
        asked = {row_name(origin.dataset): origin.dataset for origin in self._origins("dataset")}
        return tuple(origin for name, origin in asked.items() if name not in held)

    @property
    def defaults(self) -> tuple[common_pb2.DefaultOrigin, ...]:
        """The assumptions that it rests on, each with its reason."""
        return tuple(origin.default_value for origin in self._origins("default_value"))

    @property
    def caller(self) -> tuple[common_pb2.CallerOrigin, ...]:
        """What you gave yourself."""
        return tuple(origin.caller for origin in self._origins("caller"))

    @property
    def forecasts(self) -> tuple[common_pb2.ForecastOrigin, ...]:
        """The forecasts that it rests on; their observations are among the rows."""
        return tuple(origin.forecast for origin in self._origins("forecast"))

    @property
    def rests_on_something(self) -> bool:
        """Whether it comes down to a row, a default with its reason, or you."""
        return bool(self.message.rows or any(default.reason for default in self.defaults) or self.caller)

    def _origins(self, kind: str) -> Iterator[common_pb2.Origin]:
        return (origin for origin in self.message.figure.origins if origin.WhichOneof("kind") == kind)

    def rows(self) -> list[Row]:
        """One row a thing that the number rests on."""
        number = {"path": self.path, "derivation": self.derivation}
        found = [{**number, "kind": "row", **data_row(point)} for point in self.observations]
        for forecast in self.forecasts:
            found.append({**number, "kind": "forecast", "what": f"{forecast.statistic}: {forecast.model}"})
        for default in self.defaults:
            what = f"{default.default_id}: {default.reason}".removeprefix(": ")
            found.append({**number, "kind": "default", "what": what, "source": default.source})
        for given in self.caller:
            found.append({**number, "kind": "caller", "what": given.field_path, "source": given.reason})
        return found

    def __str__(self) -> str:
        return "\n".join(lines_of(self))


@dataclass(frozen=True, slots=True)
class Trace(Listing[audit_pb2.TraceResultResponse]):
    """Traced numbers, in the order asked for; prints as text to read."""

    def __iter__(self) -> Iterator[TracedNumber]:
        return (TracedNumber(number) for number in self.message.numbers)

    def __len__(self) -> int:
        return len(self.message.numbers)

    def __getitem__(self, path: str) -> TracedNumber:
        for number in self:
            if number.path == path:
                return number
        raise KeyError(path)

    def rows(self) -> list[Row]:
        """One row a number and a thing that it rests on."""
        return [row for number in self for row in number.rows()]

    def __str__(self) -> str:
        return "\n\n".join(str(number) for number in self)


def data_row(point: catalog_pb2.DataPoint) -> Row:
    """A figure of a dataset with the row that it stands in."""
    origin = point.origin
    return {
        "what": " ".join((*point.keys.values(), point.period)).strip(),
        "value": point.value,
        "unit": point.unit,
        "measure": point.measure,
        "dataset": origin.dataset,
        "version": origin.version,
        "table": origin.resource,
        "row": origin.row,
        "source": origin.source_id,
    }


def row_name(origin: common_pb2.DatasetOrigin) -> str:
    """A row as a reader would look it up."""
    return f"{origin.dataset} {origin.version}, {origin.resource} row {origin.row}"


def lines_of(number: TracedNumber) -> Iterator[str]:
    """A traced number as lines to read."""
    shown = ", ".join(f"{value:,.6g}" for value in number.values)
    yield f"{number.path} = {shown}" + (f" {number.unit}" if number.unit != "1" else "")
    if number.derivation:
        yield f"  {number.derivation}"
    if number.problem_fields:
        yield from listed("fields of the problem", number.problem_fields)
    yield from listed("forecasts", (f"{one.statistic}: {one.model}" for one in number.forecasts))
    yield from listed("rows of datasets", table_lines(number.observations))
    yield from listed("rows that this server does not hold", (row_name(origin) for origin in number.rows_not_held))
    defaults = (f"{one.default_id}: {one.reason}".removeprefix(": ") for one in number.defaults)
    yield from listed("defaults", defaults)
    yield from listed(
        "given by the caller", (f"{one.field_path}: {one.reason}".removesuffix(": ") for one in number.caller)
    )


def listed(title: str, entries: Iterable[str]) -> Iterator[str]:
    """Entries under a title that counts them, the first ones in full; nothing where there are none."""
    found = list(entries)
    if found:
        yield f"  {title}: {len(found)}"
        yield from (f"    {entry}" for entry in found[:ROWS_SHOWN])
        if len(found) > ROWS_SHOWN:
            yield f"    … and {len(found) - ROWS_SHOWN} more"


def table_lines(points: Sequence[catalog_pb2.DataPoint]) -> list[str]:
    """Figures of datasets as aligned lines, one a figure."""
    cells = [
        (
            " ".join((*point.keys.values(), point.period)).strip(),
            f"{point.measure} {point.value:,.6g} {point.unit}",
            row_name(point.origin),
            point.origin.source_id,
        )
        for point in points
    ]
    widths = [max((len(cell) for cell in column), default=0) for column in zip(*cells[:ROWS_SHOWN], strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)).rstrip() for line in cells]
