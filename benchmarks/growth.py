"""How time and memory grow with the size of a model, as a picture and a table for the docs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
# The same figures give the same file.
mpl.rcParams["svg.hashsalt"] = "lodestock"

import matplotlib.pyplot as plt  # noqa: E402

from benchmarks.report import in_place, shown  # noqa: E402

Point = tuple[int, bool, float, float, float]
"""Columns, whether a budget ties everything, seconds of the whole answer and of HiGHS alone, GiB."""


def write_growth(points: Sequence[Point], page: Path) -> None:
    """Draw the picture beside a page, and write picture and table into its place for them.

    Args:
        points: What was measured.
        page: The page.
    """
    picture = page.with_suffix(".svg")
    draw_growth(points, picture)
    rows = [
        f"| {columns:,} | {'yes' if is_tied else 'no'} | {shown(whole_s)} | {shown(alone_s)} | {shown(memory_gib)} |"
        for columns, is_tied, whole_s, alone_s, memory_gib in sorted(points, key=lambda point: (point[1], point[0]))
    ]
    lines = [
        f"![Seconds and GiB over the columns of the model]({picture.name})",
        "",
        "| columns | tied | whole answer, s | HiGHS alone, s | memory, GiB |",
        "| --- | --- | --- | --- | --- |",
        *rows,
        "",
    ]
    page.write_text(in_place(page.read_text(encoding="utf-8"), "growth", "\n".join(lines)), encoding="utf-8")


def draw_growth(points: Sequence[Point], path: Path) -> None:
    """Draw seconds and GiB over columns.

    Args:
        points: What was measured.
        path: SVG file.
    """
    figure, (seconds, memory) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for is_tied, words, style in ((False, "not tied", "-"), (True, "tied by a budget", "--")):
        chosen = sorted(point for point in points if point[1] is is_tied)
        columns = [point[0] for point in chosen]
        seconds.plot(columns, [point[2] for point in chosen], f"o{style}", label=f"whole answer, {words}")
        seconds.plot(columns, [point[3] for point in chosen], f"x{style}", label=f"HiGHS alone, {words}", color="grey")
        memory.plot(columns, [point[4] for point in chosen], f"o{style}", label=words)
    for axes, unit in ((seconds, "s"), (memory, "GiB")):
        axes.set(xlabel="columns of the whole model", ylabel=unit, xscale="log", yscale="log")
        axes.grid(visible=True, which="both", alpha=0.3)
        axes.legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
