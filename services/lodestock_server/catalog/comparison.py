"""What changed from one version of a dataset to another: figure by figure, whatever rows they stand in.

A figure is the same one in both versions where table, measure, unit, keys and period are the same.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lodestock_server.catalog.layout import MATERIAL_COLUMN, Layout
from lodestock_server.catalog.packages import Package, Record

SAME_WITHIN = 1e-12
"""Relative difference up to which two values are alike: figures are written in decimals and read as binary numbers."""


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """A figure of one of the versions."""

    resource: str
    measure: str
    unit: str
    keys: Mapping[str, str]
    period: str
    value: float
    record: Record


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that changed; `earlier` is None for a new one, `later` for one that is gone."""

    earlier: ComparedFigure | None
    later: ComparedFigure | None

    @property
    def relative(self) -> float | None:
        """later / earlier − 1; None where one is missing or the earlier is 0."""
        if self.earlier is None or self.later is None or self.earlier.value == 0:
            return None
        return self.later.value / self.earlier.value - 1

    @property
    def rank(self) -> tuple[object, ...]:
        """Revised ones by relative change, the largest first, any from 0 before all; then new ones, then those gone."""
        figure = self.later or self.earlier
        assert figure is not None
        kind = 2 if self.later is None else 1 if self.earlier is None else 0
        size = 0.0 if kind else -abs(math.inf if self.relative is None else self.relative)
        return kind, size, figure.resource, figure.measure, tuple(figure.keys.values()), figure.period, figure.unit


@dataclass(slots=True)
class Summary:
    """How many figures of a measure are alike, revised, new and gone, and how far each version reaches."""

    resource: str
    measure: str
    unchanged: int = 0
    revised: int = 0
    added: int = 0
    removed: int = 0
    earlier_last_period: str = ""
    later_last_period: str = ""

    @property
    def changed(self) -> bool:
        """Whether anything is not as it was."""
        return bool(self.revised or self.added or self.removed)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed.

    Attributes:
        summaries: by table and measure, in the order of their names.
        changes: the first ones by `Change.rank`.
    """

    summaries: tuple[Summary, ...]
    changes: tuple[Change, ...]


def compare(earlier: Package, later: Package, most_changes: int, materials: Sequence[str] = ()) -> Comparison:
    """Compare two versions of a dataset.

    Args:
        earlier: the earlier version.
        later: the later one.
        most_changes: most changes to list; all are counted.
        materials: materials to look at; empty: all, and what is of none.
    """
    summaries: dict[tuple[str, str], Summary] = {}
    changes = list(_changes(earlier, later, materials, summaries))
    first = heapq.nsmallest(most_changes, changes, key=lambda change: change.rank)
    return Comparison(tuple(summaries[key] for key in sorted(summaries)), tuple(first))


def _changes(
    earlier: Package, later: Package, materials: Sequence[str], summaries: dict[tuple[str, str], Summary]
) -> Iterator[Change]:
    """Every change, and on the way the summaries."""
    for resource in sorted({*earlier.tables, *later.tables}):
        before = {_identity(figure): figure for figure in figures(earlier, resource, materials)}
        for figure in figures(later, resource, materials):
            summary = summaries.setdefault((resource, figure.measure), Summary(resource, figure.measure))
            summary.later_last_period = max(summary.later_last_period, figure.period)
            old = before.pop(_identity(figure), None)
            if old is None:
                summary.added += 1
                yield Change(None, figure)
                continue
            summary.earlier_last_period = max(summary.earlier_last_period, old.period)
            if math.isclose(old.value, figure.value, rel_tol=SAME_WITHIN):
                summary.unchanged += 1
            else:
                summary.revised += 1
                yield Change(old, figure)
        for gone in before.values():
            summary = summaries.setdefault((resource, gone.measure), Summary(resource, gone.measure))
            summary.earlier_last_period = max(summary.earlier_last_period, gone.period)
            summary.removed += 1
            yield Change(gone, None)


def figures(package: Package, resource: str, materials: Sequence[str] = ()) -> Iterator[ComparedFigure]:
    """The figures of a table in the order of rows and measures; none where the package has no such table."""
    layout = next((Layout.of(r) for r in package.descriptor["resources"] if r["name"] == resource), None)
    if layout is None or not layout.measures:
        return
    for record in package.table(resource):
        cells = record.cells
        if materials and cells.get(MATERIAL_COLUMN) not in materials:
            continue
        keys = dict(zip(layout.keys, layout.subject(cells), strict=True))
        period = layout.period_of(cells)
        for measure, unit in layout.measures.items():
            if cells[measure]:
                yield ComparedFigure(resource, measure, unit, keys, period, float(cells[measure]), record)


def _identity(figure: ComparedFigure) -> tuple[object, ...]:
    return figure.measure, figure.unit, tuple(figure.keys.items()), figure.period


def new_and_gone_series(earlier: Package, later: Package) -> tuple[list[str], list[str]]:
    """The series that only the later version has, and those that only the earlier one has, in words, in order."""
    before, after = (
        {_words(figure) for resource in package.tables for figure in figures(package, resource)}
        for package in (earlier, later)
    )
    return sorted(after - before), sorted(before - after)


def _words(figure: ComparedFigure) -> str:
    return f"{figure.resource}.{figure.measure} of {', '.join(value or '-' for value in figure.keys.values())}"
