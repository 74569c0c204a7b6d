"""The EU's scores of 2023 from the bundle's raw figures: what comes near, what does not, and the table of the page."""

from __future__ import annotations

from pathlib import Path

from benchmarks.eu_scores import BEGIN, END, Cause, Material, lines, materials

PAGE = Path(__file__).resolve().parents[3] / "docs" / "risk.md"
FOUND = {material.name: material for material in materials()}


def within(material: Material, fraction: float) -> bool:
    """Whether a score is as near to the published one."""
    return abs(material.score - material.published) <= max(fraction * material.published, 0.05)


def test_the_page_holds_the_table_that_comes_out() -> None:
    printed = PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()
    assert printed == "\n".join(lines(list(FOUND.values())))


def test_most_scores_come_near_and_few_differences_stay_open() -> None:
    assert sum(within(material, 0.1) for material in FOUND.values()) >= 40
    assert sum(material.cause is Cause.OPEN for material in FOUND.values()) <= 6


def test_materials_of_which_the_inputs_are_whole_agree() -> None:
    for name in ("cobalt", "gallium", "lithium", "graphite", "tungsten", "bismuth"):
        assert FOUND[name].cause is Cause.NONE, name


def test_a_cause_that_a_figure_of_the_study_rules_out_is_not_named() -> None:
    """Germanium lies beyond any substitution index and any import reliance: nothing in the bundle explains it."""
    germanium = FOUND["germanium"]
    assert germanium.cause is Cause.OPEN
    assert not any(way.explains(germanium.published) for way in (*germanium.defaults, *germanium.of_one_supply))
