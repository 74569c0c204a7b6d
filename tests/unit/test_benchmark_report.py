"""A benchmark fails where a bar is not met, and writes down what it measured on what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.report import OPERATIONS_PAGE, RESULTS, Measurement, figures_table, measured, report


def test_median_is_held_against_the_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One slow run does not fail a benchmark, a slow median does; a peer is not judged."""
    good = Measurement("good", "s", (0.1, 9.0, 0.2), 0.2)
    peer = Measurement("peer", "s", (99.0,))
    assert report("quick", [good, peer], ["grpcio"], tmp_path) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "quick: 1 of 1 bars hold"
    bad = Measurement("bad", "s", (0.1, 0.3, 0.4), 0.2)
    assert report("slow", [good, bad, peer], ["grpcio"], tmp_path) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "slow: 1 of 2 bars hold, not: bad"


def test_results_can_be_read_by_whoever_compares(tmp_path: Path) -> None:
    """Figure, limit, whether it holds, versions and machine; no path and no name of the machine."""
    report("quick", [Measurement("one", "s", (0.1, 0.3, 0.2), 0.2)], ["grpcio"], tmp_path)
    text = (tmp_path / "quick.json").read_text(encoding="utf-8")
    results = json.loads(text)
    figure = {"name": "one", "unit": "s", "figure": 0.2, "limit": 0.2, "holds": True, "runs": [0.1, 0.3, 0.2]}
    assert results["figures"] == [figure]
    assert set(results["versions"]) == {"python", "grpcio"}
    assert results["machine"]["cores"] >= 1
    assert str(Path.home()) not in text


def test_first_run_does_not_count() -> None:
    """It is the one that reads from the disk."""
    runs = iter([9.0, 1.0, 2.0, 3.0])
    assert measured("m", lambda: next(runs), times=3).runs == (1.0, 2.0, 3.0)


def test_figures_go_into_their_place_on_a_page(tmp_path: Path) -> None:
    """What stands around them stays, what stood there before goes, and a page without the place is refused."""
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- quick: begin -->\nold\n<!-- quick: end -->\nafter\n", encoding="utf-8")
    report(
        "quick", [Measurement("one", "ms", (1234.5,), 2000), Measurement("peer", "×", (1.2345,))], [], tmp_path, page
    )
    told = page.read_text(encoding="utf-8")
    assert told.startswith("Before\n<!-- quick: begin -->\n")
    assert told.endswith("<!-- quick: end -->\nafter\n")
    assert "| one | 1,234 ms | ≤ 2000 ms |\n| peer | 1.23 × | |" in told.replace("|  |", "| |")
    assert "old" not in told
    with pytest.raises(ValueError, match="no place for slow"):
        report("slow", [Measurement("one", "s", (1.0,))], [], tmp_path, page)


@pytest.mark.parametrize("benchmark", ["cancelling", "load", "scaling"])
def test_the_page_for_operators_tells_what_was_measured_last(benchmark: str) -> None:
    """The figures on the page are those in the file of results."""
    results = json.loads((RESULTS / f"{benchmark}.json").read_text(encoding="utf-8"))
    assert figures_table(results) in OPERATIONS_PAGE.read_text(encoding="utf-8")
