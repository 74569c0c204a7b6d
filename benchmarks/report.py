"""What every benchmark tells in the same way: figures against limits, versions, machine, table, file, exit code.

A benchmark makes `Measurement`s and calls `report`. A peer, measured beside the product, has no limit. Where a page of
the docs has a place for a benchmark's figures, they are written there too, so that the page says what was measured.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
OPERATIONS_PAGE = Path(__file__).parents[1] / "docs" / "operations.md"
FORECASTING_PAGE = OPERATIONS_PAGE.with_name("forecasting.md")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One thing measured several times; its figure is the median.

    Attributes:
        name: What was measured.
        unit: Unit of the runs.
        runs: The runs, in the order in which they were made.
        limit: The most that the median may be. None: told without a judgement, as a peer's.
    """

    name: str
    unit: str
    runs: tuple[float, ...]
    limit: float | None = None

    @property
    def figure(self) -> float:
        """Median of the runs."""
        return statistics.median(self.runs)

    @property
    def holds(self) -> bool | None:
        """Whether the figure is within the limit; None where there is no limit."""
        return None if self.limit is None else self.figure <= self.limit

    def as_json(self) -> dict[str, Any]:
        """The measurement as it stands in the file of results."""
        return {
            "name": self.name,
            "unit": self.unit,
            "figure": round(self.figure, 4),
            "limit": self.limit,
            "holds": self.holds,
            "runs": [round(run, 4) for run in self.runs],
        }


def measured(
    name: str, measure: Callable[[], float], *, times: int, unit: str = "s", limit: float | None = None
) -> Measurement:
    """Measure several times, after one time that does not count: it fills the caches of the disk."""
    measure()
    return Measurement(name, unit, tuple(measure() for _ in range(times)), limit)


def report(
    benchmark: str,
    measurements: Sequence[Measurement],
    packages: Sequence[str],
    folder: Path = RESULTS,
    page: Path | None = None,
) -> int:
    """Print a table and a last line, write the results, and return the exit code: 1 where a limit is passed.

    Args:
        benchmark: Name of the benchmark and of its file.
        measurements: What was measured.
        packages: Distributions whose versions matter.
        folder: Where to write.
        page: Page with a place for the figures. None: none.
    """
    results = {
        "benchmark": benchmark,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "figures": [measurement.as_json() for measurement in measurements],
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "machine": machine(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{benchmark}.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if page is not None:
        page.write_text(with_figures(page.read_text(encoding="utf-8"), benchmark, results), encoding="utf-8")
    Console(width=max(140, Console().width)).print(table_of(benchmark, measurements))
    judged = [measurement for measurement in measurements if measurement.holds is not None]
    passed = [measurement.name for measurement in judged if not measurement.holds]
    print(
        f"{benchmark}: {len(judged) - len(passed)} of {len(judged)} bars hold" + "".join(f", not: {p}" for p in passed)
    )
    return 1 if passed else 0


def table_of(benchmark: str, measurements: Sequence[Measurement]) -> Table:
    """One row a measurement."""
    table = Table("measured", title=benchmark)
    for column in ("median", "least", "most", "limit"):
        table.add_column(column, justify="right")
    table.add_column("holds")
    for one in measurements:
        figures = (one.figure, min(one.runs), max(one.runs))
        limit = "no bar" if one.limit is None else f"{one.limit:g} {one.unit}"
        holds = {None: "", True: "yes", False: "[bold]NO[/]"}[one.holds]
        table.add_row(one.name, *(f"{figure:.3f} {one.unit}" for figure in figures), limit, holds)
    return table


def with_figures(page: str, benchmark: str, results: dict[str, Any]) -> str:
    """A page with the figures of a benchmark, which are those in its file of results, in their place."""
    return in_place(page, benchmark, figures_table(results))


def in_place(page: str, name: str, text: str) -> str:
    """A page with a text between the two comments that bear a name.

    Raises:
        ValueError: The page has no place of that name.
    """
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the page has no place for {name}")
    return f"{before}{begin}{text}{end}{after}"


def figures_table(results: dict[str, Any]) -> str:
    """The figures as a table of Markdown, and on what they were measured."""
    on = results["machine"]
    rows = [
        f"| {one['name']} | {shown(one['figure'])} {one['unit']} | {limit_of(one)} |".replace("  ", " ")
        for one in results["figures"]
    ]
    machine = f"{on['processor']}, {on['cores']} cores, {on['memory_gib']} GiB, {on['system']}"
    return "\n".join(
        [f"{results['measured_at'][:10]}, {machine}:", "", "| | measured | bar |", "| --- | --- | --- |", *rows, ""]
    )


def limit_of(figure: dict[str, Any]) -> str:
    """The most that a figure may be, in words; nothing where there is no limit."""
    return "" if figure["limit"] is None else f"≤ {figure['limit']:g} {figure['unit']}".strip()


def shown(figure: float) -> str:
    """A figure with three digits that count."""
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"


def machine() -> dict[str, Any]:
    """What the figures depend on, without anything that names the machine."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": memory_gib(),
    }


def processor() -> str:
    """The processor's model, where the system tells."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())


def memory_gib() -> float | None:
    """Memory in GiB, where the system tells."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError):
        return None
