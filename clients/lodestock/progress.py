"""How far a job is, for people: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from lodestock.v1 import operations_pb2 as v1

Show = Callable[[str, v1.OperationProgress], None]
"""Takes the state of a job and how far it is."""

SECONDS_BETWEEN_LINES = 5.0
WIDTH = 30


@contextmanager
def shown(title: str, stream: TextIO | None = None) -> Iterator[Show]:
    """Show progress until the end of the block.

    Args:
        title: What is being done.
        stream: Where to. None: stderr.
    """
    stream = stream or sys.stderr
    if not stream.isatty():
        yield Lines(title, stream)
        return
    try:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    except ModuleNotFoundError:
        with plain_bar(title, stream) as show:
            yield show
        return
    from rich.console import Console

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=stream, markup=False, emoji=False)) as bar:
        task = bar.add_task(title, total=None)

        def show(state: str, progress: v1.OperationProgress) -> None:
            total, done = progress.all_parts or None, progress.done_parts
            if state == "SUCCEEDED":
                total = done = progress.all_parts or 1
            bar.update(task, description=f"{title}: {in_words(state, progress)}", total=total, completed=done)

        yield show


class Lines:
    """Writes a line when the stage changes, and now and then in between."""

    def __init__(self, title: str, stream: TextIO) -> None:
        self._title = title
        self._stream = stream
        self._written: tuple[str, str] | None = None
        self._written_at = 0.0

    def __call__(self, state: str, progress: v1.OperationProgress) -> None:
        """Take how far the job is."""
        is_new = (state, progress.stage) != self._written
        if not is_new and time.monotonic() - self._written_at < SECONDS_BETWEEN_LINES:
            return
        self._written, self._written_at = (state, progress.stage), time.monotonic()
        print(f"{self._title}: {in_words(state, progress)}", file=self._stream, flush=True)


@contextmanager
def plain_bar(title: str, stream: TextIO) -> Iterator[Show]:
    """A bar in one line of a terminal, without other packages."""

    def show(state: str, progress: v1.OperationProgress) -> None:
        share = 1.0 if state == "SUCCEEDED" else part_done(progress)
        full = round(WIDTH * share)
        stream.write(f"\r{title} [{'#' * full}{'.' * (WIDTH - full)}] {in_words(state, progress)}\x1b[K")
        stream.flush()

    try:
        yield show
    finally:
        stream.write("\n")
        stream.flush()


def part_done(progress: Any) -> float:
    """The share of the parts that are done; 0 where they cannot be counted."""
    return min(1.0, progress.done_parts / progress.all_parts) if progress.all_parts else 0.0


def in_words(state: str, progress: v1.OperationProgress) -> str:
    """Where a job stands, in words."""
    if state != "RUNNING":
        return state
    words = [progress.stage or state]
    if progress.all_parts:
        words.append(f"{progress.done_parts:,} of {progress.all_parts:,}")
    if progress.HasField("objective_usd"):
        words.append(f"best plan {progress.objective_usd:,.0f} USD")
    if progress.HasField("relative_gap") and math.isfinite(progress.relative_gap):
        words.append(f"gap {progress.relative_gap:.2%}")
    if progress.message:
        words.append(progress.message)
    return ", ".join(words)
