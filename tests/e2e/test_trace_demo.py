"""Every number that the demo prints can be traced to rows of datasets, to defaults with reasons, or to the caller."""

from __future__ import annotations

import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from lodestock import Client, Plan, TracedNumber
from lodestock.traces import Traceable
from tests.server_process import ServerProcess

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MODULES = ("national_plan", "report", "savings", "reasons", "tables")
DIGITS = re.compile(r"\d+(?:[.,]\d+)*(?:e[+-]\d+)?")
PATHS_A_CALL = 400
WHOLE_PLANS_A_CALL = 20
"""Numbers of a whole plan rest on all of its data, and a call may return so many origins."""
NO_FIGURES = re.compile(
    r"""
    ^(?:
      (?:19|20)\d\d(?:,\ [\w ]+)?                                   # a year, and what has happened by then
      | \d+(?:\.\d+)+\+?[0-9a-f]*                                   # a version of a dataset
      | [0-9a-f]{12}                                                # a digest
      | ;\ HiGHS\ [\d.]+\.\                                         # the solver's version
      | Time:\ (?:[\w ]+\ [\d.]+\ s[,;.]?\ ?)+                       # seconds
    )$
    """,
    re.VERBOSE,
)
"""The labels whose digits are no figures: years, versions, digests, times of the machine."""


@pytest.fixture
def demo() -> Iterator[dict[str, ModuleType]]:
    """The modules of the demo, as `make demo` finds them."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        yield {name: import_module(name) for name in MODULES}
    finally:
        sys.path.remove(str(EXAMPLES))
        for name in MODULES:
            del sys.modules[name]


def leaves(text: str) -> Iterator[str]:
    """The texts that a text was joined from."""
    parts = getattr(text, "parts", None)
    if parts is None:
        yield text
    else:
        for part in parts:
            yield from leaves(part)


def printed_by(demo: dict[str, ModuleType], address: str) -> tuple[str, list[str]]:
    """What the demo prints, on a page wide enough to break no number, and the pieces that it was made of."""
    tables = demo["tables"]
    page = io.StringIO()
    tables.console.file, tables.console.width = page, 4000
    demo["national_plan"].main(address)
    return page.getvalue(), [leaf for text in tables.shown for leaf in leaves(text)]


def test_every_number_that_the_demo_prints_is_traced(server: ServerProcess, demo: dict[str, ModuleType]) -> None:
    """Each number of the page is one of a cell, a year, a version or a time; each cell's paths lead to something."""
    page, pieces = printed_by(demo, server.address)
    with_digits = [piece for piece in pieces if DIGITS.search(piece)]
    assert Counter(DIGITS.findall(page)) == Counter(number for piece in with_digits for number in DIGITS.findall(piece))
    untraced = [
        piece
        for piece in with_digits
        if not getattr(piece, "sources", ())
        and not (isinstance(piece, demo["tables"].Label) and NO_FIGURES.match(piece))
    ]
    assert untraced == []
    cells = [piece for piece in with_digits if hasattr(piece, "sources")]
    assert len(cells) > 500
    assert "client.trace(plan, " in page
    with Client(server.address) as client:
        traced = trace_all(client, cells)
    floating = [path for path, number in traced.items() if not rests_on_something(number)]
    assert floating == []
    assert_cells_show_their_numbers(cells, traced)


def trace_all(client: Client, cells: list[str]) -> dict[tuple[int, str], TracedNumber]:
    """Every path of the cells, traced once, by answer and path."""
    wanted: dict[int, tuple[Traceable, dict[str, None]]] = {}
    for cell in cells:
        for answer, path in cell.sources:  # type: ignore[attr-defined]
            wanted.setdefault(id(answer), (answer, {}))[1][path] = None
    found = {}
    for key, (answer, paths) in wanted.items():
        of_whole = [path for path in paths if isinstance(answer, Plan) and "[" not in path]
        others = [path for path in paths if path not in of_whole]
        for listed, count in ((of_whole, WHOLE_PLANS_A_CALL), (others, PATHS_A_CALL)):
            for first in range(0, len(listed), count):
                for number in client.trace(answer, *listed[first : first + count]):
                    found[key, number.path] = number
    return found


def rests_on_something(number: TracedNumber) -> bool:
    """Whether a number comes down to a row, a default with a reason, or the caller, and the server holds all rows."""
    named = [origin for origin in number.message.figure.origins if origin.HasField("dataset")]
    held = {
        (row.origin.dataset, row.origin.version, row.origin.resource, row.origin.row) for row in number.observations
    }
    at = [(o.dataset.dataset, o.dataset.version, o.dataset.resource, o.dataset.row) for o in named]
    return number.rests_on_something and held == set(at) and all(default.reason for default in number.defaults)


def assert_cells_show_their_numbers(cells: list[str], traced: dict[tuple[int, str], TracedNumber]) -> None:
    """A cell of one path shows the number of that path: as it is, in per cent or in millions, to the digits shown."""
    wrong = []
    for cell in cells:
        sources = cell.sources  # type: ignore[attr-defined]
        numbers = DIGITS.findall(cell)
        quotes_words = sources[0][1].startswith("defaults[") and not DIGITS.fullmatch(cell)  # A reason, or a unit.
        if len(sources) != 1 or len(numbers) != 1 or quotes_words:
            continue
        (value, *others) = traced[id(sources[0][0]), sources[0][1]].values
        shown = float(numbers[0].replace(",", ""))
        scaled = (abs(value), abs(value) * 100, abs(value) / 1e6)
        digits = 0.5 * 10 ** -len(numbers[0].partition(".")[2])
        if not others and not any(abs(one - shown) <= max(digits, 0.0051 * shown) * 1.001 for one in scaled):
            wrong.append((cell, sources[0][1], value))
    assert wrong == []


def test_a_number_that_is_printed_without_a_cell_is_seen(server: ServerProcess, demo: dict[str, ModuleType]) -> None:
    """The test above can fail: a text with a number is no cell, and what is printed past the cells is not counted."""
    tables = demo["tables"]
    page = io.StringIO()
    tables.console.file = page
    tables.say("In all it costs 1,234 USD")
    tables.console.print("or 77")
    assert [leaf for leaf in tables.shown if DIGITS.search(leaf) and not hasattr(leaf, "sources")] == [
        "In all it costs 1,234 USD"
    ]
    assert Counter(DIGITS.findall(page.getvalue())) != Counter(n for text in tables.shown for n in DIGITS.findall(text))
