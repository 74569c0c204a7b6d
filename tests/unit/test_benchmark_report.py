"""A benchmark fails where a bar is not met, and writes down what it measured on what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.report import Measurement, measured, report


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
