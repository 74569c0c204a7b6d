"""What the pages for those who take over name is there: files, folders and targets of make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/data.md",
    "docs/demand_laws.md",
    "docs/dependence.md",
    "docs/forecasting.md",
    "docs/jobs.md",
    "docs/model.md",
    "docs/operations.md",
    "docs/performance.md",
    "docs/risk.md",
    "docs/scenarios.md",
    "docs/scoreboard.md",
    "docs/warning.md",
)
NAMED_FILE = re.compile(r"`([\w./-]+\.(?:py|md|json|proto|toml|binpb|lock|yaml)|[\w./-]+/)`")
LINKED_FILE = re.compile(r"\]\((?!https?:)([^)#]+)")
MAKE_TARGET = re.compile(r"`make ([a-z-]+)`|^make ([a-z-]+)", re.MULTILINE)
NOT_OURS = re.compile(r"validate\.proto$|\*")


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / name).read_text(encoding="utf-8")


def named_below(name: str, files: set[str]) -> bool:
    """Whether a file or folder of that name is somewhere in the tree, as pages shorten their paths."""
    return any(f"/{file}".endswith(f"/{name}") or f"/{name}" in f"/{file}" for file in files)


@pytest.fixture(scope="module")
def files() -> set[str]:
    """The files of the tree."""
    tops = (path for path in ROOT.iterdir() if not path.name.startswith("."))
    found = (file for top in tops for file in ([top] if top.is_file() else top.rglob("*")) if file.is_file())
    return {file.relative_to(ROOT).as_posix() for file in found if "__pycache__" not in file.parts}


@pytest.mark.parametrize("name", PAGES)
def test_files_that_a_page_names_are_there(name: str, files: set[str]) -> None:
    named = {path.replace("…/", "") for path in NAMED_FILE.findall(page(name)) if not NOT_OURS.search(path)}
    built_elsewhere = {"datapackage.json"}
    assert not {path for path in named - built_elsewhere if not named_below(path, files)}


@pytest.mark.parametrize("name", PAGES)
def test_links_of_a_page_lead_somewhere(name: str) -> None:
    folder = (ROOT / name).parent
    assert not {link for link in LINKED_FILE.findall(page(name)) if not (folder / link).exists()}


@pytest.mark.parametrize("name", PAGES)
def test_make_has_the_targets_that_a_page_names(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", page("Makefile"), re.MULTILINE))
    named = {one or other for one, other in MAKE_TARGET.findall(page(name))}
    assert named <= targets
