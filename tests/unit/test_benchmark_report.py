"""A benchmark fails where a bar is not met, and writes down what it measured on what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.load import told_of_calls, told_of_offer
from benchmarks.load_client import ANSWERED, REFUSED, Ended
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
    page = OPERATIONS_PAGE.read_text(encoding="utf-8")
    place = page.partition(f"<!-- {benchmark}: begin -->\n")[2].partition(f"<!-- {benchmark}: end -->")[0]
    assert place.count("\n| ") > len(results["figures"]) > 0
    assert place == figures_table(results)


def test_what_callers_really_offered_is_held_against_what_is_carried() -> None:
    """Callers that fall behind their plan offer for longer, so less a second, and the bar is missed."""
    on_time = [Ended("call", i / 40, 0.1, ANSWERED, 0.001) for i in range(2400)]
    rate, share, late = told_of_offer(on_time, carried=10.0)
    assert (rate.figure, share.figure, share.holds) == (40.0, 1.0, True)
    assert late.figure == pytest.approx(1.0)
    behind = [Ended("call", i / 20, 0.1, ANSWERED, i / 40) for i in range(2400)]
    rate, share, late = told_of_offer(behind, carried=10.0)
    assert rate.figure == pytest.approx(20, rel=0.01)
    assert share.holds is False
    assert late.figure > 50_000


def test_calls_a_second_are_those_of_the_time_that_they_took() -> None:
    """Calls that end after the load has been offered do not make the server look faster."""
    ended = [Ended("call", float(i), 20.0, ANSWERED if i % 2 else REFUSED) for i in range(61)]
    answered, refused, wrong, *_ = told_of_calls(ended)
    assert (answered.figure, refused.figure, wrong.figure) == (30 / 80, 31 / 80, 0)
