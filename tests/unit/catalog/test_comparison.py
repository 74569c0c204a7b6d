"""What changed between two versions, on packages whose differences were written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from lodestock_server.catalog.comparison import Comparison, Summary, compare, new_and_gone_series
from tests.small_packages import FIELDS, small_package

EARLIER = [
    ("cobalt", "COD", 2023, 100),
    ("cobalt", "COD", 2024, 110),
    ("cobalt", "IDN", 2023, 0),
    ("tin", "CHN", 2023, 70),
    ("tin", "PER", 2023, 30),
    ("tin", "BOL", 2023, 17),
]
LATER = [
    ("tin", "PER", 2023, 33),  # +10 %, and in another row
    ("cobalt", "COD", 2023, "100.00000000001"),  # alike: beyond what is told apart
    ("cobalt", "COD", 2024, 55),  # −50 %
    ("cobalt", "COD", 2025, 120),  # new
    ("cobalt", "IDN", 2023, 5),  # from 0: no relative change, before all
    ("tin", "CHN", 2023, 70),
    ("tin", "VNM", 2025, 6),  # a new series
]


@pytest.fixture
def found(tmp_path: Path) -> Comparison:
    return compare(small_package(tmp_path / "1", EARLIER), small_package(tmp_path / "2", LATER), 100)


def test_figures_are_counted_by_key_and_period_whatever_row_they_stand_in(found: Comparison) -> None:
    assert found.summaries == (
        Summary(
            "mined",
            "tonnes",
            unchanged=2,
            revised=3,
            added=2,
            removed=1,
            earlier_last_period="2024",
            later_last_period="2025",
        ),
    )


def test_a_revision_in_the_ninth_digit_is_one(tmp_path: Path) -> None:
    earlier = small_package(tmp_path / "1", [("tin", "PER", 2023, 30), ("tin", "CHN", 2023, "0.3")])
    later = small_package(tmp_path / "2", [("tin", "PER", 2023, "30.0000001"), ("tin", "CHN", 2023, "0.30")])
    (summary,) = compare(earlier, later, 100).summaries
    assert (summary.unchanged, summary.revised) == (1, 1)


def test_the_largest_revisions_come_first_then_new_figures_then_those_gone(found: Comparison) -> None:
    listed = [
        (
            tuple((change.later or change.earlier).keys.values()),  # type: ignore[union-attr]
            change.earlier.value if change.earlier else None,
            change.later.value if change.later else None,
        )
        for change in found.changes
    ]
    assert listed == [
        (("IDN", "cobalt"), 0, 5),
        (("COD", "cobalt"), 110, 55),
        (("PER", "tin"), 30, 33),
        (("COD", "cobalt"), None, 120),
        (("VNM", "tin"), None, 6),
        (("BOL", "tin"), 17, None),
    ]
    assert [change.relative for change in found.changes] == [None, -0.5, pytest.approx(0.1), None, None, None]


def test_each_side_names_the_row_that_it_stands_in(found: Comparison) -> None:
    peru = found.changes[2]
    assert peru.earlier is not None
    assert peru.later is not None
    assert (peru.earlier.record.row, peru.later.record.row) == (5, 1)
    assert peru.earlier.record.version != peru.later.record.version


def test_all_are_counted_though_few_are_listed(tmp_path: Path) -> None:
    earlier, later = small_package(tmp_path / "1", EARLIER), small_package(tmp_path / "2", LATER)
    few = compare(earlier, later, 2)
    assert len(few.changes) == 2
    assert few.summaries == compare(earlier, later, 100).summaries
    assert few.changes == compare(earlier, later, 100).changes[:2]


def test_materials_can_be_chosen(tmp_path: Path) -> None:
    tin = compare(small_package(tmp_path / "1", EARLIER), small_package(tmp_path / "2", LATER), 100, ["tin"])
    (summary,) = tin.summaries
    assert (summary.unchanged, summary.revised, summary.added, summary.removed) == (1, 1, 1, 1)


def test_a_version_is_like_itself_and_the_other_way_round_new_is_gone(tmp_path: Path) -> None:
    earlier, later = small_package(tmp_path / "1", EARLIER), small_package(tmp_path / "2", LATER)
    same = compare(earlier, earlier, 100)
    assert not same.changes
    assert [summary.unchanged for summary in same.summaries] == [len(EARLIER)]
    (back,) = compare(later, earlier, 100).summaries
    assert (back.added, back.removed, back.revised) == (1, 2, 3)


def test_tables_that_only_one_version_has_are_all_new_or_all_gone(tmp_path: Path) -> None:
    earlier = small_package(tmp_path / "1", EARLIER)
    later = small_package(tmp_path / "2", EARLIER, tables={"refined": LATER})
    mined, refined = compare(earlier, later, 100).summaries
    assert (mined.unchanged, mined.changed) == (len(EARLIER), False)
    assert (refined.resource, refined.added, refined.removed) == ("refined", len(LATER), 0)


def test_a_figure_in_another_unit_is_another_figure(tmp_path: Path) -> None:
    in_kilotonnes = [{**field, "unit": "kt"} if field["name"] == "tonnes" else field for field in FIELDS]
    later = small_package(tmp_path / "2", EARLIER, fields=in_kilotonnes)
    (summary,) = compare(small_package(tmp_path / "1", EARLIER), later, 0).summaries
    assert (summary.unchanged, summary.added, summary.removed) == (0, len(EARLIER), len(EARLIER))


def test_new_and_gone_series_are_named(tmp_path: Path) -> None:
    new, gone = new_and_gone_series(small_package(tmp_path / "1", EARLIER), small_package(tmp_path / "2", LATER))
    assert new == ["mined.tonnes of VNM, tin"]
    assert gone == ["mined.tonnes of BOL, tin"]
